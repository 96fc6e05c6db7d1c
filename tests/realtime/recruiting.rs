//! The socket of one room (document 001): who hears what in which words, and who does not.

use crate::{
    people::{Person, Window},
    world::{
        Answer, World,
        golden::{self, Names},
    },
};
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};

fn path(room: &str) -> String {
    format!("/ws/chat/{room}/")
}

async fn room_of(recruiter: &Person, clients: &[&Person]) -> String {
    let clients: Vec<_> = clients.iter().map(|client| &client.id).collect();
    let body = json!({ "recruiter": recruiter.id, "clients": clients });
    let room = recruiter.post("/chats/chat-room/create/", body).await.expect(201).json();
    room["uuid"].as_str().unwrap().to_owned()
}

/// The next frame must be this message.
async fn hears_message(window: &mut Window, text: &str) -> Value {
    let frame = window.hears_kind("message_created").await;
    assert_eq!(frame["message"]["content"], text, "{}", window.person.name);
    frame
}

/// Nothing was said to these windows before this: the next thing that they hear is what is posted now.
async fn nothing_more(room: &str, poster: &Person, windows: &mut [&mut Window]) {
    let text = format!("fence {}", uuid::Uuid::now_v7());
    poster.posts(room, &text).await;
    for window in windows {
        hears_message(window, &text).await;
    }
}

#[tokio::test]
async fn rest_reaches_the_room_and_nobody_else() {
    let world = World::open().await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    let (room, other) = (room_of(&anna, &[&boris]).await, room_of(&anna, &[&clara]).await);
    let mut anna_there = Window::open(&anna, &path(&room)).await;
    let mut boris_there = Window::open(&boris, &path(&room)).await;
    let mut anna_elsewhere = Window::open(&anna, &path(&other)).await;
    let mut clara_elsewhere = Window::open(&clara, path(&other).trim_end_matches('/')).await;
    let mut stream = anna.clone().online().await;
    let body = json!({ "chat_room": room, "content": "hello" });
    let message = boris.post("/chats/messages/create/", body).await.expect(201).json();
    let detail = format!("/chats/messages/detail/{}/", message["uuid"].as_str().unwrap());
    boris.patch(&detail, json!({ "content": "hello, Anna" })).await.expect(200);
    boris.patch(&detail, json!({ "content": "hello, Anna" })).await.expect(200);
    boris.delete(&detail).await.expect(204);
    for window in [&mut anna_there, &mut boris_there] {
        assert_eq!(hears_message(window, "hello").await["message"], message);
        let updated = window.hears_kind("message_updated").await;
        assert_eq!(
            (&updated["message"]["content"], &updated["message"]["is_edited"]),
            (&json!("hello, Anna"), &json!(true))
        );
        let deleted = window.hears_kind("message_deleted").await;
        assert_eq!(deleted["message"], updated["message"], "as it was");
    }
    stream.hears_message("hello").await;
    stream.hears("message_updated").await;
    stream.hears("message_deleted").await;
    nothing_more(&room, &anna, &mut [&mut anna_there, &mut boris_there]).await;
    nothing_more(&other, &clara, &mut [&mut anna_elsewhere, &mut clara_elsewhere]).await;
}

#[tokio::test]
async fn texts_are_posted_and_refusals_answered() {
    let world = World::open().await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    let (room, other) = (room_of(&anna, &[&boris]).await, room_of(&anna, &[&clara]).await);
    let foreign = anna.posts(&other, "elsewhere").await;
    let mut anna_there = Window::open(&anna, &path(&room)).await;
    let mut boris_there = Window::open(&boris, &path(&room)).await;
    anna_there.says(json!({ "message": "hello" })).await;
    for window in [&mut anna_there, &mut boris_there] {
        let heard = hears_message(window, "hello").await;
        assert_eq!(heard["message"]["sender"], anna.id.as_str());
    }
    for bad in [
        "rubbish".to_owned(),
        "[]".into(),
        "{}".into(),
        json!({ "type": "fly" }).to_string(),
        json!({ "type": "typing" }).to_string(),
        json!({ "type": "typing", "typing": 1 }).to_string(),
        json!({ "type": "message_read" }).to_string(),
        json!({ "type": "message_read", "message_id": "x" }).to_string(),
        json!({ "type": "message_read", "message_id": uuid::Uuid::now_v7() }).to_string(),
        json!({ "type": "message_read", "message_id": foreign["uuid"] }).to_string(),
        json!({ "message": "" }).to_string(),
        json!({ "message": 7 }).to_string(),
        json!({ "message": "x".repeat(4_001) }).to_string(),
    ] {
        anna_there.says(&bad).await;
        let answer = anna_there.hears_kind("error").await;
        assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
        assert!(answer["detail"].as_str().is_some_and(|text| text.ends_with('.')), "{bad}: {answer}");
    }
    anna_there.says_bytes(b"bytes").await;
    anna_there.hears_kind("error").await;
    nothing_more(&room, &anna, &mut [&mut anna_there, &mut boris_there]).await;
    assert_eq!(boris.sees(&room).await.len(), 2, "nothing else was posted");
}

