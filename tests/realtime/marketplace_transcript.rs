//! The whole salon story over the marketplace's door, word for word: bodies, answers and frames of the three sockets. The
//! order of fields in bodies is the one on the wire.

use crate::{
    people::{MarketWindow, Person},
    world::{
        World,
        golden::{self, Names},
    },
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

/// What was said so far, and by which names.
#[derive(Default)]
struct Transcript {
    lines: Vec<String>,
    names: Names,
}

impl Transcript {
    fn part(&mut self, title: &str) {
        self.lines.push(format!("\n# {title}"));
    }

    /// Asks, and writes down the answer; what came back.
    async fn asks(&mut self, who: &Person, method: Method, path: &str, body: Value) -> Value {
        let request = who.request(method.clone(), path);
        let request = if body.is_null() { request } else { request.json(&body) };
        let answer = who.send(request).await;
        let body = if body.is_null() { String::new() } else { format!(" {body}") };
        let asked = self.names.words(&format!("{}: {method} {path}{body}", who.name));
        let answered = self.names.words(format!("  {} {}", answer.status, answer.text()).trim_end());
        self.lines.extend([String::new(), asked, answered]);
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    /// Says it in a window.
    async fn says(&mut self, who: &str, window: &mut MarketWindow, frame: &str) {
        window.says_raw(Message::text(frame)).await;
        self.lines.extend([String::new(), self.names.words(&format!("{who} > {frame}"))]);
    }

    /// What each window has heard by now.
    async fn heard(&mut self, windows: &mut [(&str, &mut MarketWindow)]) {
        let mut heard = vec![Vec::new(); windows.len()];
        // What one of them said last is known to be done after the first round, and heard by all after the second.
        for _ in 0..2 {
            for (heard, (_, window)) in heard.iter_mut().zip(windows.iter_mut()) {
                heard.extend(window.rest_raw().await);
            }
        }
        for (frames, (who, _)) in heard.into_iter().zip(windows) {
            self.lines.extend(frames.iter().map(|frame| self.names.words(&format!("  {who} < {frame}"))));
        }
    }
}

const SALONS: &str = "/api/auto_salon/";
const INVITATIONS: &str = "/api/invitation_to_auto_salon/";
const SEATS: &str = "/api/salon_role/";

#[tokio::test]
async fn the_marketplace_word_for_word() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let ada = world.admin().await;
    let mut said = Transcript::default();
    for person in [&anna, &boris, &vera, &ada] {
        said.names.call(&person.id, &person.name);
    }
    chat(&mut said, &anna, &boris, &vera).await;
    salons(&mut said, &anna, &boris, &vera, &ada).await;
    refusals(&mut said, &anna, &boris, &vera).await;
    golden::compare("marketplace-transcript.txt", &(said.lines.join("\n").trim_start().to_owned() + "\n"));
}

async fn chat(said: &mut Transcript, anna: &Person, boris: &Person, vera: &Person) {
    said.part("Chat: /api/chat/garage/, and Vera's window in /api/chat/yard/");
    let mut annas = anna.chats("garage").await;
    said.heard(&mut [("anna", &mut annas)]).await;
    said.says("anna", &mut annas, r#"{"action":"send_message","request_id":1,"data":{"text":"Good day"}}"#).await;
    said.heard(&mut [("anna", &mut annas)]).await;
    let (mut boriss, mut veras) = (boris.chats("garage").await, vera.chats("yard").await);
    said.lines.extend([String::new(), "boris comes to the garage, vera to the yard".to_owned()]);
    said.heard(&mut [("anna", &mut annas), ("boris", &mut boriss), ("vera", &mut veras)]).await;
    let private =
        json!({ "action": "send_private_message", "request_id": "p-1", "data": { "text": "psst", "userId": vera.id } });
    for frame in [
        r#"{"action":"send_message","request_id":"r-2","data":{"text":"<b>Is</b> the \"wing\" ready?"}}"#,
        &private.to_string(),
        r#"{"action":"send_message","data":{"text":"without a request id"}}"#,
    ] {
        said.says("boris", &mut boriss, frame).await;
        said.heard(&mut [("anna", &mut annas), ("boris", &mut boriss), ("vera", &mut veras)]).await;
    }
    let unknown = r#"{"action":"send_private_message","request_id":5,"data":{"text":"x","userId":"nobody"}}"#;
    for frame in [
        r#"{"action":"dance","request_id":3,"data":{}}"#,
        r#"{"action":"send_message","request_id":4,"data":{"text":" "}}"#,
        r#"{"action":"send_message","request_id":4,"data":{}}"#,
        unknown,
        r#"{"action":"send_message","request_id":{},"data":{"text":"x"}}"#,
        r#"{"action":5,"request_id":1e2,"data":{}}"#,
        "hello",
        "[]",
    ] {
        said.says("boris", &mut boriss, frame).await;
        said.heard(&mut [("anna", &mut annas), ("boris", &mut boriss), ("vera", &mut veras)]).await;
    }
    let mut again = vera.chats("garage").await;
    said.lines.extend([String::new(), "vera comes to the garage as well: the replay".to_owned()]);
    said.heard(&mut [("vera, new", &mut again), ("anna", &mut annas), ("vera", &mut veras)]).await;
}

async fn salons(said: &mut Transcript, anna: &Person, boris: &Person, vera: &Person, ada: &Person) {
    said.part("Salons, seats and invitations; Anna founds, Boris asks, Vera is a stranger, Ada administers the site");
    let (mut a, mut b) = (anna.watches(INVITATIONS).await, boris.watches(INVITATIONS).await);
    let (mut v, mut s) = (vera.watches(INVITATIONS).await, ada.watches(INVITATIONS).await);
    let (mut aseats, mut bseats) = (anna.watches(SEATS).await, boris.watches(SEATS).await);
    for (who, window, id) in
        [("anna", &mut a, "1"), ("boris", &mut b, "\"b\""), ("vera", &mut v, "null"), ("ada", &mut s, "4")]
    {
        let frame = format!(r#"{{"action":"subscribe_to_join_requests","request_id":{id}}}"#);
        said.says(who, window, &frame).await;
        said.heard(&mut [(who, window)]).await;
    }
    for (who, window) in [("anna at the seats", &mut aseats), ("boris at the seats", &mut bseats)] {
        said.says(who, window, r#"{"action":"subscribe_to_join_requests","request_id":7}"#).await;
        said.heard(&mut [(who, window)]).await;
    }
    macro_rules! heard {
        () => {
            said.heard(&mut [
                ("anna", &mut a),
                ("boris", &mut b),
                ("vera", &mut v),
                ("ada", &mut s),
                ("anna at the seats", &mut aseats),
                ("boris at the seats", &mut bseats),
            ])
            .await
        };
    }
    let no = Value::Null;
    let salon = said.asks(anna, Method::POST, SALONS, json!({ "name": "North", "location": "Riga" })).await;
    let salon = salon["id"].as_str().unwrap().to_owned();
    said.names.call(&salon, "north");
    heard!();
    said.asks(vera, Method::GET, SALONS, no.clone()).await;
    said.asks(anna, Method::PUT, &format!("{SALONS}{salon}/"), json!({ "location": "Rīga" })).await;
    said.asks(boris, Method::GET, "/api/auth/site_role", no.clone()).await;
    for (verdict, reason) in [("rejected", json!({ "reason": "no room" })), ("approved", no.clone())] {
        let asked = said.asks(boris, Method::POST, INVITATIONS, json!({ "auto_salon": salon, "role": "seller" })).await;
        heard!();
        let path = format!("{INVITATIONS}{}/{verdict}", asked["id"].as_str().unwrap());
        said.asks(anna, Method::PATCH, &path, reason).await;
        heard!();
    }
    said.asks(boris, Method::GET, "/api/auth/site_role", no.clone()).await;
    said.asks(boris, Method::GET, INVITATIONS, no.clone()).await;
    said.asks(vera, Method::GET, INVITATIONS, no.clone()).await;
    let seats = said.asks(boris, Method::GET, &format!("{SEATS}?auto_salon={salon}&role=seller"), no.clone()).await;
    let seat = format!("{SEATS}{}", seats["data"][0]["id"].as_str().unwrap());
    said.asks(boris, Method::GET, &seat, no.clone()).await;
    said.asks(anna, Method::DELETE, &seat, no.clone()).await;
    heard!();
    let offer = json!({ "auto_salon": salon, "role": "mechanic", "user": boris.id });
    let offer = said.asks(anna, Method::POST, INVITATIONS, offer).await;
    heard!();
    let path = format!("{INVITATIONS}delete/invitation/{}", offer["id"].as_str().unwrap());
    said.asks(anna, Method::DELETE, &path, no.clone()).await;
    heard!();
    said.asks(boris, Method::POST, INVITATIONS, json!({ "auto_salon": salon, "role": "mechanic" })).await;
    heard!();
    said.asks(anna, Method::DELETE, &format!("{SALONS}{salon}"), no).await;
    heard!();
    said.says("boris", &mut b, r#"{"action":"dance","request_id":"d"}"#).await;
    said.heard(&mut [("boris", &mut b)]).await;
}

async fn refusals(said: &mut Transcript, anna: &Person, boris: &Person, vera: &Person) {
    said.part("What is refused");
    let no = Value::Null;
    let salon = anna.founds("North").await;
    said.names.call(&salon, "north again");
    anna.seats(boris, &salon, "seller").await;
    let asks = |role: &str| json!({ "auto_salon": salon, "role": role });
    for body in [asks("boss"), asks("superuser"), asks("seller"), json!({ "role": "admin" })] {
        said.asks(vera, Method::POST, INVITATIONS, body).await;
    }
    let nowhere = json!({ "auto_salon": "01939f1e-6f2a-7c3b-9a41-5d2f8e6b1c01", "role": "admin" });
    said.names.call("01939f1e-6f2a-7c3b-9a41-5d2f8e6b1c01", "nobody");
    said.asks(vera, Method::POST, INVITATIONS, nowhere).await;
    let request = vera.asks_for(&salon, "admin").await;
    said.names.call(&request, "vera's request");
    said.asks(vera, Method::POST, INVITATIONS, asks("mechanic")).await;
    let approve = format!("{INVITATIONS}{request}/approved");
    said.asks(vera, Method::PATCH, &approve, no.clone()).await;
    said.asks(boris, Method::PATCH, &approve, no.clone()).await;
    said.asks(anna, Method::PATCH, &approve, no.clone()).await;
    said.asks(anna, Method::PATCH, &approve, no.clone()).await;
    let delete = format!("{INVITATIONS}delete/invitation/{request}");
    said.asks(anna, Method::DELETE, &delete, no.clone()).await;
    said.asks(vera, Method::DELETE, &format!("{SALONS}{salon}"), no.clone()).await;
    said.asks(anna, Method::POST, SALONS, json!({ "name": "Another" })).await;
    said.asks(vera, Method::POST, SALONS, json!({ "location": "Riga" })).await;
    said.asks(vera, Method::GET, &format!("{SALONS}01939f1e-6f2a-7c3b-9a41-5d2f8e6b1c01"), no.clone()).await;
    said.asks(vera, Method::GET, &format!("{SALONS}7"), no.clone()).await;
    let room = anna.staff_room(&salon).await.unwrap();
    said.names.call(&room, "staff room");
    said.asks(anna, Method::DELETE, &format!("/api/chat/delete/{room}"), no).await;
}
