//! Rooms and messages in the marketplace's shape.

use super::{Done, Tag};
use crate::{
    doors::shared::{Answer, Doors, Filter, Login, history_size, plain_text},
    http::json_answer::JsonAnswer,
    model::{MemberCard, MessageCard, MessageId, RoomId, RoomKind},
    service::{ChatRoomCard, RoomScope},
};
use poem::web::Data;
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;
use uuid::Uuid;

pub struct ChatApi;

/// Which rooms a list shows.
#[derive(Enum)]
#[oai(rename_all = "lowercase")]
enum ChatScope {
    /// Public ones that can be joined.
    Public,
}

/// A room and who takes part.
#[derive(Object, Serialize)]
struct ChatRoom {
    id: Uuid,
    name: String,
    is_private: bool,
    participants: Vec<Participant>,
}

/// Somebody who takes part.
#[derive(Object, Serialize)]
struct Participant {
    id: Uuid,
    name: String,
    /// `admin`, `seller`, `salon_member` or `user`.
    role: String,
}

impl From<ChatRoomCard> for ChatRoom {
    fn from(listed: ChatRoomCard) -> Self {
        let ChatRoomCard { card, members } = listed;
        Self {
            id: card.room.id.uuid(),
            name: card.title,
            is_private: card.room.kind != RoomKind::Public,
            participants: members.into_iter().map(Participant::from).collect(),
        }
    }
}

impl From<MemberCard> for Participant {
    fn from(member: MemberCard) -> Self {
        let person = member.person;
        Self { id: person.id.uuid(), name: person.display_name, role: person.role.word().into() }
    }
}

/// A room's messages, oldest first.
#[derive(Object, Serialize)]
struct ChatHistory {
    room_id: Uuid,
    room_name: String,
    messages: Vec<ChatMessage>,
}

/// A message.
#[derive(Object, Serialize)]
struct ChatMessage {
    id: Uuid,
    text: String,
    user: Uuid,
    user_name: String,
    /// The role that the author had when writing.
    user_role: String,
    room: Uuid,
    timestamp: String,
}

impl From<MessageCard> for ChatMessage {
    fn from(card: MessageCard) -> Self {
        let text = plain_text(&card).to_owned();
        let message = card.message;
        Self {
            id: message.id.uuid(),
            text,
            user: message.author.uuid(),
            user_name: card.author_name,
            user_role: message.author_role.word().into(),
            room: message.room.uuid(),
            timestamp: message.posted_at.to_string(),
        }
    }
}

#[OpenApi(prefix_path = "/api/chat", tag = "Tag::Chat")]
impl ChatApi {
    /// The rooms one takes part in
    ///
    /// All rooms for a site administrator.
    #[oai(path = "/", method = "get", operation_id = "list_chat_rooms")]
    async fn list(
        &self,
        doors: Data<&Doors>,
        login: Login,
        scope: Query<Filter<ChatScope>>,
    ) -> Answer<JsonAnswer<Vec<ChatRoom>>> {
        let scope = if scope.0.one().is_some() { RoomScope::Public } else { RoomScope::All };
        let rooms = doors.service.rooms_with_members(login.actor(), scope)?;
        Ok(JsonAnswer(rooms.into_iter().map(ChatRoom::from).collect()))
    }

    /// A room's messages
    ///
    /// For those who take part, and of public rooms for a site administrator: the newest 50, or those before a message.
    /// Deleted ones are passed over, at most 20,000 of them for a page.
    #[oai(path = "/:id", method = "get", operation_id = "get_chat_room")]
    async fn history(
        &self,
        doors: Data<&Doors>,
        login: Login,
        id: Path<Uuid>,
        /// At most 200.
        size: Query<Filter<u32>>,
        /// Messages older than this one.
        before: Query<Filter<Uuid>>,
    ) -> Answer<JsonAnswer<ChatHistory>> {
        let size = history_size(size.0.one(), doors.service.config().limits.page_size_max)?;
        let (room, before) = (RoomId::from_uuid(id.0), before.0.one().map(MessageId::from_uuid));
        let page = doors.service.present_history(login.actor(), room, before, size)?;
        Ok(JsonAnswer(ChatHistory {
            room_id: page.room.uuid(),
            room_name: page.title,
            messages: page.messages.into_iter().map(ChatMessage::from).collect(),
        }))
    }

    /// Delete a room with everything in it
    ///
    /// An owner of the room or a site administrator. A staff room goes with its salon.
    #[oai(path = "/delete/:id", method = "delete", operation_id = "delete_chat_room")]
    async fn delete_room(&self, doors: Data<&Doors>, login: Login, id: Path<Uuid>) -> Answer<Done> {
        doors.service.delete_room(login.actor(), RoomId::from_uuid(id.0)).await?;
        Ok(Done::Done)
    }

    /// Delete a message
    ///
    /// Its author, an owner of the room or a site administrator.
    #[oai(path = "/messages/delete/:id", method = "delete", operation_id = "delete_chat_message")]
    async fn delete_message(&self, doors: Data<&Doors>, login: Login, id: Path<Uuid>) -> Answer<Done> {
        doors.service.retract(login.actor(), MessageId::from_uuid(id.0)).await?;
        Ok(Done::Done)
    }
}
