//! A disk without room: writing is refused, reading goes on, and when there is room again so does writing.

use super::{
    person::{Outcome, Person, Refused, text},
    server::Server,
};
use rustix::process::geteuid;
use serde_json::Value;
use std::{fs, io::Write, path::PathBuf, process::Command, time::Duration};
use tempfile::TempDir;

/// How soon writing must work again once there is room.
const RECOVERS_WITHIN: Duration = Duration::from_secs(10);

/// A file system of 48 MB, for as long as it lives.
struct SmallDisk {
    mount: TempDir,
}

impl SmallDisk {
    /// `None` where this user may not mount.
    fn new() -> Option<Self> {
        if !geteuid().is_root() {
            return None;
        }
        let mount = TempDir::new().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=48m", "tmpfs"]).arg(mount.path()).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self { mount })
    }

    fn filler(&self) -> PathBuf {
        self.mount.path().join("filler")
    }

    /// Takes every byte there is.
    fn fill(&self) {
        let mut filler = fs::File::create(self.filler()).unwrap();
        for piece in [1 << 20, 1 << 12, 1] {
            while filler.write_all(&vec![1; piece]).is_ok() {}
        }
    }

    fn free(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.mount.path()).output();
    }
}

fn is_refused_for_room(outcome: &Outcome<Value>) -> bool {
    let refused = outcome.as_ref().err();
    matches!(refused.and_then(Refused::status), Some(503 | 507)) && refused.and_then(Refused::code).is_some()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_writes_until_there_is_room() {
    let Some(disk) = SmallDisk::new() else {
        eprintln!("skipped: mounting a small file system needs root");
        return;
    };
    let data = disk.mount.path().join("data");
    let server = Server::start(&data).await;
    let anna = Person::new(&server, "anna").await;
    let room = anna.enters("public-chat").await;
    let mut acknowledged = Vec::new();

    // Uploads until there is no more room for one.
    let megabyte = vec![7; 1 << 20];
    let refused = loop {
        let count = acknowledged.len().to_string();
        assert!(acknowledged.len() < 60, "a disk of 48 MB takes no 60 MB");
        match anna.uploads(&room, &count, &count, "part.bin", megabyte.clone()).await {
            Ok(message) => acknowledged.push(message),
            refused => break refused,
        }
    };
    assert!(is_refused_for_room(&refused), "{refused:?}");
    assert!(acknowledged.len() > 20, "room is used before it is refused: {}", acknowledged.len());

    // Somebody else takes the rest, to the last byte.
    disk.fill();
    let mut refusals = 0;
    for count in 0..200 {
        match anna.posts(&room, &"text ".repeat(200), &format!("full-{count}")).await {
            Ok(message) => acknowledged.push(message),
            refused => {
                assert!(is_refused_for_room(&refused), "{refused:?}");
                refusals += 1;
            }
        }
    }
    assert!(refusals > 0, "a full disk refuses");
    assert_eq!(anna.history(&room).await.len(), acknowledged.len(), "reading goes on");
    let file = text(&acknowledged[0], "file");
    assert_eq!(anna.downloads(&file).await.expect("reading goes on"), megabyte);
    assert!(server.log().lines().any(|line| line.contains("ERROR") && line.contains("disk")), "{}", server.log());

    // Deleting is what makes room, so it works now; the file's bytes go at once.
    let first = acknowledged.remove(0);
    anna.deletes(&text(&first, "uuid")).await.expect("deleting works on a full disk");
    assert!(anna.downloads(&file).await.is_err(), "the file is gone");

    disk.free();
    let again = tokio::time::timeout(RECOVERS_WITHIN, async {
        loop {
            match anna.posts(&room, "there is room again", "again").await {
                Ok(message) => break message,
                refused => assert!(is_refused_for_room(&refused), "{refused:?}"),
            }
        }
    });
    acknowledged.push(again.await.expect("it recovers without a restart"));
    assert!(server.is_running());
    server.kill().await;

    let server = Server::start(&data).await;
    let history = anna.at(&server).history(&room).await;
    let (live, gone): (Vec<_>, Vec<_>) = history.iter().partition(|message| message["is_deleted"] == false);
    assert_eq!(gone.len(), 1);
    let ids =
        |messages: &mut dyn Iterator<Item = &Value>| messages.map(|message| text(message, "uuid")).collect::<Vec<_>>();
    assert_eq!(ids(&mut live.into_iter()), ids(&mut acknowledged.iter()));
    assert_eq!(server.stop().await.code, Some(0));
}
