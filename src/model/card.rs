//! What is shown: a record together with the little that is shown of what it refers to.

use super::{
    AccountId, ChatRole, File, FileId, Invitation, Message, MessageId, Notification, Room, RoomHead, RoomKind,
    RoomRole, Salon, Seat, SeatRole, Timestamp,
};

/// A person as others see them beside a message or in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonCard {
    pub id: AccountId,
    pub username: String,
    pub display_name: String,
    pub avatar: Option<FileId>,
    pub role: ChatRole,
}

/// A message with its author's name, its file, what it answers and who has read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageCard {
    pub message: Message,
    pub room_kind: RoomKind,
    pub author_name: String,
    pub attachment: Option<File>,
    pub quote: Option<Quote>,
    /// Without the author.
    pub read_by: Vec<AccountId>,
}

/// What a reply shows of the message it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    pub message: MessageId,
    pub author: AccountId,
    pub author_name: String,
    pub excerpt: String,
}

/// A room as one person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomCard {
    pub room: Room,
    pub head: RoomHead,
    /// The name, or who else is in it.
    pub title: String,
    /// `None`: not joined.
    pub role: Option<RoomRole>,
    pub read_seq: u64,
    pub unread: u64,
    /// `None` as well when this person may not read the room.
    pub last_message: Option<MessageCard>,
    /// The other one in a direct room.
    pub peer: Option<PersonCard>,
}

/// A member of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberCard {
    pub person: PersonCard,
    pub role: RoomRole,
    pub joined_at: Timestamp,
    pub read_seq: u64,
    pub online: bool,
}

/// A salon as everybody sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SalonCard {
    pub salon: Salon,
    /// `None` only while it is being deleted.
    pub superuser: Option<PersonCard>,
    pub vacant: Vec<SeatRole>,
}

/// A seat with who holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatCard {
    pub seat: Seat,
    pub holder: PersonCard,
}

/// An invitation with the names it refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationCard {
    pub invitation: Invitation,
    pub salon_name: String,
    pub person: PersonCard,
    pub made_by: PersonCard,
    pub decided_by: Option<PersonCard>,
    pub succeeds: Option<PersonCard>,
}

/// A notification with who caused it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotificationCard {
    pub notification: Notification,
    pub by: Option<PersonCard>,
}
