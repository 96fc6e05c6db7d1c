//! Seats: who sees them, who gives them up and takes them away, what power they give, and how they are handed over.

use crate::{
    people::Person,
    world::{PASSWORD, World},
};
use serde_json::{Value, json};

const NOBODY: &str = "01939f1e-6f2a-7c3b-9a41-5d2f8e6b1c01";

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(role, name)| ((*role).to_owned(), (*name).to_owned())).collect()
}

fn roles(seats: &[Value]) -> Vec<&str> {
    seats.iter().map(|seat| seat["role"].as_str().expect("a role")).collect()
}

#[tokio::test]
async fn seats_are_listed_for_the_salons_own_people() {
    let world = World::open().await;
    let [anna, boris, clara, vera] = world.people(["anna", "boris", "clara", "vera"]).await;
    let admin = world.admin().await;
    let (north, south) = (anna.founds("North").await, clara.founds("South").await);
    anna.seats(&boris, &north, "mechanic").await;
    clara.seats(&boris, &south, "seller").await;
    let seats = anna.list("/api/salon_role/").await;
    assert_eq!(roles(&seats), ["superuser", "mechanic"]);
    let expected = json!({ "id": seats[1]["id"], "user": boris.id, "auto_salon": north, "role": "mechanic" });
    assert_eq!(seats[1], expected);
    assert_eq!(boris.list("/api/salon_role").await.len(), 4, "of all salons one sits in");
    assert_eq!(admin.list("/api/salon_role").await.len(), 4);
    assert_eq!(vera.list("/api/salon_role").await, Vec::<Value>::new());
    assert_eq!(roles(&boris.list(&format!("/api/salon_role?auto_salon={south}")).await), ["superuser", "seller"]);
    assert_eq!(roles(&boris.list("/api/salon_role?role=seller").await), ["seller"]);
    assert_eq!(
        roles(&boris.list(&format!("/api/salon_role?role=seller&auto_salon={north}")).await),
        Vec::<&str>::new()
    );
    assert_eq!(anna.list(&format!("/api/salon_role?auto_salon={south}")).await, Vec::<Value>::new());
    assert_eq!(vera.list(&format!("/api/salon_role?auto_salon={south}")).await, Vec::<Value>::new());
    // The marketplace's clients send the filters that they do not use empty.
    assert_eq!(boris.list("/api/salon_role?auto_salon=&role=&page=&size=").await.len(), 4);
    assert_eq!(roles(&boris.list(&format!("/api/salon_role?auto_salon={south}&role=")).await), ["superuser", "seller"]);
    let page = boris.get("/api/salon_role?size=3&page=2").await.expect(200).json();
    assert_eq!((&page["total_items"], &page["total_pages"], &page["prev"]), (&json!(4), &json!(2), &json!(true)));
    assert_eq!(page["data"].as_array().unwrap().len(), 1);
    for (query, field) in
        [("role=boss", "role"), ("auto_salon=7", "auto_salon"), ("page=0", "page"), ("size=0", "size")]
    {
        boris.get(&format!("/api/salon_role?{query}")).await.blames(field);
    }
    let path = format!("/api/salon_role/{}", seats[1]["id"].as_str().unwrap());
    for person in [&anna, &boris, &admin] {
        assert_eq!(person.get(&path).await.expect(200).json(), expected);
    }
    for person in [&vera, &clara] {
        person.get(&path).await.refused(404, "not_found");
        person.delete(&path).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn who_takes_which_seat_away() {
    let world = World::open().await;
    let [anna, boris, clara, dan] = world.people(["anna", "boris", "clara", "dan"]).await;
    let ada = world.admin().await;
    let salon = anna.founds("North").await;
    let sit = async || {
        for (person, role) in [(&boris, "admin"), (&clara, "seller"), (&dan, "mechanic")] {
            if person.staff_room(&salon).await.is_none() {
                anna.seats(person, &salon, role).await;
            }
        }
    };
    for (person, role, status) in [
        (&anna, "admin", 204),
        (&anna, "seller", 204),
        (&anna, "mechanic", 204),
        (&boris, "superuser", 403),
        (&boris, "admin", 204),
        (&boris, "seller", 204),
        (&boris, "mechanic", 204),
        (&clara, "superuser", 403),
        (&clara, "admin", 403),
        (&clara, "seller", 204),
        (&clara, "mechanic", 403),
        (&dan, "seller", 403),
        (&dan, "mechanic", 204),
        (&ada, "admin", 204),
        (&ada, "seller", 204),
    ] {
        sit().await;
        let seat = anna.seat_of(&salon, role).await;
        person.delete(&format!("/api/salon_role/{seat}")).await.expect(status);
        let taken = anna.chairs(&salon).await.iter().any(|(taken, _)| taken == role);
        assert_eq!(taken, status != 204, "{} and the {role}", person.name);
        if status == 204 {
            person.delete(&format!("/api/salon_role/{seat}")).await.refused(404, "not_found");
        }
    }
    sit().await;
    let seat = anna.seat_of(&salon, "superuser").await;
    ada.vacates(&seat).await;
    anna.get(&format!("/api/auto_salon/{salon}")).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_removed_seat_loses_its_power_at_once() {
    let world = World::open().await;
    let [anna, boris, clara, dan] = world.people(["anna", "boris", "clara", "dan"]).await;
    let salon = anna.founds("North").await;
    anna.seats(&boris, &salon, "admin").await;
    let elsewhere = boris.elsewhere().await;
    let room = boris.staff_room(&salon).await.unwrap();
    let message = boris.posts(&room, "mine").await;
    let request = clara.asks_for(&salon, "seller").await;
    let own_offer = boris.offers(&salon, "mechanic", &dan).await;
    let seat = boris.seat_of(&salon, "admin").await;
    anna.vacates(&seat).await;
    for boris in [&boris, &elsewhere] {
        for verdict in ["approved", "rejected"] {
            boris.decides(&request, verdict).await.refused(404, "not_found");
        }
        boris.withdraws(&request).await.refused(404, "not_found");
        boris.withdraws(&own_offer).await.refused(404, "not_found");
        boris.put(&format!("/api/auto_salon/{salon}"), json!({ "name": "x" })).await.refused(403, "forbidden");
        boris.tries_to_offer(&salon, "seller", &dan).await.refused(403, "forbidden");
        boris.tries_to_hand_over(&salon, "admin", &dan).await.refused(403, "forbidden");
        boris.get(&format!("/api/rooms/{room}/messages")).await.refused(404, "not_found");
        boris.tries_to_post(&room, json!({ "content": "still here" })).await.refused(404, "not_found");
        boris.get(&format!("/api/messages/{}", message["uuid"].as_str().unwrap())).await.refused(404, "not_found");
        assert_eq!(boris.list("/api/salon_role").await, Vec::<Value>::new());
        assert_eq!((boris.role().await.as_str(), boris.told().await[0].0.as_str()), ("user", "seat_removed"));
    }
    anna.approves(&request).await;
    assert_eq!(anna.chairs(&salon).await, pairs(&[("superuser", "anna"), ("seller", "clara")]));
}

#[tokio::test]
async fn the_role_beside_a_name_follows_the_seats() {
    let world = World::open().await;
    let [anna, boris, clara, vera] = world.people(["anna", "boris", "clara", "vera"]).await;
    let ada = world.admin().await;
    let marked = json!({ "email": "sam@example.com", "username": "sam", "password": PASSWORD, "role": "seller" });
    world.site.post("/api/user/registration", marked).await.expect(201);
    let sam = Person::signed_in(&world.site, "sam").await;
    let (north, south) = (anna.founds("North").await, vera.founds("South").await);
    let lobby = anna.opens("public", "lobby", &[]).await;
    let shown = async |person: &Person, role: &str, member: bool| {
        let site = person.get("/api/auth/site_role").await.expect(200).json();
        assert_eq!((&site["role"], &site["is_auto_salon_member"]), (&json!(role), &json!(member)), "{}", person.name);
        assert_eq!(site["is_seller"], json!(role == "seller"), "{}", person.name);
        for path in [format!("/api/user/{}", person.id), format!("/api/user?search={}", person.name)] {
            let found = clara.get(&path).await.expect(200).json();
            let found = if found["data"].is_array() { found["data"][0].clone() } else { found };
            assert_eq!(found["role"], role, "{path}");
        }
        person.joins(&lobby).await;
        assert_eq!(person.posts(&lobby, "hello").await["sender_role"].as_str().or(Some(role)), Some(role));
        let page = anna.get(&format!("/api/chat/{lobby}?size=1")).await.expect(200).json();
        assert_eq!(page["messages"][0]["user_role"], role, "{}", person.name);
    };
    shown(&anna, "salon_member", true).await;
    shown(&boris, "user", false).await;
    anna.seats(&boris, &north, "mechanic").await;
    shown(&boris, "salon_member", true).await;
    vera.seats(&boris, &south, "seller").await;
    shown(&boris, "seller", true).await;
    boris.vacates(&boris.seat_of(&south, "seller").await).await;
    shown(&boris, "salon_member", true).await;
    boris.vacates(&boris.seat_of(&north, "mechanic").await).await;
    shown(&boris, "user", false).await;
    shown(&sam, "seller", false).await;
    anna.seats(&sam, &north, "admin").await;
    shown(&sam, "seller", true).await;
    let own = ada.asks_for(&south, "seller").await;
    ada.approves(&own).await;
    let site = ada.get("/api/auth/site_role").await.expect(200).json();
    assert_eq!((&site["role"], &site["is_staff"], &site["is_seller"]), (&json!("admin"), &json!(true), &json!(true)));
    let said = anna.get(&format!("/api/chat/{lobby}?size=20")).await.expect(200).json();
    let of_boris = said["messages"].as_array().unwrap().iter().filter(|message| message["user"] == boris.id.as_str());
    let kept: Vec<_> = of_boris.map(|message| message["user_role"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kept, ["user", "salon_member", "seller", "salon_member", "user"], "a message keeps its author's role");
}

#[tokio::test]
async fn a_person_sits_in_several_salons_but_once_in_each() {
    let world = World::open().await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    let (north, south) = (anna.founds("North").await, boris.founds("South").await);
    for (founder, salon, role) in [(&anna, &north, "seller"), (&boris, &south, "mechanic")] {
        founder.seats(&clara, salon, role).await;
    }
    anna.seats(&boris, &north, "admin").await;
    boris.seats(&anna, &south, "admin").await;
    let east = clara.founds("East").await;
    assert_eq!(clara.list("/api/salon_role").await.len(), 3 + 3 + 1);
    assert_eq!(clara.list("/api/salons?scope=mine").await.len(), 3);
    clara.tries_to_ask(&north, "mechanic").await.blames("non_field_errors");
    clara.vacates(&clara.seat_of(&north, "seller").await).await;
    assert_eq!((clara.role().await, clara.staff_room(&north).await), ("salon_member".to_owned(), None));
    assert!(clara.staff_room(&south).await.is_some() && clara.staff_room(&east).await.is_some());
    boris.delete(&format!("/api/auto_salon/{north}")).await.refused(403, "forbidden");
    boris.delete(&format!("/api/auto_salon/{south}")).await.expect(204);
    assert_eq!(anna.chairs(&north).await, pairs(&[("superuser", "anna"), ("admin", "boris")]));
}

#[tokio::test]
async fn a_seat_is_handed_over_in_one_step() {
    let world = World::open().await;
    let [anna, boris, clara, dan, vera] = world.people(["anna", "boris", "clara", "dan", "vera"]).await;
    let salon = anna.founds("North").await;
    anna.seats(&boris, &salon, "admin").await;
    anna.seats(&clara, &salon, "seller").await;
    // To somebody from outside.
    let offer = boris.hands_over(&salon, "seller", &dan).await;
    let rich = dan.list("/api/invitations").await.remove(0);
    assert_eq!((&rich["kind"], &rich["succeeds"]["username"]), (&json!("offer"), &json!("clara")));
    assert_eq!(clara.role().await, "seller", "until it is accepted");
    dan.approves(&offer).await;
    let seated = [("superuser", "anna"), ("admin", "boris"), ("seller", "dan")];
    assert_eq!(anna.chairs(&salon).await, pairs(&seated));
    assert_eq!((clara.role().await, dan.role().await), ("user".to_owned(), "seller".to_owned()));
    assert_eq!(clara.told().await[0].0, "seat_removed", "who did not hand it over themself is told");
    // One's own, to somebody who sits there: they give up the other seat.
    let offer = boris.hands_over(&salon, "admin", &dan).await;
    dan.approves(&offer).await;
    assert_eq!(anna.chairs(&salon).await, pairs(&[("superuser", "anna"), ("admin", "dan")]));
    assert_eq!(boris.told().await[0], ("offer_accepted".to_owned(), None));
    // The salon itself.
    anna.tries_to_hand_over(&salon, "superuser", &vera).await.blames("successor");
    let offer = anna.hands_over(&salon, "superuser", &dan).await;
    dan.approves(&offer).await;
    assert_eq!(dan.chairs(&salon).await, pairs(&[("superuser", "dan")]));
    assert_eq!(anna.staff_room(&salon).await, None);
    anna.delete(&format!("/api/auto_salon/{salon}")).await.refused(403, "forbidden");
    anna.founds("South").await;
    dan.tries_to_found("West").await.refused(409, "conflict");
    let log = dan.list(&format!("/api/salons/{salon}/log")).await;
    assert_eq!((&log[0]["action"], &log[0]["by"]["username"]), (&json!("handed_over"), &json!("anna")));
}

#[tokio::test]
async fn what_cannot_be_handed_over() {
    let world = World::open().await;
    let [anna, boris, clara, dan, vera] = world.people(["anna", "boris", "clara", "dan", "vera"]).await;
    let salon = anna.founds("North").await;
    for (person, role) in [(&boris, "admin"), (&clara, "seller")] {
        anna.seats(person, &salon, role).await;
    }
    let path = format!("/api/salons/{salon}/hand_over");
    for (body, field) in [
        (json!({}), "role"),
        (json!({ "role": "boss", "successor": dan.id }), "role"),
        (json!({ "role": "mechanic", "successor": dan.id }), "role"),
        (json!({ "role": "seller" }), "successor"),
        (json!({ "role": "seller", "successor": "dan" }), "successor"),
        (json!({ "role": "seller", "successor": NOBODY }), "successor"),
        (json!({ "role": "seller", "successor": clara.id }), "non_field_errors"),
        (json!({ "role": "superuser", "successor": anna.id }), "successor"),
        (json!({ "role": "superuser", "successor": dan.id }), "successor"),
    ] {
        anna.post(&path, body).await.blames(field);
    }
    boris.tries_to_hand_over(&salon, "superuser", &boris).await.refused(403, "forbidden");
    boris.tries_to_hand_over(&salon, "seller", &boris).await.blames("successor");
    clara.tries_to_hand_over(&salon, "seller", &dan).await.refused(403, "forbidden");
    vera.tries_to_hand_over(&salon, "seller", &dan).await.refused(403, "forbidden");
    boris.founds("South").await;
    anna.tries_to_hand_over(&salon, "superuser", &boris).await.blames("successor");
    anna.hands_over(&salon, "seller", &dan).await;
    anna.tries_to_hand_over(&salon, "seller", &dan).await.refused(409, "conflict");
    assert_eq!(anna.chairs(&salon).await, pairs(&[("superuser", "anna"), ("admin", "boris"), ("seller", "clara")]));
}

#[tokio::test]
async fn a_seat_that_changed_before_the_successor_came() {
    let world = World::open().await;
    let [anna, boris, clara, dan] = world.people(["anna", "boris", "clara", "dan"]).await;
    let salon = anna.founds("North").await;
    anna.seats(&boris, &salon, "admin").await;
    anna.seats(&clara, &salon, "seller").await;
    // Its holder left: it is not his any more, and what is vacant is offered.
    let late = anna.hands_over(&salon, "admin", &clara).await;
    boris.vacates(&boris.seat_of(&salon, "admin").await).await;
    clara.decides(&late, "approved").await.blames("non_field_errors");
    assert_eq!((clara.status_of(&late).await, clara.role().await), ("rejected".to_owned(), "seller".to_owned()));
    // A successor who sits elsewhere in the salon has one seat then, and the log says which one they gave up.
    anna.seats(&boris, &salon, "admin").await;
    let offer = anna.hands_over(&salon, "admin", &clara).await;
    clara.approves(&offer).await;
    let log = anna.list(&format!("/api/salons/{salon}/log")).await;
    let line = |line: &Value| (line["action"].clone(), line["by"]["username"].clone(), line["role"].clone());
    let [handed_over, left, accepted] = [&log[0], &log[1], &log[2]].map(line);
    assert_eq!(handed_over, (json!("handed_over"), json!("anna"), json!("admin")));
    assert_eq!(left, (json!("left"), json!("clara"), json!("seller")));
    assert_eq!(accepted, (json!("accepted"), json!("clara"), json!("admin")));
    assert_eq!(anna.chairs(&salon).await, pairs(&[("superuser", "anna"), ("admin", "clara")]));
    assert_eq!(clara.role().await, "salon_member");
    assert_eq!(anna.list("/api/salon_role").await.len(), 2);
    // Somebody else sits there by now.
    let offer = anna.hands_over(&salon, "admin", &dan).await;
    clara.vacates(&clara.seat_of(&salon, "admin").await).await;
    anna.seats(&boris, &salon, "admin").await;
    dan.decides(&offer, "approved").await.blames("non_field_errors");
    assert_eq!(dan.status_of(&offer).await, "rejected");
    assert_eq!(anna.chairs(&salon).await, pairs(&[("superuser", "anna"), ("admin", "boris")]));
    // The one who would take over the salon founded another one meanwhile.
    let offer = anna.hands_over(&salon, "superuser", &boris).await;
    boris.founds("South").await;
    boris.decides(&offer, "approved").await.refused(400, "invalid");
    assert_eq!(boris.status_of(&offer).await, "rejected");
    assert_eq!(anna.salon(&salon).await["my_role"], "superuser");
}
