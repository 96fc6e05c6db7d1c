//! Every change that the journal makes to the disk passes through here, so that each is followed by the sync it needs
//! and the tests can stop or fail any of them. Knows nothing of what the files contain.

use super::error::JournalError;
#[cfg(test)]
use super::fault;
use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

/// What a file is called until it is whole.
const TEMP_EXTENSION: &str = "tmp";
const SEGMENT_EXTENSION: &str = "log";
const SEQ_DIGITS: usize = 20;
const BUFFER_BYTES: usize = 256 << 10;
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

pub fn segment_path(dir: &Path, first_seq: u64) -> PathBuf {
    dir.join(format!("{first_seq:0SEQ_DIGITS$}.{SEGMENT_EXTENSION}"))
}

/// The sequence that a segment's name says; `None` for any other file.
pub fn seq_of_name(path: &Path) -> Option<u64> {
    let stem = path.file_stem()?.to_str()?;
    let named = stem.len() == SEQ_DIGITS && stem.bytes().all(|digit| digit.is_ascii_digit());
    (named && path.extension()? == SEGMENT_EXTENSION).then(|| stem.parse().ok())?
}

pub fn is_temp(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == TEMP_EXTENSION)
        && seq_of_name(&path.with_extension(SEGMENT_EXTENSION)).is_some()
}

/// The paths of everything in a folder; a missing folder holds no journal.
pub fn entries(dir: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let listed = fs::read_dir(dir).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    listed.map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => JournalError::NotAJournal { path: dir.to_owned() },
        _ => JournalError::io("list", dir)(source),
    })
}

/// Makes a folder and those above it that are missing, each synced into the one above.
pub fn create_folder(dir: &Path) -> Result<(), JournalError> {
    if dir.is_dir() {
        return Ok(());
    }
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    create_folder(parent)?;
    step("create folder")
        .and_then(|()| fs::create_dir(dir))
        .or_else(|error| if dir.is_dir() { Ok(()) } else { Err(error) })
        .map_err(JournalError::io_or_full("create", dir))?;
    sync_folder(parent)
}

pub fn sync_folder(dir: &Path) -> Result<(), JournalError> {
    step("sync folder").and_then(|()| File::open(dir)?.sync_all()).map_err(JournalError::io("sync", dir))
}

