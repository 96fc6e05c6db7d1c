//! Registering, profiles, the directory, and what administrators do to accounts.

use crate::{
    people::Person,
    world::{PASSWORD, World},
};
use futures_util::future::join_all;
use serde_json::json;

#[tokio::test]
async fn people_register_once_and_without_power() {
    let world = World::open().await;
    let register = async |body| world.site.post("/api/user/registration", body).await;
    let anna = json!({
        "email": "Anna@Example.com", "password": PASSWORD, "role": "seller", "is_admin": true, "is_staff": true,
        "is_superuser": true, "status": "blocked", "id": "00000000-0000-7000-8000-000000000000",
        "profile": { "name": "Anna", "surname": "Keller", "is_admin": true, "shoe_size": 38 },
    });
    let anna = register(anna).await.expect(201).json();
    assert_eq!((&anna["username"], &anna["role"]), (&json!("Anna"), &json!("seller")), "from the address: {anna}");
    assert_eq!((&anna["is_admin"], &anna["status"]), (&json!(false), &json!("active")));
    assert_eq!(anna["display_name"], "Anna Keller");
    assert_ne!(anna["id"], "00000000-0000-7000-8000-000000000000");
    assert!(anna.get("password").is_none());

    let second = register(json!({ "email": "anna@elsewhere.com", "password": PASSWORD })).await.expect(201).json();
    assert_eq!(second["username"], "anna2", "made unique without regard to case");

    for (field, status, body) in [
        ("email", 409, json!({ "email": "ANNA@example.COM", "password": PASSWORD })),
        ("username", 409, json!({ "email": "c@example.com", "username": "ANNA", "password": PASSWORD })),
        ("email", 400, json!({ "email": "no address", "password": PASSWORD })),
        ("email", 400, json!({ "password": PASSWORD })),
        ("password", 400, json!({ "email": "c@example.com", "password": "short" })),
        ("password", 400, json!({ "email": "c@example.com", "password": "x".repeat(257) })),
        ("password", 400, json!({ "email": "c@example.com" })),
        ("username", 400, json!({ "email": "c@example.com", "username": "a b", "password": PASSWORD })),
        ("username", 400, json!({ "email": "c@example.com", "username": "../etc", "password": PASSWORD })),
        ("username", 400, json!({ "email": "c@example.com", "username": "history", "password": PASSWORD })),
        ("username", 400, json!({ "email": "c@example.com", "username": "x".repeat(65), "password": PASSWORD })),
        ("name", 400, json!({ "email": "c@example.com", "password": PASSWORD, "profile": { "name": "a\u{202e}b" } })),
        ("role", 400, json!({ "email": "c@example.com", "password": PASSWORD, "role": "admin" })),
    ] {
        let problem = register(body.clone()).await.expect(status).json();
        assert!(problem["errors"].get(field).is_some(), "{body}: {problem}");
    }
    let anna = Person::signed_in(&world.site, "Anna").await;
    assert_eq!(anna.get("/api/user").await.expect(200).json()["total_items"], 2, "nobody else was made");
}

#[tokio::test]
async fn of_twenty_sign_ups_with_one_name_or_address_one_succeeds() {
    let world = World::open().await;
    let sign_ups = (0..20).map(|number| {
        let (email, username) = match number % 2 {
            0 => (format!("p{number}@example.com"), "Same".to_owned()),
            _ => ("same@example.com".to_owned(), format!("p{number}")),
        };
        world.site.post("/api/user/registration", json!({ "email": email, "username": username, "password": PASSWORD }))
    });
    let mut statuses: Vec<_> = join_all(sign_ups).await.into_iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    let mut expected = vec![201, 201];
    expected.extend([409; 18]);
    // A server with too much to do may say so; it must not make two.
    assert!(statuses == expected || statuses.contains(&503), "{statuses:?}");
}

