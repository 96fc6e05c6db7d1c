//! The staff room: its members are the seat holders, always.

use crate::{
    people::{Online, Person},
    world::World,
};
use reqwest::Method;
use serde_json::{Value, json};

/// The room's members are those who sit, seen from somebody who sits there.
async fn assert_members(person: &Person, salon: &str, expected: &[&str]) {
    let room = person.staff_room(salon).await.expect("a staff room");
    let mut sitting: Vec<_> = person.chairs(salon).await.into_iter().map(|(_, name)| name).collect();
    sitting.sort();
    assert_eq!(person.members(&room).await, sitting);
    assert_eq!(sitting, expected);
    assert_eq!(person.room(&room).await["member_count"], sitting.len());
}

#[tokio::test]
async fn its_members_are_those_who_sit() {
    let world = World::open().await;
    let [anna, boris, clara, dan, eva] = world.people(["anna", "boris", "clara", "dan", "eva"]).await;
    let ada = world.admin().await;
    let salon = anna.founds("North").await;
    assert_members(&anna, &salon, &["anna"]).await;
    let room = anna.room(&anna.staff_room(&salon).await.unwrap()).await;
    assert_eq!((&room["kind"], &room["salon"], &room["name"]), (&json!("staff"), &json!(salon), &json!("North")));
    anna.seats(&boris, &salon, "admin").await;
    anna.seats(&clara, &salon, "seller").await;
    let offer = boris.offers(&salon, "mechanic", &dan).await;
    assert_members(&anna, &salon, &["anna", "boris", "clara"]).await;
    dan.approves(&offer).await;
    assert_members(&dan, &salon, &["anna", "boris", "clara", "dan"]).await;
    clara.vacates(&clara.seat_of(&salon, "seller").await).await;
    assert_members(&dan, &salon, &["anna", "boris", "dan"]).await;
    boris.vacates(&boris.seat_of(&salon, "mechanic").await).await;
    assert_members(&anna, &salon, &["anna", "boris"]).await;
    let offer = anna.hands_over(&salon, "admin", &eva).await;
    eva.approves(&offer).await;
    assert_members(&eva, &salon, &["anna", "eva"]).await;
    let offer = anna.hands_over(&salon, "superuser", &eva).await;
    eva.approves(&offer).await;
    assert_members(&eva, &salon, &["eva"]).await;
    // An account that goes takes its seats along; a superuser's does not go.
    eva.seats(&boris, &salon, "seller").await;
    eva.seats(&clara, &salon, "mechanic").await;
    boris.delete(&format!("/api/user/{}", boris.id)).await.expect(204);
    assert_members(&eva, &salon, &["clara", "eva"]).await;
    ada.delete(&format!("/api/user/{}", clara.id)).await.expect(204);
    assert_members(&eva, &salon, &["eva"]).await;
    let refused = eva.delete(&format!("/api/user/{}", eva.id)).await.refused(409, "conflict");
    assert!(refused["detail"].as_str().unwrap().contains("North"), "{refused}");
    ada.delete(&format!("/api/user/{}", eva.id)).await.refused(409, "conflict");
    assert_eq!(eva.salon(&salon).await["vacant_roles"], json!(["admin", "seller", "mechanic"]));
    let log = eva.list(&format!("/api/salons/{salon}/log?size=2")).await;
    assert_eq!((&log[0]["action"], &log[1]["action"]), (&json!("removed"), &json!("left")));
}

#[tokio::test]
async fn an_account_that_goes_takes_back_what_it_asked_for() {
    let world = World::open().await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    let salon = anna.founds("North").await;
    anna.seats(&clara, &salon, "admin").await;
    let request = boris.asks_for(&salon, "seller").await;
    let offer = clara.offers(&salon, "mechanic", &world.person("dan").await).await;
    boris.delete(&format!("/api/user/{}", boris.id)).await.expect(204);
    anna.decides(&request, "approved").await.refused(404, "not_found");
    // What she offered goes as well: nobody is there who may offer it.
    clara.delete(&format!("/api/user/{}", clara.id)).await.expect(204);
    let dan = Person::signed_in(&world.site, "dan").await;
    dan.decides(&offer, "approved").await.refused(404, "not_found");
    assert_eq!(dan.told().await[0].0, "offer_withdrawn");
    assert_members(&anna, &salon, &["anna"]).await;
}

