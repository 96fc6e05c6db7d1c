//! Recruiting over HTTP (document 001): rooms, messages with a text or a file, filters.

use crate::{
    people::Person,
    world::{Answer, World},
};
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};

const NOBODY: &str = "01939f1e-6f2a-7c3b-9a41-5d2f8e6b1c01";

async fn creates_room(person: &Person, recruiter: &Person, clients: &[&Person]) -> Value {
    let clients: Vec<_> = clients.iter().map(|client| &client.id).collect();
    let body = json!({ "recruiter": recruiter.id, "clients": clients });
    person.post("/chats/chat-room/create/", body).await.expect(201).json()
}

async fn tries_form(person: &Person, form: Form) -> Answer {
    person.send(person.request(Method::POST, "/chats/messages/create/").multipart(form)).await
}

/// Posts a text as the document's clients do, by form.
async fn writes(person: &Person, room: &str, text: &str) -> Value {
    let form = Form::new().text("chat_room", room.to_owned()).text("content", text.to_owned());
    tries_form(person, form).await.expect(201).json()
}

fn file(name: &str, bytes: &[u8]) -> Part {
    Part::bytes(bytes.to_vec()).file_name(name.to_owned())
}

fn detail(message: &Value) -> String {
    format!("/chats/messages/detail/{}/", message["uuid"].as_str().expect("an id"))
}

async fn lists(person: &Person, query: &str) -> Vec<String> {
    let found = person.get(&format!("/chats/messages/list/{query}")).await.expect(200).json();
    let messages = found.as_array().expect("a bare array");
    messages.iter().map(|message| message["content"].as_str().unwrap_or("-").to_owned()).collect()
}

fn id(value: &Value) -> &str {
    value["uuid"].as_str().expect("an id")
}

#[tokio::test]
async fn rooms_of_a_recruiter_and_clients() {
    let world = World::open().await;
    let [anna, boris, clara, vera] = world.people(["anna", "boris", "clara", "vera"]).await;
    let admin = world.admin().await;
    let first = creates_room(&anna, &anna, &[&boris]).await;
    assert_eq!(
        (&first["recruiter"], &first["clients"], &first["last_message"], &first["unread"]),
        (&json!(anna.id), &json!([boris.id]), &Value::Null, &json!(0))
    );
    let again = creates_room(&boris, &anna, &[&boris, &boris]).await;
    assert_ne!(first["uuid"], again["uuid"], "each call makes a room");
    let by_admin = creates_room(&admin, &anna, &[&boris, &clara]).await;
    assert_eq!(by_admin["clients"].as_array().unwrap().len(), 2);

    let create = async |person: &Person, body: Value| person.post("/chats/chat-room/create/", body).await;
    create(&vera, json!({ "recruiter": anna.id, "clients": [boris.id] })).await.refused(403, "forbidden");
    for (field, body) in [
        ("recruiter", json!({ "recruiter": NOBODY, "clients": [anna.id] })),
        ("clients", json!({ "recruiter": anna.id, "clients": [boris.id, NOBODY] })),
        ("clients", json!({ "recruiter": anna.id, "clients": [boris.id, anna.id] })),
        ("clients", json!({ "recruiter": anna.id, "clients": [] })),
        ("clients", json!({ "recruiter": anna.id })),
        ("clients", json!({ "recruiter": anna.id, "clients": boris.id })),
        ("recruiter", json!({ "recruiter": "anna", "clients": [boris.id] })),
        ("recruiter", json!({ "clients": [boris.id] })),
    ] {
        create(&anna, body).await.blames(field);
    }
    world.site.post("/chats/chat-room/create", json!({})).await.refused(401, "unauthenticated");

    writes(&anna, id(&first), "the newest").await;
    boris.delete(&detail(&writes(&boris, id(&first), "gone").await)).await.expect(204);
    let ids = async |person: &Person, query: &str| -> Vec<Value> {
        let rooms = person.get(&format!("/chats/chat-room/list/{query}")).await.expect(200).json();
        rooms.as_array().expect("a bare array").iter().map(|room| room["uuid"].clone()).collect()
    };
    let all = anna.get("/chats/chat-room/list").await.expect(200).json();
    assert_eq!((&all[0]["uuid"], all.as_array().unwrap().len()), (&first["uuid"], 3), "newest activity first");
    assert_eq!((&all[0]["last_message"]["content"], &all[0]["unread"]), (&json!("the newest"), &json!(0)));
    for (person, query, expected) in [
        (&anna, String::new(), 3),
        (&boris, String::new(), 3),
        (&clara, String::new(), 1),
        (&vera, String::new(), 0),
        (&admin, String::new(), 0),
        (&anna, format!("?recruiter={}", anna.id), 3),
        (&anna, format!("?recruiter={}", boris.id), 0),
        (&anna, format!("?client={}", boris.id), 3),
        (&anna, format!("?clients={}", clara.id), 1),
        (&anna, format!("?clients={}&clients={}", clara.id, boris.id), 1),
        (&anna, format!("?client={}&clients={}", clara.id, vera.id), 0),
        (&anna, format!("?client={}", anna.id), 0),
        (&anna, "?client=&recruiter=".to_owned(), 3),
        (&vera, format!("?client={}", boris.id), 0),
    ] {
        assert_eq!(ids(person, &query).await.len(), expected, "{} {query}", person.name);
    }
    anna.get("/chats/chat-room/list/?client=boris").await.blames("client");
    assert_eq!(anna.get("/chats/chat-room/list").await.header("cache-control"), "no-store");
    anna.opens("private", "workshop", &[&boris]).await;
    assert_eq!(ids(&anna, "").await.len(), 3, "rooms of other kinds are not listed");
}

