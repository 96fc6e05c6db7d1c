//! `/ws/chat/{uuid}/`: one room of whatever kind, by its id.

use super::socket_frames::{Command, RecruitingDialect, error_frame};
use crate::{
    doors::shared::{Answer, Doors, Opening, SocketGuard},
    model::{Error, RoomId},
    service::{Actor, Draft, Greeting},
    socket::{Handler, Reply},
};
use bytes::Bytes;
use poem::{
    Request, Response, handler,
    web::{Data, Path},
};
use std::sync::Arc;

/// `GET /ws/chat/{uuid}` with an upgrade.
#[handler]
pub async fn room_socket(request: &Request, doors: Data<&Doors>, room: Path<String>) -> Answer<Response> {
    let (opening, actor) = Opening::signed_in(request, &doors)?;
    let room: RoomId = room.parse().map_err(|_| Error::not_found("room"))?;
    let service = Arc::clone(&doors.service);
    let open =
        service.open_room_socket(actor, room, Arc::new(RecruitingDialect), opening.outbox(), Greeting::Typers)?;
    Ok(opening.run(RoomSocket { actor, room, is_typing: false, socket: SocketGuard::new(service, open) }))
}

struct RoomSocket {
    actor: Actor,
    room: RoomId,
    /// Whether this window said last that its person types.
    is_typing: bool,
    socket: SocketGuard,
}

impl Handler for RoomSocket {
    fn text(&mut self, text: String) -> Option<Reply> {
        let (service, actor, room) = (Arc::clone(self.socket.service()), self.actor, self.room);
        // Done, it is heard like what everybody else does; only refusals are answered.
        match Command::parse(&text) {
            Err(error) => Some(refusal(error)),
            Ok(Command::Typing(typing)) => {
                self.is_typing = typing;
                service.type_in(actor, room, typing).err().map(refusal)
            }
            Ok(Command::Read(message)) => Some(Box::pin(async move {
                let done = service.name_as_read(actor, room, message).await;
                done.err().map(|error| error_frame(&error))
            })),
            Ok(Command::Post(text)) => Some(Box::pin(async move {
                let draft = Draft { text: Some(text), ..Draft::default() };
                let done = service.post(actor, room, draft).await;
                done.err().map(|error| error_frame(&error))
            })),
        }
    }

    fn binary(&mut self) -> Option<Bytes> {
        Some(error_frame(&Error::bad_request("Send text frames with JSON; binary frames are not understood.")))
    }

    fn too_many(&self) -> Option<Bytes> {
        Some(error_frame(&Error::too_many_frames()))
    }

    fn closed(&mut self) {
        if self.is_typing {
            self.socket.service().stop_typing(self.socket.open(), self.room);
        }
    }
}

fn refusal(error: Error) -> Reply {
    Box::pin(std::future::ready(Some(error_frame(&error))))
}
