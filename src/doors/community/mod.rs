//! The community chat's door (document 003 in contracts.md, Door 3): pages at that chat's addresses, posting, and the
//! socket of a room. See `README.md` beside this file for its oddities.

mod frames;
mod pages;
mod posting;
mod room_socket;

pub use frames::channel;
pub use pages::{profiles, room, start_chat};
pub use room_socket::chatroom;

use crate::doors::shared::percent_encode;
use poem_openapi::{OpenApi, Tags};

/// What an operation is about.
#[derive(Tags)]
enum Tag {
    /// Posting as the community chat's clients do.
    Community,
}

/// All REST operations of this door.
pub fn api() -> impl OpenApi {
    posting::CommunityApi
}

/// Where a room is shown and written to: a public one by name or id, any other by id.
fn room_address(name_or_id: &str) -> String {
    format!("/chat/room/{}/send/", percent_encode(name_or_id))
}