#[tokio::test]
async fn everybody_but_the_receiver_is_seen_typing() {
    let world = World::open().await;
    let [anna, boris, clara, vera] = world.people(["anna", "boris", "clara", "vera"]).await;
    let (room, other) = (room_of(&anna, &[&boris, &clara]).await, room_of(&anna, &[&vera]).await);
    let mut a = Window::open(&anna, &path(&room)).await;
    let mut b = Window::open(&boris, &path(&room)).await;
    let mut c = Window::open(&clara, &path(&room)).await;
    let mut v = Window::open(&vera, &path(&other)).await;
    let typing = |is: bool| json!({ "type": "typing", "typing": is });
    let users = async |window: &mut Window| -> Vec<String> {
        let frame = window.hears_kind("typing").await;
        assert_eq!(frame.as_object().unwrap().len(), 2, "{frame}");
        let users = frame["typing_users"].as_array().expect("a list");
        users.iter().map(|user| user.as_str().unwrap().to_owned()).collect()
    };
    let mut both = vec![anna.id.clone(), boris.id.clone()];
    both.sort();

    a.says(typing(true)).await;
    for window in [&mut b, &mut c] {
        assert_eq!(users(window).await, [anna.id.as_str()]);
    }
    b.says(typing(true)).await;
    assert_eq!(users(&mut a).await, [boris.id.as_str()], "the receiver is not named");
    assert_eq!(users(&mut c).await, both);
    // Said again it is no news.
    a.says(typing(true)).await;
    a.says(typing(false)).await;
    assert_eq!(users(&mut b).await, [] as [&str; 0]);
    assert_eq!(users(&mut c).await, [boris.id.as_str()]);
    // What was typed is sent; that, and that they stopped, come in whatever order.
    b.says(json!({ "message": "hello" })).await;
    for window in [&mut a, &mut c] {
        let mut heard = [window.hears().await, window.hears().await];
        heard.sort_by_key(|frame| frame["type"].to_string());
        assert_eq!(heard[0]["message"]["content"], "hello", "{heard:?}");
        assert_eq!(heard[1], json!({ "type": "typing", "typing_users": [] }));
    }
    hears_message(&mut b, "hello").await;
    // The window in which somebody types is closed; another one of theirs stays.
    let mut second = Window::open(&boris, &path(&room)).await;
    b.says(typing(true)).await;
    for window in [&mut a, &mut c] {
        assert_eq!(users(window).await, [boris.id.as_str()]);
    }
    drop(b);
    for window in [&mut a, &mut c] {
        assert_eq!(users(window).await, [] as [&str; 0]);
    }
    // Nobody says that they stopped: it lapses.
    c.says(typing(true)).await;
    for window in [&mut a, &mut second] {
        assert_eq!(users(window).await, [clara.id.as_str()]);
        assert_eq!(users(window).await, [] as [&str; 0]);
    }
    nothing_more(&room, &anna, &mut [&mut a, &mut second, &mut c]).await;
    nothing_more(&other, &vera, &mut [&mut v]).await;
}

