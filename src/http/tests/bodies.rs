//! Request bodies: too large, too slow, compressed, and just right.

use poem::{Body, IntoResponse, post};
use poem_openapi::{Object, OpenApi, OpenApiService, payload::Json};

use super::{super::json_body::JsonBody, *};

#[derive(Object)]
struct Note {
    #[oai(validator(max_length = 5))]
    text: String,
}

struct Api;

#[OpenApi]
impl Api {
    #[oai(path = "/notes", method = "post")]
    async fn add(&self, note: JsonBody<Note>) -> Json<usize> {
        Json(note.text.len())
    }
}

async fn count(body: Body) -> poem::Result<String> {
    Ok(body.into_bytes().await?.len().to_string())
}

fn app() -> Route {
    let counting = || make(|mut request: poem::Request| async move { count(request.take_body()).await });
    Route::new()
        .nest("/api", OpenApiService::new(Api, "test", "1"))
        .at("/upload", post(counting()))
        .at("/count", post(counting()))
        .at("/ignore", post(make(|_| async { "ignored".into_response() })))
}

async fn site() -> Site {
    Site::with_pace(short_pace(), app()).await
}

async fn post_to(site: &Site, path: &str, headers: &str, body: &str) -> String {
    let head = format!("POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n{body}");
    ask(&mut site.connect().await, &head).await
}

fn chunked(body: &str) -> String {
    format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len())
}

#[tokio::test]
async fn an_announced_length_above_the_limit_is_refused_unread() {
    let site = site().await;
    for path in ["/count", "/api/notes", "/ignore"] {
        let answer = post_to(&site, path, "Content-Length: 8000000000\r\n", "").await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{path}: {answer}");
        assert!(answer.contains("application/problem+json") && answer.contains("at most 1024 bytes"), "{answer}");
    }
}

#[tokio::test]
async fn a_body_without_length_is_counted() {
    let site = site().await;
    let encoded = "Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n";
    for path in ["/count", "/api/notes"] {
        let answer = post_to(&site, path, encoded, &chunked(&"x".repeat(1025))).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{path}: {answer}");
    }
    let answer = post_to(&site, "/count", encoded, &chunked(&"x".repeat(1024))).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("1024"), "{answer}");
}

#[tokio::test]
async fn upload_routes_take_a_file_and_its_form() {
    let site = site().await;
    let fits = 4096 + 64 * 1024;
    let body = "x".repeat(fits);
    let answer = post_to(&site, "/upload", &format!("Content-Length: {fits}\r\n"), &body).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = post_to(&site, "/upload/", &format!("Content-Length: {}\r\n", fits + 1), "").await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn a_client_that_sends_it_all_first_still_reads_the_refusal() {
    let site = site().await;
    let body = "x".repeat(20 * 1024 * 1024);
    let answer = reqwest::Client::new().post(site.url("/count")).body(body).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 413);
}

#[tokio::test]
async fn a_refusal_before_the_body_was_sent_does_not_break_what_is_still_sent() {
    let site = site().await;
    let mut stream = site.connect().await;
    let head = "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n";
    let answer = ask(&mut stream, head).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    // A proxy that finds its connection broken while it passes the body on answers 502 by itself.
    for _ in 0..64 {
        stream.write_all(&[b'x'; 64 * 1024]).await.expect("the server still takes what is sent");
    }
}

#[tokio::test]
async fn a_body_in_single_bytes_is_cut_with_408() {
    let site = site().await;
    let answer = post_to(&site, "/count", "Content-Length: 100\r\n", "x").await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn compressed_bodies_are_refused() {
    let site = site().await;
    for coding in ["gzip", "br", "identity, gzip"] {
        let headers = format!("Content-Length: 1\r\nContent-Encoding: {coding}\r\n");
        let answer = post_to(&site, "/count", &headers, "x").await;
        assert!(answer.starts_with("HTTP/1.1 415"), "{answer}");
    }
    let answer = post_to(&site, "/count", "Content-Length: 1\r\nContent-Encoding: identity\r\n", "x").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn bad_json_gets_a_sentence() {
    let site = site().await;
    let depth = "[".repeat(1000);
    for (body, words) in [
        (r#"{"text": "abcdef"}"#, "`text`"),
        (r#"{"text": "abc""#, "EOF"),
        (depth.as_str(), "nested too deeply"),
        ("{}", "`text` is required"),
    ] {
        let headers = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        let answer = post_to(&site, "/api/notes", &headers, body).await;
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains(words), "{body}: {answer}");
    }
    let headers = "Content-Type: text/plain\r\nContent-Length: 1\r\n";
    assert!(post_to(&site, "/api/notes", headers, "x").await.starts_with("HTTP/1.1 415"));
}
