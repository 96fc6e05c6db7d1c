//! The community chat's own addresses (document 003): pages, the way to a person, posting.

use crate::{
    people::{Person, id_of},
    world::{Answer, PASSWORD, World},
};
use reqwest::{Method, RequestBuilder, multipart::Form};
use serde_json::{Value, json};

const FORM: &str = "application/x-www-form-urlencoded";

/// Somebody with the cookie of a browser.
struct Browser<'a> {
    world: &'a World,
    cookie: String,
}

impl<'a> Browser<'a> {
    async fn of(world: &'a World, name: &str) -> Self {
        let body = json!({ "login": name, "password": PASSWORD });
        let signed_in = world.site.post("/api/session", body).await.expect(201);
        Self { world, cookie: signed_in.header("set-cookie").split(';').next().unwrap().to_owned() }
    }

    fn signed_out(world: &'a World) -> Self {
        Self { world, cookie: "parlor_session=over".into() }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.world.site.request(method, path).header("cookie", &self.cookie)
    }

    async fn opens(&self, path: &str) -> Answer {
        self.world.site.visit(self.request(Method::GET, path)).await
    }
}

#[track_caller]
fn leads(answer: &Answer, to: &str) {
    assert_eq!((answer.status, answer.header("location")), (302, to), "{}", answer.text());
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[track_caller]
fn is_page(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert!(answer.header("content-type").starts_with("text/html"), "{}", answer.header("content-type"));
    assert!(answer.text().to_lowercase().starts_with("<!doctype html>"), "{}", answer.text());
}

fn room_address(room: &str) -> String {
    format!("/chat/room/{room}/send/")
}

/// What the newest message of a room says.
async fn newest(reader: &Person, room: &str) -> String {
    reader.sees(room).await.pop().unwrap_or_default()
}

#[tokio::test]
async fn people_are_shown_by_our_client_whoever_asks() {
    let world = World::open().await;
    world.person("anna").await;
    let browser = Browser::of(&world, "anna").await;
    let nobody = Browser::signed_out(&world);
    for path in ["/", "/profiles/", "/profiles"] {
        is_page(&browser.opens(path).await, 200);
        is_page(&nobody.opens(path).await, 200);
        is_page(&world.site.get(path).await, 200);
        let head = world.site.send(world.site.request(Method::HEAD, path)).await.expect(200);
        assert!(head.body.is_empty() && head.header("content-type").starts_with("text/html"));
    }
    let refused = world.site.post("/profiles/", json!({})).await.expect(405);
    assert_eq!(refused.header("allow"), "GET, HEAD");
}

#[tokio::test]
async fn a_username_leads_to_the_direct_room() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let browser = Browser::of(&world, "anna").await;
    let only_asked = anna.send(anna.request(Method::HEAD, "/chat/boris/")).await.expect(204);
    assert_eq!((only_asked.header("cache-control"), anna.rooms().await.len()), ("no-store", 0), "nothing was made");
    anna.send(anna.request(Method::HEAD, "/chat/nobody/")).await.expect(404);
    let made = browser.opens("/chat/boris/").await;
    let room = anna.rooms().await.first().map(id_of).expect("it was made");
    leads(&made, &room_address(&room));
    assert_eq!(anna.room(&room).await["kind"], "direct");
    for path in ["/chat/boris/", "/chat/boris", "/chat/BORIS/", "/chat/%62oris/"] {
        leads(&browser.opens(path).await, &room_address(&room));
        leads(&anna.get(path).await, &room_address(&room));
        leads(&anna.send(anna.request(Method::HEAD, path)).await, &room_address(&room));
    }
    leads(&boris.get("/chat/anna/").await, &room_address(&room));
    assert_eq!((anna.rooms().await.len(), boris.rooms().await.len(), vera.rooms().await.len()), (1, 1, 0));
    leads(&browser.opens("/chat/anna/").await, "/profiles/");
    leads(&anna.get("/chat/Anna/").await, "/profiles/");

    anna.get("/chat/nobody/").await.refused(404, "not_found");
    is_page(&browser.opens("/chat/nobody/").await, 404);
    let known = browser.opens("/").await.header("etag").to_owned();
    let again = browser.request(Method::GET, "/chat/nobody/").header("if-none-match", known);
    is_page(&world.site.visit(again).await, 404);
    anna.send(anna.request(Method::HEAD, "/chat/nobody/")).await.expect(404);
    assert_eq!(anna.rooms().await.len(), 1, "nothing was made");
    let refused = anna.put("/chat/boris/", json!({})).await.expect(405);
    assert_eq!(refused.header("allow"), "GET, HEAD");
}

