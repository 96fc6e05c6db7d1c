//! Killed at every file operation, refused and full.

use super::super::{Rewrite, fault, merge, rewrite};
use super::*;

const ENOSPC: i32 = 28;
const EIO: i32 = 5;

/// Runs `operation` on copies of a folder, killed after 0, 1, 2 … steps, until it gets through; `verify` looks at what
/// each left.
fn killed_at_every_step<T>(
    dir: &Path,
    operation: impl Fn(&Path) -> Result<T, JournalError>,
    verify: impl Fn(&Path, bool),
) -> usize {
    for steps in 0.. {
        let copy = copy_folder(dir);
        let done = fault::die_after(steps, || operation(copy.path()).is_ok());
        verify(copy.path(), done);
        if done {
            return steps;
        }
    }
    unreachable!("an operation has an end")
}

fn assert_whole(dir: &Path, last_seq: u64, expected: &[Record]) {
    assert_eq!(open(dir).last_seq, last_seq);
    assert_eq!(read_all(dir, last_seq).unwrap(), expected);
    let names = file_names(dir);
    assert!(names.iter().all(|name| name.ends_with(".log")), "{names:?}");
}

fn segmented() -> tempfile::TempDir {
    let dir = founded();
    let mut journal = open(dir.path()).journal;
    for last_seq in [5, 10, 15] {
        append_up_to(&mut journal, last_seq);
        journal.roll().unwrap();
    }
    append_up_to(&mut journal, 18);
    dir
}

#[test]
fn founding_leaves_all_or_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let steps = killed_at_every_step(
        parent.path(),
        |dir| Journal::found(&dir.join("journal"), &[payload(1), payload(2)]),
        |dir, done| match Journal::open(&dir.join("journal"), Options::default()) {
            Ok(opened) => assert_eq!(opened.last_seq, 2),
            Err(error) => {
                assert!(!done && matches!(error, JournalError::NotAJournal { .. }), "{error}");
                Journal::found(&dir.join("journal"), &[payload(1)]).unwrap();
                assert_whole(&dir.join("journal"), 1, &records([1]));
            }
        },
    );
    assert!(steps >= 6);
}

#[test]
fn a_roll_killed_anywhere_loses_nothing() {
    let dir = segmented();
    let operation = |dir: &Path| {
        let mut journal = Journal::open(dir, Options::default())?.journal;
        journal.roll()
    };
    let steps = killed_at_every_step(dir.path(), operation, |dir, _| assert_whole(dir, 18, &records(1..=18)));
    assert!(steps >= 8);
}

#[test]
fn a_killed_roll_can_be_killed_again_while_opening() {
    let dir = segmented();
    let mut journal = open(dir.path()).journal;
    // Named, but the segment before it is not sealed.
    assert!(fault::fail("truncate", EIO, || journal.roll()).is_err());
    drop(journal);
    let operation = |dir: &Path| Journal::open(dir, Options::default());
    killed_at_every_step(dir.path(), operation, |dir, _| assert_whole(dir, 18, &records(1..=18)));
}

#[test]
fn a_rewrite_killed_anywhere_leaves_the_old_or_the_new() {
    let dir = segmented();
    let operation = |dir: &Path| rewrite(dir, 6, |record| if record.seq == 7 { Rewrite::Drop } else { Rewrite::Keep });
    let (old, new) = (records(1..=18), records((1..=18).filter(|seq| *seq != 7)));
    let steps = killed_at_every_step(dir.path(), operation, |dir, done| {
        let found = read_all(dir, 18).unwrap();
        assert!(found == new || found == old && !done);
        assert_whole(dir, 18, &found);
    });
    assert!(steps >= 5);
}

#[test]
fn a_merge_killed_anywhere_keeps_every_record_once() {
    let dir = segmented();
    rewrite(dir.path(), 6, |record| if record.seq > 7 { Rewrite::Drop } else { Rewrite::Keep }).unwrap();
    let expected = records((1..=7).chain(11..=18));
    let steps = killed_at_every_step(
        dir.path(),
        |dir| merge(dir, 1 << 20),
        |dir, _| {
            assert_eq!(read_all(dir, 18).unwrap(), expected);
            super::super::segments(dir).unwrap();
            assert_whole(dir, 18, &expected);
            let opened_names = file_names(dir);
            assert!(opened_names.len() == 2 || opened_names.len() == 4, "{opened_names:?}");
        },
    );
    assert!(steps >= 8);
}

