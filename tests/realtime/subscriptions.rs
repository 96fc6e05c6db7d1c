//! The sockets that tell of invitations and seats as they change: what each subscriber may see, and nothing else.

use crate::{
    people::{MarketWindow, Person},
    world::World,
};
use serde_json::{Value, json};

const INVITATIONS: &str = "/api/invitation_to_auto_salon/";
const SEATS: &str = "/api/salon_role/";

/// What was heard: `create pending seller`.
fn words(frames: &[Value]) -> Vec<String> {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let said = |frame: &Value| {
        let (action, data) = (word(&frame["action"]), &frame["data"]);
        format!("{action} {} {}", word(&data["status"]), word(&data["role"]))
    };
    frames.iter().map(said).collect()
}

async fn hears(window: &mut MarketWindow, expected: &[&str]) {
    assert_eq!(words(&window.rest().await), expected);
}

async fn subscribed<const N: usize>(path: &str, people: [&Person; N]) -> [MarketWindow; N] {
    let mut windows = Vec::new();
    for person in people {
        windows.push(person.subscribes(path, json!(person.name)).await);
    }
    windows.try_into().unwrap_or_else(|_| unreachable!("as many windows as people"))
}

#[tokio::test]
async fn an_invitation_is_told_to_those_who_may_see_it_and_to_nobody_else() {
    let world = World::open().await;
    let [anna, boris, clara, mike, dan] = world.people(["anna", "boris", "clara", "mike", "dan"]).await;
    let [foreign, vera] = world.people(["foreign", "vera"]).await;
    let ada = world.admin().await;
    let salon = anna.founds("North").await;
    foreign.founds("South").await;
    anna.seats(&boris, &salon, "admin").await;
    anna.seats(&clara, &salon, "seller").await;
    let concerned = [&anna, &boris, &dan, &ada];
    let others = [&clara, &mike, &foreign, &vera];
    let mut hearing = subscribed(INVITATIONS, concerned).await;
    let mut deaf = subscribed(INVITATIONS, others).await;

    let first = dan.tries_to_ask(&salon, "mechanic").await.expect(201).json();
    boris.rejects(first["id"].as_str().unwrap(), "no room").await;
    let second = dan.asks_for(&salon, "mechanic").await;
    dan.withdraws(&second).await.expect(204);
    for (window, person) in hearing.iter_mut().zip(concerned) {
        let heard = window.rest().await;
        let expected = [
            "create pending mechanic",
            "update rejected mechanic",
            "create pending mechanic",
            "delete pending mechanic",
        ];
        assert_eq!(words(&heard), expected, "{}", person.name);
        let created = json!({
            "action": "create", "request_id": person.name, "response_status": 200, "errors": [], "data": first,
        });
        assert_eq!(heard[0], created, "with the invitation as REST shows it");
        assert_eq!(heard[3]["data"]["id"], second.as_str());
    }
    for window in &mut deaf {
        window.hears_nothing().await;
    }
    // An offer: to the person, and to those who lead the salon.
    let offer = anna.offers(&salon, "mechanic", &mike).await;
    mike.approves(&offer).await;
    let [anna1, boris1, dan1, ada1] = &mut hearing;
    let [clara1, mike1, foreign1, vera1] = &mut deaf;
    for window in [anna1, boris1, mike1, ada1] {
        hears(window, &["create pending mechanic", "update approved mechanic"]).await;
    }
    for window in [dan1, clara1, foreign1, vera1] {
        window.hears_nothing().await;
    }
}

