//! Coming back after a break: nothing is lost, nothing is heard twice, and a gap is admitted.

use crate::{
    people::{Online, Person},
    world::World,
};
use serde_json::{Value, json};

fn texts(frames: &[Value]) -> Vec<String> {
    let messages = frames.iter().filter(|frame| frame["type"] == "message_created");
    messages.map(|frame| frame["message"]["content"].as_str().unwrap_or_default().to_owned()).collect()
}

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

async fn write(person: &Person, room: &str, range: std::ops::Range<usize>) {
    for number in range {
        person.posts(room, &number.to_string()).await;
    }
}

#[tokio::test]
async fn breaks_lose_nothing_and_repeat_nothing() {
    let world = World::open().await;
    let [anna, mut boris, vera] = world.online(["anna", "boris", "vera"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    boris.hears("room_created").await;
    let writer = (*anna).clone();
    let writing = tokio::spawn({
        let room = room.clone();
        async move { write(&writer, &room, 0..120).await }
    });
    let mut heard = Vec::new();
    while heard.len() < 120 {
        for _ in 0..13.min(120 - heard.len()) {
            heard.push(boris.hears("message_created").await);
        }
        boris = boris.comes_back().await;
        assert_eq!(boris.hello["resumed"], true);
    }
    writing.await.unwrap();
    assert_eq!(texts(&heard), numbers(0..120));
    boris.hears_nothing().await;
    let (vera, after) = vera.goes();
    write(&anna, &room, 120..125).await;
    Online::open(vera, &after).await.hears_nothing().await;
}

#[tokio::test]
async fn a_restart_of_the_server_is_such_a_break() {
    let mut world = World::open().await;
    let [anna, mut boris, mut vera] = world.online(["anna", "boris", "vera"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    boris.hears("room_created").await;
    write(&anna, &room, 0..5).await;
    for number in numbers(0..3) {
        boris.hears_message(&number).await;
    }
    let after = boris.position.clone();
    world.signal_stop();
    assert_eq!(boris.is_closed().await, 1001);
    assert_eq!(vera.is_closed().await, 1001);
    let (vera, after_vera) = vera.goes();
    world.restart_after_signal().await;
    write(&anna, &room, 5..8).await;
    let mut boris = Online::open((*boris).clone(), &format!("?after={after}")).await;
    assert_eq!(boris.hello["resumed"], true);
    assert_eq!(texts(&boris.hears_rest().await), numbers(3..8));
    let mut vera = Online::open(vera, &after_vera).await;
    assert_eq!(vera.hello["resumed"], true);
    vera.hears_nothing().await;
}

#[tokio::test]
async fn a_gap_is_admitted() {
    let world = World::open_with("[limits]\nresume_events = 64").await;
    let [anna, boris] = world.online(["anna", "boris"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    let (boris, after) = boris.goes();
    let (epoch, _) = boris_position(&after);
    for after in [
        "00000000000000000000000000000000-1".to_owned(),
        "01939f1e-6f2a-7c3b-9a41-5d2f8e6b1c01-1".into(),
        format!("{epoch}-99999999"),
        format!("{epoch}-18446744073709551615"),
        "rubbish".into(),
        "".into(),
        "%00".into(),
        "-".into(),
    ] {
        let mut again = Online::open(boris.clone(), &format!("?after={after}")).await;
        assert_eq!(again.hello["resumed"], false, "{after}");
        again.hears_nothing().await;
        assert_ne!(again.hello["position"], Value::Null);
    }
    // A room that is gone cannot be told about any more: its members have to look anew.
    let doomed = anna.opens("private", "doomed", &[&boris]).await;
    anna.delete(&format!("/api/rooms/{doomed}")).await.expect(204);
    assert_eq!(Online::open(boris.clone(), &after).await.hello["resumed"], false);
    let (boris, after) = Online::open(boris, "").await.goes();
    write(&anna, &room, 0..3).await;
    let mut boris = Online::open(boris, &after).await;
    assert_eq!(boris.hello["resumed"], true);
    assert_eq!(texts(&boris.hears_rest().await), numbers(0..3));
}

fn boris_position(after: &str) -> (String, String) {
    let (epoch, seq) = after.trim_start_matches("?after=").split_once('-').expect("a position");
    (epoch.to_owned(), seq.to_owned())
}

#[tokio::test]
async fn what_was_deleted_or_edited_meanwhile_is_not_told_as_it_was() {
    let world = World::open().await;
    let [anna, mut boris] = world.online(["anna", "boris"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    boris.hears("room_created").await;
    let (boris, after) = boris.goes();
    let deleted = anna.posts(&room, "the secret").await;
    let edited = anna.posts(&room, "the mistake").await;
    let path = |message: &Value| format!("/api/messages/{}", message["uuid"].as_str().unwrap());
    anna.delete(&path(&deleted)).await.expect(204);
    anna.patch(&path(&edited), json!({ "content": "mended" })).await.expect(200);
    let mut boris = Online::open(boris, &after).await;
    let heard = boris.hears_rest().await;
    let kinds: Vec<_> = heard.iter().map(|frame| frame["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["message_created", "message_created", "message_deleted", "message_updated"]);
    let said = Value::from(heard).to_string();
    assert!(!said.contains("the secret") && !said.contains("the mistake") && said.contains("mended"));
}

#[tokio::test]
async fn whoever_was_put_out_meanwhile_is_told_that_and_no_more() {
    let world = World::open().await;
    let [anna, mut boris] = world.online(["anna", "boris"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    boris.hears("room_created").await;
    let (boris, after) = boris.goes();
    anna.puts_out(&room, &boris).await;
    anna.posts(&room, "among ourselves").await;
    let second = anna.opens("private", "second", &[&boris]).await;
    anna.posts(&second, "with you").await;
    let mut boris = Online::open(boris, &after).await;
    assert_eq!(boris.hello["resumed"], true);
    let left = boris.hears("member_left").await;
    assert_eq!((&left["room"], left["user"] == boris.id.as_str()), (&json!(room), true));
    boris.hears("room_created").await;
    boris.hears_message("with you").await;
    boris.hears_nothing().await;
}
