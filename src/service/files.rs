//! Uploads and downloads. Bytes go to the disk as they come; only then is the message that carries them decided.

use super::{Actor, Draft, Posted, Service, access};
use crate::{
    config::Limits,
    media::{names, sniff},
    model::{Account, AccountId, Error, File, FileId, FilePurpose, ImageSize, Result, RoomId},
    rules::permit::Act,
    store::{
        Store, View,
        blobs::BlobPart,
        upload::{Incoming, Stored},
    },
};
use std::{path::PathBuf, sync::Arc};

/// An upload on its way.
pub struct Upload {
    incoming: Incoming,
}

impl Upload {
    /// The next bytes. Fails as soon as there are too many.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.incoming.write(bytes).await?)
    }
}

/// A whole upload that no message names yet. Dropped before one does, its bytes go as well: otherwise whoever breaks a
/// form off behind its file fills the disk past every quota.
pub struct NewFile {
    /// What it is for is known when it is used.
    described: Box<dyn FnOnce(FilePurpose) -> File + Send + Sync>,
    bytes: Unnamed,
}

impl NewFile {
    /// From here on the caller answers for the bytes.
    fn used_for(self, purpose: FilePurpose) -> File {
        self.bytes.release();
        (self.described)(purpose)
    }
}

/// The bytes of an id that no record names.
struct Unnamed {
    store: Arc<Store>,
    id: Option<FileId>,
}

impl Unnamed {
    /// Somebody else answers for the bytes from now on.
    fn release(mut self) {
        self.id = None;
    }
}

impl Drop for Unnamed {
    fn drop(&mut self) {
        let Some(id) = self.id.take() else { return };
        let store = Arc::clone(&self.store);
        // Dropped by a request that was broken off, so within the runtime; what is left at its end is swept later.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { store.remove_blobs(vec![id]).await });
        }
    }
}

/// A file that may be read.
#[derive(Clone, Debug)]
pub struct Download {
    pub path: PathBuf,
    pub name: String,
    pub content_type: &'static str,
    pub disposition: sniff::Disposition,
    /// Strong: the bytes of an id never change.
    pub etag: String,
}

impl Service {
    /// Begins the upload of an attachment, if the actor may post there and has room left.
    pub async fn begin_attachment(&self, actor: Actor, room: RoomId) -> Result<Upload> {
        {
            let snapshot = self.store.snapshot();
            let granted = access::room(snapshot.view(), actor, room, Act::Post)?;
            crate::rules::messages::accepts_posts(&granted.room)?;
        }
        self.begin_upload(actor).await
    }

    /// Begins the upload of an attachment whose room is not known yet, if the actor has room left. Whether they may post
    /// there is asked when it is posted.
    pub async fn begin_upload(&self, actor: Actor) -> Result<Upload> {
        let used = {
            let snapshot = self.store.snapshot();
            access::person(snapshot.view(), actor)?;
            used_bytes(snapshot.view(), actor.account())?
        };
        let limits = &self.config.limits;
        let own_room = limits.account_files_bytes.saturating_sub(used.own);
        if own_room == 0 {
            return Err(Error::too_large("Your files take up all the room you have. Delete some of them first."));
        }
        if limits.total_files_bytes > 0 && used.all >= limits.total_files_bytes {
            return Err(Error::storage_full());
        }
        let incoming = self.store.blobs().begin(limits.file_bytes.min(own_room)).await?;
        Ok(Upload { incoming })
    }

    /// Begins the upload of the actor's picture.
    pub async fn begin_avatar(&self, actor: Actor) -> Result<Upload> {
        access::person(self.store.snapshot().view(), actor)?;
        let incoming = self.store.blobs().begin(self.config.limits.avatar_bytes).await?;
        Ok(Upload { incoming })
    }

    /// Ends an upload: the bytes are durable, their type is known, an image has its thumbnail.
    pub async fn finish_upload(&self, actor: Actor, upload: Upload, client_name: &str) -> Result<NewFile> {
        let Stored { size_bytes, sha256, head, temp } = upload.incoming.finish().await?;
        if size_bytes == 0 {
            return Err(Error::invalid("file", "The file is empty."));
        }
        let id = FileId::new();
        let bytes = Unnamed { store: Arc::clone(&self.store), id: Some(id) };
        let media_type = sniff::media_type(&head);
        let preview = match media_type.starts_with("image/") {
            true => self.thumbnails.preview(temp.path().to_owned()).await,
            false => None,
        };
        let image = preview.as_ref().map(|preview| ImageSize {
            width: preview.width,
            height: preview.height,
            has_thumbnail: true,
        });
        if let Some(preview) = preview {
            self.store.blobs().keep_thumbnail(id, preview.thumbnail).await?;
        }
        self.store.blobs().keep(temp, id).await?;
        let name = names::sanitise(client_name);
        let (uploader, stored_at) = (actor.account(), self.now());
        let media_type = media_type.to_owned();
        let described = Box::new(move |purpose| File {
            id,
            uploader,
            purpose,
            name,
            size_bytes,
            media_type,
            sha256,
            image,
            stored_at,
        });
        Ok(NewFile { described, bytes })
    }

