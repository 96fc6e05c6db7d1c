//! The disk: journal, index and attachments. The only user of sled and bincode.
//!
//! All mutations go through [`Store::commit`]; reads go through [`Store::snapshot`]. What an event means for the index
//! is in `apply`; nothing here decides who may do what.

mod apply;
pub mod archive;
pub mod blobs;
mod codec;
mod compact;
mod error;
mod export;
mod ids;
mod index;
mod indexer;
pub mod journal;
mod keys;
mod kv;
mod pulse;
mod replay;
mod restore;
mod room;
mod shared;
mod space;
pub mod upload;
mod view;
mod writer;

pub use blobs::Blobs;
pub use error::{StoreError, StoreResult};
pub use replay::OnProgress;
pub use shared::OnFatal;
pub use space::floor_on;
pub use view::{Flow, GO_ON, STOP, View};
pub use writer::{Committed, Fresh, OnCommitted, Tx};

use crate::model::{AccountId, Clock, Entry, Error, FileId, Result, Timestamp};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot};

/// How long closing waits for readers to let go of the index.
const READERS_LIMIT: Duration = Duration::from_secs(5);

/// How a store is opened.
pub struct Options {
    /// The data folder; it exists and is locked by this process.
    pub folder: PathBuf,
    pub index_cache_bytes: u64,
    /// Mutations that may wait; more are refused as busy.
    pub queue_len: usize,
    /// Writes are refused when less than this is free.
    pub free_space_floor_bytes: u64,
    pub blobs: Blobs,
    pub clock: Arc<dyn Clock>,
}

/// A committed state to read from. What was committed later may show in it record by record, never in parts of one;
/// dropping it soon frees memory.
#[derive(Clone)]
pub struct Snapshot(kv::Snapshot);

impl Snapshot {
    /// Typed reads of this state.
    pub fn view(&self) -> View<'_> {
        View::of(&self.0)
    }
}

/// The store, open. Cheap to share behind an `Arc`.
pub struct Store {
    folder: PathBuf,
    shared: Arc<shared::Shared>,
    jobs: mpsc::Sender<writer::Job>,
    synced: journal::Synced,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// One compaction or backup at a time: they must not move segments below each other.
    maintenance: Arc<tokio::sync::Mutex<()>>,
    blobs: Blobs,
    /// Held by a backup: attachments stay until it has them all.
    blobs_in_use: tokio::sync::RwLock<()>,
}

impl Store {
    /// Makes a new store in a folder that has none, whose journal begins with `founding`.
    pub fn found(folder: &Path, founding: &Entry) -> StoreResult<()> {
        let payload = codec::encode_entry(founding)?;
        Ok(journal::Journal::found(&folder.join("journal"), &[payload])?)
    }

    /// Whether the folder has a journal. What a founding that was killed leaves behind is none; a folder that cannot be
    /// read counts as one, so that opening it says why.
    pub fn exists(folder: &Path) -> bool {
        journal::is_founded(&folder.join("journal"))
    }

