//! The indexer thread: the only writer of the index. Takes what the tail holds in large batches; acknowledging never
//! waits for it.

use super::{
    StoreError, StoreResult, codec, index,
    keys::{self, Key},
    kv::{Kv, Order, Tail},
    shared::{IndexerTask, Shared},
    view::GO_ON,
};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// How long pairs may gather before the index takes them.
const GATHER: Duration = Duration::from_millis(100);
/// How many pairs are enough to begin at once.
const ENOUGH: usize = 8_192;
/// Pairs in one batch while copying.
const COPY_BATCH: usize = 4_096;

pub(super) struct Indexer {
    pub shared: Arc<Shared>,
    /// The data folder.
    pub folder: PathBuf,
    pub cache_bytes: u64,
}

impl Indexer {
    /// Runs until told to stop; everything committed is in the index then. A failing index ends the process: the next
    /// start rebuilds it.
    pub fn run(self) {
        loop {
            let outcome = match self.shared.next_task() {
                IndexerTask::Take => {
                    self.shared.gather(GATHER, ENOUGH);
                    self.take()
                }
                IndexerTask::Rewrite(done) => {
                    let _ = done.send(self.rewrite());
                    Ok(())
                }
                IndexerTask::Stop => break,
            };
            self.shared.indexer_pulse.end();
            if let Err(error) = outcome {
                self.shared.fatal(&format!("{error}; the index is rebuilt at the next start, nothing is lost"));
                return;
            }
        }
        if let Err(error) = self.take() {
            tracing::error!(cause = %error, "the index was not finished; it is rebuilt at the next start");
        }
        self.shared.indexer_pulse.end();
    }

    fn take(&self) -> StoreResult<()> {
        self.shared.indexer_pulse.begin();
        let (snapshot, seq) = self.shared.snapshot_at();
        if snapshot.tail.is_empty() {
            return Ok(());
        }
        apply_tail(&snapshot.db, &snapshot.tail, seq)?;
        self.shared.taken(&snapshot.tail, None);
        Ok(())
    }

    /// Copies the index in key order into a fresh one, which holds nothing that was deleted, and puts it in its place.
    fn rewrite(&self) -> StoreResult<()> {
        self.take()?;
        let (snapshot, _) = self.shared.snapshot_at();
        let old = Arc::clone(&snapshot.db);
        let (generation, fresh) = index::create_beside(&self.folder, self.cache_bytes)?;
        self.copy(&old, &fresh)?;
        fresh.flush().map_err(StoreError::index)?;
        let former = index::swap(&self.folder, generation)?;
        self.shared.taken(&Tail::new(), Some(fresh));
        drop(snapshot);
        wait_until_unread(old);
        index::remove(&self.folder, former);
        Ok(())
    }

    fn copy(&self, old: &sled::Db, fresh: &sled::Db) -> StoreResult<()> {
        let mut batch = sled::Batch::default();
        let mut gathered = 0;
        old.scan(&[0], &[u8::MAX], Order::Ascending, &mut |key, value| {
            batch.insert(key, value);
            gathered += 1;
            if gathered == COPY_BATCH {
                self.shared.indexer_pulse.begin();
                fresh.apply_batch(std::mem::take(&mut batch)).map_err(StoreError::index)?;
                gathered = 0;
            }
            Ok(GO_ON)
        })?;
        fresh.apply_batch(batch).map_err(StoreError::index)
    }
}

/// Readers may still hold the former index for a moment; its files go when the last one is done.
fn wait_until_unread(mut former: Arc<sled::Db>) {
    loop {
        match Arc::try_unwrap(former) {
            Ok(db) => return drop(db),
            Err(still_read) => former = still_read,
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Gives the index all pairs of a tail and the sequence they reach, in one batch.
pub(super) fn apply_tail(db: &sled::Db, tail: &Tail, seq: u64) -> StoreResult<()> {
    let mut batch = sled::Batch::default();
    for (key, staged) in tail {
        put_into(&mut batch, key, staged.value.clone());
    }
    batch.insert(keys::applied(), codec::encode(&seq)?);
    db.apply_batch(batch).map_err(StoreError::index)
}

fn put_into(batch: &mut sled::Batch, key: &Key, value: Option<sled::IVec>) {
    match value {
        Some(value) => batch.insert(key.as_slice(), value),
        None => batch.remove(key.as_slice()),
    }
}
