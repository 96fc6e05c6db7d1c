//! Filling, giving up, taking away and handing over seats.

use super::{
    Actor, Service, access, notifications, rooms, salon_cards,
    salons::{self, InSalon, Logged, enter_staff_room, leave_staff_room, log},
    withdrawals,
};
use crate::{
    config::Limits,
    model::{
        AccountId, Error, Event, FileId, HeldSeat, InvitationCard, NotificationKind, Result, Salon, SalonAction,
        SalonId, Seat, SeatId, SeatRole,
    },
    rules::{
        invitations::{Wish, may_be_handed_to},
        salons::{SalonAct, permit},
    },
    store::{Tx, View},
};

/// Which seats a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct SeatFilter {
    pub salon: Option<SalonId>,
    pub role: Option<SeatRole>,
}

impl Service {
    /// The seats of the salons in which the actor sits; all for a site administrator.
    pub fn seats(&self, actor: Actor, filter: SeatFilter) -> Result<Vec<Seat>> {
        let snapshot = self.store.snapshot();
        let view = snapshot.view();
        let account = access::person(view, actor)?;
        let mut seats = if account.is_admin { view.all_seats()? } else { seats_beside(view, account.id)? };
        seats.retain(|seat| {
            filter.salon.is_none_or(|salon| seat.salon == salon) && filter.role.is_none_or(|role| seat.role == role)
        });
        Ok(seats)
    }

    /// One seat.
    pub fn seat(&self, actor: Actor, id: SeatId) -> Result<Seat> {
        visible(self.store.snapshot().view(), actor, id).map(|(seat, _)| seat)
    }

    /// Gives up one's own seat or takes somebody else's away. Without its superuser a salon is deleted.
    pub async fn remove_seat(&self, actor: Actor, id: SeatId) -> Result<()> {
        let files = self
            .store
            .commit(Some(actor.account()), move |tx| {
                let (seat, InSalon { account, salon, standing }) = visible(tx.view(), actor, id)?;
                let is_own = seat.holder == account.id;
                if !is_own {
                    permit(standing, SalonAct::Remove(seat.role))?;
                }
                remove(tx, &salon, seat, Some(account.id))
            })
            .await?;
        self.remove_blobs(files).await;
        Ok(())
    }

    /// Offers a seat that is held to somebody who would take it over, together with what the staff room says. It changes
    /// hands when they accept.
    pub async fn hand_over(
        &self,
        actor: Actor,
        salon: SalonId,
        role: SeatRole,
        successor: AccountId,
    ) -> Result<InvitationCard> {
        self.store
            .commit(Some(actor.account()), move |tx| {
                let inside = salons::enter_for(tx.view(), actor, salon, SalonAct::HandOver(role))?;
                let seat = tx.view().seat(salon, role)?;
                let seat = seat.ok_or_else(|| Error::invalid("role", "This seat is vacant: offer it instead."))?;
                access::active_account(tx.view(), successor, "successor")?;
                may_be_handed_to(successor, inside.account.id)?;
                if role == SeatRole::Superuser {
                    check_new_superuser(tx.view(), salon, successor)?;
                }
                let wish = Wish { person: successor, role, succeeds: Some(seat.holder) };
                let invitation = super::invitations::make(tx, &inside, wish)?;
                salon_cards::invitation(tx.view(), invitation)
            })
            .await
    }
}

fn seats_beside(view: View<'_>, account: AccountId) -> Result<Vec<Seat>> {
    let mut seats = Vec::new();
    for HeldSeat { salon, .. } in view.seats_of(account)? {
        seats.extend(view.seats(salon)?);
    }
    Ok(seats)
}

fn visible(view: View<'_>, actor: Actor, id: SeatId) -> Result<(Seat, InSalon)> {
    access::person(view, actor)?;
    let missing = || Error::not_found("seat");
    let seat = view.seat_by_id(id)?.ok_or_else(missing)?;
    let inside = salons::enter_for(view, actor, seat.salon, SalonAct::SeeSeats)?;
    Ok((seat, inside))
}

