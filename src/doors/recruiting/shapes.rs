//! The JSON of this door, with its fields in the order in which the document writes them.

use crate::{
    doors::shared::media_path,
    model::{AccountId, JobId, MessageCard},
    service::RecruitingCard,
};
use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

/// A message: a text or a file.
#[derive(Object, Serialize, Clone, Debug)]
pub struct RecruitingMessage {
    uuid: Uuid,
    sender: Uuid,
    chat_room: Uuid,
    /// Path of the file, below `/media/`.
    file: Option<String>,
    /// A job in other software.
    job: Option<Uuid>,
    /// The text; of a file message what was written beside it later.
    content: Option<String>,
    timestamp: String,
    is_edited: bool,
    /// Whether somebody has read it.
    is_viewed: bool,
    /// Who has read it, its sender not among them; at most 200.
    read_by: Vec<Uuid>,
}

impl From<MessageCard> for RecruitingMessage {
    fn from(card: MessageCard) -> Self {
        let MessageCard { message, attachment, read_by, .. } = card;
        Self {
            uuid: message.id.uuid(),
            sender: message.author.uuid(),
            chat_room: message.room.uuid(),
            file: attachment.map(|file| media_path(file.id, &file.name)),
            job: message.job.map(JobId::uuid),
            content: (!message.body.is_empty()).then_some(message.body),
            timestamp: message.posted_at.to_string(),
            is_edited: message.edited_at.is_some(),
            is_viewed: !read_by.is_empty(),
            read_by: read_by.into_iter().map(AccountId::uuid).collect(),
        }
    }
}

/// A message that was changed or deleted: the document writes `content` before `job` there.
#[derive(Object, Serialize, Clone, Debug)]
#[oai(rename = "ChangedRecruitingMessage")]
pub(super) struct ChangedMessage {
    uuid: Uuid,
    sender: Uuid,
    chat_room: Uuid,
    file: Option<String>,
    content: Option<String>,
    job: Option<Uuid>,
    timestamp: String,
    is_edited: bool,
    is_viewed: bool,
    read_by: Vec<Uuid>,
}

impl From<MessageCard> for ChangedMessage {
    fn from(card: MessageCard) -> Self {
        let message = RecruitingMessage::from(card);
        Self {
            uuid: message.uuid,
            sender: message.sender,
            chat_room: message.chat_room,
            file: message.file,
            content: message.content,
            job: message.job,
            timestamp: message.timestamp,
            is_edited: message.is_edited,
            is_viewed: message.is_viewed,
            read_by: message.read_by,
        }
    }
}

/// A room of a recruiter and clients.
#[derive(Object, Serialize, Clone, Debug)]
pub struct RecruitingRoom {
    uuid: Uuid,
    recruiter: Uuid,
    clients: Vec<Uuid>,
    created_at: String,
    /// The newest that was not deleted.
    last_message: Option<RecruitingMessage>,
    /// How many messages the caller has not read.
    unread: u64,
}

impl From<RecruitingCard> for RecruitingRoom {
    fn from(card: RecruitingCard) -> Self {
        Self {
            uuid: card.room.uuid(),
            recruiter: card.recruiter.uuid(),
            clients: card.clients.into_iter().map(AccountId::uuid).collect(),
            created_at: card.created_at.to_string(),
            last_message: card.last_message.map(RecruitingMessage::from),
            unread: card.unread,
        }
    }
}
