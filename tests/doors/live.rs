//! The live chat over HTTP (document 004), for people and for guests.

use crate::{
    people::{LiveWindow, Person},
    world::{Answer, World},
};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

const SENT: &str = "Message sent!";

fn said(answer: Answer) -> Vec<String> {
    let history = answer.expect(200).json();
    let lines = history["chat_history"].as_array().expect("a list").iter();
    lines.map(|line| line["message"].as_str().unwrap().to_owned()).collect()
}

/// The cookie that an answer sets, as a browser sends it back.
fn cookie_of(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("parlor_guest="), "{cookie}");
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    cookie.split(';').next().unwrap().to_owned()
}

/// The same request with a form.
fn form(request: RequestBuilder, body: &'static str) -> RequestBuilder {
    request.header("content-type", "application/x-www-form-urlencoded").body(body)
}

/// Sends as the guest of this cookie.
async fn guest_sends(world: &World, cookie: &str, text: &str) -> Answer {
    let request = world.site.request(Method::POST, "/chat/send/").json(&json!({ "message": text }));
    world.site.send(if cookie.is_empty() { request } else { request.header("cookie", cookie) }).await
}

async fn last_sender(person: &Person) -> (String, String) {
    let history = person.get("/chat/history/?limit=1").await.expect(200).json();
    let line = &history["chat_history"][0];
    (line["sender"].as_str().unwrap().to_owned(), line["sender_name"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn sending_and_reading() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let admin = world.admin().await;
    let sent = anna.post("/chat/send/", json!({ "message": "hello" })).await.expect(200);
    assert_eq!(sent.text(), format!("{{\"message\":\"{SENT}\"}}"));
    assert_eq!(sent.header("set-cookie"), "", "only guests are given one");
    let request = anna.request(Method::POST, "/chat/send");
    anna.send(form(request, "message=by+form+%26+more&room=garage")).await.expect(200);
    let parts = reqwest::multipart::Form::new().text("message", "by parts").text("room", "parts").text("csrf", "x");
    anna.send(anna.request(Method::POST, "/chat/send").multipart(parts)).await.expect(200);
    assert_eq!(said(boris.get("/chat/history/?room=parts").await), ["by parts"]);
    assert_eq!(said(boris.get("/chat/history/").await), ["hello"]);
    assert_eq!(said(boris.get("/chat/history?room=Garage").await), ["by form & more"]);
    assert_eq!(boris.rooms().await, Vec::<Value>::new(), "reading joins nothing");
    assert_eq!(anna.rooms().await.len(), 3, "sending does");
    let line = boris.get("/chat/history/?room=garage").await.json()["chat_history"][0].clone();
    let expected = json!({
        "id": line["id"], "message": "by form & more", "sender": anna.id, "sender_name": "Anna", "sender_role": "user",
        "timestamp": line["timestamp"],
    });
    assert_eq!(line, expected);
    assert!(crate::world::golden::is_time(line["timestamp"].as_str().unwrap()));

    for number in 0..60 {
        anna.post("/chat/send/", json!({ "message": number.to_string(), "room": "garage" })).await.expect(200);
    }
    let numbers = |range: std::ops::Range<u32>| range.map(|number| number.to_string()).collect::<Vec<_>>();
    assert_eq!(said(boris.get("/chat/history/?room=garage").await), numbers(10..60));
    assert_eq!(said(boris.get("/chat/history/?room=garage&limit=3").await), numbers(57..60));
    assert_eq!(said(boris.get("/chat/history/?room=garage&limit=200").await).len(), 61);
    // What was deleted leaves no gap.
    let page = boris.get("/chat/history/?room=garage&limit=2").await.json();
    for line in page["chat_history"].as_array().unwrap() {
        admin.delete(&format!("/api/messages/{}", line["id"].as_str().unwrap())).await.expect(204);
    }
    assert_eq!(said(boris.get("/chat/history/?room=garage&limit=3").await), numbers(55..58));
    for limit in ["0", "201", "x", "-1"] {
        boris.get(&format!("/chat/history/?limit={limit}")).await.refused(400, "invalid");
    }
}

#[tokio::test]
async fn bad_input_is_named_and_changes_nothing() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let private = anna.opens("private", "workshop", &[]).await;
    for (body, field) in [
        (json!({}), "message"),
        (json!({ "message": 7 }), "message"),
        (json!({ "message": " " }), "message"),
        (json!({ "message": "x".repeat(4_001) }), "message"),
        (json!({ "message": "x", "room": 7 }), "room"),
        (json!({ "message": "x", "room": "private_x" }), "room"),
        (json!({ "message": "x", "room": "a/b" }), "room"),
        (json!({ "message": "x", "room": private }), "room"),
        (json!({ "message": " ", "room": "never made" }), "message"),
    ] {
        anna.post("/chat/send/", body).await.blames(field);
    }
    for body in ["", "text=x", "message=", "message=x&room=private_x"] {
        anna.send(form(anna.request(Method::POST, "/chat/send/"), body)).await.refused(400, "invalid");
    }
    let parts = reqwest::multipart::Form::new().text("text", "x");
    anna.send(anna.request(Method::POST, "/chat/send").multipart(parts)).await.blames("message");
    let plain = anna.request(Method::POST, "/chat/send/").header("content-type", "text/plain").body("x");
    anna.send(plain).await.refused(415, "unsupported_type");
    // Nothing is said yet where nobody has been, and nobody has been there by asking.
    for room in ["never made", "workshop"] {
        let history = anna.get(&format!("/chat/history/?room={room}")).await.expect(200);
        assert_eq!(history.text(), "{\"chat_history\":[]}");
    }
    let rooms = anna.get("/api/rooms?scope=public").await.expect(200).json();
    assert_eq!(rooms["total_items"], 1, "only public-chat: {rooms}");
    anna.get("/chat/history/?room=private_x").await.blames("room");
    anna.get(&format!("/chat/history/?room={private}")).await.blames("room");
    assert_eq!(said(anna.get("/chat/history/").await), Vec::<String>::new());
}

#[tokio::test]
async fn guests_are_off_until_somebody_switches_them_on() {
    let world = World::open().await;
    for answer in [
        world.site.get("/chat/history/").await,
        world.site.post("/chat/send/", json!({ "message": "hello" })).await,
        guest_sends(&world, "parlor_guest=rubbish", "hello").await,
    ] {
        assert_eq!(answer.header("set-cookie"), "");
        let problem = answer.refused(401, "unauthenticated");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("guests = true") && detail.contains("--guests"), "{detail}");
    }
}

