//! The nouns of Parlor: data only, no I/O and no framework types.
//!
//! Everything here that derives `Serialize` may be written to the journal. A released shape never changes: fields and
//! enum variants are only added through a new journal format version (see `store::codec`).

mod account;
mod card;
mod error;
mod event;
mod file;
mod id;
mod invite_code;
mod live;
mod message;
mod notification;
mod room;
mod salon;
mod session;
mod time;

pub use account::{Account, AccountChange, AccountStatus, ChatRole, Profile};
pub use card::{
    InvitationCard, MemberCard, MessageCard, NotificationCard, PersonCard, Quote, RoomCard, SalonCard, SeatCard,
};
pub use error::{Error, ErrorCode, Result, seconds};
pub use event::{Aside, Entry, Event};
pub use file::{File, FilePurpose, ImageSize};
pub use id::{
    AccountId, ClientId, FileId, InvitationId, InviteCodeId, JobId, MessageId, NotificationId, RoomId, SalonId,
    SalonLogId, SeatId, SessionId,
};
pub use invite_code::InviteCode;
pub use live::{Live, Position, RequestId};
pub use message::{Message, ReadMark, Retraction};
pub use notification::{Notification, NotificationKind};
pub use room::{Membership, Room, RoomHead, RoomKind, RoomRole};
pub use salon::{
    Decision, HeldSeat, Invitation, InvitationKind, InvitationStatus, Salon, SalonAction, SalonLogLine, Seat, SeatRole,
};
pub use session::Session;
pub use time::{Clock, SystemClock, Timestamp};
