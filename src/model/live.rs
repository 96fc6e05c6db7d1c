//! What sockets are told.

use super::{
    AccountId, InvitationCard, MemberCard, MessageCard, MessageId, NotificationCard, NotificationId, PersonCard,
    RoomCard, RoomId, SalonCard, SalonId, SeatCard,
};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::{fmt, str::FromStr, sync::Arc};
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

/// What a client called a request, echoed as it was written: a text or a number of at most 128 bytes.
#[derive(Clone, Debug)]
pub struct RequestId(Arc<RawValue>);

impl RequestId {
    const BYTES_MAX: usize = 128;

    /// Accepts what a client sent, if it has the right form. Everybody who hears it must be able to read it.
    pub fn new(written: &RawValue) -> Option<Self> {
        let json = written.get();
        let fits = match json.starts_with('"') {
            true => serde_json::from_str::<String>(json).is_ok_and(|text| text.len() <= Self::BYTES_MAX),
            false => json.len() <= Self::BYTES_MAX && serde_json::from_str::<f64>(json).is_ok(),
        };
        fits.then(|| Self(written.to_owned().into()))
    }

    /// As the client wrote it, in JSON.
    pub fn as_json(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for RequestId {
    fn eq(&self, other: &Self) -> bool {
        self.as_json() == other.as_json()
    }
}

impl Serialize for RequestId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
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
    fn request_ids_are_texts_and_numbers_as_they_were_written() {
        let longest = format!("\"{}\"", "x".repeat(128));
        let digits = "9".repeat(128);
        for json in ["1e2", "1.0", "-0", "36893488147419103232", r#""a\u0062\/""#, r#""""#, r#""ж""#, &longest, &digits]
        {
            let id = RequestId::new(serde_json::from_str(json).unwrap()).unwrap_or_else(|| panic!("{json}"));
            assert_eq!(serde_json::to_string(&id).unwrap(), json);
            assert_eq!(serde_json::to_string(&Some(&id)).unwrap(), json);
        }
        let (too_long, too_many) = (format!("\"{}\"", "ж".repeat(65)), "9".repeat(129));
        for json in ["true", "null", "{}", "[1]", "1e999", r#""\ud800""#, &too_long, &too_many] {
            assert_eq!(RequestId::new(serde_json::from_str(json).unwrap()), None, "{json}");
        }
    }

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
