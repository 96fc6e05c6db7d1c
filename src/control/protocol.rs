//! What can be asked and answered, as JSON. Spoken only between equal versions on one machine, so it may change freely.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::config::Secret;

/// Something the operator wants. A `login` is a username or an e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum ControlRequest {
    AdminCreate {
        email: String,
        username: String,
        /// The display name; absent: the username.
        name: Option<String>,
        password: Secret,
    },
    UserList,
    UserBlock {
        login: String,
    },
    UserUnblock {
        login: String,
    },
    UserResetPassword {
        login: String,
        password: Secret,
    },
    InviteCreate {
        /// How many people may use it.
        uses: u32,
        valid_days: u32,
    },
    SalonList,
    /// A `salon` is an id or a name.
    SalonShow {
        salon: String,
    },
    SeatRemove {
        salon: String,
        role: String,
        /// The superuser's seat too, which deletes the salon.
        close_salon: bool,
    },
    /// An access token of the account; absent `ttl_secs`: the configured one.
    Token {
        login: String,
        ttl_secs: Option<u64>,
    },
    /// `out` is absolute and written by the server.
    Backup {
        out: PathBuf,
    },
    /// `out` is absolute and written by the server.
    Export {
        out: PathBuf,
    },
    Compact,
    Status,
}

/// The outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum ControlReply {
    /// Done; lines for standard output.
    Ok { lines: Vec<String> },
    /// Refused or failed; nothing was changed. One sentence for the error line.
    Error { message: String },
}
