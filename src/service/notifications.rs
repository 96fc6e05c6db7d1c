//! What a person is told once and keeps until they have seen it.

use super::{Actor, Service, access, salon_cards};
use crate::{
    model::{
        AccountId, AccountStatus, Error, Event, Notification, NotificationCard, NotificationId, NotificationKind,
        Result, Salon, SeatRole,
    },
    store::Tx,
};

impl Service {
    /// What the actor has not seen yet, newest first.
    pub fn notifications(&self, actor: Actor) -> Result<Vec<NotificationCard>> {
        let snapshot = self.store.snapshot();
        let account = access::person(snapshot.view(), actor)?;
        let unseen = snapshot.view().notifications(account.id)?;
        unseen.into_iter().rev().map(|unseen| salon_cards::notification(snapshot.view(), unseen)).collect()
    }

    /// The actor has seen one.
    pub async fn see_notification(&self, actor: Actor, id: NotificationId) -> Result<()> {
        self.store
            .commit(Some(actor.account()), move |tx| {
                let account = access::person(tx.view(), actor)?.id;
                tx.view().notification(account, id)?.ok_or_else(|| Error::not_found("notification"))?;
                Ok(tx.emit(Event::NotificationSeen { account, notification: id })?)
            })
            .await
    }

    /// The actor has seen them all.
    pub async fn see_all_notifications(&self, actor: Actor) -> Result<()> {
        self.store
            .commit(Some(actor.account()), move |tx| {
                let account = access::person(tx.view(), actor)?.id;
                for unseen in tx.view().notifications(account)? {
                    tx.emit(Event::NotificationSeen { account, notification: unseen.id })?;
                }
                Ok(())
            })
            .await
    }
}

/// Tells somebody what was decided about them, within a mutation; nobody is told what they did themself, nor after
/// their account was deleted.
pub(super) fn raise(
    tx: &mut Tx,
    account: AccountId,
    kind: NotificationKind,
    salon: &Salon,
    role: Option<SeatRole>,
    by: Option<AccountId>,
    reason: Option<String>,
) -> Result<()> {
    let is_there = tx.view().account(account)?.is_some_and(|account| account.status != AccountStatus::Deleted);
    if by == Some(account) || !is_there {
        return Ok(());
    }
    let (id, at, salon_name) = (tx.id(), tx.now(), salon.name.clone());
    let notification = Notification { id, account, at, kind, salon: salon.id, salon_name, role, reason, by };
    Ok(tx.emit(Event::NotificationRaised(notification))?)
}