#[tokio::test]
async fn reading_is_told_to_all_windows() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let room = room_of(&anna, &[&boris]).await;
    let one = anna.posts(&room, "one").await;
    let two = anna.posts(&room, "two").await;
    let mut a = Window::open(&anna, &path(&room)).await;
    let mut b = Window::open(&boris, &path(&room)).await;
    let mut b_elsewhere = Window::open(&boris, &path(&room)).await;
    let read = |message: &Value| json!({ "type": "message_read", "message_id": message["uuid"] });
    b.says(read(&two)).await;
    for window in [&mut a, &mut b, &mut b_elsewhere] {
        let expected = json!({ "type": "message_read", "message_id": two["uuid"], "user_id": boris.id });
        assert_eq!(window.hears().await, expected);
    }
    // A client that names each message is answered for each, in whatever order; nobody reads their own.
    b.says(read(&one)).await;
    for window in [&mut a, &mut b, &mut b_elsewhere] {
        let expected = json!({ "type": "message_read", "message_id": one["uuid"], "user_id": boris.id });
        assert_eq!(window.hears().await, expected);
    }
    // Also of several that are on their way at once, the newest first.
    let mut newer = Vec::new();
    for text in ["three", "four", "five"] {
        newer.push(anna.posts(&room, text).await["uuid"].to_string());
        for window in [&mut a, &mut b, &mut b_elsewhere] {
            hears_message(window, text).await;
        }
    }
    for id in newer.iter().rev() {
        b.says(format!(r#"{{"type":"message_read","message_id":{id}}}"#)).await;
    }
    let mut told = Vec::new();
    for _ in &newer {
        told.push(a.hears_kind("message_read").await["message_id"].to_string());
    }
    told.sort();
    newer.sort();
    assert_eq!(told, newer);
    for _ in &newer {
        b.hears_kind("message_read").await;
        b_elsewhere.hears_kind("message_read").await;
    }
    a.says(read(&two)).await;
    nothing_more(&room, &boris, &mut [&mut a, &mut b, &mut b_elsewhere]).await;
    let listed = anna.get(&format!("/chats/messages/list/?chat_room={room}")).await.json();
    assert_eq!(listed[0]["read_by"], json!([boris.id]), "reading reads all earlier ones");
}

#[tokio::test]
async fn whoever_comes_later_sees_who_types_and_has_read_nothing() {
    let world = World::open().await;
    let [anna, boris, clara, vera] = world.people(["anna", "boris", "clara", "vera"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    let secret = anna.posts(&room, "secret plan").await;
    let mut a = Window::open(&anna, &path(&room)).await;
    anna.brings_in(&room, &clara).await;
    let mut b = Window::open(&boris, &path(&room)).await;
    b.says(json!({ "type": "typing", "typing": true })).await;
    assert_eq!(a.hears().await, json!({ "type": "typing", "typing_users": [boris.id] }), "nobody was said to read");
    let mut c = Window::open(&clara, &path(&room)).await;
    assert_eq!(c.hears().await, json!({ "type": "typing", "typing_users": [boris.id] }));
    c.says(json!({ "type": "message_read", "message_id": secret["uuid"] })).await;
    for window in [&mut a, &mut b, &mut c] {
        let expected = json!({ "type": "message_read", "message_id": secret["uuid"], "user_id": clara.id });
        assert_eq!(window.hears().await, expected);
    }

    let garage = anna.opens("public", "garage", &[]).await;
    let open = anna.posts(&garage, "open").await;
    let mut watching = Window::open(&vera, &path(&garage)).await;
    watching.says(json!({ "type": "message_read", "message_id": open["uuid"] })).await;
    let answer = watching.hears_kind("error").await;
    assert!(answer["detail"].as_str().unwrap().starts_with("Join the room"), "{answer}");
}

#[tokio::test]
async fn every_kind_of_room_opens_by_its_id() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let admin = world.admin().await;
    let rooms = [
        room_of(&anna, &[&boris]).await,
        anna.opens("private", "workshop", &[&boris]).await,
        anna.direct(&boris).await,
        anna.opens("public", "garage", &[]).await,
    ];
    for room in &rooms {
        let mut a = Window::open(&anna, &path(room)).await;
        let mut b = Window::open(&boris, &path(&room.to_uppercase())).await;
        b.says(json!({ "message": "here" })).await;
        hears_message(&mut a, "here").await;
        hears_message(&mut b, "here").await;
    }
    for room in &rooms[..3] {
        assert_eq!(Window::try_open(&vera, &path(room)).await.err(), Some(404));
        assert_eq!(Window::try_open(&admin, &path(room)).await.err(), Some(403), "sees that it exists, cannot read it");
    }
    let mut watching = Window::open(&admin, &path(&rooms[3])).await;
    nothing_more(&rooms[3], &anna, &mut [&mut watching]).await;
    let unknown = path(&uuid::Uuid::now_v7().to_string());
    assert_eq!(Window::try_open(&anna, &unknown).await.err(), Some(404));
    let stale = anna.with_token("rubbish");
    assert_eq!(Window::try_open(&stale, &path(&rooms[0])).await.err(), Some(401));
    let plain = anna.request(Method::GET, &path(&rooms[0]));
    anna.send(plain).await.expect(426);

    let mut b = Window::open(&boris, &path(&rooms[1])).await;
    anna.puts_out(&rooms[1], &boris).await;
    assert!(b.try_text().await.is_err(), "closed with the membership");
    assert_eq!(Window::try_open(&boris, &path(&rooms[1])).await.err(), Some(404));
}

/// Every documented body and frame, word for word and field after field.
#[tokio::test]
async fn every_body_and_frame_in_its_words() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let mut told = Transcript::default();
    for person in [&anna, &boris] {
        told.names.call(&person.id, &person.name);
    }
    told.names.call(JOB, "job");
    let body = json!({ "recruiter": anna.id, "clients": [boris.id] });
    let answer = anna.post("/chats/chat-room/create/", body).await;
    let room = answer.json()["uuid"].as_str().unwrap().to_owned();
    told.names.call(&room, "room");
    told.rest("POST /chats/chat-room/create/", answer);
    let mut a = Window::open(&anna, &path(&room)).await;
    let mut b = Window::open(&boris, &path(&room)).await;
    b.says(json!({ "type": "typing", "typing": true })).await;
    told.heard("boris types", &[a.hears_text().await]);
    b.says(json!({ "type": "typing", "typing": false })).await;
    told.heard("boris stops", &[a.hears_text().await]);

    let create =
        async |form: Form| boris.send(boris.request(Method::POST, "/chats/messages/create/").multipart(form)).await;
    let form = || Form::new().text("chat_room", room.clone()).text("job", JOB);
    let text = told.rest("POST /chats/messages/create/ with a text", create(form().text("content", "assa")).await);
    told.heard("", &[a.hears_text().await]);
    let picture = Part::bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec()).file_name("Screenshot 1.png");
    let file = told.rest("POST /chats/messages/create/ with a file", create(form().part("file", picture)).await);
    told.heard("", &[a.hears_text().await]);
    let [text, file] = [&text, &file].map(|message| message["uuid"].as_str().unwrap().to_owned());
    a.says(json!({ "type": "message_read", "message_id": file })).await;
    told.heard("anna reads", &[a.hears_text().await]);
    let detail = |id: &str| format!("/chats/messages/detail/{id}/");
    let body = json!({ "content": "SAlomasd" });
    told.rest("PATCH /chats/messages/detail/{uuid}/", boris.patch(&detail(&file), body).await);
    told.heard("", &[a.hears_text().await]);
    told.rest("GET /chats/messages/detail/{uuid}/", anna.get(&detail(&text)).await);
    told.rest("GET /chats/messages/list/", anna.get(&format!("/chats/messages/list/?chat_room={room}")).await);
    told.rest("GET /chats/chat-room/list/", anna.get("/chats/chat-room/list/").await);
    told.rest("DELETE /chats/messages/detail/{uuid}/", boris.delete(&detail(&file)).await);
    told.heard("", &[a.hears_text().await]);
    a.says("rubbish").await;
    told.heard("anna says rubbish", &[a.hears_text().await]);
    let mut boris_heard = Vec::new();
    // All of it but his own typing and the error.
    for _ in 0..5 {
        boris_heard.push(b.hears_text().await);
    }
    told.heard("boris heard meanwhile", &boris_heard);
    nothing_more(&room, &anna, &mut [&mut a, &mut b]).await;

    let both = form().text("content", "assa").part("file", Part::bytes(b"x".to_vec()).file_name("x.txt"));
    told.rest("POST /chats/messages/create/ with both", create(both).await);
    told.rest("POST /chats/messages/create/ with neither", create(form()).await);
    let body = json!({ "file": "/media/other.png" });
    told.rest("PATCH /chats/messages/detail/{uuid}/ with a file", boris.patch(&detail(&text), body).await);
    golden::compare("recruiting-transcript.txt", &told.lines);
}

