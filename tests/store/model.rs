//! The invariant: rebuilding from the journal gives exactly the live index, and both are what the events say, whatever
//! happened and wherever it was cut.

use super::{
    kit::{self, Dice, Opened, copy, files_below, found, open, rebuilt_fingerprint},
    reference::Reference,
    story::{self, happens},
};
use parlor::{
    model::Event,
    store::{Committed, StoreError},
};
use proptest::prelude::*;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Once},
};

const TASKS: u64 = 4;

/// What is done to a store between two chapters.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Close,
    /// The folder is opened as it is, while its former owner never closed it.
    Abandon,
    CutJournal,
    DamageIndex(Damage),
}

#[derive(Clone, Copy, Debug)]
enum Damage {
    Delete,
    Empty,
    Truncate,
    Overwrite,
    Forget,
    Scribble,
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        Just(Turn::Close),
        Just(Turn::Abandon),
        Just(Turn::CutJournal),
        prop_oneof![
            Just(Damage::Delete),
            Just(Damage::Empty),
            Just(Damage::Truncate),
            Just(Damage::Overwrite),
            Just(Damage::Forget),
            Just(Damage::Scribble)
        ]
        .prop_map(Turn::DamageIndex),
    ]
}

/// Keeps panics on purpose out of the test's output.
pub fn silence_panics_on_purpose() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !info.payload_as_str().is_some_and(|words| words.contains(story::PANIC)) {
                usual(info);
            }
        }));
    });
}

/// Few cases, unless `PROPTEST_CASES` asks for more. No shrinking: the interleaving is another one each time.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(16);
    ProptestConfig { cases, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]
    #[test]
    fn any_history_is_kept(seed: u64, turns in proptest::collection::vec((turn(), 1..60usize, any::<bool>()), 1..5)) {
        silence_panics_on_purpose();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(tell(seed, turns));
    }
}

/// The history as it is on the disk, told by the store itself while it was written.
#[derive(Default)]
struct Told {
    founding: Vec<Event>,
    entries: Vec<Arc<Committed>>,
}

impl Told {
    fn until(&self, seq: u64) -> Reference {
        let entries = self.entries.iter().filter(|committed| committed.seq <= seq);
        Reference::after(self.founding.iter().chain(entries.flat_map(|committed| &committed.entry.events)))
    }

    /// Forgets what a cut took away.
    fn cut(&mut self, seq: u64) {
        self.entries.retain(|committed| committed.seq <= seq);
    }
}

async fn tell(seed: u64, turns: Vec<(Turn, usize, bool)>) {
    let root = tempfile::tempdir().unwrap();
    let mut folder = root.path().join("0");
    let lobby = found(&folder);
    let mut told = Told { founding: vec![Event::RoomOpened(lobby)], ..Told::default() };
    let mut dice = Dice::new(seed);
    let mut compacted = false;
    for (number, (turn, happenings, compacts)) in turns.into_iter().enumerate() {
        compacted |= compacts;
        let opened = open(&folder);
        assert_told(&opened, &mut told).await;
        chapter(&opened, &mut dice, happenings, compacts).await;
        // A group is told of after its answers, and before the next one's.
        opened.emit(Vec::new()).await.unwrap();
        told.entries.extend(opened.committed.lock().unwrap().iter().cloned());
        let (_, seq) = opened.store.snapshot_at();
        told.until(seq).assert_shown_by(opened.store.snapshot().view());
        assert_rebuilds(&opened, &folder, &told.until(seq)).await;
        let next = root.path().join((number + 1).to_string());
        // What a compaction dropped was replaced by something synced: no power cut takes that away.
        let turn = if matches!(turn, Turn::CutJournal) && compacted { Turn::Close } else { turn };
        folder = end(turn, opened, &folder, next, &mut dice).await;
    }
    let opened = open(&folder);
    assert_told(&opened, &mut told).await;
    opened.close().await;
}

/// Everything up to where the journal ends is there; it may only end early where it was cut.
async fn assert_told(opened: &Opened, told: &mut Told) {
    let (snapshot, seq) = opened.store.snapshot_at();
    told.cut(seq);
    assert_eq!(told.entries.last().map_or(1, |committed| committed.seq), seq);
    told.until(seq).assert_shown_by(snapshot.view());
}

/// The journal alone gives the same.
async fn assert_rebuilds(live: &Opened, folder: &Path, expected: &Reference) {
    let copied = tempfile::tempdir().unwrap();
    copy(&folder.join("journal"), &copied.path().join("journal"));
    let rebuilt = open(copied.path());
    expected.assert_shown_by(rebuilt.store.snapshot().view());
    assert_eq!(rebuilt.store.fingerprint().unwrap(), live.store.fingerprint().unwrap());
    rebuilt.close().await;
}

