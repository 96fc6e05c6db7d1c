//! From the journal to the index: what happened, applied again.

use super::{
    StoreResult, apply, codec,
    index::INDEX_VERSION,
    indexer::apply_pairs,
    journal::Records,
    keys::{self, Key},
    kv::{Base, Kv, KvMut, Order, Pair, Snapshot, Staged, Tail, Value, Visit},
};
use std::sync::Arc;

/// Pairs that are gathered before the index takes them.
const BATCH_PAIRS: usize = 100_000;
/// Entries between two reports of progress.
const REPORT_EVERY: u64 = 10_000;

/// Told how many entries of how many were replayed.
pub type OnProgress<'a> = &'a dyn Fn(u64, u64);

/// An overlay over the index that gathers what is written.
struct Overlay(Snapshot);

impl Kv for Overlay {
    fn get(&self, key: &[u8]) -> StoreResult<Option<Value>> {
        self.0.get(key)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: &mut Visit<'_>) -> StoreResult<()> {
        self.0.scan(from, to, order, visit)
    }
}

impl KvMut for Overlay {
    fn put(&mut self, key: Key, value: Option<Value>) {
        self.0.tail.insert(key.into(), Staged { seq: 0, value });
    }
}

impl Overlay {
    fn flush(&mut self, base: &Base, seq: u64, on_step: impl FnMut()) -> StoreResult<()> {
        let tail = std::mem::take(&mut self.0.tail);
        let pairs: Vec<Pair> = tail.into_iter().map(|(key, staged)| Pair { key, staged }).collect();
        apply_pairs(base, &pairs.iter().collect::<Vec<_>>(), seq, on_step)
    }
}

/// Applies the records after `applied`.
pub(super) fn replay(
    base: &Arc<Base>,
    records: Records,
    applied: u64,
    last_seq: u64,
    on_progress: OnProgress<'_>,
) -> StoreResult<()> {
    let mut overlay = Overlay(Snapshot { tail: Tail::new(), base: Some(Arc::clone(base)) });
    overlay.put(keys::index_version(), Some(INDEX_VERSION.to_be_bytes().as_slice().into()));
    let mut done = applied;
    for (record, count) in records.zip(1u64..) {
        let record = record?;
        if record.seq > last_seq {
            break;
        }
        let entry = codec::decode_entry(&record.payload)?;
        entry.events.iter().try_for_each(|event| apply::apply(&mut overlay, event))?;
        done = record.seq;
        if overlay.0.tail.len() >= BATCH_PAIRS {
            overlay.flush(base, done, || on_progress(done - applied, last_seq - applied))?;
        }
        if count % REPORT_EVERY == 0 {
            on_progress(done - applied, last_seq - applied);
        }
    }
    overlay.flush(base, last_seq, || on_progress(done - applied, last_seq - applied))
}
