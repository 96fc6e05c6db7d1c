//! Owns the names of uploaded files: what a client calls a file becomes a harmless label, which is shown and offered
//! for saving and is never used as a path by Parlor itself.

/// A name has at most this many characters.
pub const MAX_NAME_CHARS: usize = 128;

/// An ending of at most this many characters survives when a long name is cut.
const MAX_EXTENSION_CHARS: usize = 16;
const NAMELESS: &str = "file";

/// A name that is safe to show in a page and to save under on any system: one path component, nothing invisible or
/// misleading, no leading dot, at most `MAX_NAME_CHARS` characters, never empty. Sanitising twice changes nothing.
pub fn sanitise(client_name: &str) -> String {
    let last = client_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut name = String::with_capacity(last.len());
    for c in last.chars().filter(|&c| !is_invisible(c)) {
        match c {
            '<' | '>' | ':' | '"' | '|' | '?' | '*' | '\u{fffd}' => name.push('_'),
            // A run of blanks can push the true ending out of sight.
            c if c.is_whitespace() && name.ends_with(' ') => {}
            c if c.is_whitespace() => name.push(' '),
            c => name.push(c),
        }
    }
    let is_margin = |c: char| c == '.' || c == ' ';
    let mut name = name.trim_matches(is_margin).to_owned();
    if is_windows_device(&name) {
        name.insert(0, '_');
    }
    let name = shorten(&name).trim_matches(is_margin).to_owned();
    if name.is_empty() { NAMELESS.to_owned() } else { name }
}

/// Characters that cannot be seen or that change the direction of the others.
fn is_invisible(c: char) -> bool {
    let is_blank = matches!(c, '\t' | '\n' | '\r');
    (c.is_control() && !is_blank)
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{200e}'
            | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Names that Windows reads as devices, whatever their ending.
fn is_windows_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let stem = stem.to_ascii_uppercase();
    let numbered = |prefix: &str| {
        let number = stem.strip_prefix(prefix).map(|rest| rest.chars().collect::<Vec<_>>());
        matches!(number.as_deref(), Some(['0'..='9' | '¹' | '²' | '³']))
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") || numbered("COM") || numbered("LPT")
}

fn shorten(name: &str) -> String {
    if name.chars().count() <= MAX_NAME_CHARS {
        return name.to_owned();
    }
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let extension_chars = extension.chars().count();
    if extension_chars == 0 || extension_chars > MAX_EXTENSION_CHARS {
        return name.chars().take(MAX_NAME_CHARS).collect();
    }
    let stem: String = name.chars().take(MAX_NAME_CHARS - 1 - extension_chars).collect();
    format!("{}.{extension}", stem.trim_end_matches(['.', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hostile_names_become_labels() {
        let table = [
            ("Kostenvoranschlag Müller.pdf", "Kostenvoranschlag Müller.pdf"),
            ("ремонт 👩\u{200d}🔧.jpg", "ремонт 👩\u{200d}🔧.jpg"),
            ("../../etc/passwd", "passwd"),
            ("..\\..\\windows\\system32\\cmd.exe", "cmd.exe"),
            ("/absolute/path.txt", "path.txt"),
            ("C:\\Users\\anna\\photo.png", "photo.png"),
            ("C:photo.png", "C_photo.png"),
            ("..", "file"),
            (".", "file"),
            ("", "file"),
            ("   ", "file"),
            ("folder/", "file"),
            (".htaccess", "htaccess"),
            ("...hidden.txt", "hidden.txt"),
            ("trailing.txt. . .", "trailing.txt"),
            ("zero\0byte.png", "zerobyte.png"),
            ("line\r\nSet-Cookie: a=b.txt", "line Set-Cookie_ a=b.txt"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("\u{2066}iso\u{2069}late\u{200f}.txt", "isolate.txt"),
            ("\u{feff}\u{200b}.\u{200b}.\u{200b}/", "file"),
            ("\u{200b}..\u{200b}", "file"),
            ("photo.jpg                                        .exe", "photo.jpg .exe"),
            ("<img src=x onerror=alert(1)>.png", "_img src=x onerror=alert(1)_.png"),
            ("\"><script>alert(1)</script>", "script_"),
            ("a|b?c*d.txt", "a_b_c_d.txt"),
            ("CON", "_CON"),
            ("con.txt", "_con.txt"),
            ("NUL .tar.gz", "_NUL .tar.gz"),
            ("LPT1.doc", "_LPT1.doc"),
            ("COM¹", "_COM¹"),
            ("\u{1b}[31mred.txt", "[31mred.txt"),
            ("\u{85}next\u{2028}line.txt", "next line.txt"),
            ("file:///etc/passwd", "passwd"),
            ("stream.txt::$DATA", "stream.txt__$DATA"),
            ("~root", "~root"),
            ("%2e%2e%2fpasswd", "%2e%2e%2fpasswd"),
        ];
        for (hostile, label) in table {
            assert_eq!(sanitise(hostile), label, "{hostile:?}");
        }
    }

    #[test]
    fn long_names_keep_their_ending() {
        let name = sanitise(&format!("{}.jpeg", "я".repeat(5_000)));
        assert_eq!(name.chars().count(), MAX_NAME_CHARS);
        assert!(name.ends_with("я.jpeg"));
        assert_eq!(sanitise(&format!("a.{}", "x".repeat(500))).chars().count(), MAX_NAME_CHARS);
    }

    proptest! {
        #[test]
        fn any_name_becomes_one_harmless_component(name in "\\PC{0,40}|.{0,300}|[./\\\\ conCON]{0,12}") {
            let label = sanitise(&name);
            prop_assert!(!label.is_empty() && label.chars().count() <= MAX_NAME_CHARS);
            prop_assert!(!label.starts_with('.') && !label.contains(['/', '\\', '\0', '\n']));
            prop_assert_eq!(sanitise(&label), label.clone());
        }
    }
}
