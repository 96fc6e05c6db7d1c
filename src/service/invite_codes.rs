//! Codes that let people register while registration is by invitation.

use super::{Actor, Service, access};
use crate::{
    identity::Secret,
    model::{AccountId, Error, Event, InviteCode, InviteCodeId, Result},
};

/// Uses of one code, at most.
const USES_MAX: u32 = 1_000;
/// Days that a code is good, at most.
const DAYS_MAX: u32 = 365;

/// A new code; it is shown once.
pub struct IssuedInviteCode {
    pub secret: Secret,
    pub code: InviteCode,
}

impl Service {
    /// Makes a code: for site administrators.
    pub async fn issue_invite_code(&self, actor: Actor, uses: u32, valid_days: u32) -> Result<IssuedInviteCode> {
        access::administrator(self.store.snapshot().view(), actor)?;
        self.make_invite_code(Some(actor.account()), uses, valid_days).await
    }

    pub(super) async fn make_invite_code(
        &self,
        created_by: Option<AccountId>,
        uses: u32,
        valid_days: u32,
    ) -> Result<IssuedInviteCode> {
        if !(1..=USES_MAX).contains(&uses) {
            return Err(Error::invalid("uses", format!("Between 1 and {USES_MAX} uses are possible.")));
        }
        if !(1..=DAYS_MAX).contains(&valid_days) {
            return Err(Error::invalid("valid_days", format!("Between 1 and {DAYS_MAX} days are possible.")));
        }
        let secret = Secret::random();
        let code_hash = secret.digest();
        let code = self
            .store
            .commit(created_by, move |tx| {
                let now = tx.now();
                let expires_at = now.plus_secs(i64::from(valid_days) * 86_400);
                let id = tx.id();
                let code = InviteCode { id, code_hash, created_by, created_at: now, expires_at, uses_left: uses };
                tx.emit(Event::InviteCodeSaved(code.clone()))?;
                Ok(code)
            })
            .await?;
        Ok(IssuedInviteCode { secret, code })
    }

    /// The codes that are still good for something.
    pub fn invite_codes(&self, actor: Actor) -> Result<Vec<InviteCode>> {
        let snapshot = self.store.snapshot();
        access::administrator(snapshot.view(), actor)?;
        Ok(snapshot.view().invite_codes()?)
    }

    /// Takes a code back.
    pub async fn revoke_invite_code(&self, actor: Actor, id: InviteCodeId) -> Result<()> {
        self.store
            .commit(Some(actor.account()), move |tx| {
                access::administrator(tx.view(), actor)?;
                tx.view().invite_code(id)?.ok_or_else(|| Error::not_found("invite code"))?;
                tx.emit(Event::InviteCodeRemoved { code: id })?;
                Ok(())
            })
            .await
    }
}
