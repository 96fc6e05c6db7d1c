//! Frames as a client sees them, as few instructions as possible: nothing is copied, the mask is zero.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::Result;
use crate::api::Person;
use crate::bench::Opened;

/// Tag, room, number and time of sending, at the start of every text.
pub const STAMP_BYTES: usize = TAG_BYTES + 4 + 8 + 16;
/// The tag that tells this run's messages from all others.
pub const TAG_BYTES: usize = 8;

/// What a text begins with.
#[derive(Clone, Copy)]
pub struct Stamp {
    pub tag: [u8; TAG_BYTES],
    pub room: u16,
    pub number: u32,
    pub sent_ns: u64,
}

impl Stamp {
    pub fn write(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.tag);
        let rest = format!("{:04x}{:08x}{:016x}", self.room, self.number, self.sent_ns);
        into.extend_from_slice(rest.as_bytes());
    }

    /// Reads a stamp that begins with its tag.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..STAMP_BYTES)?;
        let (tag, rest) = bytes.split_first_chunk()?;
        Some(Self {
            tag: *tag,
            room: hex(&rest[..4]) as u16,
            number: hex(&rest[4..12]) as u32,
            sent_ns: hex(&rest[12..]),
        })
    }
}

fn hex(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |value, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            _ => digit.wrapping_sub(b'a').wrapping_add(10) & 0xF,
        };
        value << 4 | u64::from(digit)
    })
}

/// Finds the tag, which stands at nearly the same place in every frame: `hint` remembers where.
pub fn find_tag(payload: &[u8], tag: &[u8; TAG_BYTES], hint: &mut usize) -> Option<usize> {
    let is_at = |at: usize| payload.get(at..at + TAG_BYTES) == Some(tag.as_slice());
    let near = (*hint..*hint + 4).chain(hint.saturating_sub(4)..*hint);
    let found =
        near.clone().find(|at| is_at(*at)).or_else(|| payload.windows(TAG_BYTES).position(|eight| eight == tag))?;
    *hint = found;
    Some(found)
}

/// One frame at the front of the bytes: first byte, payload, and its whole length.
pub fn frame(bytes: &[u8]) -> Option<(u8, &[u8], usize)> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let mask = if second & 0x80 != 0 { 4 } else { 0 };
    let (start, len) = match second & 0x7F {
        126 => (4, usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?))),
        127 => (10, u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?) as usize),
        len => (2, usize::from(len)),
    };
    let end = start + mask + len;
    Some((first, bytes.get(start + mask..end)?, end))
}

/// Appends a client frame, masked with zeros.
pub fn push_frame(into: &mut Vec<u8>, first: u8, payload: &[u8]) {
    into.push(first);
    match payload.len() {
        len @ 0..=125 => into.push(0x80 | len as u8),
        len => {
            into.push(0x80 | 126);
            into.extend_from_slice(&(len as u16).to_be_bytes());
        }
    }
    into.extend_from_slice(&[0; 4]);
    into.extend_from_slice(payload);
}

/// Opens one socket on the event stream and waits for the 101 answer.
pub fn open(address: SocketAddr, person: &Person) -> Result<Opened> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let request = format!(
        "GET /ws/chat/ HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{}: {}\r\n\r\n",
        person.header, person.value
    );
    stream.write_all(request.as_bytes())?;
    let mut received = Vec::new();
    let mut space = [0; 2048];
    let end = loop {
        if let Some(at) = received.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        match stream.read(&mut space)? {
            0 => return Err("the server hung up during the handshake".into()),
            len => received.extend_from_slice(&space[..len]),
        }
    };
    if !received.starts_with(b"HTTP/1.1 101") {
        let answer = String::from_utf8_lossy(&received).into_owned();
        return Err(format!("no socket was opened: {}", answer.lines().next().unwrap_or_default()).into());
    }
    received.drain(..end);
    Ok(Opened { stream, received })
}
