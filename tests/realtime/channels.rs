//! The sockets that the documents of others describe, as AsyncAPI describes them: what is given there as an example of what
//! one says can be said. Whatever any window hears is held against the document as well.

use crate::{
    people::{Person, Window},
    world::World,
};
use serde_json::{Value, json};

/// The people and things that examples speak of are others here.
fn meant(example: &Value, message: &str, other: &Person) -> Value {
    let mut said = example.clone();
    if said.get("message_id").is_some() {
        said["message_id"] = json!(message);
    }
    if said["data"].get("userId").is_some() {
        said["data"]["userId"] = json!(other.id);
    }
    said
}

/// What no socket knows. It is answered after whatever was said before.
fn unknown() -> Value {
    json!({ "type": "no such", "action": "no such" })
}

fn is_refusal(frame: &Value) -> bool {
    frame["type"] == "error" || frame["errors"].as_array().is_some_and(|errors| !errors.is_empty())
}

/// What this socket answers to what it does not know.
async fn fence(person: &Person, path: &str) -> Value {
    let mut window = Window::open(person, path).await;
    window.says(unknown()).await;
    loop {
        let heard = window.hears().await;
        if is_refusal(&heard) {
            return heard;
        }
    }
}

#[tokio::test]
async fn examples_of_what_is_said_are_taken() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    let posted = boris.posts(&room, "hello").await;
    let documents = world.site.documents();
    let mut seen = 0;
    for path in [
        format!("/ws/chat/{room}/"),
        format!("/ws/chatroom/{room}/"),
        "/ws/chat/yard/".into(),
        "/api/chat/garage/".into(),
        "/api/invitation_to_auto_salon/".into(),
        "/api/salon_role/".into(),
    ] {
        let (channel, _) = documents.channel(&path).expect("a channel");
        let fence = fence(&anna, &path).await;
        for message in documents.messages(channel, "receive") {
            for example in documents.examples(&message) {
                let mut window = Window::open(&anna, &path).await;
                window.says(meant(&example, posted["uuid"].as_str().unwrap(), &boris)).await;
                window.says(unknown()).await;
                loop {
                    let heard = window.hears().await;
                    if heard == fence {
                        break;
                    }
                    assert!(!is_refusal(&heard), "{path}: {example}: {heard}");
                }
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 10);
    for address in documents.asyncapi["channels"].as_object().unwrap().values() {
        for message in address["messages"].as_object().unwrap().keys() {
            // Each is what its schema says.
            documents.examples(message);
        }
    }
    assert_eq!(boris.sees(&room).await.len(), 3, "the recruiting and the community example were posted");
    let direct = anna.direct(&boris).await;
    assert_eq!(boris.sees(&direct).await.len(), 1, "and the private one");
    let yard = anna.get("/chat/history/?room=yard").await.expect(200).json();
    assert_eq!(yard["chat_history"].as_array().map(Vec::len), Some(1));
}
