//! The auto-salon marketplace door (documents 000 and 002 in contracts.md, Door 1): accounts, tokens and chat, as that
//! marketplace's clients call them. See `README.md` beside this file for its oddities.

mod auth;
mod chat;
mod person;
mod users;

use poem_openapi::{OpenApi, Tags};

/// What an operation is about.
#[derive(Tags)]
enum Tag {
    /// Tokens: getting, refreshing and ending them.
    Auth,
    /// Registration, the directory, and what administrators do to accounts.
    Users,
    /// Rooms and messages in the marketplace's shape.
    Chat,
}

/// All REST operations of this door.
pub fn api() -> impl OpenApi {
    (auth::AuthApi, users::UsersApi, chat::ChatApi)
}
