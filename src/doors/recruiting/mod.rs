//! The recruiting door (document 001 in contracts.md, Door 2): rooms of a recruiter and clients, messages that are a
//! text or a file, and a socket for each room. See `README.md` beside this file for its oddities.

mod bodies;
mod messages;
mod rooms;
mod shapes;
mod socket;
mod socket_frames;

pub use socket::room_socket;
pub use socket_frames::channel;

use poem_openapi::{ApiResponse, OpenApi, Tags};

/// Where a room's socket is: its id decides, whatever kind of room it is. Other names are not this door's.
pub const ROOM_SOCKET: &str =
    "/ws/chat/:room<^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$>";

/// What an operation is about.
#[derive(Tags)]
enum Tag {
    /// Rooms of a recruiter and clients, and the messages in them.
    Recruiting,
}

#[derive(ApiResponse)]
enum Done {
    /// Done.
    #[oai(status = 204)]
    Done,
}

/// All REST operations of this door.
pub fn api() -> impl OpenApi {
    (rooms::RoomsApi, messages::MessagesApi)
}

/// Whether a request at this path may bring a file.
pub fn takes_file(path: &str) -> bool {
    path == "/chats/messages/create" || path.starts_with("/chats/messages/detail/")
}
