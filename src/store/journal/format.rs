//! The bytes of a segment file: a header of 64 bytes, then records of a 32-byte head and a payload, padded to 8 bytes.
//! All numbers are little endian. Must not touch the disk.
//!
//! Every head's checksum begins with the journal's random id, so that no payload, whoever wrote it, can contain bytes
//! that pass for a record, and records of another journal are never mistaken for ours.

/// The largest payload of one record, in bytes.
pub const MAX_PAYLOAD_BYTES: usize = 8 << 20;
pub const HEADER_BYTES: usize = 64;
pub const HEAD_BYTES: usize = 32;
/// The newest format that this program reads and the one that it writes.
pub const VERSION: u16 = 1;
/// Magic, version and the place of the checksum stay the same in every future format.
const MAGIC: [u8; 8] = *b"PARLORJ\n";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentKind {
    /// Appended to; every sequence from the first on is there.
    Dense,
    /// Written whole by compaction; sequences may be missing.
    Compacted,
}

/// The first bytes of a segment, written before the file gets its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub journal_id: u64,
    pub kind: SegmentKind,
    pub first_seq: u64,
    /// The last sequence that the file covered when it got its name; `first_seq - 1` if none.
    pub last_seq: u64,
    /// Size of a compacted file; 0 for a dense one, which grows.
    pub size_bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderFault {
    Damaged,
    Newer(u16),
}

impl Header {
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
        let kind: u16 = match self.kind {
            SegmentKind::Dense => 0,
            SegmentKind::Compacted => 1,
        };
        bytes[10..12].copy_from_slice(&kind.to_le_bytes());
        for (at, number) in [(16, self.journal_id), (24, self.first_seq), (32, self.last_seq), (40, self.size_bytes)] {
            bytes[at..at + 8].copy_from_slice(&number.to_le_bytes());
        }
        let crc = crc32c::crc32c(&bytes[..60]);
        bytes[60..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub fn decode(bytes: &[u8; HEADER_BYTES]) -> Result<Self, HeaderFault> {
        if bytes[..8] != MAGIC || crc32c::crc32c(&bytes[..60]) != u32_at(bytes, 60) {
            return Err(HeaderFault::Damaged);
        }
        let kind = match (u16_at(bytes, 8), u16_at(bytes, 10)) {
            (newer, _) if newer > VERSION => return Err(HeaderFault::Newer(newer)),
            (VERSION, 0) => SegmentKind::Dense,
            (VERSION, 1) => SegmentKind::Compacted,
            _ => return Err(HeaderFault::Damaged),
        };
        Ok(Self {
            journal_id: u64_at(bytes, 16),
            kind,
            first_seq: u64_at(bytes, 24),
            last_seq: u64_at(bytes, 32),
            size_bytes: u64_at(bytes, 40),
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadKind {
    Record,
    /// Ends a dense segment that has a successor; its `seq` is the successor's first.
    Seal,
}

/// What precedes each payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub kind: HeadKind,
    pub payload_len: u32,
    /// Over the payload and its padding.
    pub payload_crc: u32,
    pub seq: u64,
    /// Everything up to this sequence was synced when this was written: if any of that is missing, it is no torn tail.
    pub synced_seq: u64,
}

impl Head {
    pub fn encode(&self, journal_id: u64) -> [u8; HEAD_BYTES] {
        let mut bytes = [0; HEAD_BYTES];
        bytes[..4].copy_from_slice(&self.payload_len.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.payload_crc.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.seq.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.synced_seq.to_le_bytes());
        let kind: u32 = match self.kind {
            HeadKind::Record => 0,
            HeadKind::Seal => 1,
        };
        bytes[24..28].copy_from_slice(&kind.to_le_bytes());
        let crc = head_crc(journal_id, &bytes);
        bytes[28..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// `None` unless these are the bytes of a head of this journal.
    pub fn decode(bytes: &[u8; HEAD_BYTES], journal_id: u64) -> Option<Self> {
        if head_crc(journal_id, bytes) != u32_at(bytes, 28) {
            return None;
        }
        let kind = match u32_at(bytes, 24) {
            0 => HeadKind::Record,
            1 => HeadKind::Seal,
            _ => return None,
        };
        let payload_len = u32_at(bytes, 0);
        let seq = u64_at(bytes, 8);
        // Unused space is never a head, whatever the id.
        (seq > 0 && payload_len as usize <= MAX_PAYLOAD_BYTES).then_some(Self {
            kind,
            payload_len,
            payload_crc: u32_at(bytes, 4),
            seq,
            synced_seq: u64_at(bytes, 16),
        })
    }

    /// Bytes on disk from this head to the next.
    pub fn record_bytes(&self) -> u64 {
        record_bytes(self.payload_len as usize)
    }
}

/// Bytes on disk of a record with a payload of this length.
pub fn record_bytes(payload_len: usize) -> u64 {
    (HEAD_BYTES + payload_len.next_multiple_of(8)) as u64
}

/// Adds the bytes of one record. The payload is within [`MAX_PAYLOAD_BYTES`].
pub fn put_record(out: &mut Vec<u8>, journal_id: u64, seq: u64, synced_seq: u64, payload: &[u8]) {
    let head_at = out.len();
    out.resize(head_at + HEAD_BYTES, 0);
    out.extend_from_slice(payload);
    out.resize(head_at + HEAD_BYTES + payload.len().next_multiple_of(8), 0);
    let head = Head {
        kind: HeadKind::Record,
        payload_len: payload.len() as u32,
        payload_crc: crc32c::crc32c(&out[head_at + HEAD_BYTES..]),
        seq,
        synced_seq,
    };
    out[head_at..head_at + HEAD_BYTES].copy_from_slice(&head.encode(journal_id));
}

/// The mark that ends a sealed segment.
pub fn seal(journal_id: u64, next_seq: u64) -> [u8; HEAD_BYTES] {
    let kind = HeadKind::Seal;
    Head { kind, payload_len: 0, payload_crc: 0, seq: next_seq, synced_seq: next_seq - 1 }.encode(journal_id)
}

/// All heads at any place of `bytes` where one could begin, with their offsets.
pub fn heads(bytes: &[u8], journal_id: u64) -> impl Iterator<Item = (u64, Head)> {
    bytes.windows(HEAD_BYTES).enumerate().step_by(8).filter_map(move |(at, window)| {
        let window: &[u8; HEAD_BYTES] = window.try_into().ok()?;
        Some((at as u64, Head::decode(window, journal_id)?))
    })
}

fn head_crc(journal_id: u64, bytes: &[u8; HEAD_BYTES]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&journal_id.to_le_bytes()), &bytes[..28])
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}