/// Removes a file that is not needed; one that is gone already is as good.
pub fn remove(path: &Path) -> Result<(), JournalError> {
    match step("remove").and_then(|()| fs::remove_file(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(JournalError::io("remove", path)(error)),
        _ => Ok(()),
    }
}

pub fn write_at(file: &File, path: &Path, bytes: &[u8], offset: u64) -> Result<(), JournalError> {
    step("write").and_then(|()| file.write_all_at(bytes, offset)).map_err(JournalError::io("write", path))
}

/// Syncs content, and metadata only where the content depends on it.
pub fn sync_data(file: &File, path: &Path) -> Result<(), JournalError> {
    step("sync").and_then(|()| file.sync_data()).map_err(JournalError::io("sync", path))
}

/// Syncs content and all metadata.
pub fn sync_all(file: &File, path: &Path) -> Result<(), JournalError> {
    step("sync").and_then(|()| file.sync_all()).map_err(JournalError::io("sync", path))
}

/// Shortens a file, synced.
pub fn truncate(file: &File, path: &Path, size_bytes: u64) -> Result<(), JournalError> {
    step("truncate").and_then(|()| file.set_len(size_bytes)).map_err(JournalError::io("truncate", path))?;
    sync_all(file, path)
}

/// Lengthens a file with synced zeros, so that later writes into them change no metadata and need no space. On a full
/// disk the file is as before.
pub fn grow(file: &File, path: &Path, from_bytes: u64, to_bytes: u64) -> Result<(), JournalError> {
    if let Err(error) = step("grow").and_then(|()| write_zeros(file, from_bytes, to_bytes)) {
        let error = JournalError::io_or_full("lengthen", path)(error);
        if matches!(error, JournalError::Full { .. }) {
            step("truncate").and_then(|()| file.set_len(from_bytes)).map_err(JournalError::io("truncate", path))?;
        }
        return Err(error);
    }
    sync_all(file, path)
}

fn write_zeros(file: &File, from_bytes: u64, to_bytes: u64) -> io::Result<()> {
    use rustix::{
        fs::{FallocateFlags, fallocate},
        io::{Errno, retry_on_intr},
    };
    match retry_on_intr(|| fallocate(file, FallocateFlags::empty(), from_bytes, to_bytes - from_bytes)) {
        Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => {}
        Err(error) => return Err(error.into()),
    }
    let mut at = from_bytes;
    while at < to_bytes {
        let len = ZEROS.len().min((to_bytes - at) as usize);
        file.write_all_at(&ZEROS[..len], at)?;
        at += len as u64;
    }
    Ok(())
}

/// A file that gets its name only when it is whole and synced. Dropped before that, it is removed again.
pub struct Scratch {
    file: File,
    temp_path: PathBuf,
    path: PathBuf,
    buffer: Vec<u8>,
    written_bytes: u64,
    named: bool,
}

impl Scratch {
    pub fn create(path: PathBuf) -> Result<Self, JournalError> {
        let temp_path = path.with_extension(TEMP_EXTENSION);
        let file = step("create")
            .and_then(|()| OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&temp_path))
            .map_err(JournalError::io_or_full("create", &temp_path))?;
        Ok(Self { file, temp_path, path, buffer: Vec::new(), written_bytes: 0, named: false })
    }

    /// The buffer to add content to; call [`flush_if_large`](Self::flush_if_large) now and then.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    pub fn flush_if_large(&mut self) -> Result<(), JournalError> {
        if self.buffer.len() < BUFFER_BYTES { Ok(()) } else { self.flush() }
    }

    /// Bytes added so far.
    pub fn size_bytes(&self) -> u64 {
        self.written_bytes + self.buffer.len() as u64
    }

    /// Replaces the first bytes.
    pub fn set_start(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        self.flush()?;
        self.put(bytes, 0)
    }

    /// Lengthens the file with zeros.
    pub fn grow(&mut self, to_bytes: u64) -> Result<(), JournalError> {
        self.flush()?;
        grow(&self.file, &self.temp_path, self.written_bytes, to_bytes)
    }

    /// Syncs the file, gives it its name and syncs the folder.
    pub fn finish(mut self) -> Result<(File, PathBuf), JournalError> {
        self.flush()?;
        step("sync").and_then(|()| self.file.sync_all()).map_err(JournalError::io_or_full("sync", &self.temp_path))?;
        step("rename")
            .and_then(|()| fs::rename(&self.temp_path, &self.path))
            .map_err(JournalError::io_or_full("name", &self.path))?;
        self.named = true;
        sync_folder(self.path.parent().unwrap_or(Path::new(".")))?;
        let file = self.file.try_clone().map_err(JournalError::io("keep open", &self.path))?;
        Ok((file, self.path.clone()))
    }

    fn flush(&mut self) -> Result<(), JournalError> {
        let buffer = std::mem::take(&mut self.buffer);
        self.put(&buffer, self.written_bytes)?;
        self.written_bytes += buffer.len() as u64;
        Ok(())
    }

    fn put(&self, bytes: &[u8], offset: u64) -> Result<(), JournalError> {
        step("write")
            .and_then(|()| self.file.write_all_at(bytes, offset))
            .map_err(JournalError::io_or_full("write", &self.temp_path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.named {
            // Best effort: what stays is removed when the journal is opened next.
            let _ = remove(&self.temp_path);
        }
    }
}

#[cfg(test)]
fn step(operation: &'static str) -> io::Result<()> {
    fault::step(operation)
}

#[cfg(not(test))]
#[inline]
fn step(_: &'static str) -> io::Result<()> {
    Ok(())
}
