//! Commands about the data: backup, restore, export, check, compact.

use super::{
    cli::{assert_done, assert_error},
    crash::{TALKATIVE, World},
    person::{Person, text},
    server::{Ended, Server, parlor, read},
    stream::Stream,
};
use serde_json::Value;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;

fn name(path: &Path) -> &str {
    path.to_str().expect("a name is text")
}

async fn back_up(data: &Path, out: &Path) -> Ended {
    parlor(&["backup", "--data", name(data), "--out", name(out)]).await
}

async fn restore(from: &Path, data: &Path) -> Ended {
    parlor(&["restore", "--from", name(from), "--data", name(data)]).await
}

async fn export(data: &Path) -> Ended {
    parlor(&["export", "--data", name(data)]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_is_one_consistent_moment() {
    let folder = TempDir::new().unwrap();
    let (data, out, copy) = (folder.path().join("data"), folder.path().join("b.tar"), folder.path().join("copy"));
    let server = Server::start_as(&data, TALKATIVE).await;
    let mut world = World::found(&server).await;
    world.work(3, 0, work_for_a_while_then(server, async {})).await;
    let server = Server::start_as(&data, TALKATIVE).await;
    world.meet(&server);
    world.check(10).await;
    let before = world.histories().await;

    let backup = async { assert_done(&back_up(&data, &out).await) };
    world.work(3, 1, work_for_a_while_then(server, backup)).await;
    assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    let server = Server::start_as(&data, TALKATIVE).await;
    world.meet(&server);
    world.check(usize::MAX).await;
    let after = world.histories().await;
    assert_eq!(server.stop().await.code, Some(0));

    assert_done(&restore(&out, &copy).await);
    let restored = Server::start_as(&copy, TALKATIVE).await;
    world.meet(&restored);
    let found = world.histories().await;
    for ((before, found), after) in before.iter().zip(&found).zip(&after) {
        assert!(before.len() <= found.len() && found.len() <= after.len(), "from between before and after");
        for (was, is) in found.iter().zip(after) {
            let same = ["uuid", "seq", "sender", "timestamp", "attachment", "content", "is_edited", "is_deleted"];
            let kept = &same[..if is["is_edited"] == true { 4 } else { 8 }];
            let kept = &kept[..if is["is_deleted"] == true { 4 } else { kept.len() }];
            kept.iter().for_each(|key| assert_eq!(was[key], is[key], "{key} of {is}"));
        }
    }
    assert_files_are_whole(world.person(0), &found).await;
}

/// Every file that a message names can be read, all of it.
async fn assert_files_are_whole(reader: &Person, rooms: &[Vec<Value>]) {
    for message in rooms.iter().flatten().filter(|message| message["file"].is_string()) {
        let bytes = reader.downloads(&text(message, "file")).await.expect("a file that is named is there");
        assert_eq!(message["attachment"]["size_bytes"].as_u64(), Some(bytes.len() as u64));
    }
}

async fn work_for_a_while_then(server: Server, act: impl Future<Output = ()>) {
    tokio::time::sleep(Duration::from_millis(400)).await;
    act.await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.kill().await;
}

/// A folder with somebody, messages, a file and a deleted message in it.
struct Kept {
    folder: TempDir,
    data: PathBuf,
    server: Server,
    anna: Person,
    room: String,
    position: String,
}

impl Kept {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let data = folder.path().join("data");
        let server = Server::start(&data).await;
        let anna = Person::new(&server, "anna").await;
        let room = anna.enters("public-chat").await;
        for count in 0..20 {
            anna.posts(&room, &format!("message {count}"), &count.to_string()).await.expect("posted");
        }
        anna.uploads(&room, "a file", "file", "list.txt", b"bread and milk".to_vec()).await.expect("uploaded");
        for (said, id) in [("hush-hush in text", "gone"), ("first-thoughts in text", "edited")] {
            let message = anna.posts(&room, said, id).await.expect("posted");
            let uuid = text(&message, "uuid");
            match id {
                "gone" => drop(anna.deletes(&uuid).await.expect("deleted")),
                _ => drop(anna.edits(&uuid, "second thoughts").await.expect("edited")),
            }
        }
        let gone =
            anna.uploads(&room, "", "gone-file", "x.txt", b"hush-hush in a file".to_vec()).await.expect("uploaded");
        anna.deletes(&text(&gone, "uuid")).await.expect("deleted");
        let stream = Stream::open(&anna, None).await;
        let position = text(&stream.hello, "position");
        stream.close().await;
        Self { folder, data, server, anna, room, position }
    }
}

#[tokio::test]
async fn a_restored_folder_has_the_same_people_messages_files_and_keys() {
    let Kept { folder, data, server, anna, room, position } = Kept::new().await;
    let (running, stopped) = (folder.path().join("running.tar"), folder.path().join("stopped.tar"));
    assert_done(&back_up(&data, &running).await);
    assert_error(&back_up(&data, &running).await, 1, &["running.tar", "exists"]);
    let history = anna.history(&room).await;
    assert_eq!(server.stop().await.code, Some(0));
    assert_done(&back_up(&data, &stopped).await);
    assert_error(&back_up(&data, &folder.path().join("no/such/folder.tar")).await, 1, &["folder.tar"]);

    let people = parlor(&["user", "list", "--data", name(&data)]).await.stdout;
    let exported = export(&data).await.stdout;
    for (backup, copy) in [(&running, folder.path().join("one")), (&stopped, folder.path().join("two"))] {
        assert_done(&restore(backup, &copy).await);
        assert_done(&parlor(&["check", "--data", name(&copy)]).await);
        assert_eq!(parlor(&["user", "list", "--data", name(&copy)]).await.stdout, people);
        assert_eq!(export(&copy).await.stdout, exported);
        assert_eq!(read(&copy.join("keys/token.key")), read(&data.join("keys/token.key")));
        assert_ne!(read(&copy.join("format")), read(&data.join("format")), "it is another history");

        let server = Server::start(&copy).await;
        let anna = anna.at(&server);
        assert_eq!(anna.history(&room).await, history, "her token is still good");
        assert_files_are_whole(&anna, std::slice::from_ref(&history)).await;
        let stream = Stream::open(&anna, Some(&position)).await;
        assert_eq!(stream.hello["resumed"], false, "a position of another history means nothing");
        stream.close().await;
        anna.posts(&room, "life goes on", "next").await.expect("posted");
        assert_eq!(server.stop().await.code, Some(0));
    }
    // The first history goes on as well, and there positions still count.
    let server = Server::start(&data).await;
    let stream = Stream::open(&anna.at(&server), Some(&position)).await;
    assert_eq!(stream.hello["resumed"], true);
}

#[tokio::test]
async fn a_backup_that_is_not_whole_is_refused() {
    let Kept { folder, data, server, .. } = Kept::new().await;
    let good = folder.path().join("good.tar");
    assert_done(&back_up(&data, &good).await);
    let bytes = fs::read(&good).unwrap();
    let (bad, target) = (folder.path().join("bad.tar"), folder.path().join("target"));
    let mut flipped = bytes.clone();
    flipped[520] ^= 1;
    for harmed in [&bytes[..bytes.len() / 2], &bytes[..bytes.len() - 2_048], &flipped[..], b"no archive", b""] {
        fs::write(&bad, harmed).unwrap();
        assert_error(&restore(&bad, &target).await, 1, &["restore"]);
        assert!(!target.exists(), "nothing is put in place");
    }
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "nothing is left over: {left:?}");
    assert_error(&restore(&folder.path().join("nowhere.tar"), &target).await, 1, &["nowhere.tar"]);

    // Never over a folder that holds something, in use or not.
    assert_error(&restore(&good, &data).await, 1, &["restore"]);
    assert_eq!(server.stop().await.code, Some(0));
    assert_error(&restore(&good, &data).await, 1, &["restore"]);
}

