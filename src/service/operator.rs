//! What the operator does from the command line, asked by nobody.

use super::{
    NewAccount, Service,
    accounts::{Blocked, OnlyIfNone},
    invite_codes::IssuedInviteCode,
    sessions::find_by_login,
};
use crate::{
    identity::TokenKind,
    model::{Account, Error, Result},
    store::{GO_ON, StoreError, archive},
};
use std::path::PathBuf;

impl Service {
    /// Makes one more administrator.
    pub async fn create_admin(&self, new: NewAccount) -> Result<Account> {
        self.make_admin_account(new, OnlyIfNone::No).await
    }

    /// Makes the first administrator, if there is none; says whether it did.
    pub async fn ensure_admin(&self, new: NewAccount) -> Result<Option<Account>> {
        if !self.is_set_up_needed()? {
            return Ok(None);
        }
        self.make_admin_account(new, OnlyIfNone::Yes).await.map(Some)
    }

    /// Everybody, by username.
    pub fn all_accounts(&self) -> Result<Vec<Account>> {
        let mut accounts = Vec::new();
        self.store.snapshot().view().each_account(|account| {
            accounts.push(account);
            GO_ON
        })?;
        Ok(accounts)
    }

    fn by_login(&self, login: &str) -> Result<Account> {
        let found = find_by_login(self.store.snapshot().view(), login.trim())?;
        found.ok_or_else(|| Error::not_found("account"))
    }

    /// Blocks somebody.
    pub async fn block_by_login(&self, login: &str) -> Result<Account> {
        self.set_blocked(self.by_login(login)?.id, Blocked::Yes).await
    }

    /// Lets somebody in again.
    pub async fn unblock_by_login(&self, login: &str) -> Result<Account> {
        self.set_blocked(self.by_login(login)?.id, Blocked::No).await
    }

    /// Gives somebody a new password and ends their sessions.
    pub async fn reset_password_by_login(&self, login: &str, password: &str) -> Result<Account> {
        let account = self.by_login(login)?;
        self.reset_password(account.id, password).await?;
        Ok(account)
    }

    /// Makes a code with which people may register.
    pub async fn issue_invite_code_as_operator(&self, uses: u32, valid_days: u32) -> Result<IssuedInviteCode> {
        self.make_invite_code(None, uses, valid_days).await
    }

    /// An access token for a script that acts as somebody.
    pub async fn issue_access_token(&self, login: &str, ttl_secs: Option<u64>) -> Result<String> {
        let account = self.by_login(login)?;
        let signed_in = self.start_session(account.id, "parlor token", "command line", account.password_hash).await?;
        let (kind, actor) = (TokenKind::Access, signed_in.actor);
        let ttl_secs = ttl_secs.unwrap_or_else(|| self.tokens.ttl_secs(kind));
        Ok(self.tokens.issue_for(ttl_secs, kind, actor.account(), actor.session(), 0, self.now_secs()))
    }

    /// Writes a backup.
    pub async fn back_up(&self, out: PathBuf) -> Result<archive::Summary> {
        self.store.back_up(out).await.map_err(told)
    }

    /// Writes an export; says how many lines.
    pub async fn export(&self, out: Box<dyn std::io::Write + Send>) -> Result<u64> {
        self.store.export(out).await.map_err(told)
    }

    /// Open sockets.
    pub fn socket_count(&self) -> usize {
        self.hub.socket_count()
    }
}

/// The operator hears what the disk said, and about which file: a wrong path is mended by naming another one.
fn told(error: StoreError) -> Error {
    match error {
        StoreError::Io { .. } | StoreError::Refused(_) => Error::bad_request(error.to_string()),
        error => error.into(),
    }
}
