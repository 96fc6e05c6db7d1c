//! Parts of addresses: where the bytes of files are read, and names that stand in a path.

use crate::model::FileId;

/// The last part of a small picture's path.
pub const THUMBNAIL: &str = "thumbnail";

/// Where a file is read. The name is only for people; the one word that means something else there gets a tail.
pub fn media_path(id: FileId, name: &str) -> String {
    let tail = if name == THUMBNAIL { "_" } else { "" };
    format!("/media/{id}/{}{tail}", percent_encode(name))
}

/// Where the small picture of an image is read.
pub fn thumbnail_path(id: FileId) -> String {
    format!("/media/{id}/{THUMBNAIL}")
}

/// A name as one segment of a path. RFC 3986 section 2.3: everything but unreserved characters is encoded.
pub fn percent_encode(name: &str) -> String {
    use std::fmt::Write;
    name.bytes().fold(String::with_capacity(name.len()), |mut path, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            // Writing into a string does not fail.
            let _ = write!(path, "%{byte:02X}");
        }
        path
    })
}
