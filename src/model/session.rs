//! Sign-ins.

use super::{AccountId, SessionId, Timestamp};
use serde::{Deserialize, Serialize};

/// One sign-in of one account on one device. Tokens name it, so ending it ends them all at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    pub account: AccountId,
    /// The refresh token that is good now carries this number; a smaller one was spent (RFC 9700 section 4.14.2).
    pub generation: u64,
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
    pub expires_at: Timestamp,
    /// What the client called itself, shortened.
    pub user_agent: String,
    /// Where it was signed in from.
    pub address: String,
}
