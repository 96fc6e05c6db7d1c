//! Owns the bytes of uploaded files: one file per id, beside the journal and the index.
//!
//! A file is streamed into `tmp/`, synced, and renamed to `<two hex digits>/<id>` before the event that speaks of it is
//! committed; so a committed event never names bytes that a power cut can take. What no record names is swept later.
//! Knows nothing of rooms, people or media types, and no name that a client chose ever becomes a path.

use super::upload::{Incoming, TempFile, Writing};
use crate::model::{Error, FileId};
use std::{
    fs::{self, DirBuilder, File},
    io::{self, ErrorKind},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use uuid::Uuid;

const THUMBNAIL_SUFFIX: &str = ".thumb";

/// What can go wrong with a file's bytes.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    #[error("the file is larger than {limit_bytes} bytes")]
    TooLarge { limit_bytes: u64 },
    #[error("the disk has no room for the file")]
    Full,
    #[error("there is no such file")]
    Missing,
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
}

/// Result of everything here.
pub type BlobResult<T> = std::result::Result<T, BlobError>;

impl BlobError {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full,
            ErrorKind::NotFound => Self::Missing,
            _ => Self::Io { path, source },
        }
    }
}

impl From<BlobError> for Error {
    /// What a caller learns; the cause of a fault of ours goes to the log once, here.
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::TooLarge { limit_bytes } => {
                Self::too_large(format!("A file may have at most {limit_bytes} bytes."))
            }
            BlobError::Full => Self::storage_full(),
            BlobError::Missing => Self::not_found("file"),
            error @ BlobError::Io { .. } => {
                tracing::error!(cause = %error, "an uploaded file failed");
                Self::internal()
            }
        }
    }
}

/// Which bytes of an id are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlobPart {
    /// What was uploaded.
    Original,
    /// The small picture made of it.
    Thumbnail,
}

/// What a sweep took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub files: u64,
    pub size_bytes: u64,
}

/// The folder of uploaded files. Cheap to clone.
#[derive(Clone)]
pub struct Blobs(Arc<Folder>);

pub(super) struct Folder {
    root: PathBuf,
    /// An upload that would leave less than this free is refused, so that deleting still works on a full disk.
    keep_free_bytes: u64,
    next_temp: AtomicU64,
    /// The folders whose own entry in the root is known to be on disk, by their two digits.
    shard_is_synced: [AtomicBool; 256],
}

impl Blobs {
    /// Opens or makes the folder and removes what unfinished uploads of an earlier start left behind. Blocking: for
    /// the start only, and only while no other process uses the data folder.
    pub fn open(root: impl Into<PathBuf>, keep_free_bytes: u64) -> BlobResult<Self> {
        let root = root.into();
        let temp = root.join("tmp");
        make_folder(&temp).map_err(BlobError::io(&temp))?;
        for entry in fs::read_dir(&temp).map_err(BlobError::io(&temp))? {
            let path = entry.map_err(BlobError::io(&temp))?.path();
            fs::remove_file(&path).map_err(BlobError::io(&path))?;
        }
        sync_folder(&root)?;
        if let Some(parent) = root.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync_folder(parent)?;
        }
        let shard_is_synced = [const { AtomicBool::new(false) }; 256];
        Ok(Self(Arc::new(Folder { root, keep_free_bytes, next_temp: AtomicU64::new(0), shard_is_synced })))
    }

    /// Starts an upload of at most `limit_bytes`.
    pub async fn begin(&self, limit_bytes: u64) -> BlobResult<Incoming> {
        let folder = Arc::clone(&self.0);
        let writing = blocking(move || folder.begin()).await?;
        Ok(Incoming::new(writing, limit_bytes))
    }

    /// Gives a finished upload its id, durably. To be called before the event that names the id is committed.
    pub async fn keep(&self, temp: TempFile, id: FileId) -> BlobResult<()> {
        let folder = Arc::clone(&self.0);
        blocking(move || folder.keep(temp, id, BlobPart::Original)).await
    }

    /// Stores the small picture of a file. Durable like the file itself.
    pub async fn keep_thumbnail(&self, id: FileId, bytes: Vec<u8>) -> BlobResult<()> {
        let folder = Arc::clone(&self.0);
        blocking(move || {
            let mut writing = folder.begin()?;
            writing.append(&bytes)?;
            writing.sync()?;
            folder.keep(writing.into_temp(), id, BlobPart::Thumbnail)
        })
        .await
    }

    /// Where the bytes lie, or would lie.
    pub fn path(&self, id: FileId, part: BlobPart) -> PathBuf {
        self.0.path(id, part)
    }

    /// Opens the bytes for reading; with them, their number. `Missing` if there are none.
    pub async fn read(&self, id: FileId, part: BlobPart) -> BlobResult<(tokio::fs::File, u64)> {
        let path = self.path(id, part);
        let (file, size_bytes) = blocking(move || {
            let file = File::open(&path).map_err(BlobError::io(&path))?;
            let size_bytes = file.metadata().map_err(BlobError::io(&path))?.len();
            Ok((file, size_bytes))
        })
        .await?;
        Ok((tokio::fs::File::from_std(file), size_bytes))
    }

    /// Removes a file and its thumbnail; not an error if they are not there.
    pub async fn remove(&self, id: FileId) -> BlobResult<()> {
        let folder = Arc::clone(&self.0);
        blocking(move || {
            remove_if_there(&folder.path(id, BlobPart::Thumbnail))?;
            remove_if_there(&folder.path(id, BlobPart::Original))
        })
        .await
    }

    /// Removes every file that is not `known` and was written more than `older_than` ago. The age must be longer than
    /// any upload takes from its last byte to its event. Files that Parlor did not name are left alone.
    pub async fn sweep(
        &self,
        known: impl Fn(FileId) -> bool + Send + 'static,
        older_than: Duration,
    ) -> BlobResult<Swept> {
        let folder = Arc::clone(&self.0);
        blocking(move || folder.sweep(known, older_than)).await
    }
}

