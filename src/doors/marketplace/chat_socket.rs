//! `/api/chat/{room}/`: a public room by name, and the person's private messages in it.

use super::socket_frames::{Action, Invalid, Refused, encode, not_an_action};
use crate::{
    doors::shared::{Answer, Channel, Doors, EchoedId, Frame, Opening, SocketGuard, echoed_id, plain_text},
    model::{AccountId, ChatRole, Error, ErrorCode, Live, MessageCard, Position, RequestId, Result, RoomId, RoomKind},
    service::{Actor, Draft, Greeting, Opened, Service},
    socket::{Dialect, Handler, Reply},
};
use bytes::Bytes;
use poem::{
    Request, Response, handler,
    web::{Data, Path},
};
use poem_openapi::{Object, Union, types::Any};
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use uuid::Uuid;

/// Messages that a new socket hears first (contracts.md, Door 1).
const REPLAYED: usize = 7;
/// Names that the marketplace gave its rooms of two.
const PRIVATE_PREFIX: &str = "private_";

/// What the socket says of a message, or of somebody who came.
#[derive(Object, Serialize)]
#[oai(rename = "MarketMessage")]
struct ChatFrame {
    /// `<id>_<name>`.
    user: String,
    /// What is private begins with `Private: `.
    message: String,
    /// `admin`, `seller`, `salon_member` or `user`.
    user_role: String,
    /// The author's request id while it is live, the message's id in the replay; null when somebody came.
    id: Option<EchoedId>,
    is_private: bool,
    /// Null when somebody came.
    message_id: Option<Uuid>,
}

/// What is said, as it is documented; `Action` reads it.
#[derive(Union)]
#[oai(discriminator_name = "action")]
enum MarketSaid {
    #[oai(mapping = "send_message")]
    Message(MarketMessageSaid),
    #[oai(mapping = "send_private_message")]
    Private(MarketPrivateSaid),
}

/// Post a text to the room.
#[derive(Object)]
struct MarketMessageSaid {
    /// A number or a text; the message carries it while it is live.
    request_id: Option<EchoedId>,
    data: MarketText,
}

/// Post a text to somebody, who hears it in every window of this door.
#[derive(Object)]
struct MarketPrivateSaid {
    /// A number or a text; the message carries it while it is live.
    request_id: Option<EchoedId>,
    data: MarketPrivateText,
}

/// A text.
#[derive(Object)]
struct MarketText {
    text: String,
}

/// A text for somebody.
#[derive(Object)]
struct MarketPrivateText {
    text: String,
    /// Whom it is for.
    #[oai(rename = "userId")]
    user_id: Uuid,
}

/// The socket as it is documented.
pub(super) fn channel() -> Channel {
    Channel {
        name: "marketplaceChat",
        prefix: "marketplace_",
        address: "/api/chat/{room}/",
        description: "A public room by its name, made on first use, or a room by its id, and the person's private messages in it. \
            First come the last seven messages that the person may see. Done, a message is heard like everybody else's; only \
            refusals are answered.",
        parameter: Some(("room", "A public room's name, or the id of a room that one may read.")),
        said: vec![Frame::any_of::<MarketSaid>()],
        heard: vec![Frame::of::<ChatFrame>("message"), Frame::of::<Refused>("refused"), Frame::any_of::<Invalid>()],
    }
}

/// How this socket says things.
struct ChatDialect;

impl Dialect for ChatDialect {
    fn name(&self) -> &str {
        "marketplace chat"
    }

    fn encode(&self, live: &Live, _: Option<Position>) -> Option<Bytes> {
        match live {
            Live::MessageCreated { card, request_id } => Some(message_frame(card, request_id.as_ref())),
            Live::Connected { person, .. } => Some(came_frame(person.id, &person.display_name, person.role)),
            _ => None,
        }
    }
}

fn user(id: AccountId, name: &str) -> String {
    format!("{id}_{name}")
}

fn message_frame(card: &MessageCard, request_id: Option<&RequestId>) -> Bytes {
    let message = &card.message;
    let is_private = matches!(card.room_kind, RoomKind::Direct(..));
    let text = plain_text(card);
    let text = if is_private { format!("Private: {text}") } else { text.to_owned() };
    encode(&ChatFrame {
        user: user(message.author, &card.author_name),
        message: text,
        user_role: message.author_role.word().into(),
        id: echoed_id(request_id).or_else(|| serde_json::value::to_raw_value(&message.id.uuid()).ok().map(Any)),
        is_private,
        message_id: Some(message.id.uuid()),
    })
}

