//! Invitations: asking for a seat, offering one, deciding, withdrawing, and who sees what.

use crate::{
    people::{Person, id_of},
    world::{World, golden},
};
use reqwest::Method;
use serde_json::{Value, json};

const PATH: &str = "/api/invitation_to_auto_salon";
const NOBODY: &str = "01939f1e-6f2a-7c3b-9a41-5d2f8e6b1c01";

#[tokio::test]
async fn a_person_asks_and_the_salon_decides() {
    let world = World::open().await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    let salon = anna.founds("North").await;
    let made = boris.tries_to_ask(&salon, "admin").await.expect(201).json();
    let id = id_of(&made);
    assert!(golden::is_time(made["created_at"].as_str().unwrap()));
    let expected = json!({
        "id": id, "user": boris.id, "auto_salon": salon, "role": "admin", "status": "pending",
        "created_at": made["created_at"],
    });
    assert_eq!(made, expected);
    for person in [&anna, &boris] {
        assert_eq!(person.list(&format!("{PATH}/")).await, std::slice::from_ref(&made));
    }
    let detail = anna.decides(&id, "approved").await.expect(200).json();
    assert_eq!(detail, json!({ "detail": "The invitation was approved: Boris is admin of North." }));
    assert_eq!((boris.status_of(&id).await, boris.role().await), ("approved".to_owned(), "salon_member".to_owned()));

    // An admin decides as well, and says why.
    let request = clara.asks_for(&salon, "seller").await;
    boris.rejects(&request, " no room\n").await;
    assert_eq!(clara.status_of(&request).await, "rejected");
    assert_eq!(clara.told().await, [("request_rejected".to_owned(), Some("no room".to_owned()))]);
    let rich = clara.get("/api/invitations").await.expect(200).json()["data"][0].clone();
    assert_eq!((&rich["kind"], &rich["reason"]), (&json!("request"), &json!("no room")));
    assert_eq!((&rich["decided_by"]["username"], &rich["made_by"]["username"]), (&json!("boris"), &json!("clara")));
    let again = clara.asks_for(&salon, "seller").await;
    boris.approves(&again).await;
    assert_eq!(clara.role().await, "seller");
}

