//! Founding, reading, changing and deleting salons, and their log.

use super::{Actor, Service, access, salon_cards, seats};
use crate::{
    model::{
        Account, AccountId, Error, Event, FileId, Membership, NotificationKind, PersonCard, Result, Room, RoomKind,
        RoomRole, Salon, SalonAction, SalonCard, SalonId, SalonLogLine, Seat, SeatCard, SeatRole,
    },
    rules::{
        names,
        salons::{SalonAct, SalonStanding, may_found, permit},
    },
    store::{Tx, View},
};

/// A salon to be founded, or what changes in one; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct SalonChange {
    pub name: Option<String>,
    pub location: Option<String>,
}

/// Which salons a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SalonScope {
    All,
    /// Where the actor holds a seat.
    Mine,
}

/// A salon as one person sees it.
#[derive(Clone, Debug)]
pub struct SalonDetails {
    pub card: SalonCard,
    /// The seat that this person holds.
    pub my_role: Option<SeatRole>,
    pub may_change: bool,
    pub may_delete: bool,
    pub may_decide: bool,
    pub may_read_log: bool,
    /// All four, superuser first.
    pub chairs: Vec<Chair>,
}

/// One of the four chairs, as one person sees it.
#[derive(Clone, Debug)]
pub struct Chair {
    pub role: SeatRole,
    pub is_vacant: bool,
    /// `None` as well when this person may not see who sits there.
    pub seat: Option<SeatCard>,
    /// The superuser is known to everybody.
    pub holder: Option<PersonCard>,
    pub may_remove: bool,
    pub may_hand_over: bool,
}

/// A line of a salon's log with the names in it.
#[derive(Clone, Debug)]
pub struct SalonLogCard {
    pub line: SalonLogLine,
    pub by: Option<PersonCard>,
    pub person: Option<PersonCard>,
}

/// Somebody who may do what was asked in a salon.
pub(super) struct InSalon {
    pub account: Account,
    pub salon: Salon,
    pub standing: SalonStanding,
}

/// What the actor is to a salon that is there.
pub(super) fn enter(view: View<'_>, actor: Actor, id: SalonId) -> Result<InSalon> {
    let account = access::person(view, actor)?;
    let salon = view.salon(id)?.ok_or_else(|| Error::not_found("salon"))?;
    let standing = standing(view, &account, id)?;
    Ok(InSalon { account, salon, standing })
}

/// The same, for one kind of act.
pub(super) fn enter_for(view: View<'_>, actor: Actor, id: SalonId, act: SalonAct) -> Result<InSalon> {
    let inside = enter(view, actor, id)?;
    permit(inside.standing, act)?;
    Ok(inside)
}

pub(super) fn standing(view: View<'_>, account: &Account, salon: SalonId) -> Result<SalonStanding> {
    let held = view.seats_of(account.id)?;
    let seat = held.into_iter().find(|held| held.salon == salon).map(|held| held.role);
    Ok(SalonStanding { seat, is_site_admin: account.is_admin })
}

impl Service {
    /// Founds a salon: the actor holds its first seat, and its staff room is there.
    pub async fn found_salon(&self, actor: Actor, new: SalonChange) -> Result<SalonDetails> {
        let limits = self.config.limits.clone();
        self.store
            .commit(Some(actor.account()), move |tx| {
                let account = access::person(tx.view(), actor)?;
                let name = names::salon(&new.name.unwrap_or_default(), limits.name_chars)?;
                let location = names::location(&new.location.unwrap_or_default(), limits.topic_chars)?;
                may_found(&tx.view().seats_of(account.id)?)?;
                let (id, staff_room, now) = (tx.id(), tx.id(), tx.now());
                let salon = Salon { id, name, location, created_by: account.id, created_at: now, staff_room };
                tx.emit(Event::RoomOpened(staff_room_of(&salon)))?;
                tx.emit(Event::SalonOpened(salon.clone()))?;
                seats::fill(tx, &salon, SeatRole::Superuser, account.id, &limits)?;
                log(tx, &salon, Some(account.id), Logged::of(SalonAction::Founded))?;
                details(tx.view(), &account, salon)
            })
            .await
    }

