//! The event stream as a client keeps it: frames in their order, with an end that says why.

use super::person::Person;
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use serde_json::Value;
use std::time::Duration;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

/// Longer than any delivery on a busy machine.
const FRAME_WITHIN: Duration = Duration::from_secs(20);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What came next.
#[derive(Debug)]
pub enum Heard {
    Frame(Value),
    /// The close code; `None` when the connection just broke.
    Closed(Option<u16>),
}

/// The sending half.
pub struct Speaks(SplitSink<Socket, Message>);

/// The receiving half.
pub struct Hears(SplitStream<Socket>);

/// Both halves, and how the stream began.
pub struct Stream {
    pub speaks: Speaks,
    pub hears: Hears,
    pub hello: Value,
}

impl Stream {
    /// Opens a stream, from a position if there is one.
    pub async fn open(person: &Person, after: Option<&str>) -> Self {
        Self::try_open(person, after).await.expect("the stream opens")
    }

    /// The same; `None` when the server does not answer.
    pub async fn try_open(person: &Person, after: Option<&str>) -> Option<Self> {
        let base = person.base().replacen("http", "ws", 1);
        let after = after.map(|after| format!("&after={after}")).unwrap_or_default();
        let url = format!("{base}/ws/chat/?token={}{after}", person.access);
        let (socket, _) = connect_async(url).await.ok()?;
        let (speaks, hears) = socket.split();
        let (speaks, mut hears) = (Speaks(speaks), Hears(hears));
        match hears.next().await {
            Heard::Frame(hello) if hello["type"] == "hello" => Some(Self { speaks, hears, hello }),
            _ => None,
        }
    }

    /// Says goodbye and waits for the answer.
    pub async fn close(mut self) {
        let _ = self.speaks.0.close().await;
        while !matches!(self.hears.next().await, Heard::Closed(_)) {}
    }
}

impl Speaks {
    /// Sends a frame; false when nobody is there any more.
    pub async fn say(&mut self, frame: &Value) -> bool {
        self.0.send(Message::text(frame.to_string())).await.is_ok()
    }
}

impl Hears {
    /// The next frame that is not of the protocol itself.
    pub async fn next(&mut self) -> Heard {
        loop {
            let next = timeout(FRAME_WITHIN, self.0.next()).await.expect("a frame comes in time");
            match next {
                Some(Ok(Message::Text(text))) => {
                    return Heard::Frame(serde_json::from_str(&text).expect("frames are JSON"));
                }
                Some(Ok(Message::Close(frame))) => return Heard::Closed(frame.map(|frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Heard::Closed(None),
            }
        }
    }

    /// The next frame of that type; `None` when the stream ends first.
    pub async fn next_of(&mut self, kind: &str) -> Option<Value> {
        loop {
            match self.next().await {
                Heard::Frame(frame) if frame["type"] == kind => return Some(frame),
                Heard::Frame(_) => {}
                Heard::Closed(_) => return None,
            }
        }
    }

    /// How the stream ends; what comes before is not looked at.
    pub async fn end(&mut self) -> Option<u16> {
        loop {
            if let Heard::Closed(code) = self.next().await {
                return code;
            }
        }
    }
}
