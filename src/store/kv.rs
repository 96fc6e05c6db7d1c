//! Reading and staging key-value pairs. Knows no noun.
//!
//! A read goes through layers: what was committed but not yet taken by the index lies in an immutable map over it.

use super::{StoreError, StoreResult, keys::Key};
use imbl::OrdMap;
use std::{ops::ControlFlow, sync::Arc};

/// Bytes of a value.
pub(super) type Value = sled::IVec;

/// A value that the index has not taken yet; `None` means deleted.
#[derive(Clone, Debug)]
pub(super) struct Staged {
    /// Journal sequence of the entry that wrote it.
    pub seq: u64,
    pub value: Option<Value>,
}

/// Committed pairs that the index has not taken yet.
pub(super) type Tail = OrdMap<Key, Staged>;

/// Which way a scan goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Ascending,
    Descending,
}

/// Called with each pair of a scan until it breaks.
pub(super) type Visit<'a> = dyn FnMut(&[u8], &Value) -> StoreResult<ControlFlow<()>> + 'a;

/// Something that can be read.
pub(super) trait Kv {
    fn get(&self, key: &[u8]) -> StoreResult<Option<Value>>;
    /// Visits the pairs with `from <= key < to`.
    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: &mut Visit<'_>) -> StoreResult<()>;
}

/// Something that can be written as well.
pub(super) trait KvMut: Kv {
    fn put(&mut self, key: Key, value: Option<Value>);
}

impl Kv for sled::Db {
    fn get(&self, key: &[u8]) -> StoreResult<Option<Value>> {
        sled::Tree::get(self, key).map_err(StoreError::index)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: &mut Visit<'_>) -> StoreResult<()> {
        let mut pairs = self.range(from..to);
        loop {
            let pair = match order {
                Order::Ascending => pairs.next(),
                Order::Descending => pairs.next_back(),
            };
            let Some(pair) = pair else { return Ok(()) };
            let (key, value) = pair.map_err(StoreError::index)?;
            if visit(&key, &value)?.is_break() {
                return Ok(());
            }
        }
    }
}

/// A tail over an index: what is committed at one moment.
#[derive(Clone)]
pub struct Snapshot {
    pub(super) tail: Tail,
    pub(super) db: Arc<sled::Db>,
}

impl Kv for Snapshot {
    fn get(&self, key: &[u8]) -> StoreResult<Option<Value>> {
        match self.tail.get(key) {
            Some(staged) => Ok(staged.value.clone()),
            None => Kv::get(self.db.as_ref(), key),
        }
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: &mut Visit<'_>) -> StoreResult<()> {
        scan_layers(&self.tail, self.db.as_ref(), from, to, order, visit)
    }
}

/// Merges a tail over what lies below it; the tail wins.
fn scan_layers(
    tail: &Tail,
    below: &dyn Kv,
    from: &[u8],
    to: &[u8],
    order: Order,
    visit: &mut Visit<'_>,
) -> StoreResult<()> {
    let range = tail.range::<_, [u8]>((std::ops::Bound::Included(from), std::ops::Bound::Excluded(to)));
    let mut staged: Box<dyn Iterator<Item = (&Key, &Staged)>> = match order {
        Order::Ascending => Box::new(range),
        Order::Descending => Box::new(range.rev()),
    };
    let mut next = staged.next();
    let mut stopped = false;
    below.scan(from, to, order, &mut |key, value| {
        while let Some((staged_key, entry)) = next {
            let comes_first = match order {
                Order::Ascending => staged_key.as_slice() <= key,
                Order::Descending => staged_key.as_slice() >= key,
            };
            if !comes_first {
                break;
            }
            next = staged.next();
            let replaces = staged_key.as_slice() == key;
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
    /// What was written, in order, for the tail.
    pub written: Vec<(Key, Option<Value>)>,
}

impl Staging {
    pub fn on(snapshot: Snapshot) -> Self {
        Self { snapshot, written: Vec::new() }
    }
}

impl Kv for Staging {
    fn get(&self, key: &[u8]) -> StoreResult<Option<Value>> {
        self.snapshot.get(key)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: &mut Visit<'_>) -> StoreResult<()> {
        self.snapshot.scan(from, to, order, visit)
    }
}

impl KvMut for Staging {
    fn put(&mut self, key: Key, value: Option<Value>) {
        self.snapshot.tail.insert(key.clone(), Staged { seq: u64::MAX, value: value.clone() });
        self.written.push((key, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn read(kv: &dyn Kv, order: Order, limit: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut pairs = Vec::new();
        kv.scan(&[0], &[255], order, &mut |key, value| {
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
            let mut staging = Staging::on(Snapshot { tail: Tail::new(), db: Arc::new(db) });
            for (key, value) in &above {
                staging.put(vec![*key], value.map(|value| Value::from(&[value])));
                match value {
                    Some(value) => { model.insert(vec![*key], vec![*value]); }
                    None => { model.remove(&vec![*key]); }
                }
            }
            let ascending: Vec<_> = model.clone().into_iter().take(limit).collect();
            let descending: Vec<_> = model.clone().into_iter().rev().take(limit).collect();
            prop_assert_eq!(read(&staging, Order::Ascending, limit), ascending);
            prop_assert_eq!(read(&staging, Order::Descending, limit), descending);
            for key in 0..=255u8 {
                let found = staging.get(&[key]).unwrap().map(|value| value.to_vec());
                prop_assert_eq!(found, model.get(&vec![key]).cloned());
            }
        }
    }
}
