//! From the journal to the index: what happened, applied again. Reading and deciding what to put goes on while the
//! index takes what was put before.

use super::{
    StoreError, StoreResult, apply, codec,
    index::INDEX_VERSION,
    indexer::apply_pairs,
    journal::Records,
    keys::{self, Key},
    kv::{Base, Kv, KvMut, Pair, Snapshot, Staged, Tail, Value, Visit, scan_layers},
};
use std::{
    sync::Arc,
    thread::{self, JoinHandle},
};

/// Pairs that are gathered before the index takes them, in the order of their keys: then they lie close together.
const GATHERED_PAIRS: usize = 100_000;
/// Threads that put them into the index.
const HANDS: usize = 2;
/// Entries between two reports of progress.
const REPORT_EVERY: u64 = 10_000;

/// Told how many entries of how many were replayed.
pub type OnProgress<'a> = &'a dyn Fn(u64, u64);

/// What is being gathered, over what the index is just taking, over the index.
struct Layers {
    gathered: Tail,
    below: Snapshot,
    taking: Option<JoinHandle<StoreResult<()>>>,
}

impl Kv for Layers {
    fn get(&self, key: &[u8]) -> StoreResult<Option<Value>> {
        match self.gathered.get(key) {
            Some(staged) => Ok(staged.value.clone()),
            None => self.below.get(key),
        }
    }

    fn scan(&self, from: &[u8], to: &[u8], visit: &mut Visit<'_>) -> StoreResult<()> {
        scan_layers(&self.gathered, &self.below, from, to, visit)
    }
}

impl KvMut for Layers {
    fn put(&mut self, key: Key, value: Option<Value>) {
        self.gathered.insert(key.into(), Staged { seq: 0, value });
    }
}

impl Layers {
    /// Hands what was gathered to the index. From now on that does not say which moment it shows.
    fn hand_down(&mut self, base: &Arc<Base>) -> StoreResult<()> {
        self.wait()?;
        base.put(&keys::applied(), None)?;
        self.below.tail = std::mem::take(&mut self.gathered);
        let (base, tail) = (Arc::clone(base), self.below.tail.clone());
        self.taking = Some(thread::spawn(move || put_all(&base, &tail)));
        Ok(())
    }

    fn wait(&mut self) -> StoreResult<()> {
        self.taking.take().map_or(Ok(()), |taking| taking.join().unwrap_or_else(|_| Err(panicked())))
    }
}

fn panicked() -> StoreError {
    StoreError::Index("filling it panicked".into())
}

fn put_all(base: &Base, tail: &Tail) -> StoreResult<()> {
    let pairs: Vec<_> = tail.iter().collect();
    let share = pairs.len().div_ceil(HANDS).max(1);
    thread::scope(|scope| {
        let put = |part: &[(&sled::IVec, &Staged)]| {
            part.iter().try_for_each(|(key, staged)| base.put(key, staged.value.as_ref()))
        };
        let hands: Vec<_> = pairs.chunks(share).map(|part| scope.spawn(move || put(part))).collect();
        hands.into_iter().try_for_each(|hand| hand.join().unwrap_or_else(|_| Err(panicked())))
    })
}

/// Applies the records after `applied`.
pub(super) fn replay(
    base: &Arc<Base>,
    records: Records,
    applied: u64,
    last_seq: u64,
    on_progress: OnProgress<'_>,
) -> StoreResult<()> {
    let below = Snapshot { tail: Tail::new(), base: Some(Arc::clone(base)) };
    let mut layers = Layers { gathered: Tail::new(), below, taking: None };
    layers.put(keys::index_version(), Some(INDEX_VERSION.to_be_bytes().as_slice().into()));
    for (record, count) in records.zip(1u64..) {
        let record = record?;
        if record.seq > last_seq {
            break;
        }
        let entry = codec::decode_entry(&record.payload)?;
        entry.events.iter().try_for_each(|event| apply::apply(&mut layers, event))?;
        if layers.gathered.len() >= GATHERED_PAIRS {
            layers.hand_down(base)?;
        }
        if count % REPORT_EVERY == 0 {
            on_progress(record.seq - applied, last_seq - applied);
        }
    }
    layers.wait()?;
    let rest = std::mem::take(&mut layers.gathered).into_iter().map(|(key, staged)| Pair { key, staged });
    let rest: Vec<Pair> = rest.collect();
    apply_pairs(base, &rest, last_seq, || on_progress(last_seq - applied, last_seq - applied))
}
