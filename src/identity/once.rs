//! Owns the memory of what was used up: a token with an id in here was good once and is no longer.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use uuid::Uuid;

/// So many ids are remembered for one lifetime; what comes on top is refused rather than something forgotten.
const MAX_IDS: usize = 100_000;

/// Remembers ids of single-use tokens for at least as long as such a token can live.
pub struct OneTime {
    ttl: Duration,
    spent: Mutex<Spent>,
}

/// Two generations, so that forgetting costs nothing: an id is dropped when its generation has been the older one for
/// a whole lifetime.
#[derive(Default)]
struct Spent {
    young: HashSet<Uuid>,
    old: HashSet<Uuid>,
    young_since: Option<Instant>,
}

impl OneTime {
    /// For tokens that live at most `ttl`. Time is that of the machine's steady clock: add what the wall clock may be
    /// set back by.
    pub fn new(ttl: Duration) -> Self {
        Self { ttl, spent: Mutex::default() }
    }

    /// Uses the id up. False if that was done before.
    pub fn spend(&self, id: Uuid, now: Instant) -> bool {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let age = now.saturating_duration_since(*spent.young_since.get_or_insert(now));
        if age >= self.ttl {
            let young = std::mem::take(&mut spent.young);
            spent.old = if age >= self.ttl * 2 { HashSet::new() } else { young };
            spent.young_since = Some(now);
        }
        spent.young.len() < MAX_IDS && !spent.old.contains(&id) && spent.young.insert(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(30);

    #[test]
    fn an_id_is_good_once_in_its_lifetime() {
        let start = Instant::now();
        // Wherever in a generation the id was spent, it is known for a whole lifetime.
        for spent_after_secs in 0..60 {
            let (once, id) = (OneTime::new(TTL), Uuid::new_v4());
            assert!(once.spend(Uuid::new_v4(), start));
            let spent_at = start + Duration::from_secs(spent_after_secs);
            assert!(once.spend(id, spent_at));
            for secs in 0..30 {
                once.spend(Uuid::new_v4(), spent_at + Duration::from_secs(secs));
                assert!(!once.spend(id, spent_at + Duration::from_secs(secs)));
            }
        }
    }

    #[test]
    fn old_ids_are_forgotten() {
        let (once, start) = (OneTime::new(TTL), Instant::now());
        for minute in 0..100_u64 {
            for _ in 0..100 {
                assert!(once.spend(Uuid::new_v4(), start + Duration::from_secs(60 * minute)));
            }
        }
        let spent = once.spent.lock().unwrap();
        assert!(spent.young.len() + spent.old.len() <= 200);
    }

    #[test]
    fn a_flood_is_refused_and_nothing_forgotten() {
        let (once, now, first) = (OneTime::new(TTL), Instant::now(), Uuid::new_v4());
        assert!(once.spend(first, now));
        let taken = (0..MAX_IDS).filter(|_| once.spend(Uuid::new_v4(), now)).count();
        assert_eq!(taken, MAX_IDS - 1);
        assert!(!once.spend(first, now));
    }

    #[test]
    fn of_many_at_once_one_wins() {
        let (once, id, now) = (OneTime::new(TTL), Uuid::new_v4(), Instant::now());
        let wins = std::thread::scope(|scope| {
            let spenders: Vec<_> = (0..10).map(|_| scope.spawn(|| once.spend(id, now))).collect();
            spenders.into_iter().filter_map(|spender| spender.join().ok()).filter(|&won| won).count()
        });
        assert_eq!(wins, 1);
    }
}
