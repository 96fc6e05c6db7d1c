//! The socket of a room as the community chat has it (document 003).

use crate::{
    people::{PATIENCE, Person},
    world::{PASSWORD, World, golden},
};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderName},
};

/// Somebody with a room open.
struct Chatroom {
    name: String,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// Tries to open it; the status of the refusal otherwise.
async fn try_open(world: &World, path: &str, headers: &[(&str, &str)]) -> Result<Chatroom, u16> {
    let address = format!("ws://{}{path}", world.site.address());
    let mut request = address.into_client_request().expect("an address");
    for (name, value) in headers {
        request.headers_mut().insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((socket, _)) => Ok(Chatroom { name: String::new(), socket }),
        Err(Error::Http(refusal)) => {
            assert_eq!(refusal.headers()["content-type"], "application/problem+json");
            Err(refusal.status().as_u16())
        }
        Err(error) => panic!("the socket could not be opened: {error}"),
    }
}

async fn tries(world: &World, person: &Person, room: &str) -> Result<Chatroom, u16> {
    let bearer = format!("Bearer {}", person.access);
    try_open(world, &format!("/ws/chatroom/{room}/"), &[("authorization", &bearer)]).await
}

impl Chatroom {
    /// Opens it; what it is greeted with is not heard yet.
    async fn opens(world: &World, person: &Person, room: &str) -> Self {
        let open = tries(world, person, room).await.unwrap_or_else(|status| panic!("{}: {status}", person.name));
        Self { name: person.name.clone(), ..open }
    }

    async fn says(&mut self, frame: &str) {
        self.socket.send(Message::text(frame)).await.expect("the socket is open");
    }

    /// The next frame, word for word, or the code with which the server closes.
    async fn next(&mut self) -> Result<String, u16> {
        loop {
            let next = timeout(PATIENCE, self.socket.next()).await;
            let next = next.unwrap_or_else(|_| panic!("{} hears nothing more", self.name));
            match next.expect("not the end").expect("no fault") {
                Message::Text(text) => return Ok(text.to_string()),
                Message::Close(close) => return Err(close.map_or(1005, |close| close.code.into())),
                _ => {}
            }
        }
    }

    async fn hears(&mut self) -> Value {
        let frame = self.next().await.unwrap_or_else(|code| panic!("{} was closed: {code}", self.name));
        serde_json::from_str(&frame).expect("JSON")
    }

    /// The next frames are these counts, in this order.
    #[track_caller]
    fn hears_counts<'a>(&'a mut self, counts: &'a [(&'a str, u64)]) -> impl Future<Output = ()> + 'a {
        let place = std::panic::Location::caller();
        async move {
            for (kind, count) in counts {
                let expected = match *kind {
                    "online" => json!({ "type": "online_count", "online_count": count }),
                    _ => json!({ "type": "new_message_count", "count": count }),
                };
                assert_eq!(self.hears().await, expected, "{} at {place}", self.name);
            }
        }
    }

    /// The next frame is this message.
    #[track_caller]
    fn hears_message<'a>(&'a mut self, text: &'a str) -> impl Future<Output = Value> + 'a {
        let place = std::panic::Location::caller();
        async move {
            let frame = self.hears().await;
            assert_eq!((&frame["type"], &frame["body"]), (&json!("chat_message"), &json!(text)), "at {place}: {frame}");
            frame
        }
    }

    async fn goes(mut self) {
        self.socket.close(None).await.expect("the socket is open");
    }
}

#[tokio::test]
async fn every_frame_and_body_word_for_word() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let mut names = golden::Names::default();
    names.call(&anna.id, "anna");
    names.call(&boris.id, "boris");
    let mut transcript = String::new();
    let mut note = |line: String| transcript += &(names.words(&line) + "\n");
    boris.joins(&public_chat(&anna).await).await;

    let mut annas = Chatroom::opens(&world, &anna, "public-chat").await;
    note("# Anna opens /ws/chatroom/public-chat/ and looks in".into());
    for _ in 0..2 {
        note(format!("anna < {}", annas.next().await.unwrap()));
    }
    note("# Boris posts to /chat/room/public-chat/send/ while his window is closed".into());
    let said = boris.post("/chat/room/public-chat/send/", json!({ "body": "Is the \"Golf\" done?" })).await;
    note(format!("201 {}", said.expect(201).text()));
    note(format!("anna < {}", annas.next().await.unwrap()));
    note("# Anna answers, and by that joins".into());
    let text = r#"{"body":"Tomorrow, 10:00","HEADERS":{"HX-Request":"true"}}"#;
    annas.says(text).await;
    note(format!("anna > {text}"));
    note(format!("anna < {}", annas.next().await.unwrap()));
    note("# Boris opens /ws/chatroom/public-chat/ and has one to read".into());
    let mut boriss = Chatroom::opens(&world, &boris, "public-chat").await;
    for _ in 0..2 {
        note(format!("boris < {}", boriss.next().await.unwrap()));
    }
    note(format!("anna < {}", annas.next().await.unwrap()));
    note("# Boris answers, and by that has read".into());
    let text = r#"{"body":"Thank you"}"#;
    boriss.says(text).await;
    note(format!("boris > {text}"));
    for _ in 0..2 {
        note(format!("boris < {}", boriss.next().await.unwrap()));
    }
    for _ in 0..2 {
        note(format!("anna < {}", annas.next().await.unwrap()));
    }
    note("# Nothing was said while both listen, but what cannot be understood".into());
    for bad in ["hello", "[]", "{}", r#"{"body":7}"#, r#"{"body":"  "}"#] {
        annas.says(bad).await;
        note(format!("anna > {bad}"));
        note(format!("anna < {}", annas.next().await.unwrap()));
    }
    annas.socket.send(Message::binary(vec![1, 2])).await.unwrap();
    note(format!("anna < {}", annas.next().await.unwrap()));
    annas.goes().await;
    note("# Anna goes".into());
    note(format!("boris < {}", boriss.next().await.unwrap()));
    golden::compare("community-transcript.txt", &transcript);
}

