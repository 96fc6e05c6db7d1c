//! What Parlor says of itself: the documents, the pages that show them, and the headers on everything.

use crate::world::{World, golden};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test]
async fn the_documents_are_what_was_agreed() {
    let world = World::open().await;
    for (path, file) in [("/openapi.json", "openapi.json"), ("/asyncapi.json", "asyncapi.json")] {
        let document = world.site.get(path).await.expect(200);
        assert_eq!(document.header("content-type").split(';').next(), Some("application/json"));
        golden::compare(file, &(serde_json::to_string_pretty(&document.json()).unwrap() + "\n"));
    }
    let yaml = world.site.get("/openapi.yaml").await.expect(200);
    let yaml: Value = serde_yaml::from_slice(&yaml.body).expect("YAML");
    assert_eq!(yaml, world.site.get("/openapi.json").await.json(), "the same in both forms");
}

#[tokio::test]
async fn every_documented_operation_exists_and_needs_the_login_it_says() {
    let world = World::open().await;
    let document = &world.site.documents().openapi;
    let id = "01939f1e-6f2a-7c3b-9a41-5d2f8e6b1c01";
    let mut names = BTreeSet::new();
    for (template, item) in document["paths"].as_object().unwrap() {
        let path = template
            .replace("{name}", "nobody's room")
            .split('/')
            .map(|part| if part.starts_with('{') { id } else { part })
            .collect::<Vec<_>>()
            .join("/");
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {template}");
            assert!(names.insert(operation["operationId"].as_str().unwrap().to_owned()), "{name}: its id is taken");
            let method: Method = method.to_uppercase().parse().unwrap();
            let answer = world.site.send(world.site.request(method, &path)).await;
            let needs_login = operation["security"].as_array().is_some_and(|security| !security.is_empty());
            assert_eq!(answer.status == 401, needs_login, "{name}: {} {}", answer.status, answer.text());
            assert!(![404, 405].contains(&answer.status), "{name} is not there");
        }
        let odd = world.site.send(world.site.request(Method::from_bytes(b"BREW").unwrap(), &path)).await;
        assert_eq!(odd.status, 405, "{template}");
    }
    for path in ["/api/nowhere", "/api", "/api/rooms/x/y/z", "/media", "/ws", "/ws/chat/x/y"] {
        world.site.get(path).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn the_pages_work_without_the_internet() {
    let world = World::open().await;
    for page in ["/docs", "/docs/", "/api/doc", "/api/doc/"] {
        let html = world.site.get(page).await.expect(200);
        assert!(html.header("content-type").starts_with("text/html"), "{page}");
        assert!(!html.text().contains("//"), "{page} points to another site: {}", html.text());
        assert!(!html.text().contains("<script>"), "{page} has a script that the policy forbids");
        for part in html.text().split('"').filter(|part| part.starts_with("/docs/")) {
            world.site.get(part).await.expect(200);
        }
    }
    let start = world.site.get("/docs/start.js").await.expect(200).text();
    assert!(start.contains("/openapi.json") && !start.contains("http"));
    assert_eq!(world.site.get("/healthz").await.expect(200).text().trim(), "ok");
    world.site.send(world.site.request(Method::HEAD, "/healthz")).await.expect(200);
}

#[tokio::test]
async fn what_a_client_must_know_before_anybody_signs_in() {
    let world = World::open().await;
    let config = world.site.get("/api/config").await.expect(200);
    assert_eq!(config.header("cache-control"), "no-store");
    let config = config.json();
    assert_eq!((&config["registration"], &config["guests"]), (&json!("open"), &json!(false)));
    let limits = json!({
        "message_chars": 4_000, "file_bytes": 26_214_400, "avatar_bytes": 5_242_880, "name_chars": 64,
        "topic_chars": 256, "about_chars": 500, "password_min_chars": 8,
    });
    assert_eq!(config["limits"], limits);
}
