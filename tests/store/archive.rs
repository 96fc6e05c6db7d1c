//! Backup, restore and export.

use super::{
    kit::{self, Dice, Opened, files_below, found, open},
    model::silence_panics_on_purpose,
    reference::Reference,
    story::happens,
};
use parlor::{
    model::{AccountId, Event, FilePurpose, InviteCode, InviteCodeId, Message, RoomId, Session, SessionId},
    store::{StoreError, archive, blobs::BlobPart},
};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

/// A store with two people in a room, and one of them.
async fn salon(folder: &Path) -> (Opened, RoomId, AccountId) {
    let lobby = found(folder);
    fs::write(folder.join("format"), "parlor data folder\nformat 1\n").unwrap();
    let opened = open(folder);
    let (anna, boris) = (kit::account("anna"), kit::account("boris"));
    let author = anna.id;
    opened.emit(vec![Event::AccountRegistered(anna), Event::AccountRegistered(boris)]).await.unwrap();
    (opened, lobby.id, author)
}

async fn post_file(opened: &Opened, room: RoomId, author: AccountId, bytes: &[u8]) -> Message {
    let file = kit::file(author, FilePurpose::Attachment { room }, "a.txt");
    let mut incoming = opened.store.blobs().begin(1 << 20).await.unwrap();
    incoming.write(bytes).await.unwrap();
    let stored = incoming.finish().await.unwrap();
    opened.store.blobs().keep(stored.temp, file.id).await.unwrap();
    opened
        .store
        .commit(None, move |tx| {
            let seq = tx.view().room_head(room)?.last_seq + 1;
            let message = Message { file: Some(file.id), ..kit::message(room, seq, author) };
            tx.emit(Event::FileStored(file))?;
            tx.emit(Event::MessagePosted(message.clone()))?;
            Ok(message)
        })
        .await
        .unwrap()
}

