//! Commands about people, asked of a running server and of a stopped one's folder: the same words, the same outcome.

use super::{
    cli::{assert_done, assert_error},
    person::{PASSWORD, Person, email_of, http, sign_in, text},
    server::{Ended, Server, Start, parlor, parlor_with},
    stream::Stream,
};
use serde_json::json;
use std::{fs, path::Path};
use tempfile::TempDir;

const BY_INVITATION: Start<'_> = Start { args: &["--registration", "invite-only"], variables: &[] };

/// A folder in which Anna and Boris have accounts, and perhaps a server on it.
struct Site {
    folder: TempDir,
    server: Option<Server>,
    anna: Person,
    boris: Person,
}

impl Site {
    async fn running() -> Self {
        let folder = TempDir::new().unwrap();
        let server = Server::start(&folder.path().join("data")).await;
        let (anna, boris) = (Person::new(&server, "anna").await, Person::new(&server, "boris").await);
        Self { folder, server: Some(server), anna, boris }
    }

    async fn stopped() -> Self {
        let mut site = Self::running().await;
        assert_eq!(site.server.take().expect("it runs").stop().await.code, Some(0));
        site
    }

    fn data(&self) -> String {
        self.folder.path().join("data").to_str().unwrap().to_owned()
    }

    async fn does(&self, args: &[&str], input: &str) -> Ended {
        let data = self.data();
        let args: Vec<_> = args.iter().copied().chain(["--data", &data]).collect();
        parlor_with(&args, &[], input).await
    }

    /// The line of that person in the list.
    async fn listed(&self, username: &str) -> String {
        let list = self.does(&["user", "list"], "").await;
        assert_done(&list);
        let line = list.stdout.lines().find(|line| line.split('\t').nth(1) == Some(username)).map(str::to_owned);
        line.unwrap_or_else(|| panic!("{username} is not in {}", list.stdout))
    }

    /// A server on the folder, the one that runs or a new one.
    async fn served(&mut self) -> Server {
        match self.server.take() {
            Some(server) => server,
            None => Server::start(&self.folder.path().join("data")).await,
        }
    }
}

#[tokio::test]
async fn administrators_are_made_running_and_stopped() {
    for mut site in [Site::running().await, Site::stopped().await] {
        let create = |username: &'static str, more: &[&'static str]| {
            let email = if username == "boss" { "boss@salon.example" } else { "chief@salon.example" };
            [&["admin", "create", "--email", email, "--username", username], more].concat()
        };
        let made = site.does(&create("boss", &["--password-stdin"]), "secret of the boss\n").await;
        assert_done(&made);
        assert!(made.stdout.contains("boss"), "{}", made.stdout);
        let file = site.folder.path().join("password");
        fs::write(&file, "secret of the chief\n").unwrap();
        let chief = ["admin", "create", "--email", "chief@salon.example", "--username", "chief", "--name", "The Chief"];
        let chief = [&chief[..], &["--password-file", file.to_str().unwrap()]].concat();
        assert_done(&site.does(&chief, "").await);
        assert!(site.listed("boss").await.ends_with("admin"));

        // Names and addresses are taken once, and a password is a password.
        assert_error(&site.does(&create("boss", &["--password-stdin"]), "secret of the boss\n").await, 1, &["refused"]);
        let short = ["admin", "create", "--email", "x@salon.example", "--username", "x", "--password-stdin"];
        assert_error(&site.does(&short, "short\n").await, 1, &["refused", "8"]);
        assert_error(&site.does(&short, "").await, 2, &["password"]);
        let nowhere =
            ["admin", "create", "--email", "x@salon.example", "--username", "x", "--password-file", "/nowhere"];
        assert_error(&site.does(&nowhere, "").await, 2, &["/nowhere"]);

        let server = site.served().await;
        let boss = Person::signed_in(&server, "boss@salon.example", "secret of the boss").await;
        assert_eq!(boss.get("/api/session").await.expect("signed in")["is_admin"], true);
        let chief = Person::signed_in(&server, "chief", "secret of the chief").await;
        assert_eq!(chief.get("/api/session").await.expect("signed in")["display_name"], "The Chief");
    }
}

#[tokio::test]
async fn an_administrator_may_be_made_before_the_first_start() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("new/data");
    let args = ["admin", "create", "--email", "boss@salon.example", "--username", "boss", "--password-stdin", "--data"];
    assert_done(&parlor_with(&[&args[..], &[data.to_str().unwrap()]].concat(), &[], PASSWORD).await);
    let server = Server::start(&data).await;
    assert!(server.set_up_token().is_none(), "{:?}", server.lines);
    let boss = Person::signed_in(&server, "boss", PASSWORD).await;
    boss.enters("public-chat").await;
}