#[tokio::test]
async fn registration_by_invitation_takes_a_code_once() {
    let world = World::open_with("registration = \"invite-only\"").await;
    let admin = world.admin().await;
    assert_eq!(world.site.get("/api/config").await.json()["registration"], "invite");
    let register = async |name: &str, code: Option<&str>| {
        let email = format!("{name}@example.com");
        world
            .site
            .post("/api/user/registration", json!({ "email": email, "password": PASSWORD, "invite_code": code }))
            .await
    };
    register("anna", None).await.blames("invite_code");
    register("anna", Some("guess")).await.blames("invite_code");
    let issued = admin.post("/api/invite_codes", json!({ "uses": 2, "valid_days": 1 })).await.expect(201).json();
    let code = issued["code"].as_str().unwrap();
    assert_eq!(issued["link"], format!("/register?code={code}"));
    let anna = register("anna", Some(code)).await.expect(201).json();
    let (one, other) = tokio::join!(register("boris", Some(code)), register("clara", Some(code)));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400], "one use was left");
    assert_eq!(admin.get("/api/invite_codes").await.expect(200).json(), json!([]), "a used code is gone");

    let issued = admin.post("/api/invite_codes", json!({})).await.expect(201).json();
    let listed = admin.get("/api/invite_codes").await.expect(200).json();
    assert_eq!((&listed[0]["id"], &listed[0]["uses_left"]), (&issued["id"], &json!(1)));
    assert!(listed[0].get("code").is_none(), "a code is shown once");
    admin.delete(&format!("/api/invite_codes/{}", issued["id"].as_str().unwrap())).await.expect(204);
    register("dora", issued["code"].as_str()).await.blames("invite_code");

    let anna = Person::signed_in(&world.site, anna["username"].as_str().unwrap()).await;
    anna.post("/api/invite_codes", json!({})).await.refused(403, "forbidden");
    anna.get("/api/invite_codes").await.refused(403, "forbidden");
    for body in [json!({ "uses": 0 }), json!({ "uses": 1_001 }), json!({ "valid_days": 0 }), json!({ "uses": "two" })] {
        admin.post("/api/invite_codes", body).await.expect(400);
    }
}

#[tokio::test]
async fn closed_registration_is_closed() {
    let world = World::open_with("registration = \"closed\"").await;
    assert_eq!(world.site.get("/api/config").await.json()["registration"], "closed");
    world.site.registers("anna").await.refused(403, "forbidden");
}

#[tokio::test]
async fn registrations_from_one_address_are_bounded() {
    let world = World::open_with("[limits]\nregistrations_per_address = 2\nregistration_window_secs = 600").await;
    for name in ["anna", "boris"] {
        world.site.registers(name).await.expect(201);
    }
    world.site.registers("clara").await.refused(429, "throttled");
}

#[tokio::test]
async fn the_set_up_link_works_once() {
    let mut world = World::open().await;
    assert_eq!(world.site.get("/api/config").await.expect(200).json()["setup_needed"], true);
    let set_up = async |world: &World, token: &str, name: &str| {
        let email = format!("{name}@example.com");
        let body = json!({ "token": token, "email": email, "username": name, "password": PASSWORD, "name": "Ada" });
        world.site.post("/api/setup", body).await
    };
    let old = world.set_up_token();
    set_up(&world, "guess", "ada").await.blames("token");
    world.restart().await;
    set_up(&world, &old, "ada").await.blames("token");
    let token = world.set_up_token();
    let (one, other) = tokio::join!(set_up(&world, &token, "ada"), set_up(&world, &token, "eve"));
    let (won, lost) = if one.status == 201 { (one, other) } else { (other, one) };
    assert_eq!((won.status, lost.status), (201, 409), "of two at once one wins: {}", lost.text());
    let me = won.json();
    assert_eq!((&me["is_admin"], &me["role"], &me["display_name"]), (&json!(true), &json!("admin"), &json!("Ada")));
    assert!(won.header("set-cookie").starts_with("parlor_session="), "and is signed in");
    set_up(&world, &token, "eva").await.refused(409, "conflict");
    assert_eq!(world.site.get("/api/config").await.expect(200).json()["setup_needed"], false);
    world.restart().await;
    set_up(&world, &token, "eva").await.refused(409, "conflict");
}

