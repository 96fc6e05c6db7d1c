//! Who is asking.

use crate::model::{AccountId, SessionId};

/// Somebody signed in. Only the service makes one; it names the session, so that what the session loses, the actor
/// loses too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    account: AccountId,
    session: SessionId,
}

impl Actor {
    pub(super) const fn new(account: AccountId, session: SessionId) -> Self {
        Self { account, session }
    }

    /// Whose account.
    pub const fn account(self) -> AccountId {
        self.account
    }

    /// Which sign-in.
    pub const fn session(self) -> SessionId {
        self.session
    }
}