#[tokio::test]
async fn people_are_blocked_and_let_in_running_and_stopped() {
    for mut site in [Site::running().await, Site::stopped().await] {
        assert_error(&site.does(&["user", "block", "nobody"], "").await, 1, &["refused"]);
        let mut stream = match &site.server {
            Some(_) => Some(Stream::open(&site.anna, None).await),
            None => None,
        };
        assert_done(&site.does(&["user", "block", "anna"], "").await);
        if let Some(stream) = &mut stream {
            assert_eq!(stream.hears.end().await, Some(4401), "a blocked person's sockets end");
        }
        assert!(site.listed("anna").await.contains("blocked"));
        assert_done(&site.does(&["user", "block", &email_of("boris")], "").await);
        assert_done(&site.does(&["user", "unblock", "boris"], "").await);
        assert!(!site.listed("boris").await.contains("blocked"));

        let server = site.served().await;
        let refused = site.anna.at(&server).get("/api/session").await.expect_err("her token ended");
        assert_eq!(refused.status(), Some(401));
        let refused = sign_in(&http(), &server.base, "anna", PASSWORD).await.expect_err("she is blocked");
        assert!(matches!(refused.status(), Some(401 | 403)), "{refused:?}");
        Person::signed_in(&server, "boris", PASSWORD).await;
    }
}

#[tokio::test]
async fn passwords_are_reset_running_and_stopped() {
    for mut site in [Site::running().await, Site::stopped().await] {
        let reset = ["user", "reset-password", "anna", "--password-stdin"];
        assert_error(&site.does(&reset, "short").await, 1, &["refused"]);
        let done = site.does(&reset, "a brand new one\n").await;
        assert_done(&done);
        assert!(!done.stdout.contains("brand new"));

        let server = site.served().await;
        let refused = site.anna.at(&server).get("/api/session").await.expect_err("she is signed out everywhere");
        assert_eq!(refused.status(), Some(401));
        assert!(sign_in(&http(), &server.base, "anna", PASSWORD).await.is_err(), "the old password");
        Person::signed_in(&server, "anna", "a brand new one").await;
        site.boris.at(&server).get("/api/session").await.expect("nobody else is signed out");
    }
}

#[tokio::test]
async fn tokens_are_issued_running_and_stopped() {
    for mut site in [Site::running().await, Site::stopped().await] {
        assert_error(&site.does(&["token", "nobody"], "").await, 1, &["refused"]);
        let token = site.does(&["token", "anna", "--ttl-secs", "600"], "").await;
        assert_done(&token);
        let access = token.stdout.trim().to_owned();
        assert_eq!(access.split('.').count(), 3, "one line, one token: {access}");
        let server = site.served().await;
        let mut script = site.anna.at(&server);
        script.access = access;
        assert_eq!(script.get("/api/session").await.expect("the token is good")["username"], "anna");
    }
}

#[tokio::test]
async fn invitations_let_people_in_running_and_stopped() {
    let folder = TempDir::new().unwrap();
    let running = folder.path().join("running");
    let server = Server::start_as(&running, BY_INVITATION).await;
    let link = invite(&running).await;
    assert_admits_once(&server, &link).await;

    let stopped = folder.path().join("stopped");
    assert_eq!(Server::start_as(&stopped, BY_INVITATION).await.stop().await.code, Some(0));
    let link = invite(&stopped).await;
    assert_admits_once(&Server::start_as(&stopped, BY_INVITATION).await, &link).await;
}

async fn invite(data: &Path) -> String {
    let invited = parlor(&["user", "invite", "--uses", "1", "--days", "2", "--data", data.to_str().unwrap()]).await;
    assert_done(&invited);
    invited.stdout.trim().to_owned()
}

async fn assert_admits_once(server: &Server, link: &str) {
    let (_, code) = link.split_once("/register?code=").expect("a link");
    let ask = async |username: &str, code: &str| {
        let body =
            json!({ "email": email_of(username), "username": username, "password": PASSWORD, "invite_code": code });
        let request = http().post(format!("{}/api/user/registration", server.base)).json(&body);
        let answer = request.send().await.unwrap();
        (
            answer.status().as_u16(),
            text(&answer.json().await.unwrap(), if code.is_empty() { "code" } else { "username" }),
        )
    };
    assert_eq!(ask("stranger", "").await.0 / 100, 4, "nobody comes in without");
    assert_eq!(ask("guest", code).await, (201, "guest".to_owned()));
    let body = json!({ "email": "late@salon.example", "username": "late", "password": PASSWORD, "invite_code": code });
    let late = http().post(format!("{}/api/user/registration", server.base)).json(&body).send().await.unwrap();
    assert_eq!(late.status().as_u16() / 100, 4, "one use is one use");
}
