//! Sending one message and reading the newest ones, without a socket.

use super::{Tag, in_our_words};
use crate::{
    doors::shared::{Answer, Doors, Filter, VisitorLogin, default_history_size, plain_text},
    http::{json_answer::JsonAnswer, json_body::JsonBody, url_form::UrlForm},
    model::{Error, MessageCard},
};
use poem::web::Data;
use poem_openapi::{ApiRequest, ApiResponse, Multipart, Object, OpenApi, param::Query};
use serde::Serialize;
use uuid::Uuid;

/// The room of whoever names none (contracts.md, Door 4).
const DEFAULT_ROOM: &str = "public-chat";
/// What whoever has sent something reads (document 004).
const SENT: &str = "Message sent!";

pub struct LiveApi;

/// A text, and the public room that it is for.
#[derive(Object)]
struct LiveMessage {
    message: String,
    /// A public room's name; `public-chat` unless said otherwise.
    room: Option<String>,
}

/// The same as a form with parts.
#[derive(Multipart)]
struct LiveForm {
    message: String,
    room: Option<String>,
}

#[derive(ApiRequest)]
enum NewLiveMessage {
    /// As JSON.
    Json(JsonBody<LiveMessage>),
    /// As a form.
    UrlEncoded(UrlForm<LiveMessage>),
    /// As a form with parts, as scripts in pages send them.
    Parts(LiveForm),
}

impl From<NewLiveMessage> for LiveMessage {
    fn from(new: NewLiveMessage) -> Self {
        match new {
            NewLiveMessage::Json(JsonBody(new)) | NewLiveMessage::UrlEncoded(UrlForm(new)) => new,
            NewLiveMessage::Parts(LiveForm { message, room }) => Self { message, room },
        }
    }
}

/// It was sent.
#[derive(Object, Serialize)]
struct LiveSent {
    /// Always `Message sent!`.
    message: String,
}

/// A room's newest messages, oldest first.
#[derive(Object, Serialize)]
struct LiveHistory {
    chat_history: Vec<LiveLine>,
}

/// A message.
#[derive(Object, Serialize)]
struct LiveLine {
    id: Uuid,
    message: String,
    sender: Uuid,
    sender_name: String,
    timestamp: String,
    /// The role that the sender had when writing; `guest` for somebody who was not signed in.
    sender_role: String,
}

impl From<MessageCard> for LiveLine {
    fn from(card: MessageCard) -> Self {
        let message = plain_text(&card).to_owned();
        let record = card.message;
        Self {
            id: record.id.uuid(),
            message,
            sender: record.author.uuid(),
            sender_name: card.author_name,
            timestamp: record.posted_at.to_string(),
            sender_role: record.author_role.word().into(),
        }
    }
}

#[derive(ApiResponse)]
enum SentAnswer {
    /// Everybody in the room hears it now. A guest gets a cookie to be known again by.
    #[oai(status = 200)]
    Sent(JsonAnswer<LiveSent>, #[oai(header = "Set-Cookie")] Option<String>),
}

#[derive(ApiResponse)]
enum HistoryAnswer {
    /// The newest messages. A guest gets a cookie to be known again by.
    #[oai(status = 200)]
    History(JsonAnswer<LiveHistory>, #[oai(header = "Set-Cookie")] Option<String>),
}

#[OpenApi(prefix_path = "/chat", tag = "Tag::LiveChat")]
impl LiveApi {
    /// Send a message into a public room
    ///
    /// A room of a new name is made on first use. Guests, where they are switched on, send too; there are only some new rooms
    /// for each address that they come from.
    #[oai(path = "/send", method = "post", operation_id = "send_live_message")]
    async fn send(&self, doors: Data<&Doors>, login: VisitorLogin, body: NewLiveMessage) -> Answer<SentAnswer> {
        let LiveMessage { message, room } = body.into();
        let sent = doors.service.say_by_name(login.visitor, &room_or_default(room), message).await;
        sent.map_err(in_our_words)?;
        Ok(SentAnswer::Sent(JsonAnswer(LiveSent { message: SENT.into() }), login.cookie))
    }

    /// The newest messages of a public room
    ///
    /// Oldest first. Reading joins no room. Deleted ones are passed over, at most 20,000 of them for a page.
    #[oai(path = "/history", method = "get", operation_id = "list_live_messages")]
    async fn history(
        &self,
        doors: Data<&Doors>,
        login: VisitorLogin,
        /// A public room's name; `public-chat` unless said otherwise.
        room: Query<Filter<String>>,
        /// 50 unless said otherwise, at most 200.
        limit: Query<Filter<u32>>,
    ) -> Answer<HistoryAnswer> {
        let limit_max = doors.service.config().limits.page_size_max;
        let limit = limit.0.one().map_or(default_history_size(limit_max), |limit| limit as usize);
        if !(1..=limit_max).contains(&limit) {
            let detail = format!("A history has between 1 and {limit_max} messages.");
            return Err(Error::invalid("limit", detail).into());
        }
        let newest = doors.service.newest_by_name(login.visitor, &room_or_default(room.0.one()), limit);
        let chat_history = newest.map_err(in_our_words)?.into_iter().map(LiveLine::from).collect();
        Ok(HistoryAnswer::History(JsonAnswer(LiveHistory { chat_history }), login.cookie))
    }
}

fn room_or_default(room: Option<String>) -> String {
    room.filter(|room| !room.is_empty()).unwrap_or_else(|| DEFAULT_ROOM.into())
}
