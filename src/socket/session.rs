//! One socket from the 101 answer to its end: reads requests, writes what the outbox holds, keeps the pulse, closes politely.
//!
//! One task per socket that sleeps until something happens and owns no buffer meanwhile. It does not know what texts mean
//! (the `Handler` does) nor who pushes into the outbox (the hub does).

use std::future::Future;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::hub::{CloseCode, Drained, Outbox, SLOW_REASON};

use super::SocketLimits;
use super::frame;
use super::handler::{Ended, Handler};
use super::heartbeat::{Beat, Heartbeat};
use super::rate::{Allowance, Rate};
use super::reader::{FrameReader, Message};
use super::replies::Replies;
use super::writer::Writer;

/// Bytes taken from the stream by one read.
const READ_BYTES: usize = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Requests in, events out.
    Open,
    /// To be closed: what waits is going out first.
    Draining,
    /// Our close frame is the last thing to be written.
    Closing,
    /// Our close frame is out; the peer's is awaited.
    Lingering,
}

/// What the outbox gave for the writer.
enum Refill {
    Nothing,
    /// Frames; the task is woken when there are more.
    Frames,
    /// Frames or the close frame; what follows is to be asked for when they are written.
    Last,
}

/// What happens to bytes that come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hearing {
    Listens,
    /// Bytes are taken and thrown away, so that the peer can read our close frame before the connection is torn down.
    Deaf,
}

/// Runs one socket to its end. Dropping the future ends it as well.
///
/// `stream` is the upgraded connection, after the 101 answer. While no more than `limits.in_flight` replies are under way and
/// the outbox is not full the peer is read; what waits in the outbox is written in as few calls as possible.
pub fn run<S, H>(stream: S, outbox: Arc<Outbox>, handler: H, limits: Arc<SocketLimits>) -> Session<S, H>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    H: Handler,
{
    let now = Instant::now();
    let heartbeat = Heartbeat::new(now, limits.heartbeat);
    Session {
        stream,
        outbox,
        handler,
        reader: FrameReader::new(limits.frame_bytes, limits.message_bytes),
        unread: Vec::new(),
        writer: Writer::default(),
        replies: Replies::default(),
        rate: Rate::new(now),
        timer: Box::pin(tokio::time::sleep_until(heartbeat.next())),
        timer_set_by: None,
        heartbeat,
        stalled_since: None,
        deadline: now,
        phase: Phase::Open,
        hearing: Hearing::Listens,
        has_output: false,
        ending: Ended::Lost,
        over: None,
        limits,
    }
}

/// The future of one socket; see `run`.
pub struct Session<S, H: Handler> {
    stream: S,
    outbox: Arc<Outbox>,
    handler: H,
    limits: Arc<SocketLimits>,
    reader: FrameReader,
    /// Bytes that came while reading was paused.
    unread: Vec<u8>,
    writer: Writer,
    replies: Replies,
    rate: Rate,
    heartbeat: Heartbeat,
    timer: Pin<Box<Sleep>>,
    /// Who the timer wakes; `None` while it is not running. Saves setting it at every turn.
    timer_set_by: Option<Waker>,
    stalled_since: Option<Instant>,
    /// When closing must be over; means nothing while open.
    deadline: Instant,
    phase: Phase,
    hearing: Hearing,
    has_output: bool,
    /// What the end will be called once closing is through.
    ending: Ended,
    over: Option<Ended>,
}

impl<S, H: Handler> Drop for Session<S, H> {
    fn drop(&mut self) {
        self.outbox.shut();
        self.handler.closed();
    }
}

impl<S, H> Future for Session<S, H>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    H: Handler,
{
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        let session = &mut *self;
        loop {
            session.write(cx);
            session.read(cx);
            session.collect_replies(cx);
            if let Some(ended) = session.over {
                return Poll::Ready(ended);
            }
            if !session.has_output && !session.timer_fired(cx) {
                return Poll::Pending;
            }
        }
    }
}

impl<S, H> Session<S, H>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    H: Handler,
{
    /// Writes all that waits until nothing does or the peer takes no more.
    fn write(&mut self, cx: &mut Context<'_>) {
        self.has_output = false;
        let mut is_drained = false;
        while self.over.is_none() {
            let written = self.writer.poll_write(cx, &mut self.stream, self.limits.write_bytes);
            match written {
                Poll::Pending if self.is_overflowed(cx) => continue,
                Poll::Pending => return,
                Poll::Ready(Err(_)) => return self.end(Ended::Lost),
                Poll::Ready(Ok(())) => {}
            }
            if !is_drained {
                match self.refill(cx) {
                    Refill::Nothing => {}
                    // What is pushed meanwhile wakes the task, so there is no need to look again.
                    Refill::Frames => {
                        is_drained = true;
                        continue;
                    }
                    Refill::Last => continue,
                }
            }
            match self.writer.poll_flush(cx, &mut self.stream) {
                Poll::Pending if self.is_overflowed(cx) => continue,
                Poll::Pending => return,
                Poll::Ready(Err(_)) => return self.end(Ended::Lost),
                Poll::Ready(Ok(())) => return self.written(cx),
            }
        }
    }

