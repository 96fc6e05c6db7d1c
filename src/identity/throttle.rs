//! Owns the throttle of sign-in attempts. Three counters see each attempt: the account from this address, the address
//! over all accounts, and the account over all addresses that it is not known to use.
//!
//! An attack from many addresses must not lock the owner out. So the third counter does not look at an address from
//! which the account was signed in to lately; and once it is used up, each other address may still try once after a
//! fixed wait of its own, which nobody else can prolong.

use super::rate::{Bucket, Quota, RecentMap, network_of, whole_secs};
use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How many attempts may fail, and what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginLimits {
    /// For one account from one address.
    pub per_pair: Quota,
    /// From one address, whatever the account.
    pub per_address: Quota,
    /// For one account, from all addresses that it is not known to use.
    pub per_account: Quota,
    /// How long an address waits for its try at an account under attack.
    pub stranger_wait: Duration,
    /// For so long after a successful sign-in the account is known to use the address.
    pub known_for: Duration,
    /// Bound of each counter's memory; those longest untouched are forgotten first.
    pub max_keys: usize,
}

impl Default for LoginLimits {
    fn default() -> Self {
        let window = Duration::from_secs(180);
        Self {
            per_pair: Quota::per(window, 10),
            per_address: Quota::per(window, 90),
            per_account: Quota::per(window, 100),
            stranger_wait: Duration::from_secs(120),
            known_for: Duration::from_secs(30 * 86_400),
            max_keys: 100_000,
        }
    }
}

/// Counts sign-in attempts. An attempt counts as failed from its beginning until it is said to have succeeded, so many
/// at once cannot slip through.
pub struct LoginThrottle {
    limits: LoginLimits,
    hashing: RandomState,
    counters: Mutex<Counters>,
}

/// An attempt that may go on.
#[derive(Debug)]
#[must_use = "an attempt that succeeded must be reported, or it counts as failed"]
pub struct Attempt {
    pair: Pair,
    charge: Charge,
}

/// Whether an attempt took from the account's own counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Charge {
    Account,
    Nothing,
}

/// An account (hashed: what was typed may be long, or a password) and an address.
type Pair = (u64, IpAddr);

struct Counters {
    pairs: RecentMap<Pair, Bucket>,
    addresses: RecentMap<IpAddr, Bucket>,
    accounts: RecentMap<u64, Bucket>,
    /// When a stranger's own wait at an account under attack ends.
    turns: RecentMap<Pair, Instant>,
    /// Until when the account is known to use the address. Only success writes here, so failures cannot flood it.
    known: RecentMap<Pair, Instant>,
}

impl LoginThrottle {
    /// With nothing counted yet.
    pub fn new(limits: LoginLimits) -> Self {
        let counters = Counters {
            pairs: RecentMap::new(limits.max_keys),
            addresses: RecentMap::new(limits.max_keys),
            accounts: RecentMap::new(limits.max_keys),
            turns: RecentMap::new(limits.max_keys),
            known: RecentMap::new(limits.max_keys),
        };
        Self { limits, hashing: RandomState::new(), counters: Mutex::new(counters) }
    }

    /// May there be an attempt? To be asked before the password is looked at. `account` is the account's id as text,
    /// or, when there is no such account, what was typed, in one case. The error is the number of seconds to wait;
    /// refused attempts do not prolong it.
    pub fn attempt(&self, account: &str, address: IpAddr, now: Instant) -> Result<Attempt, u64> {
        let pair = (self.hashing.hash_one(account), network_of(address));
        let mut counters = self.lock();
        let charge = counters.admit(&self.limits, pair, now).map_err(whole_secs)?;
        Ok(Attempt { pair, charge })
    }

    /// The password was right: the pair starts anew, the address is known from now on, and nothing is held against it.
    pub fn succeeded(&self, attempt: Attempt, now: Instant) {
        let mut counters = self.lock();
        counters.give_back(&self.limits, &attempt);
        counters.pairs.remove(&attempt.pair);
        *counters.known.get_or_insert(attempt.pair, || now) = now + self.limits.known_for;
    }

    /// The password was never looked at, because the server was busy: the attempt does not count.
    pub fn withdraw(&self, attempt: Attempt) {
        self.lock().give_back(&self.limits, &attempt);
    }

