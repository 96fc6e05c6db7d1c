//! The index on disk: when it may be believed, how it is replaced, how it is closed.
//!
//! It lives in `index/<generation>/`; `index/state.json` names the generation in use and whether it was closed cleanly.
//! After a clean stop it is believed; after a killed process (same boot) it is believed up to its own applied sequence
//! and the journal is replayed from there; after anything else it is set aside and rebuilt from the journal, because
//! sled can open with records missing and say nothing.

use super::{
    StoreError, StoreResult,
    journal::{self, Position},
    keys,
    kv::{Base, Kv},
    replay::{OnProgress, replay},
    space,
    view::View,
};
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    time::Duration,
};

/// Raised whenever keys or values of the index change their form; older indexes are then rebuilt.
pub(super) const INDEX_VERSION: u32 = 3;
/// Longer than sled takes to open several million messages, and to close.
const SLED_LIMIT: Duration = Duration::from_secs(60);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct State {
    version: u32,
    /// The journal that it was made from.
    journal: u64,
    generation: u64,
    stop: Stop,
}

/// How the index was left.
#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
#[serde(rename_all = "snake_case")]
enum Stop {
    /// Everything up to this journal sequence is in it and on the disk, in files of this size.
    Clean { seq: u64, size_bytes: u64 },
    /// In use since this boot of the machine.
    Unclean { boot_id: String },
}

/// What opening the index needs.
pub(super) struct Opening<'a> {
    /// The data folder.
    pub data: &'a Path,
    pub cache_bytes: u64,
    pub synced: &'a journal::Synced,
    pub on_progress: OnProgress<'a>,
}

fn index_folder(data: &Path) -> PathBuf {
    data.join("index")
}

pub(super) fn generation_folder(data: &Path, generation: u64) -> PathBuf {
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

/// Writes down that a generation is in use.
fn write_in_use(data: &Path, generation: u64) -> StoreResult<()> {
    let stop = Stop::Unclean { boot_id: boot_id() };
    write_state(data, &State { version: INDEX_VERSION, journal: journal_id(data)?, generation, stop })
}

fn journal_id(data: &Path) -> StoreResult<u64> {
    Ok(journal::id(&data.join("journal"))?)
}

fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// Opens the index so that it holds everything that the journal has; with it, its generation.
pub(super) fn open(opening: &Opening<'_>) -> StoreResult<(Arc<Base>, u64)> {
    let data = opening.data;
    fs::create_dir_all(index_folder(data)).map_err(StoreError::io(index_folder(data)))?;
    let last_seq = opening.synced.last_seq();
    let state = read_state(data);
    let journal = journal_id(data)?;
    let believable = state.filter(|state| {
        state.version == INDEX_VERSION && state.journal == journal && is_believable(data, state, last_seq)
    });
    let (base, generation) = match believable {
        Some(state) => {
            write_in_use(data, state.generation)?;
            match reopen(opening, &state, last_seq) {
                Ok(base) => (base, state.generation),
                Err(error) => {
                    tracing::warn!(cause = %error, "the index is set aside and rebuilt from the journal");
                    build(opening, last_seq)?
                }
            }
        }
        None => {
            if newest_generation(data) > 0 {
                tracing::warn!("the index was not closed cleanly; it is set aside and rebuilt from the journal");
            }
            build(opening, last_seq)?
        }
    };
    // An interrupted rewrite leaves one behind, and what was deleted since must not stay in it.
    for other in generations(data).into_iter().filter(|other| *other != generation) {
        remove(data, other);
    }
    Ok((base, generation))
}

fn is_believable(data: &Path, state: &State, last_seq: u64) -> bool {
    match &state.stop {
        Stop::Clean { seq, size_bytes } => {
            *seq == last_seq && tree_bytes(&generation_folder(data, state.generation)).ok() == Some(*size_bytes)
        }
        Stop::Unclean { boot_id: then } => !then.is_empty() && *then == boot_id(),
    }
}

fn reopen(opening: &Opening<'_>, state: &State, last_seq: u64) -> StoreResult<Arc<Base>> {
    let folder = generation_folder(opening.data, state.generation);
    if !folder.is_dir() {
        return Err(StoreError::Index("its folder is missing".into()));
    }
    let base = open_guarded(&folder, opening.cache_bytes)?;
    let version = base.get(&keys::index_version())?;
    let applied = View::of(base.as_ref()).applied()?;
    let fits = |applied: u64| match state.stop {
        Stop::Clean { seq, .. } => applied == seq,
        Stop::Unclean { .. } => applied <= last_seq,
    };
    match applied.filter(|applied| fits(*applied)) {
        Some(applied) if version.as_deref() == Some(&INDEX_VERSION.to_be_bytes()) => {
            catch_up(opening, &base, applied, last_seq)?;
            Ok(base)
        }
        _ => Err(StoreError::Index("it does not belong to this journal".into())),
    }
}

fn build(opening: &Opening<'_>, last_seq: u64) -> StoreResult<(Arc<Base>, u64)> {
    let (generation, base) = create_beside(opening.data, opening.cache_bytes)?;
    write_in_use(opening.data, generation)?;
    catch_up(opening, &base, 0, last_seq)?;
    Ok((base, generation))
}

fn catch_up(opening: &Opening<'_>, base: &Arc<Base>, applied: u64, last_seq: u64) -> StoreResult<()> {
    let records = journal::read(&opening.data.join("journal"), opening.synced, applied + 1)?;
    replay(base, records, applied, last_seq, opening.on_progress)
}

/// Opens sled where a panic or a hang of its own cannot take Parlor along.
fn open_guarded(folder: &Path, cache_bytes: u64) -> StoreResult<Arc<Base>> {
    let path = folder.to_owned();
    let config = move || sled::Config::new().path(path).cache_capacity(cache_bytes).flush_every_ms(Some(500));
    let opened = with_limit("opening it", move || config().open().map_err(StoreError::index))?;
    Ok(Arc::new(Base::new(opened?)))
}

/// Runs something of sled's on a thread of its own, which is left behind if it takes too long.
fn with_limit<T: Send + 'static>(what: &str, run: impl FnOnce() -> T + Send + 'static) -> StoreResult<T> {
    let (done, outcome) = mpsc::channel();
    super::spawn("index-guard", move || {
        // Whoever waits may have given up.
        let _ = done.send(run());
    })?;
    outcome.recv_timeout(SLED_LIMIT).map_err(|failed| {
        StoreError::Index(match failed {
            mpsc::RecvTimeoutError::Timeout => format!("{what} took too long"),
            mpsc::RecvTimeoutError::Disconnected => format!("{what} panicked"),
        })
    })
}