#[tokio::test]
async fn an_export_has_everything_but_secrets_and_what_was_deleted() {
    let Kept { folder, data, server, .. } = Kept::new().await;
    let file = folder.path().join("export.jsonl");
    let to_file = parlor(&["export", "--data", name(&data), "--out", name(&file)]).await;
    assert_done(&to_file);
    let printed = export(&data).await;
    assert_done(&printed);
    assert_eq!(printed.stdout, read(&file));
    assert_error(&parlor(&["export", "--data", name(&data), "--out", name(&file)]).await, 1, &["export.jsonl"]);
    assert_eq!(server.stop().await.code, Some(0));
    assert_eq!(export(&data).await.stdout, printed.stdout, "running or stopped");

    for line in printed.stdout.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line["seq"].is_u64()), "{line}");
    }
    for there in ["message 0", "message 19", "list.txt", "anna", "second thoughts", "public-chat"] {
        assert!(printed.stdout.contains(there), "{there} is exported");
    }
    for absent in ["hush-hush", "first-thoughts", "argon2"] {
        assert!(!printed.stdout.contains(absent), "{absent} is not exported");
    }
    assert!(!data.join("export.jsonl").exists());
    let left: Vec<_> = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with("export")), "{left:?}");
}

#[tokio::test]
async fn compacting_takes_what_was_deleted_off_the_disk() {
    let Kept { folder: _folder, data, server, anna, room, .. } = Kept::new().await;
    let history = anna.history(&room).await;
    assert!(is_on_disk(&data, b"hush-hush in text"), "until then it is in the journal");
    assert_done(&parlor(&["compact", "--data", name(&data)]).await);
    for gone in [&b"hush-hush"[..], b"first-thoughts"] {
        assert!(!is_on_disk(&data, gone), "{:?} is still there", String::from_utf8_lossy(gone));
    }
    assert!(is_on_disk(&data, b"message 19"));
    assert_eq!(anna.history(&room).await, history, "nobody notices");
    let message = anna.posts(&room, "hush-hush again", "again").await.expect("posted");
    anna.deletes(&text(&message, "uuid")).await.expect("deleted");
    assert_eq!(server.stop().await.code, Some(0));
    assert_done(&parlor(&["compact", "--data", name(&data)]).await);
    assert!(!is_on_disk(&data, b"hush-hush"), "stopped as well");
    let checked = parlor(&["check", "--data", name(&data)]).await;
    assert_done(&checked);
    assert!(checked.stdout.starts_with("journal: "), "{}", checked.stdout);
    let server = Server::start(&data).await;
    assert_eq!(anna.at(&server).history(&room).await[..history.len()], history);
}

fn is_on_disk(folder: &Path, bytes: &[u8]) -> bool {
    fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).any(|path| match path.metadata() {
        Ok(found) if found.is_dir() => is_on_disk(&path, bytes),
        // What a running server has just removed is not on the disk.
        Ok(found) if found.is_file() => {
            fs::read(&path).unwrap_or_default().windows(bytes.len()).any(|window| window == bytes)
        }
        _ => false,
    })
}
