//! The pure part of answering with files: names, ranges and validators.

use std::time::{SystemTime, UNIX_EPOCH};

use poem::{
    http::{HeaderMap, header},
    web::headers::{Date, HeaderMapExt, IfRange},
};

/// Longest name that is sent, in characters.
const MAX_NAME_CHARS: usize = 150;

/// What a browser should do with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Show it in place.
    Inline,
    /// Save it.
    Attachment,
}

/// The `Content-Disposition` header (RFC 6266) for a name in any script.
pub fn content_disposition(disposition: Disposition, name: &str) -> String {
    let kind = match disposition {
        Disposition::Inline => "inline",
        Disposition::Attachment => "attachment",
    };
    let name = harmless_name(name);
    let is_simple = |c: char| c.is_ascii() && !matches!(c, '"' | '%' | ';');
    let fallback: String = name.chars().map(|c| if is_simple(c) { c } else { '_' }).collect();
    if fallback == name {
        format!("{kind}; filename=\"{name}\"")
    } else {
        format!("{kind}; filename=\"{fallback}\"; filename*=UTF-8''{}", percent_encoded(&name))
    }
}

/// A name without path separators, control characters and marks that turn the reading direction around.
fn harmless_name(name: &str) -> String {
    let is_turning = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept: String = name
        .chars()
        .filter(|c| !c.is_control() && !is_turning(*c))
        .map(|c| if matches!(c, '/' | '\\') { '_' } else { c })
        .take(MAX_NAME_CHARS)
        .collect();
    let trimmed = kept.trim().trim_start_matches('.');
    if trimmed.is_empty() { "file".to_owned() } else { trimmed.to_owned() }
}

/// Encodes all but the `attr-char` of RFC 5987.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Whether `If-None-Match` names this tag (quotes included), by the weak comparison.
pub fn etag_matches(headers: &HeaderMap, tag: &str) -> bool {
    headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|line| {
        line.split(',').map(str::trim).any(|given| given == "*" || given.strip_prefix("W/").unwrap_or(given) == tag)
    })
}

/// Which part of a file to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeAnswer {
    /// All of it.
    Whole,
    /// `length` bytes from `start`; never empty.
    Part {
        /// First byte.
        start: u64,
        /// Number of bytes.
        length: u64,
    },
    /// The range begins behind the end.
    Unsatisfiable,
}

/// Reads `Range`, unless `If-Range` says that the client holds a part of another version.
pub fn requested_range(headers: &HeaderMap, tag: &str, modified: Option<SystemTime>, size_bytes: u64) -> RangeAnswer {
    if headers.contains_key(header::IF_RANGE) && !if_range_holds(headers, tag, modified) {
        return RangeAnswer::Whole;
    }
    match headers.get(header::RANGE).and_then(|value| value.to_str().ok()) {
        Some(range) => read_range(range, size_bytes),
        None => RangeAnswer::Whole,
    }
}

/// `If-Range` needs the very same strong tag, or the very same second.
fn if_range_holds(headers: &HeaderMap, tag: &str, modified: Option<SystemTime>) -> bool {
    let Some(given) = headers.get(header::IF_RANGE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    if given.starts_with('"') || given.starts_with("W/") {
        return given == tag;
    }
    let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let Some(modified) = modified else {
        return false;
    };
    headers.typed_get::<IfRange>().is_some_and(|given| given == IfRange::date(modified))
        && seconds(Date::from(modified).into()) == seconds(modified)
}

/// Reads one range in bytes. Several ranges, other units and nonsense mean the whole file, as RFC 9110 allows.
fn read_range(text: &str, size_bytes: u64) -> RangeAnswer {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.trim().split_once('-')) else {
        return RangeAnswer::Whole;
    };
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    match (first, last) {
        ("", last) => match number(last) {
            Some(0) => RangeAnswer::Unsatisfiable,
            Some(_) if size_bytes == 0 => RangeAnswer::Unsatisfiable,
            Some(length) => part(size_bytes.saturating_sub(length), size_bytes - 1),
            None => RangeAnswer::Whole,
        },
        (first, last) => match (number(first), if last.is_empty() { Some(u64::MAX) } else { number(last) }) {
            (Some(first), Some(last)) if last < first => RangeAnswer::Whole,
            (Some(first), Some(_)) if first >= size_bytes => RangeAnswer::Unsatisfiable,
            (Some(first), Some(last)) => part(first, last.min(size_bytes - 1)),
            _ => RangeAnswer::Whole,
        },
    }
}

