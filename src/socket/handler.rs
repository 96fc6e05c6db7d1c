//! What a door supplies to a session, and what it learns at the end.

use bytes::Bytes;

use crate::hub::CloseCode;

pub use super::replies::Reply;

/// What a door does with what a peer says. Frames it gives are encoded (`frame::text`).
pub trait Handler: Send + Unpin {
    /// A text came. The reply's first poll happens at once and in order of arrival, so a write that it queues keeps the
    /// order of requests; replies go out in that order too.
    fn text(&mut self, text: String) -> Option<Reply>;
    /// A binary message came; it was not kept. What is given is sent as the reply.
    fn binary(&mut self) -> Option<Bytes>;
    /// The peer sends too much and is about to be closed with 1008; what is given is sent before.
    fn too_many(&self) -> Option<Bytes>;
    /// The session is over, in whatever way. Called once.
    fn closed(&mut self);
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The peer closed, with its code if it gave one.
    PeerClosed(Option<CloseCode>),
    /// We closed, with this code.
    Closed(CloseCode),
    /// The connection broke or ended without a close frame.
    Lost,
    /// Nothing came after two pings.
    Silent,
    /// A write made no progress for too long.
    Stalled,
}