#[tokio::test]
async fn nobody_changes_it_by_hand() {
    let world = World::open().await;
    let [anna, boris, clara, vera] = world.people(["anna", "boris", "clara", "vera"]).await;
    let ada = world.admin().await;
    let salon = anna.founds("North").await;
    anna.seats(&boris, &salon, "admin").await;
    anna.seats(&clara, &salon, "seller").await;
    let room = anna.staff_room(&salon).await.unwrap();
    anna.posts(&room, "for us").await;
    let file = anna.posts_file(&room, "plan.txt", b"a plan".to_vec()).await["file"].as_str().unwrap().to_owned();
    let at = |rest: &str| format!("/api/rooms/{room}{rest}");
    let member = at(&format!("/members/{}", clara.id));
    let attempts: [(Method, String, Value); 9] = [
        (Method::POST, at("/leave"), Value::Null),
        (Method::POST, at("/members"), json!({ "user": vera.id })),
        (Method::DELETE, member.clone(), Value::Null),
        (Method::PATCH, member, json!({ "role": "owner" })),
        (Method::PATCH, at(""), json!({ "name": "Ours" })),
        (Method::PATCH, at(""), json!({ "topic": "Ours" })),
        (Method::PATCH, at(""), json!({ "archived": true })),
        (Method::DELETE, at(""), Value::Null),
        (Method::DELETE, format!("/api/chat/delete/{room}"), Value::Null),
    ];
    let before = anna.room(&room).await;
    for (method, path, body) in &attempts {
        let tries = async |person: &Person| {
            let request = person.request(method.clone(), path);
            person.send(if body.is_null() { request } else { request.json(body) }).await
        };
        for person in [&anna, &boris, &clara, &ada] {
            tries(person).await.refused(403, "forbidden");
        }
        tries(&vera).await.refused(404, "not_found");
    }
    for (person, status) in [(&vera, 404), (&ada, 403)] {
        person.does(&at("/join")).await.expect(status);
        person.get(&at("/messages")).await.expect(status);
        person.get(&at("/receipts")).await.expect(status);
        person.get(&file).await.refused(404, "not_found");
        person.get(&format!("/api/chat/{room}")).await.expect(status);
        person.tries_to_post(&room, json!({ "content": "hello" })).await.expect(status);
        assert_eq!(person.tries_to_watch(&format!("/api/chat/{room}/")).await.err(), Some(status));
        let mut stream = person.clone().online().await;
        stream.is_refused(status, json!({ "type": "subscribe", "room": room })).await;
        stream.is_refused(status, json!({ "type": "send", "room": room, "content": "hello" })).await;
    }
    for person in [&anna, &ada] {
        let refused = person.delete(&format!("/api/chat/delete/{room}")).await.refused(403, "forbidden");
        assert_eq!(refused["detail"], "A staff room goes with its salon; delete the salon.", "{}", person.name);
    }
    assert_eq!(anna.room(&room).await, before, "nothing changed");
    assert_members(&anna, &salon, &["anna", "boris", "clara"]).await;
    // A site administrator knows that it is there.
    let known = ada.room(&room).await;
    assert_eq!((&known["last_message"], &known["member_count"]), (&Value::Null, &json!(3)));
    assert_eq!(ada.members(&room).await.len(), 3);
    let rooms = ada.get("/api/chat").await.expect(200).json();
    assert!(rooms.as_array().unwrap().iter().any(|known| known["id"] == room.as_str() && known["is_private"] == true));
    assert_eq!(vera.get("/api/chat").await.expect(200).json(), json!([]));
}

#[tokio::test]
async fn a_public_room_of_the_same_name_is_another_one() {
    let world = World::open().await;
    let [anna, vera] = world.people(["anna", "vera"]).await;
    let salon = anna.founds("North").await;
    let room = anna.staff_room(&salon).await.unwrap();
    anna.posts(&room, "for us").await;
    let mut window = vera.chats("North").await;
    assert_eq!(window.texts().await, [format!("{}_Vera connected to chat", vera.id)], "nothing of the staff room");
    assert_eq!(vera.get("/api/rooms?scope=public&search=north").await.json()["total_items"], 1);
    assert_eq!(anna.members(&room).await, ["anna"]);
}

fn kinds(frames: &[Value]) -> Vec<&str> {
    frames.iter().map(|frame| frame["type"].as_str().unwrap()).collect()
}

