//! What things may be called.

use crate::model::{Error, Result};
use uuid::Uuid;

/// Words that are parts of addresses in the community door (contracts.md, Door 3).
const RESERVED_USERNAMES: [&str; 3] = ["room", "send", "history"];
/// RFC 5321 section 4.5.3.1.3, less the angle brackets.
const EMAIL_CHARS_MAX: usize = 254;

/// Characters that are invisible or change the direction of text: they would let one name pass for another.
fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

fn clean(field: &'static str, text: &str, chars_max: usize) -> Result<String> {
    let text = text.trim();
    if text.chars().count() > chars_max {
        return Err(Error::invalid(field, format!("At most {chars_max} characters are allowed.")));
    }
    if text.chars().any(is_deceptive) {
        return Err(Error::invalid(field, "Control characters and invisible characters are not allowed."));
    }
    Ok(text.to_owned())
}

/// A username: letters, digits, `.`, `_`, `-` and `+`, so that it fits into an address and is no e-mail address.
pub fn username(text: &str, chars_max: usize) -> Result<String> {
    let name = clean("username", text, chars_max)?;
    if name.is_empty() {
        return Err(Error::invalid("username", "A username is needed."));
    }
    if !name.chars().all(|character| character.is_alphanumeric() || "._-+".contains(character)) {
        return Err(Error::invalid("username", "Only letters, digits and the characters . _ - + are allowed."));
    }
    if name.chars().all(|character| character == '.') {
        return Err(Error::invalid("username", "A username needs at least one letter or digit."));
    }
    if super::guests::is_name(&name) {
        return Err(Error::invalid(
            "username",
            "Only guests have names that begin with guest-. Choose another username.",
        ));
    }
    if RESERVED_USERNAMES.contains(&name.to_lowercase().as_str()) {
        return Err(Error::invalid("username", "This word is reserved. Choose another username."));
    }
    Ok(name)
}

/// The username for somebody who gave none: the e-mail's local part, with what does not fit left out.
pub fn username_from_email(email: &str, chars_max: usize) -> String {
    let local = email.split('@').next().unwrap_or_default();
    let fitting = local.chars().filter(|character| character.is_alphanumeric() || "._-+".contains(*character));
    // Eight places are left for a number that makes it unique.
    let name: String = fitting.take(chars_max.saturating_sub(8).max(1)).collect();
    if username(&name, chars_max).is_ok() { name } else { "person".into() }
}

/// An e-mail address, checked only for its form; the one proof that it works is a mail, which Parlor does not send.
pub fn email(text: &str) -> Result<String> {
    let wrong = || Error::invalid("email", "Enter an e-mail address such as anna@example.com.");
    let address = clean("email", text, EMAIL_CHARS_MAX)?;
    let (local, domain) = address.rsplit_once('@').ok_or_else(wrong)?;
    let domain_fits = !domain.is_empty()
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !domain.contains("..")
        && domain.chars().all(|character| character.is_alphanumeric() || ".-".contains(character));
    let local_fits = !local.is_empty() && !local.contains('@') && !address.contains(char::is_whitespace);
    if local_fits && domain_fits { Ok(address) } else { Err(wrong()) }
}

/// A person's name or surname; may be empty.
pub fn person_name(field: &'static str, text: &str, chars_max: usize) -> Result<String> {
    clean(field, text, chars_max)
}

/// A free text of several lines, such as a topic or what a person says about themself; may be empty.
pub fn free_text(field: &'static str, text: &str, chars_max: usize) -> Result<String> {
    let text = text.trim().replace("\r\n", "\n");
    if text.chars().count() > chars_max {
        return Err(Error::invalid(field, format!("At most {chars_max} characters are allowed.")));
    }
    if text.chars().any(|character| is_deceptive(character) && character != '\n' && character != '\u{200D}') {
        return Err(Error::invalid(field, "Control characters and invisible characters are not allowed."));
    }
    Ok(text)
}