    /// Everything handed to the writer is written: gets more.
    fn refill(&mut self, cx: &mut Context<'_>) -> Refill {
        if matches!(self.phase, Phase::Closing | Phase::Lingering) {
            return Refill::Nothing;
        }
        match self.outbox.poll_drain(cx, self.writer.batch()) {
            Poll::Pending => Refill::Nothing,
            Poll::Ready(Drained::Frames) => Refill::Frames,
            Poll::Ready(Drained::LastFrames) => Refill::Last,
            Poll::Ready(Drained::Overflowed) => {
                self.give_up_as_slow();
                Refill::Last
            }
            Poll::Ready(Drained::Close(code, reason)) => {
                self.begin_closing(Ended::Closed(code));
                let frame = match self.ending {
                    Ended::PeerClosed(Some(code)) => frame::close(code, ""),
                    Ended::PeerClosed(None) => frame::close_without_code(),
                    // A server that stops still answers what it has begun.
                    _ if code == CloseCode::GOING_AWAY && self.replies.len() > 0 => {
                        return Refill::Nothing;
                    }
                    _ => frame::close(code, reason),
                };
                self.send_close(frame);
                Refill::Last
            }
        }
    }

    /// All is written and flushed.
    fn written(&mut self, cx: &mut Context<'_>) {
        self.stalled_since = None;
        if self.phase != Phase::Closing {
            return;
        }
        if matches!(self.ending, Ended::PeerClosed(_)) {
            return self.hang_up(cx);
        }
        self.phase = Phase::Lingering;
        self.set_deadline(self.limits.close_wait);
        if self.hearing == Hearing::Deaf {
            // The peer's close frame would not be understood any more; the end of our side tells it that all is said.
            let _ = Pin::new(&mut self.stream).poll_shutdown(cx);
        }
    }

    /// The peer takes nothing at the moment. True when that has made it too slow, so that there is something new to write.
    fn is_overflowed(&mut self, cx: &mut Context<'_>) -> bool {
        if self.writer.take_progress() || self.stalled_since.is_none() {
            let now = Instant::now();
            self.stalled_since = Some(now);
            self.wake_by(now + self.limits.write_stall);
        }
        if matches!(self.phase, Phase::Closing | Phase::Lingering) {
            return false;
        }
        match self.outbox.poll_closing(cx) {
            Poll::Ready(Drained::Overflowed) => {
                self.give_up_as_slow();
                true
            }
            Poll::Ready(Drained::Close(code, _)) => {
                self.begin_closing(Ended::Closed(code));
                false
            }
            Poll::Ready(Drained::Frames | Drained::LastFrames) | Poll::Pending => false,
        }
    }

    fn give_up_as_slow(&mut self) {
        let code = CloseCode::TRY_AGAIN_LATER;
        self.begin_closing(Ended::Closed(code));
        self.writer.drop_unbegun();
        self.send_close(frame::close(code, SLOW_REASON));
    }

    fn begin_closing(&mut self, ending: Ended) {
        if self.phase == Phase::Open {
            self.phase = Phase::Draining;
            self.ending = ending;
            self.set_deadline(self.limits.close_drain);
        }
    }

    fn send_close(&mut self, frame: Bytes) {
        self.replies.clear();
        self.writer.push(frame);
        self.phase = Phase::Closing;
        self.has_output = true;
    }

    /// Closes because of what the peer did; no more of what it says is understood.
    fn refuse(&mut self, code: CloseCode, reason: &'static str) {
        self.outbox.close(code, reason);
        self.hearing = Hearing::Deaf;
        self.has_output = true;
    }

    fn hang_up(&mut self, cx: &mut Context<'_>) {
        let _ = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.end(self.ending);
    }

    fn end(&mut self, ended: Ended) {
        self.over.get_or_insert(ended);
    }

    /// Reads until nothing more has come, or reading pauses.
    fn read(&mut self, cx: &mut Context<'_>) {
        while self.over.is_none() && self.may_read() {
            if !self.unread.is_empty() {
                let unread = std::mem::take(&mut self.unread);
                self.take_in(&unread, cx);
                continue;
            }
            let mut space = [MaybeUninit::uninit(); READ_BYTES];
            let mut space = ReadBuf::uninit(&mut space);
            match Pin::new(&mut self.stream).poll_read(cx, &mut space) {
                Poll::Pending => return,
                Poll::Ready(Ok(())) if !space.filled().is_empty() => {
                    self.heartbeat.heard();
                    self.take_in(space.filled(), cx);
                }
                Poll::Ready(_) if self.phase == Phase::Open => self.end(Ended::Lost),
                Poll::Ready(_) => self.end(self.ending),
            }
        }
    }