impl Folder {
    fn shard(&self, id: FileId) -> (u8, PathBuf) {
        let digits = id.uuid().as_bytes()[15];
        (digits, self.root.join(format!("{digits:02x}")))
    }

    fn path(&self, id: FileId, part: BlobPart) -> PathBuf {
        let suffix = match part {
            BlobPart::Original => "",
            BlobPart::Thumbnail => THUMBNAIL_SUFFIX,
        };
        self.shard(id).1.join(format!("{id}{suffix}"))
    }

    fn begin(self: &Arc<Self>) -> BlobResult<Writing> {
        let number = self.next_temp.fetch_add(1, Ordering::Relaxed);
        Writing::begin(Arc::clone(self), self.root.join("tmp").join(format!("{number:016x}")))
    }

    fn keep(&self, temp: TempFile, id: FileId, part: BlobPart) -> BlobResult<()> {
        let (digits, shard) = self.shard(id);
        let path = self.path(id, part);
        let is_synced = &self.shard_is_synced[usize::from(digits)];
        if !is_synced.load(Ordering::Acquire) {
            make_folder(&shard).map_err(BlobError::io(&shard))?;
            sync_folder(&self.root)?;
            is_synced.store(true, Ordering::Release);
        }
        fs::rename(temp.path(), &path).map_err(BlobError::io(&path))?;
        sync_folder(&shard)
    }

    pub(super) fn refuse_if_nearly_full(&self) -> BlobResult<()> {
        let space = rustix::fs::statvfs(&self.root).map_err(|errno| BlobError::io(&self.root)(errno.into()))?;
        let free_bytes = space.f_bavail.saturating_mul(space.f_frsize);
        if free_bytes < self.keep_free_bytes { Err(BlobError::Full) } else { Ok(()) }
    }

    fn sweep(&self, known: impl Fn(FileId) -> bool, older_than: Duration) -> BlobResult<Swept> {
        let mut swept = Swept::default();
        for digits in 0..=u8::MAX {
            let shard = self.root.join(format!("{digits:02x}"));
            let entries = match fs::read_dir(&shard) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                entries => entries.map_err(BlobError::io(&shard))?,
            };
            for entry in entries {
                let entry = entry.map_err(BlobError::io(&shard))?;
                let Some(id) = entry.file_name().to_str().and_then(id_of) else { continue };
                // A file may go while we look: its owner removed it.
                let Ok(metadata) = entry.metadata() else { continue };
                let age = metadata.modified().ok().and_then(|written_at| written_at.elapsed().ok());
                if age.is_some_and(|age| age >= older_than) && !known(id) {
                    remove_if_there(&entry.path())?;
                    swept.files += 1;
                    swept.size_bytes += metadata.len();
                }
            }
        }
        Ok(swept)
    }
}

pub(super) async fn blocking<T: Send + 'static>(job: impl FnOnce() -> BlobResult<T> + Send + 'static) -> BlobResult<T> {
    tokio::task::spawn_blocking(job).await.unwrap_or_else(|stopped| Err(BlobError::io("")(io::Error::other(stopped))))
}

fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn sync_folder(path: &Path) -> BlobResult<()> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(BlobError::io(path))
}

fn remove_if_there(path: &Path) -> BlobResult<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(BlobError::io(path)(error)),
        _ => Ok(()),
    }
}

