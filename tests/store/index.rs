//! The index is only a cache: whatever happens to it, nothing is missing after opening, and what a newer Parlor wrote
//! is refused with words.

use super::{
    kit::{self, copy, files_below, found, open, try_open},
    reference::Reference,
};
use parlor::{
    model::Event,
    store::{Store, StoreError, journal},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// A closed folder with some hundred records, and what is in it.
async fn settled(folder: &Path) -> Reference {
    let lobby = found(folder);
    let opened = open(folder);
    let account = kit::account("anna");
    let anna = account.id;
    opened.emit(vec![Event::AccountRegistered(account)]).await.unwrap();
    opened.emit(vec![Event::MemberJoined(kit::membership(lobby.id, anna))]).await.unwrap();
    for number in 0..300 {
        opened.post(lobby.id, anna, &format!("message {number} {}", "x".repeat(300))).await;
    }
    let reference = Reference::of(opened.store.snapshot().view());
    opened.close().await;
    reference
}

async fn assert_nothing_missing(folder: &Path, reference: &Reference, what: &str) {
    println!("{what}");
    let opened = open(folder);
    reference.assert_shown_by(opened.store.snapshot().view());
    opened.close().await;
}

fn state_path(folder: &Path) -> PathBuf {
    folder.join("index/state.json")
}

fn change_state(folder: &Path, change: impl FnOnce(&mut Value)) {
    let path = state_path(folder);
    let mut state = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut state);
    fs::write(path, serde_json::to_vec(&state).unwrap()).unwrap();
}

/// As if the process had been killed after everything was taken.
fn unclean(folder: &Path) {
    let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    change_state(folder, |state| state["stop"] = json!({ "unclean": { "boot_id": boot_id.trim() } }));
}

fn data_file(folder: &Path) -> PathBuf {
    files_below(&folder.join("index")).into_iter().find(|path| path.ends_with("db")).unwrap()
}

fn cut(path: &Path, numerator: u64, denominator: u64) {
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(file.metadata().unwrap().len() * numerator / denominator).unwrap();
}