    /// Opens the store: the journal, then the index up to it, rebuilt if it cannot be believed.
    pub fn open(
        options: Options,
        on_committed: OnCommitted,
        on_fatal: OnFatal,
        on_progress: OnProgress<'_>,
    ) -> StoreResult<Arc<Self>> {
        let folder = options.folder;
        let opened = journal::Journal::open(&folder.join("journal"), journal::Options::default())?;
        if opened.torn_bytes > 0 {
            tracing::warn!(
                bytes = opened.torn_bytes,
                "the journal ended in a half written group, never acknowledged; it was cut off"
            );
        }
        let synced = opened.journal.synced();
        let cache_bytes = options.index_cache_bytes;
        let opening = index::Opening { data: &folder, cache_bytes, synced: &synced, on_progress };
        let (base, generation) = index::open(&opening)?;
        let shared = Arc::new(shared::Shared::new(base, synced.position(), on_fatal));
        let maintenance = Arc::<tokio::sync::Mutex<()>>::default();
        let (jobs, queue) = mpsc::channel(options.queue_len);
        let writer = writer::Writer {
            jobs: queue,
            journal: opened.journal,
            shared: Arc::clone(&shared),
            clock: options.clock,
            last_at: newest_at(&folder, &synced)?,
            space: space::FreeSpace::new(folder.clone(), options.free_space_floor_bytes),
            on_committed,
        };
        let indexer = indexer::Indexer {
            shared: Arc::clone(&shared),
            folder: folder.clone(),
            cache_bytes,
            synced: synced.clone(),
            maintenance: Arc::clone(&maintenance),
            room: room::IndexRoom::of(&folder, generation),
        };
        let threads = vec![spawn("writer", move || writer.run())?, spawn("indexer", move || indexer.run())?];
        pulse::watch(Arc::downgrade(&shared))?;
        Ok(Arc::new(Self {
            folder,
            shared,
            jobs,
            synced,
            threads: Mutex::new(threads),
            maintenance,
            blobs: options.blobs,
            blobs_in_use: tokio::sync::RwLock::default(),
        }))
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is committed now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.shared.moment().snapshot)
    }

    /// What is committed now, and the journal sequence that it reaches.
    pub fn snapshot_at(&self) -> (Snapshot, u64) {
        let moment = self.shared.moment();
        (Snapshot(moment.snapshot), moment.position.last_seq)
    }

    /// Lets `decide` decide over the newest state and say what happened. Returns when that is in the synced journal.
    ///
    /// The place in the queue is taken when the returned future is first polled. A full queue is `Busy`.
    pub async fn commit<T, F>(&self, actor: Option<AccountId>, decide: F) -> Result<T>
    where
        F: FnOnce(&mut Tx) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let pending = writer::Pending { actor, decide: Some(decide), decided: None, reply };
        self.jobs.try_send(writer::Job::Mutate(Box::new(pending))).map_err(|_| Error::busy())?;
        answer.await.unwrap_or_else(|_| Err(Error::busy()))
    }

    /// Journal entries from `seq` on, up to what is committed now.
    pub fn entries(&self, seq: u64) -> StoreResult<impl Iterator<Item = StoreResult<Committed>>> {
        let records = journal::read(&self.folder.join("journal"), &self.synced, seq)?;
        Ok(records.map(|record| {
            let record = record?;
            Ok(Committed { seq: record.seq, entry: codec::decode_entry(&record.payload)? })
        }))
    }

    /// Removes from the disk what was deleted or replaced. Serving goes on meanwhile.
    pub async fn compact(&self) -> StoreResult<compact::Report> {
        let _only_one = self.maintenance.lock().await;
        self.roll().await?;
        // An index that has not taken what is dropped from the journal could not catch up after a kill.
        self.ask_indexer(shared::Request::Flush).await?;
        let snapshot = self.snapshot();
        let journal_folder = self.folder.join("journal");
        let shared = Arc::clone(&self.shared);
        let is_stopping = move || shared.is_stopping();
        let report = blocking(move || compact::compact_journal(&journal_folder, snapshot.view(), is_stopping)).await?;
        self.ask_indexer(shared::Request::Rewrite).await?;
        Ok(report)
    }

    async fn ask_indexer(&self, request: impl FnOnce(shared::Done) -> shared::Request) -> StoreResult<()> {
        let (done, answer) = std::sync::mpsc::channel();
        self.shared.ask(request(done));
        blocking(move || answer.recv().unwrap_or(Err(StoreError::Stopped))).await
    }

    /// Writes everything up to this moment into one archive file, while serving.
    pub async fn back_up(&self, out: PathBuf) -> StoreResult<archive::Summary> {
        let _only_one = self.maintenance.lock().await;
        let _blobs_stay = self.blobs_in_use.write().await;
        let (folder, blobs, shared) = (self.folder.clone(), self.blobs.clone(), Arc::clone(&self.shared));
        blocking(move || {
            // The files of exactly the moment at which the journal is cut.
            let (position, files) = shared.at_rest(|moment| {
                let files = Snapshot(moment.snapshot).view().files();
                files.map(|files| (moment.position, files))
            })?;
            archive::back_up(&archive::Source { folder: &folder, blobs: &blobs, position, files: &files }, &out)
        })
        .await
    }

    /// Attachments, for reading and adding.
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// Removes files that are not `known` and older than that; after the backup, if one is running.
    pub async fn sweep_blobs(
        &self,
        known: impl Fn(FileId) -> bool + Send + 'static,
        older_than: Duration,
    ) -> blobs::BlobResult<blobs::Swept> {
        let _free = self.blobs_in_use.read().await;
        self.blobs.sweep(known, older_than).await
    }

    /// Removes the bytes of files that no record names any more; after the backup, if one is running. What fails is
    /// swept later.
    pub async fn remove_blobs(self: &Arc<Self>, files: Vec<FileId>) {
        let Ok(_free) = self.blobs_in_use.try_read() else {
            let store = Arc::clone(self);
            tokio::spawn(async move {
                let _free = store.blobs_in_use.read().await;
                remove_all(&store.blobs, files).await;
            });
            return;
        };
        remove_all(&self.blobs, files).await;
    }

    /// Writes everything that happened, less what was deleted and less secrets, as JSON lines.
    pub async fn export(&self, out: Box<dyn std::io::Write + Send>) -> StoreResult<u64> {
        let _only_one = self.maintenance.lock().await;
        let (snapshot, last_seq) = self.snapshot_at();
        let records = journal::read(&self.folder.join("journal"), &self.synced, 1)?;
        let records = records.take_while(move |record| record.as_ref().map_or(true, |record| record.seq <= last_seq));
        blocking(move || export::export(records, snapshot.view(), out)).await
    }

    async fn roll(&self) -> StoreResult<()> {
        let (done, rolled) = oneshot::channel();
        self.jobs.send(writer::Job::Roll(done)).await.map_err(|_| StoreError::Stopped)?;
        rolled.await.map_err(|_| StoreError::Stopped)?
    }

    /// Finishes what was accepted, and closes the index so that the next start is quick. Nothing can be read any more.
    pub async fn close(self: Arc<Self>) -> StoreResult<()> {
        // The queue may be full; waiting for a place is right here. The writer may have ended already.
        let _ = self.jobs.send(writer::Job::Stop).await;
        blocking(move || {
            let mut threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
            let indexer = threads.pop();
            threads.into_iter().for_each(join);
            self.shared.stop();
            indexer.into_iter().for_each(join);
            let _breaks_off = self.maintenance.blocking_lock();
            let position = self.shared.moment().position;
            let Some(base) = self.shared.exchange(None).and_then(into_unread) else {
                tracing::warn!("the index is still being read; it is checked against the journal at the next start");
                return Ok(());
            };
            if let Err(error) = index::close(&self.folder, base, position) {
                tracing::warn!(cause = %error, "the index is checked against the journal at the next start");
            }
            Ok(())
        })
        .await
    }

    /// A hash of all records at one moment; equal states have equal fingerprints.
    pub fn fingerprint(&self) -> StoreResult<u64> {
        self.shared.at_rest(|moment| Snapshot(moment.snapshot).view().fingerprint())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

/// The time of the newest entry that compaction has left; the ids of all that are left are not after it.
fn newest_at(folder: &Path, synced: &journal::Synced) -> StoreResult<Timestamp> {
    let folder = folder.join("journal");
    for segment in journal::segments(&folder)?.into_iter().rev() {
        // What cannot be read is not for the order of ids to complain of.
        let records = journal::read(&folder, synced, segment.first_seq)?.map_while(std::result::Result::ok);
        if let Some(newest) = records.last() {
            return Ok(codec::decode_entry(&newest.payload)?.at);
        }
    }
    Ok(Timestamp::from_micros(0))
}

async fn remove_all(blobs: &Blobs, files: Vec<FileId>) {
    for file in files {
        if let Err(error) = blobs.remove(file).await {
            tracing::warn!(%file, cause = %error, "a deleted file's bytes are still there; they are swept later");
        }
    }
}

fn join(thread: JoinHandle<()>) {
    if thread.join().is_err() {
        tracing::error!("a thread of the store panicked");
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> StoreResult<JoinHandle<()>> {
    std::thread::Builder::new().name(name.into()).spawn(run).map_err(StoreError::io(name))
}

/// Waits a while until nobody else reads an index.
fn into_unread(mut index: Arc<kv::Base>) -> Option<kv::Base> {
    let until = Instant::now() + READERS_LIMIT;
    loop {
        match Arc::try_unwrap(index) {
            Ok(base) => return Some(base),
            Err(still_read) => index = still_read,
        }
        if Instant::now() >= until {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

async fn blocking<T: Send + 'static>(run: impl FnOnce() -> StoreResult<T> + Send + 'static) -> StoreResult<T> {
    tokio::task::spawn_blocking(run).await.map_err(|_| StoreError::Stopped)?
}
