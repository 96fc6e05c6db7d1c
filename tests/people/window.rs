//! Somebody with the socket of one room open, at whatever door: frames as they are written.

use super::{PATIENCE, Person};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::{
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message},
};

/// A person at one window.
pub struct Window {
    pub person: Person,
    path: String,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Window {
    /// Opens the socket at this path, the access token in its query as the documents have it; the status of the refusal
    /// otherwise.
    pub async fn try_open(person: &Person, path: &str) -> Result<Self, u16> {
        let address = format!("ws://{}{path}?token={}", person.site.address(), person.access);
        match connect_async(address).await {
            Ok((socket, _)) => Ok(Self { person: person.clone(), path: path.to_owned(), socket }),
            Err(Error::Http(refusal)) => {
                assert_eq!(refusal.headers()["content-type"], "application/problem+json", "{path}");
                Err(refusal.status().as_u16())
            }
            Err(error) => panic!("{path} could not be opened: {error}"),
        }
    }

    /// The same; it must open.
    pub async fn open(person: &Person, path: &str) -> Self {
        let opened = Self::try_open(person, path).await;
        opened.unwrap_or_else(|status| panic!("{} may not open {path}: {status}", person.name))
    }

    /// The next frame's text, or the code with which the server closes.
    pub async fn try_text(&mut self) -> Result<String, u16> {
        let until = Instant::now() + PATIENCE;
        loop {
            let next = timeout_at(until, self.socket.next()).await;
            match next.unwrap_or_else(|_| panic!("{} hears nothing more", self.person.name)) {
                Some(Ok(Message::Text(text))) => {
                    self.person.site.documents().check_heard(&self.path, &text);
                    return Ok(text.as_str().to_owned());
                }
                Some(Ok(Message::Close(close))) => return Err(close.map_or(1005, |close| close.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(1006),
            }
        }
    }

    /// The next frame's text.
    pub async fn hears_text(&mut self) -> String {
        let text = self.try_text().await;
        text.unwrap_or_else(|code| panic!("{} was closed: {code}", self.person.name))
    }

    /// The next frame.
    pub async fn hears(&mut self) -> Value {
        serde_json::from_str(&self.hears_text().await).expect("a frame is JSON")
    }

    /// The next frame must be of this type.
    #[track_caller]
    pub fn hears_kind<'a>(&'a mut self, kind: &'a str) -> impl Future<Output = Value> + 'a {
        let place = std::panic::Location::caller();
        async move {
            let frame = self.hears().await;
            assert_eq!(frame["type"], kind, "{} heard {frame}, at {place}", self.person.name);
            frame
        }
    }

    /// Says a text.
    pub async fn says(&mut self, text: impl ToString) {
        // A server that has closed says so when it is read from.
        let _ = self.socket.send(Message::text(text.to_string())).await;
    }

    /// Says bytes.
    pub async fn says_bytes(&mut self, bytes: &'static [u8]) {
        let _ = self.socket.send(Message::binary(bytes)).await;
    }
}
