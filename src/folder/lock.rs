//! One process for one folder. The lock belongs to the open file, so it ends with the process, however that ends.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    thread,
    time::Duration,
};

use super::FolderError;

const LOCK: &str = "parlor.lock";
/// A process that ends, or a command that only looks, lets go within this many tries.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(25);

/// The lock, held until dropped.
#[derive(Debug)]
pub(super) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the lock and writes down who holds it.
    ///
    /// # Errors
    /// Another process holds it, or the disk refuses.
    pub(super) fn take(folder: &Path) -> Result<Self, FolderError> {
        let path = folder.join(LOCK);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(FolderError::io(&path))?;
        for attempt in 1..=TRIES {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if attempt < TRIES => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => return Err(FolderError::InUse { process: holder(&mut file) }),
                Err(TryLockError::Error(cause)) => return Err(FolderError::Io { path, cause }),
            }
        }
        write_holder(&mut file).map_err(FolderError::io(&path))?;
        Ok(Self { _file: file })
    }
}

fn write_holder(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
