//! Fetching secrets from files and pipes, bounded. Never logs, never echoes.

use std::{fs::File, io::Read, path::Path};

use super::Secret;

/// Longer input is surely not a password.
const MAX_BYTES: u64 = 64 * 1024;

/// Reads one secret to the end of the input; one line end at the end is not part of it.
///
/// # Errors
/// A sentence: the input cannot be read, is empty, too long, of several lines, or not UTF-8.
pub fn read_secret(input: impl Read) -> Result<Secret, String> {
    let mut text = String::new();
    input.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(|cause| format!("it cannot be read: {cause}"))?;
    if text.len() as u64 > MAX_BYTES {
        return Err(format!("it is longer than {MAX_BYTES} bytes; give the password alone"));
    }
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err("it is empty; give the password on one line".to_owned());
    }
    if line.contains(['\n', '\r', '\0']) {
        return Err("it has several lines; give the password alone on one line".to_owned());
    }
    Ok(Secret::new(line))
}

/// [`read_secret`] from a file.
///
/// # Errors
/// A sentence that names the file.
pub fn read_secret_file(path: &Path) -> Result<Secret, String> {
    File::open(path)
        .map_err(|cause| cause.to_string())
        .and_then(read_secret)
        .map_err(|cause| format!("password file {}: {cause}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_is_dropped_and_nothing_else() {
        assert_eq!(read_secret(&b" pass word \r\n"[..]), Ok(Secret::new(" pass word ")));
        assert_eq!(read_secret(&b"x"[..]), Ok(Secret::new("x")));
        let long = "ä".repeat(64);
        assert_eq!(read_secret(long.as_bytes()).unwrap().expose(), long);
    }

    #[test]
    fn what_is_no_password_is_refused() {
        assert!(read_secret(&b"\n"[..]).unwrap_err().contains("empty"));
        assert!(read_secret(&b"a\nb\n"[..]).unwrap_err().contains("several lines"));
        assert!(read_secret(&b"\xff"[..]).is_err());
        assert!(read_secret(std::io::repeat(b'a')).unwrap_err().contains("longer"));
        assert!(read_secret_file(Path::new("/nowhere/pw")).unwrap_err().contains("/nowhere/pw"));
    }
}
