//! Watches the progress of one HTTP/1 connection and cuts those that only hold a place.
//!
//! It looks at bytes and clocks alone. The pace of a request body is watched where the body is read
//! (`body_limit`), because only there it is known that the server is waiting for the client. Once the
//! connection has switched protocols the guard is out of the way for good.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use super::{
    head_scan::{HeadScan, HeadState},
    slots::Slot,
};

/// The longest request head. The HTTP library would take more than 400 KB.
const HEAD_BYTES_MAX: u64 = 64 * 1024;

/// How long a connection may take for what.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// A new connection sends its first byte within this time.
    pub first_byte: Duration,
    /// A kept connection sends its next request within this time after an answer.
    pub keep_alive: Duration,
    /// A request head or body may be slower than `min_bytes_per_sec` for this long.
    pub grace: Duration,
    /// The average that a request head or body must reach after the grace.
    pub min_bytes_per_sec: u64,
    /// An answer that the client does not take is given up after this time without any progress.
    pub write_stall: Duration,
    /// Bytes that still arrive after an early answer are thrown away for this long, so that the
    /// client gets to read the answer.
    pub linger: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            first_byte: Duration::from_secs(30),
            keep_alive: Duration::from_secs(75),
            grace: Duration::from_secs(10),
            min_bytes_per_sec: 512,
            write_stall: Duration::from_secs(30),
            linger: Duration::from_secs(2),
        }
    }
}

impl Pace {
    /// When something that began at `since` and has brought `bytes` so far is too slow.
    pub fn deadline(&self, since: Instant, bytes: u64) -> Instant {
        since + self.grace + Duration::from_millis(bytes.saturating_mul(1000) / self.min_bytes_per_sec.max(1))
    }
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// Between requests, until then.
    Idle { until: Instant },
    /// A head has begun.
    Head { since: Instant, bytes: u64, scan: HeadScan },
    /// A head is complete and the server is at work.
    Handling,
    /// The other protocol has its own heartbeat.
    Switched,
    /// The answer is out; what still arrives is thrown away until then.
    Lingering { until: Instant },
    /// Cut; nothing goes in or out any more.
    Cut,
}

/// A connection under guard. It holds its slot in the book of connections.
pub struct Guarded<S> {
    io: S,
    pace: Pace,
    phase: Phase,
    /// Since when the client has taken nothing of what waits for it.
    stalled_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
    _slot: Slot,
}

impl<S> Guarded<S> {
    /// Puts a fresh connection under guard.
    pub fn new(io: S, pace: Pace, slot: Slot) -> Self {
        let phase = Phase::Idle { until: Instant::now() + pace.first_byte };
        Self { io, pace, phase, stalled_since: None, timer: None, _slot: slot }
    }

    /// The connection under guard, to ask it something; reading and writing go through the guard.
    pub fn get_ref(&self) -> &S {
        &self.io
    }

