//! Salons: founding, listing, changing and deleting them.

use crate::{
    people::{Person, id_of},
    world::{World, golden},
};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

const NOBODY: &str = "01939f1e-6f2a-7c3b-9a41-5d2f8e6b1c01";

fn names(page: &Value) -> Vec<&str> {
    page["data"].as_array().expect("data").iter().map(|salon| salon["name"].as_str().expect("a name")).collect()
}

#[tokio::test]
async fn a_founder_is_superuser_and_everybody_sees_what_is_vacant() {
    let world = World::open().await;
    let [anna, vera] = world.people(["anna", "vera"]).await;
    let body = json!({ "name": "  North ", "location": "Riga, Brīvības 1", "user": vera.id, "id": NOBODY });
    let made = anna.post("/api/auto_salon", body).await.expect(201).json();
    let salon = id_of(&made);
    assert!(golden::is_time(made["created_at"].as_str().unwrap()) && salon != NOBODY, "{made}");
    assert_eq!((&made["name"], &made["user"]), (&json!("North"), &json!(anna.id)), "its founder, whatever was sent");
    assert_eq!(made["vacant_roles"], json!(["admin", "seller", "mechanic"]));
    for person in [&anna, &vera] {
        assert_eq!(person.get(&format!("/api/auto_salon/{salon}/")).await.expect(200).json(), made);
        assert_eq!(person.list("/api/auto_salon/").await, std::slice::from_ref(&made));
    }
    let rich = anna.salon(&salon).await;
    assert_eq!((&rich["my_role"], &rich["superuser"]["id"]), (&json!("superuser"), &json!(anna.id)));
    for may in ["may_change", "may_delete", "may_decide", "may_read_log"] {
        assert_eq!((&rich[may], &vera.salon(&salon).await[may]), (&json!(true), &json!(false)), "{may}");
    }
    assert_eq!(anna.role().await, "salon_member");
    assert_eq!(anna.chairs(&salon).await, [("superuser".to_owned(), "anna".to_owned())]);
}

#[tokio::test]
async fn who_sits_there_is_for_the_salons_own_people() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let salon = anna.founds("North").await;
    anna.seats(&boris, &salon, "seller").await;
    let chair = |salon: &Value| salon["chairs"][2].clone();
    let own = chair(&boris.salon(&salon).await);
    assert_eq!((&own["role"], &own["is_vacant"]), (&json!("seller"), &json!(false)));
    assert_eq!((&own["holder"]["username"], &own["holder"]["role"]), (&json!("boris"), &json!("seller")));
    assert_eq!((&own["may_remove"], &own["may_hand_over"]), (&json!(true), &json!(false)));
    let strange = chair(&vera.salon(&salon).await);
    let nothing = json!({
        "role": "seller", "is_vacant": false, "seat": null, "holder": null, "since": null,
        "may_remove": false, "may_hand_over": false,
    });
    assert_eq!(strange, nothing, "only that it is taken");
    assert_eq!(vera.salon(&salon).await["chairs"][0]["holder"]["username"], "anna", "whom to ask");
    assert_eq!(vera.staff_room(&salon).await, None);
    let admin = world.admin().await;
    assert_eq!(admin.chairs(&salon).await.len(), 2);
    assert_eq!(admin.staff_room(&salon).await, None, "a site administrator is not in the staff room");
}