    /// Posts a finished upload, with or without a text.
    pub async fn post_file(&self, actor: Actor, room: RoomId, draft: Draft, new: NewFile) -> Result<Posted> {
        // Broken off from here on, the message may be on its way already: its bytes stay.
        let file = new.used_for(FilePurpose::Attachment { room });
        let id = file.id;
        let posted = self.post_with(actor, room, draft, Some(file)).await;
        if !matches!(posted, Ok(Posted::New(_))) {
            self.remove_blobs([id]).await;
        }
        posted
    }

    /// Makes a finished upload the actor's picture.
    pub async fn use_avatar(&self, actor: Actor, new: NewFile) -> Result<Account> {
        let file = new.used_for(FilePurpose::Avatar);
        let id = file.id;
        let changed = match file.image {
            Some(_) => self.set_avatar(actor, Some(file)).await,
            None => Err(Error::unsupported_type("Choose a picture: PNG, JPEG, GIF or WebP.")),
        };
        if changed.is_err() {
            self.remove_blobs([id]).await;
        }
        changed
    }

    /// Removes the actor's picture.
    pub async fn remove_avatar(&self, actor: Actor) -> Result<Account> {
        self.set_avatar(actor, None).await
    }

    /// A file, or the thumbnail of one, if the actor may read it.
    pub fn download(&self, actor: Actor, id: FileId, part: BlobPart) -> Result<Download> {
        let snapshot = self.store.snapshot();
        let missing = || Error::not_found("file");
        access::person(snapshot.view(), actor)?;
        let file = snapshot.view().file(id)?.ok_or_else(missing)?;
        if let FilePurpose::Attachment { room } = file.purpose {
            access::room(snapshot.view(), actor, room, Act::Read).map_err(|_| missing())?;
        }
        let path = self.store.blobs().path(id, part);
        Ok(match part {
            BlobPart::Original => {
                let delivery = sniff::delivery(&file.media_type);
                let (content_type, disposition) = (delivery.content_type, delivery.disposition);
                Download { path, name: file.name, content_type, disposition, etag: id.to_string() }
            }
            BlobPart::Thumbnail => {
                file.image.filter(|image| image.has_thumbnail).ok_or_else(missing)?;
                let disposition = sniff::Disposition::Inline;
                let (name, etag) = ("thumbnail.jpg".into(), format!("{id}-thumbnail"));
                Download { path, name, content_type: "image/jpeg", disposition, etag }
            }
        })
    }

    /// Removes bytes that no record names any more. What fails here is swept later.
    pub(super) async fn remove_blobs(&self, files: impl IntoIterator<Item = FileId>) {
        let files: Vec<_> = files.into_iter().collect();
        if !files.is_empty() {
            self.store.remove_blobs(files).await;
        }
    }
}

/// Whether a file still fits into its uploader's share, and into that of everybody.
pub(super) fn check_quota(view: View<'_>, limits: &Limits, file: &File) -> Result<()> {
    let used = used_bytes(view, file.uploader)?;
    if used.own.saturating_add(file.size_bytes) > limits.account_files_bytes {
        return Err(Error::too_large("Your files take up all the room you have. Delete some of them first."));
    }
    if limits.total_files_bytes > 0 && used.all.saturating_add(file.size_bytes) > limits.total_files_bytes {
        return Err(Error::storage_full());
    }
    Ok(())
}

struct Used {
    own: u64,
    all: u64,
}

fn used_bytes(view: View<'_>, account: AccountId) -> Result<Used> {
    let files = view.files()?;
    let sum = |files: &mut dyn Iterator<Item = &File>| files.map(|file| file.size_bytes).sum();
    Ok(Used { own: sum(&mut files.iter().filter(|file| file.uploader == account)), all: sum(&mut files.iter()) })
}
