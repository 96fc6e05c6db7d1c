//! The auto-salon marketplace's own addresses and shapes (documents 000 and 002).

use crate::{
    people::{Person, texts},
    world::{PASSWORD, World, golden},
};
use futures_util::future::join_all;
use serde_json::{Value, json};

#[tokio::test]
async fn tokens_and_site_roles() {
    let world = World::open().await;
    let body = json!({ "email": "sam@example.com", "password": PASSWORD, "role": "seller" });
    world.site.post("/api/user/registration", body).await.expect(201);
    let seller = crate::people::Person::signed_in(&world.site, "sam").await;
    let anna = world.person("anna").await;
    let admin = world.admin().await;
    for (person, role, is_staff, is_seller) in
        [(&seller, "seller", false, true), (&anna, "user", false, false), (&admin, "admin", true, false)]
    {
        let expected = json!({
            "role": role, "is_staff": is_staff, "is_seller": is_seller, "is_user": true, "is_auto_salon_member": false,
        });
        assert_eq!(person.get("/api/auth/site_role").await.expect(200).json(), expected);
    }
}

#[tokio::test]
async fn rooms_and_messages_in_the_marketplace_shape() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let admin = world.admin().await;
    let private = anna.opens("private", "workshop", &[&boris]).await;
    let public = anna.opens("public", "garage", &[]).await;
    let ids = |rooms: &Value| {
        let mut ids: Vec<_> = rooms.as_array().expect("a bare list").iter().map(|room| room["id"].clone()).collect();
        ids.sort_by_key(ToString::to_string);
        ids
    };
    let mut both = vec![json!(private), json!(public)];
    both.sort_by_key(ToString::to_string);
    let rooms = anna.get("/api/chat").await.expect(200).json();
    assert_eq!(ids(&rooms), both);
    let workshop = rooms.as_array().unwrap().iter().find(|room| room["id"] == private.as_str()).unwrap();
    assert_eq!((&workshop["name"], &workshop["is_private"]), (&json!("workshop"), &json!(true)));
    let mut people: Vec<_> =
        workshop["participants"].as_array().unwrap().iter().map(|person| person["name"].clone()).collect();
    people.sort_by_key(ToString::to_string);
    assert_eq!(people, ["Anna", "Boris"]);
    assert_eq!(vera.get("/api/chat").await.expect(200).json(), json!([]));
    assert_eq!(vera.get("/api/chat?scope=public").await.expect(200).json().as_array().unwrap().len(), 2);
    assert_eq!(admin.get("/api/chat").await.expect(200).json().as_array().unwrap().len(), 3, "all of them");

    let mut messages = Vec::new();
    for number in 0..60 {
        messages.push(anna.posts(&private, &number.to_string()).await);
    }
    let said = |page: &Value| -> Vec<String> {
        page["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| message["text"].as_str().unwrap().to_owned())
            .collect()
    };
    let numbers = |range: std::ops::Range<i32>| range.map(|number| number.to_string()).collect::<Vec<_>>();
    let page = boris.get(&format!("/api/chat/{private}")).await.expect(200).json();
    assert_eq!((said(&page), &page["room_name"]), (numbers(10..60), &json!("workshop")));
    let first = &page["messages"][0];
    assert_eq!(
        (&first["user"], &first["user_name"], &first["user_role"]),
        (&json!(anna.id), &json!("Anna"), &json!("user"))
    );
    assert!(golden::is_time(first["timestamp"].as_str().unwrap()) && first["room"] == private.as_str());
    let before = messages[10]["uuid"].as_str().unwrap();
    let page = boris.get(&format!("/api/chat/{private}?before={before}&size=4")).await.expect(200).json();
    assert_eq!(said(&page), numbers(6..10));
    boris.get(&format!("/api/chat/{private}?size=201")).await.expect(400);

    let message = |index: usize| format!("/api/chat/messages/delete/{}", messages[index]["uuid"].as_str().unwrap());
    vera.get(&format!("/api/chat/{private}")).await.refused(404, "not_found");
    vera.get(&format!("/api/chat/{public}")).await.refused(404, "not_found");
    admin.get(&format!("/api/chat/{public}")).await.expect(200);
    vera.delete(&message(59)).await.refused(404, "not_found");
    boris.delete(&message(59)).await.refused(403, "forbidden");
    anna.delete(&message(59)).await.expect(204);
    admin.delete(&message(58)).await.expect(204);
    let page = boris.get(&format!("/api/chat/{private}?size=3")).await.expect(200).json();
    assert!(!said(&page).contains(&"59".to_owned()) && !said(&page).contains(&"58".to_owned()));
    assert_eq!(texts(&boris.history(&private, "?size=2").await), ["", ""], "the same in our own words");
    boris.delete(&format!("/api/chat/delete/{private}")).await.refused(403, "forbidden");
    anna.delete(&format!("/api/chat/delete/{private}")).await.expect(204);
    boris.get(&format!("/api/chat/{private}")).await.refused(404, "not_found");
}

