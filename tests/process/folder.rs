//! The data folder in every state that a box in a salon can bring about: used twice, damaged, written by a newer Parlor.
//! Whatever it is, a folder with people in it is never taken for a new one.

use super::{
    person::{Person, text},
    server::{Ended, Server, Start, parlor, read},
};
use serde_json::Value;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;

const REFUSED_WITHIN: Duration = Duration::from_secs(8);
const MESSAGES: usize = 40;

/// A stopped server's folder with somebody and messages in it.
struct Stopped {
    folder: TempDir,
    anna: Person,
    room: String,
    history: Vec<Value>,
}

impl Stopped {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let server = Server::start(&folder.path().join("data")).await;
        let anna = Person::new(&server, "anna").await;
        let room = anna.enters("public-chat").await;
        for count in 0..MESSAGES {
            anna.posts(&room, &format!("message {count} {}", "of some length ".repeat(20)), &count.to_string())
                .await
                .expect("posted");
        }
        let history = anna.history(&room).await;
        assert_eq!(server.stop().await.code, Some(0));
        Self { folder, anna, room, history }
    }

    /// A copy to do harm to.
    fn copy(&self, name: &str) -> PathBuf {
        let target = self.folder.path().join(name);
        copy_tree(&self.folder.path().join("data"), &target);
        target
    }

    /// Everything is there.
    async fn assert_whole(&self, server: &Server) {
        assert_eq!(self.anna.at(server).history(&self.room).await, self.history);
    }

    /// Either a refusal in words, or everything up to some moment.
    async fn assert_honest(&self, data: &Path, harm: &str) -> Option<Ended> {
        match Server::try_start(data, Start::default()).await {
            Err(ended) => {
                assert_refused(&ended, &[]);
                assert!(ended.took < REFUSED_WITHIN, "{harm}: refused after {:?}", ended.took);
                Some(ended)
            }
            Ok(server) => {
                let rest = self.anna.at(&server).history(&self.room).await;
                assert!(self.history.starts_with(&rest), "{harm}: what is served is what was written");
                let said = server.log();
                let admits = ["WARN", "ERROR"].iter().any(|level| said.contains(level));
                assert!(rest.len() == MESSAGES || admits, "{harm}: messages are missing without a word:\n{said}");
                None
            }
        }
    }

    fn segment(data: &Path) -> PathBuf {
        let mut segments: Vec<_> = files_below(&data.join("journal"));
        assert_eq!(segments.len(), 1, "so little fits into one segment");
        segments.remove(0)
    }
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// One plain line that begins with the program's name, and a code that says no.
fn assert_refused(ended: &Ended, words: &[&str]) {
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let line = ended.stderr.lines().last().unwrap_or_default();
    assert!(line.starts_with("parlor: "), "{ended:?}");
    assert!(!ended.stderr.contains("panicked"), "{ended:?}");
    for word in words {
        assert!(line.contains(word), "{word:?} is not in {line:?}");
    }
}

#[tokio::test]
async fn a_second_server_is_refused_and_told_who_is_there() {
    let folder = TempDir::new().unwrap();
    let first = Server::start(folder.path()).await;
    let anna = Person::new(&first, "anna").await;
    let refused = Server::try_start(folder.path(), Start::default()).await.err().expect("one server a folder");
    assert_refused(&refused, &[&format!("process {}", first.pid()), "--data"]);
    assert!(refused.took < REFUSED_WITHIN, "{:?}", refused.took);
    let room = anna.enters("public-chat").await;
    anna.posts(&room, "still here", "1").await.expect("the first is unharmed");
    // What needs the folder for itself is refused as well; what can ask the server is not.
    let checked = parlor(&["check", "--data", folder.path().to_str().unwrap()]).await;
    assert_refused(&checked, &[&format!("process {}", first.pid())]);
    assert_eq!(first.stop().await.code, Some(0));
}

#[tokio::test]
async fn without_its_index_a_folder_has_everything() {
    let stopped = Stopped::new().await;
    let each_file =
        |data: &Path, harm: &dyn Fn(&Path)| files_below(&data.join("index")).iter().for_each(|path| harm(path));
    let deleted = stopped.copy("deleted");
    fs::remove_dir_all(deleted.join("index")).unwrap();
    let emptied = stopped.copy("emptied");
    each_file(&emptied, &|path| fs::write(path, b"").unwrap());
    let garbled = stopped.copy("garbled");
    each_file(&garbled, &|path| fs::write(path, b"garbage ".repeat(4_000)).unwrap());
    let database_garbled = stopped.copy("database-garbled");
    each_file(&database_garbled, &|path| {
        if path.file_name().is_some_and(|name| name != "state.json") {
            let bytes = fs::read(path).unwrap();
            fs::write(path, bytes.iter().map(|byte| !byte).collect::<Vec<_>>()).unwrap();
        }
    });
    let database_emptied = stopped.copy("database-emptied");
    each_file(&database_emptied, &|path| {
        if path.file_name().is_some_and(|name| name != "state.json") {
            fs::remove_file(path).unwrap();
        }
    });
    for data in [deleted, emptied, garbled, database_garbled, database_emptied] {
        let server = Server::start(&data).await;
        stopped.assert_whole(&server).await;
        // And it can be written to, stopped and started again.
        let anna = stopped.anna.at(&server);
        anna.posts(&stopped.room, "afterwards", "after").await.expect("posted");
        assert_eq!(server.stop().await.code, Some(0));
        let server = Server::start(&data).await;
        assert!(!server.log().contains("rebuilt"), "{}: {}", data.display(), server.log());
        assert_eq!(stopped.anna.at(&server).history(&stopped.room).await.len(), MESSAGES + 1);
    }
}

