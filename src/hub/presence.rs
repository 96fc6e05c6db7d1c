//! Who came and who went. A person counts, not their sockets; going is only believed after a moment, so that a page
//! that reloads does not flicker.

use crate::model::{AccountId, RoomId};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// How long somebody without a socket still counts as online.
const LINGER: Duration = Duration::from_secs(5);

/// Somebody whose last socket was closed.
struct Lingering {
    until: Instant,
    /// Where they were heard of.
    rooms: Vec<RoomId>,
}

#[derive(Default)]
pub(super) struct Presence {
    came: BTreeSet<AccountId>,
    lingering: BTreeMap<AccountId, Lingering>,
}

/// What changed since the last time.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    pub came: Vec<AccountId>,
    /// With the rooms they were in.
    pub went: Vec<(AccountId, Vec<RoomId>)>,
}

impl Presence {
    /// The first socket of a person was opened.
    pub fn came(&mut self, account: AccountId) {
        if self.lingering.remove(&account).is_none() {
            self.came.insert(account);
        }
    }

    /// The last socket of a person was closed.
    pub fn went(&mut self, account: AccountId, rooms: Vec<RoomId>, now: Instant) {
        self.lingering.insert(account, Lingering { until: now + LINGER, rooms });
    }

    pub fn is_lingering(&self, account: AccountId) -> bool {
        self.lingering.contains_key(&account)
    }

    pub fn lingering(&self) -> impl Iterator<Item = AccountId> {
        self.lingering.keys().copied()
    }

    /// What is to be told. Nobody heard of those who came and went in between.
    pub fn changes(&mut self, now: Instant) -> Changes {
        let gone = |lingering: &Lingering| lingering.until <= now;
        let gone: Vec<_> =
            self.lingering.iter().filter(|(_, entry)| gone(entry)).map(|(account, _)| *account).collect();
        let mut came = std::mem::take(&mut self.came);
        let mut went = Vec::new();
        for account in gone {
            let rooms = self.lingering.remove(&account).map(|entry| entry.rooms).unwrap_or_default();
            if !came.remove(&account) {
                went.push((account, rooms));
            }
        }
        Changes { came: came.into_iter().collect(), went }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn going_is_believed_after_a_moment_and_coming_back_is_silent() {
        let (mut presence, anna, start) = (Presence::default(), AccountId::new(), Instant::now());
        presence.came(anna);
        assert_eq!(presence.changes(start), Changes { came: vec![anna], went: vec![] });
        presence.went(anna, vec![], start);
        assert_eq!(presence.changes(start), Changes::default());
        presence.came(anna);
        assert_eq!(presence.changes(start + LINGER * 2), Changes::default());
        presence.went(anna, vec![], start);
        assert_eq!(presence.changes(start + LINGER), Changes { came: vec![], went: vec![(anna, vec![])] });
        assert!(!presence.is_lingering(anna));
        presence.came(anna);
        presence.went(anna, vec![], start);
        assert_eq!(presence.changes(start + LINGER), Changes::default());
    }
}
