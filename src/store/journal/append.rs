//! The append side: queue, one write, one sync. Space is written ahead, so that a sync overwrites instead of growing.

use super::{
    JournalError, Options, Position, Synced,
    files::{self, Scratch},
    format::{HEAD_BYTES, HEADER_BYTES, Header, SegmentKind, put_record, record_bytes, seal},
    found::check_sizes,
};
use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

/// Space is written ahead in steps as large as the segment is already, within these bounds: a young one is made quickly.
const MIN_AHEAD_BYTES: u64 = 64 << 10;
const MAX_AHEAD_BYTES: u64 = 1 << 20;
/// A queue that was larger than this gives its memory back.
const KEPT_QUEUE_BYTES: usize = 1 << 20;
const SEAL_BYTES: u64 = HEAD_BYTES as u64;

/// The segment that is appended to.
pub struct Active {
    pub file: File,
    pub path: PathBuf,
    pub journal_id: u64,
    pub first_seq: u64,
    /// Where the next group goes.
    pub end_bytes: u64,
    /// Size of the file; from `end_bytes` on it is zeros.
    pub allocated_bytes: u64,
}

/// The append side of a journal. One thread owns it.
pub struct Journal {
    dir: PathBuf,
    options: Options,
    active: Active,
    /// Records that wait for the next sync, as they will be on the disk.
    queue: Vec<u8>,
    queued_seq: u64,
    synced_seq: u64,
    synced: Synced,
    poisoned: bool,
}

impl Journal {
    pub(super) fn new(dir: PathBuf, options: Options, active: Active, last_seq: u64) -> Self {
        let position = Position { last_seq, active_first_seq: active.first_seq, active_end_bytes: active.end_bytes };
        Self {
            dir,
            options,
            active,
            queue: Vec::new(),
            queued_seq: last_seq,
            synced_seq: last_seq,
            synced: Synced::new(position),
            poisoned: false,
        }
    }

    /// Sequence of the last record, queued ones included.
    pub fn last_seq(&self) -> u64 {
        self.queued_seq
    }

    /// A handle for readers.
    pub fn synced(&self) -> Synced {
        self.synced.clone()
    }

    /// Makes sure that records with payloads of these sizes can be written, besides those queued, without needing more
    /// of the disk; begins a new segment if they do not fit. [`JournalError::Full`] and [`JournalError::TooLarge`]
    /// leave the journal as it was.
    pub fn reserve(&mut self, payload_sizes: impl Iterator<Item = usize>) -> Result<(), JournalError> {
        let (mut bytes, mut largest) = (0, 0);
        for size in payload_sizes {
            bytes += record_bytes(size);
            largest = largest.max(size);
        }
        self.guarded(|journal| {
            check_sizes([largest].into_iter())?;
            journal.ensure_space(journal.queue.len() as u64 + bytes)
        })
    }

    /// Queues one record in memory and returns its sequence. [`JournalError::TooLarge`] queues nothing.
    pub fn append(&mut self, payload: &[u8]) -> Result<u64, JournalError> {
        self.guarded(|journal| {
            check_sizes([payload.len()].into_iter())?;
            let seq = journal.queued_seq + 1;
            put_record(&mut journal.queue, journal.active.journal_id, seq, journal.synced_seq, payload);
            journal.queued_seq = seq;
            Ok(seq)
        })
    }

    /// Writes what is queued with one write and one sync, and returns the last synced sequence. Any error is final, a
    /// full disk too: what was appended should have been [reserved](Self::reserve).
    pub fn sync(&mut self) -> Result<u64, JournalError> {
        let result = self.guarded(|journal| {
            if !journal.queue.is_empty() {
                journal.ensure_space(journal.queue.len() as u64)?;
                journal.write_queue()?;
            }
            Ok(journal.synced_seq)
        });
        self.poisoned |= result.is_err();
        result.map_err(|error| match error {
            // Elsewhere a full disk is a refusal that changes nothing; here it is not.
            JournalError::Full { path } => JournalError::io("write", &path)(io::ErrorKind::StorageFull.into()),
            error => error,
        })
    }