/// A salon goes to somebody who knows it, and who has none.
pub(super) fn check_new_superuser(view: View<'_>, salon: SalonId, successor: AccountId) -> Result<()> {
    let held = view.seats_of(successor)?;
    if held.iter().all(|held| held.salon != salon) {
        return Err(Error::invalid(
            "successor",
            "A salon can be handed over to somebody who holds another seat in it.",
        ));
    }
    if held.iter().any(|held| held.role == SeatRole::Superuser) {
        return Err(Error::invalid("successor", "This person is superuser of a salon already."));
    }
    Ok(())
}

/// Lets somebody sit down on a vacant seat, within a mutation; the staff room opens to them, with everything read.
pub(super) fn fill(tx: &mut Tx, salon: &Salon, role: SeatRole, holder: AccountId, limits: &Limits) -> Result<()> {
    let read_seq = tx.view().room_head(salon.staff_room)?.last_seq;
    sit(tx, salon, role, (holder, read_seq), limits)
}

/// Lets somebody take over a seat from its holder; what the holder had not read is unread for them. What either of them
/// may no longer offer is taken back in the name of who handed it over.
pub(super) fn succeed(
    tx: &mut Tx,
    salon: &Salon,
    seat: Seat,
    successor: AccountId,
    by: AccountId,
    limits: &Limits,
) -> Result<()> {
    let (role, before) = (seat.role, seat.holder);
    let read_seq = tx.view().read_mark(salon.staff_room, before)?.map_or(0, |mark| mark.seq);
    emit_vacated(tx, seat)?;
    sit(tx, salon, role, (successor, read_seq), limits)?;
    leave_staff_room(tx, salon, before)?;
    [before, successor].into_iter().try_for_each(|maker| withdrawals::lapse_in(tx, salon, maker, Some(by)))
}

/// Nobody holds two seats of one salon: another one is given up.
fn sit(
    tx: &mut Tx,
    salon: &Salon,
    role: SeatRole,
    (holder, read_seq): (AccountId, u64),
    limits: &Limits,
) -> Result<()> {
    rooms::check_rooms_of(tx.view(), holder, limits)?;
    if let Some(given_up) = tx.view().seats(salon.id)?.into_iter().find(|seat| seat.holder == holder) {
        log(tx, salon, Some(holder), Logged::seat(SalonAction::Left, given_up.role, holder))?;
        emit_vacated(tx, given_up)?;
    }
    let seat = Seat { id: tx.id(), salon: salon.id, role, holder, since: tx.now() };
    tx.emit(Event::SeatFilled(seat.clone()))?;
    enter_staff_room(tx, salon, &seat, read_seq)
}

/// Vacates a seat, within a mutation; `by` is `None` for the operator. Gives back the files that go with it.
pub(super) fn remove(tx: &mut Tx, salon: &Salon, seat: Seat, by: Option<AccountId>) -> Result<Vec<FileId>> {
    if seat.role == SeatRole::Superuser {
        return salons::close(tx, salon, by);
    }
    let (holder, role) = (seat.holder, seat.role);
    emit_vacated(tx, seat)?;
    leave_staff_room(tx, salon, holder)?;
    let action = if by == Some(holder) { SalonAction::Left } else { SalonAction::Removed };
    log(tx, salon, by, Logged::seat(action, role, holder))?;
    notifications::raise(tx, holder, NotificationKind::SeatRemoved, salon, Some(role), by, None)?;
    withdrawals::lapse_in(tx, salon, holder, by)?;
    Ok(Vec::new())
}

fn emit_vacated(tx: &mut Tx, seat: Seat) -> Result<()> {
    let seen_by = salon_cards::seers_of_seats(tx.view(), seat.salon)?;
    Ok(tx.emit(Event::SeatVacated { seat, seen_by })?)
}
