//! Parlor's own door: what no document has and the web client needs. REST below `/api`, media, and the event stream.

mod account;
mod frames;
mod invitations;
mod invite_codes;
mod media;
mod messages;
mod posting;
mod rooms;
mod salon_frames;
mod salon_shapes;
mod salons;
mod sessions;
mod shapes;
mod site;
mod stream;

pub use frames::channel;
pub use media::read_media;
pub use stream::{EventStreamDialect, event_stream};

use poem_openapi::{OpenApi, Tags};

/// What an operation is about.
#[derive(Tags)]
pub(super) enum Tag {
    /// This installation: settings, first set-up.
    Site,
    /// Signing in and out of the browser, and one's sign-ins elsewhere.
    Sessions,
    /// One's own account.
    Account,
    /// Codes with which people may register.
    InviteCodes,
    /// Rooms and their members.
    Rooms,
    /// Messages, history, read marks.
    Messages,
    /// Salons with the people in them.
    Salons,
    /// Requests and offers of seats, and what was decided.
    Invitations,
}

/// All REST operations of this door.
pub fn api() -> impl OpenApi {
    (
        site::SiteApi,
        sessions::SessionsApi,
        account::AccountApi,
        invite_codes::InviteCodesApi,
        rooms::RoomsApi,
        messages::MessagesApi,
        salons::SalonsApi,
        invitations::InvitationsApi,
    )
}