#[tokio::test]
async fn a_message_is_a_text_or_a_file() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let room = creates_room(&anna, &anna, &[&boris]).await;
    let room = id(&room);
    let job = uuid::Uuid::new_v4().to_string();
    let form = || Form::new().text("chat_room", room.to_owned());

    let text = form().text("job", job.clone()).text("content", "hello").text("file", "");
    let text = tries_form(&anna, text).await.expect(201).json();
    let expected = json!({
        "uuid": text["uuid"], "sender": anna.id, "chat_room": room, "file": null, "job": job, "content": "hello",
        "timestamp": text["timestamp"], "is_edited": false, "is_viewed": false, "read_by": [],
    });
    assert_eq!(text, expected);
    let filed = form().text("job", "").text("content", "").part("file", file("цена 1.pdf", b"%PDF-1.7\n1 0 obj"));
    let filed = tries_form(&anna, filed).await.expect(201).json();
    assert_eq!((&filed["content"], &filed["job"]), (&Value::Null, &Value::Null));
    let path = filed["file"].as_str().expect("a path");
    assert!(path.starts_with("/media/"), "{path}");
    let first = Form::new().part("file", file("a.txt", b"first")).text("chat_room", room.to_owned());
    let first = tries_form(&anna, first).await.expect(201).json();
    assert_eq!(anna.get(first["file"].as_str().unwrap()).await.expect(200).text(), "first", "the file came first");

    for (blamed, tried) in [
        ("file", form().text("content", "x").part("file", file("a.txt", b"x"))),
        ("file", form().part("file", file("a.txt", b"x")).text("content", "x")),
        ("content", form()),
        ("content", form().text("content", " ").text("file", "")),
        ("content", form().part("file", file("", b""))),
        ("file", form().part("file", file("a.txt", b""))),
        ("file", form().part("file", file("a.txt", b"x")).part("file", file("b.txt", b"x"))),
        ("content", form().text("content", "x".repeat(4_001))),
        ("job", form().text("job", "painter").text("content", "x")),
        ("chat_room", Form::new().text("content", "x")),
        ("chat_room", Form::new().text("content", "x").text("chat_room", "here")),
        ("chat_room", Form::new().part("file", file("a.txt", b"x"))),
    ] {
        let problem = tries_form(&anna, tried).await.blames(blamed);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.ends_with('.'), "{detail}");
    }
    let both = tries_form(&anna, form().text("content", "x").part("file", file("a.txt", b"x"))).await.blames("file");
    assert!(both["detail"].as_str().unwrap().contains("exactly one of content and file"), "{both}");
    for (person, room) in [(&vera, room), (&anna, NOBODY)] {
        let tried = Form::new().text("chat_room", room.to_owned()).part("file", file("a.txt", b"x"));
        tries_form(person, tried).await.refused(404, "not_found");
        let tried = Form::new().part("file", file("a.txt", b"x")).text("chat_room", room.to_owned());
        tries_form(person, tried).await.refused(404, "not_found");
    }
    assert_eq!(lists(&anna, &format!("?chat_room={room}")).await, ["hello", "-", "-"], "nothing else was posted");

    let json_body = async |body: Value| anna.post("/chats/messages/create/", body).await;
    let by_json = json!({ "chat_room": room, "content": "by JSON", "file": null, "job": job });
    let by_json = json_body(by_json).await.expect(201).json();
    assert_eq!((&by_json["content"], &by_json["job"]), (&json!("by JSON"), &json!(job)));
    json_body(json!({ "chat_room": room, "content": "x", "file": "/media/x" })).await.blames("file");
    json_body(json!({ "chat_room": room })).await.blames("content");
    json_body(json!({ "content": "x" })).await.blames("chat_room");
    world.site.post("/chats/messages/create/", json!({})).await.refused(401, "unauthenticated");
    let files = std::fs::read_dir(world.folder().join("files")).unwrap();
    let names = files.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let blobs = names.filter(|name| uuid::Uuid::try_parse(name).is_ok()).count();
    assert!(blobs <= 2, "{blobs}: refused uploads leave nothing behind");
}

