//! What is shown: a record together with the little that is shown of what it refers to.

use super::{AccountId, ChatRole, File, FileId, Message, MessageId, Room, RoomHead, RoomRole, Timestamp};

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
