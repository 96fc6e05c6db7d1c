//! The writer thread: decide → journal → tail → answer → publish, in one order for everybody.
//!
//! Nothing is answered or published that is not in the synced journal. A mutation that fails or panics takes nothing of
//! its own with it and none of its neighbours. Knows no noun.

use super::{
    StoreError, StoreResult, apply, codec,
    journal::{Journal, JournalError},
    keys::Key,
    kv::{Kv, KvMut, Snapshot, Staged, Staging, Value},
    shared::Shared,
    space::FreeSpace,
    view::View,
};
use crate::model::{AccountId, Clock, Entry, Error, Event, Result, Timestamp};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};
use tokio::sync::{mpsc, oneshot};

/// At most this many mutations share one sync.
const GROUP_MAX: usize = 1024;
/// A group is closed when its payloads reach this many bytes.
const GROUP_BYTES: usize = 1 << 20;
/// Bytes that a journal record needs beside its payload, generously.
const RECORD_OVERHEAD_BYTES: u64 = 64;

/// An entry that is in the synced journal.
#[derive(Debug, Clone)]
pub struct Committed {
    /// Sequence in the journal.
    pub seq: u64,
    pub entry: Entry,
}

/// The state that a mutation sees, with everything before it, and where it says what happened.
pub struct Tx {
    staging: Staging,
    events: Vec<Event>,
    actor: Option<AccountId>,
    now: Timestamp,
}

impl Tx {
    /// The state with all events so far.
    pub fn view(&self) -> View<'_> {
        View::of(&self.staging)
    }

    /// The time of this mutation.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Says that something happened. It is visible to the rest of this mutation at once.
    pub fn emit(&mut self, event: Event) -> StoreResult<()> {
        apply::apply(&mut self.staging, &event)?;
        self.events.push(event);
        Ok(())
    }
}

/// A decision over the state, waiting for its turn.
pub(super) trait Mutation: Send {
    fn decide(&mut self, tx: &mut Tx) -> Result<()>;
    fn actor(&self) -> Option<AccountId>;
    fn answer(self: Box<Self>, outcome: Result<()>);
}

pub(super) struct Pending<F, T> {
    pub actor: Option<AccountId>,
    pub decide: Option<F>,
    pub decided: Option<T>,
    pub reply: oneshot::Sender<Result<T>>,
}

impl<F, T> Mutation for Pending<F, T>
where
    F: FnOnce(&mut Tx) -> Result<T> + Send,
    T: Send,
{
    fn decide(&mut self, tx: &mut Tx) -> Result<()> {
        if let Some(decide) = self.decide.take() {
            self.decided = Some(decide(tx)?);
        }
        Ok(())
    }

    fn actor(&self) -> Option<AccountId> {
        self.actor
    }

    fn answer(self: Box<Self>, outcome: Result<()>) {
        let Self { decided, reply, .. } = *self;
        // The caller may have gone away; what was committed stays committed.
        let _ = reply.send(outcome.and_then(|()| decided.ok_or_else(Error::internal)));
    }
}

/// What the writer thread is asked to do.
pub(super) enum Job {
    Mutate(Box<dyn Mutation>),
    /// Seals the journal's active segment.
    Roll(oneshot::Sender<StoreResult<()>>),
    /// Finishes what was accepted before, and ends.
    Stop,
}

/// Told of each group after it was synced, in order, on the writer thread: must be quick.
pub type OnCommitted = Box<dyn Fn(Vec<Arc<Committed>>) + Send>;

pub(super) struct Writer {
    pub jobs: mpsc::Receiver<Job>,
    pub journal: Journal,
    pub shared: Arc<Shared>,
    pub clock: Arc<dyn Clock>,
    pub space: FreeSpace,
    pub on_committed: OnCommitted,
}

/// A group on its way to the journal.
struct Group {
    snapshot: Snapshot,
    written: Vec<(Key, u64, Option<Value>)>,
    committed: Vec<Committed>,
    payloads: Vec<Vec<u8>>,
    accepted: Vec<Box<dyn Mutation>>,
    refused: Vec<(Box<dyn Mutation>, Error)>,
    bytes: usize,
}

impl Writer {
    /// Runs until told to stop, or until the journal fails.
    pub fn run(mut self) {
        while let Some(job) = self.jobs.blocking_recv() {
            self.shared.writer_pulse.begin();
            let next = match job {
                Job::Mutate(first) => self.commit(first),
                Job::Roll(done) => {
                    let _ = done.send(self.journal.roll().map_err(StoreError::from));
                    None
                }
                Job::Stop => break,
            };
            match next {
                Some(Job::Roll(done)) => {
                    let _ = done.send(self.journal.roll().map_err(StoreError::from));
                }
                Some(Job::Stop) => break,
                Some(Job::Mutate(_)) | None => {}
            }
            self.shared.writer_pulse.end();
        }
        self.shared.writer_pulse.end();
        self.jobs.close();
    }

