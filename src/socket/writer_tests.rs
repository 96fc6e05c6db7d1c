//! The writer against streams that take little, at once or in pieces.

use std::task::Waker;

use proptest::prelude::*;

use super::*;

/// A stream that takes what its plan allows: each number is the bytes of one call, 0 says "not now".
#[derive(Default)]
struct Stream {
    plan: VecDeque<usize>,
    taken: Vec<u8>,
    calls: usize,
    flushes: usize,
    longest: usize,
    is_vectored: bool,
}

impl Stream {
    fn take(&mut self, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.calls += 1;
        self.longest = self.longest.max(bytes.len());
        match self.plan.pop_front() {
            Some(0) => Poll::Pending,
            allowed => {
                let len = allowed.unwrap_or(usize::MAX).min(bytes.len());
                self.taken.extend_from_slice(&bytes[..len]);
                Poll::Ready(Ok(len))
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.take(bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let bytes: Vec<u8> = pieces.iter().flat_map(|piece| piece.to_vec()).collect();
        self.take(&bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.is_vectored
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flushes += 1;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn cx() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

fn write(writer: &mut Writer, stream: &mut Stream) -> Poll<io::Result<()>> {
    writer.poll_write(&mut cx(), stream, 1000)
}

fn filled(frames: &[&'static [u8]]) -> Writer {
    let mut writer = Writer::default();
    for frame in frames {
        writer.push(Bytes::from_static(frame));
    }
    writer
}

#[test]
fn many_frames_take_one_call_and_one_flush() {
    for is_vectored in [false, true] {
        let mut stream = Stream { is_vectored, ..Stream::default() };
        let mut writer = filled(&[b"one", b"two", b"three"]);
        assert!(write(&mut writer, &mut stream).is_ready());
        assert!(writer.poll_flush(&mut cx(), &mut stream).is_ready());
        assert!(writer.poll_flush(&mut cx(), &mut stream).is_ready());
        assert_eq!(stream.taken, b"onetwothree");
        assert_eq!((stream.calls, stream.flushes), (1, 1));
        assert_eq!((writer.batch.capacity(), writer.joined.capacity()), (0, 0));
    }
}

#[test]
fn an_urgent_frame_goes_between_frames_never_into_one() {
    let mut stream = Stream { plan: [2, 0].into(), ..Stream::default() };
    let mut writer = filled(&[b"first"]);
    assert!(write(&mut writer, &mut stream).is_pending());
    writer.push(Bytes::from_static(b"second"));
    writer.push_urgent(Bytes::from_static(b"?"));
    writer.push_urgent(Bytes::from_static(b"!"));
    assert!(write(&mut writer, &mut stream).is_ready());
    assert_eq!(stream.taken, b"first!second");
}

#[test]
fn what_is_begun_is_finished_and_the_rest_dropped() {
    let mut stream = Stream { plan: [2, 0].into(), ..Stream::default() };
    let mut writer = filled(&[b"first"]);
    assert!(write(&mut writer, &mut stream).is_pending());
    writer.push(Bytes::from_static(b"second"));
    writer.drop_unbegun();
    writer.push(Bytes::from_static(b"bye"));
    assert!(write(&mut writer, &mut stream).is_ready());
    assert_eq!(stream.taken, b"firstbye");
}

#[test]
fn a_stream_that_takes_nothing_is_an_error() {
    struct Full;
    impl AsyncWrite for Full {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(0))
        }
        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }
    let polled = filled(&[b"x"]).poll_write(&mut cx(), &mut Full, 1000);
    assert!(matches!(polled, Poll::Ready(Err(_))));
}

proptest! {
    /// Whatever the stream takes at a time, the bytes arrive whole and in order, and no call is longer than allowed.
    #[test]
    fn bytes_arrive_in_order(
        lens in prop::collection::vec(1usize..1500, 1..150),
        plan in prop::collection::vec(0usize..700, 0..200),
        is_vectored in any::<bool>(),
    ) {
        let mut writer = Writer::default();
        let mut expected = Vec::new();
        for (number, len) in lens.into_iter().enumerate() {
            let frame = vec![number as u8; len];
            expected.extend_from_slice(&frame);
            writer.push(frame.into());
        }
        let mut stream = Stream { plan: plan.into(), is_vectored, ..Stream::default() };
        while write(&mut writer, &mut stream).is_pending() {}
        prop_assert_eq!(&stream.taken, &expected);
        prop_assert!(stream.longest <= 1000);
    }
}
