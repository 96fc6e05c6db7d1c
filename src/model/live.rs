//! What sockets are told.

use super::{
    AccountId, InvitationCard, MemberCard, MessageCard, MessageId, NotificationCard, NotificationId, PersonCard,
    RoomCard, RoomId, SalonCard, SalonId, SeatCard,
};
use serde_json::Value;
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Something a socket can be told. Each dialect has its own words for it, or leaves it out.
#[derive(Clone, Debug, PartialEq)]
pub enum Live {
    /// The first thing on an event stream.
    Hello {
        person: PersonCard,
        resumed: bool,
        online: Vec<AccountId>,
        heartbeat_secs: u64,
    },
    MessageCreated {
        card: MessageCard,
        /// What the author's client called its request; only in the moment of posting.
        request_id: Option<RequestId>,
    },
    MessageUpdated(MessageCard),
    MessageDeleted {
        /// What is left of it.
        card: MessageCard,
        /// As it was; only in the moment of deleting.
        before: Option<Box<MessageCard>>,
    },
    Typing {
        room: RoomId,
        account: AccountId,
        typing: bool,
        /// Everyone who types there now.
        typers: Vec<AccountId>,
    },
    /// Somebody has read everything up to this message, which is not their own.
    MessageRead {
        room: RoomId,
        account: AccountId,
        message: MessageId,
        read_seq: u64,
    },
    /// Somebody names a message as read that counted as read with a newer one; for dialects that speak of each.
    MessageReadToo {
        room: RoomId,
        account: AccountId,
        message: MessageId,
    },
    /// One's own read mark moved, perhaps in another window.
    Unread {
        room: RoomId,
        account: AccountId,
        /// The newest of others that was read, if it is still there.
        message: Option<MessageId>,
        read_seq: u64,
        unread: u64,
    },
    /// How many messages of a room each of these has not read, in the order of the accounts; each hears of their own.
    UnreadCounts {
        room: RoomId,
        counts: Vec<(AccountId, u64)>,
    },
    /// How many people have this room open.
    OnlineCount {
        room: RoomId,
        count: usize,
    },
    /// Somebody opened a room in the marketplace.
    Connected {
        room: RoomId,
        person: PersonCard,
    },
    Presence {
        online: Vec<AccountId>,
        offline: Vec<AccountId>,
    },
    RoomCreated(RoomCard),
    RoomUpdated(RoomCard),
    RoomDeleted {
        room: RoomId,
    },
    MemberJoined {
        room: RoomId,
        member: MemberCard,
    },
    MemberUpdated {
        room: RoomId,
        member: MemberCard,
    },
    MemberLeft {
        room: RoomId,
        account: AccountId,
    },
    PersonUpdated(PersonCard),
    SalonCreated(SalonCard),
    SalonUpdated(SalonCard),
    SalonDeleted {
        salon: SalonId,
    },
    SeatFilled(SeatCard),
    SeatVacated(SeatCard),
    InvitationCreated(InvitationCard),
    InvitationUpdated(InvitationCard),
    InvitationDeleted(InvitationCard),
    NotificationCreated(NotificationCard),
    NotificationSeen {
        notification: NotificationId,
    },
}

/// What a client called a request, echoed to it unchanged: a text of at most 128 bytes, or a number.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestId(Value);

impl RequestId {
    const BYTES_MAX: usize = 128;

    /// Accepts what a client sent, if it has the right form.
    pub fn new(value: Value) -> Option<Self> {
        let fits = match &value {
            Value::String(text) => text.len() <= Self::BYTES_MAX,
            Value::Number(_) => true,
            _ => false,
        };
        fits.then_some(Self(value))
    }

    /// As the client wrote it: a number stays a number.
    pub const fn value(&self) -> &Value {
        &self.0
    }
}

/// A place in the stream of what happened, from which a socket resumes: `<epoch>-<sequence>`, and `.<event>` after it
/// when the entry has more events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Changes when a data folder is restored from a backup, so that nobody resumes into another history.
    pub epoch: Uuid,
    /// Journal sequence.
    pub seq: u64,
    /// Event within the entry; `u32::MAX` for the last one.
    pub event: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch.simple(), self.seq)?;
        if self.event == u32::MAX { Ok(()) } else { write!(f, ".{}", self.event) }
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (epoch, place) = text.rsplit_once('-').ok_or(())?;
        let (seq, event) = match place.split_once('.') {
            Some((seq, event)) => (seq, event.parse().map_err(drop)?),
            None => (place, u32::MAX),
        };
        Ok(Self { epoch: Uuid::try_parse(epoch).map_err(drop)?, seq: seq.parse().map_err(drop)?, event })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_read_back() {
        for event in [0, 7, u32::MAX] {
            let position = Position { epoch: Uuid::now_v7(), seq: 42, event };
            assert_eq!(position.to_string().parse(), Ok(position));
        }
        for bad in ["", "-", "x-1", "1", "00000000000000000000000000000000-", "00000000000000000000000000000000--1"] {
            assert_eq!(bad.parse::<Position>(), Err(()), "{bad:?}");
        }
    }
}
