//! Walks a whole journal and says in words what is there and what is wrong. Changes nothing.

use super::{
    JournalError, files,
    format::SegmentKind,
    layout::{list, read_layout},
    scan::{SegmentReader, Step},
};
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// What [`check`] found.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Report {
    pub segments: u64,
    pub records: u64,
    pub bytes: u64,
    /// The last readable sequence; 0 if none.
    pub last_seq: u64,
    /// Bytes after the last record that were written but never synced; opening cuts them off.
    pub torn_bytes: u64,
    /// Files that an interrupted operation left; opening removes them.
    pub leftovers: Vec<PathBuf>,
    pub damage: Vec<Damage>,
}

/// One place where acknowledged data is damaged or missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    pub path: PathBuf,
    pub offset: u64,
    pub words: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}: {}", self.path.display(), self.offset, self.words)
    }
}

/// Reads every record of a journal that nobody appends to. Damage is in the report; errors are those of the disk, of a
/// newer format and of a folder without a journal.
pub fn check(dir: &Path) -> Result<Report, JournalError> {
    let mut report = Report::default();
    let segments = list(dir)?;
    if segments.is_empty() {
        return Err(JournalError::NotAJournal { path: dir.to_owned() });
    }
    report.leftovers = files::entries(dir)?.into_iter().filter(|path| files::is_temp(path)).collect();
    let mut covered_seq = 0;
    for (index, (first_seq, path)) in segments.iter().enumerate() {
        if *first_seq <= covered_seq {
            report.leftovers.push(path.clone());
            continue;
        }
        report.segments += 1;
        report.bytes += path.metadata().map_err(JournalError::io("read", path))?.len();
        let reader = match SegmentReader::open(path.clone(), *first_seq) {
            Ok(reader) => reader,
            Err(error) => {
                report.note(error)?;
                continue;
            }
        };
        if reader.header().kind == SegmentKind::Compacted {
            covered_seq = reader.header().last_seq;
        }
        let successor_seq = segments[index + 1..].iter().map(|(seq, _)| *seq).find(|seq| *seq > covered_seq);
        report.walk(reader, successor_seq)?;
    }
    if report.damage.is_empty()
        && let Err(error) = read_layout(dir)
    {
        report.note(error)?;
    }
    Ok(report)
}

impl Report {
    /// Whether everything that was acknowledged is there.
    pub fn is_whole(&self) -> bool {
        self.damage.is_empty()
    }

    fn note(&mut self, error: JournalError) -> Result<(), JournalError> {
        match error {
            JournalError::Damaged { path, offset, seq, what } => {
                let words = seq.map_or_else(|| what.to_owned(), |seq| format!("{what}, from record {seq} on"));
                self.damage.push(Damage { path, offset, words });
                Ok(())
            }
            error => Err(error),
        }
    }

    /// Reads a segment, past damage too. `successor_seq` is `None` for the active one.
    fn walk(&mut self, mut reader: SegmentReader, successor_seq: Option<u64>) -> Result<(), JournalError> {
        let mut proven_seq = reader.header().last_seq;
        loop {
            let broken = match reader.step(0)? {
                Step::Record(head, _) => {
                    proven_seq = proven_seq.max(head.synced_seq);
                    self.records += 1;
                    self.last_seq = head.seq;
                    continue;
                }
                Step::Broken(what) => what,
                Step::Seal(_) | Step::Nothing => "a record is missing",
            };
            let (path, offset, lost_seq) = (reader.path().to_owned(), reader.offset(), reader.next_seq());
            let header = *reader.header();
            let compacted_end = header.kind == SegmentKind::Compacted && offset == header.size_bytes;
            if compacted_end || successor_seq == Some(lost_seq) {
                return Ok(());
            }
            let past = reader.look_past()?;
            if successor_seq.is_none() && proven_seq.max(past.claimed_seq) < lost_seq {
                self.torn_bytes = past.used_bytes;
                return Ok(());
            }
            let next_seq = past.next_record.map(|(_, seq)| seq).or(successor_seq);
            self.damage.push(Damage { path: path.clone(), offset, words: describe(broken, lost_seq, next_seq) });
            let Some((offset, seq)) = past.next_record else { return Ok(()) };
            reader = SegmentReader::open_at(path, header.first_seq, offset, seq)?;
        }
    }
}

fn describe(what: &str, lost_seq: u64, next_seq: Option<u64>) -> String {
    match next_seq {
        Some(next) if next == lost_seq + 1 => format!("{what}: record {lost_seq} cannot be read"),
        Some(next) if next > lost_seq => format!("{what}: records {lost_seq} to {} cannot be read", next - 1),
        Some(_) => what.to_owned(),
        None => format!("{what}: record {lost_seq} and what followed cannot be read"),
    }
}
