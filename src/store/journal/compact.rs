//! Compaction of sealed segments. Sequences never change; dropped ones leave gaps. Each step replaces a whole file by
//! a whole file, so that a stop at any point leaves the same records. One thread at a time may compact.

use super::{
    JournalError, Record,
    files::{self, Scratch},
    format::{HEADER_BYTES, Header, SegmentKind, put_record},
    found::check_sizes,
    layout::{Segment, read_layout},
    scan::SegmentReader,
};
use std::path::Path;

/// What becomes of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rewrite {
    Keep,
    /// The same sequence with another payload.
    Replace(Vec<u8>),
    Drop,
}

/// What [`rewrite`] did to one segment.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Rewritten {
    pub bytes_before: u64,
    pub bytes_after: u64,
    pub kept: u64,
    pub replaced: u64,
    pub dropped: u64,
}

/// What [`merge`] did to the whole journal.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Merged {
    pub segments_before: usize,
    pub segments_after: usize,
}

/// Rewrites the sealed segment that begins with `first_seq`. If every record is kept, the file stays untouched. After
/// an error the old file is there, or the new one whole; [`JournalError::Full`] leaves the old one.
pub fn rewrite(
    dir: &Path,
    first_seq: u64,
    mut keep: impl FnMut(&Record) -> Rewrite,
) -> Result<Rewritten, JournalError> {
    let segments = read_layout(dir)?.segments;
    let sealed = segments.windows(2).find(|pair| pair[0].header.first_seq == first_seq);
    let Some([segment, successor]) = sealed else { return Err(JournalError::NotSealed { first_seq }) };
    let mut report = Rewritten { bytes_before: segment.bytes, bytes_after: segment.bytes, ..Rewritten::default() };
    let mut output = Output::create(dir, &segment.header, successor.header.first_seq - 1)?;
    for_each_record(segment, successor.header.first_seq, |record| match keep(&record) {
        Rewrite::Keep => {
            report.kept += 1;
            output.put(record.seq, &record.payload)
        }
        Rewrite::Replace(payload) => {
            report.replaced += 1;
            output.put(record.seq, &payload)
        }
        Rewrite::Drop => {
            report.dropped += 1;
            Ok(())
        }
    })?;
    if report.replaced + report.dropped > 0 {
        report.bytes_after = output.finish()?;
    }
    Ok(report)
}

/// Joins neighbouring sealed segments into ones of at most `target_bytes`.
pub fn merge(dir: &Path, target_bytes: u64) -> Result<Merged, JournalError> {
    let segments = read_layout(dir)?.segments;
    let mut report = Merged { segments_before: segments.len(), segments_after: segments.len() };
    let sealed = segments.len() - 1;
    let mut start = 0;
    while start < sealed {
        let end = run_end(&segments[..sealed], start, target_bytes);
        if end - start > 1 {
            join(dir, &segments[start..end], segments[end].header.first_seq)?;
            report.segments_after -= end - start - 1;
        }
        start = end;
    }
    Ok(report)
}

/// The end of the longest run from `start` on that fits into `target_bytes`; never empty.
fn run_end(sealed: &[Segment], start: usize, target_bytes: u64) -> usize {
    let mut total_bytes = 0;
    let fitting = sealed[start..].iter().take_while(|segment| {
        total_bytes += segment.bytes;
        total_bytes <= target_bytes
    });
    start + fitting.count().max(1)
}

fn join(dir: &Path, run: &[Segment], next_seq: u64) -> Result<(), JournalError> {
    let mut output = Output::create(dir, &run[0].header, next_seq - 1)?;
    let ends = run[1..].iter().map(|segment| segment.header.first_seq).chain([next_seq]);
    for (segment, end_seq) in run.iter().zip(ends) {
        for_each_record(segment, end_seq, |record| output.put(record.seq, &record.payload))?;
    }
    output.finish()?;
    // From here on the joined file holds all; opening removes what a stop leaves of these.
    for segment in &run[1..] {
        files::remove(&segment.path)?;
    }
    files::sync_folder(dir)
}

/// Reads a sealed segment to its end, which must be where its successor begins.
fn for_each_record(
    segment: &Segment,
    successor_seq: u64,
    mut visit: impl FnMut(Record) -> Result<(), JournalError>,
) -> Result<(), JournalError> {
    let mut reader = SegmentReader::open(segment.path.clone(), segment.header.first_seq)?;
    while let Some(record) = reader.next_record(0)? {
        visit(record)?;
    }
    if reader.next_seq() == successor_seq { Ok(()) } else { Err(reader.damaged("a record is missing")) }
}

/// A compacted segment that is being written.
struct Output {
    scratch: Scratch,
    header: Header,
}

impl Output {
    fn create(dir: &Path, replaced: &Header, last_seq: u64) -> Result<Self, JournalError> {
        let mut scratch = Scratch::create(files::segment_path(dir, replaced.first_seq))?;
        scratch.buffer().resize(HEADER_BYTES, 0);
        Ok(Self { scratch, header: Header { kind: SegmentKind::Compacted, last_seq, ..*replaced } })
    }

    fn put(&mut self, seq: u64, payload: &[u8]) -> Result<(), JournalError> {
        check_sizes([payload.len()].into_iter())?;
        put_record(self.scratch.buffer(), self.header.journal_id, seq, self.header.last_seq, payload);
        self.scratch.flush_if_large()
    }

    /// Returns the size of the file.
    fn finish(mut self) -> Result<u64, JournalError> {
        self.header.size_bytes = self.scratch.size_bytes();
        self.scratch.set_start(&self.header.encode())?;
        self.scratch.finish()?;
        Ok(self.header.size_bytes)
    }
}