#[tokio::test]
async fn a_guest_is_known_again_by_a_cookie() {
    let mut world = World::open_with("guests = true\n").await;
    let anna = world.person("anna").await;
    let looked = world.site.get("/chat/history/").await.expect(200);
    let cookie = cookie_of(&looked);
    let sent = guest_sends(&world, &cookie, "hello").await.expect(200);
    let (sender, name) = last_sender(&anna).await;
    assert!(name.starts_with("guest-"), "{name}");
    let renewed = cookie_of(&sent);
    guest_sends(&world, &renewed, "hello again").await.expect(200);
    assert_eq!(last_sender(&anna).await, (sender.clone(), name.clone()));
    // On a socket it is the same guest.
    let mut window =
        LiveWindow::open(&world, "public-chat/", &[("cookie", &cookie), ("origin", &world.site.origin())]).await;
    window.says("by socket").await;
    assert_eq!(window.hears("by socket").await["sender_name"], name.as_str());
    // Without it, or with one that is not ours, it is somebody else.
    let forged = cookie.rsplit_once('.').unwrap().0.to_owned() + ".AAAA";
    for other in ["", "parlor_guest=rubbish", &forged] {
        guest_sends(&world, other, "who am I?").await.expect(200);
        assert_ne!(last_sender(&anna).await.1, name, "{other}");
    }
    world.restart().await;
    guest_sends(&world, &cookie, "after the restart").await.expect(200);
    assert_eq!(last_sender(&anna).await, (sender, name));
}

