//! How far the journal is synced, for readers on other threads.

use std::sync::{Arc, Mutex, PoisonError};

/// A place in the journal: everything before it is on the disk and never changes except by compaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub last_seq: u64,
    /// Names the active segment.
    pub active_first_seq: u64,
    /// Bytes of the active segment that are synced.
    pub active_end_bytes: u64,
}

/// A handle to the newest synced position; cheap to clone and to ask.
#[derive(Debug, Clone)]
pub struct Synced(Arc<Mutex<Position>>);

impl Synced {
    pub(super) fn new(position: Position) -> Self {
        Self(Arc::new(Mutex::new(position)))
    }

    pub fn position(&self) -> Position {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn last_seq(&self) -> u64 {
        self.position().last_seq
    }

    pub(super) fn set(&self, position: Position) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = position;
    }
}
