//! What the marketplace's three sockets refuse: each refusal is answered, changes nothing, and leaves the socket open.

use crate::{people::LiveWindow, world::World};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

const SOCKETS: [&str; 3] = ["/api/chat/garage/", "/api/invitation_to_auto_salon/", "/api/salon_role/"];

#[tokio::test]
async fn what_is_no_action_is_answered_in_both_shapes() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let deep = "[".repeat(3_000) + &"]".repeat(3_000);
    for path in SOCKETS {
        let mut window = anna.watches(path).await;
        window.rest().await;
        for text in [
            "",
            " ",
            "hello",
            "{",
            "[]",
            "7",
            "null",
            "\"send_message\"",
            "{}",
            "{\"action\":7}",
            "{\"action\":null}",
            "{\"action\":[\"send_message\"]}",
            "{\"action\":\"send_message\",\"request_id\":{}}",
            "{\"action\":\"send_message\",\"request_id\":true}",
            "{\"action\":\"send_message\",\"request_id\":[1],\"data\":{\"text\":\"x\"}}",
            "{\"action\":\"send_message\",\"request_id\":1e999,\"data\":{\"text\":\"x\"}}",
            "{\"action\":\"send_message\",\"data\":{\"text\":\"\\ud800\"}}",
            "{\"action\":\"send_message\"}{\"action\":\"send_message\"}",
            &format!("{{\"action\":\"x\",\"request_id\":\"{}\"}}", "y".repeat(129)),
            &format!("{{\"action\":\"x\",\"request_id\":{}}}", "9".repeat(129)),
            &deep,
        ] {
            window.says_raw(Message::text(text)).await;
            let refused = window.hears().await;
            let shown: String = text.chars().take(60).collect();
            assert_eq!(
                (&refused["type"], &refused["response_status"]),
                (&json!("error"), &json!(400)),
                "{shown}: {refused}"
            );
            assert_eq!(refused["errors"], json!([refused["detail"]]), "{shown}");
            assert_eq!((&refused["request_id"], &refused["action"]), (&Value::Null, &Value::Null), "{shown}");
        }
        window.says_raw(Message::binary(vec![0, 159, 146, 150])).await;
        assert_eq!(window.hears().await["type"], "error");
        window.hears_nothing().await;
    }
    assert_eq!(
        anna.get("/api/chat").await.json().as_array().unwrap().iter().filter(|room| room["name"] == "garage").count(),
        1
    );
}

#[tokio::test]
async fn unknown_actions_are_named_and_do_nothing() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    for path in SOCKETS {
        let (mut window, mut other) = (anna.watches(path).await, boris.watches(path).await);
        window.rest().await;
        other.rest().await;
        for action in
            ["dance", "", "SEND_MESSAGE", "send_message ", "all_users", "subscribe", "unsubscribe_from_join_requests"]
        {
            for request_id in [json!(1), json!("a"), Value::Null] {
                window.says(json!({ "action": action, "request_id": request_id, "data": { "text": "x" } })).await;
                let refused = window.hears().await;
                let expected = json!({
                    "errors": refused["errors"], "request_id": request_id, "response_status": 400, "action": action,
                });
                assert_eq!(refused, expected);
                assert!(refused["errors"][0].as_str().unwrap().contains("no such action"), "{refused}");
            }
        }
        other.hears_nothing().await;
    }
}

#[tokio::test]
async fn texts_that_cannot_be_sent() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let (mut window, mut other) = (anna.chats("garage").await, boris.chats("garage").await);
    window.rest().await;
    other.rest().await;
    for data in [
        json!({}),
        json!({ "text": "" }),
        json!({ "text": " \n\t " }),
        json!({ "text": null }),
        json!({ "text": 7 }),
        json!({ "text": ["hello"] }),
        json!({ "text": "nul\u{0}" }),
        json!({ "text": "x".repeat(4_001) }),
        json!({ "message": "hello" }),
        json!("hello"),
        Value::Null,
    ] {
        for action in ["send_message", "send_private_message"] {
            let mut data = data.clone();
            if let Some(fields) = data.as_object_mut() {
                fields.insert("userId".into(), json!(boris.id));
            }
            window.says(json!({ "action": action, "request_id": "r", "data": data })).await;
            let refused = window.hears().await;
            assert_eq!(
                (&refused["response_status"], &refused["request_id"]),
                (&json!(400), &json!("r")),
                "{data}: {refused}"
            );
            assert_eq!(refused["action"], action);
        }
    }
    other.hears_nothing().await;
    let longest = "ж".repeat(4_000);
    window.sends(json!(1), &longest).await;
    assert_eq!(other.hears().await["message"], longest.as_str());
    // Markup and strange letters are data; what is not known beside is ignored.
    let text = "<b>x</b> \u{202e}\u{1f697}\r\nsecond \"line\"";
    let frame = json!({
        "action": "send_message", "request_id": 2, "type": "x", "user": boris.id, "user_role": "admin",
        "data": { "text": text, "user": boris.id, "is_private": true, "userId": boris.id },
    });
    window.says(frame).await;
    let heard = other.hears().await;
    assert_eq!((&heard["message"], &heard["user_role"]), (&json!(text.replace("\r\n", "\n")), &json!("user")));
    assert!(heard["user"].as_str().unwrap().starts_with(&anna.id) && heard["is_private"] == false);
    assert_eq!(boris.rooms().await.iter().filter(|room| room["kind"] == "direct").count(), 0);
}