#[tokio::test]
async fn salons_are_listed_in_pages_and_searched() {
    let world = World::open().await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    for (person, name, location) in
        [(&anna, "North", "Rīga"), (&boris, "South", "Jūrmala"), (&clara, "Motors", "Riga north")]
    {
        person.post("/api/auto_salon", json!({ "name": name, "location": location })).await.expect(201);
    }
    for door in ["/api/auto_salon", "/api/salons"] {
        let page = anna.get(&format!("{door}?size=2")).await.expect(200).json();
        assert_eq!((names(&page), &page["total_items"]), (vec!["North", "South"], &json!(3)), "oldest first");
        assert_eq!((&page["total_pages"], &page["prev"], &page["next"]), (&json!(2), &json!(false), &json!(true)));
        let page = anna.get(&format!("{door}?size=2&page=2")).await.expect(200).json();
        assert_eq!((names(&page), &page["prev"], &page["next"]), (vec!["Motors"], &json!(true), &json!(false)));
        let page = anna.get(&format!("{door}?page=9")).await.expect(200).json();
        assert_eq!((names(&page), &page["next"]), (vec![], &json!(false)));
        for (search, found) in [("NORTH", vec!["North", "Motors"]), ("j%C5%AArm", vec!["South"]), ("nowhere", vec![])] {
            let page = anna.get(&format!("{door}?search={search}")).await.expect(200).json();
            assert_eq!((names(&page), &page["total_items"]), (found.clone(), &json!(found.len())), "{search}");
        }
        for (query, field) in
            [("page=0", "page"), ("size=0", "size"), ("size=101", "size"), ("page=-1", "page"), ("size=x", "size")]
        {
            anna.get(&format!("{door}?{query}")).await.blames(field);
        }
    }
    assert_eq!(names(&boris.get("/api/salons?scope=mine").await.expect(200).json()), ["South"]);
    anna.get("/api/salons?scope=ours").await.blames("scope");
}

#[tokio::test]
async fn a_salon_needs_a_name_and_a_person_founds_one() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let long = "n".repeat(65);
    for (body, field) in [
        (json!({}), "name"),
        (json!({ "name": null }), "name"),
        (json!({ "name": "" }), "name"),
        (json!({ "name": " \u{200b} " }), "name"),
        (json!({ "name": 7 }), "name"),
        (json!({ "name": ["North"] }), "name"),
        (json!({ "name": long }), "name"),
        (json!({ "name": "No\nrth" }), "name"),
        (json!({ "name": "North", "location": "l".repeat(2_000) }), "location"),
        (json!({ "name": "North", "location": 1 }), "location"),
    ] {
        let problem = anna.post("/api/auto_salon", body).await.blames(field);
        assert!(problem["detail"].as_str().unwrap().len() < 300, "{problem}");
    }
    anna.post("/api/auto_salon", json!([])).await.expect(400);
    anna.send(anna.request(Method::POST, "/api/auto_salon").body("name=North")).await.expect(415);
    assert_eq!(anna.get("/api/auto_salon").await.json()["total_items"], 0, "nothing came of it");
    let markup = "<img src=x onerror=alert(1)>";
    let made = anna.tries_to_found(markup).await.expect(201).json();
    assert_eq!(made["name"], markup, "data, never markup");
    anna.tries_to_found("Another").await.refused(409, "conflict");
    anna.seats(&boris, &id_of(&made), "mechanic").await;
    boris.founds("South").await;
    assert_eq!(anna.get("/api/auto_salon").await.json()["total_items"], 2);
}

#[tokio::test]
async fn of_twenty_salons_founded_at_once_there_is_one() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let founded = join_all((0..20).map(|number| {
        let anna = anna.clone();
        async move { anna.tries_to_found(&format!("Salon {number}")).await }
    }))
    .await;
    assert_eq!(founded.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(founded.iter().filter(|answer| answer.status == 409).count(), 19);
    assert_eq!(anna.get("/api/auto_salon").await.json()["total_items"], 1);
    assert_eq!(anna.get("/api/salon_role").await.json()["total_items"], 1);
    assert_eq!(anna.rooms().await.len(), 1, "one staff room");
}

