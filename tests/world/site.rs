//! The site as a client sees it. Every answer is held against what is promised of all answers and against the OpenAPI
//! document, whatever the test is about.

use super::{
    PASSWORD,
    schema::{self, Documents},
};
use bytes::Bytes;
use reqwest::{Client, Method, RequestBuilder, header::HeaderMap};
use serde_json::{Value, json};
use std::{sync::RwLock, time::Duration};

/// Longer than any answer takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where it is, and how to reach it.
pub struct Site {
    address: RwLock<String>,
    client: Client,
    documents: &'static Documents,
}

impl Site {
    pub async fn new(address: String) -> Self {
        let client = Client::builder()
            .timeout(PATIENCE)
            .pool_max_idle_per_host(0)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        let documents = schema::documents(&client, &address).await;
        Self { address: RwLock::new(address), client, documents }
    }

    /// After a restart.
    pub fn moved(&self, address: String) {
        *self.address.write().unwrap() = address;
    }

    /// Host and port.
    pub fn address(&self) -> String {
        self.address.read().unwrap().clone()
    }

    /// The `Origin` of this site's own pages.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address())
    }

    pub fn documents(&self) -> &'static Documents {
        self.documents
    }

    /// A request of nobody.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address()))
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// Registration as a marketplace client does it.
    pub async fn registers(&self, name: &str) -> Answer {
        let body = json!({
            "email": format!("{name}@example.com"), "username": name, "password": PASSWORD,
            "profile": { "name": capitalised(name) },
        });
        self.post("/api/user/registration", body).await
    }

    /// Opens an address as a browser does, which is shown a page also where there is nothing.
    pub async fn visit(&self, builder: RequestBuilder) -> Answer {
        let request = builder.header("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        let response = request.send().await.unwrap_or_else(|error| panic!("{error:?}"));
        let (name, status) = (response.url().path().to_owned(), response.status().as_u16());
        let (headers, body) = (response.headers().clone(), response.bytes().await.expect("a body"));
        let answer = Answer { name, status, headers, body };
        answer.check_headers();
        answer
    }

    /// Sends it and checks what is true of every answer.
    pub async fn send(&self, builder: RequestBuilder) -> Answer {
        let request = builder.build().expect("a request");
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let response = self.client.execute(request).await.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"));
        let answer = Answer { name: format!("{method} {path}"), status, headers, body };
        answer.check_headers();
        if method != Method::HEAD {
            answer.check_problem();
            self.documents.check_answer(&method, &path, &answer);
        }
        answer
    }
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    name: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// The status must be this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.name, self.text());
        self
    }

    /// A problem of this status and code.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        let problem = self.expect(status).json();
        assert_eq!(problem["code"], code, "{problem}");
        problem
    }

    /// A 400 that blames this field.
    #[track_caller]
    pub fn blames(self, field: &str) -> Value {
        let problem = self.refused(400, "invalid");
        assert!(problem["errors"][field][0].is_string(), "no reason for {field}: {problem}");
        problem
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}: no JSON: {}", self.name, self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn check_headers(&self) {
        assert_eq!(self.header("x-content-type-options"), "nosniff", "{}", self.name);
        assert_eq!(self.header("referrer-policy"), "same-origin", "{}", self.name);
        assert_eq!(self.header("x-frame-options"), "DENY", "{}", self.name);
        assert!(!self.header("content-security-policy").is_empty(), "{}: no policy", self.name);
        assert!(!self.header("content-security-policy").contains("script-src 'unsafe"), "{}", self.name);
        assert_eq!(self.header("access-control-allow-origin"), "", "{}: no other origin is let in", self.name);
        assert!(self.headers.get("server").is_none(), "{}: what serves is nobody's business", self.name);
    }

    fn check_problem(&self) {
        if self.status < 400 {
            return;
        }
        assert!(
            self.status < 500 || [503, 507].contains(&self.status),
            "{}: {} {}",
            self.name,
            self.status,
            self.text()
        );
        assert_ne!(self.status, 422, "{}: bad input is 400", self.name);
        assert_eq!(self.header("content-type"), "application/problem+json", "{}: {}", self.name, self.text());
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{}: {problem}", self.name);
        for field in ["type", "title", "detail", "code"] {
            assert!(
                problem[field].as_str().is_some_and(|text| !text.is_empty()),
                "{}: {field} in {problem}",
                self.name
            );
        }
        let is_word = |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        assert!(is_word(problem["code"].as_str().unwrap()), "{}: {problem}", self.name);
        if let Some(errors) = problem.get("errors") {
            let reasons = errors.as_object().expect("errors by field");
            assert!(reasons.values().all(|reasons| reasons[0].is_string()), "{}: {problem}", self.name);
        }
        if [429, 503].contains(&self.status) {
            assert!(self.header("retry-after").parse::<u64>().is_ok_and(|secs| secs > 0), "{}: when?", self.name);
        }
    }
}