#[tokio::test]
async fn an_archived_room_is_heard_and_not_written() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let room = anna.opens("public", "garage", &[]).await;
    let mut window = anna.chats("garage").await;
    window.rest().await;
    anna.patch(&format!("/api/rooms/{room}"), json!({ "archived": true })).await.expect(200);
    window.sends(json!(1), "hello").await;
    let refused = window.hears().await;
    assert_eq!((&refused["response_status"], &refused["action"]), (&json!(409), &json!("send_message")));
}

#[tokio::test]
async fn names_that_are_no_rooms_and_people_who_are_nobody() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    for name in ["%20", "%00", "a%0Ab", "%2e%2e", "a%2Fb", "a%5Cb", &"x".repeat(65), "%FF", "%E2%80%AEx"] {
        let refused = anna.tries_to_watch(&format!("/api/chat/{name}/")).await.err();
        assert!(matches!(refused, Some(400 | 404)), "{name}: {refused:?}");
    }
    assert_eq!(anna.get("/api/chat").await.json(), json!([]), "nothing was made by it");
    for path in SOCKETS {
        for token in ["", "rubbish", &anna.refresh] {
            assert_eq!(anna.with_token(token).tries_to_watch(path).await.err(), Some(401), "{path}");
        }
        let open = world.site.request(reqwest::Method::GET, path.trim_end_matches('/')).bearer_auth(&anna.access);
        let answer = world.site.send(open).await;
        assert!([200, 400, 426].contains(&answer.status), "without an upgrade it is REST: {}", answer.status);
    }
    for path in ["/api/auto_salon/", "/api/salons/", "/api/notifications/", "/api/salon_role/x/", "/api/chat/"] {
        let refused = anna.tries_to_watch(path).await.err();
        assert!(matches!(refused, Some(200 | 400 | 404 | 405)), "no socket at {path}: {refused:?}");
    }
}

#[tokio::test]
async fn a_socket_too_many_makes_and_joins_nothing() {
    let world = World::open_with("guests = true\n[limits]\nguest_sockets_per_address = 1\n").await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let there = boris.opens("public", "there", &[]).await;
    let mut windows = Vec::new();
    for _ in 0..20 {
        windows.push(anna.clone().online().await);
    }
    for path in
        ["/api/chat/brandnew/", "/api/chat/there/", &format!("/api/chat/{there}/"), "/ws/chat/new/", "/ws/chat/there/"]
    {
        assert_eq!(anna.tries_to_watch(path).await.err(), Some(429), "{path}");
    }
    let guest = LiveWindow::open(&world, "there/", &[]).await;
    let refused = LiveWindow::try_open(&world, "of-a-guest/", &[]).await.err().expect("one is enough");
    assert_eq!(refused.0, 429);
    let rooms = boris.get("/api/chat?scope=public").await.expect(200).json();
    let names: Vec<_> = rooms.as_array().unwrap().iter().map(|room| room["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["public-chat", "there"]);
    assert_eq!(anna.get("/api/chat").await.expect(200).json(), json!([]), "she joined nothing");
    drop(guest);
}

#[tokio::test]
async fn a_session_that_ends_closes_all_three() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let ada = world.admin().await;
    let phone = anna.elsewhere().await;
    for end in ["sign out", "block"] {
        let who = if end == "block" { &boris } else { &phone };
        let mut windows = Vec::new();
        for path in SOCKETS {
            windows.push(who.watches(path).await);
        }
        let mut stays = anna.watches(SOCKETS[1]).await;
        match end {
            "block" => {
                let body = json!({ "action": "block" });
                ada.patch(&format!("/api/user/block_unblock/{}", who.id), body).await.expect(200);
            }
            _ => {
                world.site.post("/api/auth/logout", json!({ "refresh": who.refresh })).await.expect(204);
            }
        }
        for window in &mut windows {
            assert_eq!(window.is_closed().await, 4401, "{end}");
        }
        for path in SOCKETS {
            assert_eq!(who.tries_to_watch(path).await.err(), Some(401), "{end}");
        }
        stays.hears_nothing().await;
    }
}

#[tokio::test]
async fn too_much_too_fast_and_too_large() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    for path in SOCKETS {
        let mut other = boris.watches(path).await;
        other.rest().await;
        let mut window = anna.watches(path).await;
        for _ in 0..200 {
            window.says(json!({ "action": "dance" })).await;
        }
        assert_eq!(window.is_closed().await, 1008, "{path}: too many");
        let mut window = anna.watches(path).await;
        window.says_raw(Message::text("x".repeat(70_000))).await;
        assert_eq!(window.is_closed().await, 1009, "{path}: too large");
        other.rest().await;
        other.hears_nothing().await;
    }
}
