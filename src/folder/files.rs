//! Files and folders that outlive a power cut and are closed to other users. Knows no name inside the data folder.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

/// Makes a folder of mode 0700, and what is missing above it, each synced into its parent.
///
/// # Errors
/// As the disk says; a folder above may have been made.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    let parent = parent_of(path)?;
    if !parent.exists() {
        make_parents(parent)?;
    }
    DirBuilder::new().mode(0o700).create(path)?;
    // The process's mask may have taken the owner's own rights.
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    sync_folder(parent)
}

fn make_parents(path: &Path) -> io::Result<()> {
    let parent = parent_of(path)?;
    if !parent.exists() {
        make_parents(parent)?;
    }
    fs::create_dir(path)?;
    sync_folder(parent)
}

/// Writes a file of mode 0600 in one step: afterwards the old or the new content is there, whole, whatever happens.
/// Only the holder of the folder's lock may call it.
///
/// # Errors
/// As the disk says; the file is as it was.
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let parent = parent_of(path)?;
    let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a file needs a name"))?;
    let temporary = parent.join(format!(".{}.tmp", name.to_string_lossy()));
    match fs::remove_file(&temporary) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    sync_folder(parent)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn parent_of(path: &Path) -> io::Result<&Path> {
    path.parent().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the root folder has no parent"))
}
