//! The event stream `/ws/chat/`: one socket for everything that concerns a person.

use super::{
    frames::{
        Ack, AckMessage, ClientFrame, ErrorFrame, Hello, MemberJoined, MemberLeft, MemberUpdated, MessageCreated,
        MessageDeleted, MessageRead, MessageUpdated, PersonUpdated, Presence, RoomCreated, RoomDeleted, RoomUpdated,
        ServerFrame, Typing, Unread,
    },
    salon_frames::{
        InvitationCreated, InvitationDeleted, InvitationUpdated, NotificationCreated, NotificationSeen, SalonCreated,
        SalonDeleted, SalonUpdated, SeatFilled, SeatVacated,
    },
};
use crate::{
    doors::shared::{Answer, Doors, EchoedId, Opening, SocketGuard},
    model::{AccountId, Error, Live, MessageCard, MessageId, Position, Result, RoomId},
    service::{Actor, Draft, Service},
    socket::{Dialect, Handler, Reply, frame},
};
use bytes::Bytes;
use poem::{Request, Response, handler, web::Data};
use poem_openapi::types::Any;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use std::{collections::HashMap, sync::Arc};
use uuid::Uuid;

/// How the event stream says things.
pub struct EventStreamDialect;

impl Dialect for EventStreamDialect {
    fn name(&self) -> &str {
        "event stream"
    }

    fn encode(&self, live: &Live, position: Option<Position>) -> Option<Bytes> {
        encode(&server_frame(live.clone(), position.map(|position| position.to_string()))?)
    }
}

fn encode(frame: &ServerFrame) -> Option<Bytes> {
    serde_json::to_string(frame).ok().map(|text| frame::text(&text))
}

fn ids(accounts: Vec<AccountId>) -> Vec<Uuid> {
    accounts.into_iter().map(AccountId::uuid).collect()
}

/// `None` for what only other doors speak of.
fn server_frame(live: Live, position: Option<String>) -> Option<ServerFrame> {
    Some(match live {
        Live::Hello { person, resumed, online, heartbeat_secs } => ServerFrame::Hello(Hello {
            user: person.into(),
            position: position.unwrap_or_default(),
            resumed,
            online: ids(online),
            heartbeat_secs,
        }),
        Live::MessageCreated { card, .. } => {
            ServerFrame::MessageCreated(MessageCreated { message: card.into(), position })
        }
        Live::MessageUpdated(card) => ServerFrame::MessageUpdated(MessageUpdated { message: card.into(), position }),
        Live::MessageDeleted { card, .. } => {
            ServerFrame::MessageDeleted(MessageDeleted { message: card.into(), position })
        }
        Live::Typing { room, account, typing, .. } => {
            ServerFrame::Typing(Typing { room: room.uuid(), user: account.uuid(), typing })
        }
        Live::MessageRead { room, account, message, read_seq } => ServerFrame::MessageRead(MessageRead {
            message_id: message.uuid(),
            user_id: account.uuid(),
            room: room.uuid(),
            read_seq,
            position,
        }),
        Live::Unread { room, read_seq, unread, .. } => {
            ServerFrame::Unread(Unread { room: room.uuid(), unread, read_seq, position })
        }
        Live::Presence { online, offline } => {
            ServerFrame::Presence(Presence { online: ids(online), offline: ids(offline) })
        }
        Live::RoomCreated(card) => ServerFrame::RoomCreated(RoomCreated { room: card.into(), position }),
        Live::RoomUpdated(card) => ServerFrame::RoomUpdated(RoomUpdated { room: card.into(), position }),
        Live::RoomDeleted { room } => ServerFrame::RoomDeleted(RoomDeleted { room: room.uuid(), position }),
        Live::MemberJoined { room, member } => {
            ServerFrame::MemberJoined(MemberJoined { room: room.uuid(), member: member.into(), position })
        }
        Live::MemberUpdated { room, member } => {
            ServerFrame::MemberUpdated(MemberUpdated { room: room.uuid(), member: member.into(), position })
        }
        Live::MemberLeft { room, account } => {
            ServerFrame::MemberLeft(MemberLeft { room: room.uuid(), user: account.uuid(), position })
        }
        Live::PersonUpdated(person) => ServerFrame::PersonUpdated(PersonUpdated { user: person.into(), position }),
        Live::SalonCreated(card) => ServerFrame::SalonCreated(SalonCreated { salon: card.into(), position }),
        Live::SalonUpdated(card) => ServerFrame::SalonUpdated(SalonUpdated { salon: card.into(), position }),
        Live::SalonDeleted { salon } => ServerFrame::SalonDeleted(SalonDeleted { salon: salon.uuid(), position }),
        Live::SeatFilled(card) => ServerFrame::SeatFilled(SeatFilled { seat: card.into(), position }),
        Live::SeatVacated(card) => ServerFrame::SeatVacated(SeatVacated { seat: card.into(), position }),
        Live::InvitationCreated(card) => {
            ServerFrame::InvitationCreated(InvitationCreated { invitation: card.into(), position })
        }
        Live::InvitationUpdated(card) => {
            ServerFrame::InvitationUpdated(InvitationUpdated { invitation: card.into(), position })
        }
        Live::InvitationDeleted(card) => {
            ServerFrame::InvitationDeleted(InvitationDeleted { invitation: card.invitation.id.uuid(), position })
        }
        Live::NotificationCreated(card) => {
            ServerFrame::NotificationCreated(NotificationCreated { notification: card.into(), position })
        }
        Live::NotificationSeen { notification } => {
            ServerFrame::NotificationSeen(NotificationSeen { notification: notification.uuid(), position })
        }
        Live::UnreadCounts { .. } | Live::OnlineCount { .. } | Live::Connected { .. } | Live::MessageReadToo { .. } => {
            return None;
        }
    })
}

