//! Room on the disk that is kept for the index, so that sled never meets a full disk: it would not recover.

use super::{index, space};
use rustix::{
    fs::{FallocateFlags, fallocate},
    io::{Errno, retry_on_intr},
};
use std::{
    fs::File,
    path::{Path, PathBuf},
};

/// More than sled writes for one batch, its cleaning up included: it goes by segments of half a MiB.
const AHEAD_BYTES: u64 = 6 << 20;

/// Reserves disk space behind the end of sled's file, without changing its length.
pub(super) struct IndexRoom {
    folder: PathBuf,
    file: Option<File>,
}

impl IndexRoom {
    /// For the index of that generation.
    pub fn of(data: &Path, generation: u64) -> Self {
        let folder = index::generation_folder(data, generation);
        let file = File::options().write(true).open(folder.join("db")).ok();
        Self { folder, file }
    }

    /// Makes sure that the index can grow by a batch. `false` if the disk has no room for that.
    pub fn ensure(&self) -> bool {
        let reserved = self.file.as_ref().map(|file| {
            let len = file.metadata().map_or(0, |metadata| metadata.len());
            retry_on_intr(|| fallocate(file, FallocateFlags::KEEP_SIZE, len, AHEAD_BYTES))
        });
        match reserved {
            Some(Ok(())) => true,
            Some(Err(Errno::NOSPC | Errno::DQUOT)) => false,
            // This file system cannot reserve: at least see whether it is full now.
            _ => space::free_and_total(&self.folder).is_none_or(|(free_bytes, _)| free_bytes > AHEAD_BYTES),
        }
    }
}