#[tokio::test]
async fn files_are_shown_or_saved_to_members_only() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let admin = world.admin().await;
    let room = creates_room(&anna, &anna, &[&boris]).await;
    for (name, bytes, media_type, disposition) in [
        ("../cv.pdf", &b"%PDF-1.7\n1 0 obj"[..], "application/pdf", "inline; filename=\"cv.pdf\""),
        ("voice.mp3", b"ID3\x04\0\0\0\0\0\0", "audio/mpeg", "inline; filename=\"voice.mp3\""),
        ("film.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "video/mp4", "inline; filename=\"film.mp4\""),
        ("photo.png", b"<script>alert(1)</script>", "text/plain; charset=utf-8", "attachment; filename=\"photo.png\""),
        ("letter.docx", b"PK\x03\x04\0\0", "application/octet-stream", "attachment; filename=\"letter.docx\""),
    ] {
        let form = Form::new().text("chat_room", id(&room).to_owned()).part("file", file(name, bytes));
        let message = tries_form(&boris, form).await.expect(201).json();
        let path = message["file"].as_str().unwrap();
        let found = anna.get(path).await.expect(200);
        assert_eq!((found.header("content-type"), found.header("content-disposition")), (media_type, disposition));
        vera.get(path).await.refused(404, "not_found");
        admin.get(path).await.refused(404, "not_found");
        world.site.get(path).await.refused(401, "unauthenticated");
        boris.delete(&detail(&message)).await.expect(204);
        anna.get(path).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn only_the_text_of_ones_own_message_changes() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let admin = world.admin().await;
    let room = creates_room(&anna, &anna, &[&boris]).await;
    let message = writes(&boris, id(&room), "hello").await;
    let form = Form::new().text("chat_room", id(&room).to_owned()).part("file", file("a.txt", b"text"));
    let filed = tries_form(&boris, form).await.expect(201).json();
    let form = |method: Method, fields: Form| boris.request(method, &detail(&message)).multipart(fields);
    let url_encoded = |body: &'static str| {
        let request = boris.request(Method::PATCH, &detail(&message));
        request.header("content-type", "application/x-www-form-urlencoded").body(body)
    };
    let json = |method: Method, body: Value| boris.request(method, &detail(&message)).json(&body);
    for (request, text) in [
        (json(Method::PATCH, json!({ "content": "one", "job": NOBODY, "sender": anna.id, "uuid": 7 })), "one"),
        (json(Method::PUT, json!({ "content": "two", "file": "/media/x", "chat_room": NOBODY })), "two"),
        (form(Method::PATCH, Form::new().text("content", "three").text("file", "")), "three"),
        (form(Method::PUT, Form::new().text("file", "/media/x").text("content", "four")), "four"),
        (url_encoded("content=five+%2B+six&more=1"), "five + six"),
    ] {
        let changed = boris.send(request).await.expect(200).json();
        let mut expected = message.clone();
        (expected["content"], expected["is_edited"]) = (json!(text), json!(true));
        assert_eq!(changed, expected);
    }
    let before = anna.get(&detail(&message)).await.expect(200).json();
    assert_eq!(before["content"], "five + six");
    for (blamed, request) in [
        ("file", json(Method::PATCH, json!({ "file": "/media/x" }))),
        ("file", json(Method::PUT, json!({ "file": { "name": "x" }, "content": null }))),
        ("file", form(Method::PATCH, Form::new().part("file", file("b.txt", b"other")))),
        ("file", form(Method::PATCH, Form::new().text("content", "x").part("file", file("b.txt", b"other")))),
        ("file", form(Method::PUT, Form::new().part("file", file("b.bin", &vec![7; 1 << 20])))),
        ("file", url_encoded("file=x")),
        ("content", json(Method::PATCH, json!({}))),
        ("content", json(Method::PATCH, json!({ "content": null, "file": null }))),
        ("content", json(Method::PATCH, json!({ "content": 7 }))),
        ("content", json(Method::PATCH, json!({ "content": " " }))),
        ("content", json(Method::PATCH, json!({ "content": "x".repeat(4_001) }))),
        ("content", form(Method::PATCH, Form::new().text("text", "x"))),
        ("content", url_encoded("")),
    ] {
        boris.send(request).await.blames(blamed);
    }
    boris
        .send(boris.request(Method::PATCH, &detail(&message)).header("content-type", "text/plain").body("x"))
        .await
        .expect(415);
    for (person, status, code) in [(&anna, 403, "forbidden"), (&admin, 403, "forbidden"), (&vera, 404, "not_found")] {
        person.patch(&detail(&message), json!({ "content": "x" })).await.refused(status, code);
        person.put(&detail(&message), json!({ "content": "x" })).await.refused(status, code);
    }
    assert_eq!(anna.get(&detail(&message)).await.json(), before, "nothing of it changed anything");
    vera.get(&detail(&message)).await.refused(404, "not_found");
    admin.get(&detail(&message)).await.refused(403, "forbidden");

    let captioned = boris.patch(&detail(&filed), json!({ "content": "my letter" })).await.expect(200).json();
    assert_eq!((&captioned["content"], &captioned["file"]), (&json!("my letter"), &filed["file"]));
    let bare = boris.put(&detail(&filed), json!({ "content": "" })).await.expect(200).json();
    assert_eq!((&bare["content"], &bare["file"]), (&Value::Null, &filed["file"]));
}