#[derive(Deserialize)]
struct StreamQuery {
    after: Option<String>,
}

/// `GET /ws/chat/` with an upgrade.
#[handler]
pub async fn event_stream(request: &Request, doors: Data<&Doors>) -> Response {
    match open(request, &doors) {
        Ok(response) => response,
        Err(problem) => poem::Error::from(problem).into_response(),
    }
}

fn open(request: &Request, doors: &Doors) -> Answer<Response> {
    let (opening, actor) = Opening::signed_in(request, doors)?;
    let after = request.params::<StreamQuery>().ok().and_then(|query| query.after);
    // A position that cannot be read is one that cannot be resumed from: the stream says so itself.
    let after = after.map(|after| after.parse().unwrap_or(Position { epoch: Uuid::nil(), seq: 0, event: u32::MAX }));
    let service = Arc::clone(&doors.service);
    let open = service.open_stream(actor, after, Arc::new(EventStreamDialect), opening.outbox())?;
    Ok(opening.run(Commands { actor, socket: SocketGuard::new(service, open) }))
}

/// What a person may say on their stream.
struct Commands {
    actor: Actor,
    socket: SocketGuard,
}

impl Handler for Commands {
    fn text(&mut self, text: String) -> Option<Reply> {
        let (request_id, command) = match parse(&text) {
            Ok(parsed) => parsed,
            Err((request_id, error)) => return Some(ready(&error_frame(request_id, error))),
        };
        if request_id.is_none() && matches!(command, ClientFrame::Typing(_)) {
            return self.run_now(None, command).err().map(|error| ready(&error_frame(None, error)));
        }
        match command {
            ClientFrame::Send(_) | ClientFrame::Edit(_) | ClientFrame::Delete(_) | ClientFrame::Read(_) => {
                let (service, actor) = (Arc::clone(self.socket.service()), self.actor);
                Some(Box::pin(async move {
                    let done = run(&service, actor, request_id.clone(), command).await;
                    encode(&done.unwrap_or_else(|error| error_frame(request_id, error)))
                }))
            }
            other => {
                let done = self.run_now(request_id.clone(), other);
                Some(ready(&done.unwrap_or_else(|error| error_frame(request_id, error))))
            }
        }
    }

    fn binary(&mut self) -> Option<Bytes> {
        encode(&error_frame(None, Error::bad_request("Send text frames with JSON; binary frames are not understood.")))
    }

    fn too_many(&self) -> Option<Bytes> {
        encode(&error_frame(None, Error::too_many_frames()))
    }

    fn closed(&mut self) {}
}

impl Commands {
    /// Commands that change nothing on the disk.
    fn run_now(&self, request_id: Option<EchoedId>, command: ClientFrame) -> Result<ServerFrame> {
        match command {
            ClientFrame::Typing(typing) => {
                self.socket.service().type_in(self.actor, RoomId::from_uuid(typing.room), typing.typing)?;
            }
            ClientFrame::Subscribe(subscribe) => {
                self.socket.service().subscribe(self.actor, self.socket.open(), RoomId::from_uuid(subscribe.room))?;
            }
            ClientFrame::Unsubscribe(unsubscribe) => {
                self.socket.service().unsubscribe(self.socket.open(), RoomId::from_uuid(unsubscribe.room));
            }
            _ => {}
        }
        Ok(ServerFrame::Ack(Ack { request_id, ..Ack::default() }))
    }
}

