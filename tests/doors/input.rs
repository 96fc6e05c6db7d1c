//! Bad input: always a problem document, never a fault of ours, and nothing changes. What every answer must be is
//! checked by `Site` itself.

use crate::world::{Answer, World};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::test]
async fn bodies_that_cannot_be_understood() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    let message = anna.posts(&room, "hello").await["uuid"].as_str().unwrap().to_owned();
    let before = (anna.rooms().await, anna.get("/api/account").await.json(), anna.history(&room, "").await);
    let targets = [
        (Method::POST, "/api/rooms".to_owned()),
        (Method::PATCH, format!("/api/rooms/{room}")),
        (Method::POST, format!("/api/rooms/{room}/messages")),
        (Method::POST, format!("/api/rooms/{room}/members")),
        (Method::PATCH, format!("/api/rooms/{room}/members/{}", boris.id)),
        (Method::PUT, format!("/api/rooms/{room}/read")),
        (Method::PATCH, format!("/api/messages/{message}")),
        (Method::PUT, "/api/account/password".into()),
        (Method::PUT, format!("/api/user/{}", anna.id)),
        (Method::PATCH, "/api/account".into()),
        (Method::POST, "/api/session".into()),
        (Method::POST, "/api/auth".into()),
        (Method::POST, "/api/auth/refresh".into()),
        (Method::POST, "/api/user/registration".into()),
        (Method::POST, "/api/setup".into()),
    ];
    let rubbish: [&[u8]; 9] = [
        b"",
        b"{",
        b"[]",
        b"7",
        b"null",
        b"\"text\"",
        b"{\"a\":\xff}",
        b"\0\0\0",
        b"{\"name\":{\"deep\":[1]}, \"content\":[], \"username\":1}",
    ];
    let deep = [b"[".repeat(100_000), b"{\"a\":".repeat(20_000)].map(|bytes| bytes.repeat(1));
    for (method, path) in &targets {
        let send = async |kind: &str, body: Vec<u8>| {
            let request = anna.request(method.clone(), path).header("content-type", kind);
            anna.send(request.body(body)).await
        };
        for body in rubbish.iter().map(|body| body.to_vec()).chain(deep.clone()) {
            let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
            let answer = send("application/json", body).await;
            assert_eq!(answer.status, 400, "{method} {path} {shown}: {}", answer.text());
        }
        assert_eq!(send("text/plain", b"{}".to_vec()).await.status, 415, "{method} {path}");
        assert_eq!(send("application/json", vec![b' '; 300_000]).await.status, 413, "{method} {path}");
        let zipped = anna.request(method.clone(), path).header("content-encoding", "gzip").body("x");
        anna.send(zipped.header("content-type", "application/json")).await.expect(415);
    }
    let after = (anna.rooms().await, anna.get("/api/account").await.json(), anna.history(&room, "").await);
    assert_eq!(after, before, "nothing was changed");
}

#[tokio::test]
async fn fields_of_the_wrong_kind_are_named_all_at_once() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let body = json!({ "kind": "cave", "name": 7, "topic": [], "members": ["x"], "recruiter": "y", "clients": {} });
    let problem = anna.post("/api/rooms", body).await.refused(400, "invalid");
    for field in ["kind", "name", "topic", "recruiter", "clients"] {
        assert!(problem["errors"][field].is_array(), "{field}: {problem}");
    }
    for (body, field) in [
        (json!({ "name": 7 }), "name"),
        (json!({ "archived": "yes" }), "archived"),
        (json!({ "topic": true }), "topic"),
    ] {
        let room = anna.opens("private", "workshop", &[]).await;
        anna.patch(&format!("/api/rooms/{room}"), body).await.blames(field);
    }
}

#[tokio::test]
async fn ids_that_are_none_and_things_that_are_not_there() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let admin = world.admin().await;
    let templates = world.site.documents().openapi["paths"].as_object().unwrap();
    for (template, item) in
        templates.iter().filter(|(template, _)| template.contains('{') && !template.contains("{name}"))
    {
        for (method, operation) in item.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            for (id, statuses) in [
                ("01939f1e-6f2a-7c3b-9a41-5d2f8e6b1c01", [404, 400].as_slice()),
                ("7", &[400, 404]),
                ("00000000-0000-0000-0000-000000000000", &[404, 400]),
                ("..%2f..%2fetc%2fpasswd", &[400, 404]),
                ("%00", &[400, 404]),
                ("%FF", &[400, 404]),
                ("'%20or%201=1", &[400, 404]),
                (&"9".repeat(3_000), &[400, 404, 414]),
            ] {
                let path = template.split('/').map(|part| if part.starts_with('{') { id } else { part });
                let path = path.collect::<Vec<_>>().join("/");
                for person in [&anna, &admin] {
                    let request = person.request(method.clone(), &path);
                    let request = match operation.get("requestBody") {
                        Some(_) => request.json(&json!({
                            "content": "x", "user": id, "message": id, "role": "owner", "action": "block", "name": "x",
                        })),
                        None => request,
                    };
                    let answer = person.send(request).await;
                    // Only an administrator learns which accounts do not exist.
                    let is_refused = answer.status == 403 && template.starts_with("/api/user");
                    let is_refused = is_refused || (answer.status == 403 && template.starts_with("/api/invite_codes"));
                    assert!(statuses.contains(&answer.status) || is_refused, "{method} {path}: {}", answer.text());
                }
            }
        }
    }
}

