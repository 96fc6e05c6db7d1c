//! A socket of the live chat, which guests open too: frames as they come, word for word.

use super::online::{PATIENCE, Socket, try_open};
use crate::world::{Site, World};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::Message;

/// A window of somebody, whoever it is.
pub struct LiveWindow {
    site: Arc<Site>,
    path: String,
    socket: Socket,
}

impl LiveWindow {
    /// Opens `/ws/chat/{path}` with these headers, or gives the refusal: its status and its problem document.
    pub async fn try_open(world: &World, path: &str, headers: &[(&str, &str)]) -> Result<Self, (u16, Value)> {
        match try_open(&world.site.address(), path, headers).await {
            Ok(socket) => Ok(Self { site: Arc::clone(&world.site), path: format!("/ws/chat/{path}"), socket }),
            Err(refusal) => {
                let status = refusal.status().as_u16();
                assert_eq!(refusal.headers()["content-type"], "application/problem+json", "{path}");
                let body = refusal.into_body().unwrap_or_default();
                Err((status, serde_json::from_slice(&body).unwrap_or_default()))
            }
        }
    }

    /// The same; it must open.
    pub async fn open(world: &World, path: &str, headers: &[(&str, &str)]) -> Self {
        let opened = Self::try_open(world, path, headers).await;
        opened.unwrap_or_else(|refusal| panic!("{path} with {headers:?}: {refusal:?}"))
    }

    /// Says `{"message": text}`.
    pub async fn says(&mut self, text: &str) {
        self.sends(Message::text(json!({ "message": text }).to_string())).await;
    }

    /// Sends a frame as it is.
    pub async fn sends(&mut self, message: Message) {
        // A server that has closed says so when it is read from.
        let _ = self.socket.send(message).await;
    }

    /// The next frame as it came, or the code with which the server closes.
    pub async fn try_next(&mut self) -> Result<String, u16> {
        let until = Instant::now() + PATIENCE;
        loop {
            let next = timeout_at(until, self.socket.next()).await.expect("something is heard");
            match next {
                Some(Ok(Message::Text(text))) => {
                    self.site.documents().check_heard(&self.path, &text);
                    return Ok(text.to_string());
                }
                Some(Ok(Message::Close(close))) => return Err(close.map_or(1005, |close| close.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(1006),
            }
        }
    }

    /// The next frame as it came.
    #[track_caller]
    pub fn next(&mut self) -> impl Future<Output = String> + '_ {
        let place = std::panic::Location::caller();
        async move { self.try_next().await.unwrap_or_else(|code| panic!("closed with {code}, at {place}")) }
    }

    /// The next frame must be this message; what it says.
    #[track_caller]
    pub fn hears<'a>(&'a mut self, text: &'a str) -> impl Future<Output = Value> + 'a {
        let place = std::panic::Location::caller();
        async move {
            let frame = self.try_next().await.unwrap_or_else(|code| panic!("closed with {code}, at {place}"));
            let frame: Value = serde_json::from_str(&frame).expect("a frame is JSON");
            assert_eq!(frame["message"], text, "at {place}: {frame}");
            frame
        }
    }

    /// The next frame must be a refusal; its reason.
    #[track_caller]
    pub fn is_refused(&mut self) -> impl Future<Output = String> + '_ {
        let place = std::panic::Location::caller();
        async move {
            let frame = self.try_next().await.unwrap_or_else(|code| panic!("closed with {code}, at {place}"));
            let frame: Value = serde_json::from_str(&frame).expect("a frame is JSON");
            assert_eq!(frame["type"], "error", "at {place}: {frame}");
            frame["detail"].as_str().expect("a reason").to_owned()
        }
    }

    /// Reads on until the server closes; the code.
    pub async fn is_closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.try_next().await {
                return code;
            }
        }
    }
}