#[tokio::test]
async fn names_stay_when_guests_are_switched_off() {
    let mut world = World::open_with("guests = true\n").await;
    let anna = world.person("anna").await;
    let cookie = cookie_of(&guest_sends(&world, "", "hello").await.expect(200));
    let sender = last_sender(&anna).await;
    world.stop().await;
    world.configure("guests = false\n");
    world.start().await;
    assert_eq!(last_sender(&anna).await, sender);
    let room = anna.get("/api/rooms?scope=public&search=public-chat").await.json()["data"][0]["id"].clone();
    let page = anna.history(room.as_str().unwrap(), "").await;
    assert_eq!(
        (&page["messages"][0]["sender_name"], &page["messages"][0]["sender_role"]),
        (&json!(sender.1), &json!("guest"))
    );
    guest_sends(&world, &cookie, "still here?").await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn other_sites_cannot_speak_for_a_guest() {
    let world = World::open_with("guests = true\n").await;
    let anna = world.person("anna").await;
    let cookie = cookie_of(&world.site.get("/chat/history/").await);
    for origin in ["http://evil.example", "null", &format!("{}.evil.example", world.site.origin())] {
        let request = form(world.site.request(Method::POST, "/chat/send/"), "message=x");
        let request = request.header("cookie", &cookie).header("origin", origin);
        world.site.send(request).await.refused(403, "forbidden");
        let refusal = LiveWindow::try_open(&world, "public-chat/", &[("cookie", &cookie), ("origin", origin)]).await;
        assert_eq!(refusal.err().expect("refused").0, 403);
    }
    let own = form(world.site.request(Method::POST, "/chat/send/"), "message=ours");
    world.site.send(own.header("origin", world.site.origin())).await.expect(200);
    assert_eq!(said(anna.get("/chat/history/").await), ["ours"]);
}

#[tokio::test]
async fn a_guest_reaches_nothing_else() {
    let world = World::open_with("guests = true\n").await;
    let anna = world.person("anna").await;
    let looked = guest_sends(&world, "", "hello").await.expect(200);
    let cookie = cookie_of(&looked);
    let token = cookie.split_once('=').unwrap().1.to_owned();
    let (guest, name) = last_sender(&anna).await;
    let room = anna.opens("public", "garage", &[]).await;
    let paths = ["/api/session", "/api/rooms", "/api/user", "/api/chat", "/api/auto_salon", "/api/auth/socket"];
    for path in paths.into_iter().map(str::to_owned).chain([format!("/api/rooms/{room}/messages")]) {
        let get = |request: RequestBuilder| world.site.send(request);
        let plain = || world.site.request(Method::GET, &path);
        get(plain().header("cookie", &cookie)).await.refused(401, "unauthenticated");
        get(plain().header("cookie", format!("parlor_session={token}"))).await.refused(401, "unauthenticated");
        get(plain().bearer_auth(&token)).await.refused(401, "unauthenticated");
    }
    let elsewhere = world.site.request(Method::POST, "/chat/room/public-chat/send/").json(&json!({ "body": "x" }));
    world.site.send(elsewhere.header("cookie", &cookie)).await.refused(401, "unauthenticated");
    assert_eq!(said(anna.get("/chat/history/").await), ["hello"]);
    // Not at this door either, where a token is for people.
    for path in ["public-chat/".to_owned(), format!("public-chat/?token={token}"), String::new()] {
        let bearer = format!("Bearer {token}");
        let headers: &[(&str, &str)] = if path == "public-chat/" { &[("authorization", &bearer)] } else { &[] };
        let cookies: &[(&str, &str)] = if path.is_empty() { &[("cookie", &cookie)] } else { headers };
        assert_eq!(LiveWindow::try_open(&world, &path, cookies).await.err().expect("refused").0, 401, "{path}");
    }
    // Nobody signs in as a guest, registers as one, finds one or writes to one.
    let sign_in = json!({ "username": name, "password": "" });
    world.site.post("/api/auth", sign_in).await.refused(401, "unauthenticated");
    for username in [name.as_str(), "guest-of-honour", "GUEST-1"] {
        let body = json!({ "email": "g@example.com", "username": username, "password": crate::world::PASSWORD });
        world.site.post("/api/user/registration", body).await.blames("username");
    }
    assert!(!anna.get("/api/user?size=100").await.expect(200).text().contains("guest-"));
    anna.get(&format!("/api/user/{guest}")).await.refused(404, "not_found");
    let direct = anna.request(Method::PUT, &format!("/api/direct/{guest}"));
    anna.send(direct).await.refused(404, "not_found");
    anna.post(&format!("/api/rooms/{room}/members"), json!({ "user": guest })).await.refused(400, "invalid");
}

#[tokio::test]
async fn guests_open_some_public_rooms_which_belong_to_nobody() {
    let world = World::open_with("guests = true\n[limits]\nguest_rooms_per_address = 2\n").await;
    let anna = world.person("anna").await;
    let says = async |room: &str, text: &str| {
        let body = json!({ "message": text, "room": room });
        world.site.send(world.site.request(Method::POST, "/chat/send/").json(&body)).await
    };
    // What cannot be sent opens nothing.
    says("garage", " ").await.refused(400, "invalid");
    let rooms = async || anna.get("/api/rooms?scope=public").await.expect(200).json()["total_items"].clone();
    assert_eq!(rooms().await, 1);
    let looked = world.site.get("/chat/history/?room=garage").await.expect(200);
    assert_eq!((looked.text(), rooms().await), ("{\"chat_history\":[]}".into(), json!(1)), "looking makes nothing");
    says("garage", "anybody?").await.expect(200);
    assert_eq!(said(anna.get("/chat/history/?room=garage").await), ["anybody?"]);
    let room = anna.get("/api/rooms?scope=public&search=garage").await.json()["data"][0].clone();
    assert_eq!((&room["member_count"], &room["created_by"]), (&json!(0), &Value::Null));
    let joined = anna.joins(room["id"].as_str().unwrap()).await;
    assert_eq!(joined["role"], "member", "nobody comes to own it by being first");
    says("yard", "hello").await.expect(200);
    says("GARAGE", "the same room").await.expect(200);
    let problem = says("third", "one too many").await.refused(429, "throttled");
    assert!(problem["detail"].as_str().unwrap().contains("sign in"), "{problem}");
    assert_eq!(rooms().await, 3);
}

#[tokio::test]
async fn the_documented_call_works_where_the_room_was_deleted() {
    let world = World::open_with("guests = true\n").await;
    let anna = world.person("anna").await;
    let admin = world.admin().await;
    anna.post("/chat/send/", json!({ "message": "hello" })).await.expect(200);
    let room = anna.rooms().await[0]["id"].as_str().unwrap().to_owned();
    admin.delete(&format!("/api/rooms/{room}")).await.expect(204);
    for answer in [anna.get("/chat/history/").await, world.site.get("/chat/history/").await] {
        assert_eq!(answer.expect(200).text(), "{\"chat_history\":[]}");
    }
    anna.post("/chat/send/", json!({ "message": "anew" })).await.expect(200);
    assert_eq!(said(anna.get("/chat/history/").await), ["anew"]);
}

#[tokio::test]
async fn what_administrators_can_do_about_guests() {
    let world = World::open_with("guests = true\n").await;
    let anna = world.person("anna").await;
    let admin = world.admin().await;
    guest_sends(&world, "", "rude words").await.expect(200);
    let (guest, _) = last_sender(&anna).await;
    let line = anna.get("/chat/history/").await.json()["chat_history"][0].clone();
    let message = format!("/api/messages/{}", line["id"].as_str().unwrap());
    anna.delete(&message).await.refused(403, "forbidden");
    admin.delete(&message).await.expect(204);
    assert_eq!(said(anna.get("/chat/history/").await), Vec::<String>::new());
    for action in ["block", "unblock"] {
        let path = format!("/api/user/block_unblock/{guest}");
        let problem = admin.patch(&path, json!({ "action": action })).await.refused(409, "conflict");
        assert!(problem["detail"].as_str().unwrap().contains("guests = false"), "{problem}");
    }
    admin.delete(&format!("/api/user/{guest}")).await.refused(409, "conflict");
    anna.patch(&format!("/api/user/block_unblock/{guest}"), json!({ "action": "block" }))
        .await
        .refused(403, "forbidden");
}
