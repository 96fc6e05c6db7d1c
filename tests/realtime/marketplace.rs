//! The marketplace's chat socket: who hears what of a room, and how it begins.

use crate::{
    people::{Person, id_of},
    world::World,
};
use serde_json::{Value, json};

fn came(person: &Person) -> String {
    let mut letters = person.name.chars();
    let first = letters.next().unwrap().to_uppercase();
    format!("{}_{first}{} connected to chat", person.id, letters.as_str())
}

#[tokio::test]
async fn a_new_window_hears_the_last_seven_that_its_person_may_see() {
    let world = World::open().await;
    let [anna, boris, vera, dan] = world.people(["anna", "boris", "vera", "dan"]).await;
    let room = anna.opens("public", "garage", &[]).await;
    let (ours, theirs) = (anna.direct(&boris).await, vera.direct(&dan).await);
    let workshop = anna.opens("private", "workshop", &[&boris]).await;
    let mut said = Vec::new();
    for (who, place, text) in [
        (&anna, &room, "too old"),
        (&anna, &room, "one"),
        (&boris, &ours, "two, for anna"),
        (&anna, &room, "deleted"),
        (&vera, &theirs, "for dan"),
        (&anna, &ours, "three, for boris"),
        (&anna, &workshop, "in another room"),
        (&anna, &ours, "deleted too"),
        (&anna, &room, "four"),
        (&anna, &room, "five"),
        (&boris, &ours, "six, for anna"),
        (&anna, &room, "seven"),
        (&anna, &room, "deleted at last"),
    ] {
        said.push((text, who.posts(place, text).await));
    }
    for (text, message) in &said {
        if text.starts_with("deleted") {
            anna.delete(&format!("/api/chat/messages/delete/{}", message["uuid"].as_str().unwrap())).await.expect(204);
        }
    }
    let seven = [
        "one",
        "Private: two, for anna",
        "Private: three, for boris",
        "four",
        "five",
        "Private: six, for anna",
        "seven",
    ];
    for address in ["garage", "GARAGE", &room] {
        let mut window = anna.chats(address).await;
        let heard = window.rest().await;
        let texts: Vec<_> = heard.iter().map(|frame| frame["message"].as_str().unwrap()).collect();
        assert_eq!(texts, [&seven[..], &[came(&anna).as_str()]].concat(), "oldest first, then that she came");
        for frame in &heard[..7] {
            let text = frame["message"].as_str().unwrap().trim_start_matches("Private: ");
            let message = &said.iter().find(|(said, _)| *said == text).expect("it was said").1;
            assert_eq!(
                (&frame["id"], &frame["message_id"]),
                (&message["uuid"], &message["uuid"]),
                "its id is the message's"
            );
            assert_eq!(frame["is_private"], frame["message"].as_str().unwrap().starts_with("Private: "));
            let author = message["sender"].as_str().or(message["sender"]["id"].as_str()).unwrap();
            assert!(frame["user"].as_str().unwrap().starts_with(&format!("{author}_")), "{frame}");
        }
    }
    let mut window = boris.chats("garage").await;
    assert_eq!(
        window.texts().await,
        [&seven[..], &[came(&boris).as_str()]].concat(),
        "the same for whom it was private with"
    );
    let mut window = vera.chats("garage").await;
    let expected = ["too old", "one", "Private: for dan", "four", "five", "seven", &came(&vera)];
    assert_eq!(window.texts().await, expected, "a third person sees nothing of theirs, and her own");
}

#[tokio::test]
async fn of_many_deleted_messages_the_last_seven_that_stay_are_heard() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let room = anna.opens("public", "garage", &[]).await;
    for number in 0..9 {
        anna.posts(&room, &format!("stays {number}")).await;
    }
    for _ in 0..30 {
        let gone = anna.posts(&room, "goes").await;
        anna.delete(&format!("/api/messages/{}", gone["uuid"].as_str().unwrap())).await.expect(204);
    }
    let mut window = anna.chats("garage").await;
    let mut expected: Vec<_> = (2..9).map(|number| format!("stays {number}")).collect();
    expected.push(came(&anna));
    assert_eq!(window.texts().await, expected);
}

