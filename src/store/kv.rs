//! Reading and staging key-value pairs. Knows no noun.
//!
//! A read goes through layers: what was committed but not yet taken by the index lies in an immutable map over it.

use super::{StoreError, StoreResult, keys::Key, pulse::Pulse};
use imbl::OrdMap;
use std::{
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Bytes of a value.
pub(super) type Value = sled::IVec;

/// A value that the index has not taken yet; `None` means deleted.
#[derive(Clone, Debug)]
pub(super) struct Staged {
    /// Journal sequence of the entry that wrote it.
    pub seq: u64,
    pub value: Option<Value>,
}

/// Committed pairs that the index has not taken yet. Keys are shared with the batch that takes them.
pub(super) type Tail = OrdMap<sled::IVec, Staged>;

/// A pair on its way into the index.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub key: sled::IVec,
    pub staged: Staged,
}

/// Staged pairs between two signs of life.
const PAIRS_PER_BEAT: usize = 1024;

/// Called with each pair of a scan until it breaks.
pub(super) type Visit<'a> = dyn FnMut(&[u8], &Value) -> StoreResult<ControlFlow<()>> + 'a;

/// Something that can be read.
pub(super) trait Kv {
    fn get(&self, key: &[u8]) -> StoreResult<Option<Value>>;
    /// Visits the pairs with `from <= key < to`, in their order. (sled is slow backwards.)
    fn scan(&self, from: &[u8], to: &[u8], visit: &mut Visit<'_>) -> StoreResult<()>;
}

/// Something that can be written as well.
pub(super) trait KvMut: Kv {
    fn put(&mut self, key: Key, value: Option<Value>);
}

/// The index below the tail. sled's errors and panics become errors here and are remembered, so that an index that
/// failed once is replaced.
pub(super) struct Base {
    pub db: sled::Db,
    failed: AtomicBool,
}

impl Base {
    pub fn new(db: sled::Db) -> Self {
        Self { db, failed: AtomicBool::new(false) }
    }

    /// Whether any read or write of it ever failed.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Runs something of sled's where neither its error nor its panic goes unnoticed.
    pub fn guarded<T>(&self, run: impl FnOnce(&sled::Db) -> sled::Result<T>) -> StoreResult<T> {
        let result = catch_unwind(AssertUnwindSafe(|| run(&self.db)))
            .unwrap_or_else(|_| Err(sled::Error::ReportableBug("it panicked".into())));
        result.map_err(|error| {
            self.failed.store(true, Ordering::Relaxed);
            StoreError::index(error)
        })
    }
}

impl Base {
    /// Puts or removes one pair.
    pub fn put(&self, key: &[u8], value: Option<&Value>) -> StoreResult<()> {
        self.guarded(|db| match value {
            Some(value) => db.insert(key, value),
            None => db.remove(key),
        })
        .map(drop)
    }
}

impl Kv for Base {
    fn get(&self, key: &[u8]) -> StoreResult<Option<Value>> {
        self.guarded(|db| db.get(key))
    }

    fn scan(&self, from: &[u8], to: &[u8], visit: &mut Visit<'_>) -> StoreResult<()> {
        let mut pairs = self.db.range(from..to);
        loop {
            let pair = self.guarded(|_| pairs.next().transpose())?;
            let Some((key, value)) = pair else { return Ok(()) };
            if visit(&key, &value)?.is_break() {
                return Ok(());
            }
        }
    }
}

/// A tail over an index. What is in the tail stays as it was; of the rest, reads find the newest.
#[derive(Clone)]
pub struct Snapshot {
    pub(super) tail: Tail,
    /// `None` once the store is closed.
    pub(super) base: Option<Arc<Base>>,
}

impl Snapshot {
    fn base(&self) -> StoreResult<&Base> {
        self.base.as_deref().ok_or(StoreError::Stopped)
    }
}

impl Kv for Snapshot {
    fn get(&self, key: &[u8]) -> StoreResult<Option<Value>> {
        match self.tail.get(key) {
            Some(staged) => Ok(staged.value.clone()),
            None => self.base()?.get(key),
        }
    }