fn part(first: u64, last: u64) -> RangeAnswer {
    RangeAnswer::Part { start: first, length: last - first + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        let part = |start, length| RangeAnswer::Part { start, length };
        for (text, expected) in [
            ("bytes=0-0", part(0, 1)),
            ("bytes=2-4", part(2, 3)),
            ("bytes=2-", part(2, 8)),
            ("bytes=-3", part(7, 3)),
            ("bytes=-99", part(0, 10)),
            ("bytes=0-99", part(0, 10)),
            ("bytes=10-", RangeAnswer::Unsatisfiable),
            ("bytes=-0", RangeAnswer::Unsatisfiable),
            ("bytes=4-2", RangeAnswer::Whole),
            ("bytes=0-1,3-4", RangeAnswer::Whole),
            ("bytes=+1-2", RangeAnswer::Whole),
            ("bytes=-", RangeAnswer::Whole),
            ("bytes=99999999999999999999-", RangeAnswer::Whole),
            ("lines=1-2", RangeAnswer::Whole),
        ] {
            assert_eq!(read_range(text, 10), expected, "{text}");
        }
        assert_eq!(read_range("bytes=0-", 0), RangeAnswer::Unsatisfiable);
        assert_eq!(read_range("bytes=-1", 0), RangeAnswer::Unsatisfiable);
    }

    #[test]
    fn a_part_of_another_version_is_not_continued() {
        let range = |if_range: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, "bytes=1-".parse().unwrap());
            headers.insert(header::IF_RANGE, if_range.parse().unwrap());
            requested_range(&headers, "\"a\"", Some(UNIX_EPOCH), 5)
        };
        let rest = RangeAnswer::Part { start: 1, length: 4 };
        assert_eq!(range("\"a\""), rest);
        assert_eq!(range("\"b\""), RangeAnswer::Whole);
        assert_eq!(range("W/\"a\""), RangeAnswer::Whole);
        assert_eq!(range("Thu, 01 Jan 1970 00:00:00 GMT"), rest);
        assert_eq!(range("Thu, 01 Jan 1970 00:00:01 GMT"), RangeAnswer::Whole);
    }

    #[test]
    fn names_in_any_script_are_encoded() {
        for (name, expected) in [
            ("report.pdf", r#"inline; filename="report.pdf""#),
            ("a b.txt", r#"inline; filename="a b.txt""#),
            ("смета.pdf", "inline; filename=\"_____.pdf\"; filename*=UTF-8''%D1%81%D0%BC%D0%B5%D1%82%D0%B0.pdf"),
            ("a\"b.txt", "inline; filename=\"a_b.txt\"; filename*=UTF-8''a%22b.txt"),
            ("50%.txt", "inline; filename=\"50_.txt\"; filename*=UTF-8''50%25.txt"),
            ("a\r\nSet-Cookie: x", r#"inline; filename="aSet-Cookie: x""#),
            ("../../etc/passwd", r#"inline; filename="_.._etc_passwd""#),
            ("gpj\u{202e}.exe", r#"inline; filename="gpj.exe""#),
            ("", r#"inline; filename="file""#),
            ("...", r#"inline; filename="file""#),
        ] {
            assert_eq!(content_disposition(Disposition::Inline, name), expected, "{name:?}");
        }
        assert!(content_disposition(Disposition::Attachment, "a").starts_with("attachment;"));
    }

    #[test]
    fn tags_are_compared_weakly() {
        for (given, matches) in
            [("\"a\"", true), ("W/\"a\"", true), ("\"b\", \"a\"", true), ("*", true), ("\"b\"", false), ("a", false)]
        {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, given.parse().unwrap());
            assert_eq!(etag_matches(&headers, "\"a\""), matches, "{given}");
        }
    }
}
