//! Many at once: of any number of decisions about one seat one wins, the others read why, and everything agrees.

use crate::{
    people::Person,
    world::{Answer, World},
};
use futures_util::future::join_all;
use std::collections::BTreeSet;

/// All of these at once.
async fn at_once<F: Future<Output = Answer> + Send + 'static>(deeds: impl IntoIterator<Item = F>) -> Vec<Answer> {
    let running: Vec<_> = deeds.into_iter().map(tokio::spawn).collect();
    join_all(running).await.into_iter().map(|answer| answer.expect("no panic")).collect()
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

async fn crowd(world: &World, size: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for batch in (0..size).collect::<Vec<_>>().chunks(5) {
        let names: Vec<_> = batch.iter().map(|number| format!("person{number}")).collect();
        people.extend(join_all(names.iter().map(|name| world.person(name))).await);
    }
    people
}

fn decides(person: &Person, invitation: &str, verdict: &'static str) -> impl Future<Output = Answer> + Send + 'static {
    let (person, invitation) = (person.clone(), invitation.to_owned());
    async move { person.decides(&invitation, verdict).await }
}

/// Who sits, who is in the staff room and what the invitations say is the same.
async fn assert_agrees(boss: &Person, salon: &str) {
    let chairs = boss.chairs(salon).await;
    let holders: BTreeSet<_> = chairs.iter().map(|(_, name)| name.clone()).collect();
    assert_eq!(holders.len(), chairs.len(), "nobody sits twice: {chairs:?}");
    let members = boss.members(&boss.staff_room(salon).await.unwrap()).await;
    assert_eq!(members, holders.into_iter().collect::<Vec<_>>());
    assert_eq!(boss.list(&format!("/api/salon_role?auto_salon={salon}")).await.len(), chairs.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_approvals_of_one_invitation_one_succeeds() {
    let world = World::open().await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    let ada = world.admin().await;
    let salon = anna.founds("North").await;
    anna.seats(&boris, &salon, "admin").await;
    let request = clara.asks_for(&salon, "seller").await;
    let superiors = [&anna, &boris, &ada];
    let answers = at_once((0..50).map(|number| decides(superiors[number % 3], &request, "approved"))).await;
    assert_eq!((count(&answers, 200), count(&answers, 400)), (1, 49));
    for answer in answers.iter().filter(|answer| answer.status == 400) {
        assert!(answer.json()["detail"].as_str().unwrap().contains("approved already"), "{}", answer.text());
    }
    assert_eq!(anna.list(&format!("/api/salon_role?auto_salon={salon}&role=seller")).await.len(), 1);
    assert_eq!((clara.status_of(&request).await, clara.told().await.len()), ("approved".to_owned(), 1));
    let log = anna.list(&format!("/api/salons/{salon}/log?size=100")).await;
    assert_eq!(log.iter().filter(|line| line["role"] == "seller").count(), 1);
    assert_agrees(&anna, &salon).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_five_applicants_one_sits_and_the_others_read_why() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let salon = anna.founds("North").await;
    anna.seats(&boris, &salon, "admin").await;
    let applicants = crowd(&world, 25).await;
    let requests = join_all(applicants.iter().map(|person| person.asks_for(&salon, "mechanic"))).await;
    // Two superiors, each of them approves all.
    let deeds =
        requests.iter().flat_map(|request| [&anna, &boris].map(|superior| decides(superior, request, "approved")));
    let answers = at_once(deeds).await;
    assert_eq!((count(&answers, 200), count(&answers, 400)), (1, 49));
    let (mut seated, mut rejected) = (Vec::new(), 0);
    for (person, request) in applicants.iter().zip(&requests) {
        let told = person.told().await;
        assert_eq!(told.len(), 1, "each is told once");
        match person.status_of(request).await.as_str() {
            "approved" => seated.push((person.role().await, told[0].0.clone())),
            "rejected" => {
                rejected += 1;
                assert_eq!((person.role().await.as_str(), told[0].0.as_str()), ("user", "request_rejected"));
                assert!(told[0].1.as_deref().unwrap().contains("taken"), "{told:?}");
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!((seated, rejected), (vec![("salon_member".to_owned(), "request_approved".to_owned())], 24));
    assert_agrees(&anna, &salon).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn approving_rejecting_and_withdrawing_at_once() {
    let world = World::open().await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    let salon = anna.founds("North").await;
    anna.seats(&boris, &salon, "admin").await;
    for round in 0..12 {
        let is_offer = round % 2 == 1;
        let invitation = match is_offer {
            false => clara.asks_for(&salon, "seller").await,
            true => anna.offers(&salon, "seller", &clara).await,
        };
        let superiors = if is_offer { [&clara, &clara] } else { [&anna, &boris] };
        let withdrawing = {
            let (clara, invitation) = (clara.clone(), invitation.clone());
            tokio::spawn(async move { clara.withdraws(&invitation).await })
        };
        let deciding = at_once([
            decides(superiors[0], &invitation, "approved"),
            decides(superiors[1], &invitation, "rejected"),
            decides(superiors[1], &invitation, "approved"),
            decides(superiors[0], &invitation, "rejected"),
        ]);
        let (withdrawn, answers) = tokio::join!(withdrawing, deciding);
        let withdrawn = withdrawn.expect("no panic").status;
        let won = count(&answers, 200) + usize::from(withdrawn == 204);
        assert_eq!(
            won,
            1,
            "round {round}: one wins: {withdrawn} {:?}",
            answers.iter().map(|a| a.status).collect::<Vec<_>>()
        );
        assert!(answers.iter().all(|answer| [200, 400, 404].contains(&answer.status)));
        let status = clara.status_of(&invitation).await;
        let sits = clara.staff_room(&salon).await.is_some();
        let expected = match answers.iter().position(|answer| answer.status == 200) {
            None => ("unseen", false),
            Some(0 | 2) => ("approved", true),
            Some(_) => ("rejected", false),
        };
        assert_eq!((status.as_str(), sits), expected, "round {round}");
        assert_agrees(&anna, &salon).await;
        if sits {
            clara.vacates(&clara.seat_of(&salon, "seller").await).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_and_a_request_for_one_seat_at_once() {
    let world = World::open().await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    let salon = anna.founds("North").await;
    for round in 0..6 {
        let (offer, request) = (anna.offers(&salon, "admin", &boris).await, clara.asks_for(&salon, "admin").await);
        let answers = at_once([decides(&boris, &offer, "approved"), decides(&anna, &request, "approved")]).await;
        assert_eq!((count(&answers, 200), count(&answers, 400)), (1, 1), "round {round}");
        let statuses = [boris.status_of(&offer).await, clara.status_of(&request).await];
        assert!(statuses.contains(&"approved".to_owned()) && statuses.contains(&"rejected".to_owned()), "{statuses:?}");
        assert_agrees(&anna, &salon).await;
        anna.vacates(&anna.seat_of(&salon, "admin").await).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handing_over_and_taking_away_at_once() {
    let world = World::open().await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    let salon = anna.founds("North").await;
    for round in 0..6 {
        anna.seats(&boris, &salon, "seller").await;
        let offer = anna.hands_over(&salon, "seller", &clara).await;
        let seat = anna.seat_of(&salon, "seller").await;
        let leaving = {
            let boris = boris.clone();
            tokio::spawn(async move { boris.delete(&format!("/api/salon_role/{seat}")).await })
        };
        let (left, answers) = tokio::join!(leaving, at_once([decides(&clara, &offer, "approved")]));
        let left = left.expect("no panic").status;
        assert!([204, 404].contains(&left), "round {round}");
        let has_left = left == 204;
        // What he gave up is not handed over any more.
        assert_eq!((count(&answers, 200), count(&answers, 400)), (usize::from(!has_left), usize::from(has_left)));
        assert_eq!(boris.staff_room(&salon).await, None);
        assert_eq!(clara.role().await, if has_left { "user" } else { "seller" });
        assert_agrees(&anna, &salon).await;
        if !has_left {
            anna.vacates(&anna.seat_of(&salon, "seller").await).await;
        }
    }
}

/// Nobody is superuser of two salons, whichever way they come to them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn founding_and_taking_over_at_once() {
    let world = World::open().await;
    let boris = world.person("boris").await;
    for round in 0..6 {
        let anna = world.person(&format!("anna{round}")).await;
        let salon = anna.founds("North").await;
        anna.seats(&boris, &salon, "mechanic").await;
        let offer = anna.hands_over(&salon, "superuser", &boris).await;
        let founding = {
            let boris = boris.clone();
            tokio::spawn(async move { boris.tries_to_found("South").await })
        };
        let (founded, answers) = tokio::join!(founding, at_once([decides(&boris, &offer, "approved")]));
        let founded = founded.expect("no panic");
        assert_eq!(usize::from(founded.status == 201) + count(&answers, 200), 1, "round {round}");
        let own = boris.list("/api/salon_role?role=superuser").await;
        let own: Vec<_> = own.iter().filter(|seat| seat["user"] == boris.id.as_str()).collect();
        assert_eq!(own.len(), 1, "round {round}: {own:?}");
        assert_agrees(&boris, own[0]["auto_salon"].as_str().unwrap()).await;
        for seat in boris.list("/api/salon_role").await.iter().filter(|seat| seat["user"] == boris.id.as_str()) {
            boris.vacates(seat["id"].as_str().unwrap()).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleting_a_salon_while_it_decides() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let applicants = crowd(&world, 6).await;
    for round in 0..4 {
        let salon = anna.founds("North").await;
        let room = anna.staff_room(&salon).await.unwrap();
        anna.seats(&boris, &salon, "admin").await;
        let roles = ["seller", "mechanic"];
        let asked = applicants.iter().enumerate().map(|(number, person)| person.asks_for(&salon, roles[number % 2]));
        let requests = join_all(asked).await;
        let deleting = {
            let (anna, salon) = (anna.clone(), salon.clone());
            tokio::spawn(async move { anna.delete(&format!("/api/auto_salon/{salon}")).await })
        };
        let approving = at_once(requests.iter().map(|request| decides(&boris, request, "approved")));
        let (deleted, answers) = tokio::join!(deleting, approving);
        deleted.expect("no panic").expect(204);
        assert!(count(&answers, 200) <= 2, "round {round}");
        assert!(answers.iter().all(|answer| [200, 400, 404].contains(&answer.status)));
        for person in applicants.iter().chain([&anna, &boris]) {
            assert_eq!((person.role().await.as_str(), person.invitations().await.len()), ("user", 0), "round {round}");
            person.get(&format!("/api/rooms/{room}")).await.refused(404, "not_found");
            assert_eq!(person.rooms().await.len(), 0);
        }
        for (person, answer) in applicants.iter().zip(&answers) {
            let told = person.told().await;
            // Who was rejected before has nothing to do with the salon any more.
            let last = if answer.status == 400 { "request_rejected" } else { "salon_deleted" };
            assert_eq!(told[0].0, last, "round {round}: {} {told:?}", answer.status);
            person.delete("/api/notifications").await.expect(204);
        }
    }
}
