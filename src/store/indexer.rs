//! The indexer thread: the only writer of the index. Takes what was committed in batches of whole groups, so that the
//! index always shows one moment of the journal; acknowledging never waits for it. An index that fails, or that has no
//! room to grow, stops nobody: it is replaced, or waits.

use super::{
    StoreError, StoreResult, codec, index,
    journal::{self, Synced},
    keys,
    kv::{Base, Kv, Pair},
    replay::replay,
    room::IndexRoom,
    shared::{Batch, Done, IndexerTask, Request, Shared},
    view::{GO_ON, STOP, View},
};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// How long pairs may gather before the index takes them.
const GATHER: Duration = Duration::from_millis(100);
/// How many pairs are enough to begin at once.
const ENOUGH_PAIRS: usize = 4_096;
/// Pairs in one batch of whole entries. More at once holds up readers, and makes sled keep every page that the batch
/// replaces in memory until its end, which was a gigabyte with batches of thousands.
pub(super) const BATCH_PAIRS: usize = 256;
/// More pairs than this, which only a single entry can have, are not taken in one batch.
const WHOLE_PAIRS: usize = 4 * BATCH_PAIRS;
/// Pairs copied between two looks at what has come in.
const COPY_PAIRS: usize = 2_048;
/// How often an idle index is looked after, and one without room is tried again.
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub(super) struct Indexer {
    pub shared: Arc<Shared>,
    /// The data folder.
    pub folder: PathBuf,
    pub cache_bytes: u64,
    pub synced: Synced,
    /// Held by a compaction: the journal cannot be replayed while it changes.
    pub maintenance: Arc<tokio::sync::Mutex<()>>,
    pub room: IndexRoom,
}

impl Indexer {
    /// Runs until told to stop; everything committed is in the index then, unless it failed.
    pub fn run(mut self) {
        loop {
            let outcome = match self.shared.next_task(LOOK_EVERY) {
                IndexerTask::Take => {
                    self.shared.gather(GATHER, ENOUGH_PAIRS);
                    self.take_all(None).map(drop)
                }
                IndexerTask::Serve(Request::Flush(done)) => {
                    // Whoever asked may have gone.
                    let _ = done.send(self.flush());
                    self.look_after()
                }
                IndexerTask::Serve(Request::Rewrite(done)) => {
                    self.rewrite(done);
                    self.look_after()
                }
                IndexerTask::LookAfterIt => self.look_after(),
                IndexerTask::Stop => break,
            };
            self.shared.indexer_pulse.end();
            if let Err(error) = outcome {
                tracing::error!(cause = %error, "the index failed; it is rebuilt from the journal, nothing is lost");
                self.replace();
            }
        }
        self.shared.refuse_request();
        if let Err(error) = self.take_all(None) {
            tracing::error!(cause = %error, "the index was not finished; it is rebuilt at the next start");
        }
        self.shared.indexer_pulse.end();
    }

    fn base(&self) -> StoreResult<Arc<Base>> {
        self.shared.moment().snapshot.base.ok_or(StoreError::Stopped)
    }

    /// Gives the index everything that waits for it now, not what comes in meanwhile, which may never end; `also` gets the
    /// same. Ends early when there is no room. Says how many pairs that were.
    fn take_all(&mut self, also: Option<&Base>) -> StoreResult<usize> {
        let base = self.base()?;
        let last_seq = self.shared.moment().position.last_seq;
        let mut taken = 0;
        while let Some(batch) = self.shared.oldest().filter(|batch| batch.last_seq <= last_seq) {
            self.shared.indexer_pulse.begin();
            if !self.room.ensure() {
                self.shared.set_paused(true);
                return Ok(taken);
            }
            taken += batch.pairs.len();
            for index in [Some(base.as_ref()), also].into_iter().flatten() {
                self.apply(index, &batch)?;
            }
            self.shared.taken(batch.last_seq);
        }
        Ok(taken)
    }

    fn apply(&self, index: &Base, batch: &Batch) -> StoreResult<()> {
        let _no_rest = self.shared.keep_index_at_rest();
        apply_pairs(index, &batch.pairs, batch.last_seq, || self.shared.indexer_pulse.begin())
    }

    /// Takes everything and hands it to the system, so that it is there after a kill.
    fn flush(&mut self) -> StoreResult<()> {
        let last_seq = self.shared.moment().position.last_seq;
        self.take_all(None)?;
        let base = self.base()?;
        if View::of(base.as_ref()).applied()?.is_none_or(|applied| applied < last_seq) {
            return Err(StoreError::Refused("the disk has no room for the index".into()));
        }
        base.guarded(|db| db.flush()).map(drop)
    }

    /// Says so if the index failed while others used it, and lets it go on if it had no room.
    fn look_after(&mut self) -> StoreResult<()> {
        let base = self.base()?;
        base.get(&keys::applied())?;
        if base.has_failed() {
            return Err(StoreError::Index("a read of it failed".into()));
        }
        if self.room.ensure() {
            self.shared.set_paused(false);
        }
        Ok(())
    }

