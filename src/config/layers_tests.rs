//! Which layer wins, and how mistakes are named.

use std::{collections::BTreeSet, io::Write as _};

use super::*;
use crate::config::{Limits, LogFormat, Registration};

const SHIPPED: &str = include_str!("../../config/parlor.toml");

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn flag(key: &'static str, flag: &'static str, value: &str) -> FlagValue {
    FlagValue { key, flag, value: value.to_owned() }
}

fn from_file(text: &str) -> Result<Config, Vec<String>> {
    load(Some(file(text).path()), [], &[]).map(|loaded| loaded.config).map_err(|error| error.problems)
}

/// Every key of a parsed file, dotted, with its value.
fn flattened(prefix: &str, table: &toml::Table, into: &mut BTreeMap<String, toml::Value>) {
    for (key, value) in table {
        match value {
            toml::Value::Table(inner) => flattened(&format!("{prefix}{key}."), inner, into),
            value => {
                into.insert(format!("{prefix}{key}"), value.clone());
            }
        }
    }
}

#[test]
fn the_shipped_file_says_exactly_what_the_code_says() {
    let mut written = BTreeMap::new();
    flattened("", &SHIPPED.parse().unwrap(), &mut written);
    let coded: BTreeMap<_, _> = keys::show_all(&Draft::default()).into_iter().collect();
    let names = |map: &BTreeMap<String, toml::Value>| map.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&written), names(&coded));
    assert_eq!(written, coded);
    assert_eq!(from_file(SHIPPED), Ok(Config::default()));
}

#[test]
fn the_shipped_file_gives_every_key_its_reason() {
    let lines: Vec<_> = SHIPPED.lines().collect();
    for (number, line) in lines.iter().enumerate().filter(|(_, line)| line.contains(" = ") && !line.starts_with('#')) {
        assert!(number > 0 && lines[number - 1].starts_with("# "), "no reason above: {line}");
    }
}

#[test]
fn a_described_configuration_reads_back() {
    let text = "listen = \"0.0.0.0:9\"\npublic_urls = [\"https://a.example\"]\n[limits]\nlogin_attempts = 7\n";
    let config = from_file(text).unwrap();
    assert_eq!(from_file(&describe(&config)), Ok(config));
}

#[test]
fn later_layers_win() {
    let file = file("listen = \"127.0.0.1:1\"\nlog = \"warn\"\nguests = true\n[limits]\nlogin_attempts = 0x10\n");
    let environment = variables(&[
        ("PARLOR_LISTEN", "127.0.0.1:2"),
        ("PARLOR_LOG", "debug"),
        ("PARLOR_REGISTRATION", "invite-only"),
        ("PARLOR_LOG_FORMAT", ""),
        ("PARLOR_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8"),
        ("HOME", "/root"),
    ]);
    let flags = [flag("listen", "--listen", "127.0.0.1:3")];
    let config = load(Some(file.path()), environment, &flags).unwrap().config;
    let expected = Config {
        listen: "127.0.0.1:3".parse().unwrap(),
        log: "debug".to_owned(),
        log_format: LogFormat::Text,
        guests: true,
        registration: Registration::InviteOnly,
        trusted_proxies: vec!["127.0.0.1".parse().unwrap(), "10.0.0.0/8".parse().unwrap()],
        limits: Limits { login_attempts: 16, ..Limits::default() },
        ..Config::default()
    };
    assert_eq!(config, expected);
}

#[test]
fn the_environment_can_name_the_file() {
    let file = file("log = \"warn\"");
    let environment = [("PARLOR_CONFIG".to_owned(), file.path().display().to_string())];
    assert_eq!(load(None, environment, &[]).unwrap().config.log, "warn");
}

