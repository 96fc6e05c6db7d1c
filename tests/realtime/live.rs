//! The live chat's sockets (document 004): the smallest protocol there is.

use crate::{
    people::{LiveWindow, Person},
    world::{World, golden},
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

/// A window of somebody signed in.
async fn window(world: &World, person: &Person, room: &str) -> LiveWindow {
    let bearer = format!("Bearer {}", person.access);
    LiveWindow::open(world, &format!("{room}/"), &[("authorization", &bearer)]).await
}

async fn sends(person: &Person, room: &str, text: &str) {
    person.post("/chat/send/", json!({ "message": text, "room": room })).await.expect(200);
}

#[tokio::test]
async fn a_message_goes_to_everybody_in_the_room_and_to_nobody_else() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let [mut clara, mut dora] = world.online(["clara", "dora"]).await;
    let (mut annas, mut boriss) = (window(&world, &anna, "testroom").await, window(&world, &boris, "TestRoom").await);
    let mut veras = window(&world, &vera, "elsewhere").await;
    let room = dora.get("/api/rooms?scope=public&search=testroom").await.expect(200).json()["data"][0].clone();
    assert_eq!(room["name"], "testroom", "the first one named it");
    let room = room["id"].as_str().unwrap();
    dora.joins(room).await;
    dora.hears("room_created").await;

    annas.says("hello").await;
    let frame = annas.hears("hello").await;
    assert_eq!(boriss.hears("hello").await, frame, "one frame for all, the sender included");
    let expected = json!({
        "message": "hello", "id": frame["id"], "sender": anna.id, "sender_name": "Anna", "sender_role": "user", "room": room,
        "timestamp": frame["timestamp"],
    });
    assert_eq!(frame, expected);
    assert_eq!(dora.hears_message("hello").await["message"]["uuid"], frame["id"], "the same one through another door");

    // What is said at other doors is heard here, a file as its name.
    dora.posts(room, "from the web client").await;
    boris.posts_file(room, "discs.txt", b"19 mm".to_vec()).await;
    sends(&anna, "testroom", "from HTTP").await;
    for window in [&mut annas, &mut boriss] {
        window.hears("from the web client").await;
        window.hears("discs.txt").await;
        window.hears("from HTTP").await;
    }
    // Edits and deletions are not spoken of.
    let edited = dora.posts(room, "teh").await;
    annas.hears("teh").await;
    let path = format!("/api/messages/{}", edited["uuid"].as_str().unwrap());
    dora.patch(&path, json!({ "content": "the" })).await.expect(200);
    dora.delete(&path).await.expect(204);
    sends(&anna, "testroom", "after it").await;
    annas.hears("after it").await;

    clara.hears_nothing().await;
    sends(&vera, "elsewhere", "fence").await;
    veras.hears("fence").await;
}

#[tokio::test]
async fn a_private_room_is_not_reached_by_its_name() {
    let world = World::open_with("guests = true\n").await;
    let [anna, vera] = world.people(["anna", "vera"]).await;
    let private = anna.opens("private", "workshop", &[]).await;
    anna.posts(&private, "secret").await;
    let mut veras = window(&world, &vera, "workshop").await;
    let mut guest = LiveWindow::open(&world, "workshop/", &[]).await;
    anna.posts(&private, "still secret").await;
    sends(&vera, "workshop", "another room").await;
    veras.hears("another room").await;
    guest.hears("another room").await;
    assert_eq!(anna.sees(&private).await, ["secret", "still secret"]);
    // With an id the address is another door's, which knows no guests; odd spellings of one are nobody's.
    let bearer = format!("Bearer {}", anna.access);
    let veras_bearer = format!("Bearer {}", vera.access);
    let (upper, simple) = (private.to_uppercase(), private.replace('-', ""));
    for (id, headers, status) in [
        (&private, vec![], 401),
        (&upper, vec![], 401),
        (&private, vec![("authorization", veras_bearer.as_str())], 404),
        (&simple, vec![], 404),
        (&simple, vec![("authorization", bearer.as_str())], 404),
    ] {
        let refusal = LiveWindow::try_open(&world, &format!("{id}/"), &headers).await;
        assert_eq!(refusal.err().expect("refused").0, status, "{id} {headers:?}");
    }
}