#[tokio::test]
async fn words_of_addresses_are_nobodys_names() {
    let world = World::open().await;
    let [anna, _, _] = world.people(["anna", "roomy", "sender"]).await;
    for word in ["room", "ROOM", "%72oom"] {
        anna.get(&format!("/chat/{word}/")).await.refused(404, "not_found");
    }
    for word in ["send", "history", "Send"] {
        assert_ne!(anna.get(&format!("/chat/{word}/")).await.status, 302, "{word}");
    }
    for name in ["roomy", "sender"] {
        assert!(anna.get(&format!("/chat/{name}/")).await.header("location").starts_with("/chat/room/"), "{name}");
    }
    let body = json!({ "email": "x@example.com", "password": PASSWORD, "username": "\u{416}\u{fc}rgen" });
    world.site.post("/api/user/registration", body).await.expect(201);
    assert!(anna.get("/chat/%D0%96%C3%BCrgen/").await.header("location").starts_with("/chat/room/"));
}

#[tokio::test]
async fn who_is_blocked_or_gone_is_nobody_but_what_was_written_stays() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let admin = world.admin().await;
    let room = anna.direct(&boris).await;
    for person in [&boris, &vera] {
        let body = json!({ "action": "block" });
        admin.patch(&format!("/api/user/block_unblock/{}", person.id), body).await.expect(200);
    }
    leads(&anna.get("/chat/boris/").await, &room_address(&room));
    anna.get("/chat/vera/").await.refused(404, "not_found");
    boris.get("/chat/anna/").await.refused(401, "unauthenticated");
    admin.delete(&format!("/api/user/{}", boris.id)).await.expect(204);
    anna.get("/chat/boris/").await.refused(404, "not_found");
}

#[tokio::test]
async fn signed_out_every_address_leads_to_sign_in_and_back() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let private = anna.opens("private", "workshop", &[&boris]).await;
    let nobody = Browser::signed_out(&world);
    let way = |back: &str| format!("/signin?next={back}");
    for (path, back) in [
        ("/chat/anna/".to_owned(), "%2Fchat%2Fanna%2F".to_owned()),
        ("/chat/anna".into(), "%2Fchat%2Fanna%2F".into()),
        ("/chat/nobody/".into(), "%2Fchat%2Fnobody%2F".into()),
        ("/chat/room/public-chat/send/".into(), "%2Fchat%2Froom%2Fpublic-chat%2Fsend%2F".into()),
        (room_address(&private), format!("%2Fchat%2Froom%2F{private}%2Fsend%2F")),
        ("/chat/room/no-such-room/send/".into(), "%2Fchat%2Froom%2Fno-such-room%2Fsend%2F".into()),
    ] {
        leads(&nobody.opens(&path).await, &way(&back));
        leads(&world.site.get(&path).await, &way(&back));
        leads(&world.site.send(world.site.request(Method::HEAD, &path)).await, &way(&back));
        let rubbish = anna.with_token("rubbish");
        rubbish.get(&path).await.refused(401, "unauthenticated");
    }
    is_page(&nobody.opens("/signin?next=%2Fchat%2Fanna%2F").await, 200);
    assert!(anna.rooms().await.len() == 1, "nothing was made");
}