#[tokio::test]
async fn an_offer_is_decided_by_who_was_invited() {
    let world = World::open().await;
    let [anna, boris, clara, vera] = world.people(["anna", "boris", "clara", "vera"]).await;
    let admin = world.admin().await;
    let salon = anna.founds("North").await;
    anna.seats(&clara, &salon, "admin").await;
    let offer = clara.offers(&salon, "mechanic", &boris).await;
    let seen = boris.list(PATH).await;
    assert_eq!((&seen[0]["id"], &seen[0]["user"]), (&json!(offer), &json!(boris.id)));
    for person in [&anna, &clara, &admin] {
        for verdict in ["approved", "rejected"] {
            person.decides(&offer, verdict).await.refused(403, "forbidden");
        }
    }
    vera.decides(&offer, "approved").await.refused(404, "not_found");
    boris.approves(&offer).await;
    assert_eq!(boris.chairs(&salon).await.len(), 3);
    assert_eq!(clara.told().await[0], ("offer_accepted".to_owned(), None));
    assert_eq!(boris.told().await, [], "nobody is told what they did themself");

    let offer = anna.offers(&salon, "seller", &vera).await;
    vera.rejects(&offer, "too far").await;
    assert_eq!(anna.told().await, [("offer_declined".to_owned(), Some("too far".to_owned()))]);
    assert_eq!(vera.role().await, "user");

    // Who may not offer.
    let dan = world.person("dan").await;
    for person in [&boris, &vera, &admin] {
        person.tries_to_offer(&salon, "seller", &dan).await.refused(403, "forbidden");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_for() {
    let world = World::open().await;
    let [anna, boris, clara, vera] = world.people(["anna", "boris", "clara", "vera"]).await;
    let salon = anna.founds("North").await;
    anna.seats(&boris, &salon, "seller").await;
    for (body, field) in [
        (json!({}), "auto_salon"),
        (json!({ "role": "seller" }), "auto_salon"),
        (json!({ "auto_salon": salon }), "role"),
        (json!({ "auto_salon": salon, "role": "superuser" }), "role"),
        (json!({ "auto_salon": salon, "role": "boss" }), "role"),
        (json!({ "auto_salon": salon, "role": "Admin" }), "role"),
        (json!({ "auto_salon": salon, "role": null }), "role"),
        (json!({ "auto_salon": salon, "role": 1 }), "role"),
        (json!({ "auto_salon": 1, "role": "admin" }), "auto_salon"),
        (json!({ "auto_salon": "1", "role": "admin" }), "auto_salon"),
        (json!({ "auto_salon": NOBODY, "role": "admin" }), "auto_salon"),
        (json!({ "auto_salon": salon, "role": "admin", "user": "vera" }), "user"),
        (json!({ "auto_salon": salon, "role": "admin", "user": 7 }), "user"),
    ] {
        vera.post(PATH, body).await.blames(field);
    }
    let taken = vera.tries_to_ask(&salon, "seller").await.blames("non_field_errors");
    assert!(taken["non_field_errors"][0].is_string(), "as the marketplace's clients read it: {taken}");
    anna.tries_to_offer(&salon, "seller", &vera).await.blames("non_field_errors");
    anna.tries_to_ask(&salon, "mechanic").await.blames("non_field_errors");
    boris.tries_to_ask(&salon, "mechanic").await.blames("non_field_errors");
    boris.tries_to_ask(&salon, "seller").await.blames("non_field_errors");
    let nobody = json!({ "auto_salon": salon, "role": "admin", "user": NOBODY });
    anna.post(PATH, nobody.clone()).await.blames("user");
    vera.post(PATH, nobody).await.refused(403, "forbidden");
    assert_eq!(vera.invitations().await, Vec::<String>::new(), "nothing came of it");

    let first = vera.asks_for(&salon, "mechanic").await;
    vera.tries_to_ask(&salon, "mechanic").await.refused(409, "conflict");
    vera.tries_to_ask(&salon, "admin").await.refused(409, "conflict");
    anna.tries_to_offer(&salon, "admin", &vera).await.refused(409, "conflict");
    assert_eq!(vera.invitations().await, std::slice::from_ref(&first));
    let south = clara.founds("South").await;
    vera.asks_for(&south, "mechanic").await;
    vera.withdraws(&first).await.expect(204);
    // Naming oneself is asking.
    let body = json!({ "auto_salon": salon, "role": "admin", "user": vera.id });
    let own = id_of(&vera.post(PATH, body).await.expect(201).json());
    vera.decides(&own, "approved").await.refused(403, "forbidden");
}

#[tokio::test]
async fn nobody_decides_on_their_own_request_without_the_right() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let admin = world.admin().await;
    let salon = anna.founds("North").await;
    let request = boris.asks_for(&salon, "seller").await;
    for verdict in ["approved", "rejected"] {
        let refused = boris.decides(&request, verdict).await.refused(403, "forbidden");
        assert!(refused["detail"].as_str().unwrap().contains("superuser or admin"), "{refused}");
    }
    assert_eq!((boris.status_of(&request).await, boris.role().await), ("pending".to_owned(), "user".to_owned()));
    let own = admin.asks_for(&salon, "mechanic").await;
    admin.approves(&own).await;
    assert_eq!(anna.chairs(&salon).await.len(), 2, "a site administrator has the right");
}

#[tokio::test]
async fn nothing_is_decided_twice() {
    let world = World::open().await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    let salon = anna.founds("North").await;
    let (approved, rejected) = (boris.asks_for(&salon, "seller").await, clara.asks_for(&salon, "mechanic").await);
    anna.approves(&approved).await;
    anna.rejects(&rejected, "").await;
    assert_eq!(clara.told().await, [("request_rejected".to_owned(), None)], "an empty reason is none");
    for (invitation, person, word) in [(&approved, &boris, "approved"), (&rejected, &clara, "rejected")] {
        for verdict in ["approved", "rejected"] {
            let refused = anna.decides(invitation, verdict).await.refused(400, "invalid");
            assert!(refused["detail"].as_str().unwrap().contains(word), "{refused}");
        }
        for person in [person, &anna] {
            person.withdraws(invitation).await.refused(400, "invalid");
        }
        assert_eq!(person.status_of(invitation).await, word);
    }
    assert_eq!(anna.chairs(&salon).await.len(), 2);
}

#[tokio::test]
async fn a_seat_that_was_taken_meanwhile_rejects_with_the_reason() {
    let world = World::open().await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    let salon = anna.founds("North").await;
    let (first, second) = (boris.asks_for(&salon, "seller").await, clara.asks_for(&salon, "seller").await);
    anna.approves(&first).await;
    assert_eq!(clara.status_of(&second).await, "pending");
    let late = anna.decides(&second, "approved").await.blames("non_field_errors");
    assert_eq!(clara.status_of(&second).await, "rejected");
    let (kind, reason) = clara.told().await.remove(0);
    assert_eq!((kind.as_str(), reason.as_deref()), ("request_rejected", late["non_field_errors"][0].as_str()));
    assert_eq!(clara.role().await, "user");
    let log = anna.list(&format!("/api/salons/{salon}/log")).await;
    assert_eq!((&log[0]["action"], &log[0]["person"]["username"]), (&json!("rejected"), &json!("clara")));
}

#[tokio::test]
async fn who_withdraws_and_what_of_decisions_with_bad_bodies() {
    let world = World::open().await;
    let [anna, boris, clara, dan] = world.people(["anna", "boris", "clara", "dan"]).await;
    let salon = anna.founds("North").await;
    anna.seats(&clara, &salon, "admin").await;
    let admin = world.admin().await;
    for person in [&boris, &anna, &clara, &admin] {
        let request = boris.asks_for(&salon, "seller").await;
        person.withdraws(&request).await.expect(204);
        person.withdraws(&request).await.refused(404, "not_found");
        assert_eq!(anna.invitations().await.len(), 1, "only clara's own");
        let offer = clara.offers(&salon, "seller", &boris).await;
        person.withdraws(&offer).await.expect(204);
        boris.decides(&offer, "approved").await.refused(404, "not_found");
    }
    let kinds = async |person: &Person| person.told().await.into_iter().map(|told| told.0).collect::<Vec<_>>();
    let by_the_salon = ["offer_withdrawn", "request_deleted"];
    assert_eq!(kinds(&boris).await, by_the_salon.repeat(3), "by anna, clara and ada; not what he did himself");
    let of_her_offers = ["offer_withdrawn", "offer_withdrawn", "offer_declined", "request_approved"];
    assert_eq!(kinds(&clara).await, of_her_offers, "by ada, by anna, by boris");
    assert_eq!((kinds(&anna).await, kinds(&dan).await), (vec![], vec![]), "whom it does not concern");
    let log = anna.list(&format!("/api/salons/{salon}/log?size=100")).await;
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let done = log.iter().map(|line| (word(&line["by"]["username"]), word(&line["action"])));
    let done: Vec<_> = done.filter(|(_, action)| action == "withdrawn" || action == "declined").collect();
    let expected = [("ada", 2), ("clara", 2), ("anna", 2)].into_iter();
    let expected = expected.flat_map(|(by, times)| vec![(by.to_owned(), "withdrawn".to_owned()); times]);
    let expected: Vec<_> = expected.chain([("boris".to_owned(), "declined".to_owned())]).collect();
    assert_eq!(done, expected, "newest first; boris's own request is his own business");
    let request = boris.asks_for(&salon, "seller").await;
    dan.withdraws(&request).await.refused(404, "not_found");

    let path = format!("{PATH}/{request}/approved");
    anna.patch(&path, json!({ "reason": 7 })).await.blames("reason");
    anna.patch(&path, json!({ "reason": "x".repeat(5_000) })).await.blames("reason");
    anna.patch(&path, json!([])).await.expect(400);
    let words = anna.request(Method::PATCH, &path).header("content-type", "application/json").body("{");
    anna.send(words).await.expect(400);
    let form = anna.request(Method::PATCH, &path).header("content-type", "text/plain").body("yes");
    anna.send(form).await.expect(415);
    assert_eq!(boris.status_of(&request).await, "pending", "nothing of that decided");
    let empty = anna.request(Method::PATCH, &path).header("content-type", "application/json").body("");
    anna.send(empty).await.expect(200);
    assert_eq!(boris.status_of(&request).await, "approved");
}

#[tokio::test]
async fn who_is_blocked_by_now_is_not_seated_and_the_reason_says_so() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let admin = world.admin().await;
    let salon = anna.founds("North").await;
    let request = boris.asks_for(&salon, "seller").await;
    let path = format!("/api/user/block_unblock/{}", boris.id);
    admin.patch(&path, json!({ "action": "block" })).await.expect(200);
    assert_eq!(anna.status_of(&request).await, "pending", "a request waits for whoever made it");
    let refused = anna.decides(&request, "approved").await.blames("non_field_errors");
    assert_eq!(refused["non_field_errors"], json!(["This person's account is blocked."]));
    let rich = anna.list("/api/invitations").await.remove(0);
    assert_eq!((&rich["status"], &rich["reason"]), (&json!("rejected"), &json!("This person's account is blocked.")));
    assert_eq!(anna.chairs(&salon).await.len(), 1);
}