    /// Ready when the deadline has passed; otherwise the task is woken then.
    fn poll_deadline(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        if Instant::now() >= deadline {
            return Poll::Ready(());
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        // The timer serves reading and writing: it is only ever moved to what comes first, and a wake-up
        // that comes too early arms it anew.
        if timer.is_elapsed() || timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(cx)
    }

    fn read_deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Idle { until } | Phase::Lingering { until } => Some(until),
            Phase::Head { since, bytes, .. } => Some(self.pace.deadline(since, bytes)),
            Phase::Handling | Phase::Switched | Phase::Cut => None,
        }
    }

    fn note_read(&mut self, data: &[u8]) -> io::Result<()> {
        if data.is_empty() {
            return Ok(());
        }
        let (since, bytes, mut scan) = match self.phase {
            Phase::Idle { .. } => (Instant::now(), 0, HeadScan::default()),
            Phase::Head { since, bytes, scan } => (since, bytes, scan),
            _ => return Ok(()),
        };
        self.phase = match scan.feed(data) {
            HeadState::Incomplete if bytes + data.len() as u64 > HEAD_BYTES_MAX => {
                return Err(self.cut(io::ErrorKind::InvalidData));
            }
            HeadState::Incomplete => Phase::Head { since, bytes: bytes + data.len() as u64, scan },
            HeadState::Complete => Phase::Handling,
            HeadState::Http2 => return Err(self.cut(io::ErrorKind::InvalidData)),
        };
        Ok(())
    }

    /// Looks at the beginning of an answer.
    fn note_write(&mut self, data: &[u8]) {
        match self.phase {
            Phase::Handling if data.starts_with(b"HTTP/1.1 101") => {
                self.phase = Phase::Switched;
                self.timer = None;
            }
            Phase::Handling if data.starts_with(b"HTTP/1.1 100") => {}
            Phase::Handling | Phase::Idle { .. } => {
                self.phase = Phase::Idle { until: Instant::now() + self.pace.keep_alive };
            }
            _ => {}
        }
    }

    fn cut(&mut self, kind: io::ErrorKind) -> io::Error {
        self.phase = Phase::Cut;
        self.timer = None;
        kind.into()
    }

    /// Passes a write's outcome on, unless the client has taken nothing for too long.
    fn watch_write<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if matches!(self.phase, Phase::Switched) {
            return outcome;
        }
        if outcome.is_ready() {
            self.stalled_since = None;
            // The server waits for the next request with a read from before this answer, so nobody else
            // would set the clock for it.
            if let Phase::Idle { until } = self.phase {
                let _ = self.poll_deadline(cx, until);
            }
            return outcome;
        }
        let since = *self.stalled_since.get_or_insert_with(Instant::now);
        ready!(self.poll_deadline(cx, since + self.pace.write_stall));
        Poll::Ready(Err(self.cut(io::ErrorKind::TimedOut)))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if matches!(this.phase, Phase::Cut) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buf.filled().len();
        if let Poll::Ready(outcome) = Pin::new(&mut this.io).poll_read(cx, buf) {
            outcome?;
            return Poll::Ready(this.note_read(&buf.filled()[before..]));
        }
        let Some(deadline) = this.read_deadline() else {
            return Poll::Pending;
        };
        ready!(this.poll_deadline(cx, deadline));
        if matches!(this.phase, Phase::Idle { .. }) {
            this.cut(io::ErrorKind::TimedOut);
            return Poll::Ready(Ok(())); // An idle connection ends like one that the client closed.
        }
        Poll::Ready(Err(this.cut(io::ErrorKind::TimedOut)))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if matches!(this.phase, Phase::Cut) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        this.note_write(data);
        let outcome = Pin::new(&mut this.io).poll_write(cx, data);
        this.watch_write(cx, outcome)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if matches!(this.phase, Phase::Cut) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        this.note_write(pieces.iter().find(|piece| !piece.is_empty()).map_or(&[], |piece| piece));
        let outcome = Pin::new(&mut this.io).poll_write_vectored(cx, pieces);
        this.watch_write(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match Pin::new(&mut this.io).poll_flush(cx) {
            Poll::Pending => this.watch_write(cx, Poll::Pending),
            flushed => flushed,
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !matches!(this.phase, Phase::Lingering { .. }) {
            ready!(Pin::new(&mut this.io).poll_shutdown(cx))?;
            if matches!(this.phase, Phase::Switched | Phase::Cut) {
                return Poll::Ready(Ok(()));
            }
            this.phase = Phase::Lingering { until: Instant::now() + this.pace.linger };
        }
        this.poll_linger(cx)
    }
}

impl<S: AsyncRead + Unpin> Guarded<S> {
    /// Closing a connection resets it when bytes are unread or still arrive, and the client, or the proxy in between, may
    /// lose an answer that came before its request was sent. So what comes is thrown away until the client closes too,
    /// for a short while.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut scratch = [0; 4096];
        for _ in 0..64 {
            let mut buf = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.io).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => {
                    let Phase::Lingering { until } = self.phase else {
                        return Poll::Ready(Ok(()));
                    };
                    return self.poll_deadline(cx, until).map(Ok);
                }
            }
        }
        // So much at once is no reason to hold the thread: come back after the others had their turn.
        match self.phase {
            Phase::Lingering { until } if Instant::now() < until => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            _ => Poll::Ready(Ok(())),
        }
    }
}
