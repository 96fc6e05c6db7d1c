//! The directory: who there is.

use super::{Actor, Service, access};
use crate::{
    model::{Account, AccountId, AccountStatus, ChatRole, Error, Result},
    rules::roles,
    store::{GO_ON, View},
};

/// How much of an account somebody may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Name, role and profile.
    Public,
    /// E-mail address and marks too: for oneself and site administrators.
    Full,
}

/// An account as this actor may see it.
#[derive(Clone, Debug)]
pub struct PersonDetails {
    pub account: Account,
    /// The role shown beside the name.
    pub role: ChatRole,
    pub holds_seat: bool,
    /// Marked as seller, or holding a seller's seat; also when another role is shown.
    pub is_seller: bool,
    pub online: bool,
    pub visibility: Visibility,
}

impl Service {
    /// Everybody whose name contains `search`, by username: a page of them, and how many there are. Blocked people are
    /// shown to administrators only, deleted ones to nobody.
    pub fn directory(
        &self,
        actor: Actor,
        search: &str,
        skip: usize,
        take: usize,
    ) -> Result<(Vec<PersonDetails>, usize)> {
        let snapshot = self.store.snapshot();
        let viewer = access::person(snapshot.view(), actor)?;
        let search = search.trim().to_lowercase();
        let (mut found, mut count) = (Vec::new(), 0_usize);
        snapshot.view().each_account(|account| {
            if is_listed(&viewer, &account) && matches(&viewer, &account, &search) {
                if (skip..skip.saturating_add(take)).contains(&count) {
                    found.push(account);
                }
                count += 1;
            }
            GO_ON
        })?;
        let page = found.into_iter().map(|account| self.details(snapshot.view(), &viewer, account));
        Ok((page.collect::<Result<_>>()?, count))
    }

    /// One person.
    pub fn person(&self, actor: Actor, id: AccountId) -> Result<PersonDetails> {
        let snapshot = self.store.snapshot();
        let viewer = access::person(snapshot.view(), actor)?;
        let account = snapshot.view().account(id)?.filter(|account| is_listed(&viewer, account));
        self.details(snapshot.view(), &viewer, account.ok_or_else(|| Error::not_found("person"))?)
    }

    /// An account as the actor sees it after an operation on it.
    pub fn details_for(&self, actor: Actor, account: Account) -> Result<PersonDetails> {
        let snapshot = self.store.snapshot();
        let viewer = access::person(snapshot.view(), actor)?;
        self.details(snapshot.view(), &viewer, account)
    }

    /// One's own account.
    pub fn own_details(&self, actor: Actor) -> Result<PersonDetails> {
        let snapshot = self.store.snapshot();
        let account = access::person(snapshot.view(), actor)?;
        self.details(snapshot.view(), &account.clone(), account)
    }

    /// An account as its own person sees it.
    pub fn details_for_self(&self, account: Account) -> Result<PersonDetails> {
        let snapshot = self.store.snapshot();
        self.details(snapshot.view(), &account.clone(), account)
    }

    fn details(&self, view: View<'_>, viewer: &Account, account: Account) -> Result<PersonDetails> {
        let is_full = viewer.is_admin || viewer.id == account.id;
        let visibility = if is_full { Visibility::Full } else { Visibility::Public };
        let held = view.seats_of(account.id)?;
        Ok(PersonDetails {
            online: self.hub.is_online(account.id),
            role: roles::chat_role(&account, &held),
            holds_seat: !held.is_empty(),
            is_seller: roles::is_seller(&account, &held),
            account,
            visibility,
        })
    }
}

fn is_listed(viewer: &Account, account: &Account) -> bool {
    match account.status {
        AccountStatus::Active => true,
        AccountStatus::Blocked => viewer.is_admin,
        AccountStatus::Deleted | AccountStatus::Guest => false,
    }
}

fn matches(viewer: &Account, account: &Account, search: &str) -> bool {
    let contains = |text: &str| text.to_lowercase().contains(search);
    search.is_empty()
        || contains(&account.username)
        || contains(&account.display_name())
        || (viewer.is_admin && account.email.as_deref().is_some_and(contains))
}