/// Those who were heard of in a room, by kind of frame.
async fn hears_of(person: &mut Online, room: &str) -> Vec<String> {
    let mut rest = person.hears_rest().await;
    rest.retain(|frame| frame["room"] == room || frame["room"]["id"] == room);
    kinds(&rest).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn sockets_come_and_go_with_the_seats() {
    let world = World::open().await;
    let [mut anna, mut boris, mut vera] = world.online(["anna", "boris", "vera"]).await;
    let salon = anna.founds("North").await;
    let room = anna.staff_room(&salon).await.unwrap();
    assert_eq!(hears_of(&mut anna, &room).await, ["room_created"]);
    anna.posts(&room, "before").await;
    let (owner, other) = ((*anna).clone(), (*boris).clone());
    owner.seats(&other, &salon, "seller").await;
    assert_eq!(hears_of(&mut boris, &room).await, ["room_created"]);
    assert!(hears_of(&mut anna, &room).await.contains(&"member_joined".to_owned()));
    let mut window = boris.chats(&room).await;
    window.rest().await;
    anna.posts(&room, "for us").await;
    let heard = boris.hears_rest().await;
    assert_eq!(heard.last().unwrap()["message"]["content"], "for us");
    assert_eq!(window.texts().await, ["for us"]);
    let seat = owner.seat_of(&salon, "seller").await;
    owner.vacates(&seat).await;
    assert_eq!(hears_of(&mut boris, &room).await, ["member_left"]);
    assert_ne!(window.is_closed().await, 1006, "its window of the room is closed with words");
    anna.posts(&room, "without him").await;
    boris.hears_nothing().await;
    assert_eq!(hears_of(&mut vera, &room).await, Vec::<String>::new(), "a stranger hears nothing of the room");
}

/// What the one before had not read is unread for the one who comes, and nobody is told otherwise.
#[tokio::test]
async fn a_handed_over_seat_takes_the_unread_along() {
    let world = World::open().await;
    let boris = world.person("boris").await;
    let [mut anna, mut clara] = world.online(["anna", "clara"]).await;
    let salon = anna.founds("North").await;
    let (owner, other, successor) = ((*anna).clone(), boris.clone(), (*clara).clone());
    owner.posts(&owner.staff_room(&salon).await.unwrap(), "0").await;
    owner.seats(&other, &salon, "seller").await;
    let room = owner.staff_room(&salon).await.unwrap();
    assert_eq!(boris.room(&room).await["unread"], 0, "a new one begins with everything read");
    let mut said = Vec::new();
    for number in 1..=4 {
        said.push(owner.posts(&room, &number.to_string()).await);
    }
    boris.reads(&room, &said[1]).await;
    assert_eq!(boris.room(&room).await["unread"], 2);
    let offer = owner.hands_over(&salon, "seller", &successor).await;
    anna.hears_rest().await;
    clara.hears_rest().await;
    successor.approves(&offer).await;
    let seen = clara.room(&room).await;
    assert_eq!((&seen["unread"], &seen["read_seq"], &seen["last_seq"]), (&json!(2), &json!(3), &json!(5)));
    assert_eq!(clara.sees(&room).await, ["0", "1", "2", "3", "4"], "the history goes with it");
    let told = clara.hears_rest().await;
    let created = told.iter().find(|frame| frame["type"] == "room_created").expect("the room");
    assert_eq!(created["room"]["unread"], 2);
    let heard = anna.hears_rest().await;
    let read: Vec<_> = heard.iter().filter(|frame| frame["type"] == "message_read").collect();
    assert!(read.iter().all(|frame| frame["read_seq"].as_u64() <= Some(3)), "nobody has read more: {read:#?}");
    let newest = &owner.history(&room, "?size=1").await["messages"][0];
    assert_eq!(newest["read_by"], json!([]), "nobody has read it");

    // Who sat there already keeps their own place, and their window of the room.
    let offer = owner.hands_over(&salon, "superuser", &successor).await;
    let mut window = successor.chats(&room).await;
    window.rest().await;
    successor.approves(&offer).await;
    assert_eq!(clara.room(&room).await["unread"], 2);
    window.sends(json!(1), "still here").await;
    assert_eq!(window.texts().await, ["still here"]);
    boris.get(&format!("/api/rooms/{room}")).await.refused(404, "not_found");
    owner.get(&format!("/api/rooms/{room}")).await.refused(404, "not_found");
}
