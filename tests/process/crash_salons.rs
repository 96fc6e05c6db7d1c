//! Killed right after an approval: one seat, one approved invitation, and everything that belongs to it.

use super::{
    person::{Person, Refused, text},
    server::Server,
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

const ROUNDS: usize = 6;
const APPLICANTS: usize = 8;

async fn asks(person: &Person, method: Method, path: &str, body: Option<Value>) -> Value {
    person.asks(method, path, body).await.unwrap_or_else(|refused| panic!("{path}: {refused:?}"))
}

async fn list(person: &Person, path: &str) -> Vec<Value> {
    asks(person, Method::GET, path, None).await["data"].as_array().expect("a list").clone()
}

/// Everybody asks for the one seat; the requests, in the order of the applicants.
async fn all_ask(applicants: &[Person], salon: &str) -> Vec<String> {
    let mut requests = Vec::new();
    for person in applicants {
        let body = json!({ "auto_salon": salon, "role": "seller" });
        let asked = asks(person, Method::POST, "/api/invitation_to_auto_salon", Some(body)).await;
        requests.push(text(&asked, "id"));
    }
    requests
}

/// Approves all at once and kills the server, after the first success if it waits. The request that was acknowledged as
/// approved.
async fn approve_and_kill(server: Server, boss: &Person, requests: &[String], waits: bool) -> Option<String> {
    let mut approvals: FuturesUnordered<_> = requests
        .iter()
        .map(|request| {
            let (boss, request) = (boss.clone(), request.clone());
            tokio::spawn(async move {
                let path = format!("/api/invitation_to_auto_salon/{request}/approved");
                (boss.asks(Method::PATCH, &path, None).await, request)
            })
        })
        .collect();
    let mut acknowledged = None;
    if waits {
        while acknowledged.is_none() {
            note(approvals.next().await.expect("one of them is approved").expect("no panic"), &mut acknowledged);
        }
    }
    server.kill().await;
    while let Some(answered) = approvals.next().await {
        note(answered.expect("no panic"), &mut acknowledged);
    }
    acknowledged
}

fn note((outcome, request): (Result<Value, Refused>, String), acknowledged: &mut Option<String>) {
    if outcome.is_ok() {
        assert_eq!(acknowledged.replace(request), None, "one approval succeeds");
    }
}

/// What is there after the kill agrees with itself and with what was acknowledged.
async fn check(boss: &Person, applicants: &[Person], salon: &str, acknowledged: Option<&str>) {
    let seats = list(boss, &format!("/api/salon_role?auto_salon={salon}&role=seller")).await;
    let path = format!("/api/invitation_to_auto_salon?auto_salon={salon}&status=approved&size=100");
    let approved = list(boss, &path).await;
    assert_eq!(seats.len(), approved.len(), "one seat, one approved invitation");
    assert!(seats.len() <= 1);
    if let Some(request) = acknowledged {
        assert_eq!(approved[0]["id"], request, "the one that was acknowledged");
    }
    let shown = asks(boss, Method::GET, &format!("/api/salons/{salon}"), None).await;
    let members = list(boss, &format!("/api/rooms/{}/members", text(&shown, "staff_room"))).await;
    assert_eq!(members.len(), 1 + seats.len(), "the staff room is who sits");
    let log = list(boss, &format!("/api/salons/{salon}/log?size=100")).await;
    assert_eq!(log.iter().filter(|line| line["action"] == "approved").count(), seats.len());
    for person in applicants {
        let sits = seats.first().is_some_and(|seat| seat["user"] == person.id.as_str());
        assert_eq!(approved.first().is_some_and(|one| one["user"] == person.id.as_str()), sits);
        // The token from before is still good, and shows the role that the person has.
        let role = asks(person, Method::GET, "/api/auth/site_role", None).await;
        assert_eq!(role["role"], if sits { "seller" } else { "user" });
        let told = asks(person, Method::GET, "/api/notifications", None).await;
        let told = told.as_array().expect("a list").iter();
        assert_eq!(told.filter(|one| one["kind"] == "request_approved").count(), usize::from(sits));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_right_after_an_approval_there_is_one_seat() {
    let folder = TempDir::new().unwrap();
    let data: &Path = &folder.path().join("data");
    let mut server = Server::start(data).await;
    let mut boss = Person::new(&server, "anna").await;
    let mut applicants = Vec::new();
    for number in 0..APPLICANTS {
        applicants.push(Person::new(&server, &format!("applicant{number}")).await);
    }
    let mut seen = 0;
    for round in 0..ROUNDS {
        let founded = json!({ "name": "North", "location": "Riga" });
        let salon = text(&asks(&boss, Method::POST, "/api/auto_salon", Some(founded)).await, "id");
        let requests = all_ask(&applicants, &salon).await;
        let acknowledged = approve_and_kill(server, &boss, &requests, round % 2 == 0).await;
        server = Server::start(data).await;
        boss = boss.at(&server);
        applicants.iter_mut().for_each(|person| *person = person.at(&server));
        check(&boss, &applicants, &salon, acknowledged.as_deref()).await;
        seen += usize::from(acknowledged.is_some());
        asks(&boss, Method::DELETE, &format!("/api/auto_salon/{salon}"), None).await;
        for person in &applicants {
            asks(person, Method::DELETE, "/api/notifications", None).await;
        }
    }
    assert!(seen >= ROUNDS / 2, "approvals were acknowledged before the kill");
}
