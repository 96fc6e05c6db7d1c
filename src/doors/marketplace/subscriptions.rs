//! The sockets that tell of invitations and of seats as they change: quiet until they are subscribed.

use super::{
    invitations::SalonInvitation,
    seats::SalonRole,
    socket_frames::{Action, Invalid, Refused, SubscriptionMade, Told, encode, not_an_action},
};
use crate::{
    doors::shared::{Answer, Channel, Doors, EchoedId, Frame, Opening, SocketGuard, echoed_id},
    model::{Error, Live, Position, RequestId},
    socket::{Dialect, Handler, Reply},
};
use bytes::Bytes;
use poem::{Request, Response, handler, web::Data};
use poem_openapi::{
    Object, Union,
    types::{ParseFromJSON, ToJSON},
};
use serde::Serialize;
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

    fn told<T: ParseFromJSON + ToJSON + Send + Sync + Serialize>(&self, action: &str, data: T) -> Bytes {
        let (action, request_id) = (action.to_owned(), self.request_id());
        encode(&Told { action, request_id, response_status: 200, errors: vec![], data })
    }

    fn made(&self, action: String) -> Bytes {
        let request_id = self.request_id();
        encode(&SubscriptionMade { action, request_id, response_status: 200, errors: vec![], data: None })
    }

    fn request_id(&self) -> Option<EchoedId> {
        echoed_id(self.request_id.as_ref())
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

/// What subscribes, as it is documented.
#[derive(Union)]
#[oai(discriminator_name = "action")]
enum MarketSubscribing {
    #[oai(mapping = "subscribe_to_join_requests")]
    Subscribe(MarketSubscribe),
}

/// Hear of changes from now on.
#[derive(Object)]
struct MarketSubscribe {
    /// A number or a text; all that is told carries it.
    request_id: Option<EchoedId>,
}

/// The two sockets as they are documented.
pub(super) fn channels() -> [Channel; 2] {
    let subscription = |name, prefix, address, description, change| Channel {
        name,
        prefix,
        address,
        description,
        parameter: None,
        said: vec![Frame::any_of::<MarketSubscribing>()],
        heard: vec![
            Frame::of::<SubscriptionMade>("subscribed"),
            change,
            Frame::of::<Refused>("refused"),
            Frame::any_of::<Invalid>(),
        ],
    };
    [
        subscription(
            "marketplaceInvitations",
            "invitations_",
            "/api/invitation_to_auto_salon/",
            "Invitations as they change: one's own, and those of salons where one is superuser or admin. Quiet until it is \
                subscribed.",
            Frame::of::<Told<SalonInvitation>>("changed"),
        ),
        subscription(
            "marketplaceSeats",
            "seats_",
            "/api/salon_role/",
            "Seats as they change, of the salons in which one holds a seat. Quiet until it is subscribed; \
                `subscribe_to_salon_role` and `subscribe_to_salon_roles` do the same.",
            Frame::of::<Told<SalonRole>>("changed"),
        ),
    ]
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
        let answer = subscribed.made(action.action);
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
        Some(not_an_action(&Error::too_many_frames()))
    }

    fn closed(&mut self) {}
}
