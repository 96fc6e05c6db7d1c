//! The WebSocket plumbing over real connections: an independent client for what is allowed, raw bytes for what is not.

mod cases;
mod doors;
mod raw;
mod rfc;
mod sessions;
mod slow;
mod world;
