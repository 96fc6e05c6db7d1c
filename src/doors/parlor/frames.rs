//! The frames of the event stream. The AsyncAPI document is made from these same types.

use super::{
    posting::client_id,
    salon_frames::{
        InvitationCreated, InvitationDeleted, InvitationUpdated, NotificationCreated, NotificationSeen, SalonCreated,
        SalonDeleted, SalonUpdated, SeatFilled, SeatVacated,
    },
    shapes::{Member, Message, PersonLite, ReadPosition, Room},
};
use crate::{
    doors::shared::{Channel, EchoedId, Frame},
    model::{Error, JobId, MessageId, RoomId},
    service::Draft,
};
use poem_openapi::{Object, Union};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use uuid::Uuid;

/// The socket as it is documented.
pub fn channel() -> Channel {
    Channel {
        name: "eventStream",
        prefix: "",
        address: "/ws/chat/",
        description: "One socket for everything that concerns a person.",
        parameter: None,
        said: vec![Frame::any_of::<ClientFrame>()],
        heard: vec![Frame::any_of::<ServerFrame>()],
    }
}

/// What a client says. `request_id` is any JSON text or number; the `ack` or `error` carries the same.
#[derive(Union, Deserialize, Debug)]
#[oai(discriminator_name = "type")]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    #[oai(mapping = "send")]
    Send(Send),
    #[oai(mapping = "edit")]
    Edit(Edit),
    #[oai(mapping = "delete")]
    Delete(Delete),
    #[oai(mapping = "read")]
    Read(Read),
    #[oai(mapping = "typing")]
    Typing(TypingIn),
    #[oai(mapping = "subscribe")]
    Subscribe(Subscribe),
    #[oai(mapping = "unsubscribe")]
    Unsubscribe(Unsubscribe),
    #[oai(mapping = "ping")]
    Ping(Ping),
}

/// Post a text.
#[derive(Object, Deserialize, Debug)]
pub struct Send {
    pub room: Uuid,
    pub content: String,
    /// Made by the client; sending it again posts nothing and is acknowledged with the first message.
    #[serde(default)]
    pub client_id: Option<String>,
    /// A message of the same room.
    #[serde(default)]
    pub reply_to: Option<Uuid>,
    /// A job in other software.
    #[serde(default)]
    pub job: Option<Uuid>,
}

/// Edit one's message.
#[derive(Object, Deserialize, Debug)]
pub struct Edit {
    pub message: Uuid,
    pub content: String,
}

/// Delete a message.
#[derive(Object, Deserialize, Debug)]
pub struct Delete {
    pub message: Uuid,
}

/// Mark a message and all earlier ones of its room as read.
#[derive(Object, Deserialize, Debug)]
pub struct Read {
    pub message: Uuid,
}

/// Say that one types, or stopped. Acknowledged only when it carries a `request_id`.
#[derive(Object, Deserialize, Debug)]
pub struct TypingIn {
    pub room: Uuid,
    pub typing: bool,
}

/// Hear a public room that one has not joined, until the socket closes.
#[derive(Object, Deserialize, Debug)]
pub struct Subscribe {
    pub room: Uuid,
}

/// No longer hear it.
#[derive(Object, Deserialize, Debug)]
pub struct Unsubscribe {
    pub room: Uuid,
}

/// Ask for a sign of life.
#[derive(Object, Deserialize, Debug)]
pub struct Ping {}

impl TryFrom<Send> for (RoomId, Draft) {
    type Error = Error;

    fn try_from(send: Send) -> Result<Self, Error> {
        let draft = Draft {
            text: Some(send.content),
            client_id: send.client_id.as_deref().map(client_id).transpose()?,
            reply_to: send.reply_to.map(MessageId::from_uuid),
            job: send.job.map(JobId::from_uuid),
            request_id: None,
        };
        Ok((RoomId::from_uuid(send.room), draft))
    }
}

/// What the server says. What is stored carries `position`: reconnect with `?after=` the last one seen.
#[derive(Union, Serialize, Debug)]
#[oai(discriminator_name = "type")]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    #[oai(mapping = "hello")]
    Hello(Hello),
    #[oai(mapping = "message_created")]
    MessageCreated(MessageCreated),
    #[oai(mapping = "message_updated")]
    MessageUpdated(MessageUpdated),
    #[oai(mapping = "message_deleted")]
    MessageDeleted(MessageDeleted),
    #[oai(mapping = "typing")]
    Typing(Typing),
    #[oai(mapping = "message_read")]
    MessageRead(MessageRead),
    #[oai(mapping = "unread")]
    Unread(Unread),
    #[oai(mapping = "presence")]
    Presence(Presence),
    #[oai(mapping = "room_created")]
    RoomCreated(RoomCreated),
    #[oai(mapping = "room_updated")]
    RoomUpdated(RoomUpdated),
    #[oai(mapping = "room_deleted")]
    RoomDeleted(RoomDeleted),
    #[oai(mapping = "member_joined")]
    MemberJoined(MemberJoined),
    #[oai(mapping = "member_updated")]
    MemberUpdated(MemberUpdated),
    #[oai(mapping = "member_left")]
    MemberLeft(MemberLeft),
    #[oai(mapping = "person_updated")]
    PersonUpdated(PersonUpdated),
    #[oai(mapping = "salon_created")]
    SalonCreated(SalonCreated),
    #[oai(mapping = "salon_updated")]
    SalonUpdated(SalonUpdated),
    #[oai(mapping = "salon_deleted")]
    SalonDeleted(SalonDeleted),
    #[oai(mapping = "seat_filled")]
    SeatFilled(SeatFilled),
    #[oai(mapping = "seat_vacated")]
    SeatVacated(SeatVacated),
    #[oai(mapping = "invitation_created")]
    InvitationCreated(InvitationCreated),
    #[oai(mapping = "invitation_updated")]
    InvitationUpdated(InvitationUpdated),
    #[oai(mapping = "invitation_deleted")]
    InvitationDeleted(InvitationDeleted),
    #[oai(mapping = "notification_created")]
    NotificationCreated(NotificationCreated),
    #[oai(mapping = "notification_seen")]
    NotificationSeen(NotificationSeen),
    #[oai(mapping = "ack")]
    Ack(Ack),
    #[oai(mapping = "error")]
    Error(ErrorFrame),
}

