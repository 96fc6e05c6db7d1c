//! Counts the bytes of request bodies while they stream: not too many, not too slowly, not compressed.
//!
//! Nothing is buffered here. The extractors behind it read bodies whole and without a limit of their own, so
//! this middleware belongs in front of every route.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream::BoxStream};
use poem::{
    Body, Endpoint, Middleware, Request, Response, Result,
    http::{HeaderMap, StatusCode, header},
};
use tokio::time::{Instant, Sleep, sleep_until};

use super::{guard::Pace, problem::Problem};

/// The largest body of a route without files, unless configured: 256 KiB.
pub const DEFAULT_BODY_BYTES: u64 = 256 * 1024;
/// What a multipart body may have beside its file: boundaries, headers, small fields.
pub const MULTIPART_EXTRA_BYTES: u64 = 64 * 1024;

/// Tells requests that upload a file; paths come without trailing slash.
pub type IsUpload = fn(&Request) -> bool;

/// The middleware.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimit {
    default_bytes: u64,
    uploads: Option<(u64, IsUpload)>,
    pace: Pace,
}

impl BodyLimit {
    /// One limit for all routes.
    pub fn new(default_bytes: u64, pace: Pace) -> Self {
        Self { default_bytes, uploads: None, pace }
    }

    /// Upload routes take a file of so many bytes, and what a form has around it.
    #[must_use]
    pub fn with_uploads(mut self, file_bytes: u64, is_upload: IsUpload) -> Self {
        self.uploads = Some((file_bytes.saturating_add(MULTIPART_EXTRA_BYTES), is_upload));
        self
    }

    fn limit_bytes(&self, request: &Request) -> u64 {
        match self.uploads {
            Some((bytes, is_upload)) if is_upload(request) => bytes,
            _ => self.default_bytes,
        }
    }
}

impl<E: Endpoint<Output = Response>> Middleware<E> for BodyLimit {
    type Output = Limited<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Limited { inner, limit: *self }
    }
}

/// An endpoint that gets counted bodies.
pub struct Limited<E> {
    inner: E,
    limit: BodyLimit,
}

impl<E: Endpoint<Output = Response>> Endpoint for Limited<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let body = request.take_body();
        if body.is_empty() {
            return self.inner.call(request).await;
        }
        let limit_bytes = self.limit.limit_bytes(&request);
        check_head(request.headers(), limit_bytes)?;
        let verdict = Verdict::default();
        request.set_body(Body::from_bytes_stream(Counted {
            body: body.into_bytes_stream().boxed(),
            seen_bytes: 0,
            limit_bytes,
            pace: self.limit.pace,
            since: None,
            timer: None,
            verdict: verdict.clone(),
        }));
        let outcome = self.inner.call(request).await;
        // Whatever the extractor made of the broken stream, the reason is known here.
        match verdict.problem(limit_bytes) {
            Some(problem) if outcome.as_ref().map_or(true, |answer| !answer.status().is_success()) => {
                Err(problem.into())
            }
            _ => outcome,
        }
    }
}

/// What can be refused before a byte of the body is read.
fn check_head(headers: &HeaderMap, limit_bytes: u64) -> Result<(), Problem> {
    let is_encoded = |value: &poem::http::HeaderValue| !value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity");
    if headers.get_all(header::CONTENT_ENCODING).iter().any(is_encoded) {
        let detail = "Compressed request bodies are not accepted; send the body without Content-Encoding.";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", detail));
    }
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match announced {
        Some(bytes) if bytes > limit_bytes => Err(too_large(limit_bytes)),
        _ => Ok(()),
    }
}

fn too_large(limit_bytes: u64) -> Problem {
    let detail = format!("The request body is too large; at most {limit_bytes} bytes are accepted here.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
}

const TOO_LARGE: u8 = 1;
const TOO_SLOW: u8 = 2;

/// Why a body was broken off, shared between the stream and the middleware.
#[derive(Debug, Clone, Default)]
struct Verdict(Arc<AtomicU8>);

impl Verdict {
    fn set(&self, reason: u8) -> io::Error {
        self.0.store(reason, Ordering::Relaxed);
        let text = if reason == TOO_LARGE { "request body too large" } else { "request body too slow" };
        io::Error::other(text)
    }

    fn problem(&self, limit_bytes: u64) -> Option<Problem> {
        match self.0.load(Ordering::Relaxed) {
            TOO_LARGE => Some(too_large(limit_bytes)),
            TOO_SLOW => Some(Problem::from_status(StatusCode::REQUEST_TIMEOUT)),
            _ => None,
        }
    }
}

/// A body that ends with an error when it grows too large or comes too slowly.
struct Counted {
    body: BoxStream<'static, io::Result<Bytes>>,
    seen_bytes: u64,
    limit_bytes: u64,
    pace: Pace,
    since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
    verdict: Verdict,
}

impl Counted {
    /// Called only while the server waits for the client, so a slow reader is never blamed on the client.
    fn poll_too_slow(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let since = *self.since.get_or_insert_with(Instant::now);
        let deadline = self.pace.deadline(since, self.seen_bytes);
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.is_elapsed() && Instant::now() < deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(cx)
    }
}

impl Stream for Counted {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.body.poll_next_unpin(cx) {
            Poll::Ready(Some(Ok(piece))) => {
                self.seen_bytes += piece.len() as u64;
                if self.seen_bytes > self.limit_bytes {
                    return Poll::Ready(Some(Err(self.verdict.set(TOO_LARGE))));
                }
                Poll::Ready(Some(Ok(piece)))
            }
            Poll::Pending => self.poll_too_slow(cx).map(|()| Some(Err(self.verdict.set(TOO_SLOW)))),
            ended => ended,
        }
    }
}
