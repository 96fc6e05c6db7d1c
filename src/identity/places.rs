//! Owns counts of what is open at once for one key. Whoever takes a place gives it back; there is no time in here.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// So many places for each key. A key without taken places costs nothing.
pub struct Places<K> {
    at_most: usize,
    taken: Mutex<HashMap<K, usize>>,
}

impl<K: Eq + Hash> Places<K> {
    /// All places are free.
    pub fn new(at_most: usize) -> Self {
        Self { at_most, taken: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place. `false` when there is none; then nothing is to be given back.
    #[must_use]
    pub fn take(&self, key: K) -> bool {
        let mut places = self.lock();
        let taken = places.entry(key).or_default();
        let is_free = *taken < self.at_most;
        *taken += usize::from(is_free);
        is_free
    }

    /// Whether there is a place; somebody else may take it first.
    pub fn is_free(&self, key: &K) -> bool {
        self.lock().get(key).copied().unwrap_or_default() < self.at_most
    }

    /// Gives a taken place back.
    pub fn give_back(&self, key: &K) {
        let mut places = self.lock();
        let Some(taken) = places.get_mut(key) else { return };
        *taken = taken.saturating_sub(1);
        if *taken == 0 {
            places.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_places_and_none_is_lost() {
        let places = Places::new(2);
        assert!(places.is_free(&"shop") && places.take("shop") && places.is_free(&"shop"));
        assert!(places.take("shop") && !places.is_free(&"shop") && !places.take("shop"));
        assert!(places.take("home"), "another key");
        places.give_back(&"shop");
        assert!(places.take("shop") && !places.take("shop"), "a refused one had taken nothing");
        places.give_back(&"shop");
        places.give_back(&"shop");
        places.give_back(&"home");
        places.give_back(&"home");
        assert!(places.lock().is_empty(), "nothing is kept of those who went");
    }
}
