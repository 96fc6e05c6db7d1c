//! The command line itself: help, codes, error lines, settings, and what a start prints.

use super::{
    person::{PASSWORD, Person, http, sign_in},
    server::{Ended, Server, Start, parlor, parlor_with},
};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

/// Refused in words, with that code.
pub fn assert_error(ended: &Ended, code: i32, words: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert!(ended.stderr.starts_with("parlor: "), "{ended:?}");
    assert!(ended.stdout.is_empty(), "{ended:?}");
    for word in words {
        assert!(ended.stderr.contains(word), "{word:?} is not in {ended:?}");
    }
}

pub fn assert_done(ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.is_empty(), "{ended:?}");
}

#[tokio::test]
async fn help_explains_with_examples() {
    for command in ["serve", "admin create", "seat remove", "token", "backup", "restore"] {
        let args: Vec<_> = command.split(' ').chain(["--help"]).collect();
        let help = parlor(&args).await;
        assert_done(&help);
        assert!(help.stdout.contains("Example"), "{command}: {}", help.stdout);
        let example = format!("parlor {command}");
        assert!(help.stdout.contains(&example), "{command} shows itself in use: {}", help.stdout);
    }
    let help = parlor(&["--help"]).await;
    for command in [
        "serve", "admin", "user", "salon", "seat", "token", "backup", "restore", "export", "check", "compact",
        "openapi", "config",
    ] {
        assert!(help.stdout.contains(&format!("\n  {command} ")), "{command} is listed: {}", help.stdout);
    }
    assert!(help.stdout.contains("Exit codes"), "{}", help.stdout);
}

#[tokio::test]
async fn a_wrong_command_line_is_code_2() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    for args in [
        &["bogus"][..],
        &["serve", "--bogus"],
        &["--guests", "user", "list"],
        &["admin", "create", "--email", "a@salon.example", "--username", "a"],
        &["token", "anna", "--ttl-secs", "0"],
        &["serve", "--listen", "nonsense", "--data", data],
        &["serve", "--registration", "perhaps", "--data", data],
        &["serve", "--admin-email", "a@salon.example", "--data", data],
        &["serve", "--config", "/nowhere/parlor.toml", "--data", data],
    ] {
        assert_error(&parlor(args).await, 2, &[]);
    }
    assert!(!folder.path().join("data").exists(), "nothing was made");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_code_1() {
    let folder = TempDir::new().unwrap();
    let (missing, empty) = (folder.path().join("missing"), folder.path().join("empty"));
    fs::create_dir(&empty).unwrap();
    let out = folder.path().join("out");
    for data in [missing.to_str().unwrap(), empty.to_str().unwrap()] {
        for args in [
            &["user", "list"][..],
            &["user", "block", "anna"],
            &["user", "invite"],
            &["token", "anna"],
            &["backup", "--out", out.to_str().unwrap()],
            &["export"],
            &["check"],
            &["compact"],
        ] {
            let args: Vec<_> = args.iter().copied().chain(["--data", data]).collect();
            assert_error(&parlor(&args).await, 1, &[data, "--data"]);
        }
    }
    assert!(!missing.exists() && !out.exists(), "nothing was made");
    assert_eq!(fs::read_dir(&empty).unwrap().count(), 0, "nothing was made");
}

#[tokio::test]
async fn mistakes_in_a_configuration_file_are_named_by_key_and_line() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("parlor.toml");
    let config = async |text: &str| {
        fs::write(&file, text).unwrap();
        parlor(&["config", "--config", file.to_str().unwrap()]).await
    };
    assert_error(&config("guests = true\n\n[limits]\nmessage_char = 5\n").await, 2, &["line 4", "limits.message_char"]);
    assert_error(&config("listen = 5\n").await, 2, &["line 1", "listen"]);
    assert_error(
        &config("guests = true\nregistration = \"perhaps\"\n").await,
        2,
        &["line 2", "registration", "invite-only"],
    );
    assert_error(&config("guests = \n").await, 2, &["line 1"]);
    let both = config("colour = 1\nguests = 3\n").await;
    assert_error(&both, 2, &["line 1", "colour", "line 2", "guests"]);
    let variable = parlor_with(&["config"], &[("PARLOR_LIMITS_FILE_BYTES", "many")], "").await;
    assert_error(&variable, 2, &["PARLOR_LIMITS_FILE_BYTES", "limits.file_bytes"]);
}

#[tokio::test]
async fn settings_come_from_their_layers() {
    let folder = TempDir::new().unwrap();
    let defaults = parlor(&["config"]).await;
    assert_done(&defaults);
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/config/parlor.toml");
    let read = parlor(&["config", "--config", shipped]).await;
    assert_done(&read);
    assert_eq!(read.stdout, defaults.stdout, "the shipped file holds the defaults");

    let file = folder.path().join("parlor.toml");
    fs::write(&file, "registration = \"closed\"\nguests = true\nlog = \"debug\"\n").unwrap();
    let variables = [("PARLOR_CONFIG", file.to_str().unwrap()), ("PARLOR_REGISTRATION", "invite-only")];
    let mixed = parlor_with(&["config", "--data", "/somewhere"], &variables, "").await;
    assert_done(&mixed);
    for line in ["registration = \"invite-only\"", "guests = true", "log = \"debug\"", "data = \"/somewhere\""] {
        assert!(mixed.stdout.lines().any(|found| found == line), "{line} is not in {}", mixed.stdout);
    }
    fs::write(&file, &mixed.stdout).unwrap();
    let again = parlor(&["config", "--config", file.to_str().unwrap()]).await;
    assert_eq!(again.stdout, mixed.stdout, "what is printed can be read");
}

