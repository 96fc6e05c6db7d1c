//! A person with a device: signed in by tokens, asking over HTTP.

use super::server::Server;
use reqwest::{Client, Method, Response, StatusCode, multipart};
use serde_json::{Value, json};
use std::time::Duration;

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

/// Why a request was not done.
#[derive(Debug)]
pub enum Refused {
    /// No whole answer came: done or not, nobody knows.
    Unanswered,
    Answered(StatusCode, Value),
}

impl Refused {
    /// The stable word of the problem document.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Unanswered => None,
            Self::Answered(_, problem) => problem["code"].as_str(),
        }
    }

    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Unanswered => None,
            Self::Answered(status, _) => Some(status.as_u16()),
        }
    }
}

pub type Outcome<T> = Result<T, Refused>;

/// Somebody with an account.
#[derive(Clone)]
pub struct Person {
    pub username: String,
    pub id: String,
    pub access: String,
    base: String,
    http: Client,
}

/// A client that reuses connections and gives up some time.
pub fn http() -> Client {
    Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().expect("a client can be made")
}

pub fn email_of(username: &str) -> String {
    format!("{username}@salon.example")
}

/// The body of a 2xx answer; nothing becomes null.
async fn answer(response: reqwest::Result<Response>) -> Outcome<Value> {
    let response = response.map_err(|_| Refused::Unanswered)?;
    let status = response.status();
    let bytes = response.bytes().await.map_err(|_| Refused::Unanswered)?;
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    if status.is_success() { Ok(body) } else { Err(Refused::Answered(status, body)) }
}

/// Asks for an account.
pub async fn register(http: &Client, base: &str, username: &str) -> Outcome<Value> {
    let body = json!({ "email": email_of(username), "username": username, "password": PASSWORD });
    answer(http.post(format!("{base}/api/user/registration")).json(&body).send().await).await
}

/// Asks for tokens.
pub async fn sign_in(http: &Client, base: &str, login: &str, password: &str) -> Outcome<Value> {
    let body = json!({ "username": login, "password": password });
    answer(http.post(format!("{base}/api/auth/")).json(&body).send().await).await
}

/// Asks for the next pair of tokens.
pub async fn refresh(http: &Client, base: &str, token: &str) -> Outcome<Value> {
    answer(http.post(format!("{base}/api/auth/refresh")).json(&json!({ "refresh": token })).send().await).await
}

pub fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is a text in {value}")).to_owned()
}

impl Person {
    /// Registers and signs in.
    pub async fn new(server: &Server, username: &str) -> Self {
        let (http, base) = (http(), server.base.clone());
        register(&http, &base, username).await.expect("the name is free");
        Self::signed_in(server, username, PASSWORD).await
    }

    /// Signs in somebody who has an account.
    pub async fn signed_in(server: &Server, username: &str, password: &str) -> Self {
        let (http, base) = (http(), server.base.clone());
        let tokens = sign_in(&http, &base, username, password).await.expect("name and password are right");
        let access = text(&tokens, "access");
        let mut person = Self { username: username.into(), id: String::new(), access, base, http };
        person.id = text(&person.get("/api/session").await.expect("signed in"), "id");
        person
    }

    /// The same device after the server has been started again: nothing is signed in anew.
    pub fn at(&self, server: &Server) -> Self {
        Self { base: server.base.clone(), http: http(), ..self.clone() }
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    pub fn http(&self) -> &Client {
        &self.http
    }

    pub async fn asks(&self, method: Method, path: &str, body: Option<Value>) -> Outcome<Value> {
        let request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.access);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        answer(request.send().await).await
    }

    pub async fn get(&self, path: &str) -> Outcome<Value> {
        self.asks(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Outcome<Value> {
        self.asks(Method::POST, path, Some(body)).await
    }

    /// Enters the public room of that name, made on first use; gives back its id.
    pub async fn enters(&self, name: &str) -> String {
        let room = self.asks(Method::PUT, &format!("/api/rooms/by-name/{name}"), None).await;
        text(&room.expect("everybody may enter a public room"), "id")
    }

    pub async fn posts(&self, room: &str, content: &str, client_id: &str) -> Outcome<Value> {
        self.post(&format!("/api/rooms/{room}/messages"), json!({ "content": content, "client_id": client_id })).await
    }

    pub async fn uploads(
        &self,
        room: &str,
        content: &str,
        client_id: &str,
        name: &str,
        bytes: Vec<u8>,
    ) -> Outcome<Value> {
        let file = multipart::Part::bytes(bytes).file_name(name.to_owned());
        let form = multipart::Form::new()
            .text("content", content.to_owned())
            .text("client_id", client_id.to_owned())
            .part("file", file);
        let request = self.http.post(format!("{}/api/rooms/{room}/messages", self.base)).bearer_auth(&self.access);
        answer(request.multipart(form).send().await).await
    }

    pub async fn edits(&self, message: &str, content: &str) -> Outcome<Value> {
        self.asks(Method::PATCH, &format!("/api/messages/{message}"), Some(json!({ "content": content }))).await
    }

    pub async fn deletes(&self, message: &str) -> Outcome<Value> {
        self.asks(Method::DELETE, &format!("/api/messages/{message}"), None).await
    }

    /// The bytes of a file, or the status that refuses them.
    pub async fn downloads(&self, path: &str) -> Result<Vec<u8>, StatusCode> {
        let request = self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.access);
        let response = request.send().await.expect("the server answers");
        match response.status() {
            StatusCode::OK => Ok(response.bytes().await.expect("the file comes whole").to_vec()),
            status => Err(status),
        }
    }

    /// All messages of a room, oldest first.
    pub async fn history(&self, room: &str) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        let mut before = String::new();
        loop {
            let path = format!("/api/rooms/{room}/messages?size=200{before}");
            let page = self.get(&path).await.expect("a member reads the room");
            let mut messages = page["messages"].as_array().expect("a page has messages").clone();
            if let Some(first) = messages.first() {
                before = format!("&before={}", text(first, "uuid"));
            }
            messages.append(&mut all);
            all = messages;
            if page["has_before"] != Value::Bool(true) {
                return all;
            }
        }
    }
}
