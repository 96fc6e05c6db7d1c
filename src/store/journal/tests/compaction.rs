//! Rewriting and merging keep sequences and content.

use super::super::{Rewrite, merge, read, rewrite, segments};
use super::*;
use std::thread;

/// Four sealed segments of five records and an active one up to 22.
fn segmented() -> (tempfile::TempDir, Journal) {
    let dir = founded();
    let mut journal = open(dir.path()).journal;
    for last_seq in [5, 10, 15, 20] {
        append_up_to(&mut journal, last_seq);
        journal.roll().unwrap();
    }
    append_up_to(&mut journal, 22);
    (dir, journal)
}

#[test]
fn a_rewrite_keeps_replaces_and_drops() {
    let (dir, journal) = segmented();
    let report = rewrite(dir.path(), 6, |record| match record.seq {
        7 => Rewrite::Replace(b"short".to_vec()),
        9 | 10 => Rewrite::Drop,
        seq => {
            assert_eq!(record.payload, payload(seq));
            Rewrite::Keep
        }
    })
    .unwrap();
    assert_eq!((report.kept, report.replaced, report.dropped), (2, 1, 2));
    assert!(report.bytes_after < report.bytes_before);
    let mut expected = records((1..=8).chain(11..=22));
    expected[6].payload = b"short".to_vec();
    assert_eq!(read_all(dir.path(), 22).unwrap(), expected);
    drop(journal);
    assert_eq!(open(dir.path()).last_seq, 22);
    // Reading may begin at a dropped sequence.
    assert_eq!(read_until(dir.path(), 9, 22).unwrap().next().unwrap().unwrap().seq, 11);
}

#[test]
fn a_rewrite_that_keeps_all_leaves_the_file_alone() {
    let (dir, _journal) = segmented();
    let before = std::fs::read(segment(dir.path(), 6)).unwrap();
    rewrite(dir.path(), 6, |_| Rewrite::Keep).unwrap();
    assert_eq!(std::fs::read(segment(dir.path(), 6)).unwrap(), before);
    assert_eq!(file_names(dir.path()).len(), 5);
}

#[test]
fn only_sealed_segments_are_rewritten() {
    let (dir, _journal) = segmented();
    for first_seq in [21, 7, 99] {
        let result = rewrite(dir.path(), first_seq, |_| Rewrite::Drop);
        assert!(matches!(result, Err(JournalError::NotSealed { .. })));
    }
}

#[test]
fn a_segment_without_records_still_covers_its_sequences() {
    let (dir, journal) = segmented();
    for first_seq in [1, 6, 16] {
        rewrite(dir.path(), first_seq, |_| Rewrite::Drop).unwrap();
    }
    assert_eq!(read_all(dir.path(), 22).unwrap(), records((11..=15).chain(21..=22)));
    drop(journal);
    assert_eq!(open(dir.path()).last_seq, 22);
    merge(dir.path(), 1 << 20).unwrap();
    assert_eq!(segments(dir.path()).unwrap().len(), 2);
    assert_eq!(read_all(dir.path(), 22).unwrap(), records((11..=15).chain(21..=22)));
    // Compacting what was compacted before.
    rewrite(dir.path(), 1, |record| if record.seq == 12 { Rewrite::Drop } else { Rewrite::Keep }).unwrap();
    assert_eq!(read_all(dir.path(), 22).unwrap(), records([11, 13, 14, 15, 21, 22]));
    assert_eq!(open(dir.path()).last_seq, 22);
}

#[test]
fn a_merge_joins_only_what_fits() {
    let (dir, _journal) = segmented();
    let sizes: Vec<_> = segments(dir.path()).unwrap().iter().map(|segment| segment.bytes).collect();
    let report = merge(dir.path(), sizes[0] + sizes[1]).unwrap();
    assert!(report.segments_after < report.segments_before && report.segments_after > 2);
    assert_eq!(segments(dir.path()).unwrap().len(), report.segments_after);
    assert_eq!(read_all(dir.path(), 22).unwrap(), records(1..=22));
    merge(dir.path(), 0).unwrap();
    assert_eq!(segments(dir.path()).unwrap().len(), report.segments_after);
    assert_eq!(open(dir.path()).last_seq, 22);
}

#[test]
fn damage_stops_a_compaction_and_leaves_the_files() {
    let (dir, _journal) = segmented();
    let path = segment(dir.path(), 6);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let names = file_names(dir.path());
    assert!(is_damaged(&rewrite(dir.path(), 6, |_| Rewrite::Drop).unwrap_err()));
    assert!(is_damaged(&merge(dir.path(), 1 << 20).unwrap_err()));
    assert_eq!(file_names(dir.path()), names);
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

#[test]
fn replaced_bytes_are_gone_from_the_folder() {
    let dir = founded();
    let mut journal = open(dir.path()).journal;
    journal.append(b"please forget this").unwrap();
    journal.sync().unwrap();
    journal.roll().unwrap();
    rewrite(dir.path(), 1, |record| if record.seq == 2 { Rewrite::Drop } else { Rewrite::Keep }).unwrap();
    for name in file_names(dir.path()) {
        let bytes = std::fs::read(dir.path().join(name)).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"forget"));
    }
}

#[test]
fn readers_and_the_appender_go_on_during_compaction() {
    let dir = founded();
    let mut journal = Journal::open(dir.path(), Options { segment_bytes: 1500 }).unwrap().journal;
    append_up_to(&mut journal, 20);
    let (synced, path, last_seq) = (journal.synced(), dir.path(), 500);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while synced.last_seq() < last_seq {
                    let until_seq = synced.last_seq();
                    let found = read_until(path, 1, until_seq).unwrap().map(|record| record.unwrap());
                    let found: Vec<_> = found.filter(|record| record.seq % 3 != 0).collect();
                    assert_eq!(found, records((1..=until_seq).filter(|seq| seq % 3 != 0)));
                }
            });
        }
        scope.spawn(|| {
            while synced.last_seq() < last_seq {
                for segment in segments(path).unwrap().iter().filter(|segment| segment.sealed) {
                    let keep =
                        |record: &Record| if record.seq.is_multiple_of(3) { Rewrite::Drop } else { Rewrite::Keep };
                    rewrite(path, segment.first_seq, keep).unwrap();
                }
                merge(path, 4000).unwrap();
            }
        });
        while journal.last_seq() < last_seq {
            let last = journal.last_seq() + 5;
            append_up_to(&mut journal, last);
        }
    });
    drop(journal);
    let opened = open(dir.path());
    assert_eq!(opened.last_seq, last_seq);
    assert!(read(dir.path(), &opened.journal.synced(), 1).unwrap().all(|record| record.is_ok()));
}
