//! Commands about salons and seats, asked of a running server and of a stopped one's folder: the same words, the same
//! outcome.

use super::{
    cli::{assert_done, assert_error},
    person::{Person, text},
    server::{Ended, Server, parlor},
    stream::Stream,
};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Anna's salon, in which Boris is seller and Clara asks to be mechanic.
struct Site {
    folder: TempDir,
    server: Option<Server>,
    boris: Person,
    salon: String,
}

impl Site {
    async fn running() -> Self {
        let folder = TempDir::new().unwrap();
        let server = Server::start(&folder.path().join("data")).await;
        let (anna, boris) = (Person::new(&server, "anna").await, Person::new(&server, "boris").await);
        let clara = Person::new(&server, "clara").await;
        let founded = json!({ "name": "Keller Motors", "location": "Munich" });
        let salon = text(&asks(&anna, Method::POST, "/api/auto_salon", Some(founded)).await, "id");
        let asked = request(&boris, &salon, "seller").await;
        let rejected = format!("/api/invitation_to_auto_salon/{}/rejected", text(&asked, "id"));
        asks(&anna, Method::PATCH, &rejected, Some(json!({ "reason": "no room\nin winter" }))).await;
        let asked = request(&boris, &salon, "seller").await;
        let approved = format!("/api/invitation_to_auto_salon/{}/approved", text(&asked, "id"));
        asks(&anna, Method::PATCH, &approved, None).await;
        request(&clara, &salon, "mechanic").await;
        Self { folder, server: Some(server), boris, salon }
    }

    async fn stopped() -> Self {
        let mut site = Self::running().await;
        assert_eq!(site.server.take().expect("it runs").stop().await.code, Some(0));
        site
    }

    async fn does(&self, args: &[&str]) -> Ended {
        let data = self.folder.path().join("data");
        parlor(&[args, &["--data", data.to_str().unwrap()]].concat()).await
    }

    async fn served(&mut self) -> Server {
        match self.server.take() {
            Some(server) => server,
            None => Server::start(&self.folder.path().join("data")).await,
        }
    }
}

async fn asks(person: &Person, method: Method, path: &str, body: Option<Value>) -> Value {
    person.asks(method, path, body).await.unwrap_or_else(|refused| panic!("{path}: {refused:?}"))
}

async fn request(person: &Person, salon: &str, role: &str) -> Value {
    let body = json!({ "auto_salon": salon, "role": role });
    asks(person, Method::POST, "/api/invitation_to_auto_salon", Some(body)).await
}

#[tokio::test]
async fn salons_are_listed_and_shown_running_and_stopped() {
    for site in [Site::running().await, Site::stopped().await] {
        let list = site.does(&["salon", "list"]).await;
        assert_done(&list);
        assert_eq!(list.stdout, format!("{}\tKeller Motors\tMunich\tanna\tadmin,mechanic\n", site.salon));
        for name in [site.salon.as_str(), "keller motors"] {
            let shown = site.does(&["salon", "show", name]).await;
            assert_done(&shown);
            for line in [
                "superuser\tanna\tsince",
                "admin\tvacant\n",
                "seller\tboris\tsince",
                "pending request\tclara\tmechanic",
            ] {
                assert!(shown.stdout.contains(line), "{line:?} is not in {}", shown.stdout);
            }
            for line in ["\tanna\tapproved\tseller\tboris\n", "\tanna\trejected\tseller\tboris\tno room in winter\n"] {
                assert!(shown.stdout.contains(line), "{line:?} is not in {}", shown.stdout);
            }
        }
        assert_error(&site.does(&["salon", "show", "Nowhere"]).await, 1, &["salon list"]);
    }
}

#[tokio::test]
async fn seats_are_taken_away_running_and_stopped() {
    for mut site in [Site::running().await, Site::stopped().await] {
        for (args, word) in [
            (["seat", "remove", "Keller Motors", "admin"], "vacant"),
            (["seat", "remove", "Keller Motors", "superuser"], "--close-salon"),
            (["seat", "remove", "Nowhere", "seller"], "salon list"),
        ] {
            assert_error(&site.does(&args).await, 1, &["refused", word]);
        }
        let wrong = site.does(&["seat", "remove", "Keller Motors", "boss"]).await;
        assert_eq!(wrong.code, Some(2), "a wrong command line");
        assert!(wrong.stderr.contains("superuser, admin, seller, mechanic"), "{}", wrong.stderr);
        let mut stream = match &site.server {
            Some(_) => Some(Stream::open(&site.boris, None).await),
            None => None,
        };
        let removed = site.does(&["seat", "remove", "Keller Motors", "seller"]).await;
        assert_done(&removed);
        assert_eq!(removed.stdout, "boris is no longer seller of Keller Motors\n");
        if let Some(stream) = &mut stream {
            let told = stream.hears.next_of("notification_created").await.expect("he is told");
            assert_eq!(told["notification"]["kind"], "seat_removed");
        }

        let server = site.served().await;
        let boris = site.boris.at(&server);
        let told = boris.get("/api/notifications").await.expect("signed in");
        let kinds: Vec<_> = told.as_array().unwrap().iter().map(|told| (&told["kind"], &told["by"])).collect();
        assert_eq!(kinds[0], (&json!("seat_removed"), &Value::Null));
        assert_eq!(boris.get("/api/auth/site_role").await.expect("signed in")["role"], "user");
        assert_eq!(boris.get("/api/rooms").await.expect("signed in")["total_items"], 0);
    }
}

#[tokio::test]
async fn closing_a_salon_is_said_twice() {
    let mut site = Site::stopped().await;
    let closed = site.does(&["seat", "remove", "Keller Motors", "superuser", "--close-salon"]).await;
    assert_done(&closed);
    assert!(closed.stdout.contains("deleted"), "{}", closed.stdout);
    assert_eq!(site.does(&["salon", "list"]).await.stdout, "");
    let server = site.served().await;
    let told = site.boris.at(&server).get("/api/notifications").await.expect("signed in");
    assert_eq!(told[0]["kind"], "salon_deleted");
}
