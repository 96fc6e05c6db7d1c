//! Who hears what, in exactly which words, and who does not.

use crate::{
    people::Online,
    world::{
        World,
        golden::{self, Names},
    },
};
use serde_json::{Value, json};

#[tokio::test]
async fn a_message_is_heard_by_the_members_and_nobody_else() {
    let world = World::open().await;
    let [mut anna, mut boris, mut vera] = world.online(["anna", "boris", "vera"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    for person in [&mut anna, &mut boris] {
        person.hears("room_created").await;
    }
    anna.hears("member_joined").await;
    anna.posts(&room, "hello").await;
    anna.hears_message("hello").await;
    boris.hears_message("hello").await;
    for person in [&mut anna, &mut boris, &mut vera] {
        person.hears_nothing().await;
    }
}

/// Everything that can happen to a room, in the words in which its members hear it.
#[tokio::test]
async fn every_event_in_its_words() {
    let world = World::open().await;
    let [mut anna, mut boris, clara, mut vera] = world.online(["anna", "boris", "clara", "vera"]).await;
    let mut names = Names::default();
    for person in [&anna, &boris, &clara, &vera] {
        names.call(&person.id, &person.name);
    }
    let mut transcript = vec![json!({ "to": "anna", "hears": names.normalise(&without_online(&anna.hello)) })];
    let mut happens = async |what: &str, anna: &mut Online, boris: &mut Online| {
        let heard = json!({
            "what": what,
            "anna hears": names.normalise(&anna.hears_rest().await.into()),
            "boris hears": names.normalise(&boris.hears_rest().await.into()),
        });
        transcript.push(heard);
    };
    let room = anna.opens("private", "workshop", &[&boris]).await;
    happens("anna opens a private room with boris", &mut anna, &mut boris).await;
    let message = json!({ "content": "hello", "client_id": "c-1" });
    let message = anna.tries_to_post(&room, message).await.expect(201).json();
    let path = format!("/api/messages/{}", message["uuid"].as_str().unwrap());
    happens("anna posts", &mut anna, &mut boris).await;
    let reply = json!({ "content": "hi", "reply_to": message["uuid"] });
    boris.tries_to_post(&room, reply).await.expect(201);
    happens("boris replies", &mut anna, &mut boris).await;
    anna.patch(&path, json!({ "content": "hello, Boris" })).await.expect(200);
    happens("anna edits", &mut anna, &mut boris).await;
    anna.patch(&path, json!({ "content": "hello, Boris" })).await.expect(200);
    happens("anna edits nothing", &mut anna, &mut boris).await;
    anna.posts(&room, "read me").await;
    boris.hears_message("read me").await;
    anna.hears_message("read me").await;
    let newest = anna.history(&room, "?size=1").await["messages"][0].clone();
    boris.reads(&room, &newest).await;
    happens("boris reads", &mut anna, &mut boris).await;
    boris.reads(&room, &newest).await;
    happens("boris reads it again", &mut anna, &mut boris).await;
    anna.tries_to_post_file(&room, "note.txt", b"text".to_vec(), None).await.expect(201);
    happens("anna posts a file", &mut anna, &mut boris).await;
    anna.delete(&path).await.expect(204);
    happens("anna deletes", &mut anna, &mut boris).await;
    boris.does(json!({ "type": "typing", "room": room, "typing": true })).await;
    boris.does(json!({ "type": "typing", "room": room, "typing": true })).await;
    boris.does(json!({ "type": "typing", "room": room, "typing": false })).await;
    happens("boris types and stops", &mut anna, &mut boris).await;
    anna.patch(&format!("/api/rooms/{room}"), json!({ "name": "yard", "topic": "Oil" })).await.expect(200);
    happens("anna renames the room", &mut anna, &mut boris).await;
    anna.patch(&format!("/api/rooms/{room}"), json!({ "archived": true })).await.expect(200);
    happens("anna archives the room", &mut anna, &mut boris).await;
    anna.brings_in(&room, &clara).await;
    happens("anna brings clara in", &mut anna, &mut boris).await;
    anna.patch(&format!("/api/rooms/{room}/members/{}", boris.id), json!({ "role": "owner" })).await.expect(200);
    happens("anna makes boris an owner", &mut anna, &mut boris).await;
    clara.patch("/api/account", json!({ "surname": "Weber" })).await.expect(200);
    happens("clara takes a surname", &mut anna, &mut boris).await;
    clara.leaves(&room).await;
    happens("clara leaves", &mut anna, &mut boris).await;
    anna.puts_out(&room, &boris).await;
    happens("anna puts boris out", &mut anna, &mut boris).await;
    anna.delete(&format!("/api/rooms/{room}")).await.expect(204);
    happens("anna deletes the room", &mut anna, &mut boris).await;
    golden::compare("event-stream.json", &golden::transcript(&transcript));
    let heard = vera.hears_rest().await;
    assert!(heard.len() == 1 && heard[0]["type"] == "person_updated", "vera hears only a public name: {heard:#?}");
}

/// Who happens to be online when somebody comes is not the same in every run.
fn without_online(hello: &Value) -> Value {
    let mut hello = hello.clone();
    hello["online"] = json!(["…"]);
    hello
}

#[tokio::test]
async fn whoever_is_put_out_hears_nothing_more() {
    let world = World::open().await;
    let [mut anna, mut boris, mut clara] = world.online(["anna", "boris", "clara"]).await;
    let room = anna.opens("private", "workshop", &[&boris, &clara]).await;
    let mut second_window = boris.elsewhere().await.online().await;
    for person in [&mut anna, &mut boris, &mut clara, &mut second_window] {
        person.hears_rest().await;
    }
    anna.puts_out(&room, &boris).await;
    clara.leaves(&room).await;
    anna.posts(&room, "among ourselves").await;
    for window in [&mut boris, &mut second_window] {
        let left = window.hears("member_left").await;
        assert_eq!((&left["room"], left["user"] == window.id.as_str()), (&json!(room), true));
        window.hears_nothing().await;
    }
    let heard: Vec<_> = clara.hears_rest().await.iter().map(|frame| frame["user"].clone()).collect();
    assert_eq!(heard, [json!(boris.id), json!(clara.id)], "both departures, and nothing after her own");
    boris.is_refused(404, json!({ "type": "send", "room": room, "content": "still here?" })).await;
    boris.is_refused(404, json!({ "type": "typing", "room": room, "typing": true })).await;
    boris.is_refused(404, json!({ "type": "subscribe", "room": room })).await;
    anna.brings_in(&room, &boris).await;
    anna.posts(&room, "welcome back").await;
    for window in [&mut boris, &mut second_window] {
        window.hears("room_created").await;
        window.hears_message("welcome back").await;
    }
}

#[tokio::test]
async fn a_public_room_is_heard_by_who_subscribes_until_they_do_not() {
    let world = World::open().await;
    let [mut anna, mut boris, mut vera] = world.online(["anna", "boris", "vera"]).await;
    let public = anna.opens("public", "garage", &[]).await;
    let private = anna.opens("private", "workshop", &[]).await;
    anna.hears_rest().await;
    boris.does(json!({ "type": "subscribe", "room": public })).await;
    boris.is_refused(404, json!({ "type": "subscribe", "room": private })).await;
    anna.posts(&public, "one").await;
    anna.posts(&private, "not for you").await;
    boris.hears_message("one").await;
    boris.hears_nothing().await;
    assert_eq!(boris.room(&public).await["role"], Value::Null, "hearing is not joining");
    boris.does(json!({ "type": "unsubscribe", "room": public })).await;
    anna.posts(&public, "two").await;
    boris.hears_nothing().await;
    vera.hears_nothing().await;
    let admin = world.admin().await;
    let mut admin = admin.online().await;
    admin.is_refused(403, json!({ "type": "subscribe", "room": private })).await;
}

#[tokio::test]
async fn every_window_of_a_person_hears_everything_once() {
    let world = World::open().await;
    let [mut anna, mut boris] = world.online(["anna", "boris"]).await;
    let mut phone = anna.elsewhere().await.online().await;
    let direct = anna.direct(&boris).await;
    for window in [&mut anna, &mut phone, &mut boris] {
        window.hears_rest().await;
    }
    let message = boris.posts(&direct, "hello").await;
    for window in [&mut anna, &mut phone, &mut boris] {
        window.hears_message("hello").await;
    }
    anna.does(json!({ "type": "read", "message": message["uuid"] })).await;
    for window in [&mut anna, &mut phone] {
        assert_eq!(window.hears("unread").await["unread"], 0);
        window.hears_nothing().await;
    }
    assert_eq!(boris.hears("message_read").await["user_id"], anna.id);
    boris.hears_nothing().await;
}