/// A new, empty index beside the one in use.
pub(super) fn create_beside(data: &Path, cache_bytes: u64) -> StoreResult<(u64, Arc<Base>)> {
    let generation = newest_generation(data) + 1;
    let opened = open_guarded(&generation_folder(data, generation), cache_bytes);
    if opened.is_err() {
        remove(data, generation);
    }
    Ok((generation, opened?))
}

/// Makes another generation the one in use; gives back the number of the former one.
pub(super) fn swap(data: &Path, generation: u64) -> StoreResult<u64> {
    let former = read_state(data).map_or(0, |state| state.generation);
    write_in_use(data, generation)?;
    Ok(former)
}

/// Removes a generation that is no longer in use. What stays is removed at the next start.
pub(super) fn remove(data: &Path, generation: u64) {
    let folder = generation_folder(data, generation);
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(folder = %folder.display(), cause = %error, "a former index was not removed");
        }
        _ => {}
    }
}

/// An index is copied only where its copy has room.
pub(super) fn refuse_without_room(data: &Path) -> StoreResult<()> {
    let generation = read_state(data).map_or(0, |state| state.generation);
    let folder = generation_folder(data, generation);
    let needed_bytes = tree_bytes(&folder).map_err(StoreError::io(&folder))?;
    match space::free_and_total(data) {
        Some((free_bytes, _)) if free_bytes < needed_bytes => Err(StoreError::Refused(format!(
            "the disk has no room for writing the index afresh: {needed_bytes} bytes are needed, {free_bytes} are free"
        ))),
        _ => Ok(()),
    }
}

fn generations(data: &Path) -> Vec<u64> {
    let entries = fs::read_dir(index_folder(data)).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

fn newest_generation(data: &Path) -> u64 {
    generations(data).into_iter().max().unwrap_or(0)
}

/// Closes the index so that the next start may believe it: sled has ended and all its files are synced before that is
/// written down. Not being able to is no failure: the next start rebuilds.
pub(super) fn close(data: &Path, base: Base, position: Position) -> StoreResult<()> {
    let state = read_state(data).ok_or_else(|| StoreError::Index("its state file is missing".into()))?;
    if base.has_failed() || View::of(&base).applied()? != Some(position.last_seq) {
        return Err(StoreError::Index("it is not complete".into()));
    }
    base.guarded(|db| db.flush())?;
    with_limit("closing it", move || drop(base))?;
    let folder = generation_folder(data, state.generation);
    let size_bytes = sync_tree(&folder).and_then(|()| tree_bytes(&folder)).map_err(StoreError::io(&folder))?;
    write_state(data, &State { stop: Stop::Clean { seq: position.last_seq, size_bytes }, ..state })
}

/// Syncs a folder with everything in it.
pub(super) fn sync_tree(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            sync_tree(&entry?.path())?;
        }
    }
    fs::File::open(path)?.sync_all()
}

/// The size of all files in a folder.
fn tree_bytes(path: &Path) -> io::Result<u64> {
    if !path.is_dir() {
        return Ok(path.metadata()?.len());
    }
    fs::read_dir(path)?.map(|entry| tree_bytes(&entry?.path())).sum()
}
