//! Puts frames on the wire: what waits goes out in as few calls as possible, a lone frame without being copied.
//!
//! Knows nothing of what frames mean. Owns no buffer while nothing waits.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;

/// Most pieces given to one vectored write.
const PIECES: usize = 64;

/// The frames of one socket on their way out.
#[derive(Default)]
pub(super) struct Writer {
    /// Frames not written, oldest first; of the first one a part may be out already.
    batch: VecDeque<Bytes>,
    /// Frames joined for one call, for streams that cannot take several pieces at once.
    joined: Vec<u8>,
    joined_written: usize,
    urgent: Option<Bytes>,
    first_is_begun: bool,
    needs_flush: bool,
    progressed: bool,
}

impl Writer {
    /// Where a drained queue goes; only to be filled when all that was handed over is written.
    pub(super) fn batch(&mut self) -> &mut VecDeque<Bytes> {
        &mut self.batch
    }

    /// Adds a frame at the end.
    pub(super) fn push(&mut self, frame: Bytes) {
        self.batch.push_back(frame);
    }

    /// A control frame that goes before what waits; a newer one takes the place of one that is not yet begun.
    pub(super) fn push_urgent(&mut self, frame: Bytes) {
        self.urgent = Some(frame);
    }

    /// A ping; needless while another control frame waits, for the peer then has something to answer or has just spoken.
    pub(super) fn push_ping(&mut self, frame: Bytes) {
        self.urgent.get_or_insert(frame);
    }

    /// Whether bytes went out since this was last asked.
    pub(super) fn take_progress(&mut self) -> bool {
        std::mem::take(&mut self.progressed)
    }

    /// Drops every frame of which nothing was handed to the stream; one that is begun must be finished.
    pub(super) fn drop_unbegun(&mut self) {
        self.batch.truncate(usize::from(self.first_is_begun));
        self.urgent = None;
    }

    /// Writes until all is handed to the stream, at most `write_bytes` a call. Does not flush.
    pub(super) fn poll_write<S: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
        write_bytes: usize,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.joined_written < self.joined.len() {
                let rest = &self.joined[self.joined_written..];
                let written = ready!(Pin::new(&mut *stream).poll_write(cx, rest))?;
                self.joined_written += self.note(written)?;
                continue;
            }
            self.joined.clear();
            self.joined_written = 0;
            self.admit_urgent();
            let is_vectored = stream.is_write_vectored();
            let written = match self.batch.front() {
                None => return Poll::Ready(Ok(())),
                Some(first) if self.batch.len() == 1 || first.len() >= write_bytes => {
                    let piece = &first[..first.len().min(write_bytes)];
                    ready!(Pin::new(&mut *stream).poll_write(cx, piece))?
                }
                Some(_) if is_vectored => {
                    let mut pieces = [IoSlice::new(&[]); PIECES];
                    let count = self.gather(&mut pieces, write_bytes);
                    ready!(Pin::new(&mut *stream).poll_write_vectored(cx, &pieces[..count]))?
                }
                Some(_) => {
                    self.join(write_bytes);
                    continue;
                }
            };
            let written = self.note(written)?;
            self.advance(written);
        }
    }

    /// Flushes once after everything was written, and gives the buffers back.
    pub(super) fn poll_flush<S: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<io::Result<()>> {
        if !self.needs_flush {
            return Poll::Ready(Ok(()));
        }
        ready!(Pin::new(stream).poll_flush(cx))?;
        self.needs_flush = false;
        self.batch = VecDeque::new();
        self.joined = Vec::new();
        Poll::Ready(Ok(()))
    }

    fn note(&mut self, written: usize) -> io::Result<usize> {
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.progressed = true;
        self.needs_flush = true;
        Ok(written)
    }

    fn admit_urgent(&mut self) {
        if let Some(frame) = self.urgent.take() {
            self.batch.insert(usize::from(self.first_is_begun), frame);
        }
    }

    fn gather<'a>(&'a self, pieces: &mut [IoSlice<'a>; PIECES], write_bytes: usize) -> usize {
        let mut room = write_bytes;
        let mut count = 0;
        for (piece, frame) in pieces.iter_mut().zip(&self.batch) {
            if frame.len() > room && count > 0 {
                break;
            }
            *piece = IoSlice::new(frame);
            room = room.saturating_sub(frame.len());
            count += 1;
        }
        count
    }

    /// Moves as many frames into one buffer as fit into a call.
    fn join(&mut self, write_bytes: usize) {
        let mut total = 0;
        let count = self
            .batch
            .iter()
            .take_while(|frame| {
                total += frame.len();
                total <= write_bytes
            })
            .count()
            .max(1);
        let total = self.batch.iter().take(count).map(Bytes::len).sum();
        self.joined.reserve_exact(total);
        for frame in self.batch.drain(..count) {
            self.joined.extend_from_slice(&frame);
        }
        self.first_is_begun = false;
    }

    fn advance(&mut self, mut written: usize) {
        while let Some(first) = self.batch.front_mut() {
            if written < first.len() {
                first.advance(written);
                self.first_is_begun |= written > 0;
                return;
            }
            written -= first.len();
            self.batch.pop_front();
            self.first_is_begun = false;
        }
    }
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
