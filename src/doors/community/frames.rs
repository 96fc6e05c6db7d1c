//! What this door says of messages and of a room, field by field in the order of the contract; and what it is told.

use crate::{
    doors::shared::{Channel, Frame, plain_text},
    model::{AccountId, Error, Live, MessageCard, Position, Result},
    socket::{Dialect, frame},
};
use bytes::Bytes;
use poem_openapi::{Object, Union};
use serde::Serialize;
use serde_json::Value;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

/// No count was said yet; no room has so many messages.
const NOTHING_SAID: u64 = u64::MAX;

/// A message as the community chat has it.
#[derive(Object, Serialize)]
pub(super) struct CommunityMessage {
    id: Uuid,
    /// The author's account.
    author: Uuid,
    author_name: String,
    body: String,
    /// When it was posted.
    created: String,
}

impl From<&MessageCard> for CommunityMessage {
    fn from(card: &MessageCard) -> Self {
        let message = &card.message;
        Self {
            id: message.id.uuid(),
            author: message.author.uuid(),
            author_name: card.author_name.clone(),
            body: plain_text(card).to_owned(),
            created: message.posted_at.to_string(),
        }
    }
}

/// What the socket of a room says.
#[derive(Union, Serialize)]
#[oai(discriminator_name = "type")]
#[serde(tag = "type", rename_all = "snake_case")]
enum CommunityFrame {
    #[oai(mapping = "chat_message")]
    ChatMessage(CommunityMessage),
    #[oai(mapping = "online_count")]
    OnlineCount(CommunityOnline),
    #[oai(mapping = "new_message_count")]
    NewMessageCount(CommunityUnread),
    #[oai(mapping = "error")]
    Error(CommunityRefusal),
}

/// How many people have a window of this room open; people, not sockets.
#[derive(Object, Serialize)]
struct CommunityOnline {
    online_count: usize,
}

/// How many messages of this room this person has not read.
#[derive(Object, Serialize)]
struct CommunityUnread {
    count: u64,
}

/// What was said changed nothing.
#[derive(Object, Serialize)]
struct CommunityRefusal {
    detail: String,
}

/// Post a text. Other fields are ignored.
#[derive(Object)]
struct CommunitySaid {
    body: String,
}

/// The socket as it is documented.
pub fn channel() -> Channel {
    Channel {
        name: "communityRoom",
        prefix: "community_",
        address: "/ws/chatroom/{name}/",
        description: "One room: a public one by name, any other by id; the room must exist. The counts are said on connect and \
            whenever they change. Posted, a message is heard like everybody else's; only refusals are answered.",
        parameter: Some(("name", "A public room's name, or the id of any room.")),
        said: vec![Frame::of::<CommunitySaid>("message")],
        heard: vec![Frame::any_of::<CommunityFrame>()],
    }
}

fn encode(shape: &CommunityFrame) -> Bytes {
    // Texts and numbers can always be written.
    frame::text(&serde_json::to_string(shape).unwrap_or_default())
}

/// The answer to what could not be done.
pub(super) fn error_frame(error: &Error) -> Bytes {
    encode(&CommunityFrame::Error(CommunityRefusal { detail: error.detail.to_string() }))
}

/// The text of `{"body": …}`. Whatever else a page's library puts beside it is ignored.
pub(super) fn parse(text: &str) -> Result<String> {
    let invalid = || Error::bad_request("Send a JSON object with a text \"body\".");
    let Ok(Value::Object(mut fields)) = serde_json::from_str(text) else { return Err(invalid()) };
    match fields.remove("body") {
        Some(Value::String(body)) => Ok(body),
        _ => Err(invalid()),
    }
}

/// How one such socket says things. Each socket has its own: what a person has not read is only said when it changed.
pub(super) struct RoomDialect {
    said_count: AtomicU64,
}

impl RoomDialect {
    pub fn new() -> Self {
        Self { said_count: AtomicU64::new(NOTHING_SAID) }
    }
}

impl Dialect for RoomDialect {
    fn name(&self) -> &str {
        "community room"
    }

    fn encode(&self, live: &Live, _: Option<Position>) -> Option<Bytes> {
        match live {
            Live::MessageCreated { card, .. } => Some(encode(&CommunityFrame::ChatMessage(card.into()))),
            Live::OnlineCount { count, .. } => {
                Some(encode(&CommunityFrame::OnlineCount(CommunityOnline { online_count: *count })))
            }
            _ => None,
        }
    }

    fn encode_for(&self, hearer: AccountId, live: &Live) -> Option<Bytes> {
        let Live::UnreadCounts { counts, .. } = live else { return None };
        let place = counts.binary_search_by_key(&hearer, |(account, _)| *account).ok()?;
        let count = counts[place].1;
        let before = self.said_count.swap(count, Ordering::Relaxed);
        (before != count).then(|| encode(&CommunityFrame::NewMessageCount(CommunityUnread { count })))
    }

    fn counts(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RoomId;

    #[test]
    fn only_a_text_body_is_something_to_say() {
        assert_eq!(parse(r#"{"body":"hello"}"#).as_deref(), Ok("hello"));
        assert_eq!(parse(r#"{"HEADERS":{"HX-Request":"true"},"body":"hello"}"#).as_deref(), Ok("hello"));
        for bad in ["", "hello", "[]", "{}", "null", r#"{"body":7}"#, r#"{"body":null}"#, r#"{"message":"x"}"#] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_count_is_said_when_it_changed_and_to_whom_it_belongs() {
        let (anna, boris, room) = (AccountId::new(), AccountId::new(), RoomId::new());
        let dialect = RoomDialect::new();
        let told = |mut counts: Vec<(AccountId, u64)>| {
            counts.sort_unstable();
            let frame = dialect.encode_for(anna, &Live::UnreadCounts { room, counts })?;
            Some(String::from_utf8_lossy(&frame[2..]).into_owned())
        };
        assert_eq!(told(vec![(boris, 0)]), None, "somebody else's");
        let said = |count: u64| Some(format!(r#"{{"type":"new_message_count","count":{count}}}"#));
        assert_eq!(told(vec![(anna, 0), (boris, 4)]), said(0), "nothing is something the first time");
        assert_eq!(told(vec![(anna, 0), (boris, 5)]), None);
        assert_eq!(told(vec![(anna, 2)]), said(2));
        assert_eq!(told(vec![(anna, 0)]), said(0));
    }
}
