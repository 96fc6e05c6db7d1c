//! What is refused says in plain words what was wrong and what would be right, by the name of the field; and what is sent
//! empty is not sent.

use crate::{
    people::Person,
    world::{Answer, World},
};
use reqwest::Method;
use serde_json::{Value, json};

const URL_FORM: &str = "application/x-www-form-urlencoded";

/// A 400 that gives this reason for this field, in its sentence too.
#[track_caller]
fn says(answer: Answer, field: &str, reason: &str) {
    let problem = answer.blames(field);
    assert_eq!(problem["errors"][field], json!([reason]), "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(&format!("`{field}`")) && detail.contains(reason) && detail.ends_with('.'), "{detail}");
}

async fn sends_form(person: &Person, method: Method, path: &str, body: impl Into<Vec<u8>>) -> Answer {
    let request = person.request(method, path).header("content-type", URL_FORM);
    person.send(request.body(body.into())).await
}

#[tokio::test]
async fn ids_words_and_numbers_in_addresses() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let room = anna.opens("private", "workshop", &[]).await;
    let (id, number) = ("must be a UUID", "must be a whole number that is not negative");
    for (path, field, reason) in [
        ("/api/user/7", "id", id),
        ("/api/chat/garage", "id", id),
        ("/api/auto_salon/7", "id", id),
        ("/chats/messages/detail/seven/", "uuid", id),
        ("/chats/chat-room/list/?client=xx", "client", id),
        ("/chats/chat-room/list/?clients=xx", "clients", id),
        ("/chats/chat-room/list/?recruiter=7", "recruiter", id),
        ("/chats/messages/list/?sender=anna", "sender", id),
        (&format!("/api/rooms/{room}/messages?before=7"), "before", id),
        ("/api/salon_role?role=boss", "role", r#"must be "superuser", "admin", "seller" or "mechanic""#),
        ("/api/invitation_to_auto_salon/?status=bad", "status", r#"must be "pending", "approved" or "rejected""#),
        ("/api/invitations?status=bad", "status", r#"must be "pending", "approved" or "rejected""#),
        ("/api/chat/?scope=foo", "scope", r#"must be "public""#),
        ("/api/rooms?scope=foo", "scope", r#"must be "mine" or "public""#),
        ("/api/salons?scope=foo", "scope", r#"must be "mine""#),
        ("/api/user?size=many", "size", number),
        ("/api/user?page=-1", "page", number),
        ("/chats/messages/list/?size=1.5", "size", number),
        ("/chat/history/?limit=x", "limit", number),
        ("/api/user?page=99999999999", "page", "is too large a number"),
    ] {
        says(anna.get(path).await, field, reason);
    }
}

#[tokio::test]
async fn items_of_lists_and_numbers_in_bodies() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let clients = |clients: Value| json!({ "recruiter": anna.id, "clients": clients });
    for (body, reason) in [
        (clients(json!([null])), "item 1 must be a UUID"),
        (clients(json!([anna.id, "x"])), "item 2 must be a UUID"),
        (clients(json!([7])), "item 1 must be a UUID"),
        (clients(json!("x")), "must be a list"),
    ] {
        says(anna.post("/chats/chat-room/create/", body).await, "clients", reason);
    }
    let body = json!({ "kind": "private", "name": "workshop", "members": ["boris"] });
    says(anna.post("/api/rooms", body).await, "members", "item 1 must be a UUID");
    let admin = world.admin().await;
    let code = admin.post("/api/invite_codes", json!({ "uses": -1 })).await;
    says(code, "uses", "must be a whole number from 0 to 4294967295");
}

#[tokio::test]
async fn bodies_of_a_type_that_is_not_taken() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    for (path, kinds) in [
        ("/chats/messages/create/", "application/json, multipart/form-data or application/x-www-form-urlencoded"),
        ("/chats/chat-room/create/", "application/json"),
        ("/chat/send/", "application/json, application/x-www-form-urlencoded or multipart/form-data"),
    ] {
        let request = anna.request(Method::POST, path).header("content-type", "text/plain").body("hello");
        let problem = anna.send(request).await.refused(415, "unsupported_type");
        let detail = problem["detail"].as_str().unwrap();
        let mut taken: Vec<_> = kinds.split([',', ' ']).filter(|word| word.contains('/')).collect();
        let (_, named) = detail.split_once("Send ").expect("what would be right");
        let mut named: Vec<_> = named.split([',', ' ']).map(|word| word.trim_end_matches('.')).collect();
        named.retain(|word| word.contains('/'));
        taken.sort_unstable();
        named.sort_unstable();
        assert_eq!(named, taken, "{detail}");
    }
}

#[tokio::test]
async fn forms_without_parts() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let body = json!({ "recruiter": anna.id, "clients": [boris.id] });
    let room = anna.post("/chats/chat-room/create/", body).await.expect(201).json();
    let room = room["uuid"].as_str().unwrap();
    let create = async |body: String| sends_form(&anna, Method::POST, "/chats/messages/create/", body).await;

    let job = "182eebdd-9a2a-4bf2-93e1-11882841cb9f";
    let posted =
        create(format!("chat_room={room}&content=Tuesday%2C+ten&job={job}&file=&more=1")).await.expect(201).json();
    assert_eq!(
        (&posted["content"], &posted["job"], &posted["file"]),
        (&json!("Tuesday, ten"), &json!(job), &Value::Null)
    );
    let bare = create(format!("chat_room={room}&content=bare&job=")).await.expect(201).json();
    assert_eq!(bare["job"], Value::Null, "what is left empty is not given");
    create(format!("chat_room={room}&content=")).await.blames("content");
    create(format!("chat_room={room}&content=x&file=%2Fmedia%2Fx")).await.blames("file");
    says(create(format!("chat_room={room}&content=x&job=painter")).await, "job", "must be a UUID");
    says(create("chat_room=&content=x".into()).await, "chat_room", "is required");
    says(create("content=x".into()).await, "chat_room", "is required");

    let path = format!("/chats/messages/detail/{}/", bare["uuid"].as_str().unwrap());
    for body in [&b"content=%ff"[..], b"content=\xff", b"content=a%c3"] {
        says(sends_form(&anna, Method::PATCH, &path, body).await, "content", "must be UTF-8");
    }
    says(create(format!("chat_room={room}&content=%ff")).await, "content", "must be UTF-8");
    says(sends_form(&anna, Method::POST, "/chat/send/", *b"message=%ff").await, "message", "must be UTF-8");
    says(sends_form(&anna, Method::PATCH, &path, *b"content=a&content=b").await, "content", "is given more than once");
    assert_eq!(anna.get(&path).await.json(), bare, "nothing of it changed anything");
    assert_eq!(anna.sees(room).await, ["Tuesday, ten", "bare"], "and nothing was posted");
}

/// As the clients of the documents do with filters that they do not use.
#[tokio::test]
async fn a_parameter_that_is_sent_empty_is_none_and_of_several_the_last_counts() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let salon = anna.post("/api/auto_salon/", json!({ "name": "North", "location": "" })).await.expect(201).json();
    let room = anna.opens("private", "workshop", &[&boris]).await;
    anna.posts(&room, "one").await;
    anna.posts(&room, "two").await;
    let mut tried = 0;
    for (template, item) in world.site.documents().openapi["paths"].as_object().unwrap() {
        let parameters = item["get"]["parameters"].as_array().into_iter().flatten();
        let queries: Vec<_> = parameters.filter(|parameter| parameter["in"] == "query").collect();
        if queries.is_empty() {
            continue;
        }
        let id = if template.contains("salon") { salon["id"].as_str().unwrap() } else { &room };
        let path = template.replace("{id}", id);
        let plain = anna.get(&path).await.expect(200).json();
        let empty: Vec<_> = queries.iter().map(|query| format!("{}=", query["name"].as_str().unwrap())).collect();
        assert_eq!(anna.get(&format!("{path}?{}", empty.join("&"))).await.expect(200).json(), plain, "{path}");
        for query in queries {
            let name = query["name"].as_str().unwrap();
            if let "size" | "limit" = name {
                let one = anna.get(&format!("{path}?{name}=1")).await.expect(200).json();
                let last = anna.get(&format!("{path}?{name}=100&{name}=1&{name}=")).await.expect(200).json();
                assert_eq!(last, one, "{path}: {name}");
                assert_eq!(query["schema"]["minimum"], 1, "{path}: {name} has its bounds in the document");
                anna.get(&format!("{path}?{name}={}", query["schema"]["maximum"])).await.expect(200);
                tried += 1;
            }
        }
    }
    assert!(tried > 8, "{tried}");
}
