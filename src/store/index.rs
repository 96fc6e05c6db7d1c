//! The index on disk: when it may be believed, how it is rebuilt, how it is closed.
//!
//! It lives in `index/<generation>/`; `index/state.json` names the generation in use and whether it was closed cleanly.
//! After a clean stop it is believed; after a killed process (same boot) it is believed up to its own applied sequence
//! and the journal is replayed from there; after anything else it is set aside and rebuilt from the journal, because
//! sled can open with records missing and say nothing.

use super::{
    StoreError, StoreResult, codec,
    indexer::apply_tail,
    journal,
    keys::{self, Key},
    kv::{Kv, KvMut, Order, Snapshot, Staged, Tail, Value, Visit},
    view::View,
    writer,
};
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

/// Raised whenever keys or values of the index change their form; older indexes are then rebuilt.
const INDEX_VERSION: u32 = 1;
/// Longer than sled takes to open several million messages.
const OPEN_LIMIT: Duration = Duration::from_secs(60);
/// Pairs that a replay gathers before the index takes them.
const REPLAY_BATCH: usize = 100_000;
/// Entries between two reports of progress.
const REPORT_EVERY: u64 = 20_000;

/// Told how many entries of how many were replayed.
pub type OnProgress<'a> = &'a dyn Fn(u64, u64);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct State {
    version: u32,
    generation: u64,
    stop: Stop,
}

/// How the index was left.
#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Stop {
    /// Everything up to this journal sequence is in it and on the disk.
    Clean { seq: u64 },
    /// In use since this boot of the machine.
    Unclean { boot_id: String },
}

fn index_folder(data: &Path) -> PathBuf {
    data.join("index")
}

fn generation_folder(data: &Path, generation: u64) -> PathBuf {
    index_folder(data).join(generation.to_string())
}

fn read_state(data: &Path) -> Option<State> {
    let text = fs::read(index_folder(data).join("state.json")).ok()?;
    serde_json::from_slice(&text).ok()
}

fn write_state(data: &Path, state: &State) -> StoreResult<()> {
    let folder = index_folder(data);
    let (path, temporary) = (folder.join("state.json"), folder.join("state.tmp"));
    let write = || -> io::Result<()> {
        let mut text = serde_json::to_vec(state)?;
        text.push(b'\n');
        fs::write(&temporary, text)?;
        fs::File::open(&temporary)?.sync_all()?;
        fs::rename(&temporary, &path)?;
        fs::File::open(&folder)?.sync_all()
    };
    write().map_err(StoreError::io(path.clone()))
}

fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// Opens the index so that it holds everything up to `last_seq` of the journal.
pub(super) fn open(
    data: &Path,
    cache_bytes: u64,
    synced: &journal::Synced,
    last_seq: u64,
    on_progress: OnProgress<'_>,
) -> StoreResult<sled::Db> {
    fs::create_dir_all(index_folder(data)).map_err(StoreError::io(index_folder(data)))?;
    let state = read_state(data);
    let boot_id = boot_id();
    let generation = state.as_ref().map_or_else(|| newest_generation(data), |state| state.generation);
    let believable = state.as_ref().is_some_and(|state| is_believable(state, last_seq, &boot_id));
    let unclean =
        |generation| State { version: INDEX_VERSION, generation, stop: Stop::Unclean { boot_id: boot_id.clone() } };
    if believable && generation_folder(data, generation).is_dir() {
        write_state(data, &unclean(generation))?;
        match reopen(data, generation, cache_bytes, synced, last_seq, on_progress) {
            Ok(db) => return Ok(db),
            Err(error) => tracing::warn!(cause = %error, "the index is set aside and rebuilt from the journal"),
        }
    } else if generation > 0 {
        tracing::warn!("the index was not closed cleanly; it is set aside and rebuilt from the journal");
    }
    let next = generation.max(newest_generation(data)) + 1;
    let db = open_guarded(&generation_folder(data, next), cache_bytes)?;
    write_state(data, &unclean(next))?;
    remove_other_generations(data, next);
    replay(&db, data, synced, 0, last_seq, on_progress)?;
    Ok(db)
}

fn is_believable(state: &State, last_seq: u64, boot_id: &str) -> bool {
    state.version == INDEX_VERSION
        && match &state.stop {
            Stop::Clean { seq } => *seq == last_seq,
            Stop::Unclean { boot_id: then } => !boot_id.is_empty() && then == boot_id,
        }
}

fn reopen(
    data: &Path,
    generation: u64,
    cache_bytes: u64,
    synced: &journal::Synced,
    last_seq: u64,
    on_progress: OnProgress<'_>,
) -> StoreResult<sled::Db> {
    let db = open_guarded(&generation_folder(data, generation), cache_bytes)?;
    let applied = View::of(&db).applied()?;
    let version = Kv::get(&db, &keys::index_version())?;
    match applied {
        Some(applied) if applied <= last_seq && version.as_deref() == Some(&INDEX_VERSION.to_be_bytes()) => {
            replay(&db, data, synced, applied, last_seq, on_progress)?;
            Ok(db)
        }
        _ => Err(StoreError::Index("it does not belong to this journal".into())),
    }
}

