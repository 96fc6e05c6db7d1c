//! What the writer, the indexer, the watchdog and all readers share: the current state, what the index has not taken
//! yet, and signs of life.

use super::{
    StoreResult,
    indexer::BATCH_PAIRS,
    journal::Position,
    kv::{Base, Pair, Snapshot, Staged, Tail},
    pulse::Pulse,
};
use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// The writer waits when this many pairs have not been taken by the index,
const BACKLOG_PAIRS_MAX: usize = 100_000;
/// or when they have this many bytes.
const BACKLOG_BYTES_MAX: usize = 32 << 20;
/// Bytes that a pair costs beside its key and value, roughly.
const PAIR_OVERHEAD_BYTES: usize = 128;
/// Pairs removed from the tail in one go: nobody waits long for it.
const TAIL_STEP: usize = 512;

/// Told once, with a sentence for the operator, when the process must end.
pub type OnFatal = Arc<dyn Fn(&str) + Send + Sync>;

/// Told when what the indexer was asked for is done, or why not.
pub(super) type Done = std::sync::mpsc::Sender<StoreResult<()>>;

/// What a compaction asks of the indexer.
pub(super) enum Request {
    /// To take everything, so that it outlives the process.
    Flush(Done),
    /// To write the index afresh, until the former one is gone from the disk.
    Rewrite(Done),
}

pub(super) struct Shared {
    current: RwLock<Moment>,
    /// Held while the next state is prepared, so that readers wait for nothing but the exchange of two pointers.
    changing: Mutex<()>,
    signal: Mutex<Signal>,
    changed: Condvar,
    index_at_rest: Mutex<()>,
    stopping: AtomicBool,
    pub writer_pulse: Arc<Pulse>,
    pub indexer_pulse: Arc<Pulse>,
    on_fatal: OnFatal,
}

/// A committed state and where in the journal it is.
#[derive(Clone)]
pub(super) struct Moment {
    pub snapshot: Snapshot,
    pub position: Position,
    /// How often pairs have left the tail.
    taken: u64,
}

/// What the writer has synced in one go.
pub(super) struct SyncedGroup {
    /// The state that it was decided on.
    pub base: Moment,
    /// That state's tail with `pairs` in it.
    pub tail: Tail,
    pub pairs: Vec<Pair>,
    pub position: Position,
}

/// Pairs of whole entries that the index takes together.
pub(super) struct Batch {
    pub last_seq: u64,
    pub pairs: Vec<Pair>,
}

#[derive(Default)]
struct Signal {
    /// What the index has not taken, oldest first.
    backlog: VecDeque<Arc<Batch>>,
    backlog_pairs: usize,
    backlog_bytes: usize,
    /// The index has no room to grow.
    paused: bool,
    request: Option<Request>,
}

/// What the indexer does next.
pub(super) enum IndexerTask {
    Take,
    Serve(Request),
    /// Nothing happened for a while.
    LookAfterIt,
    Stop,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub fn new(base: Arc<Base>, position: Position, on_fatal: OnFatal) -> Self {
        let snapshot = Snapshot { tail: Tail::new(), base: Some(base) };
        Self {
            current: RwLock::new(Moment { snapshot, position, taken: 0 }),
            changing: Mutex::default(),
            signal: Mutex::default(),
            changed: Condvar::new(),
            index_at_rest: Mutex::default(),
            stopping: AtomicBool::new(false),
            writer_pulse: Arc::default(),
            indexer_pulse: Arc::default(),
            on_fatal,
        }
    }

    /// What is committed now.
    pub fn moment(&self) -> Moment {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, moment: Moment) {
        let former = std::mem::replace(&mut *self.current.write().unwrap_or_else(PoisonError::into_inner), moment);
        // Freed here, where no reader waits for it.
        drop(former);
    }

    /// Runs with a state of which nothing changes meanwhile, not even below the tail. Writing goes on until the backlog
    /// is full, so this must not take long.
    pub fn at_rest<T>(&self, run: impl FnOnce(Moment) -> T) -> T {
        let _rest = self.keep_index_at_rest();
        run(self.moment())
    }

