//! RFC 6455 case by case: bytes in, what is echoed and the close code out.

use super::raw::{Raw, ServerFrame, frame};

pub const TEXT: u8 = 0x81;
pub const BINARY: u8 = 0x82;
pub const PING: u8 = 0x89;
pub const PONG: u8 = 0x8A;
pub const CLOSE: u8 = 0x88;
pub const TEXT_BEGINS: u8 = 0x01;
pub const BINARY_BEGINS: u8 = 0x02;
pub const GOES_ON: u8 = 0x00;
pub const ENDS: u8 = 0x80;

/// What is sent, and what has to come back.
pub struct Case {
    pub name: &'static str,
    pub bytes: Vec<u8>,
    /// What an echoing server says before the close frame.
    pub answers: Vec<ServerFrame>,
    /// `None`: a close frame without a code.
    pub code: Option<u16>,
}

fn refused(name: &'static str, code: u16, bytes: impl Into<Vec<u8>>) -> Case {
    Case { name, bytes: bytes.into(), answers: Vec::new(), code: Some(code) }
}

/// The frames, then a close that is echoed.
fn fine(name: &'static str, parts: &[(u8, &[u8])], answers: &[(u8, &[u8])]) -> Case {
    Case {
        name,
        bytes: [many(parts), frame(CLOSE, &1000u16.to_be_bytes())].concat(),
        answers: answers.iter().map(|(first, payload)| (*first, payload.to_vec())).collect(),
        code: Some(1000),
    }
}

pub fn many(parts: &[(u8, &[u8])]) -> Vec<u8> {
    parts.iter().flat_map(|(first, payload)| frame(*first, payload)).collect()
}

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(CLOSE, &[&code.to_be_bytes(), reason].concat())
}

/// What is allowed; each ends with a close.
pub fn good_cases() -> Vec<Case> {
    let long = "ж".repeat(32 << 10);
    let long = long.as_bytes();
    vec![
        fine("text", &[(TEXT, b"hello")], &[(TEXT, b"hello")]),
        fine("empty text", &[(TEXT, b"")], &[(TEXT, b"")]),
        fine("text of 125", &[(TEXT, &[b'x'; 125])], &[(TEXT, &[b'x'; 125])]),
        fine("text of 126", &[(TEXT, &[b'x'; 126])], &[(TEXT, &[b'x'; 126])]),
        fine("text of 64 KiB", &[(TEXT, long)], &[(TEXT, long)]),
        fine("two texts at once", &[(TEXT, b"1"), (TEXT, b"2")], &[(TEXT, b"1"), (TEXT, b"2")]),
        fine("fragments", &[(TEXT_BEGINS, b"a"), (GOES_ON, b""), (ENDS, b"b")], &[(TEXT, b"ab")]),
        fine("binary", &[(BINARY, b"\xFF")], &[(TEXT, b"text only")]),
        fine("binary in fragments", &[(BINARY_BEGINS, b"\xFF"), (ENDS, b"")], &[(TEXT, b"text only")]),
        fine("character over fragments", &[(TEXT_BEGINS, b"\xE2\x98"), (ENDS, b"\x83")], &[(TEXT, "☃".as_bytes())]),
        fine("text without an answer", &[(TEXT, b"nothing")], &[]),
        fine("lone pong", &[(PONG, b"unasked")], &[]),
        Case { name: "close without a code", bytes: frame(CLOSE, b""), answers: Vec::new(), code: None },
        refused("close 1001", 1001, close(1001, b"")),
        refused("close with a reason", 3000, close(3000, "пока".as_bytes())),
        refused("close 4999 with the longest reason", 4999, close(4999, &[b'x'; 123])),
        refused("what follows a close is ignored", 1000, [close(1000, b""), frame(TEXT, b"x")].concat()),
        refused("close between fragments", 1000, [frame(TEXT_BEGINS, b"a"), close(1000, b"")].concat()),
    ]
}

