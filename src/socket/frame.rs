//! Frames as the server writes them (RFC 6455, section 5): whole, final, unmasked, in one piece of shared bytes.
//!
//! Pure; what the peer sends is read by `reader`.

use bytes::{BufMut, Bytes, BytesMut};

use crate::hub::CloseCode;

/// The longest payload of a ping, pong or close frame, in bytes.
pub const CONTROL_PAYLOAD_BYTES: usize = 125;

const FINAL: u8 = 0x80;

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    /// The opcode of these four bits, or `None` for a reserved one.
    pub(super) const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0x0 => Some(Self::Continuation),
            0x1 => Some(Self::Text),
            0x2 => Some(Self::Binary),
            0x8 => Some(Self::Close),
            0x9 => Some(Self::Ping),
            0xA => Some(Self::Pong),
            _ => None,
        }
    }

    pub(super) const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }

    const fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
        }
    }
}

/// One text message. Clone the result for every socket that hears it: clones share the bytes.
pub fn text(text: &str) -> Bytes {
    encode(Opcode::Text, text.as_bytes())
}

/// One binary message.
pub fn binary(data: &[u8]) -> Bytes {
    encode(Opcode::Binary, data)
}

/// A ping; `payload` beyond 125 bytes is cut off.
pub fn ping(payload: &[u8]) -> Bytes {
    encode(Opcode::Ping, control(payload))
}

/// The answer to a ping; `payload` beyond 125 bytes is cut off.
pub fn pong(payload: &[u8]) -> Bytes {
    encode(Opcode::Pong, control(payload))
}

/// A close frame; a reason beyond 123 bytes is cut off at a character.
pub fn close(code: CloseCode, reason: &str) -> Bytes {
    let mut payload = Vec::with_capacity(2 + reason.len());
    payload.extend_from_slice(&code.get().to_be_bytes());
    let mut end = reason.len().min(CONTROL_PAYLOAD_BYTES - 2);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    payload.extend_from_slice(&reason.as_bytes()[..end]);
    encode(Opcode::Close, &payload)
}

/// A close frame that gives no code, which answers one that gave none.
pub fn close_without_code() -> Bytes {
    encode(Opcode::Close, &[])
}

fn control(payload: &[u8]) -> &[u8] {
    &payload[..payload.len().min(CONTROL_PAYLOAD_BYTES)]
}

fn encode(opcode: Opcode, payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(payload.len() + 10);
    frame.put_u8(FINAL | opcode.bits());
    match payload.len() {
        len @ 0..=125 => frame.put_u8(len as u8),
        len @ 126..=0xFFFF => {
            frame.put_u8(126);
            frame.put_u16(len as u16);
        }
        len => {
            frame.put_u8(127);
            frame.put_u64(len as u64);
        }
    }
    frame.put_slice(payload);
    frame.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_the_shortest_form() {
        let cases: [(usize, &[u8]); 5] = [
            (0, &[0x81, 0]),
            (125, &[0x81, 125]),
            (126, &[0x81, 126, 0, 126]),
            (65_535, &[0x81, 126, 0xFF, 0xFF]),
            (65_536, &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ];
        for (len, header) in cases {
            let frame = text(&"x".repeat(len));
            assert_eq!(&frame[..header.len()], header, "{len}");
            assert_eq!(frame.len(), header.len() + len);
        }
    }

    #[test]
    fn control_frames_never_pass_125_bytes() {
        let long = "é".repeat(100);
        for frame in [ping(long.as_bytes()), pong(long.as_bytes()), close(CloseCode::NORMAL, &long)] {
            assert!(usize::from(frame[1]) <= CONTROL_PAYLOAD_BYTES);
            assert_eq!(frame.len(), 2 + usize::from(frame[1]));
        }
        let frame = close(CloseCode::GOING_AWAY, &long);
        assert_eq!(frame[2..4], 1001u16.to_be_bytes());
        assert!(std::str::from_utf8(&frame[4..]).is_ok());
    }

    #[test]
    fn each_kind_has_its_opcode() {
        assert_eq!(text("Hi").as_ref(), [0x81, 2, b'H', b'i']);
        assert_eq!(binary(&[7]).as_ref(), [0x82, 1, 7]);
        assert_eq!(ping(&[]).as_ref(), [0x89, 0]);
        assert_eq!(pong(&[1]).as_ref(), [0x8A, 1, 1]);
        assert_eq!(close_without_code().as_ref(), [0x88, 0]);
    }
}
