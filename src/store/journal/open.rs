//! Opening a journal: what an interrupted merge or roll left is finished, a torn tail is cut off, and damage to what
//! was acknowledged is an error.

use super::{
    Journal, Options,
    append::{Active, seal_segment},
    error::JournalError,
    files,
    layout::{Layout, Segment, read_layout},
    scan::{SegmentReader, Step},
};
use std::{
    fs::OpenOptions,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

/// A journal that is ready to append to.
pub struct Opened {
    pub journal: Journal,
    pub last_seq: u64,
    /// Bytes of a group that was never acknowledged as a whole, cut off.
    pub torn_bytes: u64,
}

impl Journal {
    /// Opens a journal. The caller sees to it that no other process has it open.
    pub fn open(dir: &Path, options: Options) -> Result<Opened, JournalError> {
        let Layout { mut segments, covered } = read_layout(dir)?;
        let last = segments.pop().ok_or_else(|| JournalError::NotAJournal { path: dir.to_owned() })?;
        let tail = scan_tail(&last)?;
        remove_leftovers(dir, covered)?;
        if let Some(before) = segments.last().filter(|before| before.sealed_before.is_none()) {
            finish_seal(before, last.header.first_seq)?;
        }
        let last_seq = tail.last_seq;
        let (active, torn_bytes) = make_durable(last, tail)?;
        Ok(Opened { journal: Journal::new(dir.to_owned(), options, active, last_seq), last_seq, torn_bytes })
    }
}

fn remove_leftovers(dir: &Path, mut leftovers: Vec<PathBuf>) -> Result<(), JournalError> {
    leftovers.extend(files::entries(dir)?.into_iter().filter(|path| files::is_temp(path)));
    if leftovers.is_empty() {
        return Ok(());
    }
    // The merged segment's name must be durable before the files that it replaces go.
    files::sync_folder(dir)?;
    for path in leftovers {
        files::remove(&path)?;
    }
    files::sync_folder(dir)
}

fn finish_seal(segment: &Segment, next_seq: u64) -> Result<(), JournalError> {
    let mut reader = SegmentReader::open(segment.path.clone(), segment.header.first_seq)?;
    while let Step::Record(..) = reader.step(u64::MAX)? {}
    let file = open_for_write(&segment.path)?;
    seal_segment(&file, &segment.path, segment.header.journal_id, reader.offset(), next_seq)
}

/// Where the valid records of the active segment end.
struct Tail {
    last_seq: u64,
    end_bytes: u64,
    /// From here on no record proves that it was synced.
    unproven_from: u64,
    torn_bytes: u64,
}

fn scan_tail(segment: &Segment) -> Result<Tail, JournalError> {
    let mut reader = SegmentReader::open(segment.path.clone(), segment.header.first_seq)?;
    let mut proven_seq = segment.header.last_seq;
    let mut unproven_from = reader.offset();
    let broken = loop {
        let offset = reader.offset();
        match reader.step(0)? {
            Step::Record(head, _) => {
                proven_seq = proven_seq.max(head.synced_seq);
                if head.seq == proven_seq + 1 {
                    unproven_from = offset;
                } else if head.seq <= proven_seq {
                    unproven_from = reader.offset();
                }
            }
            Step::Broken(what) => break what,
            Step::Seal(_) | Step::Nothing => break "a record is missing",
        }
    };
    let (next_seq, end_bytes) = (reader.next_seq(), reader.offset());
    let lost = reader.damaged(broken);
    let past = reader.look_past()?;
    if proven_seq.max(past.claimed_seq) >= next_seq {
        return Err(lost);
    }
    Ok(Tail { last_seq: next_seq - 1, end_bytes, unproven_from, torn_bytes: past.used_bytes })
}

/// Puts on the disk what was found: it may have been read from memory only, after a kill or a failed sync.
fn make_durable(segment: Segment, tail: Tail) -> Result<(Active, u64), JournalError> {
    let file = open_for_write(&segment.path)?;
    if tail.torn_bytes > 0 {
        files::truncate(&file, &segment.path, tail.end_bytes)?;
    }
    // After a failed sync the system may hold pages as clean that never reached the disk: written again, they do.
    let mut unproven = vec![0; tail.end_bytes.saturating_sub(tail.unproven_from) as usize];
    file.read_exact_at(&mut unproven, tail.unproven_from).map_err(JournalError::io("read", &segment.path))?;
    files::write_at(&file, &segment.path, &unproven, tail.unproven_from)?;
    files::sync_all(&file, &segment.path)?;
    let allocated_bytes = if tail.torn_bytes > 0 { tail.end_bytes } else { segment.bytes };
    let active = Active {
        file,
        path: segment.path,
        journal_id: segment.header.journal_id,
        first_seq: segment.header.first_seq,
        end_bytes: tail.end_bytes,
        allocated_bytes,
    };
    Ok((active, tail.torn_bytes))
}

fn open_for_write(path: &Path) -> Result<std::fs::File, JournalError> {
    OpenOptions::new().read(true).write(true).open(path).map_err(JournalError::io("open", path))
}