    /// The salons of a scope whose name or location contains `search`, oldest first: a page of them, and how many there are.
    pub fn salons(
        &self,
        actor: Actor,
        scope: SalonScope,
        search: &str,
        skip: usize,
        take: usize,
    ) -> Result<(Vec<SalonDetails>, usize)> {
        let snapshot = self.store.snapshot();
        let view = snapshot.view();
        let account = access::person(view, actor)?;
        let held = view.seats_of(account.id)?;
        let search = search.trim().to_lowercase();
        let mut found = view.salons()?;
        found.retain(|salon| {
            (scope == SalonScope::All || held.iter().any(|held| held.salon == salon.id))
                && (salon.name.to_lowercase().contains(&search) || salon.location.to_lowercase().contains(&search))
        });
        let total = found.len();
        let page = found.into_iter().skip(skip).take(take);
        Ok((page.map(|salon| details(view, &account, salon)).collect::<Result<_>>()?, total))
    }

    /// One salon.
    pub fn salon(&self, actor: Actor, id: SalonId) -> Result<SalonDetails> {
        let snapshot = self.store.snapshot();
        let inside = enter(snapshot.view(), actor, id)?;
        details(snapshot.view(), &inside.account, inside.salon)
    }

    /// Changes name or location; the staff room is called after its salon.
    pub async fn change_salon(&self, actor: Actor, id: SalonId, change: SalonChange) -> Result<SalonDetails> {
        let limits = self.config.limits.clone();
        self.store
            .commit(Some(actor.account()), move |tx| {
                let InSalon { account, salon, .. } = enter_for(tx.view(), actor, id, SalonAct::Change)?;
                let mut changed = salon.clone();
                if let Some(name) = change.name {
                    changed.name = names::salon(&name, limits.name_chars)?;
                }
                if let Some(location) = change.location {
                    changed.location = names::location(&location, limits.topic_chars)?;
                }
                if changed != salon {
                    tx.emit(Event::SalonChanged(changed.clone()))?;
                    if changed.name != salon.name {
                        tx.emit(Event::RoomChanged(staff_room_of(&changed)))?;
                    }
                    log(tx, &changed, Some(account.id), Logged::of(SalonAction::Changed))?;
                }
                details(tx.view(), &account, changed)
            })
            .await
    }

    /// Deletes a salon: its seats are free, its invitations and its staff room are gone. Those concerned are told.
    pub async fn delete_salon(&self, actor: Actor, id: SalonId) -> Result<()> {
        let files = self
            .store
            .commit(Some(actor.account()), move |tx| {
                let InSalon { account, salon, .. } = enter_for(tx.view(), actor, id, SalonAct::Delete)?;
                close(tx, &salon, Some(account.id))
            })
            .await?;
        self.remove_blobs(files).await;
        Ok(())
    }

    /// Who decided what, newest first; of a deleted salon too, for a site administrator.
    pub fn salon_log(&self, actor: Actor, id: SalonId) -> Result<Vec<SalonLogCard>> {
        let snapshot = self.store.snapshot();
        let view = snapshot.view();
        let account = access::person(view, actor)?;
        let mut lines = view.salon_log(id)?;
        if view.salon(id)?.is_none() && (lines.is_empty() || !account.is_admin) {
            return Err(Error::not_found("salon"));
        }
        permit(standing(view, &account, id)?, SalonAct::ReadLog)?;
        lines.reverse();
        salon_cards::log(view, lines)
    }
}

fn staff_room_of(salon: &Salon) -> Room {
    Room {
        id: salon.staff_room,
        kind: RoomKind::Staff(salon.id),
        name: Some(salon.name.clone()),
        topic: String::new(),
        created_by: Some(salon.created_by),
        created_at: salon.created_at,
        archived: false,
    }
}

