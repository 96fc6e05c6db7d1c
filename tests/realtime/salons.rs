//! Salons on the event stream: every frame in its words, and who hears which.

use crate::{
    people::{Online, Person},
    world::{
        World,
        golden::{self, Names},
    },
};
use serde_json::{Value, json};

/// A founder, an applicant, a stranger and a site administrator hear what happens to a salon.
#[tokio::test]
async fn every_event_of_a_salon_in_its_words() {
    let world = World::open().await;
    let ada = world.admin().await;
    let [mut anna, mut boris, mut vera] = world.online(["anna", "boris", "vera"]).await;
    let mut ada = ada.online().await;
    let mut names = Names::default();
    for person in [&anna, &boris, &vera, &ada] {
        names.call(&person.id, &person.name);
    }
    let [founder, applicant] = [(*anna).clone(), (*boris).clone()];
    let mut transcript = Vec::new();
    let mut happens = async |what: &str| {
        let mut heard = json!({ "what": what });
        for person in [&mut anna, &mut boris, &mut vera, &mut ada] {
            let rest = Value::from(person.hears_rest().await);
            heard[format!("{} hears", person.name)] = names.normalise(&rest);
        }
        transcript.push(heard);
    };
    happens("nothing").await;
    let salon = founder.founds("North").await;
    happens("anna founds a salon").await;
    let path = format!("/api/auto_salon/{salon}");
    founder.put(&path, json!({ "name": "South" })).await.expect(200);
    happens("anna renames it").await;
    let request = applicant.asks_for(&salon, "seller").await;
    happens("boris asks for a seat").await;
    founder.rejects(&request, "no room").await;
    happens("anna rejects with a reason").await;
    let request = applicant.asks_for(&salon, "seller").await;
    founder.approves(&request).await;
    happens("boris asks again and anna approves").await;
    applicant.delete("/api/notifications").await.expect(204);
    happens("boris has seen his notifications").await;
    applicant.vacates(&applicant.seat_of(&salon, "seller").await).await;
    happens("boris gives up his seat").await;
    let offer = founder.offers(&salon, "mechanic", &applicant).await;
    applicant.approves(&offer).await;
    happens("anna offers another one and boris accepts").await;
    let offer = founder.hands_over(&salon, "superuser", &applicant).await;
    applicant.approves(&offer).await;
    happens("anna hands the salon over").await;
    let request = founder.asks_for(&salon, "admin").await;
    founder.withdraws(&request).await.expect(204);
    happens("anna asks for a seat and withdraws").await;
    founder.asks_for(&salon, "admin").await;
    applicant.delete(&path).await.expect(204);
    happens("anna asks once more, and boris deletes the salon").await;
    golden::compare("salon-stream.json", &golden::transcript(&transcript));
    let of_vera: Vec<_> = transcript.iter().flat_map(|what| what["vera hears"].as_array().unwrap().clone()).collect();
    for frame in of_vera {
        let kind = frame["type"].as_str().unwrap();
        assert!(["salon_created", "salon_updated", "salon_deleted", "person_updated"].contains(&kind), "{frame}");
    }
}

fn kinds(frames: &[Value]) -> Vec<String> {
    frames.iter().map(|frame| frame["type"].as_str().unwrap().to_owned()).collect()
}

/// Frames that speak of invitations, seats, notifications or staff rooms.
fn confidential(frames: &[Value]) -> Vec<String> {
    kinds(frames).into_iter().filter(|kind| !kind.starts_with("salon_") && kind != "person_updated").collect()
}

#[tokio::test]
async fn those_whom_it_does_not_concern_hear_nothing_confidential() {
    let world = World::open().await;
    let [anna, boris, dan] = world.people(["anna", "boris", "dan"]).await;
    let mut others = world.online(["foreign", "seller", "mechanic", "vera"]).await;
    let salon = anna.founds("North").await;
    others[0].founds("South").await;
    anna.seats(&others[1], &salon, "seller").await;
    anna.seats(&others[2], &salon, "mechanic").await;
    let elsewhere =
        dan.asks_for(others[0].list("/api/salons?scope=mine").await[0]["id"].as_str().unwrap(), "admin").await;
    for person in &mut others {
        person.hears_rest().await;
    }
    let request = boris.asks_for(&salon, "admin").await;
    anna.rejects(&request, "no room").await;
    boris.withdraws(&boris.asks_for(&salon, "admin").await).await.expect(204);
    let offer = anna.offers(&salon, "admin", &dan).await;
    dan.decides(&offer, "rejected").await.expect(200);
    for person in &mut others {
        let heard = person.hears_rest().await;
        assert_eq!(confidential(&heard), Vec::<String>::new(), "{}", person.name);
    }
    dan.withdraws(&elsewhere).await.expect(204);
    for (number, person) in others.iter_mut().enumerate() {
        let expected = if number == 0 { vec!["invitation_deleted"] } else { vec![] };
        assert_eq!(confidential(&person.hears_rest().await), expected, "{}", person.name);
    }
}

/// Badges beside a name follow a seat at once, for everybody.
#[tokio::test]
async fn a_role_that_changes_is_heard_by_everybody() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let [mut vera] = world.online(["vera"]).await;
    let roles = |frames: &[Value], of: &Person| -> Vec<String> {
        let updates =
            frames.iter().filter(|frame| frame["type"] == "person_updated" && frame["user"]["id"] == of.id.as_str());
        updates.map(|frame| frame["user"]["role"].as_str().unwrap().to_owned()).collect()
    };
    let salon = anna.founds("North").await;
    assert_eq!(roles(&vera.hears_rest().await, &anna), ["salon_member"]);
    anna.seats(&boris, &salon, "seller").await;
    assert_eq!(roles(&vera.hears_rest().await, &boris), ["seller"]);
    boris.vacates(&boris.seat_of(&salon, "seller").await).await;
    assert_eq!(roles(&vera.hears_rest().await, &boris), ["user"]);
    anna.delete(&format!("/api/auto_salon/{salon}")).await.expect(204);
    assert_eq!(roles(&vera.hears_rest().await, &anna), ["user"]);
}

/// Whoever comes back hears what they missed of salons, as far as it is theirs.
#[tokio::test]
async fn a_stream_that_resumes_has_missed_nothing_of_its_own() {
    let world = World::open().await;
    let [anna] = world.people(["anna"]).await;
    let [mut boris, vera] = world.online(["boris", "vera"]).await;
    let salon = anna.founds("North").await;
    let applicant = (*boris).clone();
    let request = applicant.asks_for(&salon, "seller").await;
    boris.hears_rest().await;
    let ((boris, after), (vera, seen)) = (boris.goes(), vera.goes());
    anna.rejects(&request, "no room").await;
    anna.seats(&applicant, &salon, "seller").await;
    let room = anna.staff_room(&salon).await.unwrap();
    anna.posts(&room, "welcome").await;
    let mut boris = Online::open(boris, &after).await;
    assert_eq!(boris.hello["resumed"], true);
    let heard = kinds(&boris.hears_rest().await);
    for kind in [
        "invitation_updated",
        "notification_created",
        "invitation_created",
        "seat_filled",
        "room_created",
        "message_created",
    ] {
        assert!(heard.contains(&kind.to_owned()), "{kind} is not in {heard:?}");
    }
    assert_eq!(heard.iter().filter(|kind| *kind == "notification_created").count(), 2);
    let mut vera = Online::open(vera, &seen).await;
    assert_eq!(vera.hello["resumed"], true);
    assert_eq!(confidential(&vera.hears_rest().await), Vec::<String>::new());
}