#[tokio::test]
async fn a_damaged_journal_is_admitted_in_words() {
    let stopped = Stopped::new().await;
    let segment = fs::read(Stopped::segment(&stopped.folder.path().join("data"))).unwrap();
    let used = segment.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    for part in 0..8 {
        let data = stopped.copy(&format!("flipped-{part}"));
        let mut bytes = segment.clone();
        bytes[used * part / 8 + 3] ^= 0x20;
        fs::write(Stopped::segment(&data), bytes).unwrap();
        let harm = format!("a bit flipped in part {part}");
        let refused = stopped.assert_honest(&data, &harm).await.expect("what was acknowledged is damaged");
        assert!(refused.stderr.contains("damaged") && refused.stderr.contains("restore"), "{}", refused.stderr);
        let checked = parlor(&["check", "--data", data.to_str().unwrap()]).await;
        assert_refused(&checked, &["check"]);
        assert!(format!("{}{}", checked.stdout, checked.stderr).contains(".log"), "it says where: {checked:?}");
    }
    for (part, length) in [0, 1, 63, 64, used / 3, used / 2, used - 1].into_iter().enumerate() {
        let data = stopped.copy(&format!("cut-{part}"));
        fs::write(Stopped::segment(&data), &segment[..length]).unwrap();
        stopped.assert_honest(&data, &format!("cut after {length} bytes")).await;
    }
    let data = stopped.copy("zeroed");
    fs::write(Stopped::segment(&data), vec![0; segment.len()]).unwrap();
    stopped.assert_honest(&data, "zeroed").await.expect("nothing is left to serve");
}

#[tokio::test]
async fn a_folder_without_its_journal_is_never_taken_for_a_new_one() {
    let stopped = Stopped::new().await;
    let without_segment = stopped.copy("without-segment");
    fs::remove_file(Stopped::segment(&without_segment)).unwrap();
    let without_journal = stopped.copy("without-journal");
    fs::remove_dir_all(without_journal.join("journal")).unwrap();
    let without_format = stopped.copy("without-format");
    fs::remove_file(without_format.join("format")).unwrap();
    for data in [without_segment, without_journal, without_format] {
        let refused = Server::try_start(&data, Start::default()).await.err();
        let refused = refused.unwrap_or_else(|| panic!("{} starts as new", data.display()));
        assert_refused(&refused, &["restore"]);
    }
}

#[tokio::test]
async fn a_newer_folder_is_refused() {
    let stopped = Stopped::new().await;
    let data = stopped.copy("newer");
    let format = read(&data.join("format"));
    fs::write(data.join("format"), format.replace("format 1\n", "format 2\n")).unwrap();
    let before = fs::read(Stopped::segment(&data)).unwrap();
    let refused = Server::try_start(&data, Start::default()).await.err().expect("it knows nothing of format 2");
    assert_refused(&refused, &["newer Parlor"]);
    let refused = parlor(&["user", "list", "--data", data.to_str().unwrap()]).await;
    assert_refused(&refused, &["newer Parlor"]);
    assert_eq!(before, fs::read(Stopped::segment(&data)).unwrap(), "nothing was changed");
}

#[tokio::test]
async fn the_folder_is_open_to_its_owner_only() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data).await;
    let anna = Person::new(&server, "anna").await;
    let room = anna.enters("public-chat").await;
    let posted = anna.uploads(&room, "a file", "1", "list.txt", b"milk".to_vec()).await.expect("uploaded");
    assert!(!text(&posted, "file").is_empty());
    assert_modes(&data);
    assert_eq!(parlor(&["compact", "--data", data.to_str().unwrap()]).await.code, Some(0));
    assert_modes(&data);
    assert_eq!(server.stop().await.code, Some(0));
    assert_modes(&data);
}

fn assert_modes(path: &Path) {
    let found = fs::symlink_metadata(path).unwrap();
    let expected = if found.is_dir() { 0o700 } else { 0o600 };
    assert_eq!(found.permissions().mode() & 0o777, expected, "{}", path.display());
    if found.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| assert_modes(&entry.unwrap().path()));
    }
}
