//! The one error of the inner layers. Each door has one table from `ErrorCode` to its own shape.

use std::{borrow::Cow, fmt};

/// What went wrong, in words a person can act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub code: ErrorCode,
    /// A sentence for the person: what was wrong and what would be right.
    pub detail: Cow<'static, str>,
    /// The input field that is to blame, if one is.
    pub field: Option<&'static str>,
    /// For `Throttled` and `Busy`: when to try again.
    pub retry_after_secs: Option<u64>,
}

/// Result of everything in rules and service.
pub type Result<T> = std::result::Result<T, Error>;

/// Stable words for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    Invalid,
    Unauthenticated,
    Forbidden,
    NotFound,
    Conflict,
    TooLarge,
    UnsupportedType,
    Throttled,
    Busy,
    StorageFull,
    Internal,
}

impl ErrorCode {
    /// The word used on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::TooLarge => "too_large",
            Self::UnsupportedType => "unsupported_type",
            Self::Throttled => "throttled",
            Self::Busy => "busy",
            Self::StorageFull => "storage_full",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status that says the same.
    pub const fn status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::UnsupportedType => 415,
            Self::Throttled => 429,
            Self::Busy => 503,
            Self::StorageFull => 507,
            Self::Internal => 500,
        }
    }
}

impl Error {
    fn new(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), field: None, retry_after_secs: None }
    }

    /// A field of the input is wrong.
    pub fn invalid(field: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { field: Some(field), ..Self::new(ErrorCode::Invalid, detail) }
    }

    /// The input as a whole is wrong.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::Invalid, detail)
    }

    /// Nobody is signed in, or no longer.
    pub fn unauthenticated(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::Unauthenticated, detail)
    }

    /// Signed in, but not allowed.
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::Forbidden, detail)
    }

    /// No such thing that the actor may know of.
    pub fn not_found(what: &'static str) -> Self {
        Self::new(ErrorCode::NotFound, format!("There is no such {what}, or you are not allowed to see it."))
    }

    /// The thing is in a state that does not allow this.
    pub fn conflict(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::Conflict, detail)
    }

    /// The same, with a field to blame: a taken name.
    pub fn taken(field: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { field: Some(field), ..Self::new(ErrorCode::Conflict, detail) }
    }

    /// More than a limit allows.
    pub fn too_large(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::TooLarge, detail)
    }

    /// Not a type that can be used here.
    pub fn unsupported_type(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::UnsupportedType, detail)
    }

    /// Too many attempts.
    pub fn throttled(retry_after_secs: u64) -> Self {
        Self::too_many("attempts", retry_after_secs)
    }

    /// Too many frames on one socket.
    pub fn too_many_frames() -> Self {
        Self::too_many("messages", 1)
    }

    fn too_many(what: &str, retry_after_secs: u64) -> Self {
        let detail = format!("Too many {what}. Try again in {}.", seconds(retry_after_secs));
        Self { retry_after_secs: Some(retry_after_secs), ..Self::new(ErrorCode::Throttled, detail) }
    }

    /// Too much to do at the moment.
    pub fn busy() -> Self {
        let detail = "The server has too much to do at the moment. Try again in a second.";
        Self { retry_after_secs: Some(1), ..Self::new(ErrorCode::Busy, detail) }
    }

    /// The disk has no room.
    pub fn storage_full() -> Self {
        let detail = "The server's disk is full: nothing new can be saved until there is room. Reading still works.";
        Self::new(ErrorCode::StorageFull, detail)
    }

    /// A fault of ours. The cause is in the log, never here.
    pub fn internal() -> Self {
        Self::new(ErrorCode::Internal, "Something went wrong on the server. The operator finds the cause in the log.")
    }
}

/// So many seconds, in words.
pub fn seconds(count: u64) -> String {
    if count == 1 { "1 second".into() } else { format!("{count} seconds") }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Error {}
