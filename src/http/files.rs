//! Answers with a stored file: ranges, validators, a safe name, streamed from disk.
//!
//! It must not know who may see the file; that is decided before. poem's `StaticFileRequest` is not used:
//! it makes its own tag from the inode, ignores `If-Range` and does its file work on the async threads.

use std::{
    io::{self, SeekFrom},
    path::Path,
    time::SystemTime,
};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, stream};
use poem::{
    Body, Request, Response,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    web::headers::{HeaderMapExt, IfModifiedSince, LastModified},
};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt},
};

use super::{
    file_headers::{Disposition, RangeAnswer, content_disposition, etag_matches, requested_range},
    problem::Problem,
};

const CHUNK_BYTES: usize = 64 * 1024;
/// Whatever a file holds, opened as a page it may do nothing.
const FILE_POLICY: &str = "sandbox; default-src 'none'";
/// Sound and film are shown in a page of the browser's own, which loads the file once more and cannot from a sandbox.
const PLAYED_POLICY: &str = "default-src 'none'; media-src 'self'";
/// Kept, but asked for again each time: the right to read a file can end.
const CACHING: &str = "private, no-cache";

/// A file to answer with.
#[derive(Debug, Clone)]
pub struct StoredFile<'a> {
    /// Where it is.
    pub path: &'a Path,
    /// Its strong tag, without quotes: printable ASCII, the same for the same bytes only.
    pub etag: &'a str,
    /// Its media type as the server found out, never as the client said.
    pub media_type: &'a str,
    /// The name a person gave it, any Unicode.
    pub name: &'a str,
    /// Shown in place or saved.
    pub disposition: Disposition,
    /// When it was stored.
    pub modified: Option<SystemTime>,
}

/// Answers GET and HEAD with the file, or the part or the 304 that the request asks for.
///
/// # Errors
/// 404 when the file is not there, 416 for a range outside of it, 500 when it cannot be read.
pub async fn serve(request: &Request, stored: StoredFile<'_>) -> Result<Response, Problem> {
    let mut file = File::open(stored.path).await.map_err(not_readable)?;
    let size_bytes = file.metadata().await.map_err(not_readable)?.len();
    let tag = format!("\"{}\"", stored.etag);
    let mut response = Response::default();
    set_headers(response.headers_mut(), &stored, &tag);

    if is_unchanged(request.headers(), &tag, stored.modified) {
        response.set_status(StatusCode::NOT_MODIFIED);
        return Ok(response);
    }
    let range = requested_range(request.headers(), &tag, stored.modified, size_bytes);
    let (start, length) = match range {
        RangeAnswer::Whole => (0, size_bytes),
        RangeAnswer::Part { start, length } => {
            response.set_status(StatusCode::PARTIAL_CONTENT);
            let last = start + length - 1;
            set(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes {start}-{last}/{size_bytes}"));
            (start, length)
        }
        RangeAnswer::Unsatisfiable => return Ok(unsatisfiable(size_bytes)),
    };
    set(response.headers_mut(), header::CONTENT_LENGTH, &length.to_string());
    if request.method() != poem::http::Method::HEAD {
        file.seek(SeekFrom::Start(start)).await.map_err(not_readable)?;
        response.set_body(Body::from_bytes_stream(chunks(file, length)));
    }
    Ok(response)
}

fn set_headers(headers: &mut HeaderMap, stored: &StoredFile<'_>, tag: &str) {
    let media_type =
        HeaderValue::from_str(stored.media_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_TYPE, media_type);
    set(headers, header::ETAG, tag);
    set(headers, header::CONTENT_DISPOSITION, &content_disposition(stored.disposition, stored.name));
    for (name, value) in [
        (header::ACCEPT_RANGES, "bytes"),
        (header::CACHE_CONTROL, CACHING),
        (header::CONTENT_SECURITY_POLICY, policy(stored.media_type)),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(modified) = stored.modified {
        headers.typed_insert(LastModified::from(modified));
    }
}

fn policy(media_type: &str) -> &'static str {
    let is_played = media_type.starts_with("audio/") || media_type.starts_with("video/");
    if is_played { PLAYED_POLICY } else { FILE_POLICY }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn is_unchanged(headers: &HeaderMap, tag: &str, modified: Option<SystemTime>) -> bool {
    if headers.contains_key(header::IF_NONE_MATCH) {
        return etag_matches(headers, tag);
    }
    match (headers.typed_get::<IfModifiedSince>(), modified) {
        (Some(since), Some(modified)) => !since.is_modified(modified),
        _ => false,
    }
}

fn unsatisfiable(size_bytes: u64) -> Response {
    let mut response = Problem::from_status(StatusCode::RANGE_NOT_SATISFIABLE).answer(None);
    set(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes */{size_bytes}"));
    response
}

fn not_readable(error: io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::NotFound => Problem::from_status(StatusCode::NOT_FOUND),
        _ => Problem::internal(format_args!("a stored file cannot be read: {error}")),
    }
}

/// The next `length` bytes of a file, piece by piece. A file that ends early ends the answer with an error,
/// so that the client does not take a part for the whole.
fn chunks(file: File, length: u64) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::try_unfold((file, length), |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let want = usize::try_from(left).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
        let mut piece = BytesMut::with_capacity(want);
        let read = (&mut file).take(want as u64).read_buf(&mut piece).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Some((piece.freeze(), (file, left - read as u64))))
    })
}