#[tokio::test]
async fn what_a_seat_lets_one_hear_begins_and_ends_with_it() {
    let world = World::open().await;
    let [anna, boris, clara, dan] = world.people(["anna", "boris", "clara", "dan"]).await;
    let salon = anna.founds("North").await;
    let [mut invitations] = subscribed(INVITATIONS, [&boris]).await;
    let [mut seats] = subscribed(SEATS, [&boris]).await;
    anna.seats(&clara, &salon, "seller").await;
    invitations.hears_nothing().await;
    seats.hears_nothing().await;
    anna.seats(&boris, &salon, "admin").await;
    hears(&mut invitations, &["create pending admin", "update approved admin"]).await;
    hears(&mut seats, &["create - admin"]).await;
    let request = dan.asks_for(&salon, "mechanic").await;
    hears(&mut invitations, &["create pending mechanic"]).await;
    anna.vacates(&anna.seat_of(&salon, "admin").await).await;
    hears(&mut seats, &["delete - admin"]).await;
    anna.approves(&request).await;
    anna.vacates(&anna.seat_of(&salon, "seller").await).await;
    invitations.hears_nothing().await;
    seats.hears_nothing().await;
}

#[tokio::test]
async fn seats_are_told_to_the_salons_own_people() {
    let world = World::open().await;
    let [anna, boris, clara, foreign, vera] = world.people(["anna", "boris", "clara", "foreign", "vera"]).await;
    let ada = world.admin().await;
    let salon = anna.founds("North").await;
    foreign.founds("South").await;
    let [mut anna1, mut boris1, mut ada1] = subscribed(SEATS, [&anna, &boris, &ada]).await;
    let mut deaf = subscribed(SEATS, [&foreign, &vera]).await;
    anna.seats(&boris, &salon, "seller").await;
    let seat = anna.list(&format!("/api/salon_role?auto_salon={salon}&role=seller")).await.remove(0);
    for (window, person) in [(&mut anna1, &anna), (&mut boris1, &boris), (&mut ada1, &ada)] {
        let created = json!({ "action": "create", "request_id": person.name, "response_status": 200, "errors": [], "data": seat });
        assert_eq!(window.rest().await, [created]);
    }
    // A seat that changes hands is vacated and filled; who had it hears that it is gone.
    let offer = anna.hands_over(&salon, "seller", &clara).await;
    clara.approves(&offer).await;
    for window in [&mut anna1, &mut ada1] {
        let heard = window.rest().await;
        assert_eq!(words(&heard), ["delete - seller", "create - seller"]);
        let users = [&heard[0]["data"]["user"], &heard[1]["data"]["user"]];
        assert_eq!(users, [&json!(boris.id), &json!(clara.id)]);
        assert_ne!(heard[0]["data"]["id"], heard[1]["data"]["id"]);
    }
    hears(&mut boris1, &["delete - seller"]).await;
    // The salon itself: the successor's other seat is given up in the same step, when its former superuser is gone.
    let offer = anna.hands_over(&salon, "superuser", &clara).await;
    clara.approves(&offer).await;
    let expected = ["delete - superuser", "delete - seller", "create - superuser"];
    hears(&mut ada1, &expected).await;
    hears(&mut anna1, &expected[..1]).await;
    for window in &mut deaf {
        window.hears_nothing().await;
    }
    boris1.hears_nothing().await;
}

#[tokio::test]
async fn nothing_is_told_before_somebody_subscribes() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let salon = anna.founds("North").await;
    let (mut invitations, mut seats) = (anna.watches(INVITATIONS).await, anna.watches(SEATS).await);
    let request = boris.asks_for(&salon, "seller").await;
    anna.approves(&request).await;
    invitations.hears_nothing().await;
    seats.hears_nothing().await;
    for (window, action) in [(&mut invitations, "subscribe_to_join_requests"), (&mut seats, "subscribe_to_salon_role")]
    {
        window.says(json!({ "action": action, "request_id": 1 })).await;
        let answer = json!({ "action": action, "request_id": 1, "response_status": 200, "errors": [], "data": null });
        assert_eq!(window.rest().await, [answer], "nothing of what was before");
    }
    let seat = boris.seat_of(&salon, "seller").await;
    boris.vacates(&seat).await;
    hears(&mut seats, &["delete - seller"]).await;
    invitations.hears_nothing().await;
    invitations.says(json!({ "action": "subscribe_to_salon_role", "request_id": 2 })).await;
    assert_eq!(invitations.hears().await["response_status"], 400, "each has its own topic");
}