#[tokio::test]
async fn no_address_leads_to_another_site() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let nobody = Browser::signed_out(&world);
    for path in [
        "/chat//evil.example/",
        "/chat/%2F%2Fevil.example/",
        "/chat/%5C%5Cevil.example/",
        "/chat/https:%2F%2Fevil.example/",
        "/chat/%0D%0ALocation:%20evil/",
        "/chat/room/%2F%2Fevil.example/send/",
        "/chat/room/%0D%0Aset-cookie:%20x/send/",
        "/chat/room/%FF/send/",
        "/chat/%FF/",
        "//evil.example/chat/anna/",
    ] {
        for answer in [nobody.opens(path).await, world.site.visit(anna.request(Method::GET, path)).await] {
            let to = answer.header("location");
            assert!(to.is_empty() || to.starts_with("/signin?next=%2Fchat%2F"), "{path} leads to {to}");
            assert!(!to.contains(['\\', '\r', '\n']) && !to[1.min(to.len())..].contains('/'), "{path} leads to {to}");
            assert_eq!(answer.header("set-cookie"), "");
        }
        let status = world.site.visit(anna.request(Method::GET, path)).await.status;
        assert!([200, 404].contains(&status), "{path}: {status}");
    }
}

#[tokio::test]
async fn a_room_is_shown_by_name_or_id_to_those_who_may_read_it() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let admin = world.admin().await;
    let private = anna.opens("private", "workshop", &[]).await;
    let public = anna.opens("public", "Öl & more", &[]).await;
    let browser = Browser::of(&world, "anna").await;
    let others = Browser::of(&world, "boris").await;
    for room in ["public-chat", "PUBLIC-CHAT", "%C3%96l%20%26%20more", &public] {
        is_page(&others.opens(&room_address(room)).await, 200);
        is_page(&boris.get(&room_address(room)).await, 200);
        let head = boris.send(boris.request(Method::HEAD, &room_address(room))).await.expect(200);
        assert!(head.body.is_empty());
    }
    is_page(&browser.opens(&room_address(&private)).await, 200);
    for room in [private.as_str(), "workshop", "no-such-room", "00000000-0000-7000-8000-000000000000"] {
        is_page(&others.opens(&room_address(room)).await, 404);
        boris.get(&room_address(room)).await.refused(404, "not_found");
        boris.send(boris.request(Method::HEAD, &room_address(room))).await.expect(404);
    }
    admin.get(&room_address(&private)).await.refused(403, "forbidden");
    assert!(boris.rooms().await.is_empty(), "looking joins nothing");
    boris.put("/api/rooms/by-name/no-such-room", json!({})).await.expect(201);
    let refused = boris.put(&room_address("public-chat"), json!({})).await.expect(405);
    assert_eq!(refused.header("allow"), "GET, HEAD, POST");
    boris.get("/chat/room/public-chat/other/").await.expect(404);

    let found = boris.get("/api/rooms/by-name/%C3%B6l%20%26%20more").await.expect(200).json();
    assert_eq!((&found["id"], &found["role"]), (&json!(public), &Value::Null));
    boris.get("/api/rooms/by-name/workshop").await.refused(404, "not_found");
    boris.get(&format!("/api/rooms/by-name/{private}")).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_message_comes_by_form_in_parts_or_as_json() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    let address = room_address(&room);
    let post = |person: &Person| person.request(Method::POST, &address);
    let form = |body: &'static str| post(&anna).header("content-type", FORM).body(body);
    let mut boris = boris.online().await;

    let said = anna.send(form("csrfmiddlewaretoken=x&body=Is+the+car+done%3F%0D%0A%C3%96l")).await.expect(201);
    let shape = said.text();
    let said = said.json();
    assert!(shape.starts_with(r#"{"id":""#), "{shape}");
    let fields = ["id", "author", "author_name", "body", "created"].map(|name| format!("\"{name}\":"));
    let places = fields.each_ref().map(|field| shape.find(field.as_str()).expect("every field"));
    assert!(places.is_sorted() && said.as_object().unwrap().len() == fields.len(), "{shape}");
    assert_eq!((&said["author"], &said["author_name"]), (&json!(anna.id), &json!("Anna")));
    assert_eq!(said["body"], "Is the car done?\nÖl");
    let heard = boris.hears_message("Is the car done?\nÖl").await;
    assert_eq!((&heard["message"]["uuid"], &heard["message"]["timestamp"]), (&said["id"], &said["created"]));

    anna.send(post(&anna).json(&json!({ "body": "JSON", "HEADERS": { "HX-Request": "true" } }))).await.expect(201);
    boris.hears_message("JSON").await;
    let parts = Form::new().text("csrfmiddlewaretoken", "x").text("body", "parts");
    anna.send(post(&anna).multipart(parts)).await.expect(201);
    boris.hears_message("parts").await;

    for (body, kind) in [("", FORM), ("text=x", FORM), ("body=", FORM), ("body=+++", FORM)] {
        let problem = anna.send(post(&anna).header("content-type", kind).body(body)).await.blames("body");
        let reason = problem["errors"]["body"][0].as_str().unwrap();
        let expected = if body.starts_with("body=") { "The message is empty. Write something." } else { "is required" };
        assert_eq!(reason, expected, "{body}: {problem}");
    }
    for body in [json!({}), json!({ "body": 7 }), json!({ "body": null }), json!({ "body": " " })] {
        anna.send(post(&anna).json(&body)).await.blames("body");
    }
    anna.send(post(&anna).json(&json!({ "body": "x".repeat(4_001) }))).await.expect(400);
    anna.send(post(&anna).json(&json!([]))).await.refused(400, "invalid");
    anna.send(post(&anna).multipart(Form::new().text("text", "x"))).await.refused(400, "invalid");
    for (kind, body, said) in [
        ("multipart/form-data", "x", "no boundary"),
        ("multipart/form-data; charset=utf-8", "x", "no boundary"),
        ("multipart/form-data; boundary=b", "--b\r\n", "ended too early"),
    ] {
        let problem = anna.send(post(&anna).header("content-type", kind).body(body)).await.refused(400, "invalid");
        assert!(problem["detail"].as_str().unwrap().contains(said), "{kind}: {problem}");
    }
    let long = Form::new().text("body", "x".repeat(300_000));
    anna.send(post(&anna).multipart(long)).await.refused(413, "too_large");
    anna.send(post(&anna).header("content-type", "text/plain").body("hello")).await.expect(415);
    anna.does(&address).await.expect(415);
    boris.hears_nothing().await;
    assert_eq!(newest(&anna, &room).await, "parts");
}

#[tokio::test]
async fn a_page_that_posts_is_led_back_to_the_room() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let public = anna.opens("public", "Öl & more", &[]).await;
    let browser = Browser::of(&world, "anna").await;
    let address = "/chat/room/%C3%96l%20%26%20more/send/";
    let form = |origin: Option<&str>| {
        let request = browser.request(Method::POST, address).header("content-type", FORM).body("body=hello");
        origin.iter().fold(request, |request, origin| request.header("origin", *origin))
    };
    let own = world.site.origin();
    let back = world.site.visit(form(Some(&own))).await;
    assert_eq!((back.status, back.header("location"), back.text()), (303, address, String::new()));
    is_page(&browser.opens(back.header("location")).await, 200);
    assert_eq!(newest(&anna, &public).await, "hello");
    for origin in [None, Some("http://evil.example"), Some("null")] {
        let refused = world.site.visit(form(origin)).await;
        is_page(&refused, 403);
        assert!(refused.text().contains("comes from another site"), "{}", refused.text());
        world.site.send(form(origin)).await.refused(403, "forbidden");
    }
    assert_eq!(anna.sees(&public).await.len(), 1);
}