#[tokio::test]
async fn invitations_are_seen_by_those_concerned_and_nobody_else() {
    let world = World::open().await;
    let [anna, boris, clara, dan, eva] = world.people(["anna", "boris", "clara", "dan", "eva"]).await;
    let [foreign, vera] = world.people(["foreign", "vera"]).await;
    let admin = world.admin().await;
    let (salon, other) = (anna.founds("North").await, foreign.founds("South").await);
    anna.seats(&boris, &salon, "admin").await;
    anna.seats(&clara, &salon, "seller").await;
    let dans = dan.asks_for(&salon, "mechanic").await;
    let evas = anna.offers(&salon, "mechanic", &eva).await;
    let elsewhere = dan.asks_for(&other, "admin").await;
    let sees = async |person: &Person| {
        let mut seen = person.invitations().await;
        seen.retain(|id| [&dans, &evas, &elsewhere].contains(&id));
        let rich = person.list("/api/invitations?size=100").await;
        let mut ids: Vec<_> = rich.iter().map(id_of).collect();
        ids.retain(|id| [&dans, &evas, &elsewhere].contains(&id));
        assert_eq!(seen, ids, "both lists show the same");
        seen
    };
    let nothing = Vec::<String>::new();
    assert_eq!(sees(&anna).await, [evas.clone(), dans.clone()], "newest first");
    assert_eq!(sees(&boris).await, [evas.clone(), dans.clone()]);
    assert_eq!(sees(&admin).await, [elsewhere.clone(), evas.clone(), dans.clone()]);
    assert_eq!(sees(&dan).await, [elsewhere.clone(), dans.clone()]);
    assert_eq!(sees(&eva).await, std::slice::from_ref(&evas));
    assert_eq!(sees(&foreign).await, std::slice::from_ref(&elsewhere));
    assert_eq!((sees(&clara).await, sees(&vera).await), (nothing.clone(), nothing.clone()), "a seller, a stranger");
    anna.withdraws(&dans).await.expect(204);
    anna.withdraws(&evas).await.expect(204);
    anna.seats(&eva, &salon, "mechanic").await;
    let last = dan.tries_to_ask(&salon, "mechanic").await;
    last.blames("non_field_errors");
    let seat = boris.seat_of(&salon, "admin").await;
    anna.vacates(&seat).await;
    let request = dan.asks_for(&salon, "admin").await;
    assert!(!boris.invitations().await.contains(&request), "who is admin no longer sees nothing new");
    assert!(!eva.invitations().await.contains(&request), "nor does a mechanic");
}

