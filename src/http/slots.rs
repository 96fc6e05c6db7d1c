//! Counts open connections, in all and per address, and refuses those above the caps.
//!
//! A slot is given back when it is dropped, so nothing can forget to.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use super::proxies::TrustedProxies;

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    per_address: HashMap<IpAddr, usize>,
}

/// The book of open connections. Cheap to clone; clones share the book.
#[derive(Debug, Clone)]
pub struct Slots {
    counts: Arc<Mutex<Counts>>,
    max_total: usize,
    max_per_address: usize,
    exempt: TrustedProxies,
}

impl Slots {
    /// A book with caps in all and per address. Addresses of `exempt` proxies, which carry many people,
    /// count only in all.
    pub fn new(max_total: usize, max_per_address: usize, exempt: TrustedProxies) -> Self {
        Self { counts: Arc::default(), max_total, max_per_address, exempt }
    }

    /// Takes a slot for a peer, or `None` when a cap is reached.
    pub fn take(&self, peer: IpAddr) -> Option<Slot> {
        let address = (!self.exempt.contains(peer)).then(|| counted_address(peer));
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.total >= self.max_total {
            return None;
        }
        if let Some(address) = address {
            let open = counts.per_address.entry(address).or_default();
            if *open >= self.max_per_address {
                return None;
            }
            *open += 1;
        }
        counts.total += 1;
        Some(Slot { counts: Arc::clone(&self.counts), address })
    }

    /// How many connections are open now.
    pub fn open(&self) -> usize {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).total
    }
}

/// One open connection's place in the book.
#[derive(Debug)]
pub struct Slot {
    counts: Arc<Mutex<Counts>>,
    address: Option<IpAddr>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.total -= 1;
        let Some(address) = self.address else { return };
        if let Some(open) = counts.per_address.get_mut(&address) {
            *open -= 1;
            if *open == 0 {
                counts.per_address.remove(&address);
            }
        }
    }
}

/// What counts as one address: an IPv4 address, or the /64 network that one IPv6 household owns.
pub fn counted_address(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn caps_hold_and_a_dropped_slot_is_free_again() {
        let slots = Slots::new(3, 2, TrustedProxies::default());
        let first = slots.take(ip("10.0.0.1")).unwrap();
        let _second = slots.take(ip("10.0.0.1")).unwrap();
        assert!(slots.take(ip("10.0.0.1")).is_none(), "per address");
        let _third = slots.take(ip("10.0.0.2")).unwrap();
        assert!(slots.take(ip("10.0.0.3")).is_none(), "in all");
        drop(first);
        assert_eq!(slots.open(), 2);
        assert!(slots.take(ip("10.0.0.1")).is_some());
    }

    #[test]
    fn nothing_is_left_behind_when_all_have_gone() {
        let slots = Slots::new(10, 10, TrustedProxies::default());
        drop((slots.take(ip("10.0.0.1")), slots.take(ip("::1"))));
        assert_eq!(slots.open(), 0);
        assert!(slots.counts.lock().unwrap().per_address.is_empty());
    }

    #[test]
    fn a_network_of_ipv6_and_a_mapped_ipv4_count_as_one() {
        assert_eq!(counted_address(ip("2001:db8:1:2:3::4")), counted_address(ip("2001:db8:1:2:ffff::1")));
        assert_ne!(counted_address(ip("2001:db8:1:2::1")), counted_address(ip("2001:db8:1:3::1")));
        assert_eq!(counted_address(ip("::ffff:10.0.0.1")), ip("10.0.0.1"));
    }

    #[test]
    fn a_proxy_is_bound_by_the_cap_in_all_only() {
        let slots = Slots::new(2, 1, TrustedProxies::parse(["10.0.0.0/8"]).unwrap());
        let _both = (slots.take(ip("10.0.0.1")).unwrap(), slots.take(ip("10.0.0.1")).unwrap());
        assert!(slots.take(ip("10.0.0.1")).is_none());
    }
}
