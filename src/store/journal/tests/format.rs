//! The bytes of segments and records.

use super::super::format::{HEADER_BYTES, Header, SegmentKind, VERSION};
use super::*;
use std::fs;

#[test]
fn golden_bytes_of_a_segment() {
    let dir = tempfile::tempdir().unwrap();
    found_with_id(dir.path(), &[b"salon".to_vec()], ID).unwrap();
    let bytes = fs::read(segment(dir.path(), 1)).unwrap();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        "5041524c4f524a0a010000000000000008070605040302010100000000000000\
         0100000000000000000000000000000000000000000000000000000036d9be41\
         0500000029b89cbd01000000000000000000000000000000000000005a4c3947\
         73616c6f6e000000"
    );
    assert_eq!(open(dir.path()).last_seq, 1);
}

#[test]
fn a_newer_format_is_refused_with_words() {
    let dir = founded();
    let path = segment(dir.path(), 1);
    let mut bytes = fs::read(&path).unwrap();
    bytes[8..10].copy_from_slice(&(VERSION + 1).to_le_bytes());
    let crc = crc32c::crc32c(&bytes[..60]);
    bytes[60..64].copy_from_slice(&crc.to_le_bytes());
    fs::write(&path, bytes).unwrap();
    let error = open_error(dir.path());
    assert!(matches!(error, JournalError::Newer { version: 2, known: 1, .. }), "{error}");
    assert!(error.to_string().contains("newer Parlor"), "{error}");
}

#[test]
fn headers_read_back() {
    let header = Header { journal_id: ID, kind: SegmentKind::Compacted, first_seq: 5, last_seq: 9, size_bytes: 1234 };
    let bytes: [u8; HEADER_BYTES] = header.encode();
    assert_eq!(Header::decode(&bytes), Ok(header));
    for at in 0..HEADER_BYTES {
        let mut flipped = bytes;
        flipped[at] ^= 0x10;
        assert!(Header::decode(&flipped).is_err(), "byte {at}");
    }
}

#[test]
fn zeros_are_never_a_head() {
    use super::super::format::{HEAD_BYTES, Head};
    for id in 0..1000 {
        assert_eq!(Head::decode(&[0; HEAD_BYTES], id), None);
    }
}
