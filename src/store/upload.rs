//! Owns an upload on its way to disk: counted, summed and written in pieces, on the blocking pool. It has no id yet, and
//! dropping it at any point leaves nothing behind.

use super::blobs::{BlobError, BlobResult, Folder, blocking};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// How many first bytes of an upload are kept in memory for sniffing its type.
pub const HEAD_BYTES: usize = 4096;

/// Uploads are written to disk in pieces of about this size.
pub(super) const PIECE_BYTES: usize = 256 * 1024;

/// An upload on its way. Dropped unfinished, it leaves nothing behind.
pub struct Incoming {
    /// `None` after a failure, or while a piece is being written.
    writing: Option<Writing>,
    buffer: Vec<u8>,
    head: Vec<u8>,
    size_bytes: u64,
    limit_bytes: u64,
}

impl Incoming {
    pub(super) fn new(writing: Writing, limit_bytes: u64) -> Self {
        Self { writing: Some(writing), buffer: Vec::new(), head: Vec::new(), size_bytes: 0, limit_bytes }
    }

    /// Takes the next bytes. `TooLarge` as soon as the limit is passed, `Full` when the disk has no room; after an
    /// error the upload is over.
    pub async fn write(&mut self, chunk: &[u8]) -> BlobResult<()> {
        self.size_bytes = self.size_bytes.saturating_add(chunk.len() as u64);
        if self.size_bytes > self.limit_bytes {
            self.writing = None;
            return Err(BlobError::TooLarge { limit_bytes: self.limit_bytes });
        }
        let missing = HEAD_BYTES - self.head.len();
        self.head.extend_from_slice(&chunk[..chunk.len().min(missing)]);
        self.buffer.extend_from_slice(chunk);
        if self.buffer.len() < PIECE_BYTES {
            return Ok(());
        }
        let (mut writing, mut piece) = (self.take_writing()?, std::mem::take(&mut self.buffer));
        let (writing, piece) = blocking(move || {
            writing.append(&piece)?;
            piece.clear();
            Ok((writing, piece))
        })
        .await?;
        (self.writing, self.buffer) = (Some(writing), piece);
        Ok(())
    }

    /// Writes the rest and syncs the file.
    pub async fn finish(mut self) -> BlobResult<Stored> {
        let (mut writing, piece) = (self.take_writing()?, self.buffer);
        let (temp, sha256) = blocking(move || {
            writing.append(&piece)?;
            writing.sync()?;
            Ok((writing.temp, writing.sum.finalize().into()))
        })
        .await?;
        Ok(Stored { size_bytes: self.size_bytes, sha256, head: self.head, temp })
    }

    fn take_writing(&mut self) -> BlobResult<Writing> {
        let broken_off = || BlobError::io("tmp")(io::Error::other("the upload was broken off"));
        self.writing.take().ok_or_else(broken_off)
    }
}

/// A whole, synced upload that has no id yet. Dropped, it is gone.
pub struct Stored {
    pub size_bytes: u64,
    pub sha256: [u8; 32],
    /// The first bytes, at most `HEAD_BYTES`.
    pub head: Vec<u8>,
    pub temp: TempFile,
}

/// A temporary file that is removed with this value, unless it was kept.
pub struct TempFile {
    path: PathBuf,
}

impl TempFile {
    /// Where the bytes lie for now.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        // A kept file was renamed away, and temporary names are never used twice. One short system call; what remains
        // after a failure is removed at the next start.
        drop(fs::remove_file(&self.path));
    }
}

/// An open temporary file with its sum so far. Its calls block.
pub(super) struct Writing {
    folder: Arc<Folder>,
    file: File,
    sum: Sha256,
    temp: TempFile,
}

impl Writing {
    pub(super) fn begin(folder: Arc<Folder>, path: PathBuf) -> BlobResult<Self> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(&path).map_err(BlobError::io(&path))?;
        Ok(Self { folder, file, sum: Sha256::new(), temp: TempFile { path } })
    }

    pub(super) fn append(&mut self, piece: &[u8]) -> BlobResult<()> {
        self.folder.refuse_if_nearly_full()?;
        self.file.write_all(piece).map_err(BlobError::io(&self.temp.path))?;
        self.sum.update(piece);
        Ok(())
    }

    pub(super) fn sync(&self) -> BlobResult<()> {
        self.file.sync_all().map_err(BlobError::io(&self.temp.path))
    }

    pub(super) fn into_temp(self) -> TempFile {
        self.temp
    }
}