/// The first frame.
#[derive(Object, Serialize, Debug)]
pub struct Hello {
    pub user: PersonLite,
    /// Where the stream begins.
    pub position: String,
    /// Everything missed follows. `false` after an `?after=`: there is a gap, load anew.
    pub resumed: bool,
    /// Who is online.
    pub online: Vec<Uuid>,
    /// Seconds between two pings of the server.
    pub heartbeat_secs: u64,
}

/// A message was posted.
#[derive(Object, Serialize, Debug)]
pub struct MessageCreated {
    pub message: Message,
    pub position: Option<String>,
}

/// A message was edited.
#[derive(Object, Serialize, Debug)]
pub struct MessageUpdated {
    pub message: Message,
    pub position: Option<String>,
}

/// A message was deleted: text and file are gone.
#[derive(Object, Serialize, Debug)]
pub struct MessageDeleted {
    pub message: Message,
    pub position: Option<String>,
}

/// Somebody else types, or stopped. Lapses by itself after 6 s.
#[derive(Object, Serialize, Debug)]
pub struct Typing {
    pub room: Uuid,
    pub user: Uuid,
    pub typing: bool,
}

/// Somebody else has read everything up to a message.
#[derive(Object, Serialize, Debug)]
pub struct MessageRead {
    pub message_id: Uuid,
    pub user_id: Uuid,
    pub room: Uuid,
    pub read_seq: u64,
    pub position: Option<String>,
}

/// One's own read mark moved, perhaps in another window.
#[derive(Object, Serialize, Debug)]
pub struct Unread {
    pub room: Uuid,
    pub unread: u64,
    pub read_seq: u64,
    pub position: Option<String>,
}

/// Who came and who went since the last such frame.
#[derive(Object, Serialize, Debug, Default)]
pub struct Presence {
    pub online: Vec<Uuid>,
    pub offline: Vec<Uuid>,
}

/// One is in a room now.
#[derive(Object, Serialize, Debug)]
pub struct RoomCreated {
    pub room: Room,
    pub position: Option<String>,
}

/// A room's name, topic or archive changed.
#[derive(Object, Serialize, Debug)]
pub struct RoomUpdated {
    pub room: Room,
    pub position: Option<String>,
}

/// A room is gone.
#[derive(Object, Serialize, Debug)]
pub struct RoomDeleted {
    pub room: Uuid,
    pub position: Option<String>,
}

/// Somebody else is in the room now.
#[derive(Object, Serialize, Debug)]
pub struct MemberJoined {
    pub room: Uuid,
    pub member: Member,
    pub position: Option<String>,
}

/// A member's role changed.
#[derive(Object, Serialize, Debug)]
pub struct MemberUpdated {
    pub room: Uuid,
    pub member: Member,
    pub position: Option<String>,
}

/// Somebody, perhaps oneself, is no longer in the room.
#[derive(Object, Serialize, Debug)]
pub struct MemberLeft {
    pub room: Uuid,
    pub user: Uuid,
    pub position: Option<String>,
}

/// Somebody's name, picture or role changed.
#[derive(Object, Serialize, Debug)]
pub struct PersonUpdated {
    pub user: PersonLite,
    pub position: Option<String>,
}

/// A command was done.
#[derive(Object, Serialize, Debug, Default)]
pub struct Ack {
    /// As the command had it.
    pub request_id: Option<EchoedId>,
    /// After `send`, `edit` and `delete`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub message: Option<AckMessage>,
    /// After `read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub read: Option<ReadPosition>,
}

/// The place that a message has.
#[derive(Object, Serialize, Debug)]
pub struct AckMessage {
    pub uuid: Uuid,
    pub chat_room: Uuid,
    pub seq: u64,
    pub timestamp: String,
    pub client_id: Option<String>,
}

/// A command was refused; nothing was changed.
#[derive(Object, Serialize, Debug)]
pub struct ErrorFrame {
    pub request_id: Option<EchoedId>,
    /// As in HTTP.
    pub status: u16,
    /// Stable word.
    pub code: String,
    pub detail: String,
    /// Reasons by field.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub errors: Option<HashMap<String, Vec<String>>>,
}

impl ErrorFrame {
    /// The error of a command.
    pub fn new(request_id: Option<EchoedId>, error: Error) -> Self {
        let errors = error.field.map(|field| [(field.to_owned(), vec![error.detail.to_string()])].into());
        Self {
            request_id,
            status: error.code.status(),
            code: error.code.word().into(),
            detail: error.detail.into_owned(),
            errors,
        }
    }
}
