//! Who may do what in a salon, over HTTP: a change shows in the golden file.

use crate::{
    people::Person,
    world::{Answer, Site, World, golden},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::fmt::Write;

const OPERATIONS: [&str; 35] = [
    "see the salon",
    "see who sits there",
    "list its seats",
    "see the seller's seat",
    "see its invitations",
    "read its log",
    "change it",
    "delete it",
    "take the seller's seat away",
    "take the admin's seat away",
    "close it by its superuser's seat",
    "ask for a seat",
    "offer a seat to a guest",
    "hand the seller's seat over",
    "hand the admin's seat over",
    "hand the salon over",
    "approve the request",
    "reject the request",
    "withdraw the request",
    "accept the offer",
    "decline the offer",
    "withdraw the offer",
    "see the staff room",
    "list its members",
    "read the staff room",
    "post in the staff room",
    "read a message of it",
    "join the staff room",
    "leave the staff room",
    "bring somebody in",
    "put the seller out",
    "make the seller owner",
    "rename the staff room",
    "delete the staff room",
    "marketplace: delete it",
];

struct People {
    superuser: Person,
    admin: Person,
    seller: Person,
    applicant: Person,
    invited: Person,
    guest: Person,
}

/// A salon of which the mechanic's seat is asked for and on offer.
struct Fixture {
    salon: String,
    seats: [String; 3],
    room: String,
    message: String,
    request: String,
    offer: String,
}

async fn fixture(people: &People) -> Fixture {
    let People { superuser, admin, seller, applicant, invited, .. } = people;
    for person in [superuser, admin, seller, invited] {
        for seat in person.list("/api/salon_role").await.iter().filter(|seat| seat["user"] == person.id.as_str()) {
            person.delete(&format!("/api/salon_role/{}", seat["id"].as_str().unwrap())).await;
        }
    }
    let salon = superuser.founds("North").await;
    superuser.seats(admin, &salon, "admin").await;
    superuser.seats(seller, &salon, "seller").await;
    let mut seats = [const { String::new() }; 3];
    for (seat, role) in seats.iter_mut().zip(["superuser", "admin", "seller"]) {
        *seat = superuser.seat_of(&salon, role).await;
    }
    let room = superuser.staff_room(&salon).await.unwrap();
    let message = superuser.posts(&room, "for us").await["uuid"].as_str().unwrap().to_owned();
    let request = applicant.asks_for(&salon, "mechanic").await;
    let offer = superuser.offers(&salon, "mechanic", invited).await;
    Fixture { salon, seats, room, message, request, offer }
}

async fn tries(site: &Site, who: Option<&Person>, operation: &str, people: &People, fixture: &Fixture) -> Answer {
    let Fixture { salon, seats: [superusers, admins, sellers], room, message, request, offer } = fixture;
    let (get, post, put, patch, delete) = (Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE);
    let at = |rest: &str| format!("/api/rooms/{room}{rest}");
    let seat = |id: &str| format!("/api/salon_role/{id}");
    let invitation = |id: &str, verdict: &str| format!("/api/invitation_to_auto_salon/{id}/{verdict}");
    let withdraw = |id: &str| format!("/api/invitation_to_auto_salon/delete/invitation/{id}");
    let hand_over = |role: &str, to: &Person| {
        (post.clone(), format!("/api/salons/{salon}/hand_over"), json!({ "role": role, "successor": to.id }))
    };
    let invite = |body: Value| (post.clone(), "/api/invitation_to_auto_salon".to_owned(), body);
    let seller = at(&format!("/members/{}", people.seller.id));
    let no = Value::Null;
    let (method, path, body) = match operation {
        "see the salon" => (get, format!("/api/auto_salon/{salon}"), no),
        "see who sits there" => (get, format!("/api/salons/{salon}"), no),
        "list its seats" => (get, format!("/api/salon_role?auto_salon={salon}"), no),
        "see the seller's seat" => (get, seat(sellers), no),
        "see its invitations" => (get, format!("/api/invitation_to_auto_salon?auto_salon={salon}&status=pending"), no),
        "read its log" => (get, format!("/api/salons/{salon}/log"), no),
        "change it" => (put, format!("/api/auto_salon/{salon}"), json!({ "name": "Mine" })),
        "delete it" => (delete, format!("/api/auto_salon/{salon}"), no),
        "take the seller's seat away" => (delete, seat(sellers), no),
        "take the admin's seat away" => (delete, seat(admins), no),
        "close it by its superuser's seat" => (delete, seat(superusers), no),
        "ask for a seat" => invite(json!({ "auto_salon": salon, "role": "mechanic" })),
        "offer a seat to a guest" => {
            invite(json!({ "auto_salon": salon, "role": "mechanic", "user": people.guest.id }))
        }
        "hand the seller's seat over" => hand_over("seller", &people.guest),
        "hand the admin's seat over" => hand_over("admin", &people.guest),
        "hand the salon over" => hand_over("superuser", &people.seller),
        "approve the request" => (patch, invitation(request, "approved"), no),
        "reject the request" => (patch, invitation(request, "rejected"), no),
        "withdraw the request" => (delete, withdraw(request), no),
        "accept the offer" => (patch, invitation(offer, "approved"), no),
        "decline the offer" => (patch, invitation(offer, "rejected"), no),
        "withdraw the offer" => (delete, withdraw(offer), no),
        "see the staff room" => (get, at(""), no),
        "list its members" => (get, at("/members"), no),
        "read the staff room" => (get, at("/messages"), no),
        "post in the staff room" => (post, at("/messages"), json!({ "content": "mine" })),
        "read a message of it" => (get, format!("/api/messages/{message}"), no),
        "join the staff room" => (post, at("/join"), no),
        "leave the staff room" => (post, at("/leave"), no),
        "bring somebody in" => (post, at("/members"), json!({ "user": people.guest.id })),
        "put the seller out" => (delete, seller, no),
        "make the seller owner" => (patch, seller, json!({ "role": "owner" })),
        "rename the staff room" => (patch, at(""), json!({ "name": "Mine" })),
        "delete the staff room" => (delete, at(""), no),
        "marketplace: delete it" => (delete, format!("/api/chat/delete/{room}"), no),
        other => panic!("{other}"),
    };
    let request = match who {
        Some(person) => person.request(method, &path),
        None => site.request(method, &path),
    };
    site.send(if body.is_null() { request } else { request.json(&body) }).await
}

/// The status; of a list how many are shown, of a salon how many of its people.
fn outcome(answer: &Answer) -> String {
    let status = answer.status;
    if status != 200 {
        return status.to_string();
    }
    let shown = answer.json();
    let entries = shown["data"].as_array().map(Vec::len);
    let sitting =
        shown["chairs"].as_array().map(|chairs| chairs.iter().filter(|chair| !chair["holder"].is_null()).count());
    entries.or(sitting).map_or_else(|| "200".to_owned(), |count| format!("200:{count}"))
}

#[tokio::test]
async fn the_permission_matrix_of_salons_over_http() {
    let world = World::open().await;
    let [superuser, admin, seller, applicant] = world.people(["superuser", "admin", "seller", "applicant"]).await;
    let [invited, guest, stranger, foreign] = world.people(["invited", "guest", "stranger", "foreign"]).await;
    let site_admin = world.admin().await;
    foreign.founds("South").await;
    let people = People { superuser, admin, seller, applicant, invited, guest };
    let callers = [
        ("nobody", None),
        ("stranger", Some(&stranger)),
        ("foreign", Some(&foreign)),
        ("applicant", Some(&people.applicant)),
        ("invited", Some(&people.invited)),
        ("seller", Some(&people.seller)),
        ("admin", Some(&people.admin)),
        ("superuser", Some(&people.superuser)),
        ("site admin", Some(&site_admin)),
    ];
    let mut matrix = String::from(
        "Foreign is superuser of another salon. After 200: how many entries, or people sitting, are shown.\n\n",
    );
    write!(matrix, "{:34}", "").unwrap();
    callers.iter().for_each(|(name, _)| write!(matrix, "{name:>11}").unwrap());
    matrix.push('\n');
    let mut current = fixture(&people).await;
    for operation in OPERATIONS {
        write!(matrix, "{operation:34}").unwrap();
        for (name, who) in callers {
            let before = people.superuser.salon(&current.salon).await;
            let answer = tries(&world.site, who, operation, &people, &current).await;
            write!(matrix, "{:>11}", outcome(&answer)).unwrap();
            if answer.status < 400 && answer.status != 200
                || operation.ends_with("request")
                || operation.ends_with("offer")
            {
                // Something happened: from the beginning.
                for person in [&stranger, &foreign, &people.guest, &site_admin] {
                    withdraw_all(person, &current.salon).await;
                }
                current = renewed(&people, &current).await;
            } else if operation != "change it" {
                assert_eq!(
                    people.superuser.salon(&current.salon).await,
                    before,
                    "{name}: {operation} changed something"
                );
            }
        }
        matrix.push('\n');
    }
    golden::compare("salon-permissions.txt", &matrix);
}

async fn withdraw_all(person: &Person, salon: &str) {
    let path = format!("/api/invitation_to_auto_salon?status=pending&auto_salon={salon}");
    for pending in person.list(&path).await.iter().filter(|pending| pending["user"] == person.id.as_str()) {
        person.withdraws(pending["id"].as_str().unwrap()).await;
    }
}

/// The salon is closed by whoever leads it now, and founded anew.
async fn renewed(people: &People, current: &Fixture) -> Fixture {
    people.superuser.delete(&format!("/api/auto_salon/{}", current.salon)).await;
    fixture(people).await
}
