//! A server below a path of a host that others use too: by direct requests, as a proxy passes them on.

use super::server::{Server, Start, parlor};
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
        let args = ["--public-url", PUBLIC, "--trusted-proxy", "127.0.0.1"];
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

#[tokio::test]
async fn public_addresses_with_different_paths_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let args = ["--public-url", PUBLIC, "--public-url", "https://chat.salon.example"];
    let how = Start { args: &args, ..Start::default() };
    let ended = Server::try_start(&root.path().join("data"), how).await.err().expect("it does not start");
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("have different paths; give all public addresses the same path"), "{ended:?}");
}
