//! Peers that do not take what they are sent.

use std::time::Duration;

use parlor::hub::{CloseCode, OutboxLimits, Pushed};
use parlor::socket::{Ended, SocketLimits, frame};

use super::raw::Raw;
use super::world::World;

/// Pushes numbered frames until one is not taken any more; gives how many were taken.
async fn fill(outbox: &parlor::hub::Outbox, text_bytes: usize) -> u32 {
    for number in 0..1_000_000 {
        let text = format!("{number:08}{}", "x".repeat(text_bytes - 8));
        match outbox.push(frame::text(&text)) {
            Pushed::Queued => tokio::task::yield_now().await,
            Pushed::Overflowed => return number,
            Pushed::Closed => panic!("closed without an overflow"),
        }
    }
    panic!("the outbox has no end");
}

#[tokio::test]
async fn a_reader_that_never_reads_is_closed_as_slow_and_sees_no_gap() {
    let limits = OutboxLimits { size_bytes: 100_000, frames: 1000 };
    let mut world = World::with_outboxes(SocketLimits::default(), limits).await;
    let mut slow = Raw::connect(world.address).await;
    let outbox = world.outbox().await;
    let (mut other, others) = world.client().await;
    let pushed = fill(&outbox, 10_000).await;
    assert_eq!(outbox.push(frame::text("late")), Pushed::Closed);
    assert_eq!(outbox.waiting_bytes(), 0);

    // Nobody else notices.
    others.push(frame::text("hello"));
    let heard = futures_util::StreamExt::next(&mut other).await;
    assert_eq!(heard.expect("open").expect("open").into_text().expect("text"), "hello");

    let mut frames = slow.rest().await;
    let close = frames.pop().expect("a close frame");
    assert_eq!((close.0, &close.1[..2]), (0x88, &1013u16.to_be_bytes()[..]));
    assert!(frames.len() <= pushed as usize);
    for (number, (_, text)) in frames.iter().enumerate() {
        assert_eq!(text[..8], *format!("{number:08}").as_bytes());
    }
    drop(slow);
    assert_eq!(world.ended().await, Ended::Closed(CloseCode::TRY_AGAIN_LATER));
}

#[tokio::test]
async fn a_slow_socket_is_dropped_even_if_it_never_reads_its_close() {
    let limits = SocketLimits { close_drain: Duration::from_millis(30), ..SocketLimits::default() };
    let small = OutboxLimits { size_bytes: 100_000, frames: 1000 };
    let mut world = World::with_outboxes(limits, small).await;
    let _slow = Raw::connect(world.address).await;
    let outbox = world.outbox().await;
    fill(&outbox, 10_000).await;
    assert_eq!(world.ended().await, Ended::Closed(CloseCode::TRY_AGAIN_LATER));
}

#[tokio::test]
async fn a_write_without_progress_ends_the_socket() {
    let limits = SocketLimits { write_stall: Duration::from_millis(30), ..SocketLimits::default() };
    let large = OutboxLimits { size_bytes: 256 << 20, frames: 1000 };
    let mut world = World::with_outboxes(limits, large).await;
    let _slow = Raw::connect(world.address).await;
    let outbox = world.outbox().await;
    let mebibyte = frame::text(&"x".repeat(1 << 20));
    for _ in 0..64 {
        assert_eq!(outbox.push(mebibyte.clone()), Pushed::Queued);
    }
    assert_eq!(world.ended().await, Ended::Stalled);
    assert_eq!(outbox.waiting_bytes(), 0);
}

#[tokio::test]
async fn a_peer_that_ignores_the_close_is_dropped() {
    let limits = SocketLimits { close_wait: Duration::from_millis(30), ..SocketLimits::default() };
    let mut world = World::new(limits).await;
    let mut raw = Raw::connect(world.address).await;
    world.outbox().await.close(CloseCode::GOING_AWAY, "stopping");
    assert_eq!(raw.rest().await.len(), 1);
    assert_eq!(world.ended().await, Ended::Closed(CloseCode::GOING_AWAY));
}
