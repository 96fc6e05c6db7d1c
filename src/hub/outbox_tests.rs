//! Order, bounds, wake-ups and ends of an outbox.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

use proptest::prelude::*;

use super::*;

#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn frame(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

fn drain(outbox: &Outbox, bell: &Arc<Bell>) -> (Poll<Drained>, Vec<Bytes>) {
    let waker = Waker::from(Arc::clone(bell));
    let mut into = VecDeque::new();
    let drained = outbox.poll_drain(&mut Context::from_waker(&waker), &mut into);
    (drained, into.into())
}

#[test]
fn frames_come_out_in_order_and_all_at_once() {
    let (outbox, bell) = (Outbox::default(), Arc::new(Bell::default()));
    for text in ["a", "b", "c"] {
        assert_eq!(outbox.push(frame(text)), Pushed::Queued);
    }
    assert_eq!(outbox.waiting_bytes(), 3);
    let (drained, frames) = drain(&outbox, &bell);
    assert_eq!(drained, Poll::Ready(Drained::Frames));
    assert_eq!(frames, [frame("a"), frame("b"), frame("c")]);
    assert_eq!(outbox.waiting_bytes(), 0);
    assert_eq!(drain(&outbox, &bell).0, Poll::Pending);
}

#[test]
fn only_the_first_push_of_a_burst_wakes() {
    let (outbox, bell) = (Outbox::default(), Arc::new(Bell::default()));
    assert!(drain(&outbox, &bell).0.is_pending());
    for _ in 0..5 {
        outbox.push(frame("x"));
    }
    assert_eq!(bell.0.load(Ordering::SeqCst), 1);
    let _ = drain(&outbox, &bell);
    assert!(drain(&outbox, &bell).0.is_pending());
    outbox.push(frame("x"));
    assert_eq!(bell.0.load(Ordering::SeqCst), 2);
}

#[test]
fn closing_lets_out_what_was_queued_first_and_keeps_the_first_reason() {
    let (outbox, bell) = (Outbox::default(), Arc::new(Bell::default()));
    assert!(drain(&outbox, &bell).0.is_pending());
    outbox.push(frame("last words"));
    outbox.close(CloseCode::GOING_AWAY, "stopping");
    outbox.close(CloseCode::SESSION_ENDED, "later");
    assert_eq!(outbox.push(frame("too late")), Pushed::Closed);
    let last = (Poll::Ready(Drained::LastFrames), vec![frame("last words")]);
    assert_eq!(drain(&outbox, &bell), last);
    let closed = Poll::Ready(Drained::Close(CloseCode::GOING_AWAY, "stopping"));
    assert_eq!(drain(&outbox, &bell).0, closed);
    assert!(outbox.is_closed());
}

#[test]
fn closing_wakes_an_idle_session() {
    let (outbox, bell) = (Outbox::default(), Arc::new(Bell::default()));
    assert!(drain(&outbox, &bell).0.is_pending());
    outbox.close(CloseCode::NORMAL, "");
    assert_eq!(bell.0.load(Ordering::SeqCst), 1);
}

#[test]
fn too_many_bytes_or_frames_drop_everything() {
    let by_bytes = OutboxLimits { size_bytes: 10, frames: 100 };
    let by_frames = OutboxLimits { size_bytes: 1000, frames: 2 };
    for limits in [by_bytes, by_frames] {
        let (outbox, bell) = (Outbox::new(limits), Arc::new(Bell::default()));
        assert_eq!(outbox.push(frame("12345")), Pushed::Queued);
        assert_eq!(outbox.push(frame("67890")), Pushed::Queued);
        assert!(!outbox.is_closed());
        assert_eq!(outbox.push(frame("!")), Pushed::Overflowed);
        assert_eq!(outbox.push(frame("!")), Pushed::Closed);
        assert_eq!(outbox.waiting_bytes(), 0);
        assert_eq!(drain(&outbox, &bell).0, Poll::Ready(Drained::Overflowed));
    }
}

#[test]
fn a_session_that_is_stuck_hears_of_the_overflow() {
    let limits = OutboxLimits { size_bytes: 4, frames: 10 };
    let (outbox, bell) = (Outbox::new(limits), Arc::new(Bell::default()));
    let waker = Waker::from(Arc::clone(&bell));
    let mut cx = Context::from_waker(&waker);
    outbox.push(frame("1234"));
    assert!(outbox.poll_closing(&mut cx).is_pending());
    outbox.push(frame("5"));
    assert_eq!(bell.0.load(Ordering::SeqCst), 1);
    assert_eq!(outbox.poll_closing(&mut cx), Poll::Ready(Drained::Overflowed));
}

#[test]
fn replies_are_counted_and_never_refused_while_open() {
    let limits = OutboxLimits { size_bytes: 4, frames: 10 };
    let (outbox, bell) = (Outbox::new(limits), Arc::new(Bell::default()));
    outbox.push_reply(frame("a long reply"));
    assert_eq!(outbox.waiting_bytes(), 12);
    assert!(outbox.is_full());
    assert_eq!(drain(&outbox, &bell).1, [frame("a long reply")]);
}

#[test]
fn after_the_end_nothing_is_kept() {
    let outbox = Outbox::default();
    outbox.push(frame("x"));
    outbox.shut();
    outbox.push_reply(frame("y"));
    assert_eq!(outbox.push(frame("z")), Pushed::Closed);
    assert_eq!(outbox.waiting_bytes(), 0);
}

#[test]
fn codes_that_may_not_be_sent_cannot_be_made() {
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, u16::MAX] {
        assert_eq!(CloseCode::new(code), None, "{code}");
    }
    for code in [1000, 1003, 1007, 1011, 1014, 3000, 4401, 4999] {
        assert_eq!(CloseCode::new(code).map(CloseCode::get), Some(code));
    }
}

proptest! {
    /// Whatever is pushed and drained in whatever rhythm: order is kept, the bound holds, nothing vanishes before an overflow.
    #[test]
    fn order_and_bound_hold(steps in prop::collection::vec(prop::option::weighted(0.8, 1usize..40), 0..200)) {
        let limits = OutboxLimits { size_bytes: 100, frames: 8 };
        let (outbox, bell) = (Outbox::new(limits), Arc::new(Bell::default()));
        let (mut expected, mut seen, mut number) = (Vec::new(), Vec::new(), 0u8);
        for step in steps {
            match step {
                Some(len) => {
                    let next = Bytes::from(vec![number; len]);
                    number = number.wrapping_add(1);
                    match outbox.push(next.clone()) {
                        Pushed::Queued => expected.push(next),
                        Pushed::Overflowed => { expected.truncate(seen.len()); break; }
                        Pushed::Closed => prop_assert!(false, "closed without an overflow"),
                    }
                }
                None => seen.extend(drain(&outbox, &bell).1),
            }
            prop_assert!(outbox.waiting_bytes() <= 100);
        }
        seen.extend(drain(&outbox, &bell).1);
        prop_assert_eq!(seen, expected);
    }
}