async fn chapter(opened: &Opened, dice: &mut Dice, happenings: usize, compacts: bool) {
    let mut tasks = Vec::new();
    for _ in 0..TASKS {
        let (store, mut dice) = (Arc::clone(&opened.store), Dice::new(dice.number()));
        tasks.push(tokio::spawn(async move {
            for _ in 0..happenings {
                // Many fail on purpose; what they said must not show.
                let _ = happens(&store, &mut dice).await;
            }
        }));
    }
    if compacts {
        opened.store.compact().await.unwrap();
        opened.store.compact().await.unwrap();
    }
    for task in tasks {
        task.await.unwrap();
    }
}

async fn end(turn: Turn, opened: Opened, folder: &Path, next: PathBuf, dice: &mut Dice) -> PathBuf {
    match turn {
        Turn::Close => {
            opened.close().await;
            folder.to_owned()
        }
        Turn::Abandon => {
            // The files of a running sled cannot be copied in one piece: the journal alone is what counts.
            copy(&folder.join("journal"), &next.join("journal"));
            opened.close().await;
            next
        }
        Turn::CutJournal => {
            opened.close().await;
            copy(folder, &next);
            cut_journal(&next, dice);
            next
        }
        Turn::DamageIndex(damage) => {
            opened.close().await;
            copy(folder, &next);
            damage_index(&next, damage, dice);
            next
        }
    }
}

/// Cuts the last segment behind its first record, as if the rest had never been written.
fn cut_journal(folder: &Path, dice: &mut Dice) {
    let segments = parlor::store::journal::segments(&folder.join("journal")).unwrap();
    let last = segments.last().unwrap();
    let bytes = fs::read(&last.path).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0);
    // A founding segment says how much it was born with.
    let from = if segments.len() == 1 { 64 + first_record_bytes(&bytes) } else { 64 };
    if used > from {
        let file = fs::OpenOptions::new().write(true).open(&last.path).unwrap();
        file.set_len((from + dice.below(used - from)) as u64).unwrap();
    }
}

fn first_record_bytes(segment: &[u8]) -> usize {
    let payload = u32::from_le_bytes(segment[64..68].try_into().unwrap()) as usize;
    32 + payload.next_multiple_of(8)
}

fn damage_index(folder: &Path, damage: Damage, dice: &mut Dice) {
    let index = folder.join("index");
    let data = || files_below(&index).into_iter().find(|path| path.ends_with("db")).unwrap();
    let state = index.join("state.json");
    match damage {
        Damage::Delete => fs::remove_dir_all(index).unwrap(),
        Damage::Empty => fs::write(data(), b"").unwrap(),
        Damage::Truncate => {
            let file = fs::OpenOptions::new().write(true).open(data()).unwrap();
            file.set_len(dice.below(file.metadata().unwrap().len() as usize) as u64).unwrap();
        }
        Damage::Overwrite => {
            let len = fs::metadata(data()).unwrap().len() as usize;
            fs::write(data(), (0..len).map(|_| dice.number() as u8).collect::<Vec<_>>()).unwrap();
        }
        Damage::Forget => fs::remove_file(state).unwrap(),
        Damage::Scribble => fs::write(state, b"{\"version\":\"seven\"}").unwrap(),
    }
}

#[tokio::test]
async fn a_failure_takes_nothing_of_its_own_and_nothing_of_others() {
    silence_panics_on_purpose();
    let folder = tempfile::tempdir().unwrap();
    let lobby = found(folder.path());
    let opened = open(folder.path());
    let account = kit::account("anna");
    let anna = account.id;
    opened.emit(vec![Event::AccountRegistered(account)]).await.unwrap();
    let panicking = opened.store.commit::<(), _>(None, move |tx| {
        tx.emit(Event::MessagePosted(kit::message(lobby.id, 1, anna)))?;
        panic!("{}", story::PANIC)
    });
    let swallowed = opened.store.commit(None, move |tx| {
        tx.emit(Event::MessagePosted(kit::message(lobby.id, 1, anna)))?;
        Err::<(), _>(StoreError::Stopped.into())
    });
    let (panicked, failed, posted) = tokio::join!(panicking, swallowed, opened.try_post(lobby.id, anna, "hello"));
    assert!(panicked.is_err() && failed.is_err());
    assert_eq!(posted.unwrap().seq, 1);
    assert_eq!(opened.store.snapshot().view().room_head(lobby.id).unwrap().last_seq, 1);
    assert_eq!(opened.store.fingerprint().unwrap(), rebuilt_fingerprint(folder.path()).await);
    opened.close().await;
}