#[tokio::test]
async fn names_that_are_no_names_are_refused_before_the_upgrade() {
    let world = World::open_with("guests = true\n").await;
    let anna = world.person("anna").await;
    let bearer = format!("Bearer {}", anna.access);
    let long = "x".repeat(65);
    for headers in [vec![], vec![("authorization", bearer.as_str())]] {
        for name in ["private_a_b", "PRIVATE_x", "a%2Fb", "a%5Cb", "%00", "%E2%80%AEx", "a%0Ab", "%2E%2E", "%20", &long]
        {
            let refusal = LiveWindow::try_open(&world, &format!("{name}/"), &headers).await;
            let (status, problem) = refusal.err().unwrap_or_else(|| panic!("{name}"));
            assert_eq!((status, &problem["code"]), (400, &json!("invalid")), "{name}: {problem}");
            assert!(problem["errors"]["room"][0].is_string(), "{name}: {problem}");
        }
    }
    let rooms = anna.get("/api/rooms?scope=public").await.expect(200).json();
    assert_eq!(rooms["total_items"], 1, "nothing was made: {rooms}");
    window(&world, &anna, "%C3%96lwechsel%203").await;
    let rooms = anna.get("/api/rooms?scope=public&search=%C3%B6lwechsel").await.expect(200).json();
    assert_eq!(rooms["data"][0]["name"], "Ölwechsel 3");
}

#[tokio::test]
async fn what_is_no_message_is_answered_and_changes_nothing() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let (mut annas, mut boriss) = (window(&world, &anna, "testroom").await, window(&world, &boris, "testroom").await);
    let long = json!({ "message": "x".repeat(4_001) }).to_string();
    for bad in [
        "",
        "hello",
        "[]",
        "7",
        "{}",
        "{\"message\":7}",
        "{\"message\":null}",
        "{\"body\":\"x\"}",
        "{\"message\":\" \"}",
    ] {
        annas.sends(Message::text(bad)).await;
        assert!(!annas.is_refused().await.is_empty(), "{bad}");
    }
    annas.sends(Message::text(long)).await;
    assert!(annas.is_refused().await.contains("4000"));
    annas.sends(Message::binary(b"{\"message\":\"x\"}".to_vec())).await;
    annas.is_refused().await;
    annas.sends(Message::text(r#"{"message":"good","type":"chat","HEADERS":{"HX-Request":"true"}}"#)).await;
    annas.hears("good").await;
    boriss.hears("good").await;
    let history = anna.get("/chat/history/?room=testroom").await.expect(200).json();
    assert_eq!(history["chat_history"].as_array().unwrap().len(), 1, "{history}");
    for _ in 0..200 {
        annas.sends(Message::text("{}")).await;
    }
    assert_eq!(annas.is_closed().await, 1008);
    let mut annas = window(&world, &anna, "testroom").await;
    annas.sends(Message::text("x".repeat(65_537))).await;
    assert!([1009, 1006].contains(&annas.is_closed().await));
    sends(&anna, "testroom", "fence").await;
    boriss.hears("fence").await;
}

#[tokio::test]
async fn the_right_to_it_may_end() {
    let world = World::open_with("guests = true\n").await;
    let [anna, boris, clara] = world.people(["anna", "boris", "clara"]).await;
    let admin = world.admin().await;
    let (mut annas, mut boriss) = (window(&world, &anna, "testroom").await, window(&world, &boris, "testroom").await);
    let mut claras = window(&world, &clara, "testroom").await;
    let mut guest = LiveWindow::open(&world, "testroom/", &[]).await;
    annas.says("hello").await;
    let room = annas.hears("hello").await["room"].as_str().unwrap().to_owned();
    boriss.hears("hello").await;
    claras.hears("hello").await;
    guest.hears("hello").await;
    admin.patch(&format!("/api/user/block_unblock/{}", boris.id), json!({ "action": "block" })).await.expect(200);
    assert_eq!(boriss.try_next().await, Err(4401), "a blocked person hears nothing more");
    anna.puts_out(&room, &clara).await;
    assert_eq!(claras.try_next().await, Err(4404));
    sends(&anna, "testroom", "fence").await;
    annas.hears("fence").await;
    guest.hears("fence").await;
    anna.delete(&format!("/api/rooms/{room}")).await.expect(204);
    assert_eq!((annas.try_next().await, guest.try_next().await), (Err(4404), Err(4404)));
}

#[tokio::test]
async fn without_the_right_to_it_there_is_no_upgrade() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let bearer = format!("Bearer {}", anna.access);
    let refresh = format!("Bearer {}", anna.refresh);
    for (status, headers) in [
        (401, vec![]),
        (401, vec![("authorization", "Bearer rubbish")]),
        (401, vec![("authorization", &refresh)]),
        (401, vec![("cookie", "parlor_session=rubbish"), ("origin", &world.site.origin())]),
        (403, vec![("authorization", &bearer), ("origin", "http://evil.example")]),
        (403, vec![("origin", "http://evil.example")]),
    ] {
        let refusal = LiveWindow::try_open(&world, "public-chat/", &headers).await.err();
        assert_eq!(refusal.unwrap_or_else(|| panic!("{headers:?}")).0, status, "{headers:?}");
    }
    let (_, problem) = LiveWindow::try_open(&world, "public-chat/", &[]).await.err().unwrap();
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("guests = true") && detail.contains("--guests"), "{detail}");
    let protocols = format!("bearer, {}", anna.access);
    LiveWindow::open(&world, "public-chat/", &[("sec-websocket-protocol", &protocols)]).await;
    LiveWindow::open(&world, &format!("public-chat/?token={}", anna.access), &[]).await;
}

