//! What people are told once and keep until they have seen it, and what a salon's log remembers.

use crate::{
    people::{Person, id_of},
    store::{
        clock::{DAY_SECS, Hands},
        kit,
    },
    world::World,
};
use parlor::model::{
    Clock, Event, Invitation, InvitationStatus, Message, NotificationKind, SalonAction, SalonLogLine, SystemClock,
};
use serde_json::{Value, json};

fn kinds(told: &[(String, Option<String>)]) -> Vec<&str> {
    told.iter().map(|(kind, _)| kind.as_str()).collect()
}

#[tokio::test]
async fn notifications_are_kept_until_they_were_seen() {
    let mut world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let salon = anna.founds("North").await;
    let request = boris.asks_for(&salon, "seller").await;
    anna.rejects(&request, "no room").await;
    anna.seats(&boris, &salon, "seller").await;
    anna.vacates(&anna.seat_of(&salon, "seller").await).await;
    let expected = ["seat_removed", "request_approved", "request_rejected"];
    assert_eq!(kinds(&boris.told().await), expected, "newest first");
    world.restart().await;
    let told = boris.get("/api/notifications").await.expect(200).json();
    assert_eq!(kinds(&boris.told().await), expected, "also after a restart");
    let first = &told[2];
    assert_eq!(
        (&first["salon"], &first["salon_name"], &first["role"]),
        (&json!(salon), &json!("North"), &json!("seller"))
    );
    assert_eq!((&first["reason"], &first["by"]["username"]), (&json!("no room"), &json!("anna")));
    let path = format!("/api/notifications/{}", id_of(first));
    for person in [&anna, &vera] {
        person.delete(&path).await.refused(404, "not_found");
    }
    boris.delete(&path).await.expect(204);
    boris.delete(&path).await.refused(404, "not_found");
    assert_eq!(kinds(&boris.told().await), expected[..2]);
    boris.delete("/api/notifications").await.expect(204);
    boris.delete("/api/notifications").await.expect(204);
    world.restart().await;
    assert_eq!(boris.told().await, []);
    assert_eq!((anna.told().await, vera.told().await), (vec![], vec![]), "others were told nothing");
}

#[tokio::test]
async fn every_window_of_a_person_hears_of_it_and_nobody_else() {
    let world = World::open().await;
    let [mut anna, mut boris, mut vera] = world.online(["anna", "boris", "vera"]).await;
    let mut phone = boris.elsewhere().await.online().await;
    let salon = anna.founds("North").await;
    let (owner, applicant) = ((*anna).clone(), (*boris).clone());
    let request = applicant.asks_for(&salon, "seller").await;
    for window in [&mut boris, &mut phone] {
        window.hears_rest().await;
    }
    anna.hears_rest().await;
    vera.hears_rest().await;
    owner.rejects(&request, "no room").await;
    let mut id = Value::Null;
    for window in [&mut boris, &mut phone] {
        assert_eq!(window.hears("invitation_updated").await["invitation"]["reason"], "no room");
        let told = window.hears("notification_created").await;
        assert_eq!(
            (&told["notification"]["kind"], &told["notification"]["reason"]),
            (&json!("request_rejected"), &json!("no room"))
        );
        id = told["notification"]["id"].clone();
    }
    applicant.delete(&format!("/api/notifications/{}", id.as_str().unwrap())).await.expect(204);
    for window in [&mut boris, &mut phone] {
        assert_eq!(window.hears("notification_seen").await["notification"], id);
        window.hears_nothing().await;
    }
    let heard = anna.hears_rest().await;
    assert_eq!(heard.len(), 1, "the decision, not that it was seen: {heard:#?}");
    vera.hears_nothing().await;
}

#[tokio::test]
async fn a_person_is_told_once_of_one_deed() {
    let world = World::open().await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    let salon = anna.founds("North").await;
    anna.seats(&boris, &salon, "admin").await;
    anna.seats(&clara, &salon, "seller").await;
    // She sits there, and a seat is on offer to her as well.
    anna.hands_over(&salon, "admin", &clara).await;
    clara.delete("/api/notifications").await.expect(204);
    anna.delete(&format!("/api/auto_salon/{salon}")).await.expect(204);
    assert_eq!(kinds(&clara.told().await), ["salon_deleted"]);
}

#[tokio::test]
async fn an_account_that_comes_to_an_end_is_told_nothing_more() {
    let world = World::open().await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    let ada = world.admin().await;
    let salon = anna.founds("North").await;
    anna.seats(&boris, &salon, "admin").await;
    let offer = boris.offers(&salon, "seller", &clara).await;
    ada.delete(&format!("/api/user/{}", boris.id)).await.expect(204);
    clara.decides(&offer, "approved").await.refused(404, "not_found");
    assert_eq!(kinds(&clara.told().await), ["offer_withdrawn"]);
    let log = anna.list(&format!("/api/salons/{salon}/log")).await;
    assert_eq!((&log[0]["action"], &log[0]["by"]["username"]), (&json!("withdrawn"), &json!("ada")));
    let offered = log.iter().find(|line| line["action"] == "offered").expect("the offer");
    assert_eq!(offered["by"]["display_name"], "Deleted account");
}

