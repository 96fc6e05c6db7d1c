//! The journal: append-only segment files that hold opaque payloads in one dense sequence. What it has synced is the
//! truth; everything else in Parlor is derived from it. It must not know what a payload means.
//!
//! One thread owns [`Journal`] and appends; any number of threads read what is synced, and one at a time may compact
//! sealed segments. One process at a time has a journal open: the caller sees to that.

mod append;
mod check;
mod compact;
mod error;
#[cfg(test)]
mod fault;
mod files;
mod format;
mod found;
mod layout;
mod open;
mod read;
mod scan;
mod synced;
#[cfg(test)]
mod tests;

pub use append::Journal;
pub use check::{Damage, Report, check};
pub use compact::{Merged, Rewrite, Rewritten, merge, rewrite};
pub use error::JournalError;
pub use format::MAX_PAYLOAD_BYTES;
pub use found::is_founded;
pub use layout::{SegmentInfo, id, segments};
pub use open::Opened;
pub use read::{Records, read};
pub use synced::{Position, Synced};

/// One entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// From 1, without gaps except where compaction dropped records.
    pub seq: u64,
    pub payload: Vec<u8>,
}

/// How the journal lays out its files.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// A segment is sealed before a group would take it past this size. A larger group has a segment for itself.
    pub segment_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { segment_bytes: 16 << 20 }
    }
}