#[tokio::test]
async fn nobody_becomes_a_guest_by_what_cannot_be_read() {
    let world = World::open_with("guests = true\n").await;
    let anna = world.person("anna").await;
    let twice = format!("?token={0}&token={0}", anna.access);
    let bearer = format!("Bearer {}", anna.access);
    for (query, headers) in [
        ("?token=", vec![]),
        (twice.as_str(), vec![]),
        ("?token=%FF", vec![]),
        ("", vec![("authorization", "Basic Zzpn")]),
        ("", vec![("authorization", "Bearer ")]),
        ("", vec![("authorization", &bearer), ("authorization", &bearer)]),
        ("", vec![("sec-websocket-protocol", "bearer")]),
    ] {
        let refusal = LiveWindow::try_open(&world, &format!("public-chat/{query}"), &headers).await;
        let (status, problem) = refusal.err().unwrap_or_else(|| panic!("{query} {headers:?}"));
        assert_eq!((status, &problem["code"]), (401, &json!("unauthenticated")), "{query} {headers:?}: {problem}");
        let request = world.site.request(Method::GET, "/chat/history/");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        if headers.iter().any(|(name, _)| *name == "authorization") {
            world.site.send(request).await.refused(401, "unauthenticated");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_posted_costs_a_guest_nothing() {
    let limits = "guests = true\n[limits]\nguest_message_chars = 20\nguest_messages_per_min = 2\n";
    let world = World::open_with(limits).await;
    let mut guest = LiveWindow::open(&world, "public-chat/", &[]).await;
    for text in ["", "  ", &"x".repeat(21), "a\0"] {
        guest.says(text).await;
        assert!(!guest.is_refused().await.contains("messages a minute"), "{text:?}");
    }
    for text in ["one", "two"] {
        guest.says(text).await;
        guest.hears(text).await;
    }
    guest.says("three").await;
    assert!(guest.is_refused().await.contains("2 messages a minute"));
}

#[tokio::test]
async fn guests_listen_and_speak_in_public_rooms() {
    let world = World::open_with("guests = true\n").await;
    let anna = world.person("anna").await;
    let mut annas = window(&world, &anna, "testroom").await;
    let (mut one, mut other) =
        (LiveWindow::open(&world, "testroom/", &[]).await, LiveWindow::open(&world, "testroom/", &[]).await);
    let mut elsewhere = LiveWindow::open(&world, "public-chat/", &[]).await;
    one.says("is the blue Golf still there?").await;
    let asked = annas.hears("is the blue Golf still there?").await;
    one.hears("is the blue Golf still there?").await;
    other.hears("is the blue Golf still there?").await;
    other.says("I saw it").await;
    let told = annas.hears("I saw it").await;
    one.says("thanks").await;
    other.hears("I saw it").await;
    let thanked = other.hears("thanks").await;
    for frame in [&asked, &told, &thanked] {
        assert_eq!(frame["sender_role"], "guest", "{frame}");
        let name = frame["sender_name"].as_str().unwrap().strip_prefix("guest-").expect("a guest's name");
        assert!(name.len() >= 4 && name.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{frame}");
    }
    assert_eq!((&asked["sender"], &asked["sender_name"]), (&thanked["sender"], &thanked["sender_name"]));
    assert_ne!(asked["sender_name"], told["sender_name"], "each socket is another guest");
    annas.hears("thanks").await;
    annas.says("you are welcome").await;
    one.hears("I saw it").await;
    one.hears("thanks").await;
    one.hears("you are welcome").await;
    sends(&anna, "public-chat", "fence").await;
    elsewhere.hears("fence").await;
    // Other doors show them as guests too.
    let room = asked["room"].as_str().unwrap();
    let page = anna.history(room, "").await;
    assert_eq!(page["messages"][0]["sender_role"], "guest", "{page}");
    let members = anna.get(&format!("/api/rooms/{room}/members")).await.expect(200).json();
    assert!(!members.to_string().contains("guest-"), "guests are members of nothing: {members}");
}

#[tokio::test]
async fn idle_guests_write_nothing_and_nobody_is_told_of_them() {
    let world = World::open_with("guests = true\n").await;
    let [mut anna, boris] = world.online(["anna", "boris"]).await;
    let before = (*boris).clone().online().await;
    let mut guests = Vec::new();
    for _ in 0..5 {
        guests.push(LiveWindow::open(&world, "public-chat/", &[]).await);
        world.site.get("/chat/history/").await.expect(200);
    }
    let after = (*boris).clone().online().await;
    assert_eq!(before.hello["position"], after.hello["position"], "nothing was written");
    let mut online: Vec<_> = after.hello["online"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    let mut expected = [anna.id.as_str(), boris.id.as_str()];
    online.sort_unstable();
    expected.sort_unstable();
    assert_eq!(online, expected, "guests are not online");
    // Neither their coming nor their going is told; the coming of a person after it is.
    drop(guests);
    let clara = world.person("clara").await.online().await;
    loop {
        let presence = anna.hears_presence().await;
        let told = [&presence["online"], &presence["offline"]].into_iter().flat_map(|ids| ids.as_array().unwrap());
        let told: Vec<_> = told.map(|id| id.as_str().unwrap()).collect();
        assert!(told.iter().all(|id| [&anna.id, &boris.id, &clara.id].iter().any(|known| known == id)), "{presence}");
        if told.contains(&clara.id.as_str()) {
            break;
        }
    }
    anna.hears_nothing().await;
}

#[tokio::test]
async fn guests_are_bound_more_tightly() {
    let limits = "guests = true\n[limits]\nguest_message_chars = 20\nguest_messages_per_min = 3\nguest_sockets_per_address = 3\n\
                  guest_frames_per_sec = 1\nguest_frames_burst = 8\n";
    let world = World::open_with(limits).await;
    let anna = world.person("anna").await;
    let mut annas = window(&world, &anna, "public-chat").await;
    let mut one = LiveWindow::open(&world, "public-chat/", &[]).await;
    let mut other = LiveWindow::open(&world, "public-chat/", &[]).await;
    let third = LiveWindow::open(&world, "public-chat/", &[]).await;
    let refusal = LiveWindow::try_open(&world, "public-chat/", &[]).await.err().expect("three are enough");
    assert_eq!(refusal.0, 429, "{refusal:?}");
    let more = window(&world, &anna, "public-chat").await;
    drop((third, more));
    let again = async { while LiveWindow::try_open(&world, "public-chat/", &[]).await.is_err() {} };
    tokio::time::timeout(crate::people::PATIENCE, again).await.expect("the place is free again");

    one.says("a").await;
    one.hears("a").await;
    other.hears("a").await;
    one.says(&"x".repeat(21)).await;
    assert!(one.is_refused().await.contains("20 characters"));
    other.says("b").await;
    other.hears("b").await;
    one.hears("b").await;
    one.says("c").await;
    one.hears("c").await;
    // All guests of one address together, also over HTTP.
    other.hears("c").await;
    other.says("d").await;
    assert!(other.is_refused().await.contains("3 messages a minute"));
    let problem = world.site.post("/chat/send/", json!({ "message": "d" })).await.refused(429, "throttled");
    assert!(problem["detail"].as_str().unwrap().contains("sign in"), "{problem}");
    annas.says(&"y".repeat(400)).await;
    for text in ["a", "b", "c", &"y".repeat(400)] {
        annas.hears(text).await;
    }
    for _ in 0..20 {
        one.sends(Message::text("{}")).await;
    }
    assert_eq!(one.is_closed().await, 1008);
    other.hears(&"y".repeat(400)).await;
}

#[tokio::test]
async fn few_new_guests_come_from_one_address() {
    let world = World::open_with("guests = true\n[limits]\nguests_per_address = 2\n").await;
    let anna = world.person("anna").await;
    let mut first = LiveWindow::open(&world, "public-chat/", &[]).await;
    let mut second = LiveWindow::open(&world, "public-chat/", &[]).await;
    let mut third = LiveWindow::open(&world, "public-chat/", &[]).await;
    first.says("one").await;
    first.hears("one").await;
    second.hears("one").await;
    second.says("two").await;
    second.hears("two").await;
    first.hears("two").await;
    third.hears("one").await;
    third.hears("two").await;
    third.says("three").await;
    assert!(third.is_refused().await.contains("new guests"));
    first.says("four").await;
    assert_eq!(first.hears("four").await["sender_role"], "guest", "whoever is known goes on");
    let history = anna.get("/chat/history/").await.expect(200).json();
    let said: Vec<_> = history["chat_history"].as_array().unwrap().iter().map(|line| &line["message"]).collect();
    assert_eq!(said, ["one", "two", "four"]);
}

/// What is said at this door, line by line.
struct Transcript {
    lines: Vec<String>,
    names: golden::Names,
    guest_name: String,
}

impl Transcript {
    fn line(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    /// A message from a window that everybody hears, the other one too.
    async fn message(&mut self, who: &str, text: &'static str, from: &mut LiveWindow, other: &mut LiveWindow) {
        self.line(format!("{who} > {text}"));
        from.sends(Message::text(text)).await;
        let (heard, also) = (from.next().await, other.next().await);
        assert_eq!(heard, also);
        assert!(heard.starts_with("{\"message\":"), "the documented field comes first: {heard}");
        let frame: Value = serde_json::from_str(&heard).unwrap();
        if who == "guest" {
            self.guest_name = frame["sender_name"].as_str().unwrap().to_owned();
        }
        self.names.call(frame["sender"].as_str().unwrap(), who);
        self.names.call(frame["room"].as_str().unwrap(), "testroom");
        self.line(format!("both  < {heard}"));
    }

    /// A request of somebody and the answer.
    async fn request(
        &mut self,
        world: &World,
        who: Option<&Person>,
        asked: &str,
        body: Option<(&'static str, &'static str)>,
    ) {
        let (method, path) = asked.split_once(' ').unwrap();
        let mut request = world.site.request(method.parse().unwrap(), path);
        if let Some((body, kind)) = body {
            request = request.header("content-type", kind).body(body);
        }
        if let Some(person) = who {
            request = request.bearer_auth(&person.access);
        }
        let answer = world.site.send(request).await;
        let (who, body) = (if who.is_some() { "anna" } else { "guest" }, body.map_or("", |(body, _)| body));
        self.line(format!("{who}: {}\n{} {}", format!("{asked} {body}").trim_end(), answer.status, answer.text()));
    }

    fn finished(mut self) -> String {
        let lines = std::mem::take(&mut self.lines);
        let words = |line: &String| self.names.words(&line.replace(&self.guest_name, "guest-<name>"));
        lines.iter().map(words).collect::<Vec<_>>().join("\n") + "\n"
    }
}

/// Everything that is said at this door, word for word.
#[tokio::test]
async fn the_transcript() {
    let mut world = World::open_with("guests = true\n").await;
    let anna = world.person("anna").await;
    let mut said = Transcript { lines: Vec::new(), names: golden::Names::default(), guest_name: String::new() };
    let mut annas = window(&world, &anna, "testroom").await;
    let mut guest = LiveWindow::open(&world, "testroom/", &[]).await;
    said.line("-- anna and a guest have ws /ws/chat/testroom/ open");
    said.message("anna", "{\"message\":\"Your message here\"}", &mut annas, &mut guest).await;
    said.message("guest", "{\"message\": \"Message from another user\"}", &mut guest, &mut annas).await;
    let long: &'static str = json!({ "message": "x".repeat(1_001) }).to_string().leak();
    for text in ["hello", "[]", "{}", "{\"message\":7}", "{\"message\":\"\"}", long] {
        said.line(format!("guest > {}", text.replace(&"x".repeat(1_001), "x…")));
        guest.sends(Message::text(text)).await;
        said.line(format!("guest < {}", guest.next().await));
    }
    said.line("-- over HTTP");
    let (json, form) = ("application/json", "application/x-www-form-urlencoded");
    for (body, kind) in [
        ("{\"message\":\"Your message here\"}", json),
        ("message=By+form&room=testroom", form),
        ("{}", json),
        ("text=x", form),
        ("{\"message\":\"x\",\"room\":\"private_x\"}", json),
    ] {
        said.request(&world, Some(&anna), "POST /chat/send/", Some((body, kind))).await;
    }
    annas.hears("By form").await;
    guest.hears("By form").await;
    said.request(&world, None, "POST /chat/send/", Some(("{\"message\":\"x\",\"room\":\"elsewhere\"}", json))).await;
    for query in ["", "?room=testroom&limit=2", "?room=nowhere", "?limit=201"] {
        said.request(&world, Some(&anna), &format!("GET /chat/history/{query}"), None).await;
    }
    said.request(&world, None, "GET /chat/history/?room=nowhere", None).await;
    world.stop().await;
    world.configure("");
    world.start().await;
    said.line("-- guests are switched off");
    said.request(&world, None, "POST /chat/send/", Some(("{\"message\":\"x\"}", json))).await;
    let (status, problem) = LiveWindow::try_open(&world, "testroom/", &[]).await.err().expect("refused");
    said.line(format!("guest: ws /ws/chat/testroom/\n{status} {problem}"));
    said.request(&world, Some(&anna), "GET /chat/history/?room=testroom&limit=2", None).await;
    golden::compare("live-transcript.txt", &said.finished());
}
