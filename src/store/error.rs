//! What can go wrong on the disk.

use crate::model::Error;
use std::path::PathBuf;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the journal failed: {0}")]
    Journal(#[from] super::journal::JournalError),
    #[error("the index failed: {0}")]
    Index(String),
    #[error("a record cannot be read: {0}")]
    Codec(String),
    #[error(
        "written by a newer parlor (format {found}, this one knows up to {known}); run that version, or a later one"
    )]
    Newer { found: u32, known: u32 },
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{0}")]
    Refused(String),
    /// Decided by a rule, not by the disk.
    #[error("{0}")]
    Rule(#[from] Error),
    #[error("the store is stopped")]
    Stopped,
}

/// Result of everything in the store.
pub type StoreResult<T> = std::result::Result<T, StoreError>;

impl StoreError {
    pub(super) fn index(error: sled::Error) -> Self {
        Self::Index(error.to_string())
    }

    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

impl From<StoreError> for Error {
    /// What a caller learns; the cause goes to the log once, here.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Rule(error) => error,
            StoreError::Stopped => Self::busy(),
            StoreError::Journal(super::journal::JournalError::Full { .. }) => Self::storage_full(),
            error => {
                tracing::error!(cause = %error, "the store failed");
                Self::internal()
            }
        }
    }
}