#[tokio::test]
async fn what_was_deleted_is_gone() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let admin = world.admin().await;
    let room = creates_room(&anna, &anna, &[&boris]).await;
    let [one, two, three] = ["one", "two", "three"].map(|text| writes(&boris, id(&room), text));
    let (one, two, three) = (one.await, two.await, three.await);
    vera.delete(&detail(&one)).await.refused(404, "not_found");
    anna.delete(&detail(&one)).await.refused(403, "forbidden");
    anna.delete(&format!("/api/messages/{}", id(&one))).await.refused(403, "forbidden");
    let query = format!("?chat_room={}", id(&room));
    assert_eq!(lists(&anna, &query).await, ["one", "two", "three"]);
    boris.delete(&detail(&one)).await.expect(204);
    admin.delete(&detail(&three)).await.expect(204);
    boris.delete(&detail(&one)).await.expect(204);
    assert_eq!(lists(&anna, &query).await, ["two"]);
    for gone in [&one, &three] {
        for person in [&anna, &boris] {
            person.get(&detail(gone)).await.refused(404, "not_found");
            person.patch(&detail(gone), json!({ "content": "back" })).await.refused(404, "not_found");
        }
    }
    let rooms = anna.get("/chats/chat-room/list/").await.json();
    assert_eq!(rooms[0]["last_message"]["uuid"], two["uuid"]);
    anna.delete("/chats/messages/detail/seven/").await.expect(400);
    anna.delete(&format!("/chats/messages/detail/{NOBODY}/")).await.refused(404, "not_found");
}

