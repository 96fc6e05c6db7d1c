//! Backup, restore and export. A backup is one tar file: the journal's segments, the attachments, the keys, and at its
//! end a manifest with the sum of every file, so that a cut or changed archive is refused.

use super::{Blobs, StoreError, StoreResult, blobs::BlobPart, codec, compact::without_replaced, journal, view::View};
use crate::model::{Entry, Event};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Component, Path, PathBuf},
};

const MANIFEST: &str = "manifest.json";
const MANIFEST_BYTES_MAX: u64 = 1 << 30;
/// The newest archive form.
const FORMAT: u32 = 1;

/// What an archive holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The journal sequence of the moment it shows.
    pub last_seq: u64,
    pub files: usize,
    pub size_bytes: u64,
}

#[derive(Serialize, Deserialize)]
struct Manifest {
    parlor_backup: u32,
    last_seq: u64,
    /// SHA-256 in hexadecimal digits, by path.
    sums: BTreeMap<String, String>,
}

/// Counts and sums what passes through.
struct Summing<T> {
    inner: T,
    sum: Sha256,
    bytes: u64,
}

impl<T> Summing<T> {
    fn new(inner: T) -> Self {
        Self { inner, sum: Sha256::new(), bytes: 0 }
    }

    fn hex(self) -> String {
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
    /// Adds the first `len` bytes of a file.
    fn add(&mut self, name: &str, path: &Path, len: Option<u64>) -> io::Result<()> {
        let file = File::open(path)?;
        let len = len.unwrap_or(file.metadata()?.len());
        let mut header = header(len);
        let mut summing = Summing::new(file.take(len));
        self.tar.append_data(&mut header, name, &mut summing)?;
        if summing.bytes != len {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter while it was read"));
        }
        self.size_bytes += len;
        self.sums.insert(name.to_owned(), summing.hex());
        Ok(())
    }

    fn finish(mut self, last_seq: u64) -> io::Result<(File, usize, u64)> {
        let files = self.sums.len();
        let manifest = serde_json::to_vec_pretty(&Manifest { parlor_backup: FORMAT, last_seq, sums: self.sums })?;
        self.tar.append_data(&mut header(manifest.len() as u64), MANIFEST, manifest.as_slice())?;
        let mut writer = self.tar.into_inner()?;
        writer.flush()?;
        let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok((file, files, self.size_bytes))
    }
}

fn header(len: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(len);
    header.set_mode(0o600);
    header
}

fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Writes the archive under a temporary name and renames it when it is whole and synced. `view` is the state at the
/// moment of the backup; attachments are not removed meanwhile.
pub(super) fn back_up(
    folder: &Path,
    blobs: &Blobs,
    synced: &journal::Synced,
    view: View<'_>,
    out: &Path,
) -> StoreResult<Summary> {
    let position = synced.position();
    let mut partial = out.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let tar = tar::Builder::new(BufWriter::new(private_file(&partial).map_err(StoreError::io(&partial))?));
    let mut writer = ArchiveWriter { tar, sums: BTreeMap::new(), size_bytes: 0 };
    let written = write_parts(&mut writer, folder, blobs, position, view).and_then(|()| {
        let (_, files, size_bytes) = writer.finish(position.last_seq).map_err(StoreError::io(&partial))?;
        fs::rename(&partial, out).map_err(StoreError::io(out))?;
        Ok(Summary { last_seq: position.last_seq, files, size_bytes })
    });
    if written.is_err() {
        // What is left of a failed backup only takes room; that it failed is what is said.
        let _ = fs::remove_file(&partial);
    }
    written
}

fn write_parts(
    writer: &mut ArchiveWriter,
    folder: &Path,
    blobs: &Blobs,
    position: journal::Position,
    view: View<'_>,
) -> StoreResult<()> {
    for name in ["format", "keys/token.key"] {
        let path = folder.join(name);
        if path.exists() {
            writer.add(name, &path, None).map_err(StoreError::io(path))?;
        }
    }
    for segment in journal::segments(&folder.join("journal"))? {
        if segment.first_seq > position.active_first_seq {
            break;
        }
        let len = (segment.first_seq == position.active_first_seq).then_some(position.active_end_bytes);
        let file_name = segment.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        writer.add(&format!("journal/{file_name}"), &segment.path, len).map_err(StoreError::io(&segment.path))?;
    }
    for file in view.files()? {
        let parts =
            [Some(BlobPart::Original), file.image.filter(|image| image.has_thumbnail).map(|_| BlobPart::Thumbnail)];
        for part in parts.into_iter().flatten() {
            let path = blobs.path(file.id, part);
            let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
            writer.add(&name, &path, None).map_err(StoreError::io(&path))?;
        }
    }
    Ok(())
}

/// Lays an archive out in `target`, which must not exist or be empty. Everything is checked before it gets its name.
pub fn restore(from: &Path, target: &Path) -> StoreResult<Summary> {
    let refuse = |reason: String| StoreError::Refused(format!("{}: {reason}", from.display()));
    let is_occupied = fs::read_dir(target).map(|mut entries| entries.next().is_some()).unwrap_or(target.exists());
    if is_occupied {
        return Err(StoreError::Refused(format!("{} is not empty; restore into a new folder", target.display())));
    }
    let mut staging = target.as_os_str().to_owned();
    staging.push(".restoring");
    let staging = PathBuf::from(staging);
    if staging.exists() {
        fs::remove_dir_all(&staging).map_err(StoreError::io(&staging))?;
    }
    let laid_out = lay_out(from, &staging).map_err(StoreError::io(from)).and_then(|(sums, manifest, size_bytes)| {
        let manifest = manifest.ok_or_else(|| refuse("the archive is not whole: its manifest is missing".into()))?;
        if manifest.parlor_backup > FORMAT {
            return Err(StoreError::Newer { found: manifest.parlor_backup, known: FORMAT });
        }
        if let Some(name) = first_difference(&sums, &manifest.sums) {
            return Err(refuse(format!("the archive is damaged: {name} is not what was backed up")));
        }
        let report = journal::check(&staging.join("journal"))?;
        if !report.is_whole() || report.last_seq != manifest.last_seq {
            return Err(refuse("the journal in the archive is not whole".into()));
        }
        Ok(Summary { last_seq: manifest.last_seq, files: sums.len(), size_bytes })
    });
    let finished = laid_out.and_then(|summary| {
        sync_tree(&staging).map_err(StoreError::io(&staging))?;
        if target.exists() {
            fs::remove_dir(target).map_err(StoreError::io(target))?;
        }
        fs::rename(&staging, target).map_err(StoreError::io(target))?;
        Ok(summary)
    });
    if finished.is_err() {
        // Half a restore is of no use; why it failed is what is said.
        let _ = fs::remove_dir_all(&staging);
    }
    finished
}

type LaidOut = (BTreeMap<String, String>, Option<Manifest>, u64);

fn lay_out(from: &Path, staging: &Path) -> io::Result<LaidOut> {
    let mut archive = tar::Archive::new(io::BufReader::new(File::open(from)?));
    let (mut sums, mut manifest, mut size_bytes) = (BTreeMap::new(), None, 0);
    make_private_folder(staging)?;
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
        if !is_plain || entry.header().entry_type() != tar::EntryType::Regular {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the archive holds something that is no plain file",
            ));
        }
        if path.as_os_str() == MANIFEST {
            manifest = Some(serde_json::from_reader((&mut entry).take(MANIFEST_BYTES_MAX))?);
            continue;
        }
        let place = staging.join(&path);
        make_private_folder(place.parent().unwrap_or(staging))?;
        let mut summing = Summing::new(&mut entry);
        let mut file = private_file(&place)?;
        size_bytes += io::copy(&mut summing, &mut file)?;
        sums.insert(path.to_string_lossy().into_owned(), summing.hex());
    }
    Ok((sums, manifest, size_bytes))
}

