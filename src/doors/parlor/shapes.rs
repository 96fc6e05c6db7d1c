//! The JSON of this door: the same types for REST and for the event stream.

use crate::{
    doors::shared::{media_path, thumbnail_path},
    model::{AccountId, File, MemberCard, MessageCard, PersonCard, Quote, RoomCard, RoomKind, Session, SessionId},
    service::{PersonDetails, ReadState, Receipt},
};
use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

/// A person beside a message or in a list.
#[derive(Object, Serialize, Clone, Debug)]
pub struct PersonLite {
    id: Uuid,
    username: String,
    display_name: String,
    /// Path of the picture.
    avatar: Option<String>,
    /// `admin`, `seller`, `salon_member`, `user` or `guest`.
    role: String,
}

impl From<PersonCard> for PersonLite {
    fn from(card: PersonCard) -> Self {
        Self {
            id: card.id.uuid(),
            username: card.username,
            display_name: card.display_name,
            avatar: card.avatar.map(thumbnail_path),
            role: card.role.word().into(),
        }
    }
}

/// One's own account.
#[derive(Object, Serialize, Clone, Debug)]
pub struct Me {
    id: Uuid,
    username: String,
    email: Option<String>,
    name: String,
    surname: String,
    display_name: String,
    about: String,
    /// Path of the picture.
    avatar: Option<String>,
    /// `admin`, `seller`, `salon_member`, `user` or `guest`.
    role: String,
    status: String,
    is_admin: bool,
    is_seller: bool,
    online: bool,
    created_at: String,
    /// The session that this request belongs to.
    session_id: Uuid,
}

impl Me {
    pub(super) fn new(details: PersonDetails, session: SessionId) -> Self {
        let PersonDetails { account, role, online, .. } = details;
        Self {
            id: account.id.uuid(),
            display_name: account.display_name(),
            role: role.word().into(),
            status: account.status.word().into(),
            avatar: account.profile.avatar.map(thumbnail_path),
            username: account.username,
            email: account.email,
            name: account.profile.name,
            surname: account.profile.surname,
            about: account.profile.about,
            is_admin: account.is_admin,
            is_seller: account.is_seller,
            online,
            created_at: account.created_at.to_string(),
            session_id: session.uuid(),
        }
    }
}

/// One sign-in on one device.
#[derive(Object, Clone, Debug)]
pub struct SessionInfo {
    id: Uuid,
    /// Whether it is the one that asks.
    current: bool,
    created_at: String,
    last_used_at: String,
    user_agent: String,
    address: String,
}

impl SessionInfo {
    pub(super) fn new(session: Session, current: SessionId) -> Self {
        Self {
            id: session.id.uuid(),
            current: session.id == current,
            created_at: session.created_at.to_string(),
            last_used_at: session.last_used_at.to_string(),
            user_agent: session.user_agent,
            address: session.address,
        }
    }
}

/// A file of a message.
#[derive(Object, Serialize, Clone, Debug)]
pub struct Attachment {
    id: Uuid,
    name: String,
    size_bytes: u64,
    /// As found in the bytes.
    media_type: String,
    /// Pixels, for images.
    width: Option<u32>,
    height: Option<u32>,
    /// Path of a small picture, for images.
    thumbnail: Option<String>,
}

impl From<&File> for Attachment {
    fn from(file: &File) -> Self {
        Self {
            id: file.id.uuid(),
            name: file.name.clone(),
            size_bytes: file.size_bytes,
            media_type: file.media_type.clone(),
            width: file.image.map(|image| image.width),
            height: file.image.map(|image| image.height),
            thumbnail: file.image.filter(|image| image.has_thumbnail).map(|_| thumbnail_path(file.id)),
        }
    }
}

/// The message that a reply answers.
#[derive(Object, Serialize, Clone, Debug)]
pub struct ReplyTo {
    uuid: Uuid,
    sender: Uuid,
    sender_name: String,
    /// The beginning of its text, or its file's name; empty when it was deleted.
    excerpt: String,
}

impl From<Quote> for ReplyTo {
    fn from(quote: Quote) -> Self {
        Self {
            uuid: quote.message.uuid(),
            sender: quote.author.uuid(),
            sender_name: quote.author_name,
            excerpt: quote.excerpt,
        }
    }
}

/// A message: the fields of the recruiting document, and more. A deleted one keeps its place, without text and file.
#[derive(Object, Serialize, Clone, Debug)]
pub struct Message {
    uuid: Uuid,
    sender: Uuid,
    chat_room: Uuid,
    /// Path of the file.
    file: Option<String>,
    job: Option<Uuid>,
    content: Option<String>,
    timestamp: String,
    is_edited: bool,
    is_viewed: bool,
    /// Who has read it, its author not among them; at most 200.
    read_by: Vec<Uuid>,
    /// Dense per room, from 1: the order of messages.
    seq: u64,
    sender_name: String,
    /// The role that the sender had when writing.
    sender_role: String,
    attachment: Option<Attachment>,
    reply_to: Option<ReplyTo>,
    /// What the sender's client called it.
    client_id: Option<String>,
    edited_at: Option<String>,
    is_deleted: bool,
    deleted_by: Option<Uuid>,
}