#[tokio::test]
async fn name_and_location_change_by_those_who_may() {
    let world = World::open().await;
    let [anna, boris, clara, vera] = world.people(["anna", "boris", "clara", "vera"]).await;
    let admin = world.admin().await;
    let salon = anna.founds("North").await;
    anna.seats(&boris, &salon, "admin").await;
    anna.seats(&clara, &salon, "seller").await;
    let path = format!("/api/auto_salon/{salon}");
    for (person, name) in [(&anna, "North 1"), (&boris, "North 2"), (&admin, "North 3")] {
        let changed = person.put(&path, json!({ "name": name, "user": person.id })).await.expect(200).json();
        assert_eq!((&changed["name"], &changed["location"]), (&json!(name), &json!("Riga")), "the rest stays");
        assert_eq!(changed["user"], json!(anna.id));
        let room = anna.room(&anna.staff_room(&salon).await.unwrap()).await;
        assert_eq!(
            (&room["name"], &room["kind"]),
            (&json!(name), &json!("staff")),
            "the staff room is called after it"
        );
    }
    let changed = boris.put(&path, json!({ "location": "Jelgava" })).await.expect(200).json();
    assert_eq!((&changed["name"], &changed["location"]), (&json!("North 3"), &json!("Jelgava")));
    for person in [&clara, &vera] {
        person.put(&path, json!({ "name": "Mine" })).await.refused(403, "forbidden");
        person.delete(&path).await.refused(403, "forbidden");
    }
    boris.delete(&path).await.refused(403, "forbidden");
    anna.put(&path, json!({ "name": "" })).await.blames("name");
    anna.put(&path, json!({ "name": {} })).await.blames("name");
    let log = anna.list(&format!("/api/salons/{salon}/log?size=100")).await;
    assert_eq!(log.iter().filter(|line| line["action"] == "changed").count(), 4);
    anna.put(&path, json!({})).await.expect(200);
    anna.put(&path, json!({ "name": "North 3" })).await.expect(200);
    assert_eq!(
        anna.list(&format!("/api/salons/{salon}/log?size=100")).await,
        log,
        "nothing changed, nothing is logged"
    );
}

#[tokio::test]
async fn a_deleted_salon_leaves_nothing_but_its_log_and_notifications() {
    let world = World::open().await;
    let [anna, boris, clara, vera] = world.people(["anna", "boris", "clara", "vera"]).await;
    let admin = world.admin().await;
    let salon = anna.founds("North").await;
    anna.seats(&boris, &salon, "seller").await;
    let room = anna.staff_room(&salon).await.unwrap();
    let file = boris.posts_file(&room, "plan.txt", b"a plan".to_vec()).await["file"].as_str().unwrap().to_owned();
    let (request, offer) = (clara.asks_for(&salon, "mechanic").await, anna.offers(&salon, "admin", &vera).await);
    let seat = boris.seat_of(&salon, "seller").await;
    anna.delete(&format!("/api/auto_salon/{salon}")).await.expect(204);

    for person in [&anna, &boris, &clara, &vera, &admin] {
        for path in
            [format!("/api/auto_salon/{salon}"), format!("/api/salons/{salon}"), format!("/api/salon_role/{seat}")]
        {
            person.get(&path).await.refused(404, "not_found");
        }
        for invitation in [&request, &offer] {
            person.decides(invitation, "approved").await.refused(404, "not_found");
            person.withdraws(invitation).await.refused(404, "not_found");
        }
        person.get(&format!("/api/rooms/{room}")).await.refused(404, "not_found");
        person.get(&file).await.refused(404, "not_found");
        person.tries_to_ask(&salon, "seller").await.blames("auto_salon");
        assert_eq!(person.invitations().await, Vec::<String>::new());
        assert_eq!(person.list("/api/salon_role").await, Vec::<Value>::new());
    }
    for person in [&anna, &boris, &clara, &vera] {
        assert_eq!(person.role().await, "user");
        person.get(&format!("/api/salons/{salon}/log")).await.refused(404, "not_found");
    }
    let log = admin.list(&format!("/api/salons/{salon}/log")).await;
    assert_eq!((&log[0]["action"], &log[0]["by"]["username"]), (&json!("deleted"), &json!("anna")));
    let gone = || vec![("salon_deleted".to_owned(), None)];
    assert_eq!((clara.told().await, vera.told().await), (gone(), gone()));
    assert_eq!(boris.told().await[0], ("salon_deleted".to_owned(), None));
    assert_eq!(anna.told().await, [], "she did it herself");
    anna.founds("North again").await;
    anna.get("/api/salon_role").await.expect(200);
}

