//! Private messages at the marketplace's chat socket: heard by two people in all of their windows, and by nobody else.

use crate::{
    people::{MarketWindow, Person, texts},
    world::World,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

async fn quiet<const N: usize>(mut windows: [MarketWindow; N]) -> [MarketWindow; N] {
    for window in &mut windows {
        window.rest().await;
    }
    windows
}

#[tokio::test]
async fn a_private_message_reaches_every_window_of_the_two_once() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let direct_before = anna.direct(&vera).await;
    let opened = [
        anna.chats("garage").await,
        anna.chats("yard").await,
        boris.chats("yard").await,
        boris.chats("lounge").await,
        boris.chats("lounge").await,
        vera.chats("garage").await,
        vera.chats(&direct_before).await,
    ];
    let [mut anna1, mut anna2, mut boris1, mut boris2, mut boris3, mut vera1, mut vera2] = quiet(opened).await;
    // The first one makes the room of the two, the second finds it.
    for (request_id, text) in [(json!("p-1"), "psst"), (json!(2), "again")] {
        anna1.whispers(request_id.clone(), &boris, text).await;
        for window in [&mut anna1, &mut anna2, &mut boris1, &mut boris2, &mut boris3] {
            let heard = window.hears().await;
            let expected = json!({
                "user": format!("{}_Anna", anna.id), "message": format!("Private: {text}"), "user_role": "user",
                "id": request_id, "is_private": true, "message_id": heard["message_id"],
            });
            assert_eq!(heard, expected);
            window.hears_nothing().await;
        }
    }
    for window in [&mut vera1, &mut vera2] {
        window.hears_nothing().await;
    }
    // An answer comes the same way, from whatever door.
    let direct = boris.direct(&anna).await;
    boris.posts(&direct, "yes?").await;
    for window in [&mut anna1, &mut anna2, &mut boris1, &mut boris2, &mut boris3] {
        assert_eq!(window.texts().await, ["Private: yes?"]);
    }
    // A window that is opened for the room of the two hears each message once as well.
    let [mut own] = quiet([anna.chats(&direct).await]).await;
    anna1.rest().await;
    boris1.whispers(json!(3), &anna, "twice?").await;
    assert_eq!(boris1.hears().await["message"], "Private: twice?");
    assert_eq!(own.texts().await, ["Private: twice?"]);
    own.sends(json!(4), "here").await;
    assert_eq!(own.hears().await["message"], "Private: here");
    assert_eq!(boris2.texts().await, ["Private: twice?", "Private: here"]);
    assert_eq!(vera1.texts().await, Vec::<String>::new());
}

#[tokio::test]
async fn no_third_person_ever_sees_it() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let ada = world.admin().await;
    let [mut anna1, mut vera1, mut ada1] =
        quiet([anna.chats("garage").await, vera.chats("garage").await, ada.chats("garage").await]).await;
    let (mut stream, mut admins) = (vera.clone().online().await, ada.clone().online().await);
    anna1.whispers(json!(1), &boris, "the secret").await;
    let message = anna1.hears().await["message_id"].as_str().unwrap().to_owned();
    for window in [&mut vera1, &mut ada1] {
        window.hears_nothing().await;
    }
    stream.hears_nothing().await;
    admins.hears_nothing().await;
    let direct = anna.direct(&boris).await;
    let holds_it = |answer: crate::world::Answer| answer.text().contains("the secret");
    for (person, status) in [(&vera, 404), (&ada, 403)] {
        for path in [
            format!("/api/chat/{direct}"),
            format!("/api/rooms/{direct}/messages"),
            format!("/api/messages/{message}"),
            format!("/api/rooms/{direct}/receipts"),
        ] {
            person.get(&path).await.expect(status);
        }
        assert_eq!(person.tries_to_watch(&format!("/api/chat/{direct}/")).await.err(), Some(status));
        assert!(!holds_it(person.get("/api/chat").await) && !holds_it(person.get("/api/rooms?size=100").await));
        let mut window = person.chats("garage").await;
        assert!(window.rest_raw().await.iter().all(|frame| !frame.contains("the secret")));
    }
    // Nor does anybody get in by its name.
    let (one, other) = (anna.id.as_str().min(&boris.id), anna.id.as_str().max(&boris.id));
    for name in [
        "private_x".to_owned(),
        "Private_x".to_owned(),
        format!("private_{one}_{other}"),
        format!("PRIVATE_{other}_{one}"),
        "%70rivate_x".to_owned(),
        "private%5Fx".to_owned(),
        "%20private_x".to_owned(),
    ] {
        let refused = vera.tries_to_watch(&format!("/api/chat/{name}/")).await.err();
        assert!(matches!(refused, Some(400 | 403)), "{name}: {refused:?}");
    }
    assert_eq!(vera.get("/api/rooms?scope=public&search=private").await.json()["total_items"], 0);
    assert_eq!(boris.chats("garage").await.texts().await[0], "Private: the secret", "he has it when he comes");
}

