//! Messages: posting, editing, deleting, history, read marks.

use crate::{
    people::{Person, texts},
    world::World,
};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

fn path(message: &Value) -> String {
    format!("/api/messages/{}", message["uuid"].as_str().unwrap())
}

#[tokio::test]
async fn what_is_posted_comes_back_as_it_was() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    let job = "01939f1e-6f2a-7c3b-9a41-5d2f8e6b1c01";
    let first = json!({ "content": "  <b>\u{1F697}</b>\r\n\u{202e}x  ", "client_id": "c-1", "job": job });
    let first = anna.tries_to_post(&room, first).await.expect(201).json();
    assert_eq!(
        (&first["content"], &first["seq"], &first["job"]),
        (&json!("  <b>\u{1F697}</b>\n\u{202e}x"), &json!(1), &json!(job))
    );
    assert_eq!(
        (&first["sender"], &first["sender_role"], &first["is_edited"]),
        (&json!(anna.id), &json!("user"), &json!(false))
    );
    assert_eq!(boris.get(&path(&first)).await.expect(200).json()["content"], first["content"]);
    let reply = json!({ "content": "good", "reply_to": first["uuid"] });
    let reply = boris.tries_to_post(&room, reply).await.expect(201).json();
    assert_eq!((&reply["reply_to"]["uuid"], &reply["reply_to"]["sender_name"]), (&first["uuid"], &json!("Anna")));

    let other = anna.opens("private", "other", &[]).await;
    let elsewhere = anna.posts(&other, "elsewhere").await;
    for (field, body) in [
        ("content", json!({ "content": "" })),
        ("content", json!({ "content": " \n\t " })),
        ("content", json!({ "content": "x".repeat(4_001) })),
        ("content", json!({ "content": "a\0b" })),
        ("reply_to", json!({ "content": "x", "reply_to": elsewhere["uuid"] })),
        ("reply_to", json!({ "content": "x", "reply_to": job })),
        ("client_id", json!({ "content": "x", "client_id": "" })),
        ("client_id", json!({ "content": "x", "client_id": "x".repeat(65) })),
        ("client_id", json!({ "content": "x", "client_id": "a b" })),
    ] {
        let problem = anna.tries_to_post(&room, body.clone()).await.expect(400).json();
        assert!(problem["errors"].get(field).is_some(), "{body}: {problem}");
    }
    for body in [
        json!({}),
        json!([]),
        json!("x"),
        json!({ "content": null }),
        json!({ "content": 7 }),
        json!({ "content": "x", "job": "7" }),
    ] {
        anna.tries_to_post(&room, body).await.expect(400);
    }
    anna.posts(&room, &"\u{1F697}".repeat(4_000)).await;
    assert_eq!(anna.room(&room).await["last_seq"], 3, "what was refused took no number");
}

#[tokio::test]
async fn only_its_author_edits_a_message() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    let message = boris.posts(&room, "brakes").await;
    let edit = async |person: &Person, text: &str| person.patch(&path(&message), json!({ "content": text })).await;
    edit(&anna, "mine").await.refused(403, "forbidden");
    edit(&boris, "").await.blames("content");
    edit(&boris, &"x".repeat(4_001)).await.blames("content");
    let edited = edit(&boris, "tyres").await.expect(200).json();
    assert_eq!((&edited["content"], &edited["is_edited"], &edited["seq"]), (&json!("tyres"), &json!(true), &json!(1)));
    assert_eq!(edited["timestamp"], message["timestamp"]);
    assert_eq!(anna.sees(&room).await, ["tyres"]);
    let file = anna.posts_file(&room, "a.txt", b"x".to_vec()).await;
    let captioned = anna.patch(&path(&file), json!({ "content": "a caption" })).await.expect(200).json();
    assert_eq!((&captioned["content"], &captioned["file"]), (&json!("a caption"), &file["file"]));
    anna.puts_out(&room, &boris).await;
    edit(&boris, "gone").await.refused(404, "not_found");
}

#[tokio::test]
async fn a_deleted_message_leaves_a_place_and_nothing_else() {
    let world = World::open().await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    let admin = world.admin().await;
    let room = anna.opens("private", "workshop", &[&boris, &clara]).await;
    for (index, deleter) in [&boris, &anna, &admin].into_iter().enumerate() {
        let message = boris.tries_to_post_file(&room, "secret.txt", b"secret".to_vec(), Some("secret")).await;
        let message = message.expect(201).json();
        let reply = json!({ "content": "what?", "reply_to": message["uuid"] });
        let reply = clara.tries_to_post(&room, reply).await.expect(201).json();
        clara.delete(&path(&message)).await.refused(403, "forbidden");
        deleter.delete(&path(&message)).await.expect(204);
        deleter.delete(&path(&message)).await.expect(204);
        let left = clara.get(&path(&message)).await.expect(200).json();
        assert_eq!((&left["is_deleted"], &left["deleted_by"]), (&json!(true), &json!(deleter.id)), "{index}");
        for field in ["content", "file", "attachment", "reply_to"] {
            assert_eq!(left[field], Value::Null, "{field}");
        }
        clara.get(message["file"].as_str().unwrap()).await.refused(404, "not_found");
        boris.patch(&path(&message), json!({ "content": "back" })).await.refused(409, "conflict");
        assert_eq!(clara.get(&path(&reply)).await.json()["reply_to"]["excerpt"], "");
        assert!(!clara.history(&room, "").await.to_string().contains("secret"));
    }
    let files = std::fs::read_dir(world.folder().join("files")).unwrap();
    let names: Vec<_> = files.map(|entry| entry.unwrap().file_name()).collect();
    let is_blob = |name: &std::ffi::OsString| uuid::Uuid::try_parse(&name.to_string_lossy()).is_ok();
    assert!(!names.iter().any(is_blob), "the files are gone: {names:?}");
}

