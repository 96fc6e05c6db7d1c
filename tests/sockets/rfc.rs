//! RFC 6455 at the plumbing itself, with sockets that echo.

use parlor::socket::SocketLimits;

use super::cases::{CLOSE, Case, ENDS, PING, PONG, Pieces, TEXT, TEXT_BEGINS, bad_cases, good_cases, many, outcome};
use super::raw::{Raw, frame};
use super::world::World;

async fn check(case: &Case, world: &World) {
    for pieces in [Pieces::Whole, Pieces::Bytes] {
        let (frames, code) = outcome(Raw::connect(world.address).await, case, pieces).await;
        assert_eq!(code, case.code, "{}", case.name);
        assert_eq!(frames, case.answers, "{}", case.name);
    }
}

/// Every case in one write and byte by byte; afterwards the server still serves.
#[tokio::test]
async fn cases() {
    let world = World::new(SocketLimits::default()).await;
    let mut raw = Raw::connect(world.address).await;
    for case in good_cases().iter().chain(&bad_cases()) {
        check(case, &world).await;
    }
    raw.send(&frame(TEXT, b"still here")).await;
    assert_eq!(raw.next().await, Some((TEXT, b"still here".to_vec())));
}

#[tokio::test]
async fn pings_are_answered_even_between_fragments() {
    let world = World::new(SocketLimits::default()).await;
    let mut raw = Raw::connect(world.address).await;
    raw.send(&many(&[(TEXT_BEGINS, b"a"), (PING, b"there?")])).await;
    assert_eq!(raw.next().await, Some((PONG, b"there?".to_vec())));
    raw.send(&frame(ENDS, b"b")).await;
    assert_eq!(raw.next().await, Some((TEXT, b"ab".to_vec())));
    raw.send(&frame(PING, &[7; 125])).await;
    assert_eq!(raw.next().await, Some((PONG, vec![7; 125])));
}

#[tokio::test]
async fn requests_that_came_with_the_handshake_are_heard() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let world = World::new(SocketLimits::default()).await;
    let mut stream = tokio::net::TcpStream::connect(world.address).await.expect("connects");
    let head = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let bytes = [head.as_bytes(), &frame(TEXT, b"early"), &frame(CLOSE, b"")].concat();
    stream.write_all(&bytes).await.expect("writes");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("reads");
    assert!(answer.ends_with(b"\x81\x05early\x88\x00"), "{answer:?}");
}
