//! What the writer, the indexer, the watchdog and all readers share: the current state, and signs of life.

use super::{
    keys::Key,
    kv::{Snapshot, Tail, Value},
    writer,
};
use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// The writer waits when this many pairs have not been taken by the index.
const TAIL_MAX: usize = 400_000;

/// Told once, with a sentence for the operator, when the process must end.
pub type OnFatal = Arc<dyn Fn(&str) + Send + Sync>;

pub(super) struct Shared {
    current: RwLock<Current>,
    signal: Mutex<Signal>,
    changed: Condvar,
    pub writer_pulse: Pulse,
    pub indexer_pulse: Pulse,
    on_fatal: OnFatal,
}

struct Current {
    snapshot: Snapshot,
    seq: u64,
}

/// What the indexer is asked to do.
#[derive(Default)]
struct Signal {
    work: bool,
    stop: bool,
    rewrite: Option<std::sync::mpsc::Sender<super::StoreResult<()>>>,
}

/// What the indexer does next.
pub(super) enum IndexerTask {
    Take,
    Rewrite(std::sync::mpsc::Sender<super::StoreResult<()>>),
    Stop,
}

impl Shared {
    pub fn new(db: sled::Db, seq: u64, on_fatal: OnFatal) -> Self {
        Self {
            current: RwLock::new(Current { snapshot: Snapshot { tail: Tail::new(), db: Arc::new(db) }, seq }),
            signal: Mutex::default(),
            changed: Condvar::new(),
            writer_pulse: Pulse::new(),
            indexer_pulse: Pulse::new(),
            on_fatal,
        }
    }

    /// What is committed now.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot_at().0
    }

    /// What is committed now, and up to which sequence.
    pub fn snapshot_at(&self) -> (Snapshot, u64) {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        (current.snapshot.clone(), current.seq)
    }

    /// Makes a synced group visible to all readers at once.
    pub fn publish(&self, written: Vec<(Key, u64, Option<Value>)>, last_seq: Option<u64>) {
        let Some(last_seq) = last_seq else { return };
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        writer::stage(&mut current.snapshot, written);
        current.seq = last_seq;
        drop(current);
        self.signal().work = true;
        self.changed.notify_all();
    }

    /// Drops from the tail what the index has taken, and optionally puts another index below it.
    pub fn taken(&self, tail: &Tail, index: Option<sled::Db>) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(db) = index {
            current.snapshot.db = Arc::new(db);
        }
        for (key, taken) in tail {
            if current.snapshot.tail.get(key).is_some_and(|staged| staged.seq == taken.seq) {
                current.snapshot.tail.remove(key);
            }
        }
        drop(current);
        self.changed.notify_all();
    }

    fn tail_len(&self) -> usize {
        self.current.read().unwrap_or_else(PoisonError::into_inner).snapshot.tail.len()
    }

    fn signal(&self) -> MutexGuard<'_, Signal> {
        self.signal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bounded memory: waits while the index is far behind. The watchdog ends a wait that lasts too long.
    pub fn wait_for_indexer(&self) {
        while self.tail_len() > TAIL_MAX {
            let signal = self.signal();
            let _ = self.changed.wait_timeout(signal, Duration::from_millis(20));
        }
    }

    /// Blocks the indexer until there is something to do.
    pub fn next_task(&self) -> IndexerTask {
        let mut signal = self.signal();
        loop {
            if let Some(done) = signal.rewrite.take() {
                return IndexerTask::Rewrite(done);
            }
            if signal.stop {
                return IndexerTask::Stop;
            }
            if std::mem::take(&mut signal.work) {
                return IndexerTask::Take;
            }
            signal = self.changed.wait(signal).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets more work gather, so that the index takes it in one batch; cut short by `stop`.
    pub fn gather(&self, at_most: Duration, enough: usize) {
        let until = Instant::now() + at_most;
        let mut signal = self.signal();
        while !signal.stop && signal.rewrite.is_none() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.tail_len() >= enough {
                return;
            }
            signal = self.changed.wait_timeout(signal, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Asks the indexer to copy the index afresh.
    pub fn ask_for_rewrite(&self, done: std::sync::mpsc::Sender<super::StoreResult<()>>) {
        self.signal().rewrite = Some(done);
        self.changed.notify_all();
    }

    /// Asks the indexer to end after taking everything.
    pub fn stop_indexer(&self) {
        self.signal().stop = true;
        self.changed.notify_all();
    }

    /// Ends the process with a clear line.
    pub fn fatal(&self, reason: &str) {
        tracing::error!("{reason}");
        (self.on_fatal)(reason);
    }
}

/// Since when a thread has been busy with one thing, for the watchdog.
pub(super) struct Pulse {
    start: Instant,
    /// Milliseconds since `start`, plus one; 0 = idle.
    busy_since: AtomicU64,
}

impl Pulse {
    fn new() -> Self {
        Self { start: Instant::now(), busy_since: AtomicU64::new(0) }
    }

    /// Something began, or made progress.
    pub fn begin(&self) {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
        self.busy_since.store(now + 1, Ordering::Relaxed);
    }

    /// Nothing to do.
    pub fn end(&self) {
        self.busy_since.store(0, Ordering::Relaxed);
    }

    /// Whether there was no progress for that long.
    pub fn is_stuck(&self, limit: Duration) -> bool {
        let since = self.busy_since.load(Ordering::Relaxed);
        since > 0 && self.start.elapsed() > limit + Duration::from_millis(since - 1)
    }
}