#[tokio::test]
async fn the_openapi_document_is_printed() {
    let printed = parlor(&["openapi"]).await;
    assert_done(&printed);
    let document: Value = serde_json::from_str(&printed.stdout).expect("it is JSON");
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.")));
    assert!(document["paths"].as_object().is_some_and(|paths| paths.len() > 20));
}

#[tokio::test]
async fn a_start_prints_four_lines_and_the_shipped_file_serves() {
    let folder = TempDir::new().unwrap();
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/config/parlor.toml");
    let server = Server::start_as(folder.path(), Start { args: &["--config", shipped], ..Start::default() }).await;
    assert!(server.lines[0].ends_with(&format!("{}/", server.base)), "{:?}", server.lines);
    assert!(server.lines[1].ends_with(&format!("{}/docs", server.base)), "{:?}", server.lines);
    assert!(server.lines[2].ends_with(folder.path().to_str().unwrap()), "{:?}", server.lines);
    let token = server.set_up_token().expect("a set-up link").to_owned();
    assert!(server.lines[3].contains(&format!("{}/setup?token=", server.base)), "{:?}", server.lines);

    let client = http();
    for address in ["/docs", "/api/config", "/healthz", "/openapi.json"] {
        let status = client.get(format!("{}{address}", server.base)).send().await.unwrap().status();
        assert!(status.is_success(), "{address}: {status}");
    }
    let set_up = json!({ "token": token, "email": "boss@salon.example", "username": "boss", "password": PASSWORD, "name": "Boss" });
    let ask = async |body: &Value| {
        client.post(format!("{}/api/setup", server.base)).json(body).send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask(&json!({ "token": "guessed", "email": "x@salon.example", "username": "x", "password": PASSWORD, "name": "X" })).await / 100, 4);
    assert_eq!(ask(&set_up).await, 201);
    assert_eq!(ask(&set_up).await, 409);
    assert_eq!(server.stop().await.code, Some(0));

    let server = Server::start(folder.path()).await;
    assert!(server.set_up_token().is_none(), "nobody is asked twice: {:?}", server.lines);
    assert_eq!(server.lines.len(), 4);
    let boss = Person::signed_in(&server, "boss", PASSWORD).await;
    assert_eq!(boss.get("/api/session").await.expect("signed in")["is_admin"], true);
}

#[tokio::test]
async fn the_first_administrator_comes_from_flags_and_variables() {
    let folder = TempDir::new().unwrap();
    let password_file = folder.path().join("password");
    fs::write(&password_file, "from the file\n").unwrap();
    let by_file = ["--admin-email", "boss@salon.example", "--admin-password-file", password_file.to_str().unwrap()];
    let by_file = Start { args: &by_file, variables: &[] };
    let by_variable = Start {
        args: &["--admin-email", "boss@salon.example"],
        variables: &[("PARLOR_ADMIN_PASSWORD", "from the environment")],
    };
    for (start, password) in [(by_file, "from the file"), (by_variable, "from the environment")] {
        let data = folder.path().join(password);
        for _ in 0..2 {
            let server = Server::start_as(&data, start.clone()).await;
            assert!(server.set_up_token().is_none(), "{:?}", server.lines);
            assert!(!server.log().contains(password), "a password in the log: {}", server.log());
            sign_in(&http(), &server.base, "boss@salon.example", password).await.expect("the administrator");
            assert_eq!(server.stop().await.code, Some(0));
        }
    }
}

#[tokio::test]
async fn logs_come_as_asked() {
    let folder = TempDir::new().unwrap();
    let start = Start { args: &["--log", "off"], variables: &[] };
    let ended = Server::start_as(folder.path(), start).await.stop().await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));

    let start = Start { args: &["--log", "debug", "--log-format", "json"], variables: &[] };
    let server = Server::start_as(folder.path(), start).await;
    let _ = sign_in(&http(), &server.base, "nobody", "a wrong password").await;
    let ended = server.stop().await;
    assert!(!ended.stderr.is_empty() && !ended.stderr.contains("a wrong password"));
    for line in ended.stderr.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line["level"].is_string()), "{line}");
    }
}

#[tokio::test]
async fn an_address_in_use_is_said() {
    let folder = TempDir::new().unwrap();
    let first = Server::start(&folder.path().join("first")).await;
    let second = folder.path().join("second");
    let args = ["serve", "--data", second.to_str().unwrap(), "--listen", first.address(), "--log", "warn"];
    assert_error(&parlor(&args).await, 1, &[first.address(), "--listen"]);
}
