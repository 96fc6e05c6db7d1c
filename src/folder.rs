//! The data folder: that it exists, belongs to its owner alone, is used by one process, and is of a format this Parlor
//! knows. Holds the lock as long as it lives. What the store and the attachments keep inside is not its business.

mod files;
mod lock;

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use uuid::Uuid;

pub use self::files::write_private;

/// The format of folders that this Parlor writes.
pub const FORMAT_VERSION: u32 = 1;
/// Inside the folder: the journal's segments.
pub const JOURNAL: &str = "journal";
/// Inside the folder: the rebuildable index.
pub const INDEX: &str = "index";
/// Inside the folder: attachments.
pub const FILES: &str = "files";
/// Inside the folder: signing keys.
pub const KEYS: &str = "keys";
/// Inside the folder: the control socket.
pub const SOCKET: &str = "parlor.sock";

const FORMAT: &str = "format";
const FORMAT_HEAD: &str = "parlor data folder";
const TOKEN_KEY: &str = "token.key";
const OTHERS: u32 = 0o077;
const STICKY: u32 = 0o1000;

/// Why a data folder cannot be used: the cause, then what to do.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("{path} does not exist; give the folder of a Parlor that has run, with --data")]
    Missing { path: PathBuf },
    #[error("{path} is not a folder; give --data a folder, which is made if it does not exist")]
    NotAFolder { path: PathBuf },
    #[error("{path} is shared by all users of this machine; give --data a folder of its own below it")]
    Shared { path: PathBuf },
    #[error("{path} holds no Parlor data; give the folder of a Parlor that has run, with --data")]
    NotOurs { path: PathBuf },
    #[error(
        "{path} can be read by other users and that cannot be changed ({cause}); run as its owner, or run: chmod 0700 {path}"
    )]
    Open { path: PathBuf, cause: io::Error },
    #[error("{} uses this folder; stop it first, or give another folder with --data", holder(.process))]
    InUse { process: Option<u32> },
    #[error(
        "the folder was written by a newer Parlor (folder format {found}, this one knows {FORMAT_VERSION}); \
         install that Parlor again, or restore a backup made by this one"
    )]
    Newer { found: u32 },
    #[error("{path} is damaged: {what}; nothing was changed; run `parlor check`, or restore a backup")]
    Damaged { path: PathBuf, what: String },
    #[error("{path} is no signing key; remove it to have a new one made, which signs everybody out")]
    BadKey { path: PathBuf },
    #[error("{path}: {cause}; check that the disk is not full and that this user may write there")]
    Io { path: PathBuf, cause: io::Error },
}

fn holder(process: &Option<u32>) -> String {
    match process {
        Some(process) => format!("another parlor (process {process})"),
        None => "another parlor".to_owned(),
    }
}

impl FolderError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::Io { path, cause }
    }
}

/// What to do with a folder that does not exist or is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenNew {
    /// Make it: a server starts.
    Create,
    /// Refuse: a command works on what is there.
    Refuse,
}

/// Whether the folder was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderAge {
    New,
    Existing,
}

/// The data folder, held by this process until dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    epoch: Uuid,
    age: FolderAge,
    warnings: Vec<String>,
    _lock: lock::FolderLock,
}

impl DataFolder {
    /// Takes the folder for this process, makes it if it is new and allowed, closes it to other users.
    ///
    /// # Errors
    /// [`FolderError`]: in use, damaged, newer, shared, not ours, or the disk refuses. Never replaces what it cannot read.
    pub fn open(path: &Path, when_new: WhenNew) -> Result<Self, FolderError> {
        let path = std::path::absolute(path).map_err(FolderError::io(path))?;
        if !path.exists() {
            if when_new == WhenNew::Refuse {
                return Err(FolderError::Missing { path });
            }
            files::make_folder(&path).map_err(FolderError::io(&path))?;
        }
        if when_new == WhenNew::Refuse && !path.join(FORMAT).exists() && !has_traces(&path) {
            return Err(FolderError::NotOurs { path });
        }
        let warnings = close_to_others(&path)?;
        let lock = lock::FolderLock::take(&path)?;
        let (epoch, age) = read_or_make_format(&path)?;
        Ok(Self { path, epoch, age, warnings, _lock: lock })
    }

    /// The folder, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Identifies this history: positions of another epoch mean nothing here.
    pub fn epoch(&self) -> Uuid {
        self.epoch
    }

    /// Whether this opening made the folder.
    pub fn age(&self) -> FolderAge {
        self.age
    }

    /// Sentences for the log about what was found and mended.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Begins another epoch, after the history was replaced by a backup's.
    ///
    /// # Errors
    /// The disk refuses; the epoch stays as it was.
    pub fn renew_epoch(&mut self) -> Result<Uuid, FolderError> {
        self.epoch = write_format(&self.path)?;
        Ok(self.epoch)
    }

