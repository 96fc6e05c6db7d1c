//! Owns secret strings and keys: how they are made, compared, hashed and kept from the log.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use std::fmt;

/// Length of keys and of random secrets before encoding.
pub const KEY_BYTES: usize = 32;

/// A string that never shows up in a log line. Comparing two takes the same time wherever they differ.
#[derive(Clone)]
pub struct Secret(Box<str>);

impl Secret {
    /// 256 random bits, base64url without padding: 43 characters that need no escaping in a link.
    pub fn random() -> Self {
        Self(URL_SAFE_NO_PAD.encode(random_key()).into())
    }

    /// The string itself: for the one place that hands it out or sends it on.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored in place of a random secret. Not for passwords, which are guessable: those take argon2id.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// Is this the secret of which `digest` was stored?
    pub fn has_digest(&self, digest: &[u8; 32]) -> bool {
        constant_time_eq(&self.digest(), digest)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.has_digest(&other.digest())
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A new key from the system's random source.
pub fn random_key() -> [u8; KEY_BYTES] {
    rand::random()
}

/// Compares in a time that does not depend on where the difference is.
pub fn constant_time_eq(left: &[u8; 32], right: &[u8; 32]) -> bool {
    let differing = left.iter().zip(right).fold(0, |seen, (a, b)| std::hint::black_box(seen | (a ^ b)));
    differing == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_secrets_differ_and_stay_hidden() {
        let (one, other) = (Secret::random(), Secret::random());
        assert_eq!(one.expose().len(), 43);
        assert!(one == one.clone() && one != other);
        assert!(!format!("{one:?}").contains(one.expose()));
        assert!(one.has_digest(&one.digest()) && !one.has_digest(&other.digest()));
    }

    #[test]
    fn the_digest_is_sha256() {
        let digest = Secret::from("abc".to_owned()).digest();
        assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf]);
    }

    #[test]
    fn every_byte_counts_in_a_comparison() {
        let key = random_key();
        assert!(constant_time_eq(&key, &key));
        for place in 0..KEY_BYTES {
            let mut other = key;
            other[place] ^= 1;
            assert!(!constant_time_eq(&key, &other));
        }
    }
}