async fn retract(opened: &Opened, message: &Message) {
    let (room, seq, by, at) = (message.room, message.seq, message.author, kit::CREATED_AT);
    opened.emit(vec![Event::MessageRetracted { room, seq, message: message.id, by, at }]).await.unwrap();
    opened.store.remove_blobs(message.file.into_iter().collect()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_is_one_moment_with_everything_acknowledged_before_it() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("live");
    let (opened, room, anna) = salon(&folder).await;
    let opened = Arc::new(opened);
    let is_over = Arc::new(AtomicBool::new(false));
    let load = tokio::spawn({
        let (opened, is_over) = (Arc::clone(&opened), Arc::clone(&is_over));
        async move {
            let mut number = 0;
            while !is_over.load(Ordering::Relaxed) {
                opened.post(room, anna, &format!("text {number}")).await;
                let with_file = post_file(&opened, room, anna, format!("file {number}").as_bytes()).await;
                if number % 2 == 0 {
                    retract(&opened, &with_file).await;
                }
                number += 1;
            }
        }
    });
    for round in 0..5 {
        let last = opened.post(room, anna, "before the backup").await;
        let (_, acknowledged) = opened.store.snapshot_at();
        let (archive, restored) = (root.path().join(format!("{round}.tar")), root.path().join(round.to_string()));
        let summary = opened.store.back_up(archive.clone()).await.unwrap();
        assert!(summary.last_seq >= acknowledged);
        assert_eq!(archive::restore(&archive, &restored).unwrap(), summary);
        let again = open(&restored);
        let (snapshot, seq) = again.store.snapshot_at();
        assert_eq!(seq, summary.last_seq);
        assert_eq!(snapshot.view().message(room, last.seq).unwrap(), Some(last));
        let entries = again.store.entries(1).unwrap().map(Result::unwrap).collect::<Vec<_>>();
        let said = Reference::after(entries.iter().flat_map(|committed| &committed.entry.events));
        said.assert_shown_by(snapshot.view());
        for file in said.files.keys() {
            let (_, size_bytes) = again.store.blobs().read(*file, BlobPart::Original).await.unwrap();
            assert!(size_bytes > 0);
        }
        drop(snapshot);
        again.close().await;
    }
    is_over.store(true, Ordering::Relaxed);
    load.await.unwrap();
    assert!(files_below(root.path()).iter().all(|path| !path.to_string_lossy().contains("partial")));
    Arc::into_inner(opened).unwrap().close().await;
}

async fn small_archive(root: &Path) -> PathBuf {
    let (opened, room, anna) = salon(&root.join("live")).await;
    opened.post(room, anna, "hello").await;
    post_file(&opened, room, anna, b"attached").await;
    let out = root.join("good.tar");
    opened.store.back_up(out.clone()).await.unwrap();
    opened.close().await;
    out
}

fn refusal(archive: &Path, target: &Path) -> String {
    let refused = archive::restore(archive, target).unwrap_err().to_string();
    assert!(!target.exists(), "{refused}: something was left");
    refused
}

#[tokio::test]
async fn a_backup_after_a_compaction_restores_as_well() {
    let root = tempfile::tempdir().unwrap();
    let (opened, room, anna) = salon(&root.path().join("live")).await;
    let message = opened.post(room, anna, "hello").await;
    retract(&opened, &message).await;
    opened.emit(vec![Event::InviteCodeRemoved { code: InviteCodeId::new() }]).await.unwrap();
    opened.store.compact().await.unwrap();
    let (out, restored) = (root.path().join("a.tar"), root.path().join("restored"));
    opened.store.back_up(out.clone()).await.unwrap();
    let expected = opened.store.fingerprint().unwrap();
    opened.close().await;
    archive::restore(&out, &restored).unwrap();
    let again = open(&restored);
    assert_eq!(again.store.fingerprint().unwrap(), expected);
    again.close().await;
}

/// Whatever happened, salons with their seats, invitations, logs and notifications among it.
#[tokio::test]
async fn a_backup_of_any_history_restores_to_the_same_state() {
    let root = tempfile::tempdir().unwrap();
    silence_panics_on_purpose();
    let (opened, ..) = salon(&root.path().join("live")).await;
    let mut dice = Dice::new(12);
    for round in 0..3 {
        for _ in 0..300 {
            let _ = happens(&opened.store, &mut dice).await;
        }
        if round == 1 {
            opened.store.compact().await.unwrap();
        }
        let live = Reference::of(opened.store.snapshot().view());
        let (out, restored) = (root.path().join(format!("{round}.tar")), root.path().join(round.to_string()));
        opened.store.back_up(out.clone()).await.unwrap_or_else(|error| panic!("{error}"));
        archive::restore(&out, &restored).unwrap();
        let again = open(&restored);
        assert_eq!(again.store.fingerprint().unwrap(), opened.store.fingerprint().unwrap());
        live.assert_shown_by(again.store.snapshot().view());
        let found = [live.salons.len(), live.seats.len(), live.invitations.len(), live.notifications.len()];
        assert!(found.iter().all(|count| *count > 0) && !live.log.is_empty(), "{found:?}: too little happened");
        again.close().await;
    }
    opened.close().await;
}

#[tokio::test]
async fn a_cut_or_changed_archive_is_refused_with_words() {
    let root = tempfile::tempdir().unwrap();
    let good = small_archive(root.path()).await;
    let (bad, target) = (root.path().join("bad.tar"), root.path().join("target"));
    let bytes = fs::read(&good).unwrap();
    for len in (0..bytes.len()).step_by(211).chain([bytes.len() - 1, bytes.len() - 512, bytes.len() - 1024]) {
        fs::write(&bad, &bytes[..len]).unwrap();
        let words = refusal(&bad, &target);
        assert!(words.contains("archive"), "cut at {len}: {words}");
    }
    for garbage in [vec![0; 1], vec![7; 1], vec![0; 512], b"garbage".repeat(500)] {
        fs::write(&bad, [bytes.as_slice(), &garbage].concat()).unwrap();
        let words = refusal(&bad, &target);
        assert!(words.contains("bytes") || words.contains("archive"), "{words}");
    }
    let mut changed = 0;
    for at in (0..bytes.len() - 1024).step_by(97) {
        let mut other = bytes.clone();
        other[at] ^= 0x20;
        fs::write(&bad, other).unwrap();
        // A bit of padding, or of an owner that nobody reads, may change unseen: then all is as it was.
        match archive::restore(&bad, &target) {
            Err(_) => changed += 1,
            Ok(summary) => {
                assert_eq!(summary.files, 3, "byte {at}");
                fs::remove_dir_all(&target).unwrap();
            }
        }
        assert!(!target.exists());
    }
    assert!(changed > 10);
    assert_eq!(archive::restore(&good, &target).unwrap().files, 3);
}

/// An archive with one file that a backup never has, and an honest manifest.
fn archive_with(path: &Path, add: impl FnOnce(&mut tar::Builder<fs::File>)) {
    let mut builder = tar::Builder::new(fs::File::create(path).unwrap());
    add(&mut builder);
    add_file(&mut builder, "manifest.json", br#"{"parlor_backup":1,"last_seq":1,"sums":{}}"#);
    builder.into_inner().unwrap();
}

fn add_file(builder: &mut tar::Builder<fs::File>, name: &str, bytes: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    // The crate refuses such names itself; an enemy does not use the crate.
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_cksum();
    builder.append(&header, bytes).unwrap();
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let (bad, target) = (root.path().join("bad.tar"), root.path().join("inner/target"));
    fs::create_dir(root.path().join("inner")).unwrap();
    let absolute = root.path().join("outside").to_string_lossy().into_owned();
    for name in ["../outside", "files/../../outside", &absolute, "index/state.json", "parlor.sock", "files/a/b/c"] {
        archive_with(&bad, |builder| add_file(builder, name, b"harm"));
        let words = refusal(&bad, &target);
        assert!(words.contains("does not belong"), "{name}: {words}");
    }
    for kind in [tar::EntryType::Symlink, tar::EntryType::Link] {
        archive_with(&bad, |builder| {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(kind);
            header.set_size(0);
            builder.append_link(&mut header, "files/aa", "/etc").unwrap();
        });
        assert!(refusal(&bad, &target).contains("does not belong"));
    }
    assert!(files_below(root.path()).iter().all(|path| *path == bad));
}

#[tokio::test]
async fn a_newer_archive_is_refused_as_newer() {
    let root = tempfile::tempdir().unwrap();
    let bad = root.path().join("bad.tar");
    let mut builder = tar::Builder::new(fs::File::create(&bad).unwrap());
    add_file(&mut builder, "manifest.json", br#"{"parlor_backup":2,"something":"else"}"#);
    builder.into_inner().unwrap();
    let refused = archive::restore(&bad, &root.path().join("target")).unwrap_err();
    assert!(matches!(refused, StoreError::Newer { found: 2, known: 1 }), "{refused}");
}

#[tokio::test]
async fn only_an_empty_folder_is_restored_into() {
    let root = tempfile::tempdir().unwrap();
    let good = small_archive(root.path()).await;
    let target = root.path().join("target");
    fs::create_dir(&target).unwrap();
    fs::write(target.join("mine"), b"mine").unwrap();
    let words = archive::restore(&good, &target).unwrap_err().to_string();
    assert!(words.contains("not an empty folder"), "{words}");
    assert_eq!(fs::read(target.join("mine")).unwrap(), b"mine");
    fs::remove_file(target.join("mine")).unwrap();
    fs::create_dir_all(target.join(".restoring/journal")).unwrap();
    archive::restore(&good, &target).unwrap();
    assert!(!target.join(".restoring").exists());
    open(&target).close().await;
}

/// A writer that several may hold.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn an_export_is_json_lines_without_secrets_and_without_what_was_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let (opened, room, anna) = salon(folder.path()).await;
    opened.post(room, anna, "text that stays").await;
    let regretted = opened.post(room, anna, "text that was retracted").await;
    retract(&opened, &regretted).await;
    let at = kit::CREATED_AT;
    let session = Session {
        id: SessionId::new(),
        account: anna,
        generation: 0,
        created_at: at,
        last_used_at: at,
        expires_at: at,
        user_agent: "secret-browser".to_owned(),
        address: "secret-address".to_owned(),
    };
    let code_hash = [0xEE; 32];
    let code = InviteCode {
        id: InviteCodeId::new(),
        code_hash,
        created_by: None,
        created_at: at,
        expires_at: at,
        uses_left: 1,
    };
    opened.emit(vec![Event::SessionStarted(session), Event::InviteCodeSaved(code)]).await.unwrap();
    let lines = Lines::default();
    let count = opened.store.export(Box::new(lines.clone())).await.unwrap();
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().count() as u64, count);
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["seq"].is_u64() && line["at"].is_string() && line["events"].is_array());
    }
    assert!(text.contains("text that stays") && text.contains("anna@example.org"));
    for secret in ["argon2id", "hash-of", "text that was retracted", "secret-", "238,238"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    opened.close().await;
}
