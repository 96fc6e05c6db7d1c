//! Opening a WebSocket at any door: the handshake and who it is, before anything else is asked; then the session.

use super::{
    Answer, Doors,
    handshake::{socket_actor, socket_visitor},
};
use crate::{
    http::problem::Problem,
    model::{Error, ErrorCode},
    service::{Actor, OpenSocket, Service, SocketError, Visitor},
    socket::{self, Handler, Handshake, HandshakeError, Outbox, OutboxLimits, SocketLimits},
};
use poem::{Request, Response};
use std::sync::Arc;

/// A handshake that was found good.
pub struct Opening {
    handshake: Handshake,
    protocol: Option<String>,
    outbox: Arc<Outbox>,
    limits: Arc<SocketLimits>,
}

impl Opening {
    /// Of somebody signed in who has not too many sockets open; anybody else is refused with a plain answer (contracts.md,
    /// "Opening a WebSocket") before a room is looked for, or made.
    pub fn signed_in(request: &Request, doors: &Doors) -> Answer<(Self, Actor)> {
        let handshake = Handshake::check(request).map_err(refused_handshake)?;
        let (actor, protocol) = socket_actor(doors, request, handshake.offered())?;
        doors.service.check_socket_place(Visitor::Person(actor))?;
        Ok((Self::new(handshake, protocol, doors, &doors.socket_limits), actor))
    }

    /// Of somebody signed in, or of a guest where guests are switched on; otherwise the same.
    pub fn visitor(request: &Request, doors: &Doors) -> Answer<(Self, Visitor)> {
        let handshake = Handshake::check(request).map_err(refused_handshake)?;
        let (visitor, protocol) = socket_visitor(doors, request, handshake.offered())?;
        doors.service.check_socket_place(visitor)?;
        let limits = match visitor {
            Visitor::Person(_) => &doors.socket_limits,
            Visitor::Guest(_) => &doors.guest_socket_limits,
        };
        Ok((Self::new(handshake, protocol, doors, limits), visitor))
    }

    fn new(handshake: Handshake, protocol: Option<String>, doors: &Doors, limits: &Arc<SocketLimits>) -> Self {
        let size_bytes = u32::try_from(doors.service.config().limits.outbox_bytes).unwrap_or(u32::MAX);
        let outbox = Arc::new(Outbox::new(OutboxLimits { size_bytes, ..OutboxLimits::default() }));
        Self { handshake, protocol, outbox, limits: Arc::clone(limits) }
    }

    /// Where what it hears is put.
    pub fn outbox(&self) -> Arc<Outbox> {
        Arc::clone(&self.outbox)
    }

    /// The answer that opens the socket.
    pub fn run<H: Handler + 'static>(self, handler: H) -> Response {
        let Self { handshake, protocol, outbox, limits } = self;
        handshake.accept(protocol.as_deref(), move |upgraded| socket::run(upgraded, outbox, handler, limits))
    }
}

fn refused_handshake(error: HandshakeError) -> Problem {
    let problem = Problem::new(error.status(), "bad_handshake", error.to_string());
    if error == HandshakeError::Method { problem.allowing("GET") } else { problem }
}

impl From<SocketError> for Problem {
    fn from(error: SocketError) -> Self {
        match error {
            SocketError::Refused(error) => error.into(),
            SocketError::TooManySockets => Error {
                code: ErrorCode::Throttled,
                retry_after_secs: Some(5),
                ..Error::bad_request("You have too many sockets open. Close some windows.")
            }
            .into(),
        }
    }
}

/// A socket that is closed at the service when its handler goes.
pub struct SocketGuard {
    service: Arc<Service>,
    open: OpenSocket,
}

impl SocketGuard {
    /// Answers for an open socket.
    pub const fn new(service: Arc<Service>, open: OpenSocket) -> Self {
        Self { service, open }
    }

    /// The verbs.
    pub const fn service(&self) -> &Arc<Service> {
        &self.service
    }

    /// The socket.
    pub const fn open(&self) -> OpenSocket {
        self.open
    }
}

impl Drop for SocketGuard {
    fn drop(&mut self) {
        self.service.close_socket(self.open);
    }
}