    /// Puts a fresh index, made from the journal, in the place of one that failed. Tried again until it works.
    fn replace(&mut self) {
        while !self.shared.is_stopping() {
            self.shared.refuse_request();
            let maintenance = Arc::clone(&self.maintenance);
            // A compaction may be waiting for us: it learns that there is no rewrite, and ends.
            let Ok(_journal_stays) = maintenance.try_lock() else {
                std::thread::sleep(Duration::from_millis(20));
                continue;
            };
            match self.rebuild() {
                Ok(()) => {
                    self.shared.set_paused(false);
                    return tracing::info!("the index was rebuilt");
                }
                Err(error) => tracing::error!(cause = %error, "rebuilding the index failed; it is tried again"),
            }
            // Nobody waits for an index that may be long in coming.
            self.shared.set_paused(true);
            self.shared.indexer_pulse.end();
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn rebuild(&mut self) -> StoreResult<()> {
        let last_seq = self.shared.moment().position.last_seq;
        let (generation, fresh) = index::create_beside(&self.folder, self.cache_bytes)?;
        let built = self.rebuild_into(&fresh, last_seq).and_then(|()| self.put_in_place(generation, fresh));
        match built {
            Ok(former) => {
                self.shared.taken(last_seq);
                self.shared.indexer_pulse.end();
                retire(former, self.folder.clone(), None)
            }
            Err(error) => {
                index::remove(&self.folder, generation);
                Err(error)
            }
        }
    }

    fn rebuild_into(&self, fresh: &Arc<Base>, last_seq: u64) -> StoreResult<()> {
        let records = journal::read(&self.folder.join("journal"), &self.synced, 1)?;
        let on_progress = |_, _| self.shared.indexer_pulse.begin();
        replay(fresh, records, 0, last_seq, &on_progress)
    }

    /// Copies the index in key order into a fresh one, which holds nothing that was deleted, and puts it in its place.
    fn rewrite(&mut self, done: Done) {
        let outcome = self.copy_beside().and_then(|former| retire(former, self.folder.clone(), Some(done.clone())));
        if let Err(error) = outcome {
            // Whoever asked may have gone.
            let _ = done.send(Err(error));
        }
    }

    fn copy_beside(&mut self) -> StoreResult<Former> {
        self.take_all(None)?;
        index::refuse_without_room(&self.folder)?;
        let (generation, fresh) = index::create_beside(&self.folder, self.cache_bytes)?;
        let copied = self.copy(&fresh).and_then(|()| self.put_in_place(generation, fresh));
        if copied.is_err() {
            index::remove(&self.folder, generation);
        }
        copied
    }

    fn copy(&mut self, fresh: &Arc<Base>) -> StoreResult<()> {
        let old = self.base()?;
        let (mut from, mut pairs) = (vec![0], COPY_PAIRS);
        loop {
            if self.shared.is_stopping() {
                return Err(StoreError::Stopped);
            }
            self.shared.indexer_pulse.begin();
            let next = copy_some(&old, fresh, &from, pairs)?;
            // What comes in goes into both, so that nothing piles up however long this takes. It may lie ahead and be copied
            // once more: only who copies faster than that arrives.
            pairs = COPY_PAIRS.max(2 * self.take_all(Some(fresh))?);
            match next {
                Some(next) => from = next,
                None => return Ok(()),
            }
        }
    }

    fn put_in_place(&mut self, generation: u64, fresh: Arc<Base>) -> StoreResult<Former> {
        fresh.guarded(|db| db.flush())?;
        let number = index::swap(&self.folder, generation)?;
        self.room = IndexRoom::of(&self.folder, generation);
        Ok(Former { base: self.shared.exchange(Some(fresh)), generation: number })
    }
}

/// An index that was in use, with its generation.
struct Former {
    base: Option<Arc<Base>>,
    generation: u64,
}

/// Removes a former index once its last reader is done. On a thread of its own: sled may hang while it is dropped.
fn retire(former: Former, folder: PathBuf, done: Option<Done>) -> StoreResult<()> {
    super::spawn("index-retire", move || {
        former.base.map(into_unread);
        index::remove(&folder, former.generation);
        if let Some(done) = done {
            // Whoever asked may have gone.
            let _ = done.send(Ok(()));
        }
    })
    .map(drop)
}

/// Waits until nobody reads an index any more.
fn into_unread(mut index: Arc<Base>) -> Base {
    loop {
        match Arc::try_unwrap(index) {
            Ok(base) => return base,
            Err(still_read) => index = still_read,
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Copies some pairs from `from` on; gives back where to go on.
fn copy_some(old: &Base, fresh: &Base, from: &[u8], pairs: usize) -> StoreResult<Option<Vec<u8>>> {
    let (mut copied, mut next) = (0, None);
    old.scan(from, &[u8::MAX], &mut |key, value| {
        if copied == pairs {
            next = Some(key.to_vec());
            return Ok(STOP);
        }
        copied += 1;
        fresh.put(key, Some(value))?;
        Ok(GO_ON)
    })?;
    Ok(next)
}

/// Gives the index pairs and the sequence they reach, all or nothing. Of two pairs with one key the later counts.
///
/// What is too much for one batch, which would hold up readers, goes in steps; meanwhile the index does not say which
/// moment it shows, so that it is not believed if the process ends before it is done.
pub(super) fn apply_pairs(index: &Base, pairs: &[Pair], last_seq: u64, mut on_step: impl FnMut()) -> StoreResult<()> {
    if pairs.len() > WHOLE_PAIRS {
        index.put(&keys::applied(), None)?;
        for step in pairs.chunks(BATCH_PAIRS) {
            on_step();
            step.iter().try_for_each(|pair| index.put(&pair.key, pair.staged.value.as_ref()))?;
        }
        return index.put(&keys::applied(), Some(&codec::encode(&last_seq)?.into()));
    }
    let mut batch = sled::Batch::default();
    for Pair { key, staged } in pairs {
        match &staged.value {
            Some(value) => batch.insert(key, value),
            None => batch.remove(key),
        }
    }
    batch.insert(keys::applied(), codec::encode(&last_seq)?);
    index.guarded(|db| db.apply_batch(batch))
}