#[tokio::test]
async fn a_superuser_who_gives_up_the_seat_closes_the_salon() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let salon = anna.founds("North").await;
    anna.seats(&boris, &salon, "admin").await;
    let seat = anna.seat_of(&salon, "superuser").await;
    boris.delete(&format!("/api/salon_role/{seat}")).await.refused(403, "forbidden");
    anna.vacates(&seat).await;
    boris.get(&format!("/api/auto_salon/{salon}")).await.refused(404, "not_found");
    assert_eq!((boris.role().await, boris.told().await[0].0.as_str()), ("user".to_owned(), "salon_deleted"));
    boris.founds("South").await;
}

/// What does not exist, what is no id, what is no method, and nobody: the same everywhere.
#[tokio::test]
async fn wrong_ids_methods_and_nobody() {
    let world = World::open().await;
    let [anna, vera] = world.people(["anna", "vera"]).await;
    let salon = anna.founds("North").await;
    let invitation = vera.asks_for(&salon, "seller").await;
    let seat = anna.seat_of(&salon, "superuser").await;
    let log = format!("/api/salons/{salon}/log");
    let routes: [(Method, &str, &str); 14] = [
        (Method::GET, "/api/auto_salon/", &salon),
        (Method::PUT, "/api/auto_salon/", &salon),
        (Method::DELETE, "/api/auto_salon/", &salon),
        (Method::GET, "/api/salon_role/", &seat),
        (Method::DELETE, "/api/salon_role/", &seat),
        (Method::PATCH, "/api/invitation_to_auto_salon/{}/approved", &invitation),
        (Method::PATCH, "/api/invitation_to_auto_salon/{}/rejected", &invitation),
        (Method::DELETE, "/api/invitation_to_auto_salon/delete/invitation/", &invitation),
        (Method::GET, "/api/salons/", &salon),
        (Method::POST, "/api/salons/{}/hand_over", &salon),
        (Method::GET, "/api/salons/{}/log", &salon),
        (Method::DELETE, "/api/notifications/", NOBODY),
        (Method::GET, "/api/auto_salon", ""),
        (Method::GET, "/api/salon_role", ""),
    ];
    let at = |path: &str, id: &str| if path.contains("{}") { path.replace("{}", id) } else { format!("{path}{id}") };
    let body = json!({ "name": "x", "role": "superuser", "successor": vera.id });
    for (method, path, id) in &routes {
        let nobody = world.site.send(world.site.request(method.clone(), &at(path, id)).json(&body)).await;
        nobody.refused(401, "unauthenticated");
        let rubbish = anna.with_token("rubbish");
        rubbish.send(rubbish.request(method.clone(), &at(path, id)).json(&body)).await.refused(401, "unauthenticated");
        if id.is_empty() {
            continue;
        }
        let unknown = anna.send(anna.request(method.clone(), &at(path, NOBODY)).json(&body)).await;
        unknown.refused(404, "not_found");
        for malformed in ["7", "x", "..%2f", "%00", "null", "-1", &format!("{id}0")] {
            let answer = anna.send(anna.request(method.clone(), &at(path, malformed)).json(&body)).await;
            assert!([400, 404, 405].contains(&answer.status), "{method} {path} {malformed}: {}", answer.status);
        }
    }
    for (method, path) in [
        (Method::PATCH, format!("/api/auto_salon/{salon}")),
        (Method::POST, format!("/api/auto_salon/{salon}")),
        (Method::DELETE, "/api/auto_salon".to_owned()),
        (Method::POST, "/api/salon_role".to_owned()),
        (Method::PUT, format!("/api/salon_role/{seat}")),
        (Method::PUT, "/api/invitation_to_auto_salon".to_owned()),
        (Method::POST, format!("/api/invitation_to_auto_salon/{invitation}/approved")),
        (Method::GET, format!("/api/invitation_to_auto_salon/{invitation}/rejected")),
        (Method::POST, log),
    ] {
        let answer = anna.send(anna.request(method.clone(), &path).json(&body)).await;
        assert_eq!(answer.status, 405, "{method} {path}: {}", answer.text());
        assert!(!answer.header("allow").is_empty(), "{method} {path}: what would be right?");
    }
    assert_eq!(anna.salon(&salon).await["name"], "North", "nothing changed");
    assert_eq!(vera.status_of(&invitation).await, "pending");
    let nobody: Person = vera.with_token("");
    nobody.tries_to_found("South").await.refused(401, "unauthenticated");
}
