//! Cuts, flips, zeroes and missing files: torn is told from damaged.

use super::super::check;
use super::*;
use proptest::prelude::*;
use std::fs;

/// One segment: founding record, a group up to 6, a group up to 9, a group up to 12. Returns the bytes before the last
/// group and after it.
fn three_groups() -> (tempfile::TempDir, Vec<u8>, Vec<u8>, usize) {
    let dir = founded();
    let mut journal = open(dir.path()).journal;
    append_up_to(&mut journal, 6);
    append_up_to(&mut journal, 9);
    let end = journal.synced().position().active_end_bytes as usize;
    let before = fs::read(segment(dir.path(), 1)).unwrap();
    append_up_to(&mut journal, 12);
    let after = fs::read(segment(dir.path(), 1)).unwrap();
    let last_end = journal.synced().position().active_end_bytes as usize;
    assert!(after[last_end..].iter().all(|byte| *byte == 0));
    (dir, before, after[..last_end].to_vec(), end)
}

/// Opens bytes as the only segment; returns the last sequence after checking that all up to it reads back.
fn open_bytes(bytes: &[u8]) -> Result<u64, JournalError> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(segment(dir.path(), 1), bytes).unwrap();
    let opened = Journal::open(dir.path(), Options::default())?;
    assert_eq!(read_all(dir.path(), opened.last_seq).unwrap(), records(1..=opened.last_seq));
    // What was cut is gone for good: shorter, then longer appends never bring it back.
    let mut journal = opened.journal;
    append_up_to(&mut journal, opened.last_seq + 1);
    drop(journal);
    let again = open(dir.path());
    assert_eq!((again.last_seq, again.torn_bytes), (opened.last_seq + 1, 0));
    assert_eq!(read_all(dir.path(), again.last_seq).unwrap(), records(1..=again.last_seq));
    Ok(opened.last_seq)
}

#[test]
fn a_cut_anywhere_in_the_last_group_leaves_what_was_acknowledged() {
    let (_dir, _, after, end) = three_groups();
    for cut in end..after.len() {
        let last_seq = open_bytes(&after[..cut]).unwrap();
        assert!((9..12).contains(&last_seq), "cut at {cut} left {last_seq}");
    }
    assert_eq!(open_bytes(&after).unwrap(), 12);
}

#[test]
fn a_torn_tail_is_reported() {
    let (dir, _, after, end) = three_groups();
    fs::write(segment(dir.path(), 1), &after[..end + 20]).unwrap();
    let report = check(dir.path()).unwrap();
    assert!(report.is_whole());
    assert_eq!((report.records, report.last_seq), (9, 9));
    assert!((1..=20).contains(&report.torn_bytes));
    assert_eq!(open(dir.path()).torn_bytes, report.torn_bytes);
}

#[test]
fn a_flipped_byte_before_the_last_group_is_damage() {
    let (_dir, _, after, end) = three_groups();
    for at in 0..end {
        let mut flipped = after.clone();
        flipped[at] ^= 0x04;
        let error = open_bytes(&flipped).expect_err("opened");
        assert!(is_damaged(&error), "byte {at}: {error}");
    }
}

#[test]
fn a_flipped_byte_in_the_last_group_never_gives_a_wrong_payload() {
    let (_dir, _, after, end) = three_groups();
    for at in end..after.len() {
        let mut flipped = after.clone();
        flipped[at] ^= 0x80;
        assert!((9..12).contains(&open_bytes(&flipped).unwrap()), "byte {at}");
    }
}

#[test]
fn zeros_in_the_middle_are_damage() {
    let dir = founded();
    let mut journal = open(dir.path()).journal;
    for last_seq in (50..=1000).step_by(50) {
        append_up_to(&mut journal, last_seq);
    }
    let bytes = fs::read(segment(dir.path(), 1)).unwrap();
    for page in 0..journal.synced().position().active_end_bytes as usize / 4096 - 1 {
        let mut zeroed = bytes.clone();
        zeroed[page * 4096..(page + 1) * 4096].fill(0);
        assert!(is_damaged(&open_bytes(&zeroed).expect_err("opened")), "page {page}");
    }
}

#[test]
fn a_founding_segment_that_lost_records_is_damaged_not_torn() {
    let dir = tempfile::tempdir().unwrap();
    found_with_id(dir.path(), &[payload(1), payload(2), payload(3)], ID).unwrap();
    let bytes = fs::read(segment(dir.path(), 1)).unwrap();
    for cut in 0..bytes.len() {
        assert!(is_damaged(&open_bytes(&bytes[..cut]).expect_err("opened")), "cut at {cut}");
    }
    assert!(is_damaged(&open_bytes(&vec![0; bytes.len()]).expect_err("opened")));
}

#[test]
fn stale_records_behind_a_cut_never_come_back() {
    // Record 10 is lost, 11 and 12 are intact on the disk behind it.
    let (dir, _, mut after, end) = three_groups();
    after[end..end + 8].fill(0);
    after.resize(64 << 10, 0);
    fs::write(segment(dir.path(), 1), &after).unwrap();
    let opened = open(dir.path());
    assert_eq!(opened.last_seq, 9);
    assert!(opened.torn_bytes > 0);
    let mut journal = opened.journal;
    // The same length as the old record 10, so that 11 would follow seamlessly.
    append_up_to(&mut journal, 10);
    drop(journal);
    assert_eq!(open(dir.path()).last_seq, 10);
}

