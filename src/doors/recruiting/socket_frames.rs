//! The frames of a room's socket: the five events of the document out, three commands in.

use super::shapes::{ChangedMessage, RecruitingMessage};
use crate::{
    doors::shared::{Channel, Frame},
    model::{AccountId, Error, Live, MessageCard, MessageId, Position, Result},
    socket::{Dialect, frame},
};
use bytes::Bytes;
use poem_openapi::{Object, Union};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// How a room's socket says things.
pub(super) struct RecruitingDialect;

impl Dialect for RecruitingDialect {
    fn name(&self) -> &str {
        "recruiting"
    }

    fn encode(&self, live: &Live, _: Option<Position>) -> Option<Bytes> {
        match live {
            Live::MessageCreated { card, .. } => {
                let message = RecruitingMessage::from(card.clone());
                Some(encode(&RecruitingFrame::MessageCreated(RecruitingCreated { message })))
            }
            Live::MessageUpdated(card) => {
                Some(encode(&RecruitingFrame::MessageUpdated(RecruitingUpdated { message: changed(card) })))
            }
            Live::MessageDeleted { card, before } => {
                // It is told as it was: clients find it by what they knew of it.
                let card = before.as_deref().unwrap_or(card);
                Some(encode(&RecruitingFrame::MessageDeleted(RecruitingDeleted { message: changed(card) })))
            }
            // The reader's own windows hear it too.
            Live::MessageRead { account, message, .. }
            | Live::MessageReadToo { account, message, .. }
            | Live::Unread { account, message: Some(message), .. } => {
                let (message_id, user_id) = (message.uuid(), account.uuid());
                Some(encode(&RecruitingFrame::MessageRead(RecruitingRead { message_id, user_id })))
            }
            _ => None,
        }
    }

    fn encode_for(&self, hearer: AccountId, live: &Live) -> Option<Bytes> {
        let Live::Typing { typers, .. } = live else { return None };
        let others = typers.iter().filter(|typer| **typer != hearer);
        let typing_users = others.map(|typer| typer.uuid()).collect();
        Some(encode(&RecruitingFrame::Typing(RecruitingTyping { typing_users })))
    }
}

/// What the socket says.
#[derive(Union, Serialize)]
#[oai(discriminator_name = "type")]
#[serde(tag = "type", rename_all = "snake_case")]
enum RecruitingFrame {
    #[oai(mapping = "message_created")]
    MessageCreated(RecruitingCreated),
    #[oai(mapping = "message_updated")]
    MessageUpdated(RecruitingUpdated),
    #[oai(mapping = "message_deleted")]
    MessageDeleted(RecruitingDeleted),
    #[oai(mapping = "typing")]
    Typing(RecruitingTyping),
    #[oai(mapping = "message_read")]
    MessageRead(RecruitingRead),
    #[oai(mapping = "error")]
    Error(RecruitingRefusal),
}

/// A message was posted.
#[derive(Object, Serialize)]
struct RecruitingCreated {
    message: RecruitingMessage,
}

/// A message was edited.
#[derive(Object, Serialize)]
struct RecruitingUpdated {
    message: ChangedMessage,
}

/// A message was deleted; it is told as it was.
#[derive(Object, Serialize)]
struct RecruitingDeleted {
    message: ChangedMessage,
}

/// Who types, without the hearer.
#[derive(Object, Serialize)]
struct RecruitingTyping {
    typing_users: Vec<Uuid>,
}

/// Somebody has read everything up to a message.
#[derive(Object, Serialize)]
struct RecruitingRead {
    message_id: Uuid,
    user_id: Uuid,
}

/// What was said changed nothing.
#[derive(Object, Serialize)]
struct RecruitingRefusal {
    detail: String,
}

fn changed(card: &MessageCard) -> ChangedMessage {
    ChangedMessage::from(card.clone())
}

/// The answer to what was refused.
pub(super) fn error_frame(error: &Error) -> Bytes {
    encode(&RecruitingFrame::Error(RecruitingRefusal { detail: error.detail.to_string() }))
}

fn encode(shape: &impl Serialize) -> Bytes {
    // Texts, numbers and lists of them can always be written.
    frame::text(&serde_json::to_string(shape).unwrap_or_default())
}

