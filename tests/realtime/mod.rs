//! What the event stream and the sockets of the documented doors promise.

mod channels;
mod commands;
mod community;
mod events;
mod handshake;
mod limits;
mod live;
mod marketplace;
mod marketplace_private;
mod marketplace_refusals;
mod marketplace_transcript;
mod one_room;
mod presence;
mod recruiting;
mod resume;
mod salons;
mod snapshot;
mod subscriptions;
