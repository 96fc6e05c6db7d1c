//! What people write, and how far they have read.

use super::{AccountId, ChatRole, ClientId, FileId, JobId, MessageId, RoomId, Timestamp};
use serde::{Deserialize, Serialize};

/// A message in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub id: MessageId,
    pub room: RoomId,
    /// Dense per room, from 1; the only order of messages.
    pub seq: u64,
    pub author: AccountId,
    /// The role that the author had when writing.
    pub author_role: ChatRole,
    /// Empty when there is only a file, and in a retracted message.
    pub body: String,
    pub file: Option<FileId>,
    pub job: Option<JobId>,
    pub reply_to: Option<MessageId>,
    pub client_id: Option<ClientId>,
    pub posted_at: Timestamp,
    pub edited_at: Option<Timestamp>,
    pub retracted: Option<Retraction>,
}

/// That a message was deleted, and by whom. Text and file are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retraction {
    pub by: AccountId,
    pub at: Timestamp,
}

/// How far somebody is in a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadMark {
    /// Nothing up to this sequence is unread: it was read, said by them or after it something was, or said before they came.
    pub seq: u64,
    /// Up to where they have really read; 0 for nothing. Never more than `seq`.
    pub read: u64,
    pub read_at: Timestamp,
}
