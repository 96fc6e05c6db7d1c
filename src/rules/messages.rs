//! What may be written.

use crate::model::{Error, Result, Room};

/// A text as it is kept: line ends made one kind, space at the end removed.
fn tidy(text: &str) -> String {
    text.replace("\r\n", "\n").trim_end().to_owned()
}

fn check(text: &str, chars_max: usize) -> Result<()> {
    if text.chars().count() > chars_max {
        return Err(Error::invalid("content", format!("A message has at most {chars_max} characters.")));
    }
    if text.contains('\0') {
        return Err(Error::invalid("content", "A message cannot contain the null character."));
    }
    Ok(())
}

/// The text of a message without a file: something must be there.
pub fn text(text: &str, chars_max: usize) -> Result<String> {
    let text = tidy(text);
    check(&text, chars_max)?;
    if text.trim().is_empty() {
        return Err(Error::invalid("content", "The message is empty. Write something."));
    }
    Ok(text)
}

/// The text beside a file: may be empty.
pub fn caption(text: &str, chars_max: usize) -> Result<String> {
    let text = tidy(text);
    check(&text, chars_max)?;
    Ok(text)
}

/// What a message of the recruiting contract holds: a text or a file, exactly one of them.
pub fn text_or_file<F>(text: Option<&str>, file: Option<&F>) -> Result<()> {
    match (text.filter(|text| !text.trim().is_empty()), file) {
        (Some(_), None) | (None, Some(_)) => Ok(()),
        (Some(_), Some(_)) => Err(Error::invalid(
            "file",
            "A message has exactly one of content and file, and this one has both. Send two.",
        )),
        (None, None) => {
            Err(Error::invalid("content", "A message has exactly one of content and file, and this one has neither."))
        }
    }
}

/// Nobody posts into an archived room.
pub fn accepts_posts(room: &Room) -> Result<()> {
    if room.archived {
        return Err(Error::conflict("This room is archived. An owner can take it out of the archive."));
    }
    Ok(())
}

/// The beginning of a text, for a quotation.
pub fn excerpt(text: &str) -> String {
    const CHARS: usize = 140;
    let mut line: String =
        text.chars().take(CHARS).map(|character| if character == '\n' { ' ' } else { character }).collect();
    if text.chars().nth(CHARS).is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        assert_eq!(text("hi\r\nthere \n", 10).as_deref(), Ok("hi\nthere"));
        assert_eq!(text("  code", 10).as_deref(), Ok("  code"));
        assert!(text("ä".repeat(10).as_str(), 10).is_ok());
        for bad in ["", " \n\t", "01234567890", "a\0"] {
            assert!(text(bad, 10).is_err(), "{bad:?}");
        }
        assert_eq!(caption("", 10).as_deref(), Ok(""));
    }

    #[test]
    fn a_text_or_a_file() {
        for (text, file, blamed) in [
            (Some("hi"), None, None),
            (None, Some(()), None),
            // Forms send the fields that were left empty.
            (Some(" "), Some(()), None),
            (Some("hi"), Some(()), Some("file")),
            (Some(" "), None, Some("content")),
            (None, None, Some("content")),
        ] {
            let found = text_or_file(text, file.as_ref()).err().and_then(|error| error.field);
            assert_eq!(found, blamed, "{text:?} {file:?}");
        }
    }
}