#[tokio::test]
async fn who_cannot_be_written_to() {
    let world = World::open().await;
    let [anna, boris, dan] = world.people(["anna", "boris", "dan"]).await;
    let ada = world.admin().await;
    dan.delete(&format!("/api/user/{}", dan.id)).await.expect(204);
    ada.patch(&format!("/api/user/block_unblock/{}", boris.id), json!({ "action": "block" })).await.expect(200);
    let [mut window] = quiet([anna.chats("garage").await]).await;
    for user in [
        json!("01939f1e-6f2a-7c3b-9a41-5d2f8e6b1c01"),
        json!("boris"),
        json!(""),
        json!(7),
        json!([anna.id]),
        Value::Null,
        json!(anna.id),
        json!(boris.id),
        json!(dan.id),
    ] {
        let data = json!({ "text": "hello", "userId": user });
        window.says(json!({ "action": "send_private_message", "request_id": 5, "data": data })).await;
        let refused = window.hears().await;
        assert_eq!(
            (&refused["request_id"], &refused["response_status"]),
            (&json!(5), &json!(400)),
            "{user}: {refused}"
        );
        assert_eq!(refused["action"], "send_private_message");
        assert!(refused["errors"][0].is_string());
    }
    window.hears_nothing().await;
    assert_eq!(anna.rooms().await.len(), 1, "nothing was made by it");
    window.whispers(json!(6), &ada, "still here").await;
    assert_eq!(window.hears().await["message"], "Private: still here");
}

/// Both write first at the same time: there is one room, and nothing is lost or doubled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_first_private_messages_both_ways_at_once() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let [mut annas, mut boriss, mut veras] =
        quiet([anna.chats("garage").await, boris.chats("yard").await, vera.chats("garage").await]).await;
    let sends = async |window: &mut MarketWindow, to: &Person, name: &str| {
        for number in 0..20 {
            window.whispers(json!(number), to, &format!("{name} {number}")).await;
        }
    };
    tokio::join!(sends(&mut annas, &boris, "anna"), sends(&mut boriss, &anna, "boris"));
    let mut heard = Vec::new();
    for window in [&mut annas, &mut boriss] {
        let mut texts = Vec::new();
        while texts.len() < 40 {
            texts.push(window.hears().await["message"].as_str().unwrap().to_owned());
        }
        window.hears_nothing().await;
        heard.push(texts);
    }
    assert_eq!(heard[0], heard[1], "in one order everywhere");
    for name in ["anna", "boris"] {
        let own: Vec<_> = heard[0].iter().filter(|text| text.contains(name)).collect();
        assert_eq!(
            own,
            (0..20).map(|number| format!("Private: {name} {number}")).collect::<Vec<_>>().iter().collect::<Vec<_>>()
        );
    }
    let direct: Vec<_> = anna.rooms().await.into_iter().filter(|room| room["kind"] == "direct").collect();
    assert_eq!(direct.len(), 1, "one room");
    let kept = texts(&boris.history(direct[0]["id"].as_str().unwrap(), "?size=200").await);
    let kept: Vec<_> = kept.iter().map(|text| format!("Private: {text}")).collect();
    assert_eq!(kept, heard[0], "and all is kept in that order");
    assert_eq!(heard[0].iter().collect::<BTreeSet<_>>().len(), 40);
    veras.hears_nothing().await;
}
