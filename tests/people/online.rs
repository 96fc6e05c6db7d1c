//! Somebody with the event stream open.

use super::{FENCE, Person};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    ops::Deref,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        http::{Response, StatusCode},
    },
};

/// Far longer than any frame takes; whoever waits so long has missed it.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A person at one window.
pub struct Online {
    person: Person,
    socket: Socket,
    waiting: VecDeque<Value>,
    presence: VecDeque<Value>,
    /// The first frame.
    pub hello: Value,
    /// Where the stream is: what to resume after.
    pub position: String,
    requests: u64,
}

impl Deref for Online {
    type Target = Person;
    fn deref(&self) -> &Person {
        &self.person
    }
}

/// Tries to open the stream with these headers; the refusal's answer otherwise.
pub async fn try_open(
    address: &str,
    query: &str,
    headers: &[(&str, &str)],
) -> Result<Socket, Response<Option<Vec<u8>>>> {
    let mut request = format!("ws://{address}/ws/chat/{query}").into_client_request().expect("an address");
    for (name, value) in headers {
        let name = tokio_tungstenite::tungstenite::http::HeaderName::from_bytes(name.as_bytes()).unwrap();
        if name == "host" {
            request.headers_mut().remove(&name);
        }
        request.headers_mut().append(name, value.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => {
            assert_ne!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
            Err(response)
        }
        Err(error) => panic!("the socket could not be opened: {error}"),
    }
}

impl Online {
    /// Opens the stream, `query` added to its address.
    pub async fn open(person: Person, query: &str) -> Self {
        let bearer = format!("Bearer {}", person.access);
        let opened = try_open(&person.site.address(), query, &[("authorization", &bearer)]).await;
        let socket = opened.unwrap_or_else(|refusal| panic!("{} may not open the stream: {refusal:?}", person.name));
        Self::greeted(person, socket).await
    }

    /// A stream that was opened in some other way.
    pub async fn greeted(person: Person, socket: Socket) -> Self {
        let mut online = Self {
            person,
            socket,
            waiting: VecDeque::new(),
            presence: VecDeque::new(),
            hello: Value::Null,
            position: String::new(),
            requests: 0,
        };
        let hello = online.frame().await;
        assert_eq!(hello["type"], "hello", "{hello}");
        online.hello = hello;
        online
    }

    /// Breaks the connection, and comes back where it broke.
    pub async fn comes_back(self) -> Self {
        let (person, query) = self.goes();
        Self::open(person, &query).await
    }

    /// Breaks the connection without a word; who it was and how to resume.
    pub fn goes(self) -> (Person, String) {
        (self.person, format!("?after={}", self.position))
    }

    /// The next frame as it came, presence and fences included.
    async fn frame(&mut self) -> Value {
        let frame = self.try_frame().await;
        frame.unwrap_or_else(|(code, reason)| panic!("{} was closed: {code} {reason}", self.person.name))
    }

    /// The next frame, or the code with which the server closes.
    pub async fn try_frame(&mut self) -> Result<Value, (u16, String)> {
        // Pings of the server come and go meanwhile.
        let until = Instant::now() + PATIENCE;
        loop {
            let next = timeout_at(until, self.socket.next()).await;
            let next = next.unwrap_or_else(|_| panic!("{} hears nothing more", self.person.name));
            match next {
                Some(Ok(Message::Text(text))) => {
                    let frame: Value = serde_json::from_str(&text).expect("a frame is JSON");
                    self.person.site.documents().check_frame(&frame);
                    if let Some(position) = frame["position"].as_str() {
                        self.position = position.to_owned();
                    }
                    return Ok(frame);
                }
                Some(Ok(Message::Close(close))) => {
                    let close = close.map(|close| (u16::from(close.code), close.reason.to_string()));
                    return Err(close.unwrap_or((1005, String::new())));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err((1006, error.to_string())),
                None => return Err((1006, "the end".into())),
            }
        }
    }

    fn is_of_fence(&self, frame: &Value) -> bool {
        let is_named = frame["room"]["name"] == FENCE;
        let fence = self.person.fence.get();
        let mut rooms = [&frame["room"], &frame["room"]["id"], &frame["message"]["chat_room"]].into_iter();
        is_named || fence.is_some_and(|fence| rooms.any(|room| room == fence.as_str()))
    }

    /// The next frame that is neither presence nor of a fence.
    pub async fn next(&mut self) -> Value {
        if let Some(frame) = self.waiting.pop_front() {
            return frame;
        }
        loop {
            let frame = self.frame().await;
            if frame["type"] == "presence" {
                self.presence.push_back(frame);
            } else if !self.is_of_fence(&frame) {
                return frame;
            }
        }
    }

    /// The next frame must be of this type.
    #[track_caller]
    pub fn hears<'a>(&'a mut self, kind: &'a str) -> impl Future<Output = Value> + 'a {
        let place = std::panic::Location::caller();
        async move {
            let frame = self.next().await;
            assert_eq!(frame["type"], kind, "{} heard {frame}, at {place}", self.person.name);
            frame
        }
    }

    /// The next frame must be this message.
    #[track_caller]
    pub fn hears_message<'a>(&'a mut self, text: &'a str) -> impl Future<Output = Value> + 'a {
        let place = std::panic::Location::caller();
        async move {
            let frame = self.hears("message_created").await;
            assert_eq!(frame["message"]["content"], text, "{} at {place}", self.person.name);
            frame
        }
    }

    /// Everything that was said before now has been heard: nothing is left. Proved by a fence, a later event that only
    /// this person hears; what came before it would have been heard before it.
    #[track_caller]
    pub fn hears_nothing(&mut self) -> impl Future<Output = ()> + '_ {
        let place = std::panic::Location::caller();
        async move {
            let rest = self.hears_rest().await;
            assert!(rest.is_empty(), "{} should have heard nothing, at {place}, but heard {rest:#?}", self.person.name);
        }
    }

    /// All that is left of what was said before now.
    pub async fn hears_rest(&mut self) -> Vec<Value> {
        static FENCES: AtomicU64 = AtomicU64::new(0);
        let text = format!("fence {}", FENCES.fetch_add(1, Ordering::Relaxed));
        self.person.raises_fence(&text).await;
        let mut rest: Vec<_> = self.waiting.drain(..).collect();
        loop {
            let frame = self.frame().await;
            if frame["message"]["content"] == text.as_str() {
                return rest;
            }
            if frame["type"] == "presence" {
                self.presence.push_back(frame);
            } else if !self.is_of_fence(&frame) {
                rest.push(frame);
            }
        }
    }

    /// The next presence frame.
    pub async fn hears_presence(&mut self) -> Value {
        loop {
            if let Some(frame) = self.presence.pop_front() {
                return frame;
            }
            let frame = self.frame().await;
            if frame["type"] == "presence" {
                return frame;
            }
            if !self.is_of_fence(&frame) {
                self.waiting.push_back(frame);
            }
        }
    }

    /// Gives a command and takes the answer to it, ack or error.
    pub async fn says(&mut self, mut command: Value) -> Value {
        self.requests += 1;
        if command.get("request_id").is_none() {
            command["request_id"] = json!(self.requests);
        }
        let request_id = command["request_id"].clone();
        self.says_raw(Message::text(command.to_string())).await;
        loop {
            let frame = self.frame().await;
            let is_answer = ["ack", "error"].iter().any(|kind| frame["type"] == **kind);
            if is_answer && frame["request_id"] == request_id {
                return frame;
            }
            match () {
                () if frame["type"] == "presence" => self.presence.push_back(frame),
                () if !self.is_of_fence(&frame) => self.waiting.push_back(frame),
                () => {}
            }
        }
    }

    /// The same; it must be acknowledged.
    #[track_caller]
    pub fn does(&mut self, command: Value) -> impl Future<Output = Value> + '_ {
        let place = std::panic::Location::caller();
        async move {
            let answer = self.says(command).await;
            assert_eq!(answer["type"], "ack", "at {place}: {answer}");
            answer
        }
    }

    /// The same; it must be refused with this status.
    #[track_caller]
    pub fn is_refused(&mut self, status: u16, command: Value) -> impl Future<Output = Value> + '_ {
        let place = std::panic::Location::caller();
        async move {
            let answer = self.says(command.clone()).await;
            assert_eq!(
                (&answer["type"], &answer["status"]),
                (&json!("error"), &json!(status)),
                "{command} at {place}: {answer}"
            );
            answer
        }
    }

    /// Sends a frame as it is.
    pub async fn says_raw(&mut self, message: Message) {
        // A server that has closed says so when it is read from.
        let _ = self.socket.send(message).await;
    }

    /// Reads on until the server closes; the code.
    pub async fn is_closed(&mut self) -> u16 {
        loop {
            if let Err((code, _)) = self.try_frame().await {
                return code;
            }
        }
    }
}
