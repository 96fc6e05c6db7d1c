//! What can be said on the event stream, and how it is answered.

use crate::world::{
    World,
    golden::{self, Names},
};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn every_command_is_answered_with_its_request_id() {
    let world = World::open().await;
    let [mut anna, boris] = world.online(["anna", "boris"]).await;
    let mut names = Names::default();
    names.call(&anna.id, "anna");
    let room = anna.opens("private", "workshop", &[&boris]).await;
    names.call(&room, "room");
    let public = boris.opens("public", "garage", &[]).await;
    names.call(&public, "garage");
    let first = anna.posts(&room, "first").await;
    let theirs = boris.posts(&room, "theirs").await;
    let (first, theirs) = (&first["uuid"], &theirs["uuid"]);
    let nobody = "01939f1e-6f2a-7c3b-9a41-5d2f8e6b1c01";
    let mut transcript = Vec::new();
    for command in [
        json!({ "type": "ping", "request_id": "a word" }),
        json!({ "type": "ping", "request_id": 7 }),
        json!({ "type": "ping", "request_id": -0.5 }),
        json!({ "type": "ping", "request_id": true }),
        json!({ "type": "ping", "request_id": "" }),
        json!({ "type": "send", "room": room, "content": "by socket", "client_id": "c-1", "job": nobody }),
        json!({ "type": "send", "room": room, "content": "again", "client_id": "c-1" }),
        json!({ "type": "send", "room": room, "content": "a reply", "reply_to": first }),
        json!({ "type": "send", "room": room, "content": " " }),
        json!({ "type": "send", "room": room, "content": "x".repeat(4_001) }),
        json!({ "type": "send", "room": room, "content": "x", "client_id": "a b" }),
        json!({ "type": "send", "room": room, "content": "x", "reply_to": nobody }),
        json!({ "type": "send", "room": nobody, "content": "x" }),
        json!({ "type": "send", "room": "garage", "content": "x" }),
        json!({ "type": "send", "room": room }),
        json!({ "type": "send", "room": room, "content": 7 }),
        json!({ "type": "edit", "message": first, "content": "edited" }),
        json!({ "type": "edit", "message": theirs, "content": "mine" }),
        json!({ "type": "edit", "message": nobody, "content": "x" }),
        json!({ "type": "read", "message": theirs }),
        json!({ "type": "read", "message": first }),
        json!({ "type": "read", "message": nobody }),
        json!({ "type": "delete", "message": first }),
        json!({ "type": "delete", "message": first }),
        json!({ "type": "edit", "message": first, "content": "back" }),
        json!({ "type": "typing", "room": room, "typing": true }),
        json!({ "type": "typing", "room": room, "typing": "yes" }),
        json!({ "type": "typing", "room": nobody, "typing": true }),
        json!({ "type": "subscribe", "room": public }),
        json!({ "type": "subscribe", "room": nobody }),
        json!({ "type": "unsubscribe", "room": public }),
        json!({ "type": "unsubscribe", "room": nobody }),
        json!({ "type": "fly" }),
        json!({}),
        json!({ "type": 7 }),
    ] {
        let answer = anna.says(command.clone()).await;
        transcript.push(json!({ "says": names.normalise(&shortened(command)), "hears": names.normalise(&answer) }));
    }
    golden::compare("commands.json", &golden::transcript(&transcript));
    assert_eq!(anna.sees(&room).await, ["", "theirs", "by socket", "a reply"], "what was refused changed nothing");
}

fn shortened(mut command: Value) -> Value {
    if command["content"].as_str().is_some_and(|text| text.len() > 100) {
        command["content"] = json!("far too long");
    }
    command
}

#[tokio::test]
async fn rubbish_gets_an_error_frame_and_changes_nothing() {
    let world = World::open().await;
    let [mut anna, mut boris] = world.online(["anna", "boris"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    anna.hears_rest().await;
    boris.hears_rest().await;
    let deep = "[".repeat(60_000);
    for text in ["", "null", "7", "\"x\"", "[]", "[1,{}]", "{", "{\"type\":\"ping\"", "no JSON", "\u{0}", &deep] {
        anna.says_raw(Message::text(text)).await;
        let error = anna.hears("error").await;
        assert_eq!((&error["status"], &error["request_id"]), (&json!(400), &Value::Null), "{text:.20}");
    }
    for request_id in [json!({}), json!([1])] {
        anna.says_raw(Message::text(json!({ "type": "ping", "request_id": request_id }).to_string())).await;
        anna.hears("error").await;
    }
    anna.says_raw(Message::binary(b"{\"type\":\"ping\"}".to_vec())).await;
    anna.hears("error").await;
    anna.says_raw(Message::text(json!({ "type": "typing", "room": room, "typing": true }).to_string())).await;
    boris.hears("typing").await;
    anna.says_raw(Message::Ping(b"are you there".to_vec().into())).await;
    anna.does(json!({ "type": "ping" })).await;
    anna.hears_nothing().await;
    boris.hears_nothing().await;
}

#[tokio::test]
async fn commands_sent_at_once_are_done_in_their_order() {
    let world = World::open().await;
    let [mut anna, mut boris] = world.online(["anna", "boris"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    anna.hears_rest().await;
    boris.hears_rest().await;
    for number in 0..60 {
        let command = json!({ "type": "send", "room": room, "content": number.to_string(), "request_id": number });
        anna.says_raw(Message::text(command.to_string())).await;
    }
    for number in 0..60 {
        boris.hears_message(&number.to_string()).await;
    }
    let heard = anna.hears_rest().await;
    let of = |kind: &str| heard.iter().filter(move |frame| frame["type"] == kind).cloned().collect::<Vec<_>>();
    let acks: Vec<_> = of("ack").iter().map(|ack| ack["request_id"].as_u64().unwrap()).collect();
    assert_eq!(acks, (0..60).collect::<Vec<_>>());
    let echoes: Vec<_> = of("message_created").iter().map(|echo| echo["message"]["seq"].as_u64().unwrap()).collect();
    assert_eq!(echoes, (1..=60).collect::<Vec<_>>());
}

#[tokio::test]
async fn typing_stops_when_the_last_window_closes_or_the_message_is_sent() {
    let world = World::open().await;
    let [mut anna, mut boris, mut vera] = world.online(["anna", "boris", "vera"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    anna.hears_rest().await;
    boris.hears_rest().await;
    let types = json!({ "type": "typing", "room": room, "typing": true });
    boris.does(types.clone()).await;
    assert_eq!(anna.hears("typing").await["typing"], true);
    boris.posts(&room, "done").await;
    let mut heard: Vec<_> = anna.hears_rest().await.iter().map(|frame| frame["type"].clone()).collect();
    heard.sort_by_key(ToString::to_string);
    assert_eq!(heard, ["message_created", "typing"], "sending is the end of typing");
    boris.does(types).await;
    assert_eq!(anna.hears("typing").await["typing"], true);
    drop(boris);
    let stopped = anna.hears("typing").await;
    assert_eq!((&stopped["typing"], &stopped["room"]), (&json!(false), &json!(room)));
    vera.hears_nothing().await;
}