const JOB: &str = "182eebdd-9a2a-4bf2-93e1-11882841cb9f";

/// What was said, as it was written; ids and times replaced.
#[derive(Default)]
struct Transcript {
    names: Names,
    lines: String,
}

impl Transcript {
    fn rest(&mut self, what: &str, answer: Answer) -> Value {
        let body = self.words(&answer.text());
        self.lines += &format!("\n{what}\n{} {body}\n", answer.status);
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    fn heard(&mut self, what: &str, frames: &[String]) {
        if !what.is_empty() {
            self.lines += &format!("\n{what}\n");
        }
        for frame in frames {
            let frame = self.words(frame);
            self.lines += &format!("< {frame}\n");
        }
    }

    fn words(&mut self, text: &str) -> String {
        const TIME: usize = "2024-11-18T09:04:16.376929+00:00".len();
        let (mut out, mut rest) = (String::new(), text);
        while let Some(first) = rest.chars().next() {
            let is_time = rest.get(..TIME).is_some_and(golden::is_time);
            let (put, len) = if is_time { ("<time>", TIME) } else { (&rest[..first.len_utf8()], first.len_utf8()) };
            out.push_str(put);
            rest = &rest[len..];
        }
        match self.names.normalise(&Value::String(out)) {
            Value::String(text) => text,
            other => panic!("{other}"),
        }
    }
}
