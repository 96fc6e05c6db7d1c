//! What the event stream and the sockets of the documented doors promise.

mod commands;
mod events;
mod handshake;
mod limits;
mod live;
mod presence;
mod recruiting;
mod resume;
mod snapshot;
