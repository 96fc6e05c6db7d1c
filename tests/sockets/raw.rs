//! A client of bare bytes, which may say anything at all.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub const MASK: [u8; 4] = [0xA5, 0x00, 0xFF, 0x3C];

/// One frame of the server: its first byte and its payload.
pub type ServerFrame = (u8, Vec<u8>);

/// A client frame with the given first byte (final bit and opcode).
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..=125 => frame.push(0x80 | len as u8),
        len @ 126..=0xFFFF => {
            frame.push(0x80 | 126);
            frame.extend((len as u16).to_be_bytes());
        }
        len => {
            frame.push(0x80 | 127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

pub struct Raw {
    pub stream: TcpStream,
    received: Vec<u8>,
}

impl Raw {
    pub async fn connect(address: SocketAddr) -> Self {
        Self::open(address, "/", "").await
    }

    /// Opens the socket at a path, with more header lines.
    pub async fn open(address: SocketAddr, path: &str, headers: &str) -> Self {
        let mut stream = TcpStream::connect(address).await.expect("connects");
        stream.set_nodelay(true).expect("a TCP socket");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{headers}\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("writes");
        let mut raw = Self { stream, received: Vec::new() };
        let end = loop {
            if let Some(at) = raw.received.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(raw.fill().await, "the handshake was cut off");
        };
        let head = String::from_utf8(raw.received.drain(..end).collect()).expect("ASCII");
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
        raw
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        // A server that has closed already may refuse the rest.
        self.stream.write_all(bytes).await.ok();
    }

    /// The next frame, or `None` at the end of the connection.
    pub async fn next(&mut self) -> Option<ServerFrame> {
        loop {
            if let Some((frame, len)) = parse(&self.received) {
                self.received.drain(..len);
                return Some(frame);
            }
            if !self.fill().await {
                return None;
            }
        }
    }

    /// All frames up to the end of the connection.
    pub async fn rest(&mut self) -> Vec<ServerFrame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            frames.push(frame);
        }
        frames
    }

    async fn fill(&mut self) -> bool {
        matches!(self.stream.read_buf(&mut self.received).await, Ok(1..))
    }
}

fn parse(bytes: &[u8]) -> Option<(ServerFrame, usize)> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    assert_eq!(second & 0x80, 0, "a server must not mask");
    let (start, len) = match second {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize),
        len => (2, usize::from(len)),
    };
    let payload = bytes.get(start..start + len)?.to_vec();
    Some(((first, payload), start + len))
}