impl From<MessageCard> for Message {
    fn from(card: MessageCard) -> Self {
        let MessageCard { message, author_name, attachment, quote, read_by, .. } = card;
        let has_text = !message.body.is_empty();
        Self {
            uuid: message.id.uuid(),
            sender: message.author.uuid(),
            chat_room: message.room.uuid(),
            file: attachment.as_ref().map(|file| media_path(file.id, &file.name)),
            job: message.job.map(crate::model::JobId::uuid),
            content: has_text.then_some(message.body),
            timestamp: message.posted_at.to_string(),
            is_edited: message.edited_at.is_some(),
            is_viewed: !read_by.is_empty(),
            read_by: read_by.into_iter().map(AccountId::uuid).collect(),
            seq: message.seq,
            sender_name: author_name,
            sender_role: message.author_role.word().into(),
            attachment: attachment.as_ref().map(Attachment::from),
            reply_to: quote.map(ReplyTo::from),
            client_id: message.client_id.map(|id| id.as_str().to_owned()),
            edited_at: message.edited_at.map(|at| at.to_string()),
            is_deleted: message.retracted.is_some(),
            deleted_by: message.retracted.map(|retraction| retraction.by.uuid()),
        }
    }
}

/// A room as the caller sees it.
#[derive(Object, Serialize, Clone, Debug)]
pub struct Room {
    id: Uuid,
    /// `public`, `private`, `direct`, `recruiting` or `staff`.
    kind: String,
    name: Option<String>,
    /// The name, or who else is in it.
    title: String,
    topic: String,
    archived: bool,
    created_by: Option<Uuid>,
    created_at: String,
    member_count: u32,
    /// `owner` or `member`; null when the caller has not joined.
    role: Option<String>,
    /// The other one of a direct room.
    peer: Option<PersonLite>,
    recruiter: Option<Uuid>,
    /// Of a staff room.
    salon: Option<Uuid>,
    /// Sequence of the newest message.
    last_seq: u64,
    /// Up to where nothing is unread for the caller.
    read_seq: u64,
    /// How many messages behind that are there to be read.
    unread: u64,
    last_message: Option<Message>,
}

impl From<RoomCard> for Room {
    fn from(card: RoomCard) -> Self {
        let RoomCard { room, head, title, role, read_seq, unread, last_message, peer } = card;
        let (recruiter, salon) = match room.kind {
            RoomKind::Recruiting { recruiter } => (Some(recruiter.uuid()), None),
            RoomKind::Staff(salon) => (None, Some(salon.uuid())),
            _ => (None, None),
        };
        Self {
            id: room.id.uuid(),
            kind: room.kind.word().into(),
            name: room.name,
            title,
            topic: room.topic,
            archived: room.archived,
            created_by: room.created_by.map(AccountId::uuid),
            created_at: room.created_at.to_string(),
            member_count: head.member_count,
            role: role.map(|role| role.word().into()),
            peer: peer.map(PersonLite::from),
            recruiter,
            salon,
            last_seq: head.last_seq,
            read_seq,
            unread,
            last_message: last_message.map(Message::from),
        }
    }
}

/// A member of a room.
#[derive(Object, Serialize, Clone, Debug)]
pub struct Member {
    user: PersonLite,
    /// `owner` or `member`.
    role: String,
    joined_at: String,
    read_seq: u64,
    online: bool,
}

impl From<MemberCard> for Member {
    fn from(card: MemberCard) -> Self {
        Self {
            user: card.person.into(),
            role: card.role.word().into(),
            joined_at: card.joined_at.to_string(),
            read_seq: card.read_seq,
            online: card.online,
        }
    }
}

/// How far the caller has read in a room.
#[derive(Object, Serialize, Clone, Debug)]
pub struct ReadPosition {
    room: Uuid,
    read_seq: u64,
    unread: u64,
}

impl From<ReadState> for ReadPosition {
    fn from(state: ReadState) -> Self {
        Self { room: state.room.uuid(), read_seq: state.read_seq, unread: state.unread }
    }
}

/// How far somebody else has read.
#[derive(Object, Clone, Debug)]
pub struct ReceiptInfo {
    user: Uuid,
    read_seq: u64,
    read_at: String,
}

impl From<Receipt> for ReceiptInfo {
    fn from(receipt: Receipt) -> Self {
        Self { user: receipt.account.uuid(), read_seq: receipt.read_seq, read_at: receipt.read_at.to_string() }
    }
}
