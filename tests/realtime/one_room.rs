//! One public room, one person behind each door: what each says, all hear at once, each in the words of their own door.

use crate::{
    people::{Online, Person, Window, id_of},
    world::World,
};
use serde_json::{Value, json};

/// Somebody with a window, and how frames look there.
struct Guest {
    window: Window,
    door: Door,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    Parlor,
    Marketplace,
    Recruiting,
    Community,
    Live,
}

use Door::{Community, Live, Marketplace, Parlor, Recruiting};

impl Door {
    fn path(self, room: &str) -> String {
        match self {
            Parlor => "/ws/chat/".into(),
            Marketplace => "/api/chat/garage/".into(),
            Recruiting => format!("/ws/chat/{room}/"),
            Community => "/ws/chatroom/garage/".into(),
            Live => "/ws/chat/garage/".into(),
        }
    }

    /// Says a text as clients of this door do.
    fn says(self, room: &str, text: &str) -> Value {
        match self {
            Parlor => json!({ "type": "send", "room": room, "content": text }),
            Marketplace => json!({ "action": "send_message", "request_id": 7, "data": { "text": text } }),
            Recruiting | Live => json!({ "message": text }),
            Community => json!({ "body": text, "HEADERS": {} }),
        }
    }

    /// Whether a frame says that there is a message, rather than who came or what is unread.
    fn is_message(self, frame: &Value) -> bool {
        match self {
            Parlor | Recruiting => frame["type"] == "message_created",
            Marketplace => frame["message_id"].is_string(),
            Community => frame["type"] == "chat_message",
            Live => frame["message"].is_string(),
        }
    }

    /// The frame, word for word, for a message of this author that came in through that door.
    fn expected(self, author: &Person, from: Self, said: &Said) -> String {
        let Said { room, text, id, time, name } = said;
        let author_id = &author.id;
        let request_id = if from == Marketplace { "7".to_owned() } else { format!("\"{id}\"") };
        match self {
            Parlor => format!(
                r#"{{"type":"message_created","message":{{"uuid":"{id}","sender":"{author_id}","chat_room":"{room}","file":null,"job":null,"content":"{text}","timestamp":"{time}","is_edited":false,"is_viewed":false,"read_by":[],"seq":{},"sender_name":"{name}","sender_role":"user","attachment":null,"reply_to":null,"client_id":null,"edited_at":null,"is_deleted":false,"deleted_by":null}},"position":"#,
                said.seq()
            ),
            Marketplace => format!(
                r#"{{"user":"{author_id}_{name}","message":"{text}","user_role":"user","id":{request_id},"is_private":false,"message_id":"{id}"}}"#
            ),
            Recruiting => format!(
                r#"{{"type":"message_created","message":{{"uuid":"{id}","sender":"{author_id}","chat_room":"{room}","file":null,"job":null,"content":"{text}","timestamp":"{time}","is_edited":false,"is_viewed":false,"read_by":[]}}}}"#
            ),
            Community => format!(
                r#"{{"type":"chat_message","id":"{id}","author":"{author_id}","author_name":"{name}","body":"{text}","created":"{time}"}}"#
            ),
            Live => format!(
                r#"{{"message":"{text}","id":"{id}","sender":"{author_id}","sender_name":"{name}","sender_role":"user","room":"{room}","timestamp":"{time}"}}"#
            ),
        }
    }
}

/// A message, as the history knows it.
struct Said {
    room: String,
    text: String,
    id: String,
    time: String,
    /// The author's, as it is shown.
    name: String,
}

impl Said {
    /// The texts are the numbers of their messages.
    fn seq(&self) -> &str {
        &self.text
    }
}

impl Guest {
    async fn open(person: &Person, door: Door, room: &str) -> Self {
        Self { window: Window::open(person, &door.path(room)).await, door }
    }

    /// The next frame with a message.
    async fn hears_message(&mut self) -> String {
        loop {
            let text = self.window.hears_text().await;
            let frame: Value = serde_json::from_str(&text).expect("a frame is JSON");
            if self.door.is_message(&frame) {
                return text;
            }
        }
    }
}

#[tokio::test]
async fn one_room_many_dialects() {
    let world = World::open().await;
    let people =
        [Parlor, Marketplace, Recruiting, Community, Live].map(|door| (door, format!("{door:?}").to_lowercase()));
    let anna = world.person("anna").await;
    let room = anna.opens("public", "garage", &[]).await;
    let mut guests = Vec::new();
    for (door, name) in people {
        let person = world.person(&name).await;
        person.joins(&room).await;
        guests.push(Guest::open(&person, door, &room).await);
    }
    let mut vera: Online = world.person("vera").await.online().await;
    let doors: Vec<Door> = guests.iter().map(|guest| guest.door).collect();
    for (number, from) in doors.into_iter().enumerate() {
        let (text, author) = ((number + 1).to_string(), guests[number].window.person.clone());
        guests[number].window.says(from.says(&room, &text)).await;
        let heard: Vec<String> = hear_all(&mut guests).await;
        let page = anna.history(&room, "?size=1").await;
        let message = &page["messages"][0];
        assert_eq!(message["content"], json!(text));
        let words = |key: &str| message[key].as_str().expect("a text").to_owned();
        let said =
            Said { room: room.clone(), text, id: words("uuid"), time: words("timestamp"), name: words("sender_name") };
        for (guest, heard) in guests.iter().zip(heard) {
            let expected = guest.door.expected(&author, from, &said);
            let is_word_for_word = if guest.door == Parlor { heard.starts_with(&expected) } else { heard == expected };
            assert!(is_word_for_word, "{:?} of {from:?}:\n{heard}\n{expected}", guest.door);
        }
    }
    // A bystander who is in no room of theirs heard none of it.
    vera.hears_nothing().await;
}

async fn hear_all(guests: &mut [Guest]) -> Vec<String> {
    let mut heard = Vec::with_capacity(guests.len());
    for guest in guests {
        heard.push(guest.hears_message().await);
    }
    heard
}

#[tokio::test]
async fn a_private_room_stays_private_at_every_door() {
    let world = World::open().await;
    let (anna, boris) = (world.person("anna").await, world.person("boris").await);
    let stranger = world.person("stranger").await;
    let room = anna.opens("private", "backroom", &[&boris]).await;
    for path in [
        format!("/api/chat/{room}/"),
        format!("/ws/chat/{room}/"),
        format!("/ws/chatroom/{room}/"),
        "/ws/chatroom/backroom/".to_owned(),
    ] {
        assert_eq!(Window::try_open(&stranger, &path).await.err(), Some(404), "{path}");
    }
    // By name it is another room, a public one: the private one's name is nobody's business.
    let mut by_name = Window::open(&stranger, "/ws/chat/backroom/").await;
    by_name.says(json!({ "message": "hello?" })).await;
    let heard = by_name.hears().await;
    assert_ne!(heard["room"], json!(room));
    anna.posts(&room, "among us").await;
    by_name.says(json!({ "message": "anybody?" })).await;
    assert_eq!(by_name.hears().await["message"], "anybody?");
    assert_eq!(anna.sees(&room).await, ["among us"]);
    assert_ne!(id_of(&stranger.rooms().await[0]), room);
}