#[test]
fn missing_segments_are_damage() {
    let dir = founded();
    let mut journal = open(dir.path()).journal;
    for last_seq in [5, 10, 15] {
        append_up_to(&mut journal, last_seq);
        journal.roll().unwrap();
    }
    append_up_to(&mut journal, 20);
    for first_seq in [1, 6, 11, 16] {
        let copy = copy_folder(dir.path());
        fs::remove_file(segment(copy.path(), first_seq)).unwrap();
        assert!(is_damaged(&open_error(copy.path())), "without {first_seq}");
        assert!(!check(copy.path()).unwrap().is_whole(), "without {first_seq}");
    }
    for first_seq in [1, 6, 11, 16] {
        let copy = copy_folder(dir.path());
        fs::write(segment(copy.path(), first_seq), []).unwrap();
        assert!(is_damaged(&open_error(copy.path())), "empty {first_seq}");
    }
}

#[test]
fn bit_rot_in_a_sealed_segment_is_found_when_read_and_described_by_check() {
    let dir = founded();
    let mut journal = open(dir.path()).journal;
    append_up_to(&mut journal, 20);
    journal.roll().unwrap();
    append_up_to(&mut journal, 30);
    drop(journal);
    let path = segment(dir.path(), 1);
    let bytes = fs::read(&path).unwrap();
    for at in 64..bytes.len() - 32 {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x20;
        fs::write(&path, flipped).unwrap();
        let error = read_all(dir.path(), 30).unwrap_err();
        assert!(is_damaged(&error), "byte {at}: {error}");
        let report = check(dir.path()).unwrap();
        assert_eq!((report.damage.len(), report.records, report.last_seq), (1, 29, 30), "byte {at}: {report:?}");
        assert!(report.damage[0].to_string().contains("cannot be read"));
    }
    fs::write(&path, bytes).unwrap();
    assert!(check(dir.path()).unwrap().is_whole());
}

#[test]
fn a_payload_that_looks_like_records_does_not_turn_a_torn_tail_into_damage() {
    // Bytes that would be a valid record of a journal with another id.
    let mut fake = Vec::new();
    super::super::format::put_record(&mut fake, ID + 1, 1000, 999, b"fake");
    let dir = founded();
    let mut journal = open(dir.path()).journal;
    append_up_to(&mut journal, 2);
    let end = journal.synced().position().active_end_bytes as usize;
    journal.append(&fake).unwrap();
    journal.sync().unwrap();
    let mut bytes = fs::read(segment(dir.path(), 1)).unwrap();
    bytes[end] ^= 1;
    assert_eq!(open_bytes(&bytes).unwrap(), 2);
}

proptest! {
    /// A power cut during the sync of a group: each sector of it is on the disk or not.
    #[test]
    fn lost_sectors_of_the_last_group_never_hurt_what_was_acknowledged(
        sizes in prop::collection::vec(0usize..3000, 1..6),
        kept in prop::collection::vec(any::<bool>(), 64),
    ) {
        let dir = founded();
        let mut journal = open(dir.path()).journal;
        append_up_to(&mut journal, 7);
        journal.reserve(sizes.iter().copied()).unwrap();
        let path = segment(dir.path(), 1);
        let mut bytes = fs::read(&path).unwrap();
        for size in &sizes {
            journal.append(&vec![9; *size]).unwrap();
        }
        journal.sync().unwrap();
        drop(journal);
        let after = fs::read(&path).unwrap();
        for (at, kept) in (0..bytes.len()).step_by(512).zip(kept.iter().chain(std::iter::repeat(&true))) {
            if *kept {
                bytes[at..at + 512].copy_from_slice(&after[at..at + 512]);
            }
        }
        fs::write(&path, &bytes).unwrap();
        let opened = open(dir.path());
        prop_assert!(opened.last_seq >= 7);
        let found = read_all(dir.path(), opened.last_seq).unwrap();
        prop_assert_eq!(&found[..7], &records(1..=7)[..]);
        for (record, size) in found[7..].iter().zip(&sizes) {
            prop_assert_eq!(&record.payload, &vec![9; *size]);
        }
        let last_seq = opened.last_seq;
        drop(opened);
        let again = open(dir.path());
        prop_assert_eq!((again.last_seq, again.torn_bytes), (last_seq, 0));
    }

    /// Whatever is done to one segment file: a clear error, or only what was written.
    #[test]
    fn arbitrary_damage_never_panics_and_never_invents(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (dir, _, mut bytes, _) = three_groups();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        fs::write(segment(dir.path(), 1), &bytes).unwrap();
        let _ = check(dir.path()).unwrap();
        if let Ok(opened) = Journal::open(dir.path(), Options::default()) {
            prop_assert_eq!(read_all(dir.path(), opened.last_seq).unwrap(), records(1..=opened.last_seq));
        }
    }
}
