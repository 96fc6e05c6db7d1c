//! What happened: the only truth. Everything else is derived from these.

use super::{
    Account, AccountChange, AccountId, File, FileId, Invitation, InviteCode, InviteCodeId, Membership, Message,
    MessageCard, MessageId, Notification, NotificationId, RequestId, Room, RoomId, Salon, SalonId, SalonLogLine, Seat,
    Session, SessionId, Timestamp,
};
use serde::{Deserialize, Serialize};

/// One mutation: all of its events happen, or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// After that of every entry before it. While the clock is behind what was written before, this is ahead of the clock
    /// and of the times in the events.
    pub at: Timestamp,
    /// Who did it; `None` for Parlor itself and the operator on the command line.
    pub actor: Option<AccountId>,
    pub events: Vec<Event>,
}

/// An effect, stated absolutely, so that applying it needs no decision and applying a superseded one harms nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    AccountRegistered(Account),
    AccountChanged {
        account: Account,
        change: AccountChange,
    },
    SessionStarted(Session),
    SessionRefreshed {
        session: SessionId,
        generation: u64,
        at: Timestamp,
        expires_at: Timestamp,
    },
    SessionEnded {
        session: SessionId,
        account: AccountId,
    },
    InviteCodeSaved(InviteCode),
    InviteCodeRemoved {
        code: InviteCodeId,
    },
    RoomOpened(Room),
    RoomChanged(Room),
    RoomDeleted {
        room: RoomId,
    },
    MemberJoined(Membership),
    MemberChanged(Membership),
    MemberLeft {
        room: RoomId,
        account: AccountId,
    },
    MessagePosted(Message),
    MessageEdited {
        room: RoomId,
        seq: u64,
        message: MessageId,
        body: String,
        at: Timestamp,
    },
    MessageRetracted {
        room: RoomId,
        seq: u64,
        message: MessageId,
        by: AccountId,
        at: Timestamp,
    },
    ReadMarkMoved {
        room: RoomId,
        account: AccountId,
        seq: u64,
        at: Timestamp,
    },
    FileStored(File),
    FileRemoved {
        file: FileId,
    },
    SalonOpened(Salon),
    SalonChanged(Salon),
    SalonDeleted {
        salon: SalonId,
    },
    SeatFilled(Seat),
    /// `seen_by` could see the seat until then, the holder among them.
    SeatVacated {
        seat: Seat,
        seen_by: Vec<AccountId>,
    },
    InvitationMade(Invitation),
    InvitationDecided(Invitation),
    /// `seen_by` could see it until then.
    InvitationRemoved {
        invitation: Invitation,
        seen_by: Vec<AccountId>,
    },
    SalonLogged(SalonLogLine),
    NotificationRaised(Notification),
    NotificationSeen {
        account: AccountId,
        notification: NotificationId,
    },
    /// Somebody came into a room: what was said up to here is not unread for them.
    HistorySkipped {
        room: RoomId,
        account: AccountId,
        seq: u64,
    },
}

/// What sockets are told beside an event, and nobody ever keeps.
#[derive(Clone, Debug, PartialEq)]
pub enum Aside {
    /// What the author's client called the request that posted the message.
    Requested { message: MessageId, request_id: RequestId },
    /// A message as it was before it was retracted.
    Retracted(Box<MessageCard>),
}
