//! Owns the media type of an upload: told from its first bytes, never from the client's word, and from a short list
//! of types that cannot run anything in the reader's browser.

/// Type of bytes that a browser may only save.
pub const BINARY: &str = "application/octet-stream";
/// Type of anything that reads as text: markup and scripts too, so that they stay text.
pub const TEXT: &str = "text/plain";

/// What a browser shall do with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Show it in the page.
    Inline,
    /// Save it.
    Attachment,
}

/// How a file is handed out. Always together with `X-Content-Type-Options: nosniff`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Value of `Content-Type`.
    pub content_type: &'static str,
    pub disposition: Disposition,
}

/// Every type that is shown inline, by the name under which it is stored and served.
const INLINE: [&str; 17] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "application/pdf",
    "audio/aac",
    "audio/amr",
    "audio/flac",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "video/mp4",
    "video/mpeg",
    "video/quicktime",
    "video/webm",
    "video/x-matroska",
];

/// The media type of a file that begins with `head`; 4096 bytes are enough.
pub fn media_type(head: &[u8]) -> &'static str {
    let found = infer::get(head).map_or(BINARY, |kind| standard_name(kind.mime_type()));
    match INLINE.iter().find(|&&name| name == found) {
        Some(name) => name,
        None if reads_as_text(head) => TEXT,
        None => BINARY,
    }
}

/// How a file of this stored type is handed out. A type that is not on the list is only ever saved.
pub fn delivery(media_type: &str) -> Delivery {
    match INLINE.iter().find(|&&name| name == media_type) {
        Some(name) => Delivery { content_type: name, disposition: Disposition::Inline },
        None if media_type == TEXT => {
            Delivery { content_type: "text/plain; charset=utf-8", disposition: Disposition::Attachment }
        }
        None => Delivery { content_type: BINARY, disposition: Disposition::Attachment },
    }
}

/// The registered name where the magic-number table has an old one.
fn standard_name(name: &str) -> &str {
    match name {
        "audio/m4a" => "audio/mp4",
        "audio/opus" => "audio/ogg",
        "audio/x-flac" => "audio/flac",
        "audio/x-wav" => "audio/wav",
        "video/x-m4v" => "video/mp4",
        name => name,
    }
}

/// UTF-8, perhaps cut inside a character, and no control characters but the ones that text has.
fn reads_as_text(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let is_text = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\u{c}' | '\u{1b}');
    !valid.is_empty() && valid.chars().all(is_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_tell_the_type() {
        let table: [(&[u8], &str, Disposition); 20] = [
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png", Disposition::Inline),
            (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "image/jpeg", Disposition::Inline),
            (b"GIF89a\x01\0\x01\0", "image/gif", Disposition::Inline),
            (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp", Disposition::Inline),
            (b"%PDF-1.7\n", "application/pdf", Disposition::Inline),
            (b"ID3\x04\0\0\0\0\0\0", "audio/mpeg", Disposition::Inline),
            (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav", Disposition::Inline),
            (b"fLaC\0\0\0\x22", "audio/flac", Disposition::Inline),
            (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "video/mp4", Disposition::Inline),
            (b"\0\0\0\x18ftypM4A \0\0\0\0M4A isom", "audio/mp4", Disposition::Inline),
            (b"<!DOCTYPE html><script>alert(1)</script>", TEXT, Disposition::Attachment),
            (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", TEXT, Disposition::Attachment),
            (b"<?xml version='1.0'?><svg/>", TEXT, Disposition::Attachment),
            (b"#!/bin/sh\nrm -rf /\n", TEXT, Disposition::Attachment),
            (b"alert(document.cookie)", TEXT, Disposition::Attachment),
            ("Grüße aus der Werkstatt\r\n".as_bytes(), TEXT, Disposition::Attachment),
            (b"PK\x03\x04\x14\0\0\0\x08\0", BINARY, Disposition::Attachment),
            (b"MZ\x90\0\x03\0\0\0", BINARY, Disposition::Attachment),
            (b"\x7fELF\x02\x01\x01\0", BINARY, Disposition::Attachment),
            (b"", BINARY, Disposition::Attachment),
        ];
        for (head, expected, disposition) in table {
            let found = media_type(head);
            assert_eq!(found, expected, "{}", head.escape_ascii());
            assert_eq!(delivery(found).disposition, disposition, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn a_character_cut_at_the_end_is_still_text() {
        let text = "я".repeat(100);
        assert_eq!(media_type(&text.as_bytes()[..199]), TEXT);
        assert_eq!(media_type(b"caf\xe9 in Latin-1"), BINARY);
        assert_eq!(media_type(b"zero\0inside"), BINARY);
    }

    #[test]
    fn only_listed_types_are_shown() {
        for active in ["text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript", "IMAGE/PNG", ""] {
            let expected = Delivery { content_type: BINARY, disposition: Disposition::Attachment };
            assert_eq!(delivery(active), expected, "{active}");
        }
        assert_eq!(delivery(TEXT).content_type, "text/plain; charset=utf-8");
        assert_eq!(delivery("image/png").content_type, "image/png");
    }
}