/// What is not.
pub fn bad_cases() -> Vec<Case> {
    let half = [b'x'; 40 << 10];
    let mut cases = vec![
        refused("reserved bit 1", 1002, frame(0xC1, b"x")),
        refused("reserved bit 2", 1002, frame(0xA1, b"x")),
        refused("reserved bit 3", 1002, frame(0x91, b"x")),
        refused("reserved bit on a ping", 1002, frame(0xC9, b"")),
        refused("not masked", 1002, *b"\x81\x05Hello"),
        refused("continuation of nothing", 1002, frame(ENDS, b"x")),
        refused("unfinished continuation of nothing", 1002, frame(GOES_ON, b"x")),
        refused("text inside a text", 1002, many(&[(TEXT_BEGINS, b"a"), (TEXT, b"b")])),
        refused("binary inside a text", 1002, many(&[(TEXT_BEGINS, b"a"), (BINARY_BEGINS, b"b")])),
        refused("fragmented ping", 1002, frame(0x09, b"")),
        refused("fragmented close", 1002, frame(0x08, b"\x03\xE8")),
        refused("ping of 126", 1002, frame(PING, &[0; 126])),
        refused("close of 126", 1002, close(1000, &[b'x'; 124])),
        refused("close of one byte", 1002, frame(CLOSE, b"\x03")),
        refused("close reason not UTF-8", 1007, close(1000, b"\xC3\x28")),
        refused("length not in its shortest form", 1002, *b"\x81\xFE\x00\x05"),
        refused("long length not in its shortest form", 1002, *b"\x81\xFF\0\0\0\0\0\0\x10\0"),
        refused("length with the highest bit", 1002, *b"\x82\xFF\x80\0\0\0\0\0\0\0"),
        refused("length 2^63 - 1", 1009, *b"\x82\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
        refused("8 MiB announced", 1009, *b"\x81\xFF\0\0\0\0\0\x80\0\0"),
        refused("300 kB of text", 1009, frame(TEXT, &[b'x'; 300_000])),
        refused("fragments beyond the limit", 1009, many(&[(TEXT_BEGINS, &half), (GOES_ON, &half)])),
        refused("binary fragments beyond the limit", 1009, many(&[(BINARY_BEGINS, &half), (ENDS, &half)])),
        refused("overlong UTF-8", 1007, frame(TEXT, b"\xC0\xAF")),
        refused("surrogate in UTF-8", 1007, frame(TEXT, b"\xED\xA0\x80")),
        refused("beyond Unicode", 1007, frame(TEXT, b"\xF4\x90\x80\x80")),
        refused("character cut off", 1007, frame(TEXT, b"\xE2\x98")),
        refused("bad byte in the first fragment", 1007, frame(TEXT_BEGINS, b"a\xFF")),
        refused("bad byte before the frame's end", 1007, frame(TEXT, b"aaaa\xFFaaaaaaaa")[..13].to_vec()),
        refused("character cut by a new one", 1007, many(&[(TEXT_BEGINS, b"\xE2"), (ENDS, b"a")])),
    ];
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        cases.push(refused("reserved opcode", 1002, frame(0x80 | opcode, b"")));
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        cases.push(refused("close code that may not be sent", 1002, close(code, b"")));
    }
    cases
}

/// What a server says until it closes, and the code with which it does.
pub async fn outcome(mut raw: Raw, case: &Case, pieces: Pieces) -> (Vec<ServerFrame>, Option<u16>) {
    if pieces == Pieces::Whole || case.bytes.len() > 1000 {
        raw.send(&case.bytes).await;
    } else {
        for byte in &case.bytes {
            raw.send(&[*byte]).await;
        }
    }
    let mut frames = raw.rest().await;
    let (first, payload) = frames.pop().unwrap_or_else(|| panic!("{}: no close frame", case.name));
    assert_eq!(first, CLOSE, "{}: {frames:?}", case.name);
    (frames, payload.first_chunk().map(|code| u16::from_be_bytes(*code)))
}

/// How a case is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pieces {
    Whole,
    /// Byte by byte, unless it is long.
    Bytes,
}