#[tokio::test]
async fn a_page_that_posts_in_vain_is_told_why_by_a_page() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let browser = Browser::of(&world, "anna").await;
    let nobody = Browser::signed_out(&world);
    let own = world.site.origin();
    let form = |who: &Browser<'_>, room: &str, body: &'static str| {
        let request = who.request(Method::POST, &room_address(room)).header("origin", &own);
        request.header("content-type", FORM).body(body)
    };
    let long: &'static str = format!("body={}", "x".repeat(4_001)).leak();
    for (room, body, status, said) in [
        ("public-chat", "body=", 400, "The message is empty. Write something."),
        ("public-chat", "text=x", 400, "`body` is required"),
        ("public-chat", long, 400, "at most 4000 characters"),
        ("no-such-room", "body=x", 404, "There is no such room"),
    ] {
        let page = world.site.visit(form(&browser, room, body)).await;
        is_page(&page, status);
        assert!(page.text().contains(said) && page.text().contains("<a href=\"\">"), "{}", page.text());
        assert_eq!(page.header("cache-control"), "no-store");
        world.site.send(form(&browser, room, body)).await.expect(status);
    }
    let led = world.site.visit(form(&nobody, "public-chat", "body=x")).await;
    let way = "/signin?next=%2Fchat%2Froom%2Fpublic-chat%2Fsend%2F";
    assert_eq!((led.status, led.header("location")), (303, way), "{}", led.text());
    world.site.send(form(&nobody, "public-chat", "body=x")).await.refused(401, "unauthenticated");
    let rubbish = form(&browser, "public-chat", "body=x").bearer_auth("rubbish").header("accept", "text/html");
    world.site.send(rubbish).await.refused(401, "unauthenticated");
    assert!(anna.rooms().await.is_empty(), "nothing was posted");
}

