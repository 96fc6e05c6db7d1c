//! What waits to be written to one socket: a bounded queue of frames that were encoded once and are shared by all who hear them.
//!
//! Pushing never blocks and never waits for the peer: a socket that cannot keep up is marked, loses what is queued and is
//! closed as slow. It knows nothing of frames' meaning, of sockets or of who listens; idle, it owns no memory but itself.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

/// Why a socket is closed, as the peer is told (RFC 6455, section 7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// The purpose is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// The server stops or gives the peer up; the client reconnects.
    pub const GOING_AWAY: Self = Self(1001);
    /// The peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// A kind of data that is not accepted here.
    pub const UNSUPPORTED: Self = Self(1003);
    /// Text that is not UTF-8.
    pub const INVALID_DATA: Self = Self(1007);
    /// A rule of the house was broken, such as too many frames.
    pub const POLICY_VIOLATION: Self = Self(1008);
    /// A frame or message beyond the limit.
    pub const TOO_BIG: Self = Self(1009);
    /// The server failed.
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// The reader was too slow; the client reconnects and resumes.
    pub const TRY_AGAIN_LATER: Self = Self(1013);
    /// The login behind this socket has ended; sign in again.
    pub const SESSION_ENDED: Self = Self(4401);
    /// This login may not be here.
    pub const FORBIDDEN: Self = Self(4403);
    /// What was asked for does not exist for this person.
    pub const NOT_FOUND: Self = Self(4404);

    /// A code that may stand in a close frame, or `None`: 1000–1003, 1007–1014 and 3000–4999.
    pub const fn new(code: u16) -> Option<Self> {
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self(code)),
            _ => None,
        }
    }

    /// The number on the wire.
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// How much may wait for one socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxLimits {
    /// Sum of the waiting frames' lengths.
    pub size_bytes: u32,
    /// Number of waiting frames.
    pub frames: u32,
}

impl Default for OutboxLimits {
    fn default() -> Self {
        Self { size_bytes: 1 << 20, frames: 16_384 }
    }
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It waits and will be written in order.
    Queued,
    /// It did not fit: all that waited is dropped and the socket is closed with 1013. Said once; afterwards `Closed`.
    Overflowed,
    /// The socket is closing or gone.
    Closed,
}

/// What a drain found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Every waiting frame was handed over, oldest first. The task is woken by the next push or close.
    Frames,
    /// The same, and nothing will wake the task: ask again when they are written.
    LastFrames,
    /// Nothing waits any more and the socket is to be closed so.
    Close(CloseCode, &'static str),
    /// What was handed over earlier and not yet begun is to be dropped, and the socket closed as slow.
    Overflowed,
}

/// The reason in the close frame of a reader that was too slow.
pub const SLOW_REASON: &str = "too slow";

#[derive(Clone, Copy)]
enum State {
    Open,
    Closing(CloseCode, &'static str),
    Overflowed,
    Shut,
}

struct Inner {
    queue: VecDeque<Bytes>,
    size_bytes: usize,
    state: State,
    waker: Option<Waker>,
}

/// The bounded queue of one socket; what was handed to the session and is not yet written, at most as much again, is not
/// counted. Shared by the hub, which pushes, and the session, which drains.
pub struct Outbox {
    limits: OutboxLimits,
    inner: Mutex<Inner>,
}

impl Default for Outbox {
    fn default() -> Self {
        Self::new(OutboxLimits::default())
    }
}

impl Outbox {
    /// An empty, open outbox.
    pub fn new(limits: OutboxLimits) -> Self {
        Self {
            limits,
            inner: Mutex::new(Inner { queue: VecDeque::new(), size_bytes: 0, state: State::Open, waker: None }),
        }
    }

    /// Queues one encoded frame, or several joined into one piece of bytes: a burst that many sockets hear is best joined
    /// once and written by each of them without a copy. Never waits for the socket.
    pub fn push(&self, frame: Bytes) -> Pushed {
        let (pushed, waker) = {
            let mut inner = self.lock();
            if !matches!(inner.state, State::Open) {
                return Pushed::Closed;
            }
            if self.is_too_much(&inner, frame.len()) {
                inner.discard();
                inner.state = State::Overflowed;
                (Pushed::Overflowed, inner.waker.take())
            } else {
                (Pushed::Queued, inner.enqueue(frame))
            }
        };
        wake(waker);
        pushed
    }

