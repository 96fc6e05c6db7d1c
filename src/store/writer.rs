//! The writer thread: decide → journal → tail → answer → publish, in one order for everybody.
//!
//! Nothing is answered or published that is not in the synced journal. A mutation that fails or panics takes nothing of
//! its own with it and none of its neighbours. Knows no noun.

use super::{
    StoreError, StoreResult, apply, codec,
    ids::Ids,
    journal::{Journal, JournalError, MAX_PAYLOAD_BYTES},
    kv::{Pair, Snapshot, Staging},
    shared::{Moment, Shared, SyncedGroup},
    space::FreeSpace,
    view::View,
};
use crate::model::{AccountId, Aside, Clock, Entry, Error, Event, Result, Timestamp};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};
use tokio::sync::{mpsc, oneshot};

/// At most this many mutations share one sync.
const GROUP_MAX: usize = 1024;
/// A group is closed when its payloads reach this many bytes.
const GROUP_BYTES: usize = 1 << 20;
/// A group is closed when it writes this many pairs.
const GROUP_PAIRS: usize = 4_096;
/// Bytes that a journal record needs beside its payload, generously.
const RECORD_OVERHEAD_BYTES: u64 = 64;
/// Kept ready in the journal beyond what a group needs, so that deleting still works when the disk is full.
const KEPT_FOR_DELETING_BYTES: usize = 256 << 10;

/// An entry that is in the synced journal.
#[derive(Debug, Clone)]
pub struct Committed {
    /// Sequence in the journal.
    pub seq: u64,
    pub entry: Entry,
}

/// An entry in the moment in which it was committed.
#[derive(Debug, Clone)]
pub struct Fresh {
    pub committed: Arc<Committed>,
    /// Told to sockets with it, and then forgotten.
    pub asides: Vec<Aside>,
}

/// The state that a mutation sees, with everything before it, and where it says what happened.
pub struct Tx {
    staging: Staging,
    events: Vec<Event>,
    asides: Vec<Aside>,
    actor: Option<AccountId>,
    now: Timestamp,
    ids: Ids,
    /// An event was applied in part only, so nothing of this may be kept.
    is_torn: bool,
}

impl Tx {
    /// The state with all events so far.
    pub fn view(&self) -> View<'_> {
        View::of(&self.staging)
    }

    /// The time of this mutation, as the clock says it. The clock may have been set back: what was written before may
    /// have a later one, so nothing is ordered by it.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A new id. It sorts after all that were made here before, also before the last start and whatever the clock said:
    /// what is listed by id is listed in the order in which it happened.
    pub fn id<I: From<uuid::Uuid>>(&mut self) -> I {
        self.ids.next().into()
    }

    /// Says that something happened. It is visible to the rest of this mutation at once.
    pub fn emit(&mut self, event: Event) -> StoreResult<()> {
        let applied = apply::apply(&mut self.staging, &event);
        self.is_torn |= applied.is_err();
        self.events.push(event);
        applied
    }

    /// Says something to sockets beside the events. It is not kept.
    pub fn tell(&mut self, aside: Aside) {
        self.asides.push(aside);
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
pub type OnCommitted = Box<dyn Fn(Vec<Fresh>) + Send>;

pub(super) struct Writer {
    pub jobs: mpsc::Receiver<Job>,
    pub journal: Journal,
    pub shared: Arc<Shared>,
    pub clock: Arc<dyn Clock>,
    /// Of the newest entry.
    pub last_at: Timestamp,
    pub space: FreeSpace,
    pub on_committed: OnCommitted,
}

/// A group on its way to the journal.
struct Group {
    base: Moment,
    snapshot: Snapshot,
    written: Vec<Pair>,
    committed: Vec<Fresh>,
    payloads: Vec<Vec<u8>>,
    accepted: Vec<Box<dyn Mutation>>,
    refused: Vec<(Box<dyn Mutation>, Error)>,
    bytes: usize,
    terms: Terms,
}

/// What a group's mutations have in common.
#[derive(Clone, Copy)]
struct Terms {
    first_seq: u64,
    now: Timestamp,
    last_at: Timestamp,
    room: Room,
}

/// How much room there is for what mutations write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    Enough,
    /// What makes room may still be written.
    Low,
    None,
}