/// What a person says with a type, as it is documented; `Command` reads it.
#[derive(Union)]
#[oai(discriminator_name = "type")]
enum RecruitingSaid {
    #[oai(mapping = "typing")]
    Typing(RecruitingTypingSaid),
    #[oai(mapping = "message_read")]
    Read(RecruitingReadSaid),
}

/// Say that one types, or stopped.
#[derive(Object)]
struct RecruitingTypingSaid {
    typing: bool,
}

/// Mark a message of this room and all earlier ones as read.
#[derive(Object)]
struct RecruitingReadSaid {
    message_id: Uuid,
}

/// Post a text.
#[derive(Object)]
struct RecruitingTextSaid {
    message: String,
}

/// The socket as it is documented.
pub fn channel() -> Channel {
    Channel {
        name: "recruitingRoom",
        prefix: "recruiting_",
        address: "/ws/chat/{uuid}/",
        description: "One room of whatever kind, by its id. Done, a command is heard like everybody else's; only refusals are \
            answered. Typing lapses 6 s after the last such frame.",
        parameter: Some(("uuid", "The room.")),
        said: vec![Frame::any_of::<RecruitingSaid>(), Frame::of::<RecruitingTextSaid>("message")],
        heard: vec![Frame::any_of::<RecruitingFrame>()],
    }
}

/// What a person may say.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Typing(bool),
    Read(MessageId),
    Post(String),
}

impl Command {
    /// Reads a frame.
    pub fn parse(text: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(text)
            .map_err(|_| Error::bad_request("This is not JSON. Send an object, such as {\"message\": \"hello\"}."))?;
        let Value::Object(fields) = value else {
            return Err(Error::bad_request("Send a JSON object, such as {\"message\": \"hello\"}."));
        };
        match (fields.get("type"), fields.get("message")) {
            (None | Some(Value::Null), Some(message)) => Self::post(message),
            (Some(Value::String(kind)), _) => Self::of_kind(kind, &fields),
            _ => Err(Error::bad_request("Send a \"type\", or a text as \"message\".")),
        }
    }

    fn of_kind(kind: &str, fields: &Map<String, Value>) -> Result<Self> {
        match kind {
            "typing" => {
                let typing = fields.get("typing").and_then(Value::as_bool);
                typing.map(Self::Typing).ok_or_else(|| Error::invalid("typing", "\"typing\" is true or false."))
            }
            "message_read" => {
                let id = fields.get("message_id").and_then(Value::as_str).and_then(|id| id.parse().ok());
                id.map(Self::Read).ok_or_else(|| Error::invalid("message_id", "\"message_id\" is the id of a message."))
            }
            _ => Err(Error::bad_request(
                "There is no such type here. Send typing or message_read, or a text as \"message\" without a type.",
            )),
        }
    }

    fn post(message: &Value) -> Result<Self> {
        let text = message.as_str().map(str::to_owned);
        text.map(Self::Post).ok_or_else(|| Error::invalid("message", "\"message\" is a text."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read() {
        let id = MessageId::new();
        for (text, expected) in [
            (r#"{"type":"typing","typing":true}"#.to_owned(), Some(Command::Typing(true))),
            (r#"{"type":"typing","typing":false,"more":1}"#.into(), Some(Command::Typing(false))),
            (format!(r#"{{"type":"message_read","message_id":"{id}"}}"#), Some(Command::Read(id))),
            (r#"{"message":"hi"}"#.into(), Some(Command::Post("hi".into()))),
            (r#"{"type":null,"message":"hi"}"#.into(), Some(Command::Post("hi".into()))),
            (r#"{"type":"typing","typing":"yes"}"#.into(), None),
            (r#"{"type":"message_read","message_id":7}"#.into(), None),
            (r#"{"type":"message_read"}"#.into(), None),
            (r#"{"type":"fly","message":"hi"}"#.into(), None),
            (r#"{"type":7}"#.into(), None),
            (r#"{"message":{}}"#.into(), None),
            ("{}".into(), None),
            ("[]".into(), None),
            ("hi".into(), None),
            ("".into(), None),
        ] {
            assert_eq!(Command::parse(&text).ok(), expected, "{text}");
        }
    }
}