#[tokio::test]
async fn history_is_paged_from_any_message() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let room = anna.opens("private", "workshop", &[]).await;
    let empty = anna.history(&room, "").await;
    assert_eq!((texts(&empty).len(), &empty["has_before"], &empty["has_after"]), (0, &json!(false), &json!(false)));
    let mut ids = vec![String::new()];
    for number in 1..=12 {
        ids.push(anna.posts(&room, &number.to_string()).await["uuid"].as_str().unwrap().to_owned());
    }
    // The query, the first and last message of the page, whether there is more before and after it.
    for (query, first, last, has_before, has_after) in [
        (String::new(), 1, 12, false, false),
        ("?size=5".into(), 8, 12, true, false),
        ("?size=12".into(), 1, 12, false, false),
        (format!("?before={}&size=5", ids[8]), 3, 7, true, true),
        (format!("?before={}&size=5", ids[6]), 1, 5, false, true),
        (format!("?before={}&size=5", ids[3]), 1, 2, false, true),
        (format!("?after={}&size=5", ids[3]), 4, 8, true, true),
        (format!("?after={}&size=5", ids[7]), 8, 12, true, false),
        (format!("?after={}&size=5", ids[11]), 12, 12, true, false),
        (format!("?around={}&size=5", ids[6]), 4, 8, true, true),
        (format!("?around={}&size=4", ids[6]), 4, 7, true, true),
        (format!("?around={}&size=1", ids[6]), 6, 6, true, true),
        (format!("?around={}&size=5", ids[1]), 1, 3, false, true),
        (format!("?around={}&size=5", ids[12]), 10, 12, true, false),
        (format!("?around={}", ids[6]), 1, 12, false, false),
    ] {
        let page = anna.history(&room, &query).await;
        let expected: Vec<_> = (first..=last).map(|number: i32| number.to_string()).collect();
        assert_eq!(texts(&page), expected, "{query}");
        assert_eq!((&page["has_before"], &page["has_after"]), (&json!(has_before), &json!(has_after)), "{query}");
    }
    let beyond = anna.history(&room, &format!("?after={}", ids[12])).await;
    assert_eq!((texts(&beyond).len(), &beyond["has_before"], &beyond["has_after"]), (0, &json!(true), &json!(false)));
    let ahead = anna.history(&room, &format!("?before={}", ids[1])).await;
    assert_eq!((texts(&ahead).len(), &ahead["has_before"], &ahead["has_after"]), (0, &json!(false), &json!(true)));

    let other = anna.opens("private", "other", &[]).await;
    let elsewhere = anna.posts(&other, "x").await["uuid"].as_str().unwrap().to_owned();
    let unknown = "01939f1e-6f2a-7c3b-9a41-5d2f8e6b1c01";
    for (query, status) in [
        ("?size=0".to_owned(), 400),
        ("?size=201".into(), 400),
        ("?size=-1".into(), 400),
        ("?size=many".into(), 400),
        ("?before=7".into(), 400),
        (format!("?before={}&after={}", ids[1], ids[2]), 400),
        (format!("?before={unknown}"), 404),
        (format!("?around={elsewhere}"), 404),
    ] {
        anna.get(&format!("/api/rooms/{room}/messages{query}")).await.expect(status);
    }
}

