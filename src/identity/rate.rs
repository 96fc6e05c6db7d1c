//! Owns rate limits: how often something may happen for one key (an address, a person). Memory is bounded, time is the
//! steady clock's and is passed in. A limit is a bucket of tokens that refills evenly, kept as one instant per key.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// So many at once, and then one for each `refill`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub burst: u32,
    pub refill: Duration,
}

impl Quota {
    /// `count` (at least one) in any stretch of `window` after a burst of as many.
    pub fn per(window: Duration, count: u32) -> Self {
        let burst = count.max(1);
        Self { burst, refill: window / burst }
    }
}

/// One key's bucket: the instant at which it is full again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    full_at: Instant,
}

impl Bucket {
    pub(super) fn full(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// How long until there is a token; zero if there is one.
    pub(super) fn wait(&self, quota: Quota, now: Instant) -> Duration {
        let after_taking = self.full_at.saturating_duration_since(now) + quota.refill;
        after_taking.saturating_sub(quota.refill * quota.burst)
    }

    pub(super) fn take(&mut self, quota: Quota, now: Instant) {
        self.full_at = self.full_at.max(now) + quota.refill;
    }

    pub(super) fn give_back(&mut self, quota: Quota) {
        self.full_at = self.full_at.checked_sub(quota.refill).unwrap_or(self.full_at);
    }
}

/// A map that forgets what was not touched for long once it is full: two generations, of which the older one goes.
pub(super) struct RecentMap<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    max_young: usize,
}

impl<K: Eq + Hash, V> RecentMap<K, V> {
    pub(super) fn new(max_keys: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), max_young: (max_keys / 2).max(1) }
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.young.get_mut(key).or_else(|| self.old.get_mut(key))
    }

    pub(super) fn get_or_insert(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        if self.young.len() >= self.max_young && !self.young.contains_key(&key) {
            let forgotten = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
            drop(forgotten);
        }
        let old = &mut self.old;
        self.young.entry(key).or_insert_with_key(|key| old.remove(key).unwrap_or_else(make))
    }

    pub(super) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

/// The same quota for each key.
pub struct RateLimit<K> {
    quota: Quota,
    buckets: Mutex<RecentMap<K, Bucket>>,
}

impl<K: Eq + Hash> RateLimit<K> {
    /// Remembers at most `max_keys` keys; beyond that, those longest untouched start anew.
    pub fn new(quota: Quota, max_keys: usize) -> Self {
        Self { quota, buckets: Mutex::new(RecentMap::new(max_keys)) }
    }

    /// Takes one token for `key`. The error says after how many seconds there is one again, at least one.
    pub fn take(&self, key: K, now: Instant) -> Result<(), u64> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.get_or_insert(key, || Bucket::full(now));
        let wait = bucket.wait(self.quota, now);
        if !wait.is_zero() {
            return Err(whole_secs(wait));
        }
        bucket.take(self.quota, now);
        Ok(())
    }
}

/// Seconds for `Retry-After`: rounded up, so that who waits them is not refused again.
pub(super) fn whole_secs(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// What counts as one address: of IPv6 the network of /64, since one subscriber has all of it.
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_burst_passes_and_then_the_steady_rate() {
        let (limit, start) = (RateLimit::new(Quota::per(MINUTE, 6), 100), Instant::now());
        for _ in 0..6 {
            assert_eq!(limit.take("anna", start), Ok(()));
        }
        assert_eq!(limit.take("anna", start), Err(10));
        assert_eq!(limit.take("boris", start), Ok(()));
        assert_eq!(limit.take("anna", start + Duration::from_millis(9_001)), Err(1));
        assert_eq!(limit.take("anna", start + Duration::from_secs(10)), Ok(()));
        assert_eq!(limit.take("anna", start + Duration::from_secs(10)), Err(10));
        let later = start + 10 * MINUTE;
        assert_eq!((0..10).filter(|_| limit.take("anna", later).is_ok()).count(), 6, "never more than the burst");
    }

    #[test]
    fn waiting_as_told_is_enough() {
        let (limit, mut now) =
            (RateLimit::new(Quota { burst: 3, refill: Duration::from_millis(700) }, 100), Instant::now());
        for _ in 0..50 {
            if let Err(secs) = limit.take((), now) {
                now += Duration::from_secs(secs);
                assert_eq!(limit.take((), now), Ok(()));
            }
        }
    }

    #[test]
    fn memory_is_bounded_and_the_busy_are_remembered() {
        let (limit, now) = (RateLimit::new(Quota::per(MINUTE, 1), 1_000), Instant::now());
        assert!(limit.take(0, now).is_ok());
        for key in 1..20_000 {
            assert!(limit.take(key, now).is_ok());
            assert!(limit.take(0, now).is_err(), "touched all the time");
        }
        assert!(limit.buckets.lock().unwrap().len() <= 1_000);
    }

    #[test]
    fn one_subscriber_is_one_address() {
        let table = [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
            ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ];
        for (address, network) in table {
            assert_eq!(network_of(address.parse().unwrap()), network.parse::<IpAddr>().unwrap());
        }
    }
}