#[tokio::test]
async fn each_subscription_is_answered_with_its_own_request_id() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let salon = anna.founds("North").await;
    let ids = [json!(1), json!("1"), json!(1.5), json!(""), Value::Null, json!("a \"b\"")];
    let mut windows = Vec::new();
    for id in &ids {
        windows.push(anna.subscribes(INVITATIONS, id.clone()).await);
    }
    let request = boris.asks_for(&salon, "seller").await;
    for (window, id) in windows.iter_mut().zip(&ids) {
        let heard = window.rest().await;
        assert_eq!((heard.len(), &heard[0]["request_id"]), (1, id), "each once, in its own words");
    }
    // Subscribing again replaces the id: nothing is told twice.
    let mut again = windows.remove(0);
    again.says(json!({ "action": "subscribe_to_join_requests", "request_id": "new" })).await;
    assert_eq!(again.hears().await["request_id"], "new");
    boris.withdraws(&request).await.expect(204);
    let heard = again.rest().await;
    assert_eq!((heard.len(), &heard[0]["request_id"], &heard[0]["action"]), (1, &json!("new"), &json!("delete")));
}

/// The answer to a subscription comes before what is told because of it, however much goes on meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_comes_first() {
    let world = World::open_with("[limits]\nframes_per_sec = 100000\nframes_burst = 100000\n").await;
    let anna = world.person("anna").await;
    let busy = world.people(["boris", "clara", "dan"]).await;
    let salon = anna.founds("North").await;
    let mut asking = Vec::new();
    for person in busy {
        let salon = salon.clone();
        asking.push(tokio::spawn(async move {
            loop {
                let request = person.asks_for(&salon, "seller").await;
                person.withdraws(&request).await.expect(204);
            }
        }));
    }
    let mut window = anna.watches(INVITATIONS).await;
    for round in 0..1_500 {
        window.says(json!({ "action": "subscribe_to_join_requests", "request_id": round })).await;
        loop {
            let heard = window.hears().await;
            let is_answer = heard["action"] == "subscribe_to_join_requests";
            assert_eq!(heard["request_id"] == round, is_answer, "round {round}: {heard}");
            if is_answer {
                break;
            }
        }
    }
    asking.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn a_deleted_salon_tells_of_all_that_goes_and_other_windows_stay() {
    let world = World::open().await;
    let [anna, boris, clara, dan, vera] = world.people(["anna", "boris", "clara", "dan", "vera"]).await;
    let ada = world.admin().await;
    let (salon, other) = (anna.founds("North").await, vera.founds("South").await);
    anna.seats(&boris, &salon, "seller").await;
    let (request, offer) = (clara.asks_for(&salon, "mechanic").await, anna.offers(&salon, "admin", &dan).await);
    let kept = clara.asks_for(&other, "seller").await;
    let [mut annas, mut boriss, mut claras, mut dans, mut veras, mut adas] =
        subscribed(INVITATIONS, [&anna, &boris, &clara, &dan, &vera, &ada]).await;
    let [mut boris_seats, mut vera_seats, mut ada_seats] = subscribed(SEATS, [&boris, &vera, &ada]).await;
    let room = anna.staff_room(&salon).await.unwrap();
    let (mut staff, mut garage) = (boris.chats(&room).await, boris.chats("garage").await);
    staff.rest().await;
    garage.rest().await;
    let mut stream = boris.clone().online().await;
    anna.delete(&format!("/api/auto_salon/{salon}")).await.expect(204);

    let all = ["delete approved seller", "delete pending mechanic", "delete pending admin"];
    hears(&mut annas, &all).await;
    hears(&mut adas, &all).await;
    hears(&mut boriss, &all[..1]).await;
    for (window, id) in [(&mut claras, &request), (&mut dans, &offer)] {
        let heard = window.rest().await;
        assert_eq!((heard.len(), &heard[0]["action"], &heard[0]["data"]["id"]), (1, &json!("delete"), &json!(id)));
    }
    veras.hears_nothing().await;
    vera_seats.hears_nothing().await;
    for window in [&mut boris_seats, &mut ada_seats] {
        hears(window, &["delete - superuser", "delete - seller"]).await;
    }
    assert_eq!(staff.is_closed().await, 4404, "the staff room is gone");
    garage.sends(json!(1), "still here").await;
    assert_eq!(garage.texts().await, ["still here"]);
    let heard = stream.hears_rest().await;
    let kinds: Vec<_> = heard.iter().map(|frame| frame["type"].as_str().unwrap()).collect();
    for kind in ["salon_deleted", "room_deleted", "notification_created", "seat_vacated", "invitation_deleted"] {
        assert!(kinds.contains(&kind), "{kind} is not in {kinds:?}");
    }
    // The windows go on hearing of other salons.
    vera.approves(&kept).await;
    hears(&mut claras, &["update approved seller"]).await;
    hears(&mut adas, &["update approved seller"]).await;
    for window in [&mut annas, &mut boriss, &mut dans] {
        window.hears_nothing().await;
    }
}