/// The id in a name of ours; `None` for any other name.
fn id_of(name: &str) -> Option<FileId> {
    let digits = name.strip_suffix(THUMBNAIL_SUFFIX).unwrap_or(name);
    let id = Uuid::try_parse(digits).ok()?;
    (id.to_string() == digits).then(|| FileId::from_uuid(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::upload::{HEAD_BYTES, PIECE_BYTES, Stored};
    use sha2::{Digest, Sha256};
    use tokio::io::AsyncReadExt;

    fn count_files(folder: &Path) -> usize {
        fs::read_dir(folder).map_or(0, Iterator::count)
    }

    async fn upload(blobs: &Blobs, bytes: &[u8]) -> Stored {
        let mut incoming = blobs.begin(u64::MAX).await.unwrap();
        for chunk in bytes.chunks(100_000) {
            incoming.write(chunk).await.unwrap();
        }
        incoming.finish().await.unwrap()
    }

    async fn read_all(blobs: &Blobs, id: FileId, part: BlobPart) -> Vec<u8> {
        let (mut file, size_bytes) = blobs.read(id, part).await.unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).await.unwrap();
        assert_eq!(bytes.len() as u64, size_bytes);
        bytes
    }

    #[tokio::test]
    async fn kept_bytes_come_back_with_their_sum() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path().join("files"), 0).unwrap();
        let bytes: Vec<u8> = (0..700_001_u32).map(|n| (n % 251) as u8).collect();
        let stored = upload(&blobs, &bytes).await;
        assert_eq!(stored.size_bytes, bytes.len() as u64);
        assert_eq!(stored.sha256, <[u8; 32]>::from(Sha256::digest(&bytes)));
        assert_eq!(stored.head, bytes[..HEAD_BYTES]);
        assert_eq!(fs::read(stored.temp.path()).unwrap(), bytes);

        let id = FileId::new();
        blobs.keep(stored.temp, id).await.unwrap();
        blobs.keep_thumbnail(id, b"small".to_vec()).await.unwrap();
        let name = id.to_string();
        assert_eq!(
            blobs.path(id, BlobPart::Original),
            folder.path().join("files").join(&name[name.len() - 2..]).join(&name)
        );
        let reopened = Blobs::open(folder.path().join("files"), 0).unwrap();
        assert_eq!(read_all(&reopened, id, BlobPart::Original).await, bytes);
        assert_eq!(read_all(&reopened, id, BlobPart::Thumbnail).await, b"small");
        assert_eq!(count_files(&folder.path().join("files/tmp")), 0);

        reopened.remove(id).await.unwrap();
        reopened.remove(id).await.unwrap();
        for part in [BlobPart::Original, BlobPart::Thumbnail] {
            assert!(matches!(reopened.read(id, part).await, Err(BlobError::Missing)));
        }
    }

    #[tokio::test]
    async fn the_limit_is_the_last_byte_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path(), 0).unwrap();
        let mut incoming = blobs.begin(10).await.unwrap();
        incoming.write(b"0123456789").await.unwrap();
        assert!(matches!(incoming.write(b"x").await, Err(BlobError::TooLarge { limit_bytes: 10 })));
        assert_eq!(count_files(&folder.path().join("tmp")), 0);
        assert!(incoming.finish().await.is_err());
    }

    #[tokio::test]
    async fn an_unfinished_upload_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path(), 0).unwrap();
        let mut incoming = blobs.begin(u64::MAX).await.unwrap();
        incoming.write(&vec![7; PIECE_BYTES + 1]).await.unwrap();
        assert_eq!(count_files(&folder.path().join("tmp")), 1);
        drop(incoming);
        drop(upload(&blobs, b"finished, never kept").await);
        assert_eq!(count_files(&folder.path().join("tmp")), 0);

        fs::write(folder.path().join("tmp/0000000000000000"), b"left by a killed process").unwrap();
        let reopened = Blobs::open(folder.path(), 0).unwrap();
        assert_eq!(count_files(&folder.path().join("tmp")), 0);
        upload(&reopened, b"").await;
    }

    #[tokio::test]
    async fn a_nearly_full_disk_takes_no_uploads() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path(), u64::MAX).unwrap();
        let mut incoming = blobs.begin(100).await.unwrap();
        incoming.write(b"a").await.unwrap();
        assert!(matches!(incoming.finish().await, Err(BlobError::Full)));
        let errno = io::Error::from(rustix::io::Errno::NOSPC);
        assert!(matches!(BlobError::io("x")(errno), BlobError::Full));
        assert_eq!(count_files(&folder.path().join("tmp")), 0);
    }

    #[tokio::test]
    async fn the_sweep_takes_old_orphans_alone() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path(), 0).unwrap();
        let (known, orphan) = (FileId::new(), FileId::new());
        for id in [known, orphan] {
            let stored = upload(&blobs, b"12345").await;
            blobs.keep(stored.temp, id).await.unwrap();
            blobs.keep_thumbnail(id, b"123".to_vec()).await.unwrap();
        }
        let foreign = blobs.path(known, BlobPart::Original).with_file_name("notes.txt");
        fs::write(&foreign, b"the operator's own").unwrap();
        let unfinished = blobs.begin(10).await.unwrap();

        let day = Duration::from_secs(86_400);
        assert_eq!(blobs.sweep(move |id| id == known, day).await.unwrap(), Swept::default());
        let swept = blobs.sweep(move |id| id == known, Duration::ZERO).await.unwrap();
        assert_eq!(swept, Swept { files: 2, size_bytes: 8 });
        assert_eq!(read_all(&blobs, known, BlobPart::Thumbnail).await, b"123");
        assert!(matches!(blobs.read(orphan, BlobPart::Original).await, Err(BlobError::Missing)));
        assert!(foreign.exists());
        unfinished.finish().await.unwrap();
    }
}
