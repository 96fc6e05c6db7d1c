//! Opening the event stream: by whom, with what, from where.

use crate::{
    people::{Online, PATIENCE, try_open},
    world::{PASSWORD, World},
};
use reqwest::Method;
use serde_json::json;
use tokio_tungstenite::{connect_async, tungstenite::client::IntoClientRequest};

#[tokio::test]
async fn a_token_is_given_in_four_ways() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let address = world.site.address();
    let bearer = format!("Bearer {}", anna.access);
    let lower = format!("bearer {}", anna.access);
    let protocols = format!("bearer, {}", anna.access);
    let signed_in = world.site.post("/api/session", json!({ "login": "anna", "password": PASSWORD })).await.expect(201);
    let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
    let origin = world.site.origin();
    let socket_token = anna.get("/api/auth/socket").await.expect(200).json()["token"].as_str().unwrap().to_owned();
    for (query, headers) in [
        (format!("?token={}", anna.access), vec![]),
        (format!("?token={socket_token}"), vec![]),
        (String::new(), vec![("authorization", bearer.as_str())]),
        (String::new(), vec![("authorization", &lower)]),
        (String::new(), vec![("sec-websocket-protocol", &protocols)]),
        (String::new(), vec![("cookie", &cookie), ("origin", &origin)]),
        (String::new(), vec![("authorization", &bearer), ("origin", &origin)]),
    ] {
        let socket = try_open(&address, &query, &headers).await;
        let socket = socket.unwrap_or_else(|refusal| panic!("{headers:?}: {refusal:?}"));
        let online = Online::greeted(anna.clone(), socket).await;
        assert_eq!((&online.hello["user"]["id"], &online.hello["resumed"]), (&json!(anna.id), &json!(false)));
        assert_eq!(online.hello["heartbeat_secs"], 25);
    }
    assert!(!world.log().contains(&anna.access), "no token is logged");
    let without_slash = world.site.request(Method::GET, "/ws/chat").bearer_auth(&anna.access);
    world.site.send(without_slash).await.expect(426);
}

#[tokio::test]
async fn without_the_right_to_it_there_is_no_upgrade() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let address = world.site.address();
    let signed_in = world.site.post("/api/session", json!({ "login": "anna", "password": PASSWORD })).await.expect(201);
    let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
    let bearer = format!("Bearer {}", anna.access);
    let refresh = format!("Bearer {}", anna.refresh);
    let own = world.site.origin();
    let look_alike = format!("http://{address}.evil.example");
    for (status, headers) in [
        (401, vec![]),
        (401, vec![("authorization", "Bearer rubbish")]),
        (401, vec![("authorization", &refresh)]),
        (401, vec![("cookie", "parlor_session=rubbish"), ("origin", &world.site.origin())]),
        (401, vec![("sec-websocket-protocol", "bearer")]),
        (401, vec![("authorization", "Basic YW5uYTp4")]),
        (401, vec![("authorization", "Bearer")]),
        (401, vec![("authorization", &bearer), ("authorization", &bearer)]),
        (401, vec![("cookie", &cookie), ("origin", &own), ("authorization", "Bearer rubbish")]),
        (401, vec![("cookie", &cookie), ("origin", &own), ("sec-websocket-protocol", "bearer")]),
        (403, vec![("cookie", &cookie)]),
        (403, vec![("cookie", &cookie), ("origin", "http://evil.example")]),
        (403, vec![("cookie", &cookie), ("origin", "null")]),
        (403, vec![("cookie", &cookie), ("origin", &look_alike)]),
        (403, vec![("authorization", &bearer), ("origin", "http://evil.example")]),
    ] {
        let refusal = try_open(&address, "", &headers).await.err().unwrap_or_else(|| panic!("{headers:?}"));
        assert_eq!(refusal.status(), status, "{headers:?}");
        assert_eq!(refusal.headers()["content-type"], "application/problem+json");
    }
    for query in ["?token=".to_owned(), format!("?token={0}&token={0}", anna.access), "?token=rubbish".to_owned()] {
        let refusal = try_open(&address, &query, &[("cookie", &cookie), ("origin", &own)]).await.expect_err("refused");
        assert_eq!(refusal.status(), 401, "{query}");
    }
    // A proxy's own sign-in beside the cookie is none of our business, here and over HTTP.
    let basic = ("authorization", "Basic YW5uYTp4");
    assert!(try_open(&address, "", &[("cookie", &cookie), ("origin", &own), basic]).await.is_ok());
    let session = |name: &'static str, value: &str| {
        world.site.request(Method::GET, "/api/session").header("cookie", &cookie).header(name, value)
    };
    world.site.send(session(basic.0, basic.1)).await.expect(200);
    world.site.send(session("authorization", "Bearer rubbish")).await.refused(401, "unauthenticated");
    world.site.send(session("authorization", &bearer).header("authorization", &bearer)).await.expect(401);
}

#[tokio::test]
async fn what_is_no_handshake_hears_how_to_make_one() {
    let world = World::open_with("guests = true\n").await;
    let anna = world.person("anna").await;
    let room = anna.opens("public", "workshop", &[]).await;
    for path in ["/ws/chat/", "/ws/chat/workshop/", &format!("/ws/chat/{room}/"), "/ws/chatroom/workshop/"] {
        let refused = anna.get(path).await.expect(426);
        let headers = ["upgrade", "sec-websocket-version", "connection"].map(|name| refused.header(name));
        assert_eq!(headers, ["websocket", "13", "upgrade"], "{path}");
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.starts_with(char::is_uppercase) && detail.ends_with('.'), "{detail}");
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            let refused = anna.send(anna.request(method.clone(), path)).await.expect(405);
            assert_eq!(refused.header("allow"), "GET", "{method} {path}");
        }
    }
    let upgrade = |method: Method, path: &str, version: &'static str| {
        let request = anna.request(method, path).header("connection", "upgrade").header("upgrade", "websocket");
        request.header("sec-websocket-version", version).header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
    };
    for path in ["/ws/chat/workshop/", "/api/chat/workshop/", "/api/salon_role/"] {
        let refused = world.site.visit(upgrade(Method::POST, path, "13")).await.expect(405);
        assert!(refused.header("allow").contains("GET"), "{path}");
        let refused = world.site.visit(upgrade(Method::GET, path, "8")).await.expect(426);
        assert_eq!(refused.header("sec-websocket-version"), "13", "{path}");
    }
}

#[tokio::test]
async fn the_subprotocol_is_answered_as_it_was_offered() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    for name in ["bearer", "Bearer"] {
        let mut request = format!("ws://{}/ws/chat/", world.site.address()).into_client_request().unwrap();
        let offered = format!("{name}, {}", anna.access).parse().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", offered);
        let (_, answer) = connect_async(request).await.expect("it opens");
        assert_eq!(answer.headers()["sec-websocket-protocol"], name);
    }
}

#[tokio::test]
async fn the_twenty_first_socket_of_a_person_is_refused() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let mut windows = Vec::new();
    for _ in 0..20 {
        windows.push(anna.clone().online().await);
    }
    let bearer = format!("Bearer {}", anna.access);
    let refusal = try_open(&world.site.address(), "", &[("authorization", &bearer)]).await.unwrap_err();
    assert_eq!(refusal.status(), 429);
    boris.online().await;
    drop(windows.pop());
    // The place is free once the server has seen that the window is gone.
    let again = async { while try_open(&world.site.address(), "", &[("authorization", &bearer)]).await.is_err() {} };
    tokio::time::timeout(PATIENCE, again).await.expect("the place is free again");
}
