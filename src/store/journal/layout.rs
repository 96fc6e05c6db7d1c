//! Which segments a folder has, and whether each follows the one before it. Reads headers and seals only.

use super::{
    error::JournalError,
    files,
    format::{HEAD_BYTES, Head, HeadKind, Header, SegmentKind},
    scan::{SegmentReader, Step, read_header},
};
use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

/// How often a folder that changes meanwhile is looked at.
const LISTING_ATTEMPTS: usize = 10;

/// What callers may know of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentInfo {
    pub first_seq: u64,
    /// The last sequence that the segment covers, whether or not compaction kept that record; `None` while it is active.
    pub last_seq: Option<u64>,
    pub path: PathBuf,
    /// Size of the file, space written ahead included.
    pub bytes: u64,
    /// Sealed segments change only by compaction.
    pub sealed: bool,
}

/// The segments of a journal in order, without those that an interrupted merge left behind. The last one is active.
pub fn segments(dir: &Path) -> Result<Vec<SegmentInfo>, JournalError> {
    let segments = read_layout(dir)?.segments;
    let ends: Vec<_> = segments.iter().skip(1).map(|next| Some(next.header.first_seq - 1)).chain([None]).collect();
    Ok(segments
        .into_iter()
        .zip(ends)
        .map(|(segment, last_seq)| SegmentInfo {
            first_seq: segment.header.first_seq,
            last_seq,
            path: segment.path,
            bytes: segment.bytes,
            sealed: last_seq.is_some(),
        })
        .collect())
}

/// What tells this journal from every other; it never changes.
pub fn id(dir: &Path) -> Result<u64, JournalError> {
    let first = read_layout(dir)?.segments.into_iter().next();
    let id = first.map(|segment| segment.header.journal_id);
    id.ok_or_else(|| JournalError::NotAJournal { path: dir.to_owned() })
}

#[derive(Debug)]
pub struct Segment {
    pub path: PathBuf,
    pub header: Header,
    pub bytes: u64,
    /// How a dense segment ends; `None` without a seal.
    pub sealed_before: Option<u64>,
}

pub struct Layout {
    /// Never empty; each follows the one before it.
    pub segments: Vec<Segment>,
    /// Files whose records a merged segment holds as well.
    pub covered: Vec<PathBuf>,
}

/// The names of all segments, sorted by first sequence.
pub fn list(dir: &Path) -> Result<Vec<(u64, PathBuf)>, JournalError> {
    let named = files::entries(dir)?.into_iter().filter_map(|path| Some((files::seq_of_name(&path)?, path)));
    let mut listed: Vec<_> = named.collect();
    listed.sort();
    Ok(listed)
}

/// Reads the headers of all segments and checks that none is missing.
pub fn read_layout(dir: &Path) -> Result<Layout, JournalError> {
    let mut listed = list(dir)?;
    for _ in 1..LISTING_ATTEMPTS {
        let error = match inspect_all(dir, &listed) {
            Ok(layout) => return Ok(layout),
            Err(error) => error,
        };
        // The appender or compaction may have changed the folder after it was listed.
        let again = list(dir)?;
        if again == listed {
            return Err(error);
        }
        listed = again;
    }
    inspect_all(dir, &listed)
}

fn inspect_all(dir: &Path, listed: &[(u64, PathBuf)]) -> Result<Layout, JournalError> {
    let found = listed.iter().map(|(first_seq, path)| inspect(path.clone(), *first_seq)).collect::<Result<_, _>>()?;
    arrange(dir, found)
}

fn inspect(path: PathBuf, first_seq: u64) -> Result<Segment, JournalError> {
    let mut file = File::open(&path).map_err(JournalError::io("open", &path))?;
    let header = read_header(&mut file, &path, first_seq)?;
    let bytes = file.metadata().map_err(JournalError::io("read", &path))?.len();
    if header.kind == SegmentKind::Compacted && bytes != header.size_bytes {
        let what = "the file does not have the size it was written with";
        return Err(JournalError::Damaged { path, offset: bytes.min(header.size_bytes), seq: None, what });
    }
    let sealed_before = match header.kind {
        SegmentKind::Dense => read_seal(&file, bytes, &header).map_err(JournalError::io("read", &path))?,
        SegmentKind::Compacted => Some(header.last_seq + 1),
    };
    Ok(Segment { path, header, bytes, sealed_before })
}

fn read_seal(file: &File, bytes: u64, header: &Header) -> io::Result<Option<u64>> {
    let Some(at) = bytes.checked_sub(HEAD_BYTES as u64) else { return Ok(None) };
    let mut head = [0; HEAD_BYTES];
    match file.read_exact_at(&mut head, at) {
        Ok(()) => {}
        // The appender is just cutting the space written ahead.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let head = Head::decode(&head, header.journal_id).filter(|head| head.kind == HeadKind::Seal);
    Ok(head.map(|head| head.seq))
}

fn arrange(dir: &Path, found: Vec<Segment>) -> Result<Layout, JournalError> {
    let mut segments: Vec<Segment> = Vec::with_capacity(found.len());
    let mut covered = Vec::new();
    for segment in found {
        let damaged = |what| JournalError::Damaged {
            path: segment.path.clone(),
            offset: 0,
            seq: Some(segment.header.first_seq),
            what,
        };
        let Some(before) = segments.last() else {
            if segment.header.first_seq != 1 {
                return Err(damaged("the segments before this one are missing"));
            }
            segments.push(segment);
            continue;
        };
        if segment.header.journal_id != before.header.journal_id {
            return Err(damaged("this segment belongs to another journal"));
        }
        if before.header.kind == SegmentKind::Compacted && segment.header.first_seq <= before.header.last_seq {
            covered.push(segment.path);
            continue;
        }
        let expected = match before.sealed_before {
            Some(next_seq) => next_seq,
            None => unsealed_end(before)?,
        };
        if segment.header.first_seq != expected {
            return Err(damaged("records before this segment are missing"));
        }
        segments.push(segment);
    }
    let Some(last) = segments.last() else { return Err(JournalError::NotAJournal { path: dir.to_owned() }) };
    if let Some(next_seq) = last.sealed_before {
        return Err(JournalError::Damaged {
            path: files::segment_path(dir, next_seq),
            offset: 0,
            seq: Some(next_seq),
            what: "the newest segment is missing",
        });
    }
    Ok(Layout { segments, covered })
}

/// What a dense segment without a seal must be followed by: a stop between naming the successor and sealing.
fn unsealed_end(segment: &Segment) -> Result<u64, JournalError> {
    let mut reader = SegmentReader::open(segment.path.clone(), segment.header.first_seq)?;
    while let Step::Record(..) = reader.step(u64::MAX)? {}
    Ok(reader.next_seq())
}
