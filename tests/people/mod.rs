//! People, as tests speak of them: `anna.posts(&room, "hello")`, `boris.hears_message("hello")`, `vera.hears_nothing()`.

mod live_window;
mod market_window;
mod online;
mod salons;
mod window;

pub use live_window::LiveWindow;
pub use market_window::MarketWindow;
pub use online::{Online, PATIENCE, try_open};
pub use window::Window;

use crate::world::{Answer, PASSWORD, Site};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// Somebody with an account and an access token.
#[derive(Clone)]
pub struct Person {
    pub site: Arc<Site>,
    pub name: String,
    pub id: String,
    pub access: String,
    pub refresh: String,
    fence: Arc<OnceCell<String>>,
}

impl Person {
    /// Signs in as somebody who is registered.
    pub async fn signed_in(site: &Arc<Site>, name: &str) -> Self {
        let tokens = site.post("/api/auth", json!({ "username": name, "password": PASSWORD })).await.expect(200).json();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let (access, refresh) = (text(&tokens["access"]), text(&tokens["refresh"]));
        let mut person = Self {
            site: Arc::clone(site),
            name: name.to_owned(),
            id: String::new(),
            access,
            refresh,
            fence: Arc::default(),
        };
        person.id = text(&person.get("/api/session").await.expect(200).json()["id"]);
        person
    }

    /// The same person on another device.
    pub async fn elsewhere(&self) -> Self {
        Self { fence: Arc::clone(&self.fence), ..Self::signed_in(&self.site, &self.name).await }
    }

    /// The same person with another access token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { access: token.to_owned(), ..self.clone() }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.site.request(method, path).bearer_auth(&self.access)
    }

    pub async fn send(&self, builder: RequestBuilder) -> Answer {
        self.site.send(builder).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// A POST without a body.
    pub async fn does(&self, path: &str) -> Answer {
        self.send(self.request(Method::POST, path)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Opens a room of this kind and name; its id.
    pub async fn opens(&self, kind: &str, name: &str, members: &[&Self]) -> String {
        let members: Vec<_> = members.iter().map(|member| &member.id).collect();
        let room = self.post("/api/rooms", json!({ "kind": kind, "name": name, "members": members })).await;
        id_of(&room.expect(201).json())
    }

    /// The direct room with somebody; its id.
    pub async fn direct(&self, other: &Self) -> String {
        let answer = self.send(self.request(Method::PUT, &format!("/api/direct/{}", other.id))).await;
        assert!([200, 201].contains(&answer.status), "{}", answer.text());
        id_of(&answer.json())
    }

    pub async fn joins(&self, room: &str) -> Value {
        self.does(&format!("/api/rooms/{room}/join")).await.expect(200).json()
    }

    pub async fn leaves(&self, room: &str) {
        self.does(&format!("/api/rooms/{room}/leave")).await.expect(204);
    }

    pub async fn brings_in(&self, room: &str, other: &Self) -> Value {
        self.post(&format!("/api/rooms/{room}/members"), json!({ "user": other.id })).await.expect(201).json()
    }

    pub async fn puts_out(&self, room: &str, other: &Self) {
        self.delete(&format!("/api/rooms/{room}/members/{}", other.id)).await.expect(204);
    }

    /// Posts a text; the message.
    pub async fn posts(&self, room: &str, text: &str) -> Value {
        self.tries_to_post(room, json!({ "content": text })).await.expect(201).json()
    }

    pub async fn tries_to_post(&self, room: &str, body: Value) -> Answer {
        self.post(&format!("/api/rooms/{room}/messages"), body).await
    }

    /// Posts a file, with or without a text.
    pub async fn tries_to_post_file(&self, room: &str, name: &str, bytes: Vec<u8>, caption: Option<&str>) -> Answer {
        let mut form = reqwest::multipart::Form::new();
        if let Some(caption) = caption {
            form = form.text("content", caption.to_owned());
        }
        form = form.part("file", reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned()));
        let path = format!("/api/rooms/{room}/messages");
        self.send(self.request(Method::POST, &path).multipart(form)).await
    }

    pub async fn posts_file(&self, room: &str, name: &str, bytes: Vec<u8>) -> Value {
        self.tries_to_post_file(room, name, bytes, None).await.expect(201).json()
    }

    /// Marks a message as read; where the mark is then.
    pub async fn reads(&self, room: &str, message: &Value) -> Value {
        let body = json!({ "message": message["uuid"] });
        self.put(&format!("/api/rooms/{room}/read"), body).await.expect(200).json()
    }

    /// A page of history.
    pub async fn history(&self, room: &str, query: &str) -> Value {
        self.get(&format!("/api/rooms/{room}/messages{query}")).await.expect(200).json()
    }

    /// What the newest messages say, oldest first.
    pub async fn sees(&self, room: &str) -> Vec<String> {
        texts(&self.history(room, "?size=200").await)
    }

    /// A room as this person sees it.
    pub async fn room(&self, room: &str) -> Value {
        self.get(&format!("/api/rooms/{room}")).await.expect(200).json()
    }

    /// The rooms of this person, without the one that their fence stands in.
    pub async fn rooms(&self) -> Vec<Value> {
        let page = self.get("/api/rooms?size=100").await.expect(200).json();
        let rooms = page["data"].as_array().expect("a list");
        rooms.iter().filter(|room| room["name"] != FENCE).cloned().collect()
    }

    /// Opens the event stream.
    pub async fn online(self) -> Online {
        Online::open(self, "").await
    }

    /// Says something that only this person's own sockets hear; whatever happened before is heard before it.
    async fn raises_fence(&self, text: &str) {
        let room = self.fence.get_or_init(|| self.opens("private", FENCE, &[])).await;
        self.posts(room, text).await;
    }
}

/// The room of a person's fences.
const FENCE: &str = "fence";

/// The id of a room, or of whatever has one.
#[track_caller]
pub fn id_of(value: &Value) -> String {
    value["id"].as_str().unwrap_or_else(|| panic!("no id in {value}")).to_owned()
}

/// What the messages of a page say.
pub fn texts(page: &Value) -> Vec<String> {
    let messages = page["messages"].as_array().expect("messages");
    messages.iter().map(|message| message["content"].as_str().unwrap_or_default().to_owned()).collect()
}
