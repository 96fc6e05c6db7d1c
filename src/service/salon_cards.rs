//! From records of salons to what is shown, and who may see it.

use super::{SalonLogCard, cards};
use crate::{
    model::{
        AccountId, Event, Invitation, InvitationCard, Notification, NotificationCard, PersonCard, Result, Salon,
        SalonCard, SalonId, SalonLogLine, Seat, SeatCard, SeatRole,
    },
    store::View,
};

fn some_person(view: View<'_>, id: AccountId) -> Result<Option<PersonCard>> {
    view.account(id)?.map(|account| cards::person(view, &account)).transpose()
}

/// Accounts are never taken out of the store, so somebody is always there; they may have left.
fn person(view: View<'_>, id: AccountId) -> Result<PersonCard> {
    some_person(view, id)?.ok_or_else(crate::model::Error::internal)
}

/// A salon as everybody sees it.
pub(super) fn salon(view: View<'_>, salon: Salon) -> Result<SalonCard> {
    let seats = view.seats(salon.id)?;
    let superuser = seats.iter().find(|seat| seat.role == SeatRole::Superuser).map(|seat| seat.holder);
    let is_vacant = |role: &SeatRole| seats.iter().all(|seat| seat.role != *role);
    Ok(SalonCard {
        superuser: superuser.map_or(Ok(None), |id| some_person(view, id))?,
        vacant: SeatRole::ALL.into_iter().filter(is_vacant).collect(),
        salon,
    })
}

/// A seat with its holder.
pub(super) fn seat(view: View<'_>, seat: Seat) -> Result<SeatCard> {
    Ok(SeatCard { holder: person(view, seat.holder)?, seat })
}

/// An invitation with the names in it.
pub(super) fn invitation(view: View<'_>, invitation: Invitation) -> Result<InvitationCard> {
    let optional = |id: Option<AccountId>| id.map_or(Ok(None), |id| some_person(view, id));
    Ok(InvitationCard {
        salon_name: view.salon(invitation.salon)?.map(|salon| salon.name).unwrap_or_default(),
        person: person(view, invitation.person)?,
        made_by: person(view, invitation.made_by)?,
        decided_by: optional(invitation.decision.as_ref().map(|decision| decision.by))?,
        succeeds: optional(invitation.succeeds)?,
        invitation,
    })
}

/// Lines of a log with the names in them.
pub(super) fn log(view: View<'_>, lines: Vec<SalonLogLine>) -> Result<Vec<SalonLogCard>> {
    let optional = |id: Option<AccountId>| id.map_or(Ok(None), |id| some_person(view, id));
    lines
        .into_iter()
        .map(|line| Ok(SalonLogCard { by: optional(line.by)?, person: optional(line.person)?, line }))
        .collect()
}

/// A notification with who caused it.
pub(super) fn notification(view: View<'_>, notification: Notification) -> Result<NotificationCard> {
    Ok(NotificationCard { by: notification.by.map_or(Ok(None), |id| some_person(view, id))?, notification })
}

/// Who sees the seats of a salon, site administrators aside: those who sit there.
pub(super) fn seers_of_seats(view: View<'_>, salon: SalonId) -> Result<Vec<AccountId>> {
    Ok(view.seats(salon)?.into_iter().map(|seat| seat.holder).collect())
}

/// Who sees an invitation, site administrators aside: the person, who decides in that salon, and whoever made it as long
/// as it is pending.
pub(super) fn seers_of_invitation(view: View<'_>, invitation: &Invitation) -> Result<Vec<AccountId>> {
    let leaders = view.seats(invitation.salon)?.into_iter().filter(leads).map(|seat| seat.holder);
    let mut seers: Vec<_> = leaders.chain([invitation.person]).collect();
    if invitation.is_pending() && !seers.contains(&invitation.made_by) {
        seers.push(invitation.made_by);
    }
    Ok(seers)
}

/// Who decided in that salon until this deed: by handing over their seat, for instance.
pub(super) fn seers_until(invitation: &Invitation, deed: &[Event]) -> impl Iterator<Item = AccountId> {
    deed.iter().filter_map(|event| match event {
        Event::SeatVacated { seat, .. } if seat.salon == invitation.salon && leads(seat) => Some(seat.holder),
        _ => None,
    })
}

fn leads(seat: &Seat) -> bool {
    matches!(seat.role, SeatRole::Superuser | SeatRole::Admin)
}

/// These and the site administrators, each once.
pub(super) fn with_admins(view: View<'_>, mut people: Vec<AccountId>) -> Result<Vec<AccountId>> {
    people.extend(view.admins()?);
    people.sort_unstable();
    people.dedup();
    Ok(people)
}