/// Whoever hands their seat over sees what becomes of the offer, and then nothing more.
#[tokio::test]
async fn who_hands_over_hears_that_it_was_accepted() {
    let world = World::open().await;
    let [anna, boris, clara, dan] = world.people(["anna", "boris", "clara", "dan"]).await;
    let salon = anna.founds("North").await;
    anna.seats(&boris, &salon, "admin").await;
    anna.seats(&clara, &salon, "seller").await;
    let [mut annas, mut boriss, mut claras] = subscribed(INVITATIONS, [&anna, &boris, &clara]).await;
    boris.approves(&anna.hands_over(&salon, "superuser", &boris).await).await;
    for window in [&mut annas, &mut boriss] {
        hears(window, &["create pending superuser", "update approved superuser"]).await;
    }
    claras.hears_nothing().await;
    // Whose seat goes to somebody else, and who never saw the offer, hears nothing of it here.
    dan.approves(&boris.hands_over(&salon, "seller", &dan).await).await;
    hears(&mut boriss, &["create pending seller", "update approved seller"]).await;
    annas.hears_nothing().await;
    claras.hears_nothing().await;
}

#[tokio::test]
async fn who_decides_too_late_hears_what_became_of_it() {
    let world = World::open().await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    let salon = anna.founds("North").await;
    let (first, second) = (boris.asks_for(&salon, "seller").await, clara.asks_for(&salon, "seller").await);
    let [mut annas, mut claras] = subscribed(INVITATIONS, [&anna, &clara]).await;
    anna.approves(&first).await;
    claras.hears_nothing().await;
    anna.decides(&second, "approved").await.expect(400);
    hears(&mut claras, &["update rejected seller"]).await;
    hears(&mut annas, &["update approved seller", "update rejected seller"]).await;
}

/// What was refused is told to nobody.
#[tokio::test]
async fn what_did_not_happen_is_not_told() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let ada = world.admin().await;
    let salon = anna.founds("North").await;
    anna.seats(&boris, &salon, "seller").await;
    let request = vera.asks_for(&salon, "mechanic").await;
    let mut windows = subscribed(INVITATIONS, [&anna, &boris, &vera, &ada]).await;
    let mut seats = subscribed(SEATS, [&anna, &boris, &vera, &ada]).await;
    vera.tries_to_ask(&salon, "seller").await.expect(400);
    vera.tries_to_ask(&salon, "admin").await.expect(409);
    vera.decides(&request, "approved").await.expect(403);
    boris.decides(&request, "approved").await.expect(404);
    boris.withdraws(&request).await.expect(404);
    vera.delete(&format!("/api/salon_role/{}", anna.seat_of(&salon, "seller").await)).await.expect(404);
    boris.delete(&format!("/api/auto_salon/{salon}")).await.expect(403);
    for window in windows.iter_mut().chain(&mut seats) {
        window.hears_nothing().await;
    }
}