#[test]
fn all_mistakes_of_all_layers_are_shown_together() {
    let file = file("lsten = 1\n\n[limits]\npage_size_max = 0\nmessage_chars = \"many\"\n[limts]\na = 1\n");
    let environment = variables(&[("PARLOR_LISTEN", "nowhere")]);
    let flags = [flag("log", "--log", "verbose")];
    let error = load(Some(file.path()), environment, &flags).unwrap_err();
    let path = file.path().display();
    let found = error.problems.join("\n");
    for part in [
        format!("{path}, line 1: unknown key `lsten`; did you mean `listen`?"),
        format!("{path}, line 4: `limits.page_size_max`: 0 is out of range; give a number from 1 to 1000"),
        format!("{path}, line 5: `limits.message_chars`: `many` is not a whole number"),
        format!("{path}, line 6: unknown key `limts`; did you mean `limits`?"),
        "PARLOR_LISTEN: `listen`: `nowhere` is not an address with a port".to_owned(),
        "--log: `log`: `verbose` is not a level".to_owned(),
    ] {
        assert!(found.contains(&part), "missing: {part}\nin: {found}");
    }
    assert_eq!(error.problems.len(), 6, "{found}");
    assert!(error.to_string().starts_with("6 problems:\n  "));
}

#[test]
fn a_contradiction_names_the_line_that_made_it() {
    let problems = from_file("[limits]\nframe_bytes = 4096\n").unwrap_err();
    assert!(problems[0].contains(", line 2: `limits.frame_bytes`: a text of"), "{problems:?}");
}

#[test]
fn broken_and_missing_files_say_so() {
    assert!(from_file("a = 1\nb = = 2\n").unwrap_err()[0].contains("line 2"));
    let missing = load(Some(Path::new("/nowhere/parlor.toml")), [], &[]).unwrap_err();
    assert!(missing.problems[0].contains("/nowhere/parlor.toml"), "{missing}");
}

#[test]
fn values_of_the_wrong_kind_are_refused() {
    for text in ["guests = 1", "listen = 8000", "public_urls = [1]", "log = 1.5", "[listen]\na = 1", "limits = 3"] {
        assert_eq!(from_file(text).unwrap_err().len(), 1, "{text}");
    }
}

#[test]
fn strange_variables_are_reported_and_ignored() {
    let loaded = load(None, variables(&[("PARLOR_LISTN", "x")]), &[]).unwrap();
    assert_eq!(loaded.config, Config::default());
    assert_eq!(loaded.warnings, ["PARLOR_LISTN sets nothing and is ignored; did you mean `PARLOR_LISTEN`?"]);
}

#[test]
fn the_first_administrator_comes_from_address_and_password() {
    let password_file = file("from the file\n");
    let path = password_file.path().display().to_string();
    let email = flag("admin.email", "--admin-email", "a@b.example");
    let by_flag = flag("admin.password_file", "--admin-password-file", &path);
    let variable = || variables(&[("PARLOR_ADMIN_PASSWORD", "from the variable")]);
    let password = |variables: Vec<(String, String)>, flags: &[FlagValue]| {
        load(None, variables, flags).unwrap().config.admin.map(|admin| admin.password.expose().to_owned())
    };

    assert_eq!(password(variable(), std::slice::from_ref(&email)).as_deref(), Some("from the variable"));
    assert_eq!(password(variable(), &[email.clone(), by_flag.clone()]).as_deref(), Some("from the file"));
    assert_eq!(password(vec![], &[email.clone(), by_flag.clone()]).as_deref(), Some("from the file"));
    assert_eq!(password(variable(), &[]), None);
    assert!(load(None, [], &[email]).unwrap_err().to_string().contains("PARLOR_ADMIN_PASSWORD"));
    assert!(load(None, [], &[by_flag]).unwrap_err().to_string().contains("--admin-email"));
}

#[test]
fn a_password_in_the_file_is_refused_with_the_right_way() {
    let problems = from_file("[admin]\npassword = \"hunter22\"\n").unwrap_err();
    assert!(problems[0].contains("admin.password_file") && !problems[0].contains("hunter22"), "{problems:?}");
}