#[tokio::test]
async fn a_repeated_client_id_posts_nothing() {
    let world = World::open().await;
    let [mut anna, mut boris] = world.online(["anna", "boris"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    anna.hears_rest().await;
    boris.hears_rest().await;
    let send = |text: &str| json!({ "content": text, "client_id": "once" });
    let answers = join_all((0..20).map(|number| anna.tries_to_post(&room, send(&format!("try {number}"))))).await;
    let first = answers.iter().find(|answer| answer.status == 201).expect("one was new").json();
    for answer in &answers {
        assert_eq!((answer.json()["uuid"] == first["uuid"], [200, 201].contains(&answer.status)), (true, true));
    }
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    let again = anna.does(json!({ "type": "send", "room": room, "content": "again", "client_id": "once" })).await;
    assert_eq!((&again["message"]["uuid"], &again["message"]["seq"]), (&first["uuid"], &json!(1)));
    let text = first["content"].as_str().unwrap();
    assert_eq!(anna.hears_message(text).await["message"]["client_id"], "once");
    boris.hears_message(text).await;
    anna.hears_nothing().await;
    boris.hears_nothing().await;
    // It is the author's word, in the room: the same word of another, or elsewhere, is another message.
    boris.tries_to_post(&room, send("mine")).await.expect(201);
    let other = anna.opens("private", "other", &[]).await;
    anna.tries_to_post(&other, send("there")).await.expect(201);
    assert_eq!(anna.room(&room).await["last_seq"], 2);
}

#[tokio::test]
async fn read_marks_only_move_forward() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    let mut messages = Vec::new();
    for number in 1..=5 {
        messages.push(anna.posts(&room, &number.to_string()).await);
    }
    let unread = async |person: &Person| person.room(&room).await["unread"].clone();
    assert_eq!(unread(&boris).await, 5);
    assert_eq!(boris.reads(&room, &messages[2]).await, json!({ "room": room, "read_seq": 3, "unread": 2 }));
    assert_eq!(boris.reads(&room, &messages[0]).await["read_seq"], 3, "never back");
    let receipts = anna.get(&format!("/api/rooms/{room}/receipts")).await.expect(200).json();
    assert_eq!((&receipts["data"][0]["user"], &receipts["data"][0]["read_seq"]), (&json!(boris.id), &json!(3)));
    let receipts = boris.get(&format!("/api/rooms/{room}/receipts")).await.expect(200).json();
    assert!(!receipts.to_string().contains(&boris.id), "others only: {receipts}");
    let page = anna.history(&room, "").await;
    for (index, message) in page["messages"].as_array().unwrap().iter().enumerate() {
        let readers = if index < 3 { json!([boris.id]) } else { json!([]) };
        assert_eq!((&message["read_by"], &message["is_viewed"]), (&readers, &json!(index < 3)));
    }
    assert_eq!(boris.reads(&room, &messages[4]).await["unread"], 0);
    boris.posts(&room, "read and answered").await;
    let other = anna.opens("private", "other", &[&boris]).await;
    let elsewhere = anna.posts(&other, "x").await;
    let body = json!({ "message": elsewhere["uuid"] });
    boris.put(&format!("/api/rooms/{room}/read"), body).await.blames("message");
    let body = json!({ "message": "01939f1e-6f2a-7c3b-9a41-5d2f8e6b1c01" });
    boris.put(&format!("/api/rooms/{room}/read"), body).await.refused(404, "not_found");
}

#[tokio::test]
async fn who_joins_later_has_nothing_unread_and_who_left_stays_an_author() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let room = anna.opens("public", "garage", &[]).await;
    for text in ["one", "two"] {
        anna.posts(&room, text).await;
    }
    assert_eq!(boris.joins(&room).await["unread"], 0);
    boris.posts(&room, "three").await;
    boris.leaves(&room).await;
    let message = &anna.history(&room, "").await["messages"][2];
    assert_eq!((&message["content"], &message["sender_name"]), (&json!("three"), &json!("Boris")));
    assert_eq!(boris.posts(&room, "back by writing").await["seq"], 4);
    assert_eq!(boris.room(&room).await["role"], "member", "whoever writes in a public room is in it");
}

#[tokio::test]
async fn every_path_answers_with_and_without_its_slash_and_to_head() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let room = anna.opens("private", "workshop", &[]).await;
    for path in ["/api/rooms", "/api/session", "/api/user", "/api/chat", &format!("/api/rooms/{room}/messages")] {
        let plain = anna.get(path).await.expect(200);
        assert_eq!(anna.get(&format!("{path}/")).await.expect(200).body, plain.body, "{path}");
        for path in [path.to_owned(), format!("{path}/")] {
            let head = anna.send(anna.request(Method::HEAD, &path)).await.expect(200);
            assert_eq!(head.header("content-type"), plain.header("content-type"));
            assert!(head.body.is_empty());
        }
    }
    let body = json!({ "content": "with a slash" });
    anna.post(&format!("/api/rooms/{room}/messages/"), body).await.expect(201);
    assert_eq!(anna.sees(&room).await, ["with a slash"]);
}

#[tokio::test]
async fn many_writers_at_once_are_all_stored_once_in_one_order() {
    let world = World::open().await;
    let [anna, mut boris] = world.online(["anna", "boris"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    boris.hears_rest().await;
    let room = &room;
    let writes = (0..100).map(|number| (number, if number % 2 == 0 { &*anna } else { &*boris }));
    let writes = writes.map(|(number, person)| async move {
        person.tries_to_post(room, json!({ "content": number.to_string() })).await.expect(201).json()
    });
    let stored = join_all(writes).await;
    let mut seqs: Vec<_> = stored.iter().map(|message| message["seq"].as_u64().unwrap()).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=100).collect::<Vec<_>>());
    let page = anna.history(room, "?size=200").await;
    for message in page["messages"].as_array().unwrap() {
        assert_eq!(boris.hears("message_created").await["message"]["uuid"], message["uuid"]);
    }
    boris.hears_nothing().await;
}