/// The id of the room that is there from the first start.
async fn public_chat(person: &Person) -> String {
    let room = person.get("/api/rooms/by-name/public-chat").await.expect(200).json();
    room["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn only_rooms_that_are_there_and_may_be_read_open() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let admin = world.admin().await;
    let private = anna.opens("private", "workshop", &[]).await;
    let direct = anna.direct(&boris).await;
    let public = anna.opens("public", "Öl & more", &[]).await;
    for room in ["public-chat", "Public-Chat", "%C3%96l%20%26%20more", &public, &direct] {
        assert!(tries(&world, &boris, room).await.is_ok(), "{room}");
    }
    for room in [&private, "workshop", "no-such-room", "00000000-0000-7000-8000-000000000000", "%FF", "a%2Fb"] {
        let status = tries(&world, &boris, room).await.err().expect(room);
        assert!(status == 404 || room == "%FF", "{room}: {status}");
    }
    assert_eq!(tries(&world, &admin, &private).await.err(), Some(403));
    assert_eq!(try_open(&world, "/ws/chatroom/public-chat/", &[]).await.err(), Some(401));
    assert_eq!(try_open(&world, "/ws/chatroom/no-such-room/", &[]).await.err(), Some(401));
    let signed_in = world.site.post("/api/session", json!({ "login": "anna", "password": PASSWORD })).await.expect(201);
    let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
    let origin = world.site.origin();
    for (headers, expected) in [
        (vec![("cookie", cookie.as_str())], Some(403)),
        (vec![("cookie", &cookie), ("origin", "http://evil.example")], Some(403)),
        (vec![("cookie", &cookie), ("origin", &origin)], None),
    ] {
        assert_eq!(try_open(&world, "/ws/chatroom/public-chat", &headers).await.err(), expected, "{headers:?}");
    }
    let by_token = format!("/ws/chatroom/public-chat/?token={}", anna.access);
    assert!(try_open(&world, &by_token, &[]).await.is_ok());
    anna.get("/ws/chatroom/public-chat/").await.expect(426);
    assert!(boris.get("/api/rooms/by-name/no-such-room").await.status == 404, "nothing was made");
}

#[tokio::test]
async fn people_are_counted_not_windows() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let room = anna.opens("public", "garage", &[]).await;
    let mut first = Chatroom::opens(&world, &anna, "garage").await;
    first.hears_counts(&[("new", 0), ("online", 1)]).await;
    let mut second = Chatroom::opens(&world, &anna, &room).await;
    second.hears_counts(&[("new", 0), ("online", 1)]).await;
    let mut elsewhere = Chatroom::opens(&world, &vera, "public-chat").await;
    elsewhere.hears_counts(&[("new", 0), ("online", 1)]).await;
    let mut boriss = Chatroom::opens(&world, &boris, "garage").await;
    boriss.hears_counts(&[("new", 0), ("online", 2)]).await;
    first.hears_counts(&[("online", 2)]).await;
    second.hears_counts(&[("online", 2)]).await;
    second.goes().await;
    let mut veras = Chatroom::opens(&world, &vera, "garage").await;
    veras.hears_counts(&[("new", 0), ("online", 3)]).await;
    boriss.hears_counts(&[("online", 3)]).await;
    first.hears_counts(&[("online", 3)]).await;
    first.goes().await;
    boriss.hears_counts(&[("online", 2)]).await;
    veras.hears_counts(&[("online", 2)]).await;
    // Somebody who has the room open at another door is there as well.
    anna.joins(&room).await;
    let stream = anna.online().await;
    boriss.hears_counts(&[("online", 3)]).await;
    stream.goes();
    boriss.hears_counts(&[("online", 2)]).await;
    elsewhere.says("?").await;
    assert_eq!(elsewhere.hears().await["type"], "error", "in another room nobody was counted");
}

