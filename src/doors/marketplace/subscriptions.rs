//! The sockets that tell of invitations and of seats as they change: quiet until they are subscribed.

use super::{
    invitations::SalonInvitation,
    seats::SalonRole,
    socket_frames::{Action, Told, encode, not_an_action},
};
use crate::{
    doors::shared::{Answer, Doors, Opening, SocketGuard},
    model::{Error, Live, Position, RequestId},
    socket::{Dialect, Handler, Reply},
};
use bytes::Bytes;
use poem::{Request, Response, handler, web::Data};
use std::sync::Arc;

/// What a socket tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Topic {
    Invitations,
    Seats,
}

impl Topic {
    const fn word(self) -> &'static str {
        match self {
            Self::Invitations => "invitations",
            Self::Seats => "seats",
        }
    }

    /// The actions that subscribe. The documents name the first; the others say what is meant.
    const fn subscribes(self) -> &'static [&'static str] {
        match self {
            Self::Invitations => &["subscribe_to_join_requests"],
            Self::Seats => &["subscribe_to_join_requests", "subscribe_to_salon_role", "subscribe_to_salon_roles"],
        }
    }
}

/// Nothing is told before somebody subscribes.
struct Quiet;

impl Dialect for Quiet {
    fn name(&self) -> &str {
        "quiet"
    }

    fn encode(&self, _: &Live, _: Option<Position>) -> Option<Bytes> {
        None
    }
}

/// What is told carries the subscription's request id, so there is a dialect for each.
struct Subscribed {
    topic: Topic,
    request_id: Option<RequestId>,
    name: String,
}

impl Subscribed {
    fn new(topic: Topic, request_id: Option<RequestId>) -> Self {
        let id = request_id.as_ref().map_or("", RequestId::as_json);
        Self { topic, name: format!("{} {id}", topic.word()), request_id }
    }

    fn told(&self, action: &str, data: impl serde::Serialize) -> Bytes {
        let request_id = self.request_id.as_ref();
        encode(&Told { action, request_id, response_status: 200, errors: [], data })
    }
}

impl Dialect for Subscribed {
    fn name(&self) -> &str {
        &self.name
    }

    fn encode(&self, live: &Live, _: Option<Position>) -> Option<Bytes> {
        match (self.topic, live) {
            (Topic::Invitations, Live::InvitationCreated(card)) => {
                Some(self.told("create", SalonInvitation::from(card.invitation.clone())))
            }
            (Topic::Invitations, Live::InvitationUpdated(card)) => {
                Some(self.told("update", SalonInvitation::from(card.invitation.clone())))
            }
            (Topic::Invitations, Live::InvitationDeleted(card)) => {
                Some(self.told("delete", SalonInvitation::from(card.invitation.clone())))
            }
            (Topic::Seats, Live::SeatFilled(card)) => Some(self.told("create", SalonRole::from(card.seat.clone()))),
            (Topic::Seats, Live::SeatVacated(card)) => Some(self.told("delete", SalonRole::from(card.seat.clone()))),
            _ => None,
        }
    }
}

/// `GET /api/invitation_to_auto_salon` with an upgrade.
#[handler]
pub async fn invitations_socket(request: &Request, doors: Data<&Doors>) -> Answer<Response> {
    open(request, &doors, Topic::Invitations)
}

/// `GET /api/salon_role` with an upgrade.
#[handler]
pub async fn seats_socket(request: &Request, doors: Data<&Doors>) -> Answer<Response> {
    open(request, &doors, Topic::Seats)
}

fn open(request: &Request, doors: &Doors, topic: Topic) -> Answer<Response> {
    let (opening, actor) = Opening::signed_in(request, doors)?;
    let service = Arc::clone(&doors.service);
    let open = service.open_person_socket(actor, Arc::new(Quiet), opening.outbox())?;
    Ok(opening.run(Subscriber { topic, socket: SocketGuard::new(service, open) }))
}

struct Subscriber {
    topic: Topic,
    socket: SocketGuard,
}

impl Subscriber {
    /// The answer to a frame; `None` when it is on its way already.
    fn answer(&self, text: &str) -> Option<Bytes> {
        let action = match Action::parse(text) {
            Ok(action) => action,
            Err(answer) => return Some(answer),
        };
        if !self.topic.subscribes().contains(&action.action.as_str()) {
            return Some(action.unknown(self.topic.subscribes()[0]));
        }
        let subscribed = Arc::new(Subscribed::new(self.topic, action.request_id));
        let answer = subscribed.told(&action.action, None::<()>);
        // It must not be overtaken by what is told from now on.
        self.socket.service().speak(self.socket.open(), subscribed, answer);
        None
    }
}

impl Handler for Subscriber {
    fn text(&mut self, text: String) -> Option<Reply> {
        Some(Box::pin(std::future::ready(self.answer(&text))))
    }

    fn binary(&mut self) -> Option<Bytes> {
        Some(not_an_action(&Error::bad_request("Send text frames with JSON; binary frames are not understood.")))
    }

    fn too_many(&self) -> Option<Bytes> {
        Some(not_an_action(&Error::throttled(1)))
    }

    fn closed(&mut self) {}
}
