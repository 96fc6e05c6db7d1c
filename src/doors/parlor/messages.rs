//! Messages: posting, history, editing, deleting, read marks and receipts.

use super::{
    Tag,
    posting::{self, NewMessage},
    sessions::Done,
    shapes::{Message, ReadPosition, ReceiptInfo},
};
use crate::http::{json_answer::JsonAnswer, json_body::JsonBody};
use crate::{
    doors::shared::{Answer, Doors, Filter, Login, history_size},
    model::{Error, MessageId, RoomId},
    service::{Posted, Range},
};
use poem::{Request, web::Data};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use serde::Serialize;
use uuid::Uuid;

pub struct MessagesApi;

/// A page of a room's history, oldest first.
#[derive(Object, Serialize)]
struct HistoryPage {
    room_id: Uuid,
    room_name: String,
    messages: Vec<Message>,
    has_before: bool,
    has_after: bool,
}

/// A message's new text.
#[derive(Object)]
struct MessagePatch {
    content: String,
}

/// Up to where one has read.
#[derive(Object)]
struct ReadUpTo {
    /// The newest message that was seen.
    message: Uuid,
}

/// How far the others have read.
#[derive(Object)]
struct Receipts {
    data: Vec<ReceiptInfo>,
}

#[derive(ApiResponse)]
enum PostAnswer {
    /// Sent before with this `client_id`: the message of then.
    #[oai(status = 200)]
    Before(JsonAnswer<Message>),
    /// The new message.
    #[oai(status = 201)]
    Created(JsonAnswer<Message>),
}

#[OpenApi(prefix_path = "/api", tag = "Tag::Messages")]
impl MessagesApi {
    /// A page of a room's history
    ///
    /// The newest messages; or those before, after or around a message.
    #[oai(path = "/rooms/:id/messages", method = "get", operation_id = "list_messages")]
    #[allow(clippy::too_many_arguments)]
    async fn history(
        &self,
        doors: Data<&Doors>,
        login: Login,
        id: Path<Uuid>,
        /// Messages older than this one.
        before: Query<Filter<Uuid>>,
        /// Messages newer than this one.
        after: Query<Filter<Uuid>>,
        /// Messages around this one, itself included.
        around: Query<Filter<Uuid>>,
        /// Messages of a page: 50, at most 200.
        size: Query<Filter<u32>>,
    ) -> Answer<JsonAnswer<HistoryPage>> {
        let range = match (before.0.one(), after.0.one(), around.0.one()) {
            (None, None, None) => Range::Newest,
            (Some(id), None, None) => Range::Before(MessageId::from_uuid(id)),
            (None, Some(id), None) => Range::After(MessageId::from_uuid(id)),
            (None, None, Some(id)) => Range::Around(MessageId::from_uuid(id)),
            _ => return Err(Error::bad_request("Give one of before, after and around.").into()),
        };
        let size = history_size(size.0.one(), doors.service.config().limits.page_size_max)?;
        let page = doors.service.history(login.actor(), RoomId::from_uuid(id.0), range, size)?;
        Ok(JsonAnswer(HistoryPage {
            room_id: page.room.uuid(),
            room_name: page.title,
            messages: page.messages.into_iter().map(Message::from).collect(),
            has_before: page.has_before,
            has_after: page.has_after,
        }))
    }

    /// Post a message
    ///
    /// JSON for a text; a form for a file, with or without a text. A repeated `client_id` posts nothing and answers
    /// with the first message.
    #[oai(path = "/rooms/:id/messages", method = "post", operation_id = "post_message")]
    async fn post(
        &self,
        doors: Data<&Doors>,
        login: Login,
        request: &Request,
        id: Path<Uuid>,
        body: NewMessage,
    ) -> Answer<PostAnswer> {
        let posted = posting::post_message(&doors, login.actor(), RoomId::from_uuid(id.0), request, body).await?;
        Ok(match posted {
            Posted::New(card) => PostAnswer::Created(JsonAnswer(card.into())),
            Posted::Before(card) => PostAnswer::Before(JsonAnswer(card.into())),
        })
    }

    /// One message
    #[oai(path = "/messages/:id", method = "get", operation_id = "get_message")]
    async fn get(&self, doors: Data<&Doors>, login: Login, id: Path<Uuid>) -> Answer<JsonAnswer<Message>> {
        Ok(JsonAnswer(doors.service.message(login.actor(), MessageId::from_uuid(id.0))?.into()))
    }

    /// Edit one's message
    #[oai(path = "/messages/:id", method = "patch", operation_id = "edit_message")]
    async fn edit(
        &self,
        doors: Data<&Doors>,
        login: Login,
        id: Path<Uuid>,
        body: JsonBody<MessagePatch>,
    ) -> Answer<JsonAnswer<Message>> {
        let card = doors.service.edit(login.actor(), MessageId::from_uuid(id.0), body.0.content).await?;
        Ok(JsonAnswer(card.into()))
    }

    /// Delete a message
    ///
    /// Its author, an owner of the room or a site administrator. Text and file are removed for good.
    #[oai(path = "/messages/:id", method = "delete", operation_id = "delete_message")]
    async fn delete(&self, doors: Data<&Doors>, login: Login, id: Path<Uuid>) -> Answer<Done> {
        doors.service.retract(login.actor(), MessageId::from_uuid(id.0)).await?;
        Ok(Done::Done)
    }

    /// Mark messages as read
    ///
    /// Reading a message reads all earlier ones in its room. Marks never move back.
    #[oai(path = "/rooms/:id/read", method = "put", operation_id = "mark_read")]
    async fn mark_read(
        &self,
        doors: Data<&Doors>,
        login: Login,
        id: Path<Uuid>,
        body: JsonBody<ReadUpTo>,
    ) -> Answer<Json<ReadPosition>> {
        let message = MessageId::from_uuid(body.message);
        let place = doors.service.message(login.actor(), message)?.message.room;
        if place != RoomId::from_uuid(id.0) {
            return Err(Error::invalid("message", "This message is not in this room.").into());
        }
        Ok(Json(doors.service.mark_read(login.actor(), message).await?.into()))
    }

    /// How far the others have read
    #[oai(path = "/rooms/:id/receipts", method = "get", operation_id = "list_receipts")]
    async fn receipts(&self, doors: Data<&Doors>, login: Login, id: Path<Uuid>) -> Answer<Json<Receipts>> {
        let receipts = doors.service.receipts(login.actor(), RoomId::from_uuid(id.0))?;
        Ok(Json(Receipts { data: receipts.into_iter().map(ReceiptInfo::from).collect() }))
    }
}
