//! A window of the marketplace's clients: one of its three sockets, word for word.

use super::{Online, PATIENCE, Person, online::Socket};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::StatusCode},
};

/// Somebody at an open socket of the marketplace.
pub struct MarketWindow {
    person: Person,
    path: String,
    socket: Socket,
    /// The same person's event stream: what it hears last, everybody has been told before.
    barrier: Online,
    fences: u32,
}

impl Person {
    /// Opens `/api/chat/{room}/`.
    pub async fn chats(&self, room: &str) -> MarketWindow {
        self.watches(&format!("/api/chat/{room}/")).await
    }

    /// Opens one of the marketplace's sockets.
    pub async fn watches(&self, path: &str) -> MarketWindow {
        let opened = self.tries_to_watch(path).await;
        let socket = opened.unwrap_or_else(|status| panic!("{} may not open {path}: {status}", self.name));
        let barrier = self.clone().online().await;
        MarketWindow { person: self.clone(), path: path.to_owned(), socket, barrier, fences: 0 }
    }

    /// Opens it, or says with which status it was refused.
    pub async fn tries_to_watch(&self, path: &str) -> Result<Socket, u16> {
        let address = format!("ws://{}{path}", self.site.address());
        let mut request = address.into_client_request().expect("an address");
        let bearer = format!("Bearer {}", self.access);
        request.headers_mut().insert("authorization", bearer.parse().expect("a header"));
        match connect_async(request).await {
            Ok((socket, _)) => Ok(socket),
            Err(Error::Http(response)) => {
                assert_ne!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
                let status = response.status().as_u16();
                // Where there is no socket, a plain answer may come.
                if status >= 400 {
                    assert_eq!(response.headers()["content-type"], "application/problem+json");
                }
                Err(status)
            }
            Err(error) => panic!("{path} could not be opened: {error}"),
        }
    }

    /// Opens `/api/invitation_to_auto_salon/` or `/api/salon_role/` and subscribes.
    pub async fn subscribes(&self, path: &str, request_id: Value) -> MarketWindow {
        let mut window = self.watches(path).await;
        window.says(json!({ "action": "subscribe_to_join_requests", "request_id": request_id })).await;
        let answer = json!({
            "action": "subscribe_to_join_requests", "request_id": request_id,
            "response_status": 200, "errors": [], "data": null,
        });
        assert_eq!(window.hears().await, answer);
        window
    }
}

impl MarketWindow {
    /// Says something.
    pub async fn says(&mut self, frame: Value) {
        self.says_raw(Message::text(frame.to_string())).await;
    }

    pub async fn says_raw(&mut self, message: Message) {
        // A server that has closed says so when it is read from.
        let _ = self.socket.send(message).await;
    }

    /// Sends a message to the room.
    pub async fn sends(&mut self, request_id: Value, text: &str) {
        self.says(json!({ "action": "send_message", "request_id": request_id, "data": { "text": text } })).await;
    }

    /// Sends a private message.
    pub async fn whispers(&mut self, request_id: Value, to: &Person, text: &str) {
        let data = json!({ "text": text, "userId": to.id });
        self.says(json!({ "action": "send_private_message", "request_id": request_id, "data": data })).await;
    }

    /// The next frame, as it was written.
    pub async fn hears_raw(&mut self) -> String {
        match self.frame().await {
            Ok(text) => text,
            Err(code) => panic!("{}'s window was closed: {code}", self.person.name),
        }
    }

    /// The next frame.
    pub async fn hears(&mut self) -> Value {
        serde_json::from_str(&self.hears_raw().await).expect("a frame is JSON")
    }

    async fn frame(&mut self) -> Result<String, u16> {
        loop {
            let next = timeout(PATIENCE, self.socket.next()).await;
            match next.unwrap_or_else(|_| panic!("{}'s window hears nothing more", self.person.name)) {
                Some(Ok(Message::Text(text))) => {
                    self.person.site.documents().check_heard(&self.path, &text);
                    return Ok(text.to_string());
                }
                Some(Ok(Message::Close(close))) => return Err(close.map_or(1005, |close| close.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(1006),
            }
        }
    }

    /// All that was said before now, as it was written. What this person's event stream hears last was told after it, and an
    /// answer comes after what was told.
    pub async fn rest_raw(&mut self) -> Vec<String> {
        self.barrier.hears_rest().await;
        self.fences += 1;
        let fence = format!("fence {}", self.fences);
        self.says(json!({ "action": fence })).await;
        let mut rest = Vec::new();
        loop {
            let frame = self.hears_raw().await;
            let value: Value = serde_json::from_str(&frame).expect("a frame is JSON");
            if value["action"] == fence.as_str() && value["response_status"] == 400 {
                return rest;
            }
            rest.push(frame);
        }
    }

    /// The same, read.
    pub async fn rest(&mut self) -> Vec<Value> {
        self.rest_raw().await.iter().map(|frame| serde_json::from_str(frame).expect("a frame is JSON")).collect()
    }

    /// What the messages say that were heard before now.
    pub async fn texts(&mut self) -> Vec<String> {
        let rest = self.rest().await;
        rest.iter().map(|frame| frame["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Nothing was said before now.
    #[track_caller]
    pub fn hears_nothing(&mut self) -> impl Future<Output = ()> + '_ {
        let place = std::panic::Location::caller();
        async move {
            let rest = self.rest_raw().await;
            assert!(rest.is_empty(), "{} should have heard nothing, at {place}, but heard {rest:#?}", self.person.name);
        }
    }

    /// Reads on until the server closes; the code.
    pub async fn is_closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.frame().await {
                return code;
            }
        }
    }
}
