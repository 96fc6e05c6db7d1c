//! The live chat door (document 004 in contracts.md, Door 4): public rooms by name and the smallest protocol there is. Guests
//! use it where they are switched on. See `README.md` beside this file for its oddities.

mod messages;
mod socket;

pub use socket::{channel, live_socket};

use crate::model::Error;
use poem_openapi::{OpenApi, Tags};

/// What an operation is about.
#[derive(Tags)]
enum Tag {
    /// Public rooms by name, for people and for guests.
    LiveChat,
}

/// All REST operations of this door.
pub fn api() -> impl OpenApi {
    messages::LiveApi
}

/// What is wrong, by the names that fields have at this door.
fn in_our_words(error: Error) -> Error {
    let field = match error.field {
        Some("content") => Some("message"),
        Some("name") => Some("room"),
        other => other,
    };
    Error { field, ..error }
}