    /// Nobody else may count on the index while this is held.
    pub fn keep_index_at_rest(&self) -> MutexGuard<'_, ()> {
        lock(&self.index_at_rest)
    }

    /// Makes a synced group visible to all readers at once.
    pub fn publish(&self, group: SyncedGroup) {
        let changing = lock(&self.changing);
        let mut next = self.moment();
        next.position = group.position;
        if next.taken == group.base.taken {
            next.snapshot.tail = group.tail;
        } else {
            for pair in &group.pairs {
                next.snapshot.tail.insert(pair.key.clone(), pair.staged.clone());
            }
        }
        self.set(next);
        drop(changing);
        self.queue(group.pairs, group.position.last_seq);
    }

    /// The journal has begun a new segment.
    pub fn rolled(&self, position: Position) {
        let _changing = lock(&self.changing);
        self.set(Moment { position, ..self.moment() });
    }

    fn queue(&self, pairs: Vec<Pair>, last_seq: u64) {
        let mut signal = lock(&self.signal);
        signal.backlog_pairs += pairs.len();
        signal.backlog_bytes += bytes_of(&pairs);
        signal.backlog.extend(into_batches(pairs, last_seq).map(Arc::new));
        drop(signal);
        self.changed.notify_all();
    }

    /// The oldest batch that the index has not taken.
    pub fn oldest(&self) -> Option<Arc<Batch>> {
        lock(&self.signal).backlog.front().cloned()
    }

    /// Drops from the tail and the backlog everything up to a sequence: the index has it.
    pub fn taken(&self, last_seq: u64) {
        let mut signal = lock(&self.signal);
        let mut gone = Vec::new();
        while signal.backlog.front().is_some_and(|batch| batch.last_seq <= last_seq) {
            let Some(batch) = signal.backlog.pop_front() else { break };
            signal.backlog_pairs -= batch.pairs.len();
            signal.backlog_bytes -= bytes_of(&batch.pairs);
            gone.push(batch);
        }
        drop(signal);
        for pairs in gone.iter().flat_map(|batch| batch.pairs.chunks(TAIL_STEP)) {
            self.remove_from_tail(pairs);
        }
        self.changed.notify_all();
    }

    fn remove_from_tail(&self, pairs: &[Pair]) {
        let _changing = lock(&self.changing);
        let mut next = self.moment();
        next.taken += 1;
        for Pair { key, staged: Staged { seq, .. } } in pairs {
            if next.snapshot.tail.get(key).is_some_and(|newest| newest.seq == *seq) {
                next.snapshot.tail.remove(key);
            }
        }
        self.set(next);
    }

    /// Puts another index below the tail; gives back the former one. It must hold all that the former one holds.
    pub fn exchange(&self, base: Option<Arc<Base>>) -> Option<Arc<Base>> {
        let _changing = lock(&self.changing);
        let mut next = self.moment();
        let former = std::mem::replace(&mut next.snapshot.base, base);
        self.set(next);
        former
    }

    /// Bounded memory: waits while the index is far behind. `false`: it stays behind, because its disk is full.
    pub fn wait_for_index(&self) -> bool {
        let mut signal = lock(&self.signal);
        while signal.is_full() {
            if signal.paused {
                return false;
            }
            // The watchdog looks at the indexer now, who has the work to do.
            self.writer_pulse.end();
            signal = self.changed.wait(signal).unwrap_or_else(PoisonError::into_inner);
        }
        self.writer_pulse.begin();
        true
    }

    /// Says whether the index has room to grow.
    pub fn set_paused(&self, paused: bool) {
        lock(&self.signal).paused = paused;
        self.changed.notify_all();
    }

    /// Blocks the indexer until there is something to do; not longer than `at_most`.
    pub fn next_task(&self, at_most: Duration) -> IndexerTask {
        let until = Instant::now() + at_most;
        let mut signal = lock(&self.signal);
        loop {
            if self.is_stopping() {
                return IndexerTask::Stop;
            }
            if let Some(request) = signal.request.take() {
                return IndexerTask::Serve(request);
            }
            if !signal.backlog.is_empty() && !signal.paused {
                return IndexerTask::Take;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return IndexerTask::LookAfterIt;
            }
            signal = self.changed.wait_timeout(signal, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Lets more work gather, so that the index takes it in one batch; cut short by other tasks.
    pub fn gather(&self, at_most: Duration, enough: usize) {
        let until = Instant::now() + at_most;
        let mut signal = lock(&self.signal);
        while !self.is_stopping() && signal.request.is_none() && signal.backlog_pairs < enough {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            signal = self.changed.wait_timeout(signal, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Asks the indexer for something; one thing at a time.
    pub fn ask(&self, request: Request) {
        let mut signal = lock(&self.signal);
        if !self.is_stopping() {
            signal.request = Some(request);
        }
        drop(signal);
        self.changed.notify_all();
    }

    /// Takes back what was asked for; whoever waits for it learns that it did not happen.
    pub fn refuse_request(&self) {
        lock(&self.signal).request = None;
    }

    /// From now on long work breaks off, and the indexer ends after taking everything.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        // Whoever is about to wait holds this, and sees the flag or is woken.
        drop(lock(&self.signal));
        self.changed.notify_all();
    }

    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Ends the process with a clear line.
    pub fn fatal(&self, reason: &str) {
        tracing::error!("{reason}");
        (self.on_fatal)(reason);
    }
}

impl Signal {
    fn is_full(&self) -> bool {
        self.backlog_pairs > BACKLOG_PAIRS_MAX || self.backlog_bytes > BACKLOG_BYTES_MAX
    }
}

/// Parts a group's pairs between entries, into batches that are not much too large. The last one reaches the group's
/// last entry, whether or not that wrote anything.
fn into_batches(mut pairs: Vec<Pair>, mut last_seq: u64) -> impl Iterator<Item = Batch> {
    let mut batches = Vec::with_capacity(pairs.len() / BATCH_PAIRS + 1);
    loop {
        // From the end, so that nothing is moved twice.
        let from = pairs.len().saturating_sub(BATCH_PAIRS);
        let first_seq = pairs.get(from).map_or(0, |pair| pair.staged.seq);
        let begin = pairs.partition_point(|pair| pair.staged.seq < first_seq);
        batches.push(Batch { last_seq, pairs: pairs.split_off(begin) });
        match pairs.last() {
            Some(last) => last_seq = last.staged.seq,
            None => return batches.into_iter().rev(),
        }
    }
}

fn bytes_of(pairs: &[Pair]) -> usize {
    let bytes =
        |pair: &Pair| PAIR_OVERHEAD_BYTES + pair.key.len() + pair.staged.value.as_ref().map_or(0, |value| value.len());
    pairs.iter().map(bytes).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn batches_part_no_entry_and_lose_nothing(sizes in proptest::collection::vec(0..700usize, 0..12)) {
            let last_seq = sizes.len() as u64 + 1;
            let pair = |seq| Pair { key: sled::IVec::default(), staged: Staged { seq, value: None } };
            let seqs: Vec<u64> = (1u64..).zip(&sizes).flat_map(|(seq, size)| vec![seq; *size]).collect();
            let batches: Vec<Batch> = into_batches(seqs.iter().copied().map(pair).collect(), last_seq).collect();
            let parted = batches.iter().flat_map(|batch| &batch.pairs).map(|pair| pair.staged.seq);
            prop_assert!(parted.eq(seqs));
            prop_assert_eq!(batches.last().map(|batch| batch.last_seq), Some(last_seq));
            for neighbours in batches.windows(2) {
                prop_assert!(neighbours[0].last_seq < neighbours[1].pairs[0].staged.seq);
            }
            for batch in batches {
                let entries = batch.pairs.chunk_by(|one, other| one.staged.seq == other.staged.seq).count();
                prop_assert!(batch.pairs.len() < 2 * 700 + BATCH_PAIRS && (entries <= 1 || batch.pairs.len() < 1_000));
            }
        }
    }
}