#[tokio::test]
async fn messages_are_found_by_room_and_sender() {
    let world = World::open().await;
    let [anna, boris, clara, vera] = world.people(["anna", "boris", "clara", "vera"]).await;
    let (first, second) = (creates_room(&anna, &anna, &[&boris]).await, creates_room(&anna, &anna, &[&clara]).await);
    let foreign = creates_room(&boris, &boris, &[&clara]).await;
    let mut posted = Vec::new();
    // 0 to 11: anna and a client in turns, in the rooms in turns.
    for number in 0..12 {
        let (room, client) = if number % 2 == 0 { (&first, &boris) } else { (&second, &clara) };
        let author = if number % 4 < 2 { &anna } else { client };
        posted.push(writes(author, id(room), &number.to_string()).await);
    }
    writes(&boris, id(&foreign), "not for anna").await;
    boris.delete(&detail(&posted[2])).await.expect(204);
    let at = |number: usize| id(&posted[number]).to_owned();
    let (first, second) = (id(&first), id(&second));
    let numbers = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    for (query, expected) in [
        (String::new(), "0 1 3 4 5 6 7 8 9 10 11"),
        (format!("?chat_room={first}"), "0 4 6 8 10"),
        (format!("?sender={}", boris.id), "6 10"),
        (format!("?sender={}", anna.id), "0 1 4 5 8 9"),
        (format!("?sender={}&chat_room={second}", anna.id), "1 5 9"),
        ("?sender_email=Clara@Example.com".into(), "3 7 11"),
        (format!("?sender_email=clara@example.com&sender={}", clara.id), "3 7 11"),
        (format!("?sender_email=clara@example.com&sender={}", boris.id), ""),
        (format!("?sender_email=clara@example.com&chat_room={first}"), ""),
        ("?sender_email=nobody@example.com".into(), ""),
        ("?sender_email=vera@example.com".into(), ""),
        (format!("?sender={NOBODY}"), ""),
        (format!("?sender=&sender_email=&chat_room={first}"), "0 4 6 8 10"),
        ("?size=3".into(), "9 10 11"),
        (format!("?size=3&before={}", at(9)), "6 7 8"),
        (format!("?size=3&after={}", at(5)), "6 7 8"),
        (format!("?before={}&after={}", at(8), at(4)), "5 6 7"),
        (format!("?size=2&before={}&after={}", at(8), at(4)), "6 7"),
        (format!("?after={}", at(11)), ""),
        (format!("?before={}", at(0)), ""),
        (format!("?before={}", at(2)), "0 1"),
        (format!("?size=1&sender={}&before={}", boris.id, at(10)), "6"),
        (format!("?size=1&sender={}&after={}", boris.id, at(1)), "6"),
        (format!("?chat_room={first}&after={}&size=2", at(0)), "4 6"),
    ] {
        assert_eq!(lists(&anna, &query).await, numbers(expected), "{query}");
    }
    assert_eq!(lists(&vera, "").await, numbers(""));
    assert_eq!(lists(&boris, &format!("?sender={}", anna.id)).await, numbers("0 4 8"));
    vera.get(&format!("/chats/messages/list/?chat_room={first}")).await.refused(404, "not_found");
    vera.get(&format!("/chats/messages/list/?before={}", at(0))).await.refused(404, "not_found");
    anna.get(&format!("/chats/messages/list/?chat_room={second}&before={}", at(0))).await.refused(404, "not_found");
    for (blamed, query) in [
        ("size", "size=0"),
        ("size", "size=201"),
        ("size", "size=x"),
        ("chat_room", "chat_room=x"),
        ("after", "after=x"),
    ] {
        anna.get(&format!("/chats/messages/list/?{query}")).await.blames(blamed);
    }
    anna.get("/chats/messages/list/?size=200").await.expect(200);
    anna.get("/chats/messages/list").await.expect(200);

    let public = anna.opens("public", "garage", &[]).await;
    for _ in 0..60 {
        writes(&vera, &public, "x").await;
    }
    assert_eq!(lists(&vera, "").await.len(), 50, "a page unless said otherwise");
    assert_eq!(lists(&anna, "?size=200").await.len(), 71, "rooms of every kind");
}