/// A salon as this account sees it.
pub(super) fn details(view: View<'_>, account: &Account, salon: Salon) -> Result<SalonDetails> {
    let standing = standing(view, account, salon.id)?;
    let may = |act| permit(standing, act).is_ok();
    let held = view.seats(salon.id)?;
    let card = salon_cards::salon(view, salon)?;
    let mut chairs = Vec::with_capacity(SeatRole::ALL.len());
    for role in SeatRole::ALL {
        let seat = held.iter().find(|seat| seat.role == role);
        let is_own = seat.is_some_and(|seat| seat.holder == account.id);
        let shown = seat.filter(|_| may(SalonAct::SeeSeats)).cloned();
        let shown = shown.map(|seat| salon_cards::seat(view, seat)).transpose()?;
        let known = card.superuser.clone().filter(|_| role == SeatRole::Superuser);
        chairs.push(Chair {
            role,
            is_vacant: seat.is_none(),
            holder: shown.as_ref().map(|seat| seat.holder.clone()).or(known),
            seat: shown,
            may_remove: seat.is_some() && (is_own || may(SalonAct::Remove(role))),
            may_hand_over: seat.is_some()
                && (is_own || role != SeatRole::Superuser || account.is_admin)
                && may(SalonAct::HandOver(role)),
        });
    }
    Ok(SalonDetails {
        card,
        my_role: standing.seat,
        may_change: may(SalonAct::Change),
        may_delete: may(SalonAct::Delete),
        may_decide: may(SalonAct::Decide),
        may_read_log: may(SalonAct::ReadLog),
        chairs,
    })
}

/// Takes a salon down, within a mutation. Gives back the files of its staff room.
pub(super) fn close(tx: &mut Tx, salon: &Salon, by: Option<AccountId>) -> Result<Vec<FileId>> {
    let seats = tx.view().seats(salon.id)?;
    let gone = NotificationKind::SalonDeleted;
    for invitation in tx.view().invitations_of_salon(salon.id)? {
        let (person, role) = (invitation.person, invitation.role);
        // Who sits there as well is told once.
        if invitation.is_pending() && seats.iter().all(|seat| seat.holder != person) {
            super::notifications::raise(tx, person, gone, salon, Some(role), by, None)?;
        }
        super::withdrawals::remove(tx, invitation)?;
    }
    for seat in &seats {
        super::notifications::raise(tx, seat.holder, gone, salon, Some(seat.role), by, None)?;
    }
    let seen_by = salon_cards::seers_of_seats(tx.view(), salon.id)?;
    for seat in seats {
        tx.emit(Event::SeatVacated { seat, seen_by: seen_by.clone() })?;
    }
    let files = tx.view().files_in(salon.staff_room)?;
    tx.emit(Event::RoomDeleted { room: salon.staff_room })?;
    log(tx, salon, by, Logged::of(SalonAction::Deleted))?;
    tx.emit(Event::SalonDeleted { salon: salon.id })?;
    Ok(files)
}

/// What a line of the log says beside who and when.
pub(super) struct Logged {
    pub action: SalonAction,
    pub role: Option<SeatRole>,
    pub person: Option<AccountId>,
    pub reason: Option<String>,
}

impl Logged {
    pub const fn of(action: SalonAction) -> Self {
        Self { action, role: None, person: None, reason: None }
    }

    pub const fn seat(action: SalonAction, role: SeatRole, person: AccountId) -> Self {
        Self { action, role: Some(role), person: Some(person), reason: None }
    }
}

/// Writes a line of a salon's log.
pub(super) fn log(tx: &mut Tx, salon: &Salon, by: Option<AccountId>, logged: Logged) -> Result<()> {
    let Logged { action, role, person, reason } = logged;
    let line = SalonLogLine { id: tx.id(), salon: salon.id, at: tx.now(), by, action, role, person, reason };
    Ok(tx.emit(Event::SalonLogged(line))?)
}

/// The staff room's members are the seat holders: lets in who sits now. To who was not in it nothing up to
/// `read_seq` is new.
pub(super) fn enter_staff_room(tx: &mut Tx, salon: &Salon, seat: &Seat, read_seq: u64) -> Result<()> {
    let (room, account, now) = (salon.staff_room, seat.holder, tx.now());
    let role = if seat.role == SeatRole::Superuser { RoomRole::Owner } else { RoomRole::Member };
    match tx.view().membership(room, account)? {
        Some(current) if current.role != role => tx.emit(Event::MemberChanged(Membership { role, ..current }))?,
        Some(_) => {}
        None => {
            tx.emit(Event::MemberJoined(Membership { room, account, role, joined_at: now }))?;
            if read_seq > 0 {
                tx.emit(Event::HistorySkipped { room, account, seq: read_seq })?;
            }
        }
    }
    Ok(())
}

/// Lets out who sits no longer.
pub(super) fn leave_staff_room(tx: &mut Tx, salon: &Salon, account: AccountId) -> Result<()> {
    let room = salon.staff_room;
    if tx.view().membership(room, account)?.is_some() {
        tx.emit(Event::MemberLeft { room, account })?;
    }
    Ok(())
}
