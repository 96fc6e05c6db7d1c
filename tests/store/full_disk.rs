//! A disk that gets full: writes are refused, reads and deleting go on, and nothing acknowledged is lost.

use super::{
    kit::{self, Opened, found, open_with},
    reference::Reference,
};
use parlor::model::{ErrorCode, Event, Message};
use std::{
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

const SIZE_BYTES: u64 = 48 << 20;
const FLOOR_BYTES: u64 = 64 << 20;

/// A small file system of its own, unmounted when dropped.
struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// `None` where mounting is not permitted, or not possible.
    fn mount(root: &Path, kind: &str) -> Option<Self> {
        let at = root.join(kind);
        fs::create_dir(&at).unwrap();
        let mut mount = Command::new("mount");
        if kind == "tmpfs" {
            mount.args(["-t", "tmpfs", "-o", &format!("size={SIZE_BYTES}"), "tmpfs"]);
        } else {
            let image = root.join("image");
            fs::File::create(&image).unwrap().set_len(SIZE_BYTES).unwrap();
            if !succeeds(Command::new("mkfs.ext4").args(["-q", "-m", "0"]).arg(&image)) {
                return None;
            }
            mount.args(["-o", "loop"]).arg(image);
        }
        succeeds(mount.arg(&at)).then_some(Self { at })
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        succeeds(Command::new("umount").arg("-l").arg(&self.at));
    }
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// Writes until there is no room for another byte.
fn fill(path: &Path) {
    let mut filler = fs::File::create(path).unwrap();
    for size in [1 << 20, 64 << 10, 4 << 10, 1] {
        let piece = vec![7; size];
        loop {
            match filler.write_all(&piece) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
    filler.sync_all().ok();
}

/// Tries until it works; how full the disk is, is not asked for every time.
async fn posts_again(opened: &Opened, room: parlor::model::RoomId, author: parlor::model::AccountId) -> Message {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        match opened.try_post(room, author, "after").await {
            Ok(message) => return message,
            Err(error) => assert!(error.code == ErrorCode::StorageFull && Instant::now() < until, "{error:?}"),
        }
        tokio::task::yield_now().await;
    }
}

async fn survives(kind: &str) {
    let root = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(root.path(), kind) else {
        println!("skipped: mounting a {kind} is not permitted or not possible here");
        return;
    };
    let folder = disk.at.join("data");
    let lobby = found(&folder);
    let opened = open_with(&folder, FLOOR_BYTES).unwrap();
    let account = kit::account("anna");
    let anna = account.id;
    opened.emit(vec![Event::AccountRegistered(account)]).await.unwrap();
    let mut acknowledged = Vec::new();
    for _ in 0..200 {
        acknowledged.push(opened.post(lobby.id, anna, &"before ".repeat(100)).await);
    }
    let filler = disk.at.join("filler");
    fill(&filler);
    let refused = loop {
        match opened.try_post(lobby.id, anna, &"during ".repeat(100)).await {
            Ok(message) => acknowledged.push(message),
            Err(error) => break error,
        }
    };
    assert_eq!(refused.code, ErrorCode::StorageFull, "{kind}: {refused:?}");
    // Long enough for everything that goes on by itself to meet the full disk.
    let until = Instant::now() + Duration::from_secs(3);
    let mut retracted = 0;
    while Instant::now() < until {
        let snapshot = opened.store.snapshot();
        let found = snapshot.view().messages_from(lobby.id, 1, u64::MAX, usize::MAX).unwrap();
        assert_eq!(found.len(), acknowledged.len());
        assert!(opened.try_post(lobby.id, anna, "no room").await.is_err());
        if retracted < 100 {
            let message = &mut acknowledged[retracted];
            let (room, seq, by, at) = (message.room, message.seq, anna, kit::CREATED_AT);
            let deleted = Event::MessageRetracted { room, seq, message: message.id, by, at };
            opened.emit(vec![deleted]).await.unwrap_or_else(|error| panic!("{kind}: deletion {retracted}: {error:?}"));
            *message = opened.store.snapshot().view().message(room, seq).unwrap().unwrap();
            retracted += 1;
        }
        // It may have no room either; it must do no harm.
        let _ = opened.store.compact().await;
    }
    fs::remove_file(filler).unwrap();
    acknowledged.push(posts_again(&opened, lobby.id, anna).await);
    for _ in 0..500 {
        acknowledged.push(opened.post(lobby.id, anna, &"after ".repeat(100)).await);
    }
    let live = Reference::of(opened.store.snapshot().view());
    assert_eq!(live.messages.into_values().collect::<Vec<_>>(), acknowledged);
    let fingerprint = opened.store.fingerprint().unwrap();
    assert_eq!(kit::rebuilt_fingerprint(&folder).await, fingerprint);
    opened.close().await;
    let opened = open_with(&folder, FLOOR_BYTES).unwrap();
    assert_eq!(opened.store.fingerprint().unwrap(), fingerprint);
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_tmpfs_stops_nothing_but_writes() {
    survives("tmpfs").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_ext4_stops_nothing_but_writes() {
    survives("ext4").await;
}
