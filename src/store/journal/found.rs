//! Founding a journal: a folder has a whole first segment or none.

use super::{
    Journal,
    error::JournalError,
    files::{self, Scratch},
    format::{Header, MAX_PAYLOAD_BYTES, SegmentKind, put_record},
    layout,
};
use std::{
    hash::{BuildHasher, RandomState},
    path::Path,
    time::SystemTime,
};

impl Journal {
    /// Founds a journal in a folder that is missing or has no segment. The first segment is born with `payloads` as the
    /// records from 1 on; after an error or a power cut there is either that or nothing.
    pub fn found(dir: &Path, payloads: &[Vec<u8>]) -> Result<(), JournalError> {
        // The standard library's hasher is keyed by the system's random source.
        found_with_id(dir, payloads, RandomState::new().hash_one(SystemTime::now()))
    }
}

pub fn found_with_id(dir: &Path, payloads: &[Vec<u8>], journal_id: u64) -> Result<(), JournalError> {
    if payloads.is_empty() {
        return Err(JournalError::NothingToFound);
    }
    check_sizes(payloads.iter().map(Vec::len))?;
    files::create_folder(dir)?;
    if !layout::list(dir)?.is_empty() {
        return Err(JournalError::AlreadyFounded { path: dir.to_owned() });
    }
    let last_seq = payloads.len() as u64;
    let mut scratch = Scratch::create(files::segment_path(dir, 1))?;
    let header = Header { journal_id, kind: SegmentKind::Dense, first_seq: 1, last_seq, size_bytes: 0 };
    scratch.buffer().extend_from_slice(&header.encode());
    for (payload, seq) in payloads.iter().zip(1..) {
        put_record(scratch.buffer(), journal_id, seq, 0, payload);
        scratch.flush_if_large()?;
    }
    scratch.finish().map(drop)
}

/// Whether a folder has any segment. One that cannot be read counts as founded.
pub fn is_founded(dir: &Path) -> bool {
    match layout::list(dir) {
        Ok(segments) => !segments.is_empty(),
        Err(JournalError::NotAJournal { .. }) => false,
        Err(_) => true,
    }
}

/// Refuses payloads above the limit.
pub fn check_sizes(sizes: impl Iterator<Item = usize>) -> Result<(), JournalError> {
    match sizes.max() {
        Some(size_bytes) if size_bytes > MAX_PAYLOAD_BYTES => {
            Err(JournalError::TooLarge { size_bytes, limit_bytes: MAX_PAYLOAD_BYTES })
        }
        _ => Ok(()),
    }
}