fn make_private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn first_difference(found: &BTreeMap<String, String>, expected: &BTreeMap<String, String>) -> Option<String> {
    let names = found.keys().chain(expected.keys());
    names.into_iter().find(|name| found.get(*name) != expected.get(*name)).cloned()
}

fn sync_tree(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            sync_tree(&entry?.path())?;
        }
    }
    File::open(path)?.sync_all()
}

/// One line for each entry, oldest first, without what was deleted or replaced and without secrets.
pub(super) fn export(
    folder: &Path,
    synced: &journal::Synced,
    view: View<'_>,
    out: Box<dyn Write + Send>,
) -> StoreResult<u64> {
    let mut out = BufWriter::new(out);
    let mut lines = 0;
    for record in journal::read(&folder.join("journal"), synced, 1)? {
        let record = record?;
        let Some(entry) = without_replaced(codec::decode_entry(&record.payload)?, view)? else { continue };
        let Some(line) = export_line(record.seq, entry)? else { continue };
        writeln!(out, "{line}").map_err(StoreError::io("export"))?;
        lines += 1;
    }
    out.flush().map_err(StoreError::io("export"))?;
    Ok(lines)
}

fn export_line(seq: u64, entry: Entry) -> StoreResult<Option<serde_json::Value>> {
    let is_secret = |event: &Event| {
        matches!(event, Event::SessionStarted(_) | Event::SessionRefreshed { .. } | Event::InviteCodeSaved(_))
    };
    let events: Vec<Event> = entry.events.into_iter().filter(|event| !is_secret(event)).map(without_secrets).collect();
    if events.is_empty() {
        return Ok(None);
    }
    let unreadable = |error: serde_json::Error| StoreError::Codec(error.to_string());
    let actor = serde_json::to_value(entry.actor).map_err(unreadable)?;
    let events = serde_json::to_value(events).map_err(unreadable)?;
    Ok(Some(serde_json::json!({ "seq": seq, "at": entry.at.to_string(), "actor": actor, "events": events })))
}

fn without_secrets(mut event: Event) -> Event {
    if let Event::AccountRegistered(account) | Event::AccountChanged { account, .. } = &mut event {
        account.password_hash = None;
    }
    event
}
