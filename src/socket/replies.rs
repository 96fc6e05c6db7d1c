//! Replies under way: every request is begun at once and in order, and answered in the order in which it came.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesOrdered, Stream};

/// The work of one request; gives the reply as an encoded frame, or nothing.
pub type Reply = BoxFuture<'static, Option<Bytes>>;

/// A request that is under way, or whose reply waits for an earlier one.
enum Begun {
    Done(Option<Bytes>),
    UnderWay(Reply),
}

impl Future for Begun {
    type Output = Option<Bytes>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Done(reply) => Poll::Ready(reply.take()),
            Self::UnderWay(reply) => reply.as_mut().poll(cx),
        }
    }
}

/// The replies of one socket; without requests it owns nothing.
#[derive(Default)]
pub(super) struct Replies {
    begun: Option<Box<FuturesOrdered<Begun>>>,
}

impl Replies {
    pub(super) fn len(&self) -> usize {
        self.begun.as_ref().map_or(0, |begun| begun.len())
    }

    /// Begins a request by polling it once; what its first poll does, such as queueing a write, is done when this returns.
    pub(super) fn begin(&mut self, mut reply: Reply, cx: &mut Context<'_>) {
        let begun = match reply.as_mut().poll(cx) {
            Poll::Ready(reply) => Begun::Done(reply),
            Poll::Pending => Begun::UnderWay(reply),
        };
        self.begun.get_or_insert_default().push_back(begun);
    }

    /// The next reply in the order of requests. Pending also when there is none to wait for.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let Some(begun) = &mut self.begun else {
            return Poll::Pending;
        };
        let polled = Pin::new(&mut **begun).poll_next(cx);
        if begun.is_empty() {
            self.begun = None;
        }
        match polled {
            Poll::Ready(Some(reply)) => Poll::Ready(reply),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    /// Forgets all that is under way. Writes that were begun still happen; only their replies are lost.
    pub(super) fn clear(&mut self) {
        self.begun = None;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::task::Waker;

    use tokio::sync::oneshot;

    use super::*;

    fn frame(text: &'static str) -> Option<Bytes> {
        Some(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn begun_in_order_and_answered_in_order() {
        let mut cx = Context::from_waker(Waker::noop());
        let (first_done, first) = oneshot::channel::<()>();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut replies = Replies::default();
        let begins = |name: &'static str| {
            let order = Arc::clone(&order);
            move || order.lock().expect("no panic").push(name)
        };
        let (a, b, c) = (begins("a"), begins("b"), begins("c"));
        replies.begin(
            Box::pin(async move {
                a();
                first.await.ok();
                frame("a")
            }),
            &mut cx,
        );
        replies.begin(
            Box::pin(async move {
                b();
                frame("b")
            }),
            &mut cx,
        );
        replies.begin(
            Box::pin(async move {
                c();
                None
            }),
            &mut cx,
        );
        assert_eq!(*order.lock().expect("no panic"), ["a", "b", "c"]);
        assert_eq!(replies.len(), 3);
        assert!(replies.poll_next(&mut cx).is_pending());
        first_done.send(()).expect("awaited");
        assert_eq!(replies.poll_next(&mut cx), Poll::Ready(frame("a")));
        assert_eq!(replies.poll_next(&mut cx), Poll::Ready(frame("b")));
        assert_eq!(replies.poll_next(&mut cx), Poll::Ready(None));
        assert!(replies.poll_next(&mut cx).is_pending());
        assert!(replies.begun.is_none());
    }
}
