//! Laying out an archive in an empty folder. Nothing gets its final name before everything was checked.

use super::{
    StoreError, StoreResult,
    archive::{END_BYTES, FORMAT, MANIFEST, Manifest, Summary, Summing, private_file, sync_parent},
    index::sync_tree,
    journal,
};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufReader, Read},
    path::{Component, Path},
};

const MANIFEST_BYTES_MAX: u64 = 1 << 30;
/// Where an archive is laid out, inside the target: that may be a file system of its own.
const STAGING: &str = ".restoring";
/// What a data folder made of an archive has; the last is what makes it one.
const PARTS: [&str; 4] = ["journal", "files", "keys", "format"];

/// Lays an archive out in `target`, which must not exist or be empty.
pub fn restore(from: &Path, target: &Path) -> StoreResult<Summary> {
    let staging = target.join(STAGING);
    refuse_occupied(target)?;
    if staging.exists() {
        fs::remove_dir_all(&staging).map_err(StoreError::io(&staging))?;
    }
    let is_new = !target.exists();
    let finished = lay_out(from, &staging).and_then(|laid_out| {
        let summary = check(from, &staging, laid_out)?;
        sync_tree(&staging).map_err(StoreError::io(&staging))?;
        move_up(&staging, target).map_err(StoreError::io(target))?;
        Ok(summary)
    });
    if finished.is_err() {
        // Half a restore is of no use; why it failed is what is said.
        let _ = fs::remove_dir_all(&staging);
        if is_new {
            let _ = fs::remove_dir(target);
        }
    }
    finished
}

fn refuse_occupied(target: &Path) -> StoreResult<()> {
    let is_empty = match fs::read_dir(target) {
        Ok(mut entries) => entries.all(|entry| entry.is_ok_and(|entry| entry.file_name() == STAGING)),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    if is_empty {
        return Ok(());
    }
    Err(StoreError::Refused(format!("{} is not an empty folder; restore into a new one", target.display())))
}

fn refused(from: &Path, reason: &str) -> StoreError {
    StoreError::Refused(format!("{}: {reason}", from.display()))
}

/// What was found in an archive.
#[derive(Default)]
struct LaidOut {
    sums: BTreeMap<String, String>,
    manifest: Option<Vec<u8>>,
    /// Where the last entry's bytes end.
    end_bytes: u64,
    size_bytes: u64,
}

fn lay_out(from: &Path, staging: &Path) -> StoreResult<LaidOut> {
    let unreadable = |error: io::Error| refused(from, &format!("the archive cannot be read to its end: {error}"));
    let file = File::open(from).map_err(StoreError::io(from))?;
    let mut archive = tar::Archive::new(BufReader::new(file));
    let mut laid_out = LaidOut::default();
    make_private_folder(staging).map_err(StoreError::io(staging))?;
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let path = entry.path().map_err(unreadable)?.into_owned();
        let name = path.to_str().unwrap_or_default().to_owned();
        if laid_out.manifest.is_some() {
            return Err(refused(from, "there is something behind the archive's end"));
        }
        if entry.header().entry_type() != tar::EntryType::Regular
            || !is_ours(&path)
            || laid_out.sums.contains_key(&name)
        {
            return Err(refused(from, &format!("{} does not belong into a backup", path.display())));
        }
        laid_out.end_bytes = entry.raw_file_position() + entry.size();
        if name == MANIFEST {
            let mut text = Vec::new();
            (&mut entry).take(MANIFEST_BYTES_MAX).read_to_end(&mut text).map_err(unreadable)?;
            laid_out.manifest = Some(text);
            continue;
        }
        let place = staging.join(&path);
        let mut file = make_private_folder(place.parent().unwrap_or(staging))
            .and_then(|()| private_file(&place))
            .map_err(StoreError::io(&place))?;
        let mut summing = Summing::new(&mut entry);
        laid_out.size_bytes += io::copy(&mut summing, &mut file).map_err(|error| match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::io(&place)(error),
            _ => unreadable(error),
        })?;
        laid_out.sums.insert(name, summing.hex());
    }
    Ok(laid_out)
}

/// Whether a backup has a file of this name.
fn is_ours(path: &Path) -> bool {
    let mut parts = path.components();
    let first = parts.next().and_then(|part| part.as_os_str().to_str());
    path.components().all(|part| matches!(part, Component::Normal(_)))
        && first.is_some_and(|first| PARTS.contains(&first) || first == MANIFEST)
        && parts.count() <= 2
}

#[derive(Deserialize)]
struct Version {
    parlor_backup: u32,
}

fn check(from: &Path, staging: &Path, laid_out: LaidOut) -> StoreResult<Summary> {
    let manifest = laid_out.manifest.ok_or_else(|| refused(from, "the archive is not whole: its end is missing"))?;
    let unreadable = |error: serde_json::Error| refused(from, &format!("its manifest cannot be read: {error}"));
    // The version first: everything else may be different in a newer form.
    let Version { parlor_backup } = serde_json::from_slice(&manifest).map_err(unreadable)?;
    if parlor_backup > FORMAT {
        return Err(StoreError::Newer { found: parlor_backup, known: FORMAT });
    }
    let manifest: Manifest = serde_json::from_slice(&manifest).map_err(unreadable)?;
    if let Some(name) = first_difference(&laid_out.sums, &manifest.sums) {
        return Err(refused(from, &format!("the archive is damaged: {name} is not what was backed up")));
    }
    let expected_bytes = laid_out.end_bytes.next_multiple_of(512) + END_BYTES;
    let found_bytes = from.metadata().map_err(StoreError::io(from))?.len();
    if found_bytes != expected_bytes {
        return Err(refused(from, &format!("it has {found_bytes} bytes, the archive in it {expected_bytes}")));
    }
    let report = journal::check(&staging.join("journal"))?;
    if !report.is_whole() || report.last_seq > manifest.last_seq {
        return Err(refused(from, "the journal in the archive is not whole"));
    }
    Ok(Summary { last_seq: manifest.last_seq, files: laid_out.sums.len(), size_bytes: laid_out.size_bytes })
}

fn first_difference(found: &BTreeMap<String, String>, expected: &BTreeMap<String, String>) -> Option<String> {
    found.keys().chain(expected.keys()).find(|name| found.get(*name) != expected.get(*name)).cloned()
}

/// Gives everything its place. A stop in between leaves a folder that is refused as damaged, not a new one.
fn move_up(staging: &Path, target: &Path) -> io::Result<()> {
    for part in PARTS.iter().filter(|part| staging.join(part).exists()) {
        fs::rename(staging.join(part), target.join(part))?;
        File::open(target)?.sync_all()?;
    }
    fs::remove_dir(staging)?;
    File::open(target)?.sync_all()?;
    sync_parent(target)
}

fn make_private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}
