//! What must hold of a configuration as a whole, beyond each value alone.

use std::ops::RangeInclusive;

use tracing_subscriber::EnvFilter;

use super::{Config, FirstAdmin, Limits};

const MIB: u64 = 1024 * 1024;
const INDEX_CACHE_BYTES: RangeInclusive<u64> = MIB..=1024 * 1024 * MIB;
const COMPACT_EVERY_SECS: RangeInclusive<u64> = 10..=7 * 86_400;
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Everything wrong, each as the key to change and a sentence.
pub(super) fn problems(config: &Config) -> Vec<(&'static str, String)> {
    let mut found = config.limits.contradictions();
    if config.data.as_os_str().is_empty() {
        found.push(("data", "is empty; give a folder, such as ./parlor-data".to_owned()));
    } else if config.data.exists() && !config.data.is_dir() {
        let path = config.data.display();
        found.push(("data", format!("{path} is a file; give a folder, which is made if it does not exist")));
    }
    found.extend(different_paths(config).map(|cause| ("public_urls", cause)));
    if let Err(cause) = log_filter(&config.log) {
        found.push(("log", cause));
    }
    if !INDEX_CACHE_BYTES.contains(&config.index_cache_bytes) {
        found.push(("index_cache_bytes", out_of(config.index_cache_bytes, &INDEX_CACHE_BYTES)));
    }
    if !COMPACT_EVERY_SECS.contains(&config.compact_every_secs) {
        found.push(("compact_every_secs", out_of(config.compact_every_secs, &COMPACT_EVERY_SECS)));
    }
    if let Some(admin) = &config.admin {
        found.extend(first_admin(admin, &config.limits));
    }
    found
}

fn out_of(number: u64, range: &RangeInclusive<u64>) -> String {
    format!("{number} is out of range; give a number from {} to {}", range.start(), range.end())
}

/// Links, cookies and pages are made for one path.
fn different_paths(config: &Config) -> Option<String> {
    let first = config.public_urls.first()?;
    let other = config.public_urls.iter().find(|url| url.base_path() != first.base_path())?;
    Some(format!("`{first}` and `{other}` have different paths; give all public addresses the same path, or none"))
}

fn log_filter(filter: &str) -> Result<(), String> {
    let right = "give a level (off, error, warn, info, debug, trace) or target=level, such as info,parlor=debug";
    for part in filter.split(',').map(str::trim) {
        let is_level = LEVELS.contains(&part.to_ascii_lowercase().as_str());
        if !is_level && !part.contains(['=', '[']) {
            return Err(format!("`{part}` is not a level; {right}"));
        }
    }
    EnvFilter::builder().parse(filter).map(|_| ()).map_err(|cause| format!("`{filter}`: {cause}; {right}"))
}

fn first_admin(admin: &FirstAdmin, limits: &Limits) -> Option<(&'static str, String)> {
    let is_address = admin.email.split_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty());
    if !is_address || admin.email.contains(char::is_whitespace) {
        return Some(("admin.email", format!("`{}` is not an e-mail address", admin.email)));
    }
    let password = admin.password.expose();
    if password.chars().count() < limits.password_min_chars {
        let least = limits.password_min_chars;
        return Some(("admin.password_file", format!("the password is too short; use at least {least} characters")));
    }
    if password.len() > limits.password_max_bytes {
        let most = limits.password_max_bytes;
        return Some(("admin.password_file", format!("the password is too long; use at most {most} bytes")));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn keys(config: &Config) -> Vec<&'static str> {
        problems(config).into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn the_defaults_are_fine() {
        assert_eq!(problems(&Config::default()), []);
    }

    #[test]
    fn a_file_is_no_data_folder() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let config = Config { data: file.path().to_owned(), ..Config::default() };
        let found = problems(&config);
        assert!(found[0].1.contains("is a file; give a folder"), "{found:?}");
    }

    #[test]
    fn all_public_addresses_have_one_path() {
        let found = |urls: &[&str]| {
            let public_urls = urls.iter().map(|url| url.parse().unwrap()).collect();
            problems(&Config { public_urls, ..Config::default() })
        };
        assert_eq!(found(&["https://a/chat", "http://b/chat/"]), []);
        let wrong = found(&["https://a/chat", "https://a"]);
        assert_eq!(wrong[0].0, "public_urls");
        assert!(wrong[0].1.contains("`https://a/chat` and `https://a`"), "{wrong:?}");
    }

    #[test]
    fn log_filters_name_levels() {
        for right in ["info", "warn,parlor=debug", "OFF", "parlor::http=trace"] {
            assert_eq!(log_filter(right), Ok(()), "{right}");
        }
        for wrong in ["verbose", "", "info,chatty", "parlor=loud"] {
            assert!(log_filter(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_first_administrator_must_be_able_to_sign_in() {
        let with = |email: &str, password: &str| Config {
            admin: Some(FirstAdmin { email: email.to_owned(), password: Secret::new(password) }),
            ..Config::default()
        };
        assert_eq!(keys(&with("a@b", &"x".repeat(64))), Vec::<&str>::new());
        assert_eq!(keys(&with("ab", "12345678")), ["admin.email"]);
        assert_eq!(keys(&with("a@b", "12345")), ["admin.password_file"]);
        assert_eq!(keys(&with("a@b", &"x".repeat(257))), ["admin.password_file"]);
    }
}