fn scribble(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let mut dice = kit::Dice::new(7);
    bytes.iter_mut().for_each(|byte| *byte = dice.number() as u8);
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn whatever_happens_to_a_closed_index_nothing_is_missing() {
    type Harm = fn(&Path);
    let harms: [(&str, Harm); 14] = [
        ("none", |_| {}),
        ("index deleted", |folder| fs::remove_dir_all(folder.join("index")).unwrap()),
        ("generation deleted", |folder| fs::remove_dir_all(data_file(folder).parent().unwrap()).unwrap()),
        ("emptied", |folder| fs::write(data_file(folder), b"").unwrap()),
        ("cut in half", |folder| cut(&data_file(folder), 1, 2)),
        ("cut a little", |folder| cut(&data_file(folder), 999, 1000)),
        ("rubbish of the same size", |folder| scribble(&data_file(folder))),
        ("another version", |folder| change_state(folder, |state| state["version"] = json!(9999))),
        ("another journal", |folder| change_state(folder, |state| state["journal"] = json!(1))),
        ("state missing", |folder| fs::remove_file(state_path(folder)).unwrap()),
        ("state is rubbish", |folder| fs::write(state_path(folder), b"\0rubbish").unwrap()),
        ("closed too early", |folder| change_state(folder, |state| state["stop"]["clean"]["seq"] = json!(100))),
        ("closed too late", |folder| change_state(folder, |state| state["stop"]["clean"]["seq"] = json!(100_000))),
        ("another boot", |folder| {
            change_state(folder, |state| state["stop"] = json!({ "unclean": { "boot_id": "another" } }));
        }),
    ];
    let root = tempfile::tempdir().unwrap();
    let original = root.path().join("original");
    let reference = settled(&original).await;
    for (number, (what, harm)) in harms.into_iter().enumerate() {
        let folder = root.path().join(number.to_string());
        copy(&original, &folder);
        harm(&folder);
        assert_nothing_missing(&folder, &reference, what).await;
        assert_nothing_missing(&folder, &reference, "opened again").await;
    }
}

#[tokio::test]
async fn whatever_happens_to_the_index_of_a_killed_process_nothing_is_missing() {
    type Harm = fn(&Path);
    let harms: [(&str, Harm); 5] = [
        ("none", |_| {}),
        ("generation deleted", |folder| fs::remove_dir_all(data_file(folder).parent().unwrap()).unwrap()),
        ("emptied", |folder| fs::write(data_file(folder), b"").unwrap()),
        ("cut in half", |folder| cut(&data_file(folder), 1, 2)),
        ("rubbish of the same size", |folder| scribble(&data_file(folder))),
    ];
    let root = tempfile::tempdir().unwrap();
    let original = root.path().join("original");
    let reference = settled(&original).await;
    unclean(&original);
    for (number, (what, harm)) in harms.into_iter().enumerate() {
        let folder = root.path().join(number.to_string());
        copy(&original, &folder);
        harm(&folder);
        assert_nothing_missing(&folder, &reference, what).await;
    }
}

#[tokio::test]
async fn the_index_of_another_journal_is_not_taken_for_ours() {
    let root = tempfile::tempdir().unwrap();
    let (ours, theirs) = (root.path().join("ours"), root.path().join("theirs"));
    let reference = settled(&ours).await;
    settled(&theirs).await;
    fs::remove_dir_all(ours.join("index")).unwrap();
    copy(&theirs.join("index"), &ours.join("index"));
    assert_nothing_missing(&ours, &reference, "an index of as many entries").await;
}

#[tokio::test]
async fn a_clean_index_is_believed_and_what_an_interrupted_rewrite_left_is_removed() {
    let root = tempfile::tempdir().unwrap();
    let reference = settled(root.path()).await;
    let in_use = data_file(root.path());
    let left = root.path().join("index/77");
    copy(in_use.parent().unwrap(), &left);
    assert_nothing_missing(root.path(), &reference, "something left").await;
    assert!(in_use.exists(), "the index was made anew although it was closed cleanly");
    assert!(!left.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_fails_in_use_is_replaced_and_stops_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let reference = settled(folder.path()).await;
    let opened = open(folder.path());
    scribble(&data_file(folder.path()));
    // Reading what is not in memory fails now, until the index was made anew.
    let shown = |opened: &kit::Opened| {
        let snapshot = opened.store.snapshot();
        let rooms = snapshot.view().rooms()?;
        let messages = rooms.iter().map(|room| snapshot.view().messages_from(room.id, 0, u64::MAX, usize::MAX));
        messages.collect::<Result<Vec<_>, StoreError>>()
    };
    let until = Instant::now() + Duration::from_secs(30);
    let mut failures = 0;
    while shown(&opened).is_err() {
        failures += 1;
        assert!(Instant::now() < until);
        tokio::task::yield_now().await;
    }
    assert!(failures > 0, "the damage was not met");
    reference.assert_shown_by(opened.store.snapshot().view());
    opened.emit(vec![Event::AccountRegistered(kit::account("boris"))]).await.unwrap();
    assert_eq!(opened.store.fingerprint().unwrap(), kit::rebuilt_fingerprint(folder.path()).await);
    opened.close().await;
}

#[tokio::test]
async fn a_newer_journal_entry_is_refused_with_words() {
    let root = tempfile::tempdir().unwrap();
    journal::Journal::found(&root.path().join("journal"), &[vec![3, 0, 0]]).unwrap();
    let refused = try_open(root.path()).err().unwrap();
    assert!(matches!(refused, StoreError::Newer { found: 3, known: 2 }), "{refused:?}");
    assert!(refused.to_string().contains("newer parlor"), "{refused}");
}

#[tokio::test]
async fn a_newer_segment_is_refused_with_words() {
    let root = tempfile::tempdir().unwrap();
    found(root.path());
    let segment = files_below(&root.path().join("journal")).remove(0);
    let mut bytes = fs::read(&segment).unwrap();
    bytes[8..10].copy_from_slice(&7u16.to_le_bytes());
    let sum = crc32c::crc32c(&bytes[..60]);
    bytes[60..64].copy_from_slice(&sum.to_le_bytes());
    fs::write(&segment, bytes).unwrap();
    let refused = try_open(root.path()).err().unwrap().to_string();
    assert!(refused.contains("newer Parlor") && refused.contains("format 7"), "{refused}");
    assert!(Store::exists(root.path()));
}
