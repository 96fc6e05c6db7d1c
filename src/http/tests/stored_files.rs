//! Stored files over a real port.

use std::{path::PathBuf, sync::Arc};

use poem::{Request, get};
use reqwest::{Method, RequestBuilder};

use super::{
    super::{
        file_headers::Disposition,
        files::{StoredFile, serve},
    },
    *,
};

const CONTENT: &str = "0123456789";

async fn site(path: PathBuf, media_type: &'static str) -> Site {
    let path = Arc::new(path);
    let media = make(move |request: Request| {
        let path = Arc::clone(&path);
        async move {
            let stored = StoredFile {
                path: &path,
                etag: "abc",
                media_type,
                name: "смета.html",
                disposition: Disposition::Attachment,
                modified: Some(std::time::UNIX_EPOCH),
            };
            Ok::<_, poem::Error>(serve(&request, stored).await?)
        }
    });
    Site::with_pace(Pace::default(), Route::new().at("/media", get(media))).await
}

struct Shelf {
    site: Site,
    _folder: tempfile::TempDir,
}

async fn shelf(content: &[u8]) -> Shelf {
    shelf_of("text/html", content).await
}

async fn shelf_of(media_type: &'static str, content: &[u8]) -> Shelf {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, content).unwrap();
    Shelf { site: site(path, media_type).await, _folder: folder }
}

fn ask(shelf: &Shelf, method: Method) -> RequestBuilder {
    reqwest::Client::new().request(method, shelf.site.url("/media"))
}

#[tokio::test]
async fn a_file_comes_whole_and_harmless() {
    let answer = ask(&shelf(CONTENT.as_bytes()).await, Method::GET).send().await.unwrap();
    let headers = answer.headers().clone();
    assert_eq!(headers["etag"], "\"abc\"");
    assert_eq!(headers["content-length"], "10");
    assert_eq!(headers["content-security-policy"], "sandbox; default-src 'none'");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["cache-control"], "private, no-cache");
    assert_eq!(headers["last-modified"], "Thu, 01 Jan 1970 00:00:00 GMT");
    assert!(headers["content-disposition"].to_str().unwrap().starts_with("attachment; filename="));
    assert_eq!(answer.text().await.unwrap(), CONTENT);
}

/// A browser shows sound and film in a page of its own that loads the file again: a sandbox would keep it from that.
#[tokio::test]
async fn sound_and_film_may_be_played_and_nothing_else_may_do_anything() {
    let (shut, played) = ("sandbox; default-src 'none'", "default-src 'none'; media-src 'self'");
    for (media_type, policy) in [
        ("audio/mpeg", played),
        ("video/mp4", played),
        ("image/png", shut),
        ("application/pdf", shut),
        ("text/plain; charset=utf-8", shut),
        ("application/octet-stream", shut),
    ] {
        let answer = ask(&shelf_of(media_type, b"x").await, Method::GET).send().await.unwrap();
        assert_eq!(answer.headers()["content-security-policy"], policy, "{media_type}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn ranges_are_parts_of_it() {
    let shelf = shelf(CONTENT.as_bytes()).await;
    for (range, status, content_range, body) in [
        ("bytes=2-4", 206, "bytes 2-4/10", "234"),
        ("bytes=-2", 206, "bytes 8-9/10", "89"),
        ("bytes=0-", 206, "bytes 0-9/10", CONTENT),
    ] {
        let answer = ask(&shelf, Method::GET).header("range", range).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.headers()["content-range"], content_range);
        assert_eq!(answer.text().await.unwrap(), body);
    }
    let answer = ask(&shelf, Method::GET).header("range", "bytes=10-").send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 416);
    assert_eq!(answer.headers()["content-range"], "bytes */10");
    let other = ask(&shelf, Method::GET).header("range", "bytes=2-4").header("if-range", "\"old\"");
    assert_eq!(other.send().await.unwrap().text().await.unwrap(), CONTENT);
}

#[tokio::test]
async fn what_the_client_has_is_not_sent_again() {
    let shelf = shelf(CONTENT.as_bytes()).await;
    for (name, value, status) in [
        ("if-none-match", "W/\"abc\"", 304),
        ("if-none-match", "\"other\"", 200),
        ("if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT", 304),
    ] {
        let answer = ask(&shelf, Method::GET).header(name, value).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{name}: {value}");
        assert_eq!(answer.headers()["etag"], "\"abc\"");
    }
}

#[tokio::test]
async fn head_tells_the_length_alone() {
    let answer = ask(&shelf(CONTENT.as_bytes()).await, Method::HEAD).send().await.unwrap();
    assert_eq!(answer.headers()["content-length"], "10");
    assert_eq!(answer.text().await.unwrap(), "");
}

#[tokio::test]
async fn large_and_empty_files_come_whole() {
    let large: Vec<u8> = (0..1_000_003_u32).map(|number| (number % 251) as u8).collect();
    let answer = ask(&shelf(&large).await, Method::GET).send().await.unwrap();
    assert!(answer.bytes().await.unwrap() == large);
    let answer = ask(&shelf(b"").await, Method::GET).send().await.unwrap();
    assert_eq!(answer.headers()["content-length"], "0");
    assert_eq!(answer.status().as_u16(), 200);
}

#[tokio::test]
async fn a_lost_file_is_not_found() {
    let site = site(PathBuf::from("/nowhere/at/all"), "text/html").await;
    let answer = reqwest::get(site.url("/media")).await.unwrap();
    assert_eq!(answer.status().as_u16(), 404);
    assert!(!answer.text().await.unwrap().contains("nowhere"));
}
