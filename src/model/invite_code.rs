//! Codes that let people register while registration is by invitation.

use super::{AccountId, InviteCodeId, Timestamp};
use serde::{Deserialize, Serialize};

/// A code for registering. Only its hash is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteCode {
    pub id: InviteCodeId,
    /// SHA-256 of the code.
    pub code_hash: [u8; 32],
    /// `None` when the operator made it on the command line.
    pub created_by: Option<AccountId>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub uses_left: u32,
}