#[tokio::test]
async fn a_profile_changes_for_everybody() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let change = json!({ "name": "Änne", "surname": "Keller", "about": "Brakes.\nTyres.", "username": "Anna.K" });
    let me = anna.patch("/api/account", change).await.expect(200).json();
    assert_eq!((&me["display_name"], &me["username"]), (&json!("Änne Keller"), &json!("Anna.K")));
    assert_eq!(me["email"], "anna@example.com");
    let seen = boris.get(&format!("/api/user/{}", anna.id)).await.expect(200).json();
    assert_eq!(seen["about"], "Brakes.\nTyres.");
    assert!(seen.get("email").is_none() && seen.get("status").is_none(), "that is her own business: {seen}");
    for (field, status, change) in [
        ("username", 409, json!({ "username": "BORIS" })),
        ("email", 409, json!({ "email": "Boris@example.com" })),
        ("username", 400, json!({ "username": "" })),
        ("email", 400, json!({ "email": "@" })),
        ("about", 400, json!({ "about": "x".repeat(501) })),
        ("name", 400, json!({ "name": "x".repeat(65) })),
        ("name", 400, json!({ "name": 7 })),
    ] {
        let problem = anna.patch("/api/account", change.clone()).await.expect(status).json();
        assert!(problem["errors"].get(field).is_some(), "{change}: {problem}");
    }
    let after = anna.get("/api/account").await.expect(200).json();
    assert_eq!(after, anna.get("/api/session").await.expect(200).json());
    assert_eq!(after, me, "what was refused changed nothing");
    assert_eq!(
        anna.patch("/api/account", json!({ "username": "anna.k" })).await.expect(200).json()["username"],
        "anna.k"
    );

    // The same at the marketplace's address, for oneself and for administrators.
    let own = format!("/api/user/{}", anna.id);
    let changed = anna.put(&own, json!({ "profile": { "name": "Anna" } })).await.expect(200).json();
    assert_eq!(changed["display_name"], "Anna Keller");
    boris.put(&own, json!({ "name": "Eve" })).await.refused(403, "forbidden");
    let refused = anna.put(&own, json!({ "name": "Eve", "password": "another long winter" })).await.blames("password");
    assert!(refused["errors"]["password"][0].as_str().unwrap().contains("/api/account/password"), "{refused}");
    assert_eq!(anna.get(&own).await.expect(200).json()["name"], "Anna", "nothing changed");
    let admin = world.admin().await;
    let changed = admin.put(&own, json!({ "surname": "" })).await.expect(200).json();
    assert_eq!((&changed["display_name"], &changed["email"]), (&json!("Anna"), &json!("anna@example.com")));
}

#[tokio::test]
async fn the_directory_is_searched_and_paged() {
    let world = World::open().await;
    let [anna, ..] = world.people(["anna", "boris", "clara", "annette"]).await;
    let admin = world.admin().await;
    let names = async |person: &Person, query: &str| {
        let page = person.get(&format!("/api/user{query}")).await.expect(200).json();
        let people =
            page["data"].as_array().unwrap().iter().map(|person| person["username"].as_str().unwrap().to_owned());
        (people.collect::<Vec<_>>(), page["total_items"].as_u64().unwrap(), page["prev"] == true, page["next"] == true)
    };
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&anna, "").await, (list(&["ada", "anna", "annette", "boris", "clara"]), 5, false, false));
    assert_eq!(names(&anna, "?page=2&size=2").await, (list(&["annette", "boris"]), 5, true, true));
    assert_eq!(names(&anna, "?page=9&size=2").await, (vec![], 5, true, false));
    assert_eq!(names(&anna, "?search=ANN").await, (list(&["anna", "annette"]), 2, false, false));
    assert_eq!(names(&anna, "?search=example.com").await.1, 0, "addresses are not searched");
    assert_eq!(names(&admin, "?search=clara@example.com").await.0, list(&["clara"]));
    // Whoever gave no name is called by the username, as in a room.
    let body = json!({ "email": "quinn@example.com", "username": "quinn", "password": crate::world::PASSWORD });
    let quinn = world.site.post("/api/user/registration", body).await.expect(201).json();
    let found = anna.get("/api/user?search=quinn").await.expect(200).json()["data"][0].clone();
    assert_eq!((&quinn["name"], &found["name"]), (&json!("quinn"), &json!("quinn")));
    for query in ["?page=0", "?size=0", "?size=101", "?page=x", "?page=-1", "?size=99999999999"] {
        anna.get(&format!("/api/user{query}")).await.expect(400);
    }
    world.site.get("/api/user").await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn blocking_ends_everything_at_once() {
    let world = World::open().await;
    let admin = world.admin().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let mut window = anna.clone().online().await;
    let mut other_window = anna.elsewhere().await.online().await;
    let path = format!("/api/user/block_unblock/{}", anna.id);
    let block = json!({ "action": "block" });
    boris.patch(&path, block.clone()).await.refused(403, "forbidden");
    admin.patch(&path, json!({ "action": "banish" })).await.blames("action");
    admin.patch(&format!("/api/user/block_unblock/{}", admin.id), block.clone()).await.refused(400, "invalid");
    assert_eq!(admin.patch(&path, block.clone()).await.expect(200).json()["status"], "blocked");
    assert_eq!((window.is_closed().await, other_window.is_closed().await), (4401, 4401));
    anna.get("/api/rooms").await.refused(401, "unauthenticated");
    world.site.post("/api/auth/refresh", json!({ "refresh": anna.refresh })).await.refused(401, "unauthenticated");
    let sign_in = json!({ "username": "anna", "password": PASSWORD });
    world.site.post("/api/auth", sign_in.clone()).await.refused(403, "forbidden");
    boris.get(&format!("/api/user/{}", anna.id)).await.refused(404, "not_found");
    assert_eq!(boris.get("/api/user?search=anna").await.json()["total_items"], 0);
    assert_eq!(admin.get("/api/user?search=anna").await.json()["data"][0]["status"], "blocked");
    boris.post("/api/rooms", json!({ "kind": "private", "members": [anna.id] })).await.blames("members");

    admin.patch(&path, json!({ "action": "unblock" })).await.expect(200);
    world.site.post("/api/auth", sign_in).await.expect(200);
    anna.get("/api/rooms").await.refused(401, "unauthenticated");
    let nobody = "/api/user/block_unblock/01939f1e-6f2a-7c3b-9a41-5d2f8e6b1c01";
    admin.patch(nobody, block).await.refused(404, "not_found");
}

