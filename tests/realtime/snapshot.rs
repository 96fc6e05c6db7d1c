//! What one had plus what one heard is what one would be given anew.

use crate::{people::Person, world::World};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A client's picture of the world, kept up by events alone.
#[derive(Debug, PartialEq)]
struct Picture {
    rooms: BTreeMap<String, Value>,
    messages: BTreeMap<(String, u64), Value>,
}

impl Picture {
    async fn of(person: &Person) -> Self {
        let mut picture = Self { rooms: BTreeMap::new(), messages: BTreeMap::new() };
        for room in person.rooms().await {
            let id = room["id"].as_str().unwrap().to_owned();
            for message in person.history(&id, "?size=200").await["messages"].as_array().unwrap() {
                picture.keep(message);
            }
            picture.rooms.insert(id, Self::plain(room));
        }
        picture
    }

    /// What every event of a room carries or implies.
    fn plain(mut room: Value) -> Value {
        let fields = room.as_object_mut().unwrap();
        fields.retain(|name, _| {
            ["id", "kind", "name", "topic", "archived", "member_count", "role", "last_seq", "read_seq"]
                .contains(&name.as_str())
        });
        room
    }

    fn keep(&mut self, message: &Value) {
        let mut message = message.clone();
        let fields = message.as_object_mut().unwrap();
        // Who has read a message is told by read marks, not by the message; a quotation is as old as its reply.
        fields.retain(|name, _| !["read_by", "is_viewed", "reply_to"].contains(&name.as_str()));
        let room = message["chat_room"].as_str().unwrap().to_owned();
        self.messages.insert((room, message["seq"].as_u64().unwrap()), message);
    }

    fn apply(&mut self, me: &str, frame: &Value) {
        let room = frame["room"].as_str().or(frame["room"]["id"].as_str()).or(frame["message"]["chat_room"].as_str());
        let Some(room) = room.map(str::to_owned) else { return };
        match frame["type"].as_str().unwrap() {
            "room_created" | "room_updated" => {
                self.rooms.insert(room, Self::plain(frame["room"].clone()));
            }
            "room_deleted" => self.forget(&room),
            "member_left" if frame["user"] == me => self.forget(&room),
            "member_left" => self.count(&room, -1),
            "member_joined" => self.count(&room, 1),
            "member_updated" if frame["member"]["user"]["id"] == me => {
                self.rooms.get_mut(&room).unwrap()["role"] = frame["member"]["role"].clone();
            }
            "message_created" => {
                let seq = &frame["message"]["seq"];
                if let Some(known) = self.rooms.get_mut(&room) {
                    known["last_seq"] = json!(known["last_seq"].as_u64().max(seq.as_u64()));
                    if frame["message"]["sender"] == me {
                        known["read_seq"] = seq.clone();
                    }
                }
                self.keep(&frame["message"]);
            }
            "message_updated" | "message_deleted" => self.keep(&frame["message"]),
            "unread" => self.rooms.get_mut(&room).unwrap()["read_seq"] = frame["read_seq"].clone(),
            _ => {}
        }
    }

    fn count(&mut self, room: &str, by: i64) {
        if let Some(room) = self.rooms.get_mut(room) {
            room["member_count"] = json!(room["member_count"].as_i64().unwrap() + by);
        }
    }

    fn forget(&mut self, room: &str) {
        self.rooms.remove(room);
        self.messages.retain(|(of, _), _| of != room);
    }
}

#[tokio::test]
async fn snapshot_plus_events_equals_the_new_snapshot() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let clara = world.person("clara").await;
    let old = anna.opens("private", "old", &[&boris]).await;
    let doomed = anna.opens("private", "doomed", &[&boris, &clara]).await;
    let first = anna.posts(&old, "first").await;
    anna.posts(&doomed, "doomed").await;
    let mut window = boris.clone().online().await;
    let mut picture = Picture::of(&boris).await;

    let path = |message: &Value| format!("/api/messages/{}", message["uuid"].as_str().unwrap());
    let mine = boris.posts(&old, "mine").await;
    anna.patch(&path(&first), json!({ "content": "edited" })).await.expect(200);
    let new = anna.opens("private", "new", &[&boris]).await;
    anna.posts(&new, "welcome").await;
    anna.brings_in(&new, &clara).await;
    let gone = anna.posts(&new, "gone").await;
    anna.delete(&path(&gone)).await.expect(204);
    boris.reads(&new, &gone).await;
    anna.patch(&format!("/api/rooms/{old}"), json!({ "name": "older", "topic": "Oil" })).await.expect(200);
    anna.patch(&format!("/api/rooms/{old}/members/{}", boris.id), json!({ "role": "owner" })).await.expect(200);
    boris.delete(&path(&mine)).await.expect(204);
    anna.delete(&format!("/api/rooms/{doomed}")).await.expect(204);
    let direct = clara.direct(&boris).await;
    clara.posts(&direct, "psst").await;
    let public = anna.opens("public", "garage", &[]).await;
    for number in 0..3 {
        anna.posts(&public, &number.to_string()).await;
    }
    boris.joins(&public).await;
    boris.leaves(&public).await;
    boris.joins(&public).await;
    clara.leaves(&new).await;
    boris.posts(&public, "here").await;

    for frame in window.hears_rest().await {
        picture.apply(&boris.id, &frame);
    }
    let mut now = Picture::of(&boris).await;
    // What was said in a public room before one came is loaded when one looks, not told.
    now.messages.retain(|(room, seq), _| *room != public || *seq > 3);
    assert_eq!(picture.rooms, now.rooms);
    assert_eq!(picture.messages, now.messages);
}
