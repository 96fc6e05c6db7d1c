//! Registering, the first administrator, one's own account, and what administrators do to others'.

use super::{Actor, Service, SignedIn, access, sessions};
use crate::{
    config::Registration,
    identity::{PasswordHash, Secret, check_password},
    model::{
        Account, AccountChange, AccountId, AccountStatus, Error, Event, FileId, Profile, Result, SeatRole, SessionId,
        Timestamp,
    },
    rules::{self, names},
    store::{Tx, View},
};
use std::{net::IpAddr, sync::PoisonError, time::Instant};

/// Somebody who registers.
#[derive(Clone, Default)]
pub struct NewAccount {
    pub email: String,
    pub password: String,
    /// From the e-mail's local part when missing.
    pub username: Option<String>,
    pub is_seller: bool,
    pub name: String,
    pub surname: String,
    pub invite_code: Option<String>,
}

/// The first administrator, made with the code that was printed at start.
#[derive(Clone)]
pub struct SetUp {
    pub code: String,
    pub account: NewAccount,
    pub address: IpAddr,
    pub user_agent: String,
}

/// What may change in an account; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    pub username: Option<String>,
    pub email: Option<String>,
    pub name: Option<String>,
    pub surname: Option<String>,
    pub about: Option<String>,
}

impl Service {
    /// Registers somebody.
    pub async fn register(&self, new: NewAccount, address: IpAddr) -> Result<Account> {
        if self.config.registration == Registration::Closed {
            return Err(Error::forbidden("Registration is closed here. Ask the administrator for an account."));
        }
        self.throttle
            .registrations
            .take(crate::identity::network_of(address), Instant::now())
            .map_err(Error::throttled)?;
        let checked = self.check(&new)?;
        let needs_code = self.config.registration == Registration::InviteOnly;
        let code_hash = new.invite_code.as_deref().map(|code| Secret::from(code.trim().to_owned()).digest());
        if needs_code {
            let code = code_hash.map_or(Ok(None), |hash| self.store.snapshot().view().invite_code_by_hash(&hash))?;
            rules::invite_codes::spend(code, self.now())?;
        }
        let hash = self.passwords.hash(&new.password, Some(address)).await?;
        self.store
            .commit(None, move |tx| {
                if needs_code {
                    spend_invite_code(tx, code_hash)?;
                }
                register(tx, checked, hash, Admin::No)
            })
            .await
    }

    /// Whether the set-up form is open: there is no administrator yet.
    pub fn is_set_up_needed(&self) -> Result<bool> {
        Ok(self.store.snapshot().view().admins()?.is_empty())
    }

    /// The code for the set-up link, as long as there is no administrator. Each call makes a new one and ends the old.
    pub fn offer_set_up(&self) -> Result<Option<Secret>> {
        if !self.is_set_up_needed()? {
            return Ok(None);
        }
        let code = Secret::random();
        *self.set_up_code.lock().unwrap_or_else(PoisonError::into_inner) = Some(code.clone());
        Ok(Some(code))
    }

    /// Makes the first administrator and signs them in. Of two at once, one wins.
    pub async fn set_up(&self, set_up: SetUp) -> Result<SignedIn> {
        let SetUp { code, account, address, user_agent } = set_up;
        if !self.is_set_up_needed()? {
            return Err(Error::conflict("This site has an administrator already. Sign in instead."));
        }
        let offered = self.set_up_code.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let digest = Secret::from(code).digest();
        if !offered.is_some_and(|offered| offered.has_digest(&digest)) {
            return Err(Error::invalid(
                "token",
                "The set-up link is not valid. Use the newest one that the server printed at its start.",
            ));
        }
        let made = self.make_admin_account(account, OnlyIfNone::Yes, Some(address)).await?;
        *self.set_up_code.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.start_session(made.id, &user_agent, &address.to_string(), made.password_hash).await
    }

    pub(super) async fn make_admin_account(
        &self,
        new: NewAccount,
        only_if_none: OnlyIfNone,
        from: Option<IpAddr>,
    ) -> Result<Account> {
        let checked = self.check(&new)?;
        let hash = self.passwords.hash(&new.password, from).await?;
        self.store
            .commit(None, move |tx| {
                if only_if_none == OnlyIfNone::Yes && !tx.view().admins()?.is_empty() {
                    return Err(Error::conflict("This site has an administrator already."));
                }
                register(tx, checked, hash, Admin::Yes)
            })
            .await
    }

