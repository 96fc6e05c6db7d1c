//! Finds the end of a request head in the bytes of a connection, whatever the size of the pieces.
//!
//! It only tells "still in the head" from "head complete"; what the head says is the HTTP library's business.

/// The opening of HTTP/2 without TLS, which is not served.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0";

/// What the bytes so far amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadState {
    /// The blank line that ends a head has not come yet.
    Incomplete,
    /// The head is complete; later bytes belong to the body or to the next request.
    Complete,
    /// The client speaks HTTP/2 without TLS.
    Http2,
}

/// A scanner that is fed a head piece by piece.
#[derive(Debug, Clone, Copy, Default)]
pub struct HeadScan {
    started: bool,
    line_is_empty: bool,
    preface_len: u8,
    preface_ruled_out: bool,
}

impl HeadScan {
    /// Feeds the next bytes. Empty lines before the request line do not count as an end.
    pub fn feed(&mut self, bytes: &[u8]) -> HeadState {
        for &byte in bytes {
            if !self.started {
                if matches!(byte, b'\r' | b'\n') {
                    continue;
                }
                self.started = true;
            }
            if self.is_preface(byte) {
                return HeadState::Http2;
            }
            match byte {
                b'\n' if self.line_is_empty => return HeadState::Complete,
                b'\n' => self.line_is_empty = true,
                b'\r' => {}
                _ => self.line_is_empty = false,
            }
        }
        HeadState::Incomplete
    }

    fn is_preface(&mut self, byte: u8) -> bool {
        if self.preface_ruled_out {
            return false;
        }
        if HTTP2_PREFACE.get(usize::from(self.preface_len)) == Some(&byte) {
            self.preface_len += 1;
        } else {
            self.preface_ruled_out = true;
        }
        usize::from(self.preface_len) == HTTP2_PREFACE.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(bytes: &[u8]) -> HeadState {
        HeadScan::default().feed(bytes)
    }

    #[test]
    fn a_blank_line_ends_the_head_in_every_spelling() {
        for end in ["\r\n\r\n", "\n\n", "\r\n\n", "\n\r\n"] {
            assert_eq!(whole(format!("GET / HTTP/1.1\r\nHost: a{end}").as_bytes()), HeadState::Complete, "{end:?}");
        }
        assert_eq!(whole(b"GET / HTTP/1.1\r\nHost: a\r\n"), HeadState::Incomplete);
    }

    #[test]
    fn blank_lines_before_a_request_are_no_end() {
        assert_eq!(whole(b"\r\n\r\n\r\n\r\n"), HeadState::Incomplete);
        assert_eq!(whole(b"\r\n\r\nGET / HTTP/1.1\r\n\r\n"), HeadState::Complete);
    }

    #[test]
    fn pieces_of_one_byte_give_the_same_result() {
        let head = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        let mut scan = HeadScan::default();
        let states: Vec<_> = head.iter().map(|byte| scan.feed(&[*byte])).collect();
        let (last, before) = states.split_last().unwrap();
        assert_eq!(*last, HeadState::Complete);
        assert!(before.iter().all(|state| *state == HeadState::Incomplete));
    }

    #[test]
    fn http2_without_tls_is_told_from_a_method_that_starts_alike() {
        assert_eq!(whole(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), HeadState::Http2);
        assert_eq!(whole(b"PRINT / HTTP/1.1\r\n\r\n"), HeadState::Complete);
    }
}
