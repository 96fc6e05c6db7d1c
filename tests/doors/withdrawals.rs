//! What becomes of offers when whoever made them may no longer make them, and of what the salon takes back.

use crate::{people::Person, world::World};
use serde_json::{Value, json};

/// What the salon's log says, newest first: who did what to whom.
async fn logged(person: &Person, salon: &str) -> Vec<[String; 3]> {
    let log = person.list(&format!("/api/salons/{salon}/log?size=100")).await;
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    log.iter().map(|line| [&line["by"]["username"], &line["action"], &line["person"]["username"]].map(word)).collect()
}

async fn kinds(person: &Person) -> Vec<String> {
    person.told().await.into_iter().map(|told| told.0).collect()
}

fn lines(expected: &[[&str; 3]]) -> Vec<[String; 3]> {
    expected.iter().map(|line| line.map(str::to_owned)).collect()
}

#[tokio::test]
async fn what_a_leader_offered_ends_with_their_seat() {
    let world = World::open().await;
    let [anna, carl, gina] = world.people(["anna", "carl", "gina"]).await;
    let [mut emil, mut fritz, mut vera] = world.online(["emil", "fritz", "vera"]).await;
    let salon = anna.founds("North").await;
    anna.seats(&carl, &salon, "admin").await;
    let annas = anna.offers(&salon, "seller", &gina).await;
    let carls = carl.offers(&salon, "mechanic", &emil).await;
    let handed = carl.hands_over(&salon, "admin", &fritz).await;
    for window in [&mut emil, &mut fritz, &mut vera] {
        window.hears_rest().await;
    }
    anna.vacates(&anna.seat_of(&salon, "admin").await).await;
    for (window, offer) in [(&mut emil, &carls), (&mut fritz, &handed)] {
        let heard = window.hears_rest().await;
        let hears =
            |kind: &str| heard.iter().find(|frame| frame["type"] == kind).unwrap_or_else(|| panic!("{heard:#?}"));
        let told = &hears("notification_created")["notification"];
        assert_eq!((&told["kind"], &told["by"]["username"]), (&json!("offer_withdrawn"), &json!("anna")));
        assert!(told["reason"].as_str().unwrap().contains("may no longer"), "{told}");
        assert_eq!(hears("invitation_deleted")["invitation"], json!(offer));
        window.decides(offer, "approved").await.refused(404, "not_found");
        assert_eq!(window.invitations().await, Vec::<String>::new());
    }
    let heard = vera.hears_rest().await;
    let public = ["person_updated", "salon_updated"];
    assert!(heard.iter().all(|frame| public.contains(&frame["type"].as_str().unwrap())), "{heard:#?}");
    let expected = [["anna", "withdrawn", "fritz"], ["anna", "withdrawn", "emil"], ["anna", "removed", "carl"]];
    let mut newest = logged(&anna, &salon).await[..3].to_vec();
    newest[..2].sort_by(|one, other| other.cmp(one));
    assert_eq!(newest, lines(&expected));
    assert_eq!(kinds(&carl).await[0], "seat_removed");
    // What others offered stays.
    assert_eq!(kinds(&gina).await, Vec::<String>::new());
    gina.approves(&annas).await;
}

#[tokio::test]
async fn so_do_those_of_a_leader_who_leaves_or_is_blocked() {
    let world = World::open().await;
    let [anna, carl, dora, emil, fritz] = world.people(["anna", "carl", "dora", "emil", "fritz"]).await;
    let ada = world.admin().await;
    let salon = anna.founds("North").await;
    anna.seats(&carl, &salon, "admin").await;
    let offer = carl.offers(&salon, "mechanic", &emil).await;
    carl.vacates(&carl.seat_of(&salon, "admin").await).await;
    carl.withdraws(&offer).await.refused(404, "not_found");
    assert_eq!(logged(&anna, &salon).await[..2], lines(&[["carl", "withdrawn", "emil"], ["carl", "left", "carl"]]));

    anna.seats(&carl, &salon, "admin").await;
    let offer = carl.offers(&salon, "mechanic", &emil).await;
    // A site administrator offers as well, in salons where they hold nothing.
    ada.patch(&format!("/api/user/make_admin/{}", dora.id), json!({})).await.expect(200);
    let handed = dora.hands_over(&salon, "admin", &fritz).await;
    for (person, to, invitation) in [(&carl, &emil, &offer), (&dora, &fritz, &handed)] {
        let path = format!("/api/user/block_unblock/{}", person.id);
        ada.patch(&path, json!({ "action": "block" })).await.expect(200);
        assert_eq!(kinds(to).await[0], "offer_withdrawn");
        ada.patch(&path, json!({ "action": "unblock" })).await.expect(200);
        to.decides(invitation, "approved").await.refused(404, "not_found");
        assert_eq!(logged(&anna, &salon).await[0], ["ada", "withdrawn", &to.name].map(str::to_owned));
    }
    let seats: Vec<_> = anna.chairs(&salon).await.into_iter().map(|(_, holder)| holder).collect();
    assert_eq!(seats, ["anna", "carl"], "who is blocked keeps the seat");
}

#[tokio::test]
async fn who_was_promoted_goes_on_offering_and_who_handed_over_does_not() {
    let world = World::open().await;
    let [anna, carl, emil, gina] = world.people(["anna", "carl", "emil", "gina"]).await;
    let salon = anna.founds("North").await;
    anna.seats(&carl, &salon, "admin").await;
    let carls = carl.offers(&salon, "mechanic", &emil).await;
    let annas = anna.offers(&salon, "seller", &gina).await;
    carl.approves(&anna.hands_over(&salon, "superuser", &carl).await).await;
    gina.decides(&annas, "approved").await.refused(404, "not_found");
    assert_eq!((kinds(&gina).await, kinds(&emil).await), (vec!["offer_withdrawn".to_owned()], vec![]));
    let expected = [["anna", "handed_over", "carl"], ["anna", "withdrawn", "gina"], ["carl", "left", "carl"]];
    assert_eq!(logged(&carl, &salon).await[..3], lines(&expected), "newest first");
    emil.approves(&carls).await;
    assert_eq!(carl.chairs(&salon).await.len(), 2);
    // Taking over a lesser seat is losing the leading one.
    carl.seats(&anna, &salon, "admin").await;
    let annas = anna.offers(&salon, "seller", &gina).await;
    anna.approves(&carl.hands_over(&salon, "mechanic", &anna).await).await;
    gina.decides(&annas, "approved").await.refused(404, "not_found");
}