fn came_frame(id: AccountId, name: &str, role: ChatRole) -> Bytes {
    let user = user(id, name);
    let message = format!("{user} connected to chat");
    let user_role = role.word().into();
    encode(&ChatFrame { user, message, user_role, id: None, is_private: false, message_id: None })
}

/// `GET /api/chat/:room` with an upgrade.
#[handler]
pub async fn chat_socket(request: &Request, doors: Data<&Doors>, room: Path<String>) -> Answer<Response> {
    let (opening, actor) = Opening::signed_in(request, &doors)?;
    let service = Arc::clone(&doors.service);
    let room = find_room(&service, actor, &room).await?;
    let greeting = Greeting::Replay(REPLAYED);
    let open = service.open_room_socket(actor, room, Arc::new(ChatDialect), opening.outbox(), greeting)?;
    Ok(opening.run(Chat { actor, room, socket: SocketGuard::new(service, open) }))
}

/// By id for those who may read it; by name a public room, made on first use.
async fn find_room(service: &Service, actor: Actor, room: &str) -> Result<RoomId> {
    if let Ok(id) = Uuid::try_parse(room) {
        let id = RoomId::from_uuid(id);
        let card = service.room(actor, id)?;
        if card.role.is_none() && card.room.kind == RoomKind::Public {
            service.join_room(actor, id).await?;
        }
        return Ok(id);
    }
    if room.to_lowercase().starts_with(PRIVATE_PREFIX) {
        return Err(Error::forbidden("Private rooms cannot be joined by name. Send a private message instead."));
    }
    match service.join_by_name(actor, room).await? {
        Opened::Made(card) | Opened::Found(card) => Ok(card.room.id),
    }
}

struct Chat {
    actor: Actor,
    room: RoomId,
    socket: SocketGuard,
}

impl Handler for Chat {
    fn text(&mut self, text: String) -> Option<Reply> {
        let action = match Action::parse(&text) {
            Ok(action) => action,
            Err(answer) => return Some(Box::pin(std::future::ready(Some(answer)))),
        };
        let (service, actor, room) = (Arc::clone(self.socket.service()), self.actor, self.room);
        // Done, a message is heard like everybody else's; only refusals are answered.
        Some(Box::pin(async move {
            match action.action.as_str() {
                "send_message" => send(&service, actor, room, &action).await.err(),
                "send_private_message" => send_private(&service, actor, &action).await.err(),
                _ => return Some(action.unknown("send_message or send_private_message")),
            }
            .map(|error| action.refused(&error))
        }))
    }

    fn binary(&mut self) -> Option<Bytes> {
        Some(not_an_action(&Error::bad_request("Send text frames with JSON; binary frames are not understood.")))
    }

    fn too_many(&self) -> Option<Bytes> {
        Some(not_an_action(&Error::too_many_frames()))
    }

    fn closed(&mut self) {}
}

fn draft(action: &Action) -> Result<Draft> {
    let text = field(&action.data, "text")?.to_owned();
    Ok(Draft { text: Some(text), request_id: action.request_id.clone(), ..Draft::default() })
}

fn field<'a>(data: &'a Map<String, Value>, name: &'static str) -> Result<&'a str> {
    let text = data.get(name).and_then(Value::as_str);
    text.ok_or_else(|| Error::invalid(name, format!("\"data\" needs a text \"{name}\".")))
}

async fn send(service: &Service, actor: Actor, room: RoomId, action: &Action) -> Result<()> {
    service.post(actor, room, draft(action)?).await.map(drop)
}

async fn send_private(service: &Service, actor: Actor, action: &Action) -> Result<()> {
    let draft = draft(action)?;
    let to = field(&action.data, "userId")?;
    let nobody = || Error::invalid("userId", "There is nobody with this id who could be written to.");
    let to: AccountId = to.parse().map_err(|_| nobody())?;
    service.post_to(actor, to, draft).await.map(drop).map_err(|error| match error.code {
        ErrorCode::NotFound => nobody(),
        _ => error,
    })
}