#[tokio::test]
async fn a_page_of_another_site_makes_no_direct_room() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let browser = Browser::of(&world, "anna").await;
    let from = |headers: &[(&str, &str)]| {
        let request = browser.request(Method::GET, "/chat/boris/");
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    };
    let own = world.site.origin();
    let outside: [&[(&str, &str)]; 5] = [
        &[("origin", "http://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", &own), ("sec-fetch-site", "cross-site")],
    ];
    for headers in outside {
        leads(&world.site.visit(from(headers)).await, "/profiles/");
    }
    assert!(anna.rooms().await.is_empty() && boris.rooms().await.is_empty());
    let typed = world.site.visit(from(&[("sec-fetch-site", "none")])).await;
    let room = anna.rooms().await.first().map(id_of).expect("it was made");
    leads(&typed, &room_address(&room));
    // What is there already is only shown.
    for headers in outside {
        leads(&world.site.visit(from(headers)).await, &room_address(&room));
    }
    // A token is not sent by a page of somebody else.
    let by_token = boris.request(Method::GET, "/chat/olga/").header("sec-fetch-site", "cross-site");
    world.person("olga").await;
    assert!(boris.send(by_token).await.header("location").starts_with("/chat/room/"));
    let vera = world.person("vera").await;
    let own_link = browser.request(Method::GET, "/chat/vera/").header("sec-fetch-site", "same-origin");
    assert!(world.site.visit(own_link).await.header("location").starts_with("/chat/room/"));
    assert_eq!(vera.rooms().await.len(), 1);
}

#[tokio::test]
async fn posting_to_a_public_room_joins_it_and_to_another_needs_membership() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let admin = world.admin().await;
    let private = anna.opens("private", "workshop", &[]).await;
    let direct = anna.direct(&admin).await;
    let body = json!({ "body": "hello" });
    boris.post(&room_address("public-chat"), body.clone()).await.expect(201);
    assert_eq!(boris.rooms().await.iter().map(|room| room["name"].clone()).collect::<Vec<_>>(), ["public-chat"]);
    for room in [private.as_str(), &direct, "workshop", "no-such-room"] {
        boris.post(&room_address(room), body.clone()).await.refused(404, "not_found");
    }
    admin.post(&room_address(&private), body.clone()).await.refused(403, "forbidden");
    admin.post(&room_address(&direct), body.clone()).await.expect(201);
    world.site.post(&room_address("public-chat"), body.clone()).await.refused(401, "unauthenticated");
    anna.patch(&format!("/api/rooms/{private}"), json!({ "archived": true })).await.expect(200);
    anna.post(&room_address(&private), body).await.refused(409, "conflict");
    assert!(anna.sees(&private).await.is_empty());
}