#[tokio::test]
async fn an_administrator_makes_another_and_the_last_one_stays() {
    let world = World::open().await;
    let admin = world.admin().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let make = format!("/api/user/make_admin/{}", anna.id);
    let empty = |person: &Person, path: &str| person.request(reqwest::Method::PATCH, path);
    boris.send(empty(&boris, &make)).await.refused(403, "forbidden");
    admin.delete(&format!("/api/user/{}", admin.id)).await.refused(409, "conflict");
    let made = admin.send(empty(&admin, &make)).await.expect(200).json();
    assert_eq!((&made["is_admin"], &made["role"]), (&json!(true), &json!("admin")));
    assert_eq!(anna.get("/api/auth/site_role").await.expect(200).json()["is_staff"], true, "with the token she has");
    admin.delete(&format!("/api/user/{}", admin.id)).await.expect(204);
    admin.get("/api/session").await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_deleted_account_leaves_its_messages_without_its_name() {
    let world = World::open().await;
    let admin = world.admin().await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    anna.brings_in(&room, &clara).await;
    anna.posts(&room, "before I go").await;
    let direct = boris.direct(&anna).await;
    let mut window = anna.clone().online().await;
    boris.delete(&format!("/api/user/{}", anna.id)).await.refused(403, "forbidden");
    anna.delete(&format!("/api/user/{}", anna.id)).await.expect(204);
    assert_eq!(window.is_closed().await, 4401);
    anna.get("/api/session").await.refused(401, "unauthenticated");
    let sign_in = json!({ "username": "anna", "password": PASSWORD });
    world.site.post("/api/auth", sign_in).await.refused(401, "unauthenticated");
    boris.get(&format!("/api/user/{}", anna.id)).await.refused(404, "not_found");
    let message = &boris.history(&room, "").await["messages"][0];
    assert_eq!((&message["content"], &message["sender"]), (&json!("before I go"), &json!(anna.id)));
    assert_eq!(message["sender_name"], "Deleted account");
    let members = boris.get(&format!("/api/rooms/{room}/members")).await.expect(200).json();
    assert_eq!(members["total_items"], 2);
    assert_eq!(boris.room(&room).await["role"], "owner", "who joined first inherits the room");
    boris.tries_to_post(&direct, json!({ "content": "?" })).await.refused(409, "conflict");
    admin.delete(&format!("/api/user/{}", clara.id)).await.expect(204);
    world.site.registers("anna").await.expect(201);
}
