//! Tests of the journal in real temporary folders.

mod append;
mod compaction;
mod crash;
mod damage;
mod format;
mod history;

use super::{Journal, JournalError, Opened, Options, Record, found::found_with_id, read::read_until};
use std::path::{Path, PathBuf};

const ID: u64 = 0x0102_0304_0506_0708;

/// A journal with one founding record.
fn founded() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    found_with_id(dir.path(), &[payload(1)], ID).unwrap();
    dir
}

/// Payloads of all lengths from 0 on, with a recognizable content.
fn payload(seq: u64) -> Vec<u8> {
    (0..seq * 7 % 41).map(|at| (seq * 31 + at) as u8 | 1).collect()
}

fn open(dir: &Path) -> Opened {
    Journal::open(dir, Options::default()).unwrap()
}

fn open_error(dir: &Path) -> JournalError {
    Journal::open(dir, Options::default()).err().expect("opened")
}

/// Appends and syncs one group that ends with `last_seq`.
fn append_up_to(journal: &mut Journal, last_seq: u64) {
    for seq in journal.last_seq() + 1..=last_seq {
        assert_eq!(journal.append(&payload(seq)).unwrap(), seq);
    }
    assert_eq!(journal.sync().unwrap(), last_seq);
}

fn read_all(dir: &Path, until_seq: u64) -> Result<Vec<Record>, JournalError> {
    read_until(dir, 1, until_seq)?.collect()
}

fn records(seqs: impl IntoIterator<Item = u64>) -> Vec<Record> {
    seqs.into_iter().map(|seq| Record { seq, payload: payload(seq) }).collect()
}

fn segment(dir: &Path, first_seq: u64) -> PathBuf {
    super::files::segment_path(dir, first_seq)
}

fn file_names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn is_damaged(error: &JournalError) -> bool {
    matches!(error, JournalError::Damaged { .. })
}

fn copy_folder(from: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    copy
}
