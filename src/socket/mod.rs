//! Plumbing of WebSockets: the handshake, the frames of RFC 6455 and one session per socket.
//!
//! Frames are ours so that one event is encoded once and its bytes are shared by all who hear it. Nothing here knows what the
//! texts mean, who is connected or what is stored; a door gives a `Handler` and the hub pushes into the `Outbox`.

pub mod frame;
mod handler;
pub mod handshake;
mod heartbeat;
mod limits;
mod rate;
pub mod reader;
mod replies;
pub mod session;
mod writer;

/// What a door gives to the hub with a socket.
pub use crate::hub::{CloseCode, Dialect, HEARTBEAT_SECS, Outbox, OutboxLimits};
pub use handler::{Ended, Handler, Reply};
pub use handshake::{Handshake, HandshakeError};
pub use limits::SocketLimits;
pub use session::run;
