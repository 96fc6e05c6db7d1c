//! `/ws/chatroom/{name}/`: one room, who is in it, and what one has not read of it.

use super::frames::{RoomDialect, error_frame, parse};
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

/// `GET /ws/chatroom/:name`: a room that is there already. Who is no member of a public one looks in; posting joins.
#[handler]
pub async fn chatroom(request: &Request, doors: Data<&Doors>, name: Path<String>) -> Answer<Response> {
    let (opening, actor) = Opening::signed_in(request, &doors)?;
    let service = Arc::clone(&doors.service);
    let room = service.find_room(actor, &name)?.room.id;
    let dialect = Arc::new(RoomDialect::new());
    let open = service.open_room_socket(actor, room, dialect, opening.outbox(), Greeting::Counts)?;
    Ok(opening.run(Chatroom { actor, room, socket: SocketGuard::new(service, open) }))
}

struct Chatroom {
    actor: Actor,
    room: RoomId,
    socket: SocketGuard,
}

impl Handler for Chatroom {
    fn text(&mut self, text: String) -> Option<Reply> {
        let body = match parse(&text) {
            Ok(body) => body,
            Err(error) => return Some(Box::pin(std::future::ready(Some(error_frame(&error))))),
        };
        let (service, actor, room) = (Arc::clone(self.socket.service()), self.actor, self.room);
        // Posted, a message is heard like everybody else's; only refusals are answered.
        Some(Box::pin(async move {
            let draft = Draft { text: Some(body), ..Draft::default() };
            service.post(actor, room, draft).await.err().map(|error| error_frame(&error))
        }))
    }

    fn binary(&mut self) -> Option<Bytes> {
        Some(error_frame(&Error::bad_request("Send text frames with JSON; binary frames are not understood.")))
    }

    fn too_many(&self) -> Option<Bytes> {
        Some(error_frame(&Error::too_many_frames()))
    }

    fn closed(&mut self) {}
}
