//! The one list of keys: how each is read into a draft and shown again. Knows nothing of where a value came from.

use std::path::PathBuf;

use super::{
    Config, Limits, Tokens,
    bounded::BoundedKey,
    setting::{Raw, Setting},
};

/// A configuration in the making: what the sources spell, before secrets are fetched and anything is checked.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub config: Config,
    pub admin_email: String,
    pub admin_password_file: PathBuf,
}

macro_rules! plain_keys {
    ($($name:literal => $($field:ident).+;)+) => {
        &[$(BoundedKey {
            name: $name,
            read: |draft, raw| {
                draft.$($field).+ = Setting::read(raw)?;
                Ok(())
            },
            show: |draft| draft.$($field).+.show(),
        },)+]
    };
}

const PLAIN: &[BoundedKey<Draft>] = plain_keys! {
    "listen" => config.listen;
    "data" => config.data;
    "public_urls" => config.public_urls;
    "registration" => config.registration;
    "guests" => config.guests;
    "log" => config.log;
    "log_format" => config.log_format;
    "trusted_proxies" => config.trusted_proxies;
    "index_cache_bytes" => config.index_cache_bytes;
    "compact_every_secs" => config.compact_every_secs;
    "admin.email" => admin_email;
    "admin.password_file" => admin_password_file;
};

/// The names of the tables.
pub(super) const SECTIONS: &[&str] = &["admin", "tokens", "limits"];

/// Every key with its value in this draft, dotted, in the order of the file.
pub(super) fn show_all(draft: &Draft) -> Vec<(String, toml::Value)> {
    let plain = PLAIN.iter().map(|key| (key.name.to_owned(), (key.show)(draft)));
    let tokens = Tokens::KEYS.iter().map(|key| (format!("tokens.{}", key.name), (key.show)(&draft.config.tokens)));
    let limits = Limits::KEYS.iter().map(|key| (format!("limits.{}", key.name), (key.show)(&draft.config.limits)));
    plain.chain(tokens).chain(limits).collect()
}

/// Every key, dotted.
pub(super) fn names() -> Vec<String> {
    show_all(&Draft::default()).into_iter().map(|(name, _)| name).collect()
}

/// Reads a value into the draft. `None`: there is no such key.
pub(super) fn read(draft: &mut Draft, name: &str, raw: &Raw) -> Option<Result<(), String>> {
    if let Some(rest) = name.strip_prefix("tokens.") {
        return find(Tokens::KEYS, rest).map(|key| (key.read)(&mut draft.config.tokens, raw));
    }
    if let Some(rest) = name.strip_prefix("limits.") {
        return find(Limits::KEYS, rest).map(|key| (key.read)(&mut draft.config.limits, raw));
    }
    find(PLAIN, name).map(|key| (key.read)(draft, raw))
}

fn find<'a, Group>(keys: &'a [BoundedKey<Group>], name: &str) -> Option<&'a BoundedKey<Group>> {
    keys.iter().find(|key| key.name == name)
}

/// The variable that sets a key: `limits.page_size_max` is `PARLOR_LIMITS_PAGE_SIZE_MAX`.
pub(super) fn variable_of(name: &str) -> String {
    format!("PARLOR_{}", name.replace('.', "_").to_ascii_uppercase())
}

/// The candidate closest to a misspelled name, if one is close.
pub(super) fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = name.len() / 3 + 1;
    candidates
        .into_iter()
        .map(|candidate| (edits(name, candidate), candidate))
        .min()
        .and_then(|(distance, candidate)| (distance <= allowed).then_some(candidate))
}

/// How many letters must be inserted, removed or replaced to turn one name into the other.
fn edits(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (done, left) in from.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = done + 1;
        for (column, right) in to.bytes().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_name_finds_its_neighbour() {
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(closest("lsten", ["listen", "log"]), Some("listen"));
        assert_eq!(closest("completely_else", ["listen", "log"]), None);
    }

    #[test]
    fn variables_are_unambiguous() {
        let mut variables: Vec<_> = names().iter().map(|name| variable_of(name)).collect();
        let count = variables.len();
        variables.sort();
        variables.dedup();
        assert_eq!(variables.len(), count);
        assert!(variables.contains(&"PARLOR_LIMITS_PAGE_SIZE_MAX".to_owned()));
    }
}
