//! What the operator does from the command line, asked by nobody.

use super::{
    NewAccount, SalonLogCard, Service,
    accounts::{Blocked, OnlyIfNone, registered},
    invite_codes::IssuedInviteCode,
    salon_cards, seats,
    sessions::find_by_login,
};
use crate::{
    identity::TokenKind,
    model::{Account, Error, Invitation, InvitationCard, Result, Salon, SalonCard, SeatCard, SeatRole},
    store::{GO_ON, StoreError, View, archive},
};
use std::path::PathBuf;

/// Everything that the operator may want to know about a salon.
#[derive(Clone, Debug)]
pub struct SalonReport {
    pub card: SalonCard,
    pub seats: Vec<SeatCard>,
    pub pending: Vec<InvitationCard>,
    /// Oldest first.
    pub log: Vec<SalonLogCard>,
}

/// Who sat where.
#[derive(Clone, Debug)]
pub struct RemovedSeat {
    /// The salon's name.
    pub salon: String,
    /// The person's username.
    pub holder: String,
}

impl Service {
    /// Makes one more administrator.
    pub async fn create_admin(&self, new: NewAccount) -> Result<Account> {
        self.make_admin_account(new, OnlyIfNone::No, None).await
    }

    /// Makes the first administrator, if there is none; says whether it did.
    pub async fn ensure_admin(&self, new: NewAccount) -> Result<Option<Account>> {
        if !self.is_set_up_needed()? {
            return Ok(None);
        }
        self.make_admin_account(new, OnlyIfNone::Yes, None).await.map(Some)
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
        registered(Some(found.ok_or_else(|| Error::not_found("account"))?))
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

    /// All salons, oldest first.
    pub fn all_salons(&self) -> Result<Vec<SalonCard>> {
        let snapshot = self.store.snapshot();
        let view = snapshot.view();
        view.salons()?.into_iter().map(|salon| salon_cards::salon(view, salon)).collect()
    }

    /// Everything about one salon.
    pub fn salon_by_name_or_id(&self, salon: &str) -> Result<SalonReport> {
        let snapshot = self.store.snapshot();
        let view = snapshot.view();
        let salon = find_salon(view, salon)?;
        let id = salon.id;
        let pending = view.invitations_of_salon(id)?.into_iter().filter(Invitation::is_pending);
        Ok(SalonReport {
            card: salon_cards::salon(view, salon)?,
            seats: view.seats(id)?.into_iter().map(|seat| salon_cards::seat(view, seat)).collect::<Result<_>>()?,
            pending: pending.map(|invitation| salon_cards::invitation(view, invitation)).collect::<Result<_>>()?,
            log: salon_cards::log(view, view.salon_log(id)?)?,
        })
    }

    /// Takes a seat away from its holder. The superuser's only if the salon is meant to go with it.
    pub async fn remove_seat_as_operator(&self, salon: &str, role: SeatRole, close_salon: bool) -> Result<RemovedSeat> {
        let salon = salon.to_owned();
        let (removed, files) = self
            .store
            .commit(None, move |tx| {
                let salon = find_salon(tx.view(), &salon)?;
                let seat = tx.view().seat(salon.id, role)?;
                let seat = seat.ok_or_else(|| Error::bad_request("This seat is vacant."))?;
                if role == SeatRole::Superuser && !close_salon {
                    return Err(Error::bad_request(
                        "Without its superuser the salon is deleted, with its staff room and all seats; add --close-salon if that is meant",
                    ));
                }
                let holder = salon_cards::seat(tx.view(), seat.clone())?.holder.username;
                let removed = RemovedSeat { salon: salon.name.clone(), holder };
                Ok((removed, seats::remove(tx, &salon, seat, None)?))
            })
            .await?;
        self.remove_blobs(files).await;
        Ok(removed)
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

/// By id, or by a name that only one salon has.
fn find_salon(view: View<'_>, wanted: &str) -> Result<Salon> {
    if let Ok(id) = wanted.parse() {
        return view.salon(id)?.ok_or_else(|| Error::bad_request("there is no salon with this id"));
    }
    let mut named = view.salons()?;
    named.retain(|salon| salon.name.to_lowercase() == wanted.trim().to_lowercase());
    match (named.pop(), named.is_empty()) {
        (Some(salon), true) => Ok(salon),
        (Some(_), false) => {
            Err(Error::bad_request("several salons have this name; use the id from `parlor salon list`"))
        }
        (None, _) => Err(Error::bad_request("there is no salon of this name; `parlor salon list` shows them")),
    }
}
