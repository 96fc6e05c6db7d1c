//! People.

use super::{AccountId, FileId, Timestamp};
use serde::{Deserialize, Serialize};

/// A person's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: AccountId,
    /// Unique without regard to case.
    pub username: String,
    /// Unique without regard to case; `None` only for a deleted account.
    pub email: Option<String>,
    pub profile: Profile,
    /// argon2id in PHC form; `None` only for a deleted account.
    pub password_hash: Option<String>,
    pub status: AccountStatus,
    /// Site administrator.
    pub is_admin: bool,
    /// Marked as seller, with or without a seller's seat.
    pub is_seller: bool,
    pub created_at: Timestamp,
}

impl Account {
    /// The name shown beside messages: name and surname, else the username.
    pub fn display_name(&self) -> String {
        let Profile { name, surname, .. } = &self.profile;
        match (name.is_empty(), surname.is_empty()) {
            (false, false) => format!("{name} {surname}"),
            (false, true) => name.clone(),
            (true, false) => surname.clone(),
            (true, true) => self.username.clone(),
        }
    }

    /// May sign in and be written to.
    pub fn is_active(&self) -> bool {
        self.status == AccountStatus::Active
    }
}

/// What a person says of themself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub name: String,
    pub surname: String,
    pub about: String,
    pub avatar: Option<FileId>,
}

/// Whether an account can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountStatus {
    Active,
    /// Blocked by a site administrator.
    Blocked,
    /// The person left; the record stays so that old messages have an author.
    Deleted,
    /// A visitor of the live chat who did not sign in; the record gives what they wrote an author.
    Guest,
}

impl AccountStatus {
    /// The word used on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Blocked => "blocked",
            Self::Deleted => "deleted",
            Self::Guest => "guest",
        }
    }
}

/// The role shown beside a name (contracts.md, "People and roles"). A message keeps the one its author had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChatRole {
    Admin,
    Seller,
    SalonMember,
    User,
    /// Not signed in; only in the live chat, where guests are switched on.
    Guest,
}

impl ChatRole {
    /// The word used on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Seller => "seller",
            Self::SalonMember => "salon_member",
            Self::User => "user",
            Self::Guest => "guest",
        }
    }
}

/// Why an account's record was written again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountChange {
    Profile,
    Password,
    Blocked,
    Unblocked,
    MadeAdmin,
    Deleted,
}