#[tokio::test]
async fn addresses_that_lead_nowhere() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let folder = world.folder();
    for path in [
        "/../../../../etc/passwd",
        "/media/../../etc/passwd",
        "/media/%2e%2e/%2e%2e",
        "/media/..%2f..%2f",
        "/media/..\\..\\x",
        "/media/x/y",
        "/media//",
        "/docs/../openapi.json/..",
        "/docs/..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/assets/../../Cargo.toml",
        "/....//....//etc/passwd",
        "/%c0%ae%c0%ae/",
        "/\\..\\..",
        "/.git/config",
        "/parlor.toml",
        "/keys/token.key",
        "/%",
        "/%zz",
        "//etc/passwd",
        "/api//rooms",
        "/api/rooms/../account",
        "/api/./rooms",
        "/?../..",
    ] {
        let answer = raw(&world, &format!("GET {path} HTTP/1.1\r\nauthorization: Bearer {}\r\n", anna.access)).await;
        let status = status_of(&answer);
        assert!(!(500..=599).contains(&status), "{path}: {answer}");
        assert!(!answer.contains("root:") && !answer.contains(&*folder.to_string_lossy()), "{path}: {answer}");
    }
    for head in [
        "GET / HTTP/9.9\r\n",
        "GET\r\n",
        "\r\n\r\n",
        "GET / HTTP/1.1\r\nbad header\r\n",
        "CONNECT evil.example:80 HTTP/1.1\r\n",
        "OPTIONS * HTTP/1.1\r\n",
        "GET http://evil.example/ HTTP/1.1\r\n",
        "TRACE / HTTP/1.1\r\n",
        "POST /api/session HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n",
        "POST /api/session HTTP/1.1\r\ncontent-length: -1\r\n",
        "POST /api/session HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 6\r\n",
        "DELETE /api/rooms HTTP/1.1\r\nx-http-method-override: GET\r\n",
        &format!("GET / HTTP/1.1\r\nx: {}\r\n", "y".repeat(500_000)),
        &format!("GET /{} HTTP/1.1\r\n", "y".repeat(100_000)),
        &format!("GET / HTTP/1.1\r\n{}", "a: b\r\n".repeat(5_000)),
    ] {
        let answer = raw(&world, head).await;
        assert!(answer.is_empty() || !(500..=599).contains(&status_of(&answer)), "{head:.60}: {answer:.300}");
    }
    anna.get("/api/rooms").await.expect(200);
}

fn status_of(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

/// What a connection answers to this head; a client that is cut off reads nothing.
async fn raw(world: &World, head: &str) -> String {
    let mut stream = TcpStream::connect(world.site.address()).await.unwrap();
    let request = format!("{head}host: {}\r\nconnection: close\r\n\r\n", world.site.address());
    let mut answer = Vec::new();
    // The server may close before it has read everything.
    let _ = stream.write_all(request.as_bytes()).await;
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn names_and_texts_stay_data() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let markup = "<img src=x onerror=alert(1)>\"'`;--{{7*7}}${7*7}";
    let room = anna.opens("private", markup, &[&boris]).await;
    anna.posts(&room, markup).await;
    anna.patch("/api/account", json!({ "name": markup })).await.expect(200);
    let page = boris.get(&format!("/api/rooms/{room}/messages")).await.expect(200);
    assert!(page.header("content-type").starts_with("application/json"));
    let page = page.json();
    assert_eq!((&page["room_name"], &page["messages"][0]["content"]), (&json!(markup), &json!(markup)));
    assert_eq!(page["messages"][0]["sender_name"], markup);
    for bad in ["a\u{202e}b", "a\u{0}b", "a\u{7}b", "a\nb", "a\u{200b}b", "\u{feff}"] {
        let answers: [Answer; 2] = [
            anna.patch("/api/account", json!({ "name": bad })).await,
            anna.patch(&format!("/api/rooms/{room}"), json!({ "name": bad })).await,
        ];
        answers.into_iter().for_each(|answer| drop::<Value>(answer.blames("name")));
    }
}
