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
const INLINE: [&str; 22] = [
    "image/avif",
    "image/bmp",
    "image/x-icon",
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
    "video/3gpp",
    "video/mp4",
    "video/mpeg",
    "video/ogg",
    "video/quicktime",
    "video/webm",
    "video/x-matroska",
];

/// The media type of a file that begins with `head`; 4096 bytes are enough.
pub fn media_type(head: &[u8]) -> &'static str {
    let found = infer::get(head).map_or_else(|| unlisted(head), |kind| standard_name(kind.mime_type()));
    let found = match found {
        "audio/ogg" if has_theora(head) => "video/ogg",
        "image/bmp" if !is_bitmap(head) => BINARY,
        found => found,
    };
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

/// What the magic-number table does not know.
fn unlisted(head: &[u8]) -> &'static str {
    match head {
        [_, _, _, _, b'f', b't', b'y', b'p', b'3', b'g', ..] => "video/3gpp",
        [0xff, version_and_layer, rates, ..] if is_layer_3(*version_and_layer, *rates) => "audio/mpeg",
        _ => BINARY,
    }
}

/// The second and third byte of an MPEG audio frame, layer III: the version is not the reserved one, and neither is the bit
/// rate or the sampling rate. The lowest bit of the first only says whether a checksum follows.
fn is_layer_3(version_and_layer: u8, rates: u8) -> bool {
    matches!(version_and_layer & !1, 0xfa | 0xf2 | 0xe2) && rates & 0xf0 != 0xf0 && rates & 0x0c != 0x0c
}

/// The streams of an Ogg file begin with a packet each that names the codec; all of these come first.
fn has_theora(head: &[u8]) -> bool {
    head.windows(7).any(|bytes| bytes == b"\x80theora")
}

/// Two letters are no proof, since a text may begin with them: the length of the second header is one that there is.
fn is_bitmap(head: &[u8]) -> bool {
    matches!(head.get(14..18), Some([12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0]))
}

/// The registered name where the magic-number table has an old one.
fn standard_name(name: &str) -> &str {
    match name {
        "audio/m4a" => "audio/mp4",
        "audio/opus" => "audio/ogg",
        "audio/x-flac" => "audio/flac",
        "audio/x-wav" => "audio/wav",
        "image/vnd.microsoft.icon" => "image/x-icon",
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
        let bitmap = [&b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"[..], &[0; 8]].concat();
        let theora = [&b"OggS\0\x02"[..], &[0; 22], b"\x80theora\x03\x02\x01"].concat();
        let vorbis = [&b"OggS\0\x02"[..], &[0; 22], b"\x01vorbis\0\0\0\0"].concat();
        let table: [(&[u8], &str, Disposition); 39] = [
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
            (b"\0\0\0\x18ftyp3gp5\0\0\x01\0" as &[u8], "video/3gpp", Disposition::Inline),
            (b"\0\0\0\x18ftypavif\0\0\0\0avifmif1", "image/avif", Disposition::Inline),
            (&bitmap, "image/bmp", Disposition::Inline),
            (b"\0\0\x01\0\x01\0\x10\x10", "image/x-icon", Disposition::Inline),
            (&theora, "video/ogg", Disposition::Inline),
            (&vorbis, "audio/ogg", Disposition::Inline),
            (b"\xff\xfb\x90\x64\0\0", "audio/mpeg", Disposition::Inline),
            (b"\xff\xfa\x90\x64\0\0", "audio/mpeg", Disposition::Inline),
            (b"\xff\xf3\x40\xc4\0\0", "audio/mpeg", Disposition::Inline),
            (b"\xff\xe3\x18\xc4\0\0", "audio/mpeg", Disposition::Inline),
            (b"\xff\xe2\x18\xc4\0\0", "audio/mpeg", Disposition::Inline),
            (b"\xff\xfe<\0h\0t\0m\0l\0", BINARY, Disposition::Attachment),
            (b"\xff\xfa\xff\xff", BINARY, Disposition::Attachment),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", BINARY, Disposition::Attachment),
            (b"II\x2a\0\x08\0\0\0\0\0", BINARY, Disposition::Attachment),
            (b"RIFF\x24\0\0\0AVI LIST", BINARY, Disposition::Attachment),
            (b"FORM\0\0\0\x24AIFFCOMM", BINARY, Disposition::Attachment),
            (b"BMW 320d, M-AB 1234, brakes", TEXT, Disposition::Attachment),
            (b"BM", TEXT, Disposition::Attachment),
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