    /// Commits a group; gives back the job that closed it, if it is of another kind.
    fn commit(&mut self, first: Box<dyn Mutation>) -> Option<Job> {
        let mut group = Group {
            snapshot: self.shared.snapshot(),
            written: Vec::new(),
            committed: Vec::new(),
            payloads: Vec::new(),
            accepted: Vec::new(),
            refused: Vec::new(),
            bytes: 0,
        };
        let (now, space_is_low) = (self.clock.now(), self.space.is_low());
        let first_seq = self.journal.last_seq() + 1;
        group.take(first, first_seq, now, space_is_low);
        let mut closing = None;
        while group.accepted.len() + group.refused.len() < GROUP_MAX && group.bytes < GROUP_BYTES {
            match self.jobs.try_recv() {
                Ok(Job::Mutate(mutation)) => group.take(mutation, first_seq, now, space_is_low),
                Ok(other) => {
                    closing = Some(other);
                    break;
                }
                Err(_) => break,
            }
        }
        self.finish(group);
        closing
    }

    fn finish(&mut self, group: Group) {
        let outcome = self.write(&group.payloads);
        match outcome {
            Ok(()) => {
                self.shared.publish(group.written, group.committed.last().map(|committed| committed.seq));
                answer(group.accepted, Ok(()));
                answer_refused(group.refused);
                if !group.committed.is_empty() {
                    (self.on_committed)(group.committed.into_iter().map(Arc::new).collect());
                }
                self.shared.wait_for_indexer();
            }
            Err(JournalError::Full { .. }) => {
                tracing::error!("the disk is full: writes are refused until there is room");
                answer(group.accepted, Err(Error::storage_full()));
                answer_refused(group.refused);
            }
            Err(error) => {
                answer(group.accepted, Err(Error::busy()));
                self.jobs.close();
                self.shared.fatal(&format!(
                    "the journal cannot be written ({error}); nothing after this is acknowledged, start again to recover"
                ));
            }
        }
    }

    fn write(&mut self, payloads: &[Vec<u8>]) -> std::result::Result<(), JournalError> {
        if payloads.is_empty() {
            return Ok(());
        }
        self.journal.reserve(payloads.iter().map(Vec::len))?;
        for payload in payloads {
            self.journal.append(payload)?;
        }
        self.journal.sync()?;
        let bytes: usize = payloads.iter().map(Vec::len).sum();
        self.space.used(bytes as u64 + RECORD_OVERHEAD_BYTES * payloads.len() as u64);
        Ok(())
    }
}

impl Group {
    /// Lets one mutation decide over all that came before it.
    fn take(&mut self, mut mutation: Box<dyn Mutation>, first_seq: u64, now: Timestamp, space_is_low: bool) {
        let actor = mutation.actor();
        let mut tx = Tx { staging: Staging::on(self.snapshot.clone()), events: Vec::new(), actor, now };
        let decided = catch_unwind(AssertUnwindSafe(|| mutation.decide(&mut tx))).unwrap_or_else(|_| {
            tracing::error!("a mutation panicked; it was taken back");
            Err(Error::internal())
        });
        let outcome = decided.and_then(|()| {
            if space_is_low && !tx.events.iter().all(is_allowed_when_full) {
                return Err(Error::storage_full());
            }
            self.accept(tx, first_seq).map_err(Error::from)
        });
        match outcome {
            Ok(()) => self.accepted.push(mutation),
            Err(error) => self.refused.push((mutation, error)),
        }
    }

    fn accept(&mut self, tx: Tx, first_seq: u64) -> StoreResult<()> {
        if tx.events.is_empty() {
            return Ok(());
        }
        let entry = Entry { at: tx.now, actor: tx.actor, events: tx.events };
        let payload = codec::encode_entry(&entry)?;
        let seq = first_seq + self.payloads.len() as u64;
        self.bytes += payload.len();
        self.payloads.push(payload);
        self.committed.push(Committed { seq, entry });
        self.written.extend(tx.staging.written.into_iter().map(|(key, value)| (key, seq, value)));
        self.snapshot = tx.staging.snapshot;
        Ok(())
    }
}

fn answer(mutations: Vec<Box<dyn Mutation>>, outcome: Result<()>) {
    for mutation in mutations {
        mutation.answer(outcome.clone());
    }
}

fn answer_refused(refused: Vec<(Box<dyn Mutation>, Error)>) {
    for (mutation, error) in refused {
        mutation.answer(Err(error));
    }
}

/// What makes room, or is needed in order to make room, goes on below the floor of free space.
fn is_allowed_when_full(event: &Event) -> bool {
    matches!(
        event,
        Event::MessageRetracted { .. }
            | Event::RoomDeleted { .. }
            | Event::MemberLeft { .. }
            | Event::FileRemoved { .. }
            | Event::InviteCodeRemoved { .. }
            | Event::SessionStarted(_)
            | Event::SessionRefreshed { .. }
            | Event::SessionEnded { .. }
            | Event::AccountChanged { .. }
    )
}

/// Stages a group's pairs under their real sequences.
pub(super) fn stage(snapshot: &mut Snapshot, written: Vec<(Key, u64, Option<Value>)>) {
    for (key, seq, value) in written {
        snapshot.tail.insert(key, Staged { seq, value });
    }
}

/// Replays one entry onto `kv`.
pub(super) fn replay<K: KvMut + Kv>(kv: &mut K, entry: &Entry) -> StoreResult<()> {
    entry.events.iter().try_for_each(|event| apply::apply(kv, event))
}