    fn lock(&self) -> MutexGuard<'_, Counters> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counters {
    /// Counts the attempt, or says how long to wait and counts nothing.
    fn admit(&mut self, limits: &LoginLimits, pair: Pair, now: Instant) -> Result<Charge, Duration> {
        let address = pair.1;
        let wait_of = |bucket: Option<&Bucket>, quota| bucket.map_or(Duration::ZERO, |bucket| bucket.wait(quota, now));
        let own_wait = wait_of(self.addresses.get(&address), limits.per_address)
            .max(wait_of(self.pairs.get(&pair), limits.per_pair));
        if !own_wait.is_zero() {
            return Err(own_wait);
        }

        let charge = self.admit_to_account(limits, pair, now)?;
        self.addresses.get_or_insert(address, || Bucket::full(now)).take(limits.per_address, now);
        self.pairs.get_or_insert(pair, || Bucket::full(now)).take(limits.per_pair, now);
        Ok(charge)
    }

    fn admit_to_account(&mut self, limits: &LoginLimits, pair: Pair, now: Instant) -> Result<Charge, Duration> {
        if self.known.get(&pair).is_some_and(|&until| now < until) {
            return Ok(Charge::Nothing);
        }
        let quota = limits.per_account;
        if self.accounts.get(&pair.0).is_none_or(|bucket| bucket.wait(quota, now).is_zero()) {
            self.accounts.get_or_insert(pair.0, || Bucket::full(now)).take(quota, now);
            return Ok(Charge::Account);
        }
        let turn = *self.turns.get_or_insert(pair, || now + limits.stranger_wait);
        if now < turn {
            return Err(turn - now);
        }
        self.turns.remove(&pair);
        Ok(Charge::Nothing)
    }