/// Commands that wait for the disk. Their first poll takes their place in the writer's queue.
async fn run(
    service: &Service,
    actor: Actor,
    request_id: Option<EchoedId>,
    command: ClientFrame,
) -> Result<ServerFrame> {
    let mut ack = Ack { request_id, ..Ack::default() };
    match command {
        ClientFrame::Send(send) => {
            let (room, draft): (RoomId, Draft) = send.try_into()?;
            ack.message = Some(ack_message(service.post(actor, room, draft).await?.card()));
        }
        ClientFrame::Edit(edit) => {
            let card = service.edit(actor, MessageId::from_uuid(edit.message), edit.content).await?;
            ack.message = Some(ack_message(card));
        }
        ClientFrame::Delete(delete) => {
            ack.message = Some(ack_message(service.retract(actor, MessageId::from_uuid(delete.message)).await?));
        }
        ClientFrame::Read(read) => {
            ack.read = Some(service.mark_read(actor, MessageId::from_uuid(read.message)).await?.into());
        }
        _ => {}
    }
    Ok(ServerFrame::Ack(ack))
}

fn ack_message(card: MessageCard) -> AckMessage {
    let message = card.message;
    AckMessage {
        uuid: message.id.uuid(),
        chat_room: message.room.uuid(),
        seq: message.seq,
        timestamp: message.posted_at.to_string(),
        client_id: message.client_id.map(|id| id.as_str().to_owned()),
    }
}

fn error_frame(request_id: Option<EchoedId>, error: Error) -> ServerFrame {
    ServerFrame::Error(ErrorFrame::new(request_id, error))
}

fn ready(frame: &ServerFrame) -> Reply {
    Box::pin(std::future::ready(encode(frame)))
}

type Parsed = (Option<EchoedId>, ClientFrame);

/// A command and its `request_id`, which is echoed even when the rest cannot be understood.
fn parse(text: &str) -> std::result::Result<Parsed, (Option<EchoedId>, Error)> {
    let value: Value = serde_json::from_str(text)
        .map_err(|_| (None, Error::bad_request("This is not JSON. Send an object with a \"type\".")))?;
    let Value::Object(mut fields) = value else {
        return Err((None, Error::bad_request("Send a JSON object with a \"type\".")));
    };
    let request_id = match fields.remove("request_id") {
        None | Some(Value::Null) => None,
        Some(Value::Object(_) | Value::Array(_)) => {
            return Err((None, Error::invalid("request_id", "A request_id is a text or a number.")));
        }
        Some(_) => written_id(text),
    };
    match serde_json::from_value(Value::Object(fields)) {
        Ok(command) => Ok((request_id, command)),
        Err(error) => Err((request_id, Error::bad_request(format!("This command cannot be understood: {error}.")))),
    }
}

/// What was read as a number may be written in another way: `1e2`, or with more digits than are kept.
fn written_id(text: &str) -> Option<EchoedId> {
    let fields: HashMap<String, &RawValue> = serde_json::from_str(text).ok()?;
    fields.get("request_id").map(|&written| Any(written.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_with_their_request_id() {
        let (id, command) = parse(r#"{"type":"ping","request_id":7}"#).unwrap();
        assert_eq!(id.as_ref().map(|id| id.0.get()), Some("7"));
        assert!(matches!(command, ClientFrame::Ping(_)));
        for (text, id) in [
            ("", None),
            ("[]", None),
            ("7", None),
            ("{}", None),
            (r#"{"type":"fly","request_id":"a"}"#, Some(r#""a""#)),
            (r#"{"type":"send","request_id":1}"#, Some("1")),
            (r#"{"type":"send","request_id" : 1.0e2 }"#, Some("1.0e2")),
            (r#"{"type":"send","request_id":36893488147419103232}"#, Some("36893488147419103232")),
            (r#"{"type":"send","request_id":1,"request_id":"the last"}"#, Some(r#""the last""#)),
            (r#"{"type":"send","room":"x","content":"y"}"#, None),
            (r#"{"type":"ping","request_id":{}}"#, None),
        ] {
            let echoed = parse(text).map(|_| ()).unwrap_err().0;
            assert_eq!(echoed.as_ref().map(|echoed| echoed.0.get()), id, "{text}");
        }
    }
}
