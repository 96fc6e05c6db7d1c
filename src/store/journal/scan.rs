//! Reads one segment file from its header to where its valid records end. Judges nothing: whether that end is a torn
//! tail or damage is for the caller, who knows what must be there.

use super::{
    Record,
    error::JournalError,
    format::{HEAD_BYTES, HEADER_BYTES, Head, HeadKind, Header, HeaderFault, SegmentKind, VERSION, heads},
};
use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

const BUFFER_BYTES: usize = 128 << 10;

/// What is at the place of the next record.
pub enum Step {
    Record(Head, Vec<u8>),
    /// The segment was sealed here.
    Seal(Head),
    /// No head at all: unused space, the end of the file, or something broken.
    Nothing,
    /// A head whose payload is broken, or that does not belong here.
    Broken(&'static str),
}

pub struct SegmentReader {
    input: BufReader<File>,
    path: PathBuf,
    header: Header,
    offset: u64,
    next_seq: u64,
}

/// Reads and checks the header of a segment that is named after `first_seq`.
pub fn read_header(file: &mut impl Read, path: &Path, first_seq: u64) -> Result<Header, JournalError> {
    let damaged = |what| JournalError::Damaged { path: path.to_owned(), offset: 0, seq: Some(first_seq), what };
    let mut bytes = [0; HEADER_BYTES];
    if read_up_to(file, &mut bytes).map_err(JournalError::io("read", path))? < HEADER_BYTES {
        return Err(damaged("the header is cut off"));
    }
    match Header::decode(&bytes) {
        Ok(header) if header.first_seq == first_seq => Ok(header),
        Ok(_) => Err(damaged("the name does not fit the content")),
        Err(HeaderFault::Damaged) => Err(damaged("the header is damaged")),
        Err(HeaderFault::Newer(version)) => Err(JournalError::Newer { path: path.to_owned(), version, known: VERSION }),
    }
}

impl SegmentReader {
    pub fn new(mut file: File, path: PathBuf, first_seq: u64) -> Result<Self, JournalError> {
        let header = read_header(&mut file, &path, first_seq)?;
        let input = BufReader::with_capacity(BUFFER_BYTES, file);
        Ok(Self { input, path, header, offset: HEADER_BYTES as u64, next_seq: first_seq })
    }

    pub fn open(path: PathBuf, first_seq: u64) -> Result<Self, JournalError> {
        let file = File::open(&path).map_err(JournalError::io("open", &path))?;
        Self::new(file, path, first_seq)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Where the next record is expected.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The lowest sequence that the next record may have.
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Says that what must be at the present place is not there.
    pub fn damaged(&self, what: &'static str) -> JournalError {
        JournalError::Damaged { path: self.path.clone(), offset: self.offset, seq: Some(self.next_seq), what }
    }

    /// Reads what comes next. Moves on only over a record; payloads below `from_seq` are skipped unread, empty.
    pub fn step(&mut self, from_seq: u64) -> Result<Step, JournalError> {
        self.try_step(from_seq).map_err(JournalError::io("read", &self.path))
    }

    fn try_step(&mut self, from_seq: u64) -> io::Result<Step> {
        let mut bytes = [0; HEAD_BYTES];
        if read_up_to(&mut self.input, &mut bytes)? < HEAD_BYTES {
            return Ok(Step::Nothing);
        }
        let head = match Head::decode(&bytes, self.header.journal_id) {
            None => return Ok(Step::Nothing),
            Some(head) if head.kind == HeadKind::Seal => return Ok(Step::Seal(head)),
            Some(head) => head,
        };
        let in_sequence = match self.header.kind {
            SegmentKind::Dense => head.seq == self.next_seq,
            SegmentKind::Compacted => (self.next_seq..=self.header.last_seq).contains(&head.seq),
        };
        if !in_sequence {
            return Ok(Step::Broken("a record is out of sequence"));
        }
        let padded_len = (head.record_bytes() - HEAD_BYTES as u64) as usize;
        let mut payload = Vec::new();
        if head.seq < from_seq {
            self.input.seek_relative(padded_len as i64)?;
        } else {
            payload.resize(padded_len, 0);
            if read_up_to(&mut self.input, &mut payload)? < padded_len {
                return Ok(Step::Broken("a record is cut off"));
            }
            if crc32c::crc32c(&payload) != head.payload_crc {
                return Ok(Step::Broken("the checksum of a record does not fit"));
            }
            payload.truncate(head.payload_len as usize);
        }
        self.offset += head.record_bytes();
        self.next_seq = head.seq + 1;
        Ok(Step::Record(head, payload))
    }

    /// The next record from `from_seq` on, in a segment of which only synced records are asked for. `None` where the
    /// segment says that it ends: [`next_seq`](Self::next_seq) is then what its successor must begin with.
    pub fn next_record(&mut self, from_seq: u64) -> Result<Option<Record>, JournalError> {
        loop {
            if self.header.kind == SegmentKind::Compacted && self.offset == self.header.size_bytes {
                self.next_seq = self.header.last_seq + 1;
                return Ok(None);
            }
            match self.step(from_seq)? {
                Step::Record(head, _) if head.seq < from_seq => {}
                Step::Record(head, payload) => return Ok(Some(Record { seq: head.seq, payload })),
                Step::Broken(what) => return Err(self.damaged(what)),
                Step::Seal(_) | Step::Nothing if self.header.kind == SegmentKind::Compacted => {
                    return Err(self.damaged("a record is missing"));
                }
                Step::Seal(head) if head.seq != self.next_seq => return Err(self.damaged("a record is missing")),
                Step::Seal(_) | Step::Nothing => return Ok(None),
            }
        }
    }

    /// Looks at everything from the present place to the end of the file. Ends the reading.
    pub fn look_past(mut self) -> Result<Past, JournalError> {
        let mut rest = Vec::new();
        let read = self.input.seek(SeekFrom::Start(self.offset)).and_then(|_| self.input.read_to_end(&mut rest));
        read.map_err(JournalError::io("read", &self.path))?;
        let mut past = Past {
            used_bytes: rest.iter().rposition(|byte| *byte != 0).map_or(0, |at| at as u64 + 1),
            claimed_seq: 0,
            next_record: None,
        };
        for (at, head) in heads(&rest, self.header.journal_id) {
            past.claimed_seq = past.claimed_seq.max(head.synced_seq);
            if at > 0 && head.kind == HeadKind::Record && head.seq >= self.next_seq && past.next_record.is_none() {
                past.next_record = Some((self.offset + at, head.seq));
            }
        }
        Ok(past)
    }

    /// Opens a segment at a record that was found behind damage.
    pub fn open_at(path: PathBuf, first_seq: u64, offset: u64, next_seq: u64) -> Result<Self, JournalError> {
        let mut reader = Self::open(path, first_seq)?;
        reader.input.seek(SeekFrom::Start(offset)).map_err(JournalError::io("read", &reader.path))?;
        Ok(Self { offset, next_seq, ..reader })
    }
}

/// What lies behind the last valid record of a segment.
pub struct Past {
    /// Bytes up to the last one that is not zero.
    pub used_bytes: u64,
    /// Whatever was written behind a gap says what was synced then: that tells damage from a torn tail. 0 if nothing does.
    pub claimed_seq: u64,
    /// Offset and sequence of the next record that may be readable.
    pub next_record: Option<(u64, u64)>,
}

/// Fills `bytes` as far as the input goes and says how far that was.
fn read_up_to(input: &mut impl Read, bytes: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match input.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
