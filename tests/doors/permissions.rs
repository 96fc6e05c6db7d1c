//! The permission matrix as it is over HTTP: who may do what in which kind of room. A change shows in the golden file.

use crate::{
    people::{Person, id_of},
    world::{Site, World, golden},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::fmt::Write;

const KINDS: [&str; 4] = ["public", "private", "recruiting", "direct"];
const OPERATIONS: [&str; 21] = [
    "see the room",
    "list its members",
    "read its history",
    "read a message",
    "see receipts",
    "download a file",
    "post",
    "post a file",
    "mark as read",
    "edit the owner's message",
    "delete the owner's message",
    "join",
    "leave",
    "bring somebody in",
    "put a member out",
    "change a role",
    "rename",
    "archive",
    "delete the room",
    "marketplace: read",
    "marketplace: delete",
];

struct People {
    owner: Person,
    member: Person,
    outsider: Person,
    admin: Person,
    guest: Person,
}

/// A fresh room with an owner and a member; the owner has posted a file and a text.
struct Fixture {
    room: String,
    message: String,
    file: String,
}

async fn fixture(people: &People, kind: &str) -> Fixture {
    let People { owner, member, .. } = people;
    let room = match kind {
        "direct" => owner.direct(member).await,
        "recruiting" => {
            let body = json!({ "kind": kind, "recruiter": owner.id, "clients": [member.id] });
            id_of(&owner.post("/api/rooms", body).await.expect(201).json())
        }
        "public" => {
            let room = owner.opens("public", &format!("room {}", uuid::Uuid::now_v7().simple()), &[]).await;
            member.joins(&room).await;
            room
        }
        _ => owner.opens(kind, "room", &[member]).await,
    };
    let file = owner.posts_file(&room, "a.txt", b"text".to_vec()).await["file"].as_str().unwrap().to_owned();
    let message = owner.posts(&room, "text").await["uuid"].as_str().unwrap().to_owned();
    Fixture { room, message, file }
}

async fn tries(site: &Site, who: Option<&Person>, operation: &str, people: &People, fixture: &Fixture) -> u16 {
    let Fixture { room, message, file } = fixture;
    let (get, post, put, patch, delete) = (Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE);
    let at = |rest: &str| format!("/api/rooms/{room}{rest}");
    let member = at(&format!("/members/{}", people.member.id));
    let (method, path, body): (Method, String, Option<Value>) = match operation {
        "see the room" => (get, at(""), None),
        "list its members" => (get, at("/members"), None),
        "read its history" => (get, at("/messages"), None),
        "read a message" => (get, format!("/api/messages/{message}"), None),
        "see receipts" => (get, at("/receipts"), None),
        "download a file" => (get, file.clone(), None),
        "post" | "post a file" => (post, at("/messages"), Some(json!({ "content": "mine" }))),
        "mark as read" => (put, at("/read"), Some(json!({ "message": message }))),
        "edit the owner's message" => (patch, format!("/api/messages/{message}"), Some(json!({ "content": "mine" }))),
        "delete the owner's message" => (delete, format!("/api/messages/{message}"), None),
        "join" => (post, at("/join"), None),
        "leave" => (post, at("/leave"), None),
        "bring somebody in" => (post, at("/members"), Some(json!({ "user": people.guest.id }))),
        "put a member out" => (delete, member, None),
        "change a role" => (patch, member, Some(json!({ "role": "owner" }))),
        "rename" => (patch, at(""), Some(json!({ "name": format!("name {}", uuid::Uuid::now_v7().simple()) }))),
        "archive" => (patch, at(""), Some(json!({ "archived": true }))),
        "delete the room" => (delete, at(""), None),
        "marketplace: read" => (get, format!("/api/chat/{room}"), None),
        "marketplace: delete" => (delete, format!("/api/chat/delete/{room}"), None),
        other => panic!("{other}"),
    };
    let request = match who {
        Some(person) => person.request(method, &path),
        None => site.request(method, &path),
    };
    let request = match (operation, body) {
        ("post a file", _) => {
            let part = reqwest::multipart::Part::bytes(b"mine".to_vec()).file_name("b.txt");
            request.multipart(reqwest::multipart::Form::new().part("file", part))
        }
        (_, Some(body)) => request.json(&body),
        (_, None) => request,
    };
    site.send(request).await.status
}

#[tokio::test]
async fn the_permission_matrix_over_http() {
    let world = World::open().await;
    let [owner, member, outsider, guest] = world.people(["owner", "member", "outsider", "guest"]).await;
    let people = People { owner, member, outsider, guest, admin: world.admin().await };
    let callers = [
        ("nobody", None),
        ("outsider", Some(&people.outsider)),
        ("member", Some(&people.member)),
        ("owner", Some(&people.owner)),
        ("admin", Some(&people.admin)),
    ];
    let mut matrix =
        String::from("The site administrator here is not in the room. A direct room's owner is who began it.\n");
    for kind in KINDS {
        write!(matrix, "\n{kind:26}").unwrap();
        callers.iter().for_each(|(name, _)| write!(matrix, "{name:>10}").unwrap());
        matrix.push('\n');
        for operation in OPERATIONS {
            write!(matrix, "{operation:26}").unwrap();
            for (_, who) in callers {
                let fixture = fixture(&people, kind).await;
                let before = people.owner.history(&fixture.room, "").await;
                let status = tries(&world.site, who, operation, &people, &fixture).await;
                write!(matrix, "{status:>10}").unwrap();
                if status >= 400 {
                    assert_eq!(people.owner.history(&fixture.room, "").await, before, "{operation} changed something");
                }
            }
            matrix.push('\n');
        }
    }
    golden::compare("permissions.txt", &matrix);
}