    /// Queues the reply to a request of the peer itself. Counted, but never refused for its size: the session bounds
    /// replies by not reading on while too many are under way or too much waits. Replies may still follow a `close`
    /// until the session has taken note of it.
    pub(crate) fn push_reply(&self, frame: Bytes) {
        let waker = {
            let mut inner = self.lock();
            match inner.state {
                State::Open | State::Closing(..) => inner.enqueue(frame),
                State::Overflowed | State::Shut => None,
            }
        };
        wake(waker);
    }

    /// Asks for the socket to be closed: what was queued before goes out first, then the close frame. The first reason
    /// stays; later calls change nothing.
    pub fn close(&self, code: CloseCode, reason: &'static str) {
        let waker = {
            let mut inner = self.lock();
            if !matches!(inner.state, State::Open) {
                return;
            }
            inner.state = State::Closing(code, reason);
            inner.waker.take()
        };
        wake(waker);
    }

    /// Whether pushing is pointless: the socket is closing or gone.
    pub fn is_closed(&self) -> bool {
        !matches!(self.lock().state, State::Open)
    }

    /// Bytes that wait and were not yet handed to the session.
    pub fn waiting_bytes(&self) -> usize {
        self.lock().size_bytes
    }

    /// Whether so much waits that the session should not take on more requests.
    pub(crate) fn is_full(&self) -> bool {
        let inner = self.lock();
        self.is_too_much(&inner, 0)
    }

    /// Hands over all that waits, by exchanging the queue for `into`, which must be empty. Pending means that nothing
    /// waits; the task is woken by the next push or close.
    pub(crate) fn poll_drain(&self, cx: &mut Context<'_>, into: &mut VecDeque<Bytes>) -> Poll<Drained> {
        debug_assert!(into.is_empty());
        let mut inner = self.lock();
        if !inner.queue.is_empty() {
            std::mem::swap(&mut inner.queue, into);
            inner.size_bytes = 0;
            if !matches!(inner.state, State::Open) {
                return Poll::Ready(Drained::LastFrames);
            }
            inner.remember(cx.waker());
            return Poll::Ready(Drained::Frames);
        }
        if inner.queue.capacity() > 0 {
            inner.queue = VecDeque::new();
        }
        inner.poll_state(cx)
    }

    /// Whether the socket is to be closed, even though not all that was handed over is written; otherwise the task is
    /// woken should that happen. For a session whose peer takes nothing at the moment.
    pub(crate) fn poll_closing(&self, cx: &mut Context<'_>) -> Poll<Drained> {
        self.lock().poll_state(cx)
    }

    /// The session is over: drops what waits and refuses the rest.
    pub(crate) fn shut(&self) {
        let mut inner = self.lock();
        inner.discard();
        inner.state = State::Shut;
        inner.waker = None;
    }

    fn is_too_much(&self, inner: &Inner, more: usize) -> bool {
        inner.size_bytes + more > self.limits.size_bytes as usize || inner.queue.len() >= self.limits.frames as usize
    }

    /// Nothing under the lock can panic half-way, so a poisoned lock guards sound data.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Adds a frame; gives the waker only when the queue was empty, for otherwise the session already knows.
    fn enqueue(&mut self, frame: Bytes) -> Option<Waker> {
        let was_empty = self.queue.is_empty();
        self.size_bytes += frame.len();
        self.queue.push_back(frame);
        if was_empty { self.waker.take() } else { None }
    }

    fn discard(&mut self) {
        self.queue = VecDeque::new();
        self.size_bytes = 0;
    }

    fn poll_state(&mut self, cx: &mut Context<'_>) -> Poll<Drained> {
        match self.state {
            State::Closing(code, reason) => Poll::Ready(Drained::Close(code, reason)),
            State::Overflowed => Poll::Ready(Drained::Overflowed),
            State::Open | State::Shut => {
                self.remember(cx.waker());
                Poll::Pending
            }
        }
    }

    fn remember(&mut self, waker: &Waker) {
        match &self.waker {
            Some(known) if known.will_wake(waker) => {}
            _ => self.waker = Some(waker.clone()),
        }
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
