//! What doors share: who is calling, errors as problem documents, pages of lists, small conversions.

mod channel;
mod echoed_id;
mod filter;
mod form;
mod handshake;
mod login;
mod media_paths;
mod opening;
mod pages;
mod plain_text;
mod visitor;

pub use channel::{Channel, Frame};
pub use echoed_id::{EchoedId, echoed_id};
pub use filter::{Filter, Filters};
pub use form::{FormBody, FormFields, broken_off, field_file, field_id, field_text};
pub use login::{Client, Login, browser_cookie, ended_cookie, is_sent_from_outside, media_actor, page_actor};
pub use media_paths::{THUMBNAIL, media_path, percent_encode, thumbnail_path};
pub use opening::{Opening, SocketGuard};
pub use pages::{Page, PageQuery, default_history_size, history_size, page_of};
pub use plain_text::plain_text;
pub use visitor::VisitorLogin;

use crate::{
    http::{origin::OriginPolicy, problem::Problem},
    model::{Error, ErrorCode},
    service::Service,
    socket::SocketLimits,
};
use poem::http::StatusCode;
use std::sync::Arc;

/// What every door works with; handed to handlers as request data.
#[derive(Clone)]
pub struct Doors {
    pub service: Arc<Service>,
    pub origins: OriginPolicy,
    pub socket_limits: Arc<SocketLimits>,
    pub guest_socket_limits: Arc<SocketLimits>,
}

/// Result of a handler.
pub type Answer<T> = std::result::Result<T, Problem>;

impl From<Error> for Problem {
    /// The one table from an error code to HTTP.
    fn from(error: Error) -> Self {
        let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut problem = Self::new(status, error.code.word(), error.detail.clone());
        if let Some(field) = error.field {
            problem = problem.field(field, error.detail);
        }
        if let Some(secs) = error.retry_after_secs {
            problem = problem.retry_after(secs);
        }
        match error.code {
            ErrorCode::Internal => problem.caused_by("see the line before"),
            _ => problem,
        }
    }
}