    fn give_back(&mut self, limits: &LoginLimits, attempt: &Attempt) {
        let (account, address) = attempt.pair;
        if let Some(bucket) = self.addresses.get_mut(&address) {
            bucket.give_back(limits.per_address);
        }
        if let Some(bucket) = self.pairs.get_mut(&attempt.pair) {
            bucket.give_back(limits.per_pair);
        }
        if attempt.charge == Charge::Account
            && let Some(bucket) = self.accounts.get_mut(&account)
        {
            bucket.give_back(limits.per_account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn throttle() -> LoginThrottle {
        LoginThrottle::new(LoginLimits::default())
    }

    fn attacker(number: u16) -> IpAddr {
        let [high, low] = number.to_be_bytes();
        IpAddr::from([203, 0, high, low])
    }

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    /// As many wrong passwords as are let through.
    fn fail(throttle: &LoginThrottle, account: &str, address: IpAddr, times: usize, now: Instant) -> usize {
        (0..times).take_while(|_| throttle.attempt(account, address, now).is_ok()).count()
    }

    /// 200 addresses go for Anna's account with all they have.
    fn attack(throttle: &LoginThrottle, now: Instant) -> usize {
        (0..200).map(|number| fail(throttle, "anna", attacker(number), 20, now)).sum()
    }

    fn sign_in(throttle: &LoginThrottle, account: &str, address: IpAddr, now: Instant) -> Result<(), u64> {
        throttle.attempt(account, address, now).map(|attempt| throttle.succeeded(attempt, now))
    }

    #[test]
    fn ten_wrong_passwords_are_enough() {
        let (throttle, now) = (throttle(), Instant::now());
        assert_eq!(fail(&throttle, "anna", HOME, 30, now), 10);
        assert_eq!(throttle.attempt("anna", HOME, now).unwrap_err(), 18);
        assert!(throttle.attempt("boris", HOME, now).is_ok(), "a colleague behind the same address");
        assert!(throttle.attempt("anna", attacker(1), now).is_ok());
        assert!(throttle.attempt("anna", HOME, now + secs(18)).is_ok());
        assert_eq!(fail(&throttle, "anna", HOME, 30, now + secs(18 + 180)), 10);
    }

    #[test]
    fn success_starts_the_pair_anew() {
        let (throttle, now) = (throttle(), Instant::now());
        for _ in 0..9 {
            assert_eq!(fail(&throttle, "anna", HOME, 9, now), 9);
            assert_eq!(sign_in(&throttle, "anna", HOME, now), Ok(()));
        }
    }

    #[test]
    fn right_passwords_never_use_anything_up() {
        let (throttle, now) = (throttle(), Instant::now());
        for number in 0..1_000 {
            assert_eq!(sign_in(&throttle, &format!("person {number}"), HOME, now), Ok(()));
            assert_eq!(sign_in(&throttle, "anna", attacker(number), now), Ok(()));
        }
        for _ in 0..1_000 {
            throttle.withdraw(throttle.attempt("boris", HOME, now).unwrap());
        }
    }

    #[test]
    fn one_address_cannot_try_everyone() {
        let (throttle, now) = (throttle(), Instant::now());
        let admitted = (0..100).filter(|n| throttle.attempt(&format!("person {n}"), HOME, now).is_ok()).count();
        assert_eq!(admitted, 90);
        assert_eq!(throttle.attempt("anna", HOME, now).unwrap_err(), 2);
        let neighbour: IpAddr = "2001:db8::1".parse().unwrap();
        assert!(throttle.attempt("anna", neighbour, now).is_ok());
        let whole_network = (0..500_u16).map(|n| IpAddr::from([0x2001, 0xdb8, 0, 0, 7, 7, 7, n]));
        assert_eq!(whole_network.filter(|&address| throttle.attempt("vera", address, now).is_ok()).count(), 10);
    }

    #[test]
    fn many_addresses_are_slowed_down() {
        let (throttle, start) = (throttle(), Instant::now());
        let mut admitted = attack(&throttle, start);
        assert_eq!(admitted, 100);
        for second in 1..=3_600 {
            admitted += attack(&throttle, start + secs(second));
        }
        // The account's own rate, and one try for each address and wait; without them it would be 40,000.
        assert!((2_000..=100 + 3_600 * 100 / 180 + 200 * 3_600 / 120).contains(&admitted), "{admitted}");
    }

    #[test]
    fn the_owner_is_not_locked_out() {
        let (throttle, start) = (throttle(), Instant::now());
        assert_eq!(sign_in(&throttle, "anna", HOME, start), Ok(()));
        let away = attacker(60_000);
        attack(&throttle, start);
        assert_eq!(sign_in(&throttle, "anna", HOME, start), Ok(()), "from where she always signs in");
        let wait_secs = sign_in(&throttle, "anna", away, start).unwrap_err();
        assert!((1..=300).contains(&wait_secs));
        for second in 1..=wait_secs {
            attack(&throttle, start + secs(second));
        }
        assert_eq!(sign_in(&throttle, "anna", away, start + secs(wait_secs)), Ok(()), "the attack goes on");
        attack(&throttle, start + secs(wait_secs));
        assert_eq!(sign_in(&throttle, "anna", away, start + secs(wait_secs)), Ok(()), "known by now");
    }

    #[test]
    fn knocking_does_not_prolong_the_wait() {
        let (throttle, start) = (throttle(), Instant::now());
        fail(&throttle, "anna", HOME, 10, start);
        for second in 0..18 {
            assert_eq!(throttle.attempt("anna", HOME, start + secs(second)).unwrap_err(), 18 - second);
        }
        assert!(throttle.attempt("anna", HOME, start + secs(18)).is_ok());
    }

    #[test]
    fn a_known_address_is_forgotten_in_time() {
        let (throttle, start) = (throttle(), Instant::now());
        assert_eq!(sign_in(&throttle, "anna", HOME, start), Ok(()));
        let much_later = start + secs(31 * 86_400);
        attack(&throttle, much_later);
        assert!(throttle.attempt("anna", HOME, much_later).is_err());
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = LoginThrottle::new(LoginLimits { max_keys: 1_000, ..LoginLimits::default() });
        let now = Instant::now();
        for number in 0..10_000 {
            drop(throttle.attempt(&format!("person {number}"), attacker(number), now));
        }
        let counters = throttle.lock();
        assert!(counters.pairs.len() <= 1_000 && counters.addresses.len() <= 1_000 && counters.accounts.len() <= 1_000);
    }
}