#[test]
fn cutting_a_torn_tail_can_be_killed_anywhere() {
    let dir = segmented();
    let path = segment(dir.path(), 16);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[64] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let operation = |dir: &Path| Journal::open(dir, Options::default());
    killed_at_every_step(dir.path(), operation, |dir, _| assert_whole(dir, 15, &records(1..=15)));
}

#[test]
fn a_full_disk_refuses_a_reservation_and_changes_nothing() {
    let dir = founded();
    let mut journal = Journal::open(dir.path(), Options { segment_bytes: 100_000 }).unwrap().journal;
    append_up_to(&mut journal, 2);
    let before = std::fs::read(segment(dir.path(), 1)).unwrap();
    // Larger than what is written ahead, and larger than the segment.
    for size in [70_000, 200_000] {
        let refused = fault::fail("grow", ENOSPC, || journal.reserve([size].into_iter()));
        assert!(matches!(refused, Err(JournalError::Full { .. })));
        assert_eq!(std::fs::read(segment(dir.path(), 1)).unwrap(), before);
        assert_eq!(file_names(dir.path()).len(), 1);
    }
    assert!(matches!(fault::fail("create", ENOSPC, || journal.roll()), Err(JournalError::Full { .. })));
    assert!(matches!(fault::fail("rename", ENOSPC, || journal.roll()), Err(JournalError::Full { .. })));
    assert_eq!(file_names(dir.path()).len(), 1);
    // What fits into the space written ahead still goes.
    fault::fail("grow", ENOSPC, || append_up_to(&mut journal, 3));
    journal.reserve([200_000].into_iter()).unwrap();
    append_up_to(&mut journal, 5);
    assert_eq!(read_all(dir.path(), 5).unwrap(), records(1..=5));
}

#[test]
fn a_full_disk_stops_a_compaction_without_a_trace() {
    let dir = segmented();
    let names = file_names(dir.path());
    for operation in ["create", "write", "sync", "rename"] {
        let refused = fault::fail(operation, ENOSPC, || rewrite(dir.path(), 6, |_| Rewrite::Drop));
        assert!(matches!(refused, Err(JournalError::Full { .. })), "{operation}");
        let refused = fault::fail(operation, ENOSPC, || merge(dir.path(), 1 << 20));
        assert!(matches!(refused, Err(JournalError::Full { .. })), "{operation}");
        assert_eq!(file_names(dir.path()), names);
    }
    assert_whole(dir.path(), 18, &records(1..=18));
}

#[test]
fn a_failed_write_or_sync_is_final() {
    for (operation, errno) in [("write", EIO), ("sync", EIO), ("sync", ENOSPC), ("write", ENOSPC), ("grow", ENOSPC)] {
        let dir = founded();
        let mut journal = open(dir.path()).journal;
        if operation != "grow" {
            append_up_to(&mut journal, 2);
        }
        let synced = journal.last_seq();
        journal.append(&payload(synced + 1)).unwrap();
        let error = fault::fail(operation, errno, || journal.sync()).unwrap_err();
        assert!(matches!(error, JournalError::Io { .. }), "{operation}: {error}");
        assert!(matches!(journal.sync(), Err(JournalError::Poisoned)));
        assert!(matches!(journal.append(b"x"), Err(JournalError::Poisoned)));
        assert!(matches!(journal.reserve([1].into_iter()), Err(JournalError::Poisoned)));
        assert!(matches!(journal.roll(), Err(JournalError::Poisoned)));
        assert_eq!(journal.synced().last_seq(), synced);
        drop(journal);
        let opened = open(dir.path());
        assert!(opened.last_seq == synced || opened.last_seq == synced + 1);
    }
}

#[test]
fn opening_writes_again_what_may_be_in_memory_only() {
    let dir = segmented();
    assert!(fault::fail("write", EIO, || Journal::open(dir.path(), Options::default())).is_err());
    assert!(fault::fail("sync", EIO, || Journal::open(dir.path(), Options::default())).is_err());
    assert_whole(dir.path(), 18, &records(1..=18));
}
