//! What the event stream promises.

mod commands;
mod events;
mod handshake;
mod limits;
mod presence;
mod recruiting;
mod resume;
mod snapshot;
