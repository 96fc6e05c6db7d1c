//! Messages: posting, reading, editing, deleting, finding.

use super::{
    Done, Tag,
    bodies::{self, NewMessage, NewText},
    shapes::RecruitingMessage,
};
use crate::{
    doors::shared::{Answer, Doors, Filter, Login, history_size},
    http::json_answer::JsonAnswer,
    model::{AccountId, Error, MessageId, RoomId},
    service::{Actor, MessageFilter},
};
use poem::{Request, web::Data};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
};
use uuid::Uuid;

pub struct MessagesApi;

#[derive(ApiResponse)]
enum MessageCreated {
    /// The new message.
    #[oai(status = 201)]
    Created(JsonAnswer<RecruitingMessage>),
}

#[OpenApi(prefix_path = "/chats/messages", tag = "Tag::Recruiting")]
impl MessagesApi {
    /// Post a text or a file
    ///
    /// A form with exactly one of `content` and `file`; JSON for a text.
    #[oai(path = "/create", method = "post", operation_id = "create_recruiting_message")]
    async fn create(
        &self,
        doors: Data<&Doors>,
        login: Login,
        request: &Request,
        body: NewMessage,
    ) -> Answer<MessageCreated> {
        let card = bodies::post(&doors, login.actor(), request, body).await?;
        Ok(MessageCreated::Created(JsonAnswer(card.into())))
    }

    /// Find messages
    ///
    /// Oldest first: the newest ones, those before a message, or the first after one. In all rooms one takes part in,
    /// unless one is named. One request looks at 100,000 messages at most; further back is reached with `before`.
    #[oai(path = "/list", method = "get", operation_id = "list_recruiting_messages")]
    #[allow(clippy::too_many_arguments)]
    async fn list(
        &self,
        doors: Data<&Doors>,
        login: Login,
        /// Messages of this room.
        chat_room: Query<Filter<Uuid>>,
        /// Messages of this person.
        sender: Query<Filter<Uuid>>,
        /// Messages of the person with this e-mail address.
        sender_email: Query<Filter<String>>,
        /// Messages older than this one.
        before: Query<Filter<Uuid>>,
        /// Messages newer than this one.
        after: Query<Filter<Uuid>>,
        /// Messages of a page: 50, at most 200.
        size: Query<Filter<u32>>,
    ) -> Answer<JsonAnswer<Vec<RecruitingMessage>>> {
        let size = history_size(size.0.one(), doors.service.config().limits.page_size_max)?;
        let filter = MessageFilter {
            room: chat_room.0.one().map(RoomId::from_uuid),
            sender: sender.0.one().map(AccountId::from_uuid),
            sender_email: sender_email.0.one(),
            before: before.0.one().map(MessageId::from_uuid),
            after: after.0.one().map(MessageId::from_uuid),
        };
        let found = doors.service.find_messages(login.actor(), &filter, size).await?;
        Ok(JsonAnswer(found.into_iter().map(RecruitingMessage::from).collect()))
    }

    /// One message
    #[oai(path = "/detail/:uuid", method = "get", operation_id = "get_recruiting_message")]
    async fn get(&self, doors: Data<&Doors>, login: Login, uuid: Path<Uuid>) -> Answer<JsonAnswer<RecruitingMessage>> {
        Ok(JsonAnswer(present(&doors, login.actor(), uuid.0)?))
    }

    /// Edit one's message
    #[oai(path = "/detail/:uuid", method = "patch", operation_id = "edit_recruiting_message")]
    async fn edit(
        &self,
        doors: Data<&Doors>,
        login: Login,
        request: &Request,
        uuid: Path<Uuid>,
        body: NewText,
    ) -> Answer<JsonAnswer<RecruitingMessage>> {
        change(&doors, login.actor(), request, uuid.0, body).await
    }

    /// Edit one's message
    ///
    /// The same as PATCH: only the text ever changes.
    #[oai(path = "/detail/:uuid", method = "put", operation_id = "replace_recruiting_message")]
    async fn replace(
        &self,
        doors: Data<&Doors>,
        login: Login,
        request: &Request,
        uuid: Path<Uuid>,
        body: NewText,
    ) -> Answer<JsonAnswer<RecruitingMessage>> {
        change(&doors, login.actor(), request, uuid.0, body).await
    }

    /// Delete a message
    ///
    /// Its author or a site administrator. Text and file are removed for good.
    #[oai(path = "/detail/:uuid", method = "delete", operation_id = "delete_recruiting_message")]
    async fn delete(&self, doors: Data<&Doors>, login: Login, uuid: Path<Uuid>) -> Answer<Done> {
        doors.service.retract(login.actor(), MessageId::from_uuid(uuid.0)).await?;
        Ok(Done::Done)
    }
}

/// What was deleted is not there for this door.
fn present(doors: &Doors, actor: Actor, uuid: Uuid) -> Answer<RecruitingMessage> {
    let card = doors.service.message(actor, MessageId::from_uuid(uuid))?;
    match card.message.retracted {
        None => Ok(card.into()),
        Some(_) => Err(Error::not_found("message").into()),
    }
}

async fn change(
    doors: &Doors,
    actor: Actor,
    request: &Request,
    uuid: Uuid,
    body: NewText,
) -> Answer<JsonAnswer<RecruitingMessage>> {
    present(doors, actor, uuid)?;
    let text = bodies::new_text(request, body).await?;
    let card = doors.service.edit(actor, MessageId::from_uuid(uuid), text).await?;
    Ok(JsonAnswer(card.into()))
}