    fn scan(&self, from: &[u8], to: &[u8], visit: &mut Visit<'_>) -> StoreResult<()> {
        scan_layers(&self.tail, self.base()?, from, to, visit)
    }
}

/// Merges a tail over what lies below it; the tail wins.
pub(super) fn scan_layers(
    tail: &Tail,
    below: &dyn Kv,
    from: &[u8],
    to: &[u8],
    visit: &mut Visit<'_>,
) -> StoreResult<()> {
    let mut staged = tail.range::<_, [u8]>((std::ops::Bound::Included(from), std::ops::Bound::Excluded(to)));
    let mut next = staged.next();
    let mut stopped = false;
    below.scan(from, to, &mut |key, value| {
        while let Some((staged_key, entry)) = next {
            if staged_key.as_ref() > key {
                break;
            }
            next = staged.next();
            let replaces = staged_key.as_ref() == key;
            if let Some(value) = &entry.value
                && visit(staged_key, value)?.is_break()
            {
                stopped = true;
                return Ok(ControlFlow::Break(()));
            }
            if replaces {
                return Ok(ControlFlow::Continue(()));
            }
        }
        let flow = visit(key, value)?;
        stopped = flow.is_break();
        Ok(flow)
    })?;
    while let (false, Some((key, entry))) = (stopped, next) {
        next = staged.next();
        if let Some(value) = &entry.value {
            stopped = visit(key, value)?.is_break();
        }
    }
    Ok(())
}

/// A snapshot that one mutation writes on. Dropping it takes back all that was written.
pub(super) struct Staging {
    pub snapshot: Snapshot,
    /// What was written, in order.
    pub written: Vec<Pair>,
    /// Journal sequence of the entry that this becomes.
    seq: u64,
    pulse: Arc<Pulse>,
}

impl Staging {
    pub fn new(snapshot: Snapshot, seq: u64, pulse: Arc<Pulse>) -> Self {
        Self { snapshot, written: Vec::new(), seq, pulse }
    }
}

impl Kv for Staging {
    fn get(&self, key: &[u8]) -> StoreResult<Option<Value>> {
        self.snapshot.get(key)
    }

    fn scan(&self, from: &[u8], to: &[u8], visit: &mut Visit<'_>) -> StoreResult<()> {
        self.snapshot.scan(from, to, visit)
    }
}

impl KvMut for Staging {
    fn put(&mut self, key: Key, value: Option<Value>) {
        let pair = Pair { key: key.into(), staged: Staged { seq: self.seq, value } };
        self.snapshot.tail.insert(pair.key.clone(), pair.staged.clone());
        self.written.push(pair);
        if self.written.len().is_multiple_of(PAIRS_PER_BEAT) {
            self.pulse.begin();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn read(kv: &dyn Kv, limit: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut pairs = Vec::new();
        kv.scan(&[0], &[255], &mut |key, value| {
            pairs.push((key.to_vec(), value.to_vec()));
            Ok(if pairs.len() == limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })
        .unwrap();
        pairs
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn layers_read_like_one_map(
            below in proptest::collection::btree_map(1u8..200, any::<u8>(), 0..40),
            above in proptest::collection::btree_map(1u8..200, proptest::option::of(any::<u8>()), 0..40),
            limit in 1usize..50,
        ) {
            let db = sled::Config::new().temporary(true).open().unwrap();
            let mut model = BTreeMap::new();
            for (key, value) in &below {
                db.insert([*key], &[*value]).unwrap();
                model.insert(vec![*key], vec![*value]);
            }
            let snapshot = Snapshot { tail: Tail::new(), base: Some(Arc::new(Base::new(db))) };
            let mut staging = Staging::new(snapshot, 1, Arc::default());
            for (key, value) in &above {
                staging.put(vec![*key], value.map(|value| Value::from(&[value])));
                match value {
                    Some(value) => { model.insert(vec![*key], vec![*value]); }
                    None => { model.remove(&vec![*key]); }
                }
            }
            let expected: Vec<_> = model.clone().into_iter().take(limit).collect();
            prop_assert_eq!(read(&staging, limit), expected);
            for key in 0..=255u8 {
                let found = staging.get(&[key]).unwrap().map(|value| value.to_vec());
                prop_assert_eq!(found, model.get(&vec![key]).cloned());
            }
        }
    }
}