    fn check(&self, new: &NewAccount) -> Result<Checked> {
        let limits = &self.config.limits;
        let email = names::email(&new.email)?;
        let username = new.username.as_deref().filter(|name| !name.trim().is_empty());
        let username = username.map(|name| names::username(name, limits.name_chars)).transpose()?;
        let name = names::person_name("name", &new.name, limits.name_chars)?;
        let surname = names::person_name("surname", &new.surname, limits.name_chars)?;
        let words = [email.as_str(), username.as_deref().unwrap_or_default()];
        self.check_new_password("password", &new.password, &words)?;
        let fallback = names::username_from_email(&email, limits.name_chars);
        Ok(Checked { email, username, fallback, name, surname, is_seller: new.is_seller })
    }

    fn check_new_password(&self, field: &'static str, password: &str, words: &[&str]) -> Result<()> {
        let limits = &self.config.limits;
        if password.len() > limits.password_max_bytes {
            return Err(Error::invalid(field, format!("A password has at most {} bytes.", limits.password_max_bytes)));
        }
        check_password(password, words, limits.password_min_chars).map_err(|reason| Error::invalid(field, reason))
    }

    /// The actor's own account.
    pub fn own_account(&self, actor: Actor) -> Result<Account> {
        access::person(self.store.snapshot().view(), actor)
    }

    /// Changes a profile: one's own, or as site administrator anybody's.
    pub async fn change_profile(&self, actor: Actor, id: AccountId, change: ProfileChange) -> Result<Account> {
        let limits = self.config.limits.clone();
        self.store
            .commit(Some(actor.account()), move |tx| {
                let account = own_or_any(tx.view(), actor, id)?;
                let mut changed = account.clone();
                if let Some(username) = change.username {
                    changed.username = names::username(&username, limits.name_chars)?;
                    check_username_free(tx.view(), &changed)?;
                }
                if let Some(email) = change.email {
                    changed.email = Some(names::email(&email)?);
                    check_email_free(tx.view(), &changed)?;
                }
                if let Some(name) = change.name {
                    changed.profile.name = names::person_name("name", &name, limits.name_chars)?;
                }
                if let Some(surname) = change.surname {
                    changed.profile.surname = names::person_name("surname", &surname, limits.name_chars)?;
                }
                if let Some(about) = change.about {
                    changed.profile.about = names::free_text("about", &about, limits.about_chars)?;
                }
                save(tx, account, changed, AccountChange::Profile)
            })
            .await
    }

    pub(super) async fn set_avatar(&self, actor: Actor, avatar: Option<crate::model::File>) -> Result<Account> {
        let (account, old) = self
            .store
            .commit(Some(actor.account()), move |tx| {
                let account = access::person(tx.view(), actor)?;
                let old = account.profile.avatar;
                let mut changed = account.clone();
                changed.profile.avatar = avatar.as_ref().map(|file| file.id);
                if let Some(file) = avatar {
                    tx.emit(Event::FileStored(file))?;
                }
                if let Some(file) = old {
                    tx.emit(Event::FileRemoved { file })?;
                }
                Ok((save(tx, account, changed, AccountChange::Profile)?, old))
            })
            .await?;
        self.remove_blobs(old).await;
        Ok(account)
    }

    /// Changes the actor's password; all their other sessions end.
    pub async fn change_password(&self, actor: Actor, current: &str, new: &str, address: IpAddr) -> Result<()> {
        let account = self.own_account(actor)?;
        let id = account.id.to_string();
        let attempt = self.throttle.login.attempt(&id, address, Instant::now()).map_err(Error::throttled)?;
        let hash = account.password_hash.clone().map(PasswordHash::from);
        match self.passwords.verify(current, hash.as_ref(), Some(address)).await {
            Ok(true) => self.throttle.login.succeeded(attempt, Instant::now()),
            Ok(false) => return Err(Error::invalid("current_password", "This is not your current password.")),
            Err(error) => {
                self.throttle.login.withdraw(attempt);
                return Err(error.into());
            }
        }
        let words = [account.username.as_str(), account.email.as_deref().unwrap_or_default()];
        self.check_new_password("new_password", new, &words)?;
        let fresh = self.passwords.hash(new, Some(address)).await?;
        self.replace_password(account.id, Some(actor.session()), account.password_hash, fresh).await
    }

    async fn replace_password(
        &self,
        id: AccountId,
        keep: Option<SessionId>,
        checked: Option<String>,
        fresh: PasswordHash,
    ) -> Result<()> {
        self.store
            .commit(Some(id), move |tx| {
                let account = tx.view().account(id)?.ok_or_else(|| Error::not_found("account"))?;
                if checked.is_some() && account.password_hash != checked {
                    return Err(Error::conflict("The password was changed meanwhile."));
                }
                let changed = Account { password_hash: Some(fresh.into()), ..account.clone() };
                save(tx, account, changed, AccountChange::Password)?;
                sessions::end_all(tx, id, keep)
            })
            .await
    }

