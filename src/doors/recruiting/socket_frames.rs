//! The frames of a room's socket: the five events of the document out, three commands in.

use super::shapes::{ChangedMessage, RecruitingMessage};
use crate::{
    model::{AccountId, Error, Live, MessageId, Position, Result},
    socket::{Dialect, frame},
};
use bytes::Bytes;
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
                Some(message_frame("message_created", RecruitingMessage::from(card.clone())))
            }
            Live::MessageUpdated(card) => Some(message_frame("message_updated", ChangedMessage::from(card.clone()))),
            Live::MessageDeleted { card, before } => {
                // It is told as it was: clients find it by what they knew of it.
                let card = before.as_deref().unwrap_or(card);
                Some(message_frame("message_deleted", ChangedMessage::from(card.clone())))
            }
            // The reader's own windows hear it too.
            Live::MessageRead { account, message, .. }
            | Live::MessageReadToo { account, message, .. }
            | Live::Unread { account, message: Some(message), .. } => Some(read_frame(*message, *account)),
            _ => None,
        }
    }

    fn encode_for(&self, hearer: AccountId, live: &Live) -> Option<Bytes> {
        let Live::Typing { typers, .. } = live else { return None };
        let others = typers.iter().filter(|typer| **typer != hearer);
        Some(encode(&TypingFrame { r#type: "typing", typing_users: others.map(|typer| typer.uuid()).collect() }))
    }
}

#[derive(Serialize)]
struct MessageFrame<M> {
    r#type: &'static str,
    message: M,
}

#[derive(Serialize)]
struct TypingFrame {
    r#type: &'static str,
    typing_users: Vec<Uuid>,
}

#[derive(Serialize)]
struct ReadFrame {
    r#type: &'static str,
    message_id: Uuid,
    user_id: Uuid,
}

#[derive(Serialize)]
struct ErrorFrame<'a> {
    r#type: &'static str,
    detail: &'a str,
}

fn message_frame(kind: &'static str, message: impl Serialize) -> Bytes {
    encode(&MessageFrame { r#type: kind, message })
}

fn read_frame(message: MessageId, reader: AccountId) -> Bytes {
    encode(&ReadFrame { r#type: "message_read", message_id: message.uuid(), user_id: reader.uuid() })
}

/// The answer to what was refused.
pub(super) fn error_frame(error: &Error) -> Bytes {
    encode(&ErrorFrame { r#type: "error", detail: &error.detail })
}

fn encode(shape: &impl Serialize) -> Bytes {
    // Texts, numbers and lists of them can always be written.
    frame::text(&serde_json::to_string(shape).unwrap_or_default())
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