    /// The key that signs tokens; made on first use, readable by the owner only.
    ///
    /// # Errors
    /// The file is not a key, or the disk refuses.
    pub fn token_key(&self) -> Result<[u8; 32], FolderError> {
        let folder = self.path.join(KEYS);
        let path = folder.join(TOKEN_KEY);
        match fs::read_to_string(&path) {
            Ok(text) => {
                let closed = fs::Permissions::from_mode(0o600);
                fs::set_permissions(&path, closed).map_err(FolderError::io(&path))?;
                from_hex(text.trim_end()).ok_or(FolderError::BadKey { path })
            }
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                let mut key = [0; 32];
                rand::fill(&mut key);
                if !folder.exists() {
                    files::make_folder(&folder).map_err(FolderError::io(&folder))?;
                }
                write_private(&path, to_hex(&key).as_bytes()).map_err(FolderError::io(&path))?;
                Ok(key)
            }
            Err(cause) if cause.kind() == io::ErrorKind::InvalidData => Err(FolderError::BadKey { path }),
            Err(cause) => Err(FolderError::Io { path, cause }),
        }
    }
}

/// Identifies the running of this machine: it changes when the machine starts. `None` where the system does not tell,
/// which must count as a new start.
pub fn boot_id() -> Option<String> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned()).filter(|id| !id.is_empty())
}

/// Refuses folders that belong to everybody, and closes one that others may look into.
fn close_to_others(path: &Path) -> Result<Vec<String>, FolderError> {
    let found = fs::metadata(path).map_err(FolderError::io(path))?;
    if !found.is_dir() {
        return Err(FolderError::NotAFolder { path: path.to_owned() });
    }
    let mode = found.mode();
    if mode & STICKY != 0 || path.parent().is_none() {
        return Err(FolderError::Shared { path: path.to_owned() });
    }
    let mut warnings = Vec::new();
    let us = rustix::process::geteuid().as_raw();
    if found.uid() != us {
        let owner = found.uid();
        warnings.push(format!("{} belongs to user {owner}, this process runs as user {us}", path.display()));
    }
    if mode & OTHERS != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))
            .map_err(|cause| FolderError::Open { path: path.to_owned(), cause })?;
        let mode = mode & 0o777;
        warnings.push(format!("{} could be entered by other users (mode {mode:04o}); it is 0700 now", path.display()));
    }
    Ok(warnings)
}

fn has_traces(path: &Path) -> bool {
    [JOURNAL, INDEX, FILES, KEYS].iter().any(|name| path.join(name).exists())
}

fn read_or_make_format(path: &Path) -> Result<(Uuid, FolderAge), FolderError> {
    let damaged = |what: &str| FolderError::Damaged { path: path.to_owned(), what: what.to_owned() };
    match fs::read(path.join(FORMAT)) {
        Ok(bytes) => {
            let text = String::from_utf8(bytes).map_err(|_| damaged("its `format` file is not text"))?;
            let (version, epoch) = parse_format(&text);
            match (version, epoch) {
                (Some(found), _) if found > FORMAT_VERSION => Err(FolderError::Newer { found }),
                (Some(FORMAT_VERSION), Some(epoch)) => Ok((epoch, FolderAge::Existing)),
                _ => Err(damaged("its `format` file cannot be understood")),
            }
        }
        // Data without its format file is a damaged folder and must never pass for a new one.
        Err(cause) if cause.kind() == io::ErrorKind::NotFound && has_traces(path) => {
            Err(damaged("its `format` file is missing"))
        }
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok((write_format(path)?, FolderAge::New)),
        Err(cause) => Err(FolderError::Io { path: path.join(FORMAT), cause }),
    }
}

fn parse_format(text: &str) -> (Option<u32>, Option<Uuid>) {
    let mut lines = text.lines();
    if lines.next() != Some(FORMAT_HEAD) {
        return (None, None);
    }
    let version = lines.next().and_then(|line| line.strip_prefix("format ")).and_then(|number| number.parse().ok());
    let epoch = lines.next().and_then(|line| line.strip_prefix("epoch ")).and_then(|id| id.parse().ok());
    (version, epoch)
}

fn write_format(path: &Path) -> Result<Uuid, FolderError> {
    let epoch = Uuid::new_v4();
    let text = format!("{FORMAT_HEAD}\nformat {FORMAT_VERSION}\nepoch {epoch}\n");
    write_private(&path.join(FORMAT), text.as_bytes()).map_err(FolderError::io(path))?;
    Ok(epoch)
}

fn to_hex(key: &[u8; 32]) -> String {
    let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    digits + "\n"
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut key = [0; 32];
    for (index, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
#[path = "folder/tests.rs"]
mod tests;