#[tokio::test]
async fn a_message_is_heard_once_in_every_window_of_the_room() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let (mut anna1, mut anna2, mut boris1) =
        (anna.chats("garage").await, anna.chats("garage").await, boris.chats("garage").await);
    let (mut elsewhere, mut vera1) = (anna.chats("yard").await, vera.chats("yard").await);
    for window in [&mut anna1, &mut anna2, &mut boris1, &mut elsewhere, &mut vera1] {
        window.rest().await;
    }
    anna1.sends(json!(7), "hello").await;
    let mut first = Value::Null;
    for window in [&mut anna1, &mut anna2, &mut boris1] {
        let heard = window.hears().await;
        assert_eq!(
            (&heard["message"], &heard["id"], &heard["user_role"]),
            (&json!("hello"), &json!(7), &json!("user"))
        );
        assert_eq!((&heard["user"], &heard["is_private"]), (&json!(format!("{}_Anna", anna.id)), &json!(false)));
        assert!(first.is_null() || first == heard, "the same for all");
        first = heard;
        window.hears_nothing().await;
    }
    for window in [&mut elsewhere, &mut vera1] {
        window.hears_nothing().await;
    }
    let history = boris.get("/api/chat").await.expect(200).json();
    let room =
        history.as_array().unwrap().iter().find(|room| room["name"] == "garage").map(id_of).expect("he takes part");
    let kept = boris.get(&format!("/api/chat/{room}")).await.expect(200).json();
    assert_eq!(kept["messages"][0]["id"], first["message_id"], "and kept");
    vera.get(&format!("/api/chat/{room}")).await.refused(404, "not_found");

    // Through another door there is no request id: the message's own stands for it.
    let posted = boris.posts(&room, "from elsewhere").await;
    for window in [&mut anna1, &mut anna2, &mut boris1] {
        let heard = window.hears().await;
        assert_eq!((&heard["id"], &heard["message_id"]), (&posted["uuid"], &posted["uuid"]));
    }
    boris.leaves(&room).await;
    assert_eq!(boris1.is_closed().await, 4404, "who leaves is told so");
    anna.posts(&room, "without him").await;
    assert_eq!(anna1.texts().await, ["without him"]);
}

#[tokio::test]
async fn who_comes_is_announced_to_the_room() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let mut window = anna.chats("garage").await;
    let expected = json!({
        "user": format!("{}_Anna", anna.id), "message": came(&anna), "user_role": "user", "id": null,
        "is_private": false, "message_id": null,
    });
    assert_eq!(window.rest().await, [expected], "to oneself too");
    let mut elsewhere = vera.chats("yard").await;
    elsewhere.rest().await;
    boris.chats("garage").await;
    assert_eq!(window.texts().await, [came(&boris)]);
    elsewhere.hears_nothing().await;
    // Nothing is kept of announcements.
    let mut again = anna.chats("garage").await;
    assert_eq!(again.texts().await, [came(&anna)]);
    window.rest().await;
    // Nor are they heard in windows of other rooms, not even of the two of a direct room.
    let direct = anna.direct(&vera).await;
    anna.chats(&direct).await;
    elsewhere.hears_nothing().await;
    window.hears_nothing().await;
}

