//! A server below a path of a host that others use too: by direct requests, as a proxy passes them on.

use super::server::{Server, Start, parlor};
use crate::people::try_open;
use reqwest::{Client, Method, RequestBuilder, redirect::Policy};
use serde_json::{Value, json};

const PUBLIC: &str = "https://salon.example/chat";

struct Below {
    server: Server,
    client: Client,
    /// Where it really listens; only the log knows.
    base: String,
}

impl Below {
    async fn start(data: &std::path::Path) -> Self {
        Self::start_with(data, &[]).await
    }

    async fn start_with(data: &std::path::Path, more: &[&str]) -> Self {
        let args = [&["--public-url", PUBLIC, "--trusted-proxy", "127.0.0.1"], more].concat();
        let server = Server::start_as(data, Start { args: &args, ..Start::default() }).await;
        let logged = async {
            loop {
                if let Some((_, rest)) = server.log().split_once("listening addr=socket://") {
                    return rest.lines().next().unwrap_or_default().to_owned();
                }
                tokio::task::yield_now().await;
            }
        };
        let base = format!("http://{}", logged.await);
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { server, client, base }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    async fn status(&self, path: &str, prefix: Option<&str>) -> u16 {
        let mut request = self.request(Method::GET, path);
        if let Some(prefix) = prefix {
            request = request.header("x-forwarded-prefix", prefix);
        }
        request.send().await.unwrap().status().as_u16()
    }

    async fn text(&self, path: &str) -> String {
        let page = self.request(Method::GET, path).header("accept", "text/html").send().await.unwrap();
        assert_eq!(page.status(), 200, "{path}");
        page.text().await.unwrap()
    }

    async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.text(path).await).unwrap()
    }
}

#[tokio::test]
async fn everything_is_below_the_path_whether_the_proxy_takes_it_off_or_not() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    let below = Below::start(&data).await;
    for path in ["/chat/healthz", "/healthz", "/chat/api/config", "/chat/api/config/"] {
        assert_eq!(below.status(path, None).await, 200, "{path}");
    }
    assert_eq!(below.status("/chatter/healthz", None).await, 404);
    // Below the path there are addresses that begin like it.
    assert_eq!(below.status("/chat/chat/history/", None).await, 401);
    assert_eq!(below.status("/chat/history/", Some("/chat")).await, 401);

    for page in ["/chat/docs", "/docs/"] {
        let page = below.text(page).await;
        let places = page.split('"').filter(|part| part.starts_with('/'));
        assert!(places.clone().count() >= 4 && places.clone().all(|place| place.starts_with("/chat/")), "{page}");
    }
    assert_eq!(below.json("/chat/openapi.json").await["servers"], json!([{ "url": "/chat" }]));
    let site = json!({ "host": "salon.example", "protocol": "wss", "pathname": "/chat" });
    assert_eq!(below.json("/asyncapi.json").await["servers"]["site"], site);
    assert!(below.text("/chat/docs/start.js").await.contains("\"/chat/openapi.json\""));
    #[cfg(feature = "ui")]
    for path in ["/chat", "/chat/", "/chat/room/7", "/room/7"] {
        let page = below.text(path).await;
        assert!(
            page.contains("src=\"/chat/assets/") && page.contains("name=\"base-path\" content=\"/chat/\""),
            "{page}"
        );
    }
}

#[tokio::test]
async fn links_cookies_and_redirects_name_the_path() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    let below = Below::start(&data).await;
    assert_eq!(below.server.base, PUBLIC);
    assert!(below.server.lines[1].ends_with("https://salon.example/chat/docs"), "{:?}", below.server.lines);
    assert!(below.server.lines[3].contains("https://salon.example/chat/setup?token="), "{:?}", below.server.lines);
    let token = below.server.set_up_token().unwrap();
    let account =
        json!({ "token": token, "email": "ada@example.com", "username": "ada", "password": "a long sentence" });
    let made = below.request(Method::POST, "/chat/api/setup").header("origin", "https://salon.example").json(&account);
    let made = made.send().await.unwrap();
    assert_eq!(made.status(), 201);
    let cookie = made.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.split("; ").any(|part| part == "Path=/chat") && cookie.contains("Secure"), "{cookie}");
    // An origin has no path: pages of the same host may act, those of others may not.
    let pair = cookie.split(';').next().unwrap();
    for (origin, status) in [("https://salon.example.evil", 403), ("https://salon.example", 204)] {
        let request =
            below.request(Method::DELETE, "/chat/api/session").header("cookie", pair).header("origin", origin);
        let ended = request.send().await.unwrap();
        assert_eq!(ended.status(), status, "{origin}");
        let forgets =
            ended.headers().get("set-cookie").is_some_and(|line| line.to_str().unwrap().contains("Path=/chat"));
        assert_eq!(forgets, status == 204);
    }

    let moved = below.request(Method::GET, "/chat/chat/ada/").header("accept", "text/html").send().await.unwrap();
    assert_eq!(moved.status(), 302);
    assert_eq!(moved.headers()["location"], "/chat/signin?next=%2Fchat%2Fada%2F");
    let invited = parlor(&["user", "invite", "--data", data.to_str().unwrap()]).await;
    assert!(invited.stdout.contains("https://salon.example/chat/register?code="), "{invited:?}");
}

/// Once it is known what the site is called, a name proves nothing that its owner lets lead here (DNS rebinding).
#[tokio::test]
async fn a_name_of_somebody_elses_is_not_this_site() {
    let root = tempfile::tempdir().unwrap();
    let below = Below::start_with(&root.path().join("data"), &["--guests"]).await;
    let address = below.base.strip_prefix("http://").unwrap();
    let port = address.rsplit_once(':').unwrap().1;
    let mut told = Vec::new();
    for (host, origin, passes) in [
        (format!("evil.example:{port}"), format!("http://evil.example:{port}"), false),
        ("evil.example".into(), "https://evil.example".into(), false),
        (address.to_owned(), below.base.clone(), true),
        (format!("localhost:{port}"), format!("http://localhost:{port}"), true),
        (format!("salon.example:{port}"), format!("http://salon.example:{port}"), true),
        (address.to_owned(), "https://salon.example".into(), true),
    ] {
        let headers = [("host", host.as_str()), ("origin", origin.as_str())];
        let opened = try_open(address, "public-chat/", &headers).await;
        assert_eq!(opened.map_err(|refusal| refusal.status().as_u16()).err(), (!passes).then_some(403), "{origin}");
        let request = below.request(Method::POST, "/chat/chat/send/").json(&json!({ "message": origin }));
        let sent = request.header("host", &host).header("origin", &origin).send().await.unwrap();
        assert_eq!(sent.status(), if passes { 200 } else { 403 }, "{origin}");
        told.extend(passes.then_some(origin));
    }
    let history = below.json("/chat/chat/history/").await;
    let said: Vec<_> = history["chat_history"].as_array().unwrap().iter().map(|line| &line["message"]).collect();
    assert_eq!(said, told.iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn public_addresses_with_different_paths_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let args = ["--public-url", PUBLIC, "--public-url", "https://chat.salon.example"];
    let how = Start { args: &args, ..Start::default() };
    let ended = Server::try_start(&root.path().join("data"), how).await.err().expect("it does not start");
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("have different paths; give all public addresses the same path"), "{ended:?}");
}
