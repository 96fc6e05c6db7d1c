//! Backup. An archive is one tar file: the journal's segments, the attachments, the keys, and at its end a manifest
//! with the sum of every file, so that a cut or changed archive is refused when it is restored.

pub use super::restore::restore;

use super::{Blobs, StoreError, StoreResult, blobs::BlobPart, journal};
use crate::model;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Read},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// The last file of an archive.
pub(super) const MANIFEST: &str = "manifest.json";
/// The newest archive form.
pub(super) const FORMAT: u32 = 1;
/// Zeros that end a tar file.
pub(super) const END_BYTES: u64 = 1024;

/// What an archive holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The journal sequence of the moment it shows.
    pub last_seq: u64,
    pub files: usize,
    pub size_bytes: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Manifest {
    pub parlor_backup: u32,
    pub last_seq: u64,
    /// SHA-256 in hexadecimal digits, by path.
    pub sums: BTreeMap<String, String>,
}

/// What is backed up: one moment, of which nothing is removed meanwhile.
pub(super) struct Source<'a> {
    /// The data folder.
    pub folder: &'a Path,
    pub blobs: &'a Blobs,
    pub position: journal::Position,
    /// The files that there are at that moment.
    pub files: &'a [model::File],
}

/// Counts and sums what passes through.
pub(super) struct Summing<T> {
    inner: T,
    sum: Sha256,
    pub bytes: u64,
}

impl<T> Summing<T> {
    pub fn new(inner: T) -> Self {
        Self { inner, sum: Sha256::new(), bytes: 0 }
    }

    pub fn hex(self) -> String {
        self.sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl<T: Read> Read for Summing<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.sum.update(&buffer[..count]);
        self.bytes += count as u64;
        Ok(count)
    }
}

struct ArchiveWriter {
    tar: tar::Builder<BufWriter<File>>,
    sums: BTreeMap<String, String>,
    size_bytes: u64,
}

impl ArchiveWriter {
    /// Adds the first `len` bytes of a file, all of them if not said.
    fn add(&mut self, name: &str, path: &Path, len: Option<u64>) -> io::Result<()> {
        let file = File::open(path)?;
        let len = len.unwrap_or(file.metadata()?.len());
        let mut summing = Summing::new(file.take(len));
        self.tar.append_data(&mut header(len), name, &mut summing)?;
        if summing.bytes != len {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter while it was read"));
        }
        self.size_bytes += len;
        self.sums.insert(name.to_owned(), summing.hex());
        Ok(())
    }

    /// Ends the archive, synced; gives back how many files and bytes are in it.
    fn finish(mut self, last_seq: u64) -> io::Result<(usize, u64)> {
        let files = self.sums.len();
        let manifest = serde_json::to_vec_pretty(&Manifest { parlor_backup: FORMAT, last_seq, sums: self.sums })?;
        self.tar.append_data(&mut header(manifest.len() as u64), MANIFEST, manifest.as_slice())?;
        let file = self.tar.into_inner()?.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok((files, self.size_bytes))
    }
}

fn header(len: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(len);
    header.set_mode(0o600);
    header
}

/// A new or emptied file that only its owner may read.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Syncs the folder that a file or folder lies in, so that its name stays.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

/// Writes the archive under a temporary name and renames it when it is whole and synced.
pub(super) fn back_up(source: &Source<'_>, out: &Path) -> StoreResult<Summary> {
    let mut partial = out.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let tar = tar::Builder::new(BufWriter::new(private_file(&partial).map_err(StoreError::io(&partial))?));
    let mut writer = ArchiveWriter { tar, sums: BTreeMap::new(), size_bytes: 0 };
    let last_seq = source.position.last_seq;
    let written = write_parts(&mut writer, source).and_then(|()| {
        let (files, size_bytes) = writer.finish(last_seq).map_err(StoreError::io(&partial))?;
        fs::rename(&partial, out).and_then(|()| sync_parent(out)).map_err(StoreError::io(out))?;
        Ok(Summary { last_seq, files, size_bytes })
    });
    if written.is_err() {
        // What is left of a failed backup only takes room; that it failed is what is said.
        let _ = fs::remove_file(&partial);
    }
    written
}

fn write_parts(writer: &mut ArchiveWriter, source: &Source<'_>) -> StoreResult<()> {
    for name in ["format", "keys/token.key"] {
        let path = source.folder.join(name);
        if path.exists() {
            writer.add(name, &path, None).map_err(StoreError::io(path))?;
        }
    }
    add_journal(writer, source)?;
    for file in source.files {
        let thumbnail = file.image.filter(|image| image.has_thumbnail).map(|_| BlobPart::Thumbnail);
        for part in [Some(BlobPart::Original), thumbnail].into_iter().flatten() {
            add_blob(writer, source, file, part)?;
        }
    }
    Ok(())
}

fn add_journal(writer: &mut ArchiveWriter, source: &Source<'_>) -> StoreResult<()> {
    let position = source.position;
    for segment in journal::segments(&source.folder.join("journal"))? {
        if segment.first_seq > position.active_first_seq {
            break;
        }
        let len = (segment.first_seq == position.active_first_seq).then_some(position.active_end_bytes);
        let name = segment.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        writer.add(&format!("journal/{name}"), &segment.path, len).map_err(StoreError::io(&segment.path))?;
    }
    Ok(())
}

fn add_blob(writer: &mut ArchiveWriter, source: &Source<'_>, file: &model::File, part: BlobPart) -> StoreResult<()> {
    let path = source.blobs.path(file.id, part);
    let name = path.strip_prefix(source.folder).unwrap_or(&path).to_string_lossy().into_owned();
    match writer.add(&name, &path, None) {
        // Its bytes were lost earlier. The rest is worth a backup all the more.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), "an attachment is missing and not in the backup");
            Ok(())
        }
        outcome => outcome.map_err(StoreError::io(path)),
    }
}
