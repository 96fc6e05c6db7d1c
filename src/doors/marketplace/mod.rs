//! The auto-salon marketplace door (documents 000 and 002 in contracts.md, Door 1): accounts, tokens and chat, as that
//! marketplace's clients call them. See `README.md` beside this file for its oddities.

mod auth;
mod chat;
mod chat_socket;
mod invitations;
mod person;
mod salons;
mod seats;
mod socket_frames;
mod subscriptions;
mod users;

use crate::doors::shared::Channel;
use poem::Route;
use poem_openapi::{ApiResponse, OpenApi, Tags};

/// What an operation is about.
#[derive(Tags)]
enum Tag {
    /// Tokens: getting, refreshing and ending them.
    Auth,
    /// Registration, the directory, and what administrators do to accounts.
    Users,
    /// Rooms and messages in the marketplace's shape.
    Chat,
    /// Salons, their seats, and invitations to them.
    Salons,
}

#[derive(ApiResponse)]
enum Done {
    /// Done.
    #[oai(status = 204)]
    Done,
}

/// All REST operations of this door.
pub fn api() -> impl OpenApi {
    (auth::AuthApi, users::UsersApi, chat::ChatApi, salons::SalonsApi, seats::SeatsApi, invitations::InvitationsApi)
}

/// Its sockets as they are documented.
pub fn channels() -> Vec<Channel> {
    std::iter::once(chat_socket::channel()).chain(subscriptions::channels()).collect()
}

/// Its sockets, which share their addresses with REST.
pub fn sockets() -> Route {
    Route::new()
        .at("/api/chat/:room", chat_socket::chat_socket)
        .at("/api/invitation_to_auto_salon", subscriptions::invitations_socket)
        .at("/api/salon_role", subscriptions::seats_socket)
}

/// Whether there is a socket at this path.
pub fn has_socket(path: &str) -> bool {
    let is_room = path.strip_prefix("/api/chat/").is_some_and(|room| !room.is_empty() && !room.contains('/'));
    is_room || matches!(path, "/api/invitation_to_auto_salon" | "/api/salon_role")
}