#[tokio::test]
async fn invitations_are_filtered_and_come_in_pages() {
    let world = World::open().await;
    let [anna, boris, dan] = world.people(["anna", "boris", "dan"]).await;
    let (north, south) = (anna.founds("North").await, boris.founds("South").await);
    for _ in 0..3 {
        let request = dan.asks_for(&north, "seller").await;
        anna.decides(&request, "rejected").await.expect(200);
    }
    let pending = dan.asks_for(&north, "seller").await;
    let approved = dan.asks_for(&south, "admin").await;
    boris.approves(&approved).await;
    for (path, salon) in [(PATH, "auto_salon"), ("/api/invitations", "salon")] {
        let total = async |query: &str| {
            let page = dan.get(&format!("{path}?{query}")).await.expect(200).json();
            (
                page["total_items"].as_u64().unwrap(),
                page["data"].as_array().unwrap().iter().map(id_of).collect::<Vec<_>>(),
            )
        };
        assert_eq!(total("").await.0, 5);
        if path == PATH {
            assert_eq!(total("auto_salon=&status=&page=&size=").await.0, 5, "an empty filter is none");
        }
        assert_eq!(total("status=rejected").await.0, 3);
        assert_eq!(total("status=pending").await, (1, vec![pending.clone()]));
        assert_eq!(total(&format!("{salon}={south}")).await, (1, vec![approved.clone()]));
        assert_eq!(total(&format!("{salon}={south}&status=pending")).await, (0, vec![]));
        assert_eq!(total(&format!("{salon}={NOBODY}")).await.0, 0, "of a salon that does not exist there are none");
        let (all, first) = total("size=2").await;
        let (_, third) = total("size=2&page=3").await;
        assert_eq!((all, first.len(), third.len()), (5, 2, 1));
        assert_eq!(first[0], approved, "newest first");
        for (query, field) in
            [("status=open", "status"), ("status=Pending", "status"), ("page=0", "page"), ("size=101", "size")]
        {
            dan.get(&format!("{path}?{query}")).await.blames(field);
        }
        dan.get(&format!("{path}?{salon}=7")).await.blames(salon);
    }
    assert_eq!(boris.get(&format!("{PATH}?auto_salon={north}")).await.json()["total_items"], 0, "not his salon");
}

