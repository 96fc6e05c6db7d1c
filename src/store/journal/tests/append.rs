//! Appending, rolling and reading while appending.

use super::super::{MAX_PAYLOAD_BYTES, read, segments};
use super::*;
use std::{fs, thread};

#[test]
fn what_was_synced_reads_back_now_and_after_opening() {
    let dir = founded();
    let opened = open(dir.path());
    assert_eq!((opened.last_seq, opened.torn_bytes), (1, 0));
    let mut journal = opened.journal;
    append_up_to(&mut journal, 40);
    append_up_to(&mut journal, 41);
    assert_eq!(journal.append(b"only queued").unwrap(), 42);
    let now: Result<Vec<_>, _> = read(dir.path(), &journal.synced(), 3).unwrap().collect();
    assert_eq!(now.unwrap(), records(3..=41));
    assert_eq!(read(dir.path(), &journal.synced(), 42).unwrap().count(), 0);
    drop(journal);
    let opened = open(dir.path());
    assert_eq!((opened.last_seq, opened.torn_bytes), (41, 0));
    assert_eq!(read_all(dir.path(), 41).unwrap(), records(1..=41));
}

#[test]
fn founding_makes_missing_folders_and_never_replaces_a_journal() {
    let dir = tempfile::tempdir().unwrap();
    let deep = dir.path().join("a/b");
    assert!(matches!(open_error(&deep), JournalError::NotAJournal { .. }));
    assert!(matches!(Journal::found(&deep, &[]), Err(JournalError::NothingToFound)));
    Journal::found(&deep, &[payload(1), payload(2)]).unwrap();
    assert!(matches!(Journal::found(&deep, &[payload(9)]), Err(JournalError::AlreadyFounded { .. })));
    assert_eq!(open(&deep).last_seq, 2);
    assert_eq!(read_all(&deep, 2).unwrap(), records(1..=2));
}

#[test]
fn an_empty_folder_is_no_journal() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(open_error(dir.path()), JournalError::NotAJournal { .. }));
    fs::write(dir.path().join("notes.log"), "x").unwrap();
    assert!(matches!(open_error(dir.path()), JournalError::NotAJournal { .. }));
}

#[test]
fn journals_are_told_apart() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for dir in [&one, &two] {
        Journal::found(dir.path(), &[payload(1)]).unwrap();
        let mut journal = open(dir.path()).journal;
        append_up_to(&mut journal, 3);
        journal.roll().unwrap();
        append_up_to(&mut journal, 4);
    }
    fs::copy(segment(one.path(), 4), segment(two.path(), 4)).unwrap();
    assert!(is_damaged(&open_error(two.path())));
}

#[test]
fn segments_roll_by_size_and_on_request() {
    let dir = founded();
    let mut journal = Journal::open(dir.path(), Options { segment_bytes: 1000 }).unwrap().journal;
    for last in (3..=90).step_by(3) {
        append_up_to(&mut journal, last);
    }
    append_up_to(&mut journal, 90);
    journal.roll().unwrap();
    journal.roll().unwrap();
    let found = segments(dir.path()).unwrap();
    assert!(found.len() > 4);
    let (active, sealed) = found.split_last().unwrap();
    assert_eq!((active.first_seq, active.last_seq, active.sealed), (91, None, false));
    for (segment, next) in sealed.iter().zip(&found[1..]) {
        assert!(segment.sealed && segment.bytes <= 1032);
        assert_eq!(segment.last_seq, Some(next.first_seq - 1));
    }
    append_up_to(&mut journal, 95);
    assert_eq!(read_all(dir.path(), 95).unwrap(), records(1..=95));
    drop(journal);
    assert_eq!(open(dir.path()).last_seq, 95);
}

#[test]
fn a_roll_takes_the_queue_along() {
    let dir = founded();
    let mut journal = open(dir.path()).journal;
    journal.append(&payload(2)).unwrap();
    journal.roll().unwrap();
    journal.append(&payload(3)).unwrap();
    journal.sync().unwrap();
    assert!(segment(dir.path(), 2).exists());
    assert_eq!(read_all(dir.path(), 3).unwrap(), records(1..=3));
}

#[test]
fn a_group_larger_than_a_segment_is_written_whole() {
    let dir = founded();
    let mut journal = Journal::open(dir.path(), Options { segment_bytes: 1000 }).unwrap().journal;
    let large = vec![7; MAX_PAYLOAD_BYTES];
    journal.reserve([large.len(), 1].into_iter()).unwrap();
    journal.append(&large).unwrap();
    journal.append(b"x").unwrap();
    journal.sync().unwrap();
    drop(journal);
    assert_eq!(open(dir.path()).last_seq, 3);
    assert_eq!(read_all(dir.path(), 3).unwrap()[1].payload, large);
}

#[test]
fn a_record_above_the_limit_is_refused_and_nothing_else() {
    let dir = founded();
    let mut journal = open(dir.path()).journal;
    let large = vec![7; MAX_PAYLOAD_BYTES + 1];
    assert!(matches!(journal.append(&large), Err(JournalError::TooLarge { .. })));
    assert!(matches!(journal.reserve([1, large.len()].into_iter()), Err(JournalError::TooLarge { .. })));
    append_up_to(&mut journal, 2);
}

#[test]
fn a_sync_within_reserved_space_does_not_grow_the_file() {
    let dir = founded();
    let mut journal = open(dir.path()).journal;
    journal.reserve([100_000, 100_000].into_iter()).unwrap();
    let size = || fs::metadata(segment(dir.path(), 1)).unwrap().len();
    let before = size();
    journal.append(&[1; 100_000]).unwrap();
    journal.append(&[2; 100_000]).unwrap();
    journal.sync().unwrap();
    assert_eq!(size(), before);
}

#[test]
fn the_position_covers_exactly_what_is_synced() {
    let dir = founded();
    let mut journal = open(dir.path()).journal;
    append_up_to(&mut journal, 9);
    journal.roll().unwrap();
    append_up_to(&mut journal, 20);
    let position = journal.synced().position();
    append_up_to(&mut journal, 30);
    assert_eq!((position.last_seq, position.active_first_seq), (20, 10));
    let copy = copy_folder(dir.path());
    let active = fs::OpenOptions::new().write(true).open(segment(copy.path(), 10)).unwrap();
    active.set_len(position.active_end_bytes).unwrap();
    let opened = open(copy.path());
    assert_eq!((opened.last_seq, opened.torn_bytes), (20, 0));
}

#[test]
fn readers_see_every_synced_record_while_the_appender_works() {
    let dir = founded();
    let mut journal = Journal::open(dir.path(), Options { segment_bytes: 4000 }).unwrap().journal;
    let synced = journal.synced();
    let (path, last_seq) = (dir.path(), 600);
    thread::scope(|scope| {
        for reader in 0..3 {
            let synced = synced.clone();
            scope.spawn(move || {
                let mut next_seq = 1 + reader;
                while next_seq <= last_seq {
                    for record in read(path, &synced, next_seq).unwrap() {
                        assert_eq!(record.unwrap(), Record { seq: next_seq, payload: payload(next_seq) });
                        next_seq += 1;
                    }
                    thread::yield_now();
                }
            });
        }
        while journal.last_seq() < last_seq {
            let last = journal.last_seq() + 4;
            append_up_to(&mut journal, last.min(last_seq));
        }
    });
}