/// The whole log of an eventful salon: who did what to whom.
#[tokio::test]
async fn the_log_remembers_who_decided_what() {
    let world = World::open().await;
    let [anna, boris, clara, dan] = world.people(["anna", "boris", "clara", "dan"]).await;
    let ada = world.admin().await;
    let salon = anna.founds("North").await;
    anna.put(&format!("/api/auto_salon/{salon}"), json!({ "name": "South" })).await.expect(200);
    anna.seats(&boris, &salon, "admin").await;
    boris.rejects(&clara.asks_for(&salon, "seller").await, "no room").await;
    let offer = boris.offers(&salon, "seller", &clara).await;
    clara.approves(&offer).await;
    let offer = anna.offers(&salon, "mechanic", &dan).await;
    dan.decides(&offer, "rejected").await.expect(200);
    clara.vacates(&clara.seat_of(&salon, "seller").await).await;
    ada.vacates(&ada.seat_of(&salon, "admin").await).await;
    anna.seats(&boris, &salon, "mechanic").await;
    let offer = anna.hands_over(&salon, "superuser", &boris).await;
    boris.approves(&offer).await;
    let path = format!("/api/salons/{salon}/log?size=100");
    let line = |line: &Value| {
        let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let name = |person: &Value| person["username"].as_str().unwrap_or("-").to_owned();
        let (by, person) = (name(&line["by"]), name(&line["person"]));
        format!("{by} {} {} {person} {}", word(&line["action"]), word(&line["role"]), word(&line["reason"]))
    };
    let log = boris.list(&path).await;
    let lines: Vec<_> = log.iter().rev().map(line).collect();
    let expected = [
        "anna founded - - -",
        "anna changed - - -",
        "anna approved admin boris -",
        "boris rejected seller clara no room",
        "boris offered seller clara -",
        "clara accepted seller clara -",
        "anna offered mechanic dan -",
        "dan declined mechanic dan -",
        "clara left seller clara -",
        "ada removed admin boris -",
        "anna approved mechanic boris -",
        "anna offered superuser boris -",
        "boris accepted superuser boris -",
        "boris left mechanic boris -",
        "anna handed_over superuser boris -",
    ];
    assert_eq!(lines, expected);
    assert_eq!(ada.list(&path).await, log);
    let page = boris.get(&format!("/api/salons/{salon}/log?size=5&page=3")).await.expect(200).json();
    assert_eq!((&page["total_items"], &page["next"]), (&json!(15), &json!(false)));
    assert_eq!(page["data"].as_array().unwrap(), &log[10..]);
    boris.get(&format!("/api/salons/{salon}/log?page=0")).await.blames("page");
    let reads = async |person: &Person| person.get(&path).await.refused(403, "forbidden");
    for person in [&anna, &clara, &dan] {
        reads(person).await;
    }
    boris.seats(&clara, &salon, "admin").await;
    reads(&clara).await;
}

/// What the server would write while its clock is a day ahead.
async fn happens_tomorrow(world: &World, salon: &str, [anna, boris, clara]: [&Person; 3], room: &str) {
    let clock = Hands::at(SystemClock.now().plus_secs(DAY_SECS));
    let opened = kit::open_by(&world.folder(), 0, clock).unwrap();
    let (salon, room) = (salon.parse().unwrap(), room.parse().unwrap());
    let [anna, boris, clara] = [anna, boris, clara].map(|person| person.id.parse().unwrap());
    let done = opened.store.commit(None, move |tx| {
        let (now, salon) = (tx.now(), tx.view().salon(salon)?.unwrap());
        let log = kit::log_line(salon.id, SalonAction::Changed, None);
        let line = SalonLogLine { id: tx.id(), at: now, by: Some(anna), ..log };
        tx.emit(Event::SalonLogged(line))?;
        let told = kit::notification(boris, &salon, NotificationKind::RequestRejected);
        let told = parlor::model::Notification { id: tx.id(), at: now, ..told };
        tx.emit(Event::NotificationRaised(told))?;
        let invitation = Invitation {
            id: tx.id(),
            salon: salon.id,
            role: parlor::model::SeatRole::Mechanic,
            person: clara,
            made_by: clara,
            succeeds: None,
            status: InvitationStatus::Pending,
            created_at: now,
            decision: None,
        };
        tx.emit(Event::InvitationMade(invitation))?;
        let seq = tx.view().room_head(room)?.last_seq + 1;
        let said = kit::message(room, seq, anna);
        let said = Message { id: tx.id(), body: "tomorrow".into(), posted_at: now, ..said };
        Ok(tx.emit(Event::MessagePosted(said))?)
    });
    done.await.unwrap();
    opened.close().await;
}

#[tokio::test]
async fn newest_is_what_happened_last_also_after_the_clock_was_set_back() {
    let mut world = World::open().await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    let salon = anna.founds("North").await;
    let (garage, ours) = (anna.opens("public", "garage", &[]).await, anna.direct(&boris).await);
    world.stop().await;
    happens_tomorrow(&world, &salon, [&anna, &boris, &clara], &garage).await;
    world.start().await;
    let request = boris.asks_for(&salon, "seller").await;
    anna.rejects(&request, "not now").await;
    anna.posts(&ours, "to boris").await;
    anna.posts(&garage, "today").await;
    world.restart().await;
    anna.posts(&ours, "to boris again").await;
    anna.seats(&boris, &salon, "seller").await;

    let log = anna.list(&format!("/api/salons/{salon}/log")).await;
    let actions: Vec<_> = log.iter().map(|line| line["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["approved", "rejected", "changed", "founded"]);
    assert_eq!(kinds(&boris.told().await), ["request_approved", "request_rejected", "request_rejected"]);
    let listed: Vec<_> = anna.invitations().await;
    assert_eq!((listed.len(), &listed[1]), (3, &request), "clara's is the oldest");
    let times: Vec<_> = log.iter().map(|line| line["at"].as_str().unwrap()).collect();
    assert!(times[0] > times[1] && times[1] < times[2], "nothing that happens now is stamped tomorrow: {times:?}");

    let mut window = anna.chats("garage").await;
    let texts = window.texts().await;
    assert_eq!(texts[..4], ["tomorrow", "Private: to boris", "today", "Private: to boris again"]);
}
