//! Who came and who went. A person counts, not their sockets; going is only believed after a moment, so that a page
//! that reloads does not flicker.

use crate::model::{AccountId, Live};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// How long somebody without a socket still counts as online.
const LINGER: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(super) struct Presence {
    came: BTreeSet<AccountId>,
    lingering: BTreeMap<AccountId, Instant>,
}

impl Presence {
    /// The first socket of a person was opened.
    pub fn came(&mut self, account: AccountId) {
        if self.lingering.remove(&account).is_none() {
            self.came.insert(account);
        }
    }

    /// The last socket of a person was closed.
    pub fn went(&mut self, account: AccountId, now: Instant) {
        self.lingering.insert(account, now + LINGER);
    }

    pub fn is_lingering(&self, account: AccountId) -> bool {
        self.lingering.contains_key(&account)
    }

    pub fn lingering(&self) -> impl Iterator<Item = AccountId> {
        self.lingering.keys().copied()
    }

    /// What everyone is to be told, if anything.
    pub fn changes(&mut self, now: Instant) -> Option<Live> {
        let gone: Vec<_> =
            self.lingering.iter().filter(|(_, until)| **until <= now).map(|(account, _)| *account).collect();
        for account in &gone {
            self.lingering.remove(account);
        }
        let came = std::mem::take(&mut self.came);
        // Nobody heard of those who came and went in between.
        let online: Vec<_> = came.iter().filter(|account| !gone.contains(account)).copied().collect();
        let offline: Vec<_> = gone.into_iter().filter(|account| !came.contains(account)).collect();
        (!online.is_empty() || !offline.is_empty()).then_some(Live::Presence { online, offline })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn going_is_believed_after_a_moment_and_coming_back_is_silent() {
        let (mut presence, anna, start) = (Presence::default(), AccountId::new(), Instant::now());
        presence.came(anna);
        assert_eq!(presence.changes(start), Some(Live::Presence { online: vec![anna], offline: vec![] }));
        presence.went(anna, start);
        assert_eq!(presence.changes(start), None);
        presence.came(anna);
        assert_eq!(presence.changes(start + LINGER * 2), None);
        presence.went(anna, start);
        assert_eq!(presence.changes(start + LINGER), Some(Live::Presence { online: vec![], offline: vec![anna] }));
        assert!(!presence.is_lingering(anna));
    }
}
