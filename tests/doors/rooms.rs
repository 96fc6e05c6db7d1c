//! Rooms of every kind: how they begin, who comes and goes, how they end.

use crate::{
    people::{Person, id_of},
    world::World,
};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::HashSet;

async fn by_name(person: &Person, name: &str) -> crate::world::Answer {
    person.send(person.request(Method::PUT, &format!("/api/rooms/by-name/{name}"))).await
}

#[tokio::test]
async fn public_rooms_are_made_and_joined_by_name() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let there = by_name(&anna, "public-chat").await.expect(200).json();
    assert_eq!((&there["role"], &there["created_by"]), (&json!("member"), &Value::Null), "it is there from the start");
    let made = by_name(&anna, "Garage%20%26%20Café").await.expect(201).json();
    assert_eq!(
        (&made["name"], &made["kind"], &made["role"]),
        (&json!("Garage & Café"), &json!("public"), &json!("owner"))
    );
    let joined = by_name(&boris, "gARAGE%20%26%20cAFÉ").await.expect(200).json();
    assert_eq!((&joined["id"], &joined["role"], &joined["member_count"]), (&made["id"], &json!("member"), &json!(2)));
    assert_eq!(by_name(&boris, "garage%20%26%20café").await.expect(200).json()["member_count"], 2, "joined once");
    let taken = boris.post("/api/rooms", json!({ "kind": "public", "name": "GARAGE & café" })).await.expect(409).json();
    assert!(taken["errors"]["name"].is_array());

    let at_once = join_all((0..10).flat_map(|_| [&anna, &boris]).map(|person| by_name(person, "rush"))).await;
    let ids: HashSet<_> = at_once.iter().map(|answer| id_of(&answer.json())).collect();
    assert_eq!((ids.len(), at_once.iter().filter(|answer| answer.status == 201).count()), (1, 1), "twenty made one");
    for name in ["..", "%2e%2e", "a%2Fb", "a%5Cb", "%00", "a%0Ab", "%E2%80%AEx", "%20", &"x".repeat(65), "%FF"] {
        let answer = by_name(&anna, name).await;
        assert!([400, 404, 405].contains(&answer.status), "{name}: {}", answer.status);
    }
    // Nothing passes for the staff room of a salon.
    for name in ["North%20(staff)", "North%20(Staff)", "North(staff)%20"] {
        by_name(&anna, name).await.blames("name");
    }
    let refused = anna.post("/api/rooms", json!({ "kind": "public", "name": "North (STAFF)" })).await.blames("name");
    assert!(refused["errors"]["name"][0].as_str().unwrap().contains("(staff)"), "{refused}");
    let renamed = anna.patch(&format!("/api/rooms/{}", id_of(&made)), json!({ "name": "North (staff)" })).await;
    renamed.blames("name");
    by_name(&anna, "01939f1e-6f2a-7c3b-9a41-5d2f8e6b1c01").await.blames("name");
    by_name(&anna, &"ж".repeat(64)).await.expect(201);
}

#[tokio::test]
async fn rooms_are_opened_with_what_their_kind_needs() {
    let world = World::open().await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    let admin = world.admin().await;
    let open = async |person: &Person, body: Value| person.post("/api/rooms", body).await;
    let private = json!({ "kind": "private", "members": [boris.id, boris.id, anna.id], "topic": "Brakes" });
    let private = open(&anna, private).await.expect(201).json();
    assert_eq!((&private["title"], &private["member_count"]), (&json!("Boris"), &json!(2)), "named after who is in it");
    assert_eq!(private["topic"], "Brakes");
    open(&anna, json!({ "kind": "private", "name": "Twice" })).await.expect(201);
    open(&anna, json!({ "kind": "private", "name": "Twice" })).await.expect(201);

    let recruiting = json!({ "kind": "recruiting", "recruiter": anna.id, "clients": [boris.id] });
    let first = open(&anna, recruiting.clone()).await.expect(201).json();
    assert_eq!((&first["recruiter"], &first["role"]), (&json!(anna.id), &json!("owner")));
    let second = open(&boris, recruiting.clone()).await.expect(201).json();
    assert_ne!(first["id"], second["id"], "the same people may talk in several");
    assert_eq!((&second["role"], &second["created_by"]), (&json!("member"), &json!(boris.id)));
    open(&clara, recruiting.clone()).await.refused(403, "forbidden");
    let by_admin = open(&admin, recruiting).await.expect(201).json();
    assert_eq!(by_admin["role"], Value::Null, "an administrator opens it and is not in it");

    let nobody = "01939f1e-6f2a-7c3b-9a41-5d2f8e6b1c01";
    for (field, body) in [
        ("name", json!({ "kind": "public" })),
        ("name", json!({ "kind": "public", "name": " " })),
        ("name", json!({ "kind": "public", "name": "x".repeat(65) })),
        ("name", json!({ "kind": "private", "name": "../etc" })),
        ("topic", json!({ "kind": "private", "topic": "x".repeat(257) })),
        ("members", json!({ "kind": "private", "members": [nobody] })),
        ("kind", json!({ "kind": "secret" })),
        ("kind", json!({})),
        ("kind", json!({ "kind": "direct", "members": [boris.id] })),
        ("recruiter", json!({ "kind": "recruiting", "clients": [anna.id] })),
        ("recruiter", json!({ "kind": "recruiting", "recruiter": nobody, "clients": [anna.id] })),
        ("clients", json!({ "kind": "recruiting", "recruiter": anna.id })),
        ("clients", json!({ "kind": "recruiting", "recruiter": anna.id, "clients": [anna.id] })),
        ("clients", json!({ "kind": "recruiting", "recruiter": anna.id, "clients": [nobody] })),
    ] {
        let problem = open(&anna, body.clone()).await.expect(400).json();
        assert!(problem["errors"].get(field).is_some(), "{body}: {problem}");
    }
    assert_eq!(anna.rooms().await.len(), 6, "what was refused made nothing");
}