/// Opens sled where a panic or a hang of its own cannot take Parlor along.
fn open_guarded(folder: &Path, cache_bytes: u64) -> StoreResult<sled::Db> {
    let (done, opened) = mpsc::channel();
    let path = folder.to_owned();
    thread::Builder::new()
        .name("index-open".into())
        .spawn(move || {
            let open = || sled::Config::new().path(&path).cache_capacity(cache_bytes).flush_every_ms(Some(500)).open();
            let result = std::panic::catch_unwind(open)
                .map_err(|_| StoreError::Index("opening it panicked".into()))
                .and_then(|result| result.map_err(StoreError::index));
            let _ = done.send(result);
        })
        .map_err(StoreError::io(folder))?;
    opened.recv_timeout(OPEN_LIMIT).map_err(|_| StoreError::Index("opening it took too long".into()))?
}

/// An overlay over the index that gathers what a replay writes.
struct Replay {
    snapshot: Snapshot,
}

impl Kv for Replay {
    fn get(&self, key: &[u8]) -> StoreResult<Option<Value>> {
        self.snapshot.get(key)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: &mut Visit<'_>) -> StoreResult<()> {
        self.snapshot.scan(from, to, order, visit)
    }
}

impl KvMut for Replay {
    fn put(&mut self, key: Key, value: Option<Value>) {
        self.snapshot.tail.insert(key, Staged { seq: 0, value });
    }
}

fn replay(
    db: &sled::Db,
    data: &Path,
    synced: &journal::Synced,
    applied: u64,
    last_seq: u64,
    on_progress: OnProgress<'_>,
) -> StoreResult<()> {
    let mut replay = Replay { snapshot: Snapshot { tail: Tail::new(), db: Arc::new(db.clone()) } };
    replay.put(keys::index_version(), Some(INDEX_VERSION.to_be_bytes().as_slice().into()));
    for (record, count) in journal::read(&data.join("journal"), synced, applied + 1)?.zip(1u64..) {
        let record = record?;
        writer::replay(&mut replay, &codec::decode_entry(&record.payload)?)?;
        if replay.snapshot.tail.len() >= REPLAY_BATCH {
            apply_tail(db, &replay.snapshot.tail, record.seq)?;
            replay.snapshot.tail = Tail::new();
        }
        if count % REPORT_EVERY == 0 {
            on_progress(record.seq - applied, last_seq - applied);
        }
    }
    apply_tail(db, &replay.snapshot.tail, last_seq)
}

/// A new, empty index beside the one in use.
pub(super) fn create_beside(data: &Path, cache_bytes: u64) -> StoreResult<(u64, sled::Db)> {
    let generation = newest_generation(data) + 1;
    Ok((generation, open_guarded(&generation_folder(data, generation), cache_bytes)?))
}

/// Makes another generation the one in use; gives back the number of the former one.
pub(super) fn swap(data: &Path, generation: u64) -> StoreResult<u64> {
    let former = read_state(data).map_or(0, |state| state.generation);
    let stop = Stop::Unclean { boot_id: boot_id() };
    write_state(data, &State { version: INDEX_VERSION, generation, stop })?;
    Ok(former)
}

/// Removes a generation that is no longer in use.
pub(super) fn remove(data: &Path, generation: u64) {
    let folder = generation_folder(data, generation);
    if let Err(error) = fs::remove_dir_all(&folder) {
        tracing::warn!(folder = %folder.display(), cause = %error, "a former index was not removed");
    }
}

fn generations(data: &Path) -> Vec<u64> {
    let entries = fs::read_dir(index_folder(data)).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

fn newest_generation(data: &Path) -> u64 {
    generations(data).into_iter().max().unwrap_or(0)
}

fn remove_other_generations(data: &Path, keep: u64) {
    for generation in generations(data).into_iter().filter(|generation| *generation != keep) {
        remove(data, generation);
    }
}

/// Closes the index so that the next start may believe it: all its files are synced before that is written down.
pub(super) fn close(data: &Path, db: sled::Db, seq: u64) -> StoreResult<()> {
    let State { generation, .. } =
        read_state(data).ok_or_else(|| StoreError::Index("its state file is missing".into()))?;
    db.flush().map_err(StoreError::index)?;
    drop(db);
    sync_tree(&generation_folder(data, generation))?;
    write_state(data, &State { version: INDEX_VERSION, generation, stop: Stop::Clean { seq } })
}

fn sync_tree(folder: &Path) -> StoreResult<()> {
    let sync = |path: &Path| fs::File::open(path).and_then(|file| file.sync_all());
    for entry in fs::read_dir(folder).map_err(StoreError::io(folder))? {
        let path = entry.map_err(StoreError::io(folder))?.path();
        if path.is_dir() {
            sync_tree(&path)?;
        } else {
            sync(&path).map_err(StoreError::io(&path))?;
        }
    }
    sync(folder).map_err(StoreError::io(folder))
}
