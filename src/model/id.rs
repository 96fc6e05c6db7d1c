//! One newtype per noun, so that ids cannot be mixed up. Parlor's own ids are UUIDv7.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id that sorts after those made before it by this process.
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// The id with exactly these bits.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The plain UUID, for keys and wire shapes.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }
    )*};
}

ids! {
    /// A person's account.
    AccountId,
    /// One sign-in of an account on one device.
    SessionId,
    /// A room of any kind.
    RoomId,
    /// A message.
    MessageId,
    /// An uploaded file.
    FileId,
    /// A code with which people may register while registration is by invitation.
    InviteCodeId,
    /// A job of the salon's own software that a message refers to; opaque to Parlor.
    JobId,
    /// A salon.
    SalonId,
    /// That somebody holds a seat in a salon; another holder has another one.
    SeatId,
    /// A request for a seat, or the offer of one.
    InvitationId,
    /// Something a person is told once and keeps until it was seen.
    NotificationId,
    /// A line of a salon's log.
    SalonLogId,
}

/// Made by a client for each message it sends, so that a repeated send is recognised: 1 to 64 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(Box<str>);

impl ClientId {
    /// Accepts what a client made up, if it has the right form.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.into()))
    }

    /// As the client wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
