//! The auto-salon marketplace's own addresses and shapes (documents 000 and 002).

use crate::{
    people::texts,
    world::{PASSWORD, World, golden},
};
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
