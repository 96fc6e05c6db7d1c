//! `/ws/chat/{room_name}/`: `{"message": T}` in, `{"message": T, …}` out.

use super::in_our_words;
use crate::{
    doors::shared::{Answer, Channel, Doors, Frame, Opening, SocketGuard, plain_text},
    model::{Error, Live, Position, Result, RoomId},
    service::Visitor,
    socket::{Dialect, Handler, Reply, frame},
};
use bytes::Bytes;
use poem::{
    Request, Response, handler,
    web::{Data, Path},
};
use poem_openapi::{Object, Union};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

/// A message; clients of the document read the first field.
#[derive(Object, Serialize)]
struct LiveFrame {
    message: String,
    id: Uuid,
    sender: Uuid,
    sender_name: String,
    /// `admin`, `seller`, `salon_member`, `user` or `guest`.
    sender_role: String,
    room: Uuid,
    timestamp: String,
}

/// What is no message.
#[derive(Union, Serialize)]
#[oai(discriminator_name = "type")]
#[serde(tag = "type", rename_all = "snake_case")]
enum LiveAnswer {
    #[oai(mapping = "error")]
    Error(LiveRefusal),
}

/// What was said changed nothing.
#[derive(Object, Serialize)]
struct LiveRefusal {
    detail: String,
}

/// Post a text. Other fields are ignored.
#[derive(Object)]
struct LiveSaid {
    message: String,
}

/// The socket as it is documented.
pub fn channel() -> Channel {
    Channel {
        name: "liveRoom",
        prefix: "live_",
        address: "/ws/chat/{room_name}/",
        description: "A public room by its name, made on first use. What is said is heard by the sender, too; only refusals are \
            answered. Where guests are switched on, nobody needs to sign in.",
        parameter: Some(("room_name", "A public room's name; what is written like an id is another socket's.")),
        said: vec![Frame::of::<LiveSaid>("message")],
        heard: vec![Frame::of::<LiveFrame>("message"), Frame::any_of::<LiveAnswer>()],
    }
}

/// How this socket says things: new messages, and nothing else.
struct LiveDialect;

impl Dialect for LiveDialect {
    fn name(&self) -> &str {
        "live chat"
    }

    fn encode(&self, live: &Live, _: Option<Position>) -> Option<Bytes> {
        let Live::MessageCreated { card, .. } = live else { return None };
        let message = &card.message;
        Some(encode(&LiveFrame {
            message: plain_text(card).to_owned(),
            id: message.id.uuid(),
            sender: message.author.uuid(),
            sender_name: card.author_name.clone(),
            sender_role: message.author_role.word().into(),
            room: message.room.uuid(),
            timestamp: message.posted_at.to_string(),
        }))
    }
}

fn encode(shape: &impl Serialize) -> Bytes {
    // Texts and ids can always be written.
    frame::text(&serde_json::to_string(shape).unwrap_or_default())
}

fn refused(error: Error) -> Bytes {
    encode(&LiveAnswer::Error(LiveRefusal { detail: in_our_words(error).detail.into_owned() }))
}

/// `GET /ws/chat/:room_name` with an upgrade.
#[handler]
pub async fn live_socket(request: &Request, doors: Data<&Doors>, room_name: Path<String>) -> Answer<Response> {
    // Rooms have ids too: another door serves those, as they are usually spelled.
    if Uuid::try_parse(&room_name).is_ok() {
        return Err(Error::not_found("room").into());
    }
    let (opening, visitor) = Opening::visitor(request, &doors)?;
    let service = Arc::clone(&doors.service);
    let room = service.visit(visitor, &room_name).await.map_err(in_our_words)?;
    let open = service.open_visitor_socket(visitor, room, Arc::new(LiveDialect), opening.outbox())?;
    Ok(opening.run(Visit { visitor, room, socket: SocketGuard::new(service, open) }))
}

struct Visit {
    visitor: Visitor,
    room: RoomId,
    socket: SocketGuard,
}

impl Handler for Visit {
    fn text(&mut self, text: String) -> Option<Reply> {
        let message = match parse(&text) {
            Ok(message) => message,
            Err(error) => return Some(Box::pin(std::future::ready(Some(refused(error))))),
        };
        let (service, visitor, room) = (Arc::clone(self.socket.service()), self.visitor, self.room);
        // Done, a message is heard like everybody else's; only refusals are answered.
        Some(Box::pin(async move { service.say(visitor, room, message).await.err().map(refused) }))
    }

    fn binary(&mut self) -> Option<Bytes> {
        Some(refused(Error::bad_request("Send text frames with JSON; binary frames are not understood.")))
    }

    fn too_many(&self) -> Option<Bytes> {
        Some(refused(Error::too_many_frames()))
    }

    fn closed(&mut self) {}
}

/// The text of `{"message": text}`; other fields are ignored.
fn parse(text: &str) -> Result<String> {
    let value: Value = serde_json::from_str(text)
        .map_err(|_| Error::bad_request("This is not JSON. Send an object such as {\"message\": \"hello\"}."))?;
    let Value::Object(mut fields) = value else {
        return Err(Error::bad_request("Send a JSON object such as {\"message\": \"hello\"}."));
    };
    match fields.remove("message") {
        Some(Value::String(message)) => Ok(message),
        Some(_) => Err(Error::bad_request("\"message\" must be a text.")),
        None => Err(Error::bad_request("There is no \"message\" in this. Send {\"message\": \"hello\"}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_message_is_a_message() {
        assert_eq!(parse(r#"{"message":"hello","HEADERS":{}}"#).as_deref(), Ok("hello"));
        for bad in
            ["", "hello", "[]", "\"message\"", "{}", r#"{"message":7}"#, r#"{"message":null}"#, r#"{"body":"x"}"#]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
