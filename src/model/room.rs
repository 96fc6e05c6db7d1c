//! Rooms and who is in them.

use super::{AccountId, RoomId, SalonId, Timestamp};
use serde::{Deserialize, Serialize};

/// A place where people talk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    pub id: RoomId,
    pub kind: RoomKind,
    /// Unique among public rooms (without regard to case); `None` in direct rooms and where nobody gave one.
    pub name: Option<String>,
    pub topic: String,
    /// `None` for rooms that Parlor made itself.
    pub created_by: Option<AccountId>,
    pub created_at: Timestamp,
    /// Readable, but nobody posts any more.
    pub archived: bool,
}

/// What a room is for. It never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoomKind {
    /// Anyone signed in may find, watch and join it.
    Public,
    /// Seen by its members only; members invite others.
    Private,
    /// The one room of exactly these two people, smaller id first.
    Direct(AccountId, AccountId),
    /// One recruiter and the clients.
    Recruiting { recruiter: AccountId },
    /// The room of a salon's seat holders: they are its members, always.
    Staff(SalonId),
}

impl RoomKind {
    /// The word used on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Direct(..) => "direct",
            Self::Recruiting { .. } => "recruiting",
            Self::Staff(_) => "staff",
        }
    }

    /// The direct room of these two, whoever is named first.
    pub fn direct(one: AccountId, other: AccountId) -> Self {
        Self::Direct(one.min(other), one.max(other))
    }
}

/// That somebody is in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub room: RoomId,
    pub account: AccountId,
    pub role: RoomRole,
    pub joined_at: Timestamp,
}

/// What a member may do in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoomRole {
    Owner,
    Member,
}

impl RoomRole {
    /// The word used on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Member => "member",
        }
    }
}

/// What changes with every message, kept apart from the room so that posting rewrites little.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomHead {
    /// Sequence of the newest message, 0 in an empty room; sequences are dense and start at 1.
    pub last_seq: u64,
    pub member_count: u32,
}
