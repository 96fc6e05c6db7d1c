//! What the reader makes of good, bad and random bytes, however they are cut.

use proptest::prelude::*;

use super::*;

const LIMIT: usize = 64 << 10;
const MASK: [u8; 4] = [0x11, 0xC7, 0x00, 0x5E];

/// A masked client frame; `first` is the byte with the final bit and the opcode.
fn client(first: u8, payload: &[u8]) -> Vec<u8> {
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

fn frames(parts: &[(u8, &[u8])]) -> Vec<u8> {
    parts.iter().flat_map(|(first, payload)| client(*first, payload)).collect()
}

/// All messages of these pieces, and the violation that ended them.
fn read_all<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Message>, Option<Violation>) {
    let mut reader = FrameReader::new(LIMIT, LIMIT);
    let mut messages = Vec::new();
    for mut piece in pieces {
        loop {
            match reader.read(&mut piece) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => {
                    assert!(piece.is_empty(), "input was left without a message");
                    break;
                }
                Err(violation) => return (messages, Some(violation)),
            }
        }
    }
    (messages, None)
}

fn text(text: &str) -> Message {
    Message::Text(text.to_owned())
}

fn good(bytes: &[u8], expected: &[Message]) {
    for size in [1, 2, 3, 7, bytes.len().max(1)] {
        let (messages, violation) = read_all(bytes.chunks(size));
        assert_eq!(violation, None, "in pieces of {size}");
        assert_eq!(messages, expected, "in pieces of {size}");
    }
}

fn bad(bytes: &[u8], code: CloseCode) {
    for size in [1, 2, 3, 7, bytes.len().max(1)] {
        let violation = read_all(bytes.chunks(size)).1;
        assert_eq!(violation.map(|violation| violation.code), Some(code), "{bytes:02x?} in pieces of {size}");
    }
}

#[test]
fn whole_messages() {
    good(&client(0x81, b"Hello"), &[text("Hello")]);
    good(&client(0x81, b""), &[text("")]);
    good(&client(0x82, b"\xFF\xFE"), &[Message::Binary]);
    good(&client(0x89, b"are you there"), &[Message::Ping(b"are you there".to_vec())]);
    good(&client(0x8A, b""), &[Message::Pong]);
    let (medium, large) = ("m".repeat(126), "ё".repeat(LIMIT / 2));
    good(&client(0x81, medium.as_bytes()), &[text(&medium)]);
    let (messages, violation) = read_all([client(0x81, large.as_bytes()).as_slice()]);
    assert_eq!((messages, violation), (vec![text(&large)], None));
}

#[test]
fn fragments_with_control_frames_between() {
    let bytes = frames(&[(0x01, b"one "), (0x89, b"?"), (0x00, b""), (0x8A, b""), (0x80, b"two"), (0x81, b"next")]);
    good(&bytes, &[Message::Ping(b"?".to_vec()), Message::Pong, text("one two"), text("next")]);
    good(&frames(&[(0x02, b"\xC3"), (0x80, b"\x28")]), &[Message::Binary]);
}

#[test]
fn a_character_may_be_cut_by_fragments() {
    let snowman = "☃".as_bytes();
    good(&frames(&[(0x01, &snowman[..1]), (0x00, &snowman[1..2]), (0x80, &snowman[2..])]), &[text("☃")]);
}

#[test]
fn close_frames() {
    good(&client(0x88, b""), &[Message::Close(None)]);
    for code in [1000u16, 1001, 1011, 1014, 3000, 4999] {
        let mut payload = code.to_be_bytes().to_vec();
        payload.extend("до свидания".as_bytes());
        good(&client(0x88, &payload), &[Message::Close(CloseCode::new(code))]);
    }
    for code in [0u16, 999, 1004, 1005, 1006, 1015, 1100, 2999, 5000, 65_535] {
        bad(&client(0x88, &code.to_be_bytes()), CloseCode::PROTOCOL_ERROR);
    }
    bad(&client(0x88, &[3]), CloseCode::PROTOCOL_ERROR);
    bad(&client(0x88, &[3, 0xE8, 0xC3, 0x28]), CloseCode::INVALID_DATA);
}

#[test]
fn broken_frames() {
    let broken: [&[u8]; 12] = [
        &[0xC1, 0x80],
        &[0xA1, 0x80],
        &[0x91, 0x80],
        &[0x83, 0x80],
        &[0x8B, 0x80],
        &[0x8F, 0x80],
        &[0x81, 0x05],
        &[0x09, 0x80],
        &[0x89, 0xFE],
        &[0x88, 0xFF],
        &[0x80, 0x80],
        &[0x81, 0xFE, 0, 125],
    ];
    for bytes in broken {
        bad(bytes, CloseCode::PROTOCOL_ERROR);
    }
    bad(&frames(&[(0x01, b"a"), (0x81, b"b")]), CloseCode::PROTOCOL_ERROR);
    bad(&frames(&[(0x01, b"a"), (0x80, b"b"), (0x80, b"c")]), CloseCode::PROTOCOL_ERROR);
}