#[tokio::test]
async fn two_people_have_one_direct_room_however_often_they_start() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let direct =
        async |person: &Person, id: &str| person.send(person.request(Method::PUT, &format!("/api/direct/{id}"))).await;
    let starts = (0..50).map(|number| {
        let (from, to) = if number % 2 == 0 { (&anna, &boris) } else { (&boris, &anna) };
        let request = from.request(Method::PUT, &format!("/api/direct/{}", to.id));
        from.send(request)
    });
    let answers = join_all(starts).await;
    let ids: HashSet<_> = answers.iter().map(|answer| id_of(&answer.json())).collect();
    assert_eq!((ids.len(), answers.iter().filter(|answer| answer.status == 201).count()), (1, 1));
    let room = ids.into_iter().next().unwrap();
    let seen = anna.room(&room).await;
    assert_eq!(
        (&seen["title"], &seen["peer"]["id"], &seen["kind"]),
        (&json!("Boris"), &json!(boris.id), &json!("direct"))
    );
    assert_eq!(boris.room(&room).await["title"], "Anna");
    direct(&anna, &anna.id).await.expect(400);
    direct(&anna, "01939f1e-6f2a-7c3b-9a41-5d2f8e6b1c01").await.refused(404, "not_found");
    direct(&anna, "boris").await.expect(400);
    vera.get(&format!("/api/rooms/{room}")).await.refused(404, "not_found");
    assert!(vera.rooms().await.is_empty());
    for answer in [
        anna.patch(&format!("/api/rooms/{room}"), json!({ "name": "Us" })).await,
        anna.post(&format!("/api/rooms/{room}/members"), json!({ "user": vera.id })).await,
        anna.does(&format!("/api/rooms/{room}/leave")).await,
    ] {
        answer.refused(403, "forbidden");
    }
}

#[tokio::test]
async fn a_room_always_has_an_owner() {
    let world = World::open().await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    let room = anna.opens("private", "workshop", &[]).await;
    let path = |who: &Person| format!("/api/rooms/{room}/members/{}", who.id);
    assert_eq!(anna.brings_in(&room, &boris).await["role"], "member");
    boris.brings_in(&room, &clara).await;
    boris.patch(&path(&boris), json!({ "role": "owner" })).await.refused(403, "forbidden");
    anna.patch(&path(&anna), json!({ "role": "member" })).await.refused(409, "conflict");
    anna.patch(&path(&clara), json!({ "role": "owner" })).await.expect(200);
    anna.patch(&path(&anna), json!({ "role": "member" })).await.expect(200);
    anna.patch(&path(&boris), json!({ "role": "king" })).await.blames("role");
    clara.leaves(&room).await;
    assert_eq!(anna.room(&room).await["role"], "owner", "who is there longest inherits");
    clara.get(&format!("/api/rooms/{room}")).await.refused(404, "not_found");
    anna.puts_out(&room, &boris).await;
    anna.delete(&path(&boris)).await.refused(404, "not_found");
    anna.leaves(&room).await;
    anna.does(&format!("/api/rooms/{room}/leave")).await.refused(404, "not_found");
}