    /// Sets somebody's password without the old one: for the operator.
    pub(super) async fn reset_password(&self, id: AccountId, new: &str) -> Result<()> {
        self.check_new_password("password", new, &[])?;
        let fresh = self.passwords.hash(new, None).await?;
        self.replace_password(id, None, None, fresh).await
    }

    /// Blocks somebody: their sessions and sockets end at once. Nobody blocks themself.
    pub async fn block(&self, actor: Actor, id: AccountId) -> Result<Account> {
        self.store
            .commit(Some(actor.account()), move |tx| {
                access::administrator(tx.view(), actor)?;
                if id == actor.account() {
                    return Err(Error::bad_request("You cannot block yourself."));
                }
                set_status(tx, id, AccountStatus::Blocked, AccountChange::Blocked, Some(actor.account()))
            })
            .await
    }

    /// Lets somebody in again.
    pub async fn unblock(&self, actor: Actor, id: AccountId) -> Result<Account> {
        self.store
            .commit(Some(actor.account()), move |tx| {
                access::administrator(tx.view(), actor)?;
                set_status(tx, id, AccountStatus::Active, AccountChange::Unblocked, Some(actor.account()))
            })
            .await
    }

    /// The same for the operator, who is asked by nobody.
    pub(super) async fn set_blocked(&self, id: AccountId, blocked: Blocked) -> Result<Account> {
        let (status, change) = match blocked {
            Blocked::Yes => (AccountStatus::Blocked, AccountChange::Blocked),
            Blocked::No => (AccountStatus::Active, AccountChange::Unblocked),
        };
        self.store.commit(None, move |tx| set_status(tx, id, status, change, None)).await
    }

    /// Makes somebody site administrator.
    pub async fn make_admin(&self, actor: Actor, id: AccountId) -> Result<Account> {
        self.store
            .commit(Some(actor.account()), move |tx| {
                access::administrator(tx.view(), actor)?;
                let account = tx.view().account(id)?.filter(Account::is_active);
                let account = account.ok_or_else(|| Error::not_found("person"))?;
                let changed = Account { is_admin: true, ..account.clone() };
                save(tx, account, changed, AccountChange::MadeAdmin)
            })
            .await
    }

    /// Deletes an account: one's own, or as site administrator anybody's. What was written stays, without the name.
    pub async fn delete_account(&self, actor: Actor, id: AccountId) -> Result<()> {
        let avatar = self
            .store
            .commit(Some(actor.account()), move |tx| {
                let account = own_or_any(tx.view(), actor, id)?;
                if account.is_admin && !another_admin(tx.view(), id)? {
                    return Err(Error::conflict(
                        "You are the only administrator. Make somebody else administrator first.",
                    ));
                }
                erase(tx, account, actor.account())
            })
            .await?;
        self.remove_blobs(avatar).await;
        Ok(())
    }
}

/// Whether an administrator is only made when there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnlyIfNone {
    Yes,
    No,
}

/// Whether somebody is to be blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blocked {
    Yes,
    No,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Admin {
    Yes,
    No,
}

struct Checked {
    email: String,
    username: Option<String>,
    fallback: String,
    name: String,
    surname: String,
    is_seller: bool,
}

fn register(tx: &mut Tx, checked: Checked, hash: PasswordHash, admin: Admin) -> Result<Account> {
    let username = match checked.username {
        Some(username) => username,
        None => free_username(tx.view(), &checked.fallback)?,
    };
    let account = Account {
        id: AccountId::new(),
        username,
        email: Some(checked.email),
        profile: Profile { name: checked.name, surname: checked.surname, ..Profile::default() },
        password_hash: Some(hash.into()),
        status: AccountStatus::Active,
        is_admin: admin == Admin::Yes,
        is_seller: checked.is_seller,
        created_at: tx.now(),
    };
    check_email_free(tx.view(), &account)?;
    check_username_free(tx.view(), &account)?;
    tx.emit(Event::AccountRegistered(account.clone()))?;
    Ok(account)
}

fn free_username(view: View<'_>, wanted: &str) -> Result<String> {
    if view.account_by_username(wanted)?.is_none() {
        return Ok(wanted.to_owned());
    }
    for number in 2..100_000u32 {
        let candidate = format!("{wanted}{number}");
        if view.account_by_username(&candidate)?.is_none() {
            return Ok(candidate);
        }
    }
    Err(Error::taken("username", "Choose a username."))
}

fn check_username_free(view: View<'_>, account: &Account) -> Result<()> {
    match view.account_by_username(&account.username)? {
        Some(other) if other != account.id => {
            Err(Error::taken("username", "This username is taken. Choose another one."))
        }
        _ => Ok(()),
    }
}