#[tokio::test]
async fn a_request_id_comes_back_as_it_was_sent() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let mut window = anna.chats("garage").await;
    window.rest().await;
    let longest = "x".repeat(128);
    for raw in [
        "1",
        "0",
        "-7",
        "1.5",
        "18446744073709551615",
        "\"1\"",
        "\"\"",
        "\"a \\\"b\\\" \\u00e9\"",
        "1e2",
        "1.0",
        "-0",
        "36893488147419103232",
        &format!("\"{longest}\""),
    ] {
        let frame = format!(r#"{{"action":"send_message","request_id":{raw},"data":{{"text":"hello"}}}}"#);
        window.says_raw(tokio_tungstenite::tungstenite::Message::text(frame)).await;
        let heard = window.hears_raw().await;
        assert!(heard.contains(&format!(r#","id":{raw},"#)), "{heard}");
        let refused = format!(r#"{{"action":"dance","request_id":{raw}}}"#);
        let no_action = format!(r#"{{"action":5,"request_id": {raw} ,"data":{{}}}}"#);
        for frame in [refused, no_action, format!(r#"{{"request_id":{raw}}}"#)] {
            window.says_raw(tokio_tungstenite::tungstenite::Message::text(frame)).await;
            let heard = window.hears_raw().await;
            assert!(heard.contains(&format!(r#","request_id":{raw},"response_status":400,"#)), "{heard}");
        }
    }
    for raw in [
        r#"{"action":"send_message","data":{"text":"hello"}}"#,
        r#"{"action":"send_message","request_id":null,"data":{"text":"hello"}}"#,
    ] {
        window.says_raw(tokio_tungstenite::tungstenite::Message::text(raw)).await;
        let heard = window.hears().await;
        assert!(heard["id"].is_string() && heard["id"] == heard["message_id"], "without one, its own id: {heard}");
    }
    // The same request id twice is two messages: it names nothing but the request.
    for _ in 0..2 {
        window.sends(json!(1), "again").await;
        assert_eq!(window.hears().await["message"], "again");
    }
}

#[tokio::test]
async fn rooms_are_opened_by_id_by_those_who_may_read_them() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let ada = world.admin().await;
    let public = anna.opens("public", "garage", &[]).await;
    let private = anna.opens("private", "workshop", &[&boris]).await;
    let direct = anna.direct(&boris).await;
    let salon = anna.founds("North").await;
    let staff = anna.staff_room(&salon).await.unwrap();
    let recruiting = json!({ "kind": "recruiting", "recruiter": anna.id, "clients": [boris.id] });
    let recruiting = id_of(&anna.post("/api/rooms", recruiting).await.expect(201).json());
    let mut window = vera.chats(&public).await;
    window.rest().await;
    assert_eq!(vera.room(&public).await["role"], "member", "by id one joins as by name");
    for (room, status) in [(&private, 403), (&direct, 403), (&staff, 403), (&recruiting, 403)] {
        let path = format!("/api/chat/{room}/");
        assert_eq!(vera.tries_to_watch(&path).await.err(), Some(404));
        assert_eq!(ada.tries_to_watch(&path).await.err(), Some(status), "a site administrator knows of it, no more");
        let mut window = anna.chats(room).await;
        window.rest().await;
        window.sends(json!(1), "inside").await;
        let heard = window.hears().await;
        let is_direct = room == &direct;
        assert_eq!(heard["is_private"], is_direct);
        assert_eq!(heard["message"], if is_direct { "Private: inside" } else { "inside" });
        window.hears_nothing().await;
    }
    assert_eq!(vera.tries_to_watch("/api/chat/01939f1e-6f2a-7c3b-9a41-5d2f8e6b1c01/").await.err(), Some(404));
    let texts: Vec<_> = window.texts().await;
    assert_eq!(texts, Vec::<String>::new(), "vera hears nothing of all that");
}

#[tokio::test]
async fn a_room_made_again_under_a_deleted_name_starts_empty() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let (mut first, mut other, mut yard) =
        (anna.chats("garage").await, boris.chats("garage").await, anna.chats("yard").await);
    first.sends(json!(1), "of old").await;
    let room =
        anna.get("/api/chat").await.json().as_array().unwrap().iter().find(|room| room["name"] == "garage").map(id_of);
    let room = room.unwrap();
    for window in [&mut first, &mut other, &mut yard] {
        window.rest().await;
    }
    boris.delete(&format!("/api/chat/delete/{room}")).await.refused(403, "forbidden");
    anna.delete(&format!("/api/chat/delete/{room}")).await.expect(204);
    assert_eq!((first.is_closed().await, other.is_closed().await), (4404, 4404));
    let mut again = boris.chats("garage").await;
    assert_eq!(again.texts().await, [came(&boris)], "nothing of old");
    let rooms = boris.get("/api/chat").await.json();
    let remade = rooms.as_array().unwrap().iter().find(|room| room["name"] == "garage").unwrap().clone();
    assert_ne!(id_of(&remade), room);
    assert_eq!(boris.tries_to_watch(&format!("/api/chat/{room}/")).await.err(), Some(404));
    yard.hears_nothing().await;
    yard.sends(json!(2), "still here").await;
    assert_eq!(yard.hears().await["message"], "still here", "windows of other rooms stay open");
    anna.get(&format!("/api/chat/{}", id_of(&remade))).await.refused(404, "not_found");
}

#[tokio::test]
async fn the_role_in_a_frame_is_the_one_of_that_moment() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let salon = anna.founds("North").await;
    let mut window = boris.chats("garage").await;
    window.rest().await;
    window.sends(json!(1), "as a user").await;
    assert_eq!(window.hears().await["user_role"], "user");
    anna.seats(&boris, &salon, "seller").await;
    window.sends(json!(2), "as a seller").await;
    assert_eq!(window.hears().await["user_role"], "seller");
    boris.vacates(&boris.seat_of(&salon, "seller").await).await;
    window.sends(json!(3), "as a user again").await;
    assert_eq!(window.hears().await["user_role"], "user");
    let mut later = boris.chats("garage").await;
    let roles: Vec<_> = later.rest().await.iter().map(|frame| frame["user_role"].clone()).collect();
    assert_eq!(roles, ["user", "seller", "user", "user"], "the replay says what they were then");
}