/// Posts so many and deletes them again.
async fn tombstones(person: &Person, room: &str, count: usize) -> Vec<Value> {
    let gone = join_all((0..count).map(|_| person.posts(room, "goes"))).await;
    join_all(gone.iter().map(|message| async {
        let path = format!("/api/chat/messages/delete/{}", message["uuid"].as_str().unwrap());
        person.delete(&path).await.expect(204);
    }))
    .await;
    gone
}

#[tokio::test]
async fn a_page_is_full_however_many_were_deleted() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let room = anna.opens("public", "garage", &[]).await;
    boris.joins(&room).await;
    let mut stay = Vec::new();
    for text in ["one", "two", "three", "four"] {
        stay.push(anna.posts(&room, text).await);
    }
    let gone = tombstones(&anna, &room, 330).await;
    let (id, last) = (|message: &Value| message["uuid"].as_str().unwrap().to_owned(), ["two", "three", "four"]);
    let all = [&["one"], &last[..]].concat();
    for (query, expected) in [
        (String::new(), &all[..]),
        ("?size=200".into(), &all),
        ("?size=3".into(), &last),
        (format!("?size=3&before={}", id(&gone[300])), &last),
        (format!("?before={}", id(&gone[0])), &all),
        (format!("?size=1&before={}", id(&stay[3])), &["three"]),
        (format!("?before={}", id(&stay[0])), &[]),
    ] {
        let page = boris.get(&format!("/api/chat/{room}{query}")).await.expect(200).json();
        let said: Vec<_> = page["messages"].as_array().unwrap().iter().map(|message| &message["text"]).collect();
        assert_eq!(said, expected, "{query}");
    }
    // So are the lists of the doors beside, which have no tombstones either.
    let live = boris.get("/chat/history/?room=garage&limit=3").await.expect(200).json();
    let said: Vec<_> = live["chat_history"].as_array().unwrap().iter().map(|line| &line["message"]).collect();
    assert_eq!(said, last);
    for query in [String::new(), format!("&sender={}", anna.id), format!("&before={}", id(&gone[300]))] {
        let path = format!("/chats/messages/list/?chat_room={room}&size=3{query}");
        let found = boris.get(&path).await.expect(200).json();
        let said: Vec<_> = found.as_array().unwrap().iter().map(|message| &message["content"]).collect();
        assert_eq!(said, last, "{path}");
    }
}

#[tokio::test]
async fn a_list_is_whole_while_rooms_come_and_go() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let stays = anna.opens("public", "stays", &[]).await;
    anna.posts(&stays, "stays").await;
    let come_and_go = async {
        let anna = &anna;
        for round in 0..60 {
            let names: Vec<_> = (0..4).map(|number| format!("goes {round} {number}")).collect();
            let rooms = join_all(names.iter().map(|name| anna.opens("private", name, &[]))).await;
            join_all(rooms.iter().map(|room| async move {
                anna.posts(room, "goes").await;
                anna.delete(&format!("/api/chat/delete/{room}")).await.expect(204);
            }))
            .await;
        }
    };
    let look = async {
        loop {
            let rooms = anna.get("/api/chat").await.expect(200).json();
            for room in rooms.as_array().unwrap() {
                assert_eq!(room["participants"][0]["id"], anna.id.as_str(), "{room}");
            }
            assert!(rooms.as_array().unwrap().iter().any(|room| room["id"] == stays.as_str()), "{rooms}");
            let messages = anna.get("/chats/messages/list/").await.expect(200).json();
            assert_eq!(messages[0]["content"], "stays", "{messages}");
        }
    };
    tokio::select! { () = come_and_go => {}, () = look => {} }
}

#[tokio::test]
async fn bodies_have_the_fields_in_the_order_of_the_contract() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let room = anna.opens("public", "garage", &[]).await;
    anna.posts(&room, "hello").await;
    for (path, expected) in [
        ("/api/chat".to_owned(), &["id", "name", "is_private", "participants", "id", "name", "role"][..]),
        (
            format!("/api/chat/{room}"),
            &["room_id", "room_name", "messages", "id", "text", "user", "user_name", "user_role", "room", "timestamp"],
        ),
        ("/api/auth/site_role".into(), &["is_staff", "is_user", "is_seller", "is_auto_salon_member", "role"]),
        ("/api/salon_role".into(), &["total_items", "total_pages", "prev", "next", "data"]),
    ] {
        let text = anna.get(&path).await.expect(200).text();
        let fields: Vec<_> =
            text.split("\":").filter_map(|before| before.rsplit_once('"')).map(|(_, name)| name).collect();
        assert_eq!(fields[..expected.len()], *expected, "{text}");
    }
}