fn check_email_free(view: View<'_>, account: &Account) -> Result<()> {
    let Some(email) = &account.email else { return Ok(()) };
    match view.account_by_email(email)? {
        Some(other) if other != account.id => {
            Err(Error::taken("email", "There is an account with this e-mail address already. Sign in instead."))
        }
        _ => Ok(()),
    }
}

fn spend_invite_code(tx: &mut Tx, hash: Option<[u8; 32]>) -> Result<()> {
    let code = hash.map_or(Ok(None), |hash| tx.view().invite_code_by_hash(&hash))?;
    let left = rules::invite_codes::spend(code, tx.now())?;
    let event =
        if left.uses_left == 0 { Event::InviteCodeRemoved { code: left.id } } else { Event::InviteCodeSaved(left) };
    tx.emit(event)?;
    Ok(())
}

/// The account to be changed, if the actor may change it.
fn own_or_any(view: View<'_>, actor: Actor, id: AccountId) -> Result<Account> {
    let account = access::person(view, actor)?;
    if account.id == id {
        return Ok(account);
    }
    if !account.is_admin {
        return Err(Error::forbidden("Only the person themself or a site administrator may do this."));
    }
    registered(view.account(id)?)
}

/// Somebody who has an account of their own, blocked or not. A guest has none.
pub(super) fn registered(account: Option<Account>) -> Result<Account> {
    let account = account.filter(|account| account.status != AccountStatus::Deleted);
    let account = account.ok_or_else(|| Error::not_found("person"))?;
    if account.status == AccountStatus::Guest {
        return Err(Error::conflict(
            "This is a guest, who has no account that could be changed or blocked. Delete what they wrote, or switch \
             guests off with `guests = false` in the configuration.",
        ));
    }
    Ok(account)
}

fn save(tx: &mut Tx, before: Account, after: Account, change: AccountChange) -> Result<Account> {
    if after != before {
        tx.emit(Event::AccountChanged { account: after.clone(), change })?;
    }
    Ok(after)
}

fn set_status(
    tx: &mut Tx,
    id: AccountId,
    status: AccountStatus,
    change: AccountChange,
    by: Option<AccountId>,
) -> Result<Account> {
    let account = registered(tx.view().account(id)?)?;
    if status == AccountStatus::Blocked {
        sessions::end_all(tx, id, None)?;
    }
    let changed = save(tx, account.clone(), Account { status, ..account.clone() }, change)?;
    if status == AccountStatus::Blocked {
        super::withdrawals::lapse_everywhere(tx, &account, by)?;
    }
    Ok(changed)
}

fn another_admin(view: View<'_>, than: AccountId) -> Result<bool> {
    Ok(view.admins()?.into_iter().any(|admin| admin != than))
}

fn erase(tx: &mut Tx, account: Account, by: AccountId) -> Result<Option<FileId>> {
    let id = account.id;
    leave_salons(tx, id, by)?;
    sessions::end_all(tx, id, None)?;
    for room in tx.view().rooms_of(id)? {
        super::rooms::depart(tx, room, id)?;
    }
    let avatar = account.profile.avatar;
    if let Some(file) = avatar {
        tx.emit(Event::FileRemoved { file })?;
    }
    let erased = Account {
        id,
        // Nobody can register this one: a tilde is not allowed in usernames.
        username: format!("deleted~{}", id.uuid().simple()),
        email: None,
        profile: Profile { name: "Deleted account".into(), ..Profile::default() },
        password_hash: None,
        status: AccountStatus::Deleted,
        is_admin: false,
        is_seller: false,
        created_at: Timestamp::from_micros(account.created_at.micros()),
    };
    tx.emit(Event::AccountChanged { account: erased, change: AccountChange::Deleted })?;
    super::withdrawals::lapse_everywhere(tx, &account, Some(by))?;
    Ok(avatar)
}

/// Gives up somebody's seats and takes back what they asked for. A salon is never closed by the way.
fn leave_salons(tx: &mut Tx, account: AccountId, by: AccountId) -> Result<()> {
    for held in tx.view().seats_of(account)? {
        let (Some(salon), Some(seat)) = (tx.view().salon(held.salon)?, tx.view().seat(held.salon, held.role)?) else {
            continue;
        };
        if held.role == SeatRole::Superuser {
            let name = salon.name;
            return Err(Error::conflict(format!(
                "This person is superuser of {name}. Hand that salon over or close it first."
            )));
        }
        super::seats::remove(tx, &salon, seat, Some(by))?;
    }
    for invitation in tx.view().invitations_of_account(account)? {
        if invitation.is_pending() {
            super::withdrawals::remove(tx, invitation)?;
        }
    }
    for unseen in tx.view().notifications(account)? {
        tx.emit(Event::NotificationSeen { account, notification: unseen.id })?;
    }
    Ok(())
}
