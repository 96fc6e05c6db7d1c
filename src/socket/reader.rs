//! Reads what the peer sends (RFC 6455, section 5): bytes in, messages or a violation out.
//!
//! Pure: no sockets, no clock. Refuses as early as the bytes allow and never allocates for a length that was only announced;
//! between messages it holds no buffer at all.

use crate::hub::CloseCode;

use super::frame::{CONTROL_PAYLOAD_BYTES, Opcode};

/// One thing the peer said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A whole text, put together from its fragments.
    Text(String),
    /// A whole binary message; its content is not kept.
    Binary,
    /// To be answered with a pong of the same payload.
    Ping(Vec<u8>),
    /// The answer to a ping, or a sign of life.
    Pong,
    /// The peer closes; `None` when it gave no code.
    Close(Option<CloseCode>),
}

/// A broken rule: the code to close with, and a few words for the close frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Violation {
    /// 1002, 1007 or 1009.
    pub code: CloseCode,
    /// Says which rule.
    pub reason: &'static str,
}

const fn protocol(reason: &'static str) -> Violation {
    Violation { code: CloseCode::PROTOCOL_ERROR, reason }
}

const NOT_UTF8: Violation = Violation { code: CloseCode::INVALID_DATA, reason: "text is not UTF-8" };
const TOO_BIG: Violation = Violation { code: CloseCode::TOO_BIG, reason: "message too large" };

/// The frame whose payload is being read.
#[derive(Clone, Copy)]
struct Current {
    opcode: Opcode,
    is_final: bool,
    remaining: usize,
    mask: [u8; 4],
}

/// The message whose fragments are being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
}

/// The reader of one socket. After a violation it must not be asked again.
pub struct FrameReader {
    frame_bytes: u32,
    message_bytes: u32,
    header: [u8; 14],
    header_len: u8,
    current: Option<Current>,
    kind: Option<Kind>,
    /// Bytes of the message so far; of a binary one they are counted only.
    message_len: u32,
    text: Vec<u8>,
    /// How much of `text` is known to be UTF-8.
    checked: usize,
    control: Vec<u8>,
    frames: u32,
}

impl FrameReader {
    /// A reader with the longest frame and message it takes, in bytes.
    pub fn new(frame_bytes: usize, message_bytes: usize) -> Self {
        Self {
            frame_bytes: u32::try_from(frame_bytes).unwrap_or(u32::MAX),
            message_bytes: u32::try_from(message_bytes).unwrap_or(u32::MAX),
            header: [0; 14],
            header_len: 0,
            current: None,
            kind: None,
            message_len: 0,
            text: Vec::new(),
            checked: 0,
            control: Vec::new(),
            frames: 0,
        }
    }

    /// Frames whose header was read since this was last asked.
    pub fn take_frames(&mut self) -> u32 {
        std::mem::take(&mut self.frames)
    }

