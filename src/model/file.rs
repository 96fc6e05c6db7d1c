//! What is known about an upload; the bytes are beside the index.

use super::{AccountId, FileId, RoomId, Timestamp};
use serde::{Deserialize, Serialize};

/// An uploaded file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    pub id: FileId,
    pub uploader: AccountId,
    pub purpose: FilePurpose,
    /// Sanitised; never used as a path.
    pub name: String,
    pub size_bytes: u64,
    /// Sniffed from the bytes, never the client's word.
    pub media_type: String,
    pub sha256: [u8; 32],
    pub image: Option<ImageSize>,
    pub stored_at: Timestamp,
}

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FilePurpose {
    /// Part of a message: whoever may read the room.
    Attachment { room: RoomId },
    /// A person's picture: anyone signed in.
    Avatar,
}

/// Pixels of an image as it is shown, and whether a thumbnail lies beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageSize {
    pub width: u32,
    pub height: u32,
    pub has_thumbnail: bool,
}