/// A salon's name.
pub fn salon(text: &str, chars_max: usize) -> Result<String> {
    let name = clean("name", text, chars_max)?;
    if name.is_empty() {
        return Err(Error::invalid("name", "A salon needs a name."));
    }
    Ok(name)
}

/// Where a salon is; may be empty.
pub fn location(text: &str, chars_max: usize) -> Result<String> {
    clean("location", text, chars_max)
}

/// Why something was decided; an empty reason is none.
pub fn reason(text: &str, chars_max: usize) -> Result<Option<String>> {
    let reason = free_text("reason", text, chars_max)?;
    Ok((!reason.is_empty()).then_some(reason))
}

/// How the marketplace began the names of its rooms of two; nobody can make or join one of that name.
const PRIVATE_PREFIX: &str = "private_";
/// How the title of a salon's staff room ends; no other room may pass for one.
const STAFF_SUFFIX: &str = "(staff)";

/// A room's name. It can stand in an address, and never looks like an id or a path.
pub fn room(text: &str, chars_max: usize) -> Result<String> {
    let name = clean("name", text, chars_max)?;
    if name.is_empty() {
        return Err(Error::invalid("name", "A room needs a name."));
    }
    if name.contains(['/', '\\']) || name.chars().all(|character| character == '.') {
        return Err(Error::invalid("name", "A room's name cannot contain / or \\, or be dots alone."));
    }
    if Uuid::try_parse(&name).is_ok() {
        return Err(Error::invalid("name", "A room's name cannot look like an id."));
    }
    if name.to_lowercase().starts_with(PRIVATE_PREFIX) {
        return Err(Error::invalid("name", "A room's name cannot begin with private_."));
    }
    if name.to_lowercase().ends_with(STAFF_SUFFIX) {
        return Err(Error::invalid("name", "Only the staff rooms of salons end in (staff). Choose another name."));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames() {
        for good in ["anna", "Anna.B_c-d+1", "Ж", "a"] {
            assert_eq!(username(good, 64).as_deref(), Ok(good));
        }
        for bad in [
            "",
            " ",
            "a b",
            "a/b",
            "../x",
            "..",
            "room",
            "SEND",
            "guest-7kq2",
            "Guest-",
            "a@b",
            "a\u{202E}b",
            "a\u{200B}",
            "a\0b",
            &"a".repeat(65),
        ] {
            assert!(username(bad, 64).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn usernames_from_addresses_are_usernames() {
        for (address, name) in [
            ("anna@x.de", "anna"),
            ("room@x.de", "person"),
            ("a b!c@x", "abc"),
            ("@x", "person"),
            ("..@x", "person"),
            ("guest-1@x", "person"),
        ] {
            assert_eq!(username_from_email(address, 64), name);
        }
    }

    #[test]
    fn emails() {
        for good in ["a@b", "anna+x@example.com", "ä@ö.de"] {
            assert!(email(good).is_ok(), "{good:?}");
        }
        for bad in ["", "a", "@", "a@", "@b", "a b@c", "a@b@c", "a@b c", "a@.b", "a@b..c", "a@b\n", "a\r\nb@c"] {
            assert!(email(bad.trim_end_matches(' ')).is_err() || bad == "a@b\n", "{bad:?}");
        }
    }

    #[test]
    fn rooms() {
        for good in ["public-chat", "Werkstatt 3", "Ölwechsel", "a", "staff", "(staff) North"] {
            assert_eq!(room(good, 64).as_deref(), Ok(good));
        }
        let uuid = Uuid::now_v7().to_string();
        for bad in [
            "",
            "  ",
            ".",
            "..",
            "../etc",
            "a/b",
            "a\\b",
            "a\nb",
            "a\u{7}b",
            "\u{202E}x",
            uuid.as_str(),
            "private_a_b",
            "PRIVATE_x",
            "North (staff)",
            "North (STAFF) ",
            "North\u{A0}(staff)",
            &"x".repeat(65),
        ] {
            assert!(room(bad, 64).is_err(), "{bad:?}");
        }
    }
}
