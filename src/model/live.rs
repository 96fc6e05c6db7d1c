//! What sockets are told.

use super::{AccountId, MemberCard, MessageCard, MessageId, PersonCard, RoomCard, RoomId};
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
    MessageCreated(MessageCard),
    MessageUpdated(MessageCard),
    MessageDeleted(MessageCard),
    Typing {
        room: RoomId,
        account: AccountId,
        typing: bool,
    },
    /// Somebody has read everything up to this message.
    MessageRead {
        room: RoomId,
        account: AccountId,
        message: MessageId,
        read_seq: u64,
    },
    /// One's own read mark moved, perhaps in another window.
    Unread {
        room: RoomId,
        read_seq: u64,
        unread: u64,
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