#[tokio::test]
async fn only_who_reads_is_a_reader() {
    let world = World::open().await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    let one = writes(&anna, &room, "one").await;
    let readers = async |message: &Value| {
        let seen = anna.get(&detail(message)).await.json();
        assert_eq!(seen["is_viewed"], !seen["read_by"].as_array().unwrap().is_empty());
        seen["read_by"].clone()
    };
    let two = writes(&boris, &room, "an answer says nothing of reading").await;
    assert_eq!((readers(&one).await, readers(&two).await), (json!([]), json!([])));
    assert_eq!(boris.room(&room).await["unread"], 0, "yet whoever writes has nothing new");

    let member = anna.brings_in(&room, &clara).await;
    assert_eq!(member["read_seq"], 0);
    assert_eq!(clara.room(&room).await["unread"], 0, "what was said before is not new");
    let receipts = anna.get(&format!("/api/rooms/{room}/receipts")).await.json();
    assert_eq!((readers(&one).await, receipts["data"].clone()), (json!([]), json!([])));
    assert_eq!(clara.reads(&room, &one).await, json!({ "room": room, "read_seq": 2, "unread": 0 }));
    assert_eq!((readers(&one).await, readers(&two).await), (json!([clara.id]), json!([])));
}

#[tokio::test]
async fn what_was_deleted_is_not_unread() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let room = creates_room(&anna, &anna, &[&boris]).await;
    let unread = async |at: &str| {
        let listed = boris.get("/chats/chat-room/list/").await.json()[0]["unread"].clone();
        assert_eq!(listed, boris.room(id(&room)).await["unread"], "{at}");
        listed
    };
    let one = writes(&anna, id(&room), "one").await;
    let two = writes(&anna, id(&room), "two").await;
    let three = writes(&anna, id(&room), "three").await;
    for (deleted, left) in [(&three, 2), (&one, 1), (&one, 1)] {
        anna.delete(&detail(deleted)).await;
        assert_eq!(unread("deleted").await, left);
    }
    assert_eq!(boris.reads(id(&room), &two).await["unread"], 0);
    assert_eq!(unread("read").await, 0);
    writes(&anna, id(&room), "four").await;
    assert_eq!(unread("written").await, 1);
}

#[tokio::test]
async fn who_has_read_a_message() {
    let world = World::open().await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    let room = creates_room(&anna, &anna, &[&boris, &clara]).await;
    let one = writes(&anna, id(&room), "one").await;
    let two = writes(&anna, id(&room), "two").await;
    boris.reads(id(&room), &two).await;
    for message in [&one, &two] {
        let seen = clara.get(&detail(message)).await.json();
        assert_eq!((&seen["is_viewed"], &seen["read_by"]), (&json!(true), &json!([boris.id])));
    }
    let rooms = clara.get("/chats/chat-room/list/").await.json();
    assert_eq!((&rooms[0]["last_message"]["read_by"], &rooms[0]["unread"]), (&json!([boris.id]), &json!(2)));
    let listed = clara.get("/chats/messages/list/").await.json();
    assert_eq!(listed[0]["read_by"], json!([boris.id]));
}