    /// Seals the active segment and begins a new one; does nothing while the active one is empty.
    /// [`JournalError::Full`] leaves the journal as it was.
    pub fn roll(&mut self) -> Result<(), JournalError> {
        self.guarded(
            |journal| {
                if journal.active_is_empty() { Ok(()) } else { journal.begin_segment(journal.queue.len() as u64) }
            },
        )
    }

    fn guarded<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, JournalError>) -> Result<T, JournalError> {
        if self.poisoned {
            return Err(JournalError::Poisoned);
        }
        let result = run(self);
        self.poisoned = result.as_ref().is_err_and(|error| !error.leaves_journal_intact());
        result
    }

    fn active_is_empty(&self) -> bool {
        self.active.first_seq > self.synced_seq
    }

    fn ensure_space(&mut self, bytes: u64) -> Result<(), JournalError> {
        if self.active.end_bytes + bytes > self.options.segment_bytes && !self.active_is_empty() {
            return self.begin_segment(bytes);
        }
        self.active.ensure_space(bytes)
    }

    fn write_queue(&mut self) -> Result<(), JournalError> {
        let active = &mut self.active;
        files::write_at(&active.file, &active.path, &self.queue, active.end_bytes)?;
        files::sync_data(&active.file, &active.path)?;
        active.end_bytes += self.queue.len() as u64;
        self.synced_seq = self.queued_seq;
        self.queue.clear();
        self.queue.shrink_to(KEPT_QUEUE_BYTES);
        self.publish_position();
        Ok(())
    }

    /// Begins a segment with room for `bytes` and seals the one before it.
    fn begin_segment(&mut self, bytes: u64) -> Result<(), JournalError> {
        // The seal must not need space once the new segment has its name.
        self.active.ensure_space(0)?;
        let next = Active::create(&self.dir, self.active.journal_id, self.synced_seq + 1, bytes)?;
        let sealed = std::mem::replace(&mut self.active, next);
        self.publish_position();
        let next_seq = self.active.first_seq;
        seal_segment(&sealed.file, &sealed.path, sealed.journal_id, sealed.end_bytes, next_seq)
    }

    fn publish_position(&self) {
        self.synced.set(Position {
            last_seq: self.synced_seq,
            active_first_seq: self.active.first_seq,
            active_end_bytes: self.active.end_bytes,
        });
    }
}

impl Active {
    fn create(dir: &Path, journal_id: u64, first_seq: u64, bytes: u64) -> Result<Self, JournalError> {
        let mut scratch = Scratch::create(files::segment_path(dir, first_seq))?;
        let kind = SegmentKind::Dense;
        let header = Header { journal_id, kind, first_seq, last_seq: first_seq - 1, size_bytes: 0 };
        scratch.buffer().extend_from_slice(&header.encode());
        let end_bytes = HEADER_BYTES as u64;
        let allocated_bytes = size_with_room(end_bytes, end_bytes + bytes + SEAL_BYTES);
        scratch.grow(allocated_bytes)?;
        let (file, path) = scratch.finish()?;
        Ok(Self { file, path, journal_id, first_seq, end_bytes, allocated_bytes })
    }

    /// Makes room for `bytes` and a seal.
    fn ensure_space(&mut self, bytes: u64) -> Result<(), JournalError> {
        let needed_bytes = self.end_bytes + bytes + SEAL_BYTES;
        if needed_bytes > self.allocated_bytes {
            let to_bytes = size_with_room(self.allocated_bytes, needed_bytes);
            files::grow(&self.file, &self.path, self.allocated_bytes, to_bytes)?;
            self.allocated_bytes = to_bytes;
        }
        Ok(())
    }
}

fn size_with_room(present_bytes: u64, needed_bytes: u64) -> u64 {
    let ahead_bytes = present_bytes.next_power_of_two().clamp(MIN_AHEAD_BYTES, MAX_AHEAD_BYTES);
    needed_bytes.next_multiple_of(ahead_bytes)
}

/// Marks the end of a segment that has a successor and gives its unused space back.
pub fn seal_segment(
    file: &File,
    path: &Path,
    journal_id: u64,
    end_bytes: u64,
    next_seq: u64,
) -> Result<(), JournalError> {
    files::write_at(file, path, &seal(journal_id, next_seq), end_bytes)?;
    files::truncate(file, path, end_bytes + SEAL_BYTES)
}