    /// Reads from the front of `input` up to the end of one message and leaves the rest there. `None`: all was taken and
    /// more is needed.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Message>, Violation> {
        loop {
            let mut current = match self.current.take() {
                Some(current) => current,
                None => match self.read_header(input)? {
                    Some(current) => current,
                    None => return Ok(None),
                },
            };
            self.read_payload(&mut current, input)?;
            if current.remaining > 0 {
                self.check_text(current)?;
                self.current = Some(current);
                return Ok(None);
            }
            if let Some(message) = self.end_frame(current)? {
                return Ok(Some(message));
            }
        }
    }

    fn read_header(&mut self, input: &mut &[u8]) -> Result<Option<Current>, Violation> {
        loop {
            let have = usize::from(self.header_len);
            let need = self.header_need();
            if have >= need {
                break;
            }
            let Some((&byte, rest)) = input.split_first() else {
                return Ok(None);
            };
            self.header[have] = byte;
            self.header_len += 1;
            *input = rest;
            match have + 1 {
                2 => self.check_start()?,
                // The length is judged before the mask has come.
                len if len + 4 == self.header_need() => self.check_length()?,
                _ => {}
            }
        }
        Ok(Some(self.begin_frame()))
    }

    fn header_need(&self) -> usize {
        if self.header_len < 2 {
            return 2;
        }
        match self.header[1] & 0x7F {
            126 => 8,
            127 => 14,
            _ => 6,
        }
    }

    fn opcode(&self) -> Result<Opcode, Violation> {
        Opcode::from_bits(self.header[0] & 0x0F).ok_or(protocol("reserved opcode"))
    }

    fn is_final(&self) -> bool {
        self.header[0] & 0x80 != 0
    }

    /// Judges the first two bytes.
    fn check_start(&mut self) -> Result<(), Violation> {
        let [first, second, ..] = self.header;
        if first & 0x70 != 0 {
            return Err(protocol("reserved bits set"));
        }
        let opcode = self.opcode()?;
        if second & 0x80 == 0 {
            return Err(protocol("frame not masked"));
        }
        if opcode.is_control() {
            if !self.is_final() {
                return Err(protocol("control frame in fragments"));
            }
            if usize::from(second & 0x7F) > CONTROL_PAYLOAD_BYTES {
                return Err(protocol("control frame too long"));
            }
        } else if (opcode == Opcode::Continuation) != self.kind.is_some() {
            return Err(protocol("fragments out of order"));
        }
        self.frames = self.frames.saturating_add(1);
        if second & 0x7F < 126 {
            self.check_length()?;
        }
        Ok(())
    }

    /// The announced length of the payload, once its bytes are here.
    fn length(&self) -> u64 {
        match self.header[1] & 0x7F {
            126 => u64::from(u16::from_be_bytes([self.header[2], self.header[3]])),
            127 => self.header[2..10].iter().fold(0, |length, &byte| length << 8 | u64::from(byte)),
            short => u64::from(short),
        }
    }

    fn check_length(&mut self) -> Result<(), Violation> {
        let length = self.length();
        let shortest = match self.header[1] & 0x7F {
            126 => length > 125,
            127 => length > 0xFFFF,
            _ => true,
        };
        if length >> 63 != 0 || !shortest {
            return Err(protocol("bad length"));
        }
        if self.opcode()?.is_control() {
            return Ok(());
        }
        let whole = length.saturating_add(u64::from(self.message_len));
        if length > u64::from(self.frame_bytes) || whole > u64::from(self.message_bytes) {
            return Err(TOO_BIG);
        }
        Ok(())
    }

    /// The header is complete and was found good.
    fn begin_frame(&mut self) -> Current {
        let at = usize::from(self.header_len) - 4;
        let mut mask = [0; 4];
        mask.copy_from_slice(&self.header[at..at + 4]);
        let opcode = self.opcode().unwrap_or(Opcode::Continuation);
        match opcode {
            Opcode::Text => self.kind = Some(Kind::Text),
            Opcode::Binary => self.kind = Some(Kind::Binary),
            _ => {}
        }
        let current = Current {
            opcode,
            is_final: self.is_final(),
            // Checked against a limit of 32 bits.
            remaining: self.length() as usize,
            mask,
        };
        self.header_len = 0;
        current
    }

    fn read_payload(&mut self, current: &mut Current, input: &mut &[u8]) -> Result<(), Violation> {
        let len = current.remaining.min(input.len());
        let (payload, rest) = input.split_at(len);
        *input = rest;
        current.remaining -= len;
        if current.opcode.is_control() {
            unmask_into(&mut self.control, payload, &mut current.mask);
            return Ok(());
        }
        self.message_len += len as u32;
        if self.kind == Some(Kind::Text) {
            unmask_into(&mut self.text, payload, &mut current.mask);
        }
        Ok(())
    }

    /// Looks at text that is not complete yet, so that bad text is refused before its end.
    fn check_text(&mut self, current: Current) -> Result<(), Violation> {
        if current.opcode.is_control() || self.kind != Some(Kind::Text) {
            return Ok(());
        }
        match std::str::from_utf8(&self.text[self.checked..]) {
            Ok(_) => self.checked = self.text.len(),
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(NOT_UTF8),
        }
        Ok(())
    }

    fn end_frame(&mut self, current: Current) -> Result<Option<Message>, Violation> {
        match current.opcode {
            Opcode::Ping => Ok(Some(Message::Ping(std::mem::take(&mut self.control)))),
            Opcode::Pong => {
                self.control = Vec::new();
                Ok(Some(Message::Pong))
            }
            Opcode::Close => {
                let payload = std::mem::take(&mut self.control);
                close_code(&payload).map(|code| Some(Message::Close(code)))
            }
            Opcode::Continuation | Opcode::Text | Opcode::Binary if current.is_final => self.end_message().map(Some),
            Opcode::Continuation | Opcode::Text | Opcode::Binary => {
                self.check_text(current)?;
                Ok(None)
            }
        }
    }

    fn end_message(&mut self) -> Result<Message, Violation> {
        self.message_len = 0;
        self.checked = 0;
        let text = std::mem::take(&mut self.text);
        match self.kind.take() {
            Some(Kind::Binary) => Ok(Message::Binary),
            _ => String::from_utf8(text).map(Message::Text).map_err(|_| NOT_UTF8),
        }
    }
}

/// Appends the unmasked payload and turns the mask to where the next byte continues.
fn unmask_into(into: &mut Vec<u8>, payload: &[u8], mask: &mut [u8; 4]) {
    let start = into.len();
    into.extend_from_slice(payload);
    for chunk in into[start..].chunks_mut(4) {
        for (byte, key) in chunk.iter_mut().zip(mask.iter()) {
            *byte ^= key;
        }
    }
    mask.rotate_left(payload.len() % 4);
}

fn close_code(payload: &[u8]) -> Result<Option<CloseCode>, Violation> {
    let (code, reason) = match payload {
        [] => return Ok(None),
        [_] => return Err(protocol("close code cut off")),
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
    };
    let code = CloseCode::new(code).ok_or(protocol("bad close code"))?;
    if std::str::from_utf8(reason).is_err() {
        return Err(NOT_UTF8);
    }
    Ok(Some(code))
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