#[test]
fn lengths_beyond_the_limit_are_refused_before_any_payload() {
    bad(&[0x81, 0xFF, 0, 0, 0, 0, 0, 1, 0, 1], CloseCode::TOO_BIG);
    bad(&[0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], CloseCode::TOO_BIG);
    bad(&[0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0], CloseCode::PROTOCOL_ERROR);
    bad(&[0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], CloseCode::PROTOCOL_ERROR);
}

#[test]
fn a_message_is_limited_over_its_fragments() {
    let half = vec![b'x'; LIMIT / 2];
    for first in [0x01, 0x02] {
        let bytes = frames(&[(first, &half), (0x00, &half), (0x00, b"x")]);
        let violation = read_all([bytes.as_slice()]).1;
        assert_eq!(violation.map(|violation| violation.code), Some(CloseCode::TOO_BIG));
    }
}

#[test]
fn bad_text_is_refused_before_its_end() {
    bad(&client(0x81, b"\xC0\xAF"), CloseCode::INVALID_DATA);
    bad(&client(0x81, b"\xED\xA0\x80"), CloseCode::INVALID_DATA);
    bad(&client(0x81, b"cut \xF0\x9F"), CloseCode::INVALID_DATA);
    let whole = client(0x81, b"good \xFF and much more that never comes");
    bad(&whole[..12], CloseCode::INVALID_DATA);
    bad(&frames(&[(0x01, b"a\xFF")]), CloseCode::INVALID_DATA);
}

#[test]
fn every_frame_is_counted_once() {
    let bytes = frames(&[(0x01, b"a"), (0x89, b""), (0x00, b""), (0x80, b"b")]);
    let mut reader = FrameReader::new(LIMIT, LIMIT);
    let mut input = bytes.as_slice();
    assert_eq!(reader.read(&mut input), Ok(Some(Message::Ping(Vec::new()))));
    assert_eq!(reader.take_frames(), 2);
    assert_eq!(reader.read(&mut input), Ok(Some(text("ab"))));
    assert_eq!(reader.take_frames(), 2);
}

#[test]
fn between_messages_no_buffer_is_held() {
    let mut reader = FrameReader::new(LIMIT, LIMIT);
    let bytes = frames(&[(0x81, &vec![b'x'; LIMIT]), (0x89, b"?"), (0x8A, b"!")]);
    let mut input = bytes.as_slice();
    while let Ok(Some(_)) = reader.read(&mut input) {}
    assert_eq!((reader.text.capacity(), reader.control.capacity()), (0, 0));
}

/// A stream of good messages as frames, with the messages expected.
fn stream() -> impl Strategy<Value = (Vec<u8>, Vec<Message>)> {
    let message = prop_oneof![
        (".{0,200}", 1usize..5).prop_map(|(words, parts)| (fragmented(0x01, words.as_bytes(), parts), text(&words))),
        (prop::collection::vec(any::<u8>(), 0..300), 1usize..4)
            .prop_map(|(data, parts)| (fragmented(0x02, &data, parts), Message::Binary)),
        prop::collection::vec(any::<u8>(), 0..=125).prop_map(|data| (client(0x89, &data), Message::Ping(data))),
        Just((client(0x8A, b"pong"), Message::Pong)),
    ];
    prop::collection::vec(message, 0..12).prop_map(|messages| {
        let (bytes, messages): (Vec<_>, Vec<_>) = messages.into_iter().unzip();
        (bytes.concat(), messages)
    })
}

fn fragmented(opcode: u8, data: &[u8], parts: usize) -> Vec<u8> {
    let size = (data.len() / parts).max(1);
    let mut pieces: Vec<&[u8]> = data.chunks(size).collect();
    if pieces.is_empty() {
        pieces.push(&[]);
    }
    let last = pieces.len() - 1;
    let frame = |(at, piece): (usize, &&[u8])| {
        let first = if at == 0 { opcode } else { 0 } | if at == last { 0x80 } else { 0 };
        client(first, piece)
    };
    pieces.iter().enumerate().flat_map(frame).collect()
}

fn cut(bytes: &[u8], cuts: &[prop::sample::Index]) -> Vec<Vec<u8>> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    at.extend([0, bytes.len()]);
    at.sort_unstable();
    at.windows(2).map(|pair| bytes[pair[0]..pair[1]].to_vec()).collect()
}

proptest! {
    #[test]
    fn any_cut_gives_the_same_messages(
        (bytes, expected) in stream(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let pieces = cut(&bytes, &cuts);
        let (messages, violation) = read_all(pieces.iter().map(Vec::as_slice));
        prop_assert_eq!(violation, None);
        prop_assert_eq!(messages, expected);
    }

    #[test]
    fn random_bytes_never_panic_and_cuts_change_nothing(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(0x81), Just(0x80), Just(0x01), Just(0x85)], 0..400),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let whole = read_all([bytes.as_slice()]);
        let pieces = cut(&bytes, &cuts);
        let in_pieces = read_all(pieces.iter().map(Vec::as_slice));
        prop_assert_eq!(&whole.0, &in_pieces.0);
        prop_assert_eq!(whole.1.map(|v| v.code), in_pieces.1.map(|v| v.code));
    }
}
