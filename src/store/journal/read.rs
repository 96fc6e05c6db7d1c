//! Reading synced records while the appender works and compaction replaces files.

use super::{JournalError, Record, Synced, format::SegmentKind, layout::list, scan::SegmentReader};
use std::{
    io,
    path::{Path, PathBuf},
};

/// How often a file is looked for anew that compaction renamed or removed while the folder was listed.
const OPEN_ATTEMPTS: usize = 10;

/// Records in order. Ends after the first error.
pub struct Records {
    dir: PathBuf,
    from_seq: u64,
    /// The last record that was synced when the reading began.
    until_seq: u64,
    segment: Option<SegmentReader>,
    failed: bool,
}

/// The records from `from_seq` on, up to what is synced now. Every checksum is checked; compacted sequences are absent.
pub fn read(dir: &Path, synced: &Synced, from_seq: u64) -> Result<Records, JournalError> {
    read_until(dir, from_seq, synced.last_seq())
}

pub fn read_until(dir: &Path, from_seq: u64, until_seq: u64) -> Result<Records, JournalError> {
    let from_seq = from_seq.max(1);
    let mut records = Records { dir: dir.to_owned(), from_seq, until_seq, segment: None, failed: false };
    if from_seq <= until_seq {
        records.segment = Some(records.open_segment(from_seq)?);
    }
    Ok(records)
}

impl Iterator for Records {
    type Item = Result<Record, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let result = self.next_record();
        self.failed = result.is_err();
        result.transpose()
    }
}

impl Records {
    fn next_record(&mut self) -> Result<Option<Record>, JournalError> {
        while let Some(segment) = &mut self.segment {
            if segment.next_seq() > self.until_seq {
                self.segment = None;
                break;
            }
            if let Some(record) = segment.next_record(self.from_seq)? {
                return Ok((record.seq <= self.until_seq).then_some(record));
            }
            let next_seq = segment.next_seq();
            if next_seq > self.until_seq {
                self.segment = None;
                break;
            }
            let missing = segment.damaged("a record is missing");
            let ended_first_seq = segment.header().first_seq;
            let next = self.open_next(ended_first_seq, next_seq)?.ok_or(missing)?;
            self.from_seq = self.from_seq.max(next_seq);
            self.segment = Some(next);
        }
        Ok(None)
    }

    /// The segment that goes on with `next_seq` after the one that began with `ended_first_seq`.
    fn open_next(&self, ended_first_seq: u64, next_seq: u64) -> Result<Option<SegmentReader>, JournalError> {
        for _ in 0..OPEN_ATTEMPTS {
            let next = self.open_segment(next_seq)?;
            let header = next.header();
            let follows = header.first_seq == next_seq && ended_first_seq < next_seq;
            // A merged segment may have taken the place of several: it is skipped through from its start.
            let merged = header.kind == SegmentKind::Compacted && header.last_seq >= next_seq;
            if follows || merged {
                return Ok(Some(next));
            }
        }
        Ok(None)
    }

    /// The segment that holds `seq`, or would.
    fn open_segment(&self, seq: u64) -> Result<SegmentReader, JournalError> {
        let mut attempts = 1;
        loop {
            let holder = list(&self.dir)?.into_iter().rev().find(|(first_seq, _)| *first_seq <= seq);
            let Some((first_seq, path)) = holder else {
                return Err(JournalError::NotAJournal { path: self.dir.clone() });
            };
            match SegmentReader::open(path, first_seq) {
                Err(JournalError::Io { source, .. })
                    if source.kind() == io::ErrorKind::NotFound && attempts < OPEN_ATTEMPTS =>
                {
                    attempts += 1;
                }
                opened => return opened,
            }
        }
    }
}
