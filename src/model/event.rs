//! What happened: the only truth. Everything else is derived from these.

use super::{
    Account, AccountChange, AccountId, File, FileId, InviteCode, InviteCodeId, Membership, Message, MessageId, Room,
    RoomId, Session, SessionId, Timestamp,
};
use serde::{Deserialize, Serialize};

/// One mutation: all of its events happen, or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub at: Timestamp,
    /// Who did it; `None` for Parlor itself and the operator on the command line.
    pub actor: Option<AccountId>,
    pub events: Vec<Event>,
}

/// An effect, stated absolutely, so that applying it needs no decision and applying a superseded one harms nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    AccountRegistered(Account),
    AccountChanged { account: Account, change: AccountChange },
    SessionStarted(Session),
    SessionRefreshed { session: SessionId, generation: u64, at: Timestamp, expires_at: Timestamp },
    SessionEnded { session: SessionId, account: AccountId },
    InviteCodeSaved(InviteCode),
    InviteCodeRemoved { code: InviteCodeId },
    RoomOpened(Room),
    RoomChanged(Room),
    RoomDeleted { room: RoomId },
    MemberJoined(Membership),
    MemberChanged(Membership),
    MemberLeft { room: RoomId, account: AccountId },
    MessagePosted(Message),
    MessageEdited { room: RoomId, seq: u64, message: MessageId, body: String, at: Timestamp },
    MessageRetracted { room: RoomId, seq: u64, message: MessageId, by: AccountId, at: Timestamp },
    ReadMarkMoved { room: RoomId, account: AccountId, seq: u64, at: Timestamp },
    FileStored(File),
    FileRemoved { file: FileId },
}