#[tokio::test]
async fn rooms_are_renamed_archived_and_deleted() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let room = anna.opens("public", "garage", &[]).await;
    anna.opens("public", "yard", &[]).await;
    boris.joins(&room).await;
    let message = boris.posts(&room, "hello").await;
    let path = format!("/api/rooms/{room}");
    let changed = anna.patch(&path, json!({ "name": "Workshop", "topic": "Oil" })).await.expect(200).json();
    assert_eq!(
        (&changed["name"], &changed["topic"], &changed["archived"]),
        (&json!("Workshop"), &json!("Oil"), &json!(false))
    );
    anna.patch(&path, json!({ "name": "YARD" })).await.refused(409, "conflict");
    anna.patch(&path, json!({ "name": "WORKSHOP" })).await.expect(200);
    boris.patch(&path, json!({ "name": "mine" })).await.refused(403, "forbidden");
    assert_eq!(by_name(&boris, "garage").await.expect(201).json()["role"], "owner", "the old name is free");

    anna.patch(&path, json!({ "archived": true })).await.expect(200);
    boris.tries_to_post(&room, json!({ "content": "?" })).await.refused(409, "conflict");
    let text = json!({ "content": "changed" });
    boris.patch(&format!("/api/messages/{}", message["uuid"].as_str().unwrap()), text).await.refused(409, "conflict");
    assert_eq!(boris.sees(&room).await, ["hello"]);
    let public = boris.get("/api/rooms?scope=public").await.expect(200).json();
    assert!(public["data"].as_array().unwrap().iter().all(|listed| listed["id"] != room.as_str()), "not to be joined");
    anna.patch(&path, json!({ "archived": false })).await.expect(200);
    boris.posts(&room, "again").await;

    boris.delete(&path).await.refused(403, "forbidden");
    anna.delete(&path).await.expect(204);
    anna.get(&path).await.refused(404, "not_found");
    boris.get(&format!("/api/messages/{}", message["uuid"].as_str().unwrap())).await.refused(404, "not_found");
    assert_eq!(by_name(&boris, "workshop").await.expect(201).json()["last_seq"], 0, "made again it is empty");
}

#[tokio::test]
async fn lists_of_rooms_are_ordered_searched_and_paged() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let mut rooms = Vec::new();
    for name in ["Alpha", "Beta", "Gamma"] {
        rooms.push(anna.opens("public", name, &[]).await);
    }
    let names = async |person: &Person, query: &str| {
        let page = person.get(&format!("/api/rooms{query}")).await.expect(200).json();
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|room| room["title"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&anna, "").await, ["Gamma", "Beta", "Alpha"]);
    anna.posts(&rooms[0], "news").await;
    assert_eq!(names(&anna, "?scope=mine").await, ["Alpha", "Gamma", "Beta"], "newest activity first");
    assert_eq!(names(&anna, "?page=2&size=2").await, ["Beta"]);
    assert_eq!(names(&anna, "?search=gAm").await, ["Gamma"]);
    assert!(names(&boris, "").await.is_empty());
    assert_eq!(names(&boris, "?scope=public").await, ["Alpha", "Beta", "Gamma", "public-chat"]);
    assert_eq!(names(&boris, "?scope=public&search=zz").await.len(), 0);
    boris.get("/api/rooms?scope=all").await.expect(400);
    let seen = boris.room(&rooms[0]).await;
    assert_eq!(
        (&seen["role"], &seen["unread"], &seen["last_message"]["content"]),
        (&Value::Null, &json!(0), &json!("news"))
    );
}

#[tokio::test]
async fn an_administrator_sees_that_a_private_room_exists_and_no_more() {
    let world = World::open().await;
    let admin = world.admin().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let room = anna.opens("private", "secrets", &[&boris]).await;
    let message = anna.posts(&room, "the safe is behind the tyres").await;
    let file = anna.posts_file(&room, "plan.txt", b"the code is 1234".to_vec()).await;
    let seen = admin.room(&room).await;
    assert_eq!(
        (&seen["name"], &seen["member_count"], &seen["last_message"]),
        (&json!("secrets"), &json!(2), &Value::Null)
    );
    assert_eq!(admin.get(&format!("/api/rooms/{room}/members")).await.expect(200).json()["total_items"], 2);
    admin.get(&format!("/api/rooms/{room}/messages")).await.refused(403, "forbidden");
    admin.get(&format!("/api/rooms/{room}/receipts")).await.refused(403, "forbidden");
    admin.get(file["file"].as_str().unwrap()).await.refused(404, "not_found");
    admin.get(&format!("/api/chat/{room}")).await.refused(403, "forbidden");
    let id = message["uuid"].as_str().unwrap();
    admin.get(&format!("/api/messages/{id}")).await.refused(403, "forbidden");
    admin.post(&format!("/api/rooms/{room}/members"), json!({ "user": admin.id })).await.refused(403, "forbidden");
    admin.delete(&format!("/api/messages/{id}")).await.expect(204);
    assert_eq!(anna.sees(&room).await, ["", ""]);
    admin.delete(&format!("/api/rooms/{room}")).await.expect(204);
    assert!(anna.rooms().await.is_empty());
}