    /// Reading pauses while too many replies are under way, or too much waits for a peer that takes nothing.
    fn may_read(&self) -> bool {
        self.replies.len() < self.limits.in_flight && (self.stalled_since.is_none() || !self.outbox.is_full())
    }

    fn take_in(&mut self, mut input: &[u8], cx: &mut Context<'_>) {
        while self.hearing == Hearing::Listens {
            if self.replies.len() >= self.limits.in_flight {
                self.unread = input.to_vec();
                return;
            }
            let read = self.reader.read(&mut input);
            if self.count_frames() == Allowance::Exceeded {
                if let Some(frame) = self.handler.too_many() {
                    self.outbox.push_reply(frame);
                }
                return self.refuse(CloseCode::POLICY_VIOLATION, "too many frames");
            }
            match read {
                Ok(Some(message)) => self.hear(message, cx),
                Ok(None) => return,
                Err(violation) => self.refuse(violation.code, violation.reason),
            }
        }
    }

    fn count_frames(&mut self) -> Allowance {
        let (frames, limits) = (self.reader.take_frames(), &self.limits);
        if frames == 0 {
            return Allowance::Within;
        }
        self.rate.count(frames, Instant::now(), limits.frames_per_second, limits.frames_burst)
    }

    fn hear(&mut self, message: Message, cx: &mut Context<'_>) {
        match message {
            Message::Close(code) => self.hear_close(code, cx),
            _ if self.phase != Phase::Open => {}
            Message::Text(text) => {
                if let Some(reply) = self.handler.text(text) {
                    self.replies.begin(reply, cx);
                }
            }
            Message::Binary => {
                if let Some(frame) = self.handler.binary() {
                    self.replies.begin(Box::pin(std::future::ready(Some(frame))), cx);
                }
            }
            Message::Ping(payload) => {
                self.writer.push_urgent(frame::pong(&payload));
                self.has_output = true;
            }
            Message::Pong => {}
        }
    }

    /// The peer closes: the replies that are ready and what is queued still go out, then its close frame is answered.
    fn hear_close(&mut self, code: Option<CloseCode>, cx: &mut Context<'_>) {
        match self.phase {
            Phase::Open | Phase::Draining => {
                self.collect_replies(cx);
                self.phase = Phase::Draining;
                self.ending = Ended::PeerClosed(code);
                self.set_deadline(self.limits.close_wait);
                self.refuse(CloseCode::NORMAL, "");
            }
            Phase::Closing => self.hearing = Hearing::Deaf,
            Phase::Lingering => self.end(self.ending),
        }
    }

    /// Passes on the replies that are ready.
    fn collect_replies(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(reply) = self.replies.poll_next(cx) {
            if let Some(frame) = reply {
                self.outbox.push_reply(frame);
            }
            // Even without a reply: reading may go on, or closing has waited for this one.
            self.has_output = true;
        }
    }

    fn set_deadline(&mut self, from_now: std::time::Duration) {
        self.deadline = Instant::now() + from_now;
        self.wake_by(self.deadline);
    }

    /// Makes the timer fire no later than then. It is set back only when it fires, so that most sockets never touch it.
    fn wake_by(&mut self, at: Instant) {
        if at < self.timer.deadline() {
            self.timer.as_mut().reset(at);
            self.timer_set_by = None;
        }
    }

    /// Does what time demands. True when the timer fired, so that there may be something to write.
    fn timer_fired(&mut self, cx: &mut Context<'_>) -> bool {
        let is_set = self.timer_set_by.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if is_set && !self.timer.is_elapsed() {
            return false;
        }
        if self.timer.as_mut().poll(cx).is_pending() {
            self.timer_set_by = Some(cx.waker().clone());
            return false;
        }
        let now = Instant::now();
        if self.phase == Phase::Open {
            self.keep_pulse(now);
        } else if now >= self.deadline {
            self.deadline_passed();
        }
        let mut next = match self.phase {
            Phase::Open => self.heartbeat.next(),
            Phase::Draining | Phase::Closing | Phase::Lingering => self.deadline,
        };
        if let Some(since) = self.stalled_since {
            let stalled = since + self.limits.write_stall;
            if now >= stalled {
                self.end(Ended::Stalled);
            }
            next = next.min(stalled);
        }
        self.timer.as_mut().reset(next);
        self.timer_set_by = None;
        true
    }

    /// Closing takes too long. If only replies are missing the close frame still goes out without them.
    fn deadline_passed(&mut self) {
        if self.replies.len() > 0 && self.stalled_since.is_none() {
            self.replies.clear();
            self.deadline += self.limits.close_wait;
        } else {
            self.end(self.ending);
        }
    }

    fn keep_pulse(&mut self, now: Instant) {
        match self.heartbeat.beat(now, self.limits.heartbeat) {
            Beat::NotYet => {}
            Beat::Ping => self.writer.push_ping(frame::ping(&[])),
            Beat::Dead => {
                self.begin_closing(Ended::Silent);
                self.refuse(CloseCode::GOING_AWAY, "no answer to pings");
            }
        }
    }
}