#[tokio::test]
async fn messages_of_every_door_are_heard_in_this_room_alone() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    let mut boriss = Chatroom::opens(&world, &boris, &room).await;
    boriss.hears_counts(&[("new", 0), ("online", 1)]).await;
    let mut veras = Chatroom::opens(&world, &vera, "public-chat").await;
    veras.hears_counts(&[("new", 0), ("online", 1)]).await;
    let posted = anna.posts(&room, "from our own client").await;
    let heard = boriss.hears_message("from our own client").await;
    assert_eq!((&heard["id"], &heard["created"]), (&posted["uuid"], &posted["timestamp"]));
    assert_eq!((&heard["author"], &heard["author_name"]), (&json!(anna.id), &json!("Anna")));
    boriss.hears_counts(&[("new", 1)]).await;
    anna.posts_file(&room, "offer.txt", b"text".to_vec()).await;
    boriss.hears_message("offer.txt").await;
    boriss.hears_counts(&[("new", 2)]).await;

    let mut stream = anna.clone().online().await;
    boriss.hears_counts(&[("online", 2)]).await;
    boriss.says(r#"{"body":"from the community"}"#).await;
    boriss.hears_message("from the community").await;
    boriss.hears_counts(&[("new", 0)]).await;
    stream.hears_message("from the community").await;
    stream.hears_nothing().await;
    veras.says("?").await;
    assert_eq!(veras.hears().await["type"], "error", "nothing of it before that");
    assert_eq!(anna.sees(&room).await, ["from our own client", "", "from the community"]);
}

#[tokio::test]
async fn what_one_has_not_read_is_told_to_oneself_and_when_it_changes() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let room = anna.opens("private", "workshop", &[&boris, &vera]).await;
    let first = anna.posts(&room, "one").await;
    anna.posts(&room, "two").await;
    let mut boriss = Chatroom::opens(&world, &boris, &room).await;
    boriss.hears_counts(&[("new", 2), ("online", 1)]).await;
    let mut veras = Chatroom::opens(&world, &vera, &room).await;
    veras.hears_counts(&[("new", 2), ("online", 2)]).await;
    boriss.hears_counts(&[("online", 2)]).await;
    boris.reads(&room, &first).await;
    boriss.hears_counts(&[("new", 1)]).await;
    let third = anna.posts(&room, "three").await;
    boriss.hears_message("three").await;
    boriss.hears_counts(&[("new", 2)]).await;
    veras.hears_message("three").await;
    veras.hears_counts(&[("new", 3)]).await;
    // Reading it in another window is told here too, and to nobody else.
    boris.reads(&room, &third).await;
    boriss.hears_counts(&[("new", 0)]).await;
    vera.post(&format!("/chat/room/{room}/send/"), json!({ "body": "four" })).await.expect(201);
    veras.hears_message("four").await;
    veras.hears_counts(&[("new", 0)]).await;
    boriss.hears_message("four").await;
    boriss.hears_counts(&[("new", 1)]).await;
    anna.posts(&room, "five").await;
    veras.hears_message("five").await;
    veras.hears_counts(&[("new", 1)]).await;
}

#[tokio::test]
async fn who_looks_in_becomes_a_member_by_writing() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let room = anna.opens("public", "garage", &[]).await;
    anna.posts(&room, "before").await;
    let mut boriss = Chatroom::opens(&world, &boris, "garage").await;
    boriss.hears_counts(&[("new", 0), ("online", 1)]).await;
    anna.posts(&room, "while looking in").await;
    boriss.hears_message("while looking in").await;
    assert!(boris.rooms().await.is_empty());
    boriss.says(r#"{"body":"here I am"}"#).await;
    boriss.hears_message("here I am").await;
    assert_eq!(boris.room(&room).await["role"], "member");
    anna.posts(&room, "welcome").await;
    boriss.hears_message("welcome").await;
    boriss.hears_counts(&[("new", 1)]).await;
}

#[tokio::test]
async fn who_is_put_out_is_closed_and_hears_nothing_more() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    let mut annas = Chatroom::opens(&world, &anna, &room).await;
    annas.hears_counts(&[("new", 0), ("online", 1)]).await;
    let mut boriss = Chatroom::opens(&world, &boris, &room).await;
    boriss.hears_counts(&[("new", 0), ("online", 2)]).await;
    annas.hears_counts(&[("online", 2)]).await;
    anna.puts_out(&room, &boris).await;
    anna.posts(&room, "among ourselves").await;
    assert_eq!(boriss.next().await, Err(4404));
    annas.hears_message("among ourselves").await;
    annas.hears_counts(&[("online", 1)]).await;
    assert_eq!(tries(&world, &boris, &room).await.err(), Some(404));
    anna.delete(&format!("/api/rooms/{room}")).await.expect(204);
    assert_eq!(annas.next().await, Err(4404));
}
