//! Presence counts people, not windows.

use crate::world::World;
use serde_json::json;

#[tokio::test]
async fn a_person_is_online_while_any_window_is() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let mut anna = anna.online().await;
    assert_eq!(anna.hello["online"], json!([anna.id]));
    let id = boris.id.clone();
    let first = boris.clone().online().await;
    while !anna.hears_presence().await["online"].as_array().unwrap().contains(&json!(id)) {}
    assert!(first.hello["online"].as_array().unwrap().contains(&json!(anna.id)));
    let second = boris.clone().online().await;
    assert_eq!(anna.get(&format!("/api/user/{id}")).await.json()["online"], true);
    drop(first);
    drop(second);
    // The two windows and the pause that is believed to be a reload make one frame.
    let gone = anna.hears_presence().await;
    assert_eq!((&gone["offline"], &gone["online"]), (&json!([id]), &json!([])));
    assert_eq!(anna.get(&format!("/api/user/{id}")).await.json()["online"], false);
}