impl Writer {
    /// Runs until told to stop, or until the journal fails. A panic of its own ends the process.
    pub fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        if catch_unwind(AssertUnwindSafe(|| self.work())).is_err() {
            shared.fatal("the writer failed; start again to recover, nothing acknowledged is lost");
        }
        shared.writer_pulse.end();
    }

    fn work(&mut self) {
        while let Some(job) = self.jobs.blocking_recv() {
            self.shared.writer_pulse.begin();
            let mut next = Some(job);
            while let Some(job) = next {
                next = match job {
                    Job::Mutate(first) => self.commit(first),
                    Job::Roll(done) => {
                        let rolled = self.journal.roll().map_err(StoreError::from);
                        self.shared.rolled(self.journal.synced().position());
                        // Whoever asked may have gone.
                        let _ = done.send(rolled);
                        None
                    }
                    Job::Stop => return self.jobs.close(),
                };
            }
            self.shared.writer_pulse.end();
        }
    }

    /// Commits a group; gives back the job that closed it, if it is of another kind.
    fn commit(&mut self, first: Box<dyn Mutation>) -> Option<Job> {
        let room = match (self.shared.wait_for_index(), self.space.is_low()) {
            (false, _) => Room::None,
            (true, true) => Room::Low,
            (true, false) => Room::Enough,
        };
        let first_seq = self.journal.last_seq() + 1;
        let terms = Terms { first_seq, now: self.clock.now(), last_at: self.last_at, room };
        let mut group = Group::new(self.shared.moment(), terms);
        group.take(first, &self.shared);
        let mut closing = None;
        while !group.is_full() {
            match self.jobs.try_recv() {
                Ok(Job::Mutate(mutation)) => group.take(mutation, &self.shared),
                Ok(other) => {
                    closing = Some(other);
                    break;
                }
                Err(_) => break,
            }
        }
        self.last_at = group.terms.last_at;
        self.finish(group);
        closing
    }

    fn finish(&mut self, group: Group) {
        match self.write(&group.payloads) {
            Ok(()) => {
                if !group.payloads.is_empty() {
                    self.shared.publish(SyncedGroup {
                        base: group.base,
                        tail: group.snapshot.tail,
                        pairs: group.written,
                        position: self.journal.synced().position(),
                    });
                }
                group.accepted.into_iter().for_each(|mutation| mutation.answer(Ok(())));
                group.refused.into_iter().for_each(|(mutation, error)| mutation.answer(Err(error)));
                if !group.committed.is_empty() {
                    (self.on_committed)(group.committed);
                }
            }
            // The refused ones too: they may have been refused because of what is not kept now.
            Err(JournalError::Full { .. }) => {
                tracing::error!("the disk is full: writes are refused until there is room");
                group.answer_all(&Error::storage_full());
            }
            Err(error) => {
                self.jobs.close();
                group.answer_all(&Error::busy());
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
        self.reserve(payloads)?;
        for payload in payloads {
            self.journal.append(payload)?;
        }
        self.journal.sync()?;
        let bytes: usize = payloads.iter().map(Vec::len).sum();
        self.space.used(bytes as u64 + RECORD_OVERHEAD_BYTES * payloads.len() as u64);
        Ok(())
    }

    fn reserve(&mut self, payloads: &[Vec<u8>]) -> std::result::Result<(), JournalError> {
        let sizes = payloads.iter().map(Vec::len);
        match self.journal.reserve(sizes.clone().chain([KEPT_FOR_DELETING_BYTES])) {
            Err(JournalError::Full { .. }) => {
                self.space.note_full();
                self.journal.reserve(sizes)
            }
            outcome => outcome,
        }
    }
}

impl Group {
    fn new(base: Moment, terms: Terms) -> Self {
        Self {
            snapshot: base.snapshot.clone(),
            base,
            written: Vec::new(),
            committed: Vec::new(),
            payloads: Vec::new(),
            accepted: Vec::new(),
            refused: Vec::new(),
            bytes: 0,
            terms,
        }
    }

    fn is_full(&self) -> bool {
        self.accepted.len() + self.refused.len() >= GROUP_MAX
            || self.bytes >= GROUP_BYTES
            || self.written.len() >= GROUP_PAIRS
    }

    /// Lets one mutation decide over all that came before it.
    fn take(&mut self, mut mutation: Box<dyn Mutation>, shared: &Shared) {
        let seq = self.terms.first_seq + self.payloads.len() as u64;
        let staging = Staging::new(self.snapshot.clone(), seq, Arc::clone(&shared.writer_pulse));
        let now = self.terms.now;
        let mut tx = Tx {
            staging,
            events: Vec::new(),
            asides: Vec::new(),
            actor: mutation.actor(),
            now,
            ids: Ids::of(now.max(self.terms.last_at.next())),
            is_torn: false,
        };
        let decided = catch_unwind(AssertUnwindSafe(|| mutation.decide(&mut tx))).unwrap_or_else(|_| {
            tracing::error!("a mutation panicked; it was taken back");
            Err(Error::internal())
        });
        match decided.and_then(|()| self.accept(tx, seq)) {
            Ok(()) => self.accepted.push(mutation),
            Err(error) => self.refused.push((mutation, error)),
        }
    }

    fn accept(&mut self, tx: Tx, seq: u64) -> Result<()> {
        if tx.is_torn {
            return Err(Error::internal());
        }
        if tx.events.is_empty() {
            return Ok(());
        }
        self.terms.room.admits(&tx.events)?;
        let at = tx.ids.at();
        let entry = Entry { at, actor: tx.actor, events: tx.events };
        let payload = codec::encode_entry(&entry)?;
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Err(Error::too_large("This is more than can be saved at once."));
        }
        self.terms.last_at = at;
        self.bytes += payload.len();
        self.payloads.push(payload);
        self.committed.push(Fresh { committed: Arc::new(Committed { seq, entry }), asides: tx.asides });
        self.written.extend(tx.staging.written);
        self.snapshot = tx.staging.snapshot;
        Ok(())
    }

    fn answer_all(self, error: &Error) {
        let refused = self.refused.into_iter().map(|(mutation, _)| mutation);
        self.accepted.into_iter().chain(refused).for_each(|mutation| mutation.answer(Err(error.clone())));
    }
}

impl Room {
    fn admits(self, events: &[Event]) -> Result<()> {
        match self {
            Self::Enough => Ok(()),
            Self::Low if events.iter().all(is_allowed_when_full) => Ok(()),
            Self::Low | Self::None => Err(Error::storage_full()),
        }
    }
}

/// What makes room, or is needed in order to make room, goes on below the floor of free space.
fn is_allowed_when_full(event: &Event) -> bool {
    matches!(
        event,
        Event::MessageRetracted { .. }
            | Event::RoomDeleted { .. }
            | Event::MemberLeft { .. }
            | Event::MemberChanged(_)
            | Event::FileRemoved { .. }
            | Event::InviteCodeRemoved { .. }
            | Event::SessionStarted(_)
            | Event::SessionRefreshed { .. }
            | Event::SessionEnded { .. }
            | Event::AccountChanged { .. }
            | Event::SalonDeleted { .. }
            | Event::SeatVacated { .. }
            | Event::InvitationRemoved { .. }
            | Event::SalonLogged(_)
            | Event::NotificationRaised(_)
            | Event::NotificationSeen { .. }
    )
}