#[tokio::test]
async fn nobody_asks_without_end() {
    let world = World::open_with("[limits]\npending_requests = 3\n").await;
    let founders = world.people(["anna", "boris", "clara", "dan"]).await;
    let vera = world.person("vera").await;
    let mut requests = Vec::new();
    for (number, founder) in founders.iter().enumerate() {
        let salon = founder.founds(&founder.name).await;
        if number < 3 {
            requests.push(vera.asks_for(&salon, "seller").await);
            continue;
        }
        let refused = vera.tries_to_ask(&salon, "seller").await.refused(409, "conflict");
        assert!(refused["detail"].as_str().unwrap().contains('3'), "{refused}");
        founder.offers(&salon, "mechanic", &vera).await;
        vera.withdraws(&requests[0]).await.expect(204);
        vera.asks_for(founders[0].list("/api/auto_salon").await[0]["id"].as_str().unwrap(), "seller").await;
    }
}

#[tokio::test]
async fn markup_and_strange_letters_are_data() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let salon = anna.founds("North").await;
    let request = boris.asks_for(&salon, "seller").await;
    let reason = "<script>alert(1)</script> \u{1f697} \"quoted\" \\ Жарко";
    anna.rejects(&request, reason).await;
    assert_eq!(boris.told().await[0].1.as_deref(), Some(reason));
    let told: Value = boris.get("/api/notifications").await.expect(200).json();
    assert_eq!(told[0]["salon_name"], "North");
}
