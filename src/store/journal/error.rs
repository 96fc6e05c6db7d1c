//! What can go wrong with a journal, in words for the person who runs the salon's box.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Errors of the journal. After anything but [`Full`](Self::Full), [`TooLarge`](Self::TooLarge) and
/// [`NotSealed`](Self::NotSealed) from a [`Journal`](super::Journal), that journal accepts nothing more.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("cannot {action} {}: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    /// Nothing was changed; the same call may succeed once there is space again.
    #[error("no space left on the disk for {}", path.display())]
    Full { path: PathBuf },
    #[error("a record of {size_bytes} bytes is above the limit of {limit_bytes} bytes")]
    TooLarge { size_bytes: usize, limit_bytes: usize },
    /// Data that was acknowledged is damaged or missing. `seq` is the first record that cannot be read, where known.
    #[error(
        "the journal is damaged: {} at byte {offset}{}: {what}",
        path.display(),
        seq.map(|seq| format!(" (record {seq})")).unwrap_or_default()
    )]
    Damaged { path: PathBuf, offset: u64, seq: Option<u64>, what: &'static str },
    #[error(
        "{} was written by a newer Parlor (journal format {version}, this one knows up to {known}): install that version or newer",
        path.display()
    )]
    Newer { path: PathBuf, version: u16, known: u16 },
    #[error("{} holds no journal", path.display())]
    NotAJournal { path: PathBuf },
    #[error("{} holds a journal already", path.display())]
    AlreadyFounded { path: PathBuf },
    #[error("a journal cannot be founded without a record")]
    NothingToFound,
    #[error("no sealed segment of the journal begins with record {first_seq}")]
    NotSealed { first_seq: u64 },
    /// An earlier write or sync failed, so what is on the disk is unknown until the journal is opened again.
    #[error("the journal failed earlier and accepts nothing more until it is opened again")]
    Poisoned,
}

impl JournalError {
    /// For failures that cannot be taken back.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    /// For failures that have changed nothing yet: a full disk is told apart.
    pub(super) fn io_or_full(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path: path.to_owned() },
            _ => Self::Io { action, path: path.to_owned(), source },
        }
    }

    /// Whether a journal that returned this is as it was before the call.
    pub(super) fn leaves_journal_intact(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::TooLarge { .. } | Self::Poisoned)
    }
}
