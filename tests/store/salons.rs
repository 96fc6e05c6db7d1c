//! Things that happen around salons, at random: seats, invitations, what is logged and what people are told.

use super::{
    kit::{self, Dice},
    story::somebody,
};
use parlor::{
    model::{
        AccountId, Decision, Event, Invitation, InvitationStatus, Notification, NotificationKind, Result, Salon,
        SalonAction, SalonLogLine, Seat, SeatId, SeatRole,
    },
    store::Tx,
};

const KINDS: [NotificationKind; 6] = [
    NotificationKind::RequestApproved,
    NotificationKind::RequestRejected,
    NotificationKind::OfferAccepted,
    NotificationKind::OfferDeclined,
    NotificationKind::SeatRemoved,
    NotificationKind::SalonDeleted,
];

pub fn step(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    match dice.below(12) {
        0 | 1 => found(tx, dice),
        2 => change(tx, dice),
        3 | 4 => fill(tx, dice),
        5 => vacate(tx, dice),
        6 | 7 => invite(tx, dice),
        8 => decide(tx, dice),
        9 => withdraw(tx, dice),
        10 => tell_or_see(tx, dice),
        _ if dice.below(4) == 0 => delete(tx, dice),
        _ => Ok(()),
    }
}

fn some_salon(tx: &Tx, dice: &mut Dice) -> Result<Option<Salon>> {
    Ok(dice.pick(&tx.view().salons()?).cloned())
}

fn some_invitation(tx: &Tx, dice: &mut Dice) -> Result<Option<Invitation>> {
    Ok(dice.pick(&tx.view().invitations()?).cloned())
}

fn some_role(dice: &mut Dice) -> SeatRole {
    SeatRole::ALL[dice.below(SeatRole::ALL.len())]
}

fn some_reason(dice: &mut Dice) -> Option<String> {
    (dice.below(2) == 0).then(|| format!("reason {}", dice.number()))
}

fn log(tx: &mut Tx, salon: &Salon, action: SalonAction, role: Option<SeatRole>, by: Option<AccountId>) -> Result<()> {
    let at = tx.now();
    Ok(tx.emit(Event::SalonLogged(SalonLogLine { at, by, ..kit::log_line(salon.id, action, role) }))?)
}

fn found(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let Some(founder) = somebody(tx, dice)? else { return Ok(()) };
    let (salon, staff_room) = kit::salon(&format!("salon {}", dice.below(5)), founder.id);
    tx.emit(Event::RoomOpened(staff_room))?;
    tx.emit(Event::SalonOpened(salon.clone()))?;
    log(tx, &salon, SalonAction::Founded, None, Some(founder.id))?;
    sit(tx, &salon, SeatRole::Superuser, founder.id)
}

fn change(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let Some(salon) = some_salon(tx, dice)? else { return Ok(()) };
    log(tx, &salon, SalonAction::Changed, None, None)?;
    let name = format!("salon {}", dice.below(5));
    Ok(tx.emit(Event::SalonChanged(Salon { name, ..salon }))?)
}

fn sit(tx: &mut Tx, salon: &Salon, role: SeatRole, person: AccountId) -> Result<()> {
    tx.emit(Event::SeatFilled(Seat { since: tx.now(), ..kit::seat(salon.id, role, person) }))?;
    if tx.view().membership(salon.staff_room, person)?.is_none() {
        tx.emit(Event::MemberJoined(kit::membership(salon.staff_room, person)))?;
    }
    Ok(())
}

/// Also of a seat that somebody else holds: whoever sat there sits there no longer.
fn fill(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let (Some(salon), Some(person)) = (some_salon(tx, dice)?, somebody(tx, dice)?) else { return Ok(()) };
    let role = some_role(dice);
    log(tx, &salon, SalonAction::HandedOver, Some(role), Some(person.id))?;
    sit(tx, &salon, role, person.id)
}

/// Also of a seat that is somebody else's by now, which changes nothing.
fn vacate(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let Some(mut seat) = dice.pick(&tx.view().all_seats()?).cloned() else { return Ok(()) };
    if dice.below(4) == 0 {
        seat.id = SeatId::new();
    }
    leave(tx, seat)
}

fn leave(tx: &mut Tx, seat: Seat) -> Result<()> {
    let seen_by = tx.view().seats(seat.salon)?.into_iter().map(|seat| seat.holder).collect();
    Ok(tx.emit(Event::SeatVacated { seat, seen_by })?)
}

fn invite(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let (Some(salon), Some(person)) = (some_salon(tx, dice)?, somebody(tx, dice)?) else { return Ok(()) };
    let (role, made_by) = (some_role(dice), somebody(tx, dice)?.unwrap_or(person.clone()).id);
    let succeeds = tx.view().seat(salon.id, role)?.map(|seat| seat.holder);
    let created_at = tx.now();
    let invitation = Invitation { made_by, succeeds, created_at, ..kit::invitation(salon.id, role, person.id) };
    Ok(tx.emit(Event::InvitationMade(invitation))?)
}

fn decide(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let Some(invitation) = some_invitation(tx, dice)? else { return Ok(()) };
    let approves = dice.below(2) == 0;
    let status = if approves { InvitationStatus::Approved } else { InvitationStatus::Rejected };
    let decision = Some(Decision { by: invitation.made_by, at: tx.now(), reason: some_reason(dice) });
    let decided = Invitation { status, decision, ..invitation };
    tx.emit(Event::InvitationDecided(decided.clone()))?;
    match tx.view().salon(decided.salon)? {
        Some(salon) if approves => {
            log(tx, &salon, SalonAction::Approved, Some(decided.role), Some(decided.made_by))?;
            sit(tx, &salon, decided.role, decided.person)
        }
        _ => Ok(()),
    }
}

fn withdraw(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let Some(invitation) = some_invitation(tx, dice)? else { return Ok(()) };
    let seen_by = vec![invitation.person];
    Ok(tx.emit(Event::InvitationRemoved { invitation, seen_by })?)
}

fn tell_or_see(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let (Some(salon), Some(person)) = (some_salon(tx, dice)?, somebody(tx, dice)?) else { return Ok(()) };
    let unseen = tx.view().notifications(person.id)?;
    if let (Some(unseen), 0) = (dice.pick(&unseen), dice.below(2)) {
        return Ok(tx.emit(Event::NotificationSeen { account: person.id, notification: unseen.id })?);
    }
    let (at, reason) = (tx.now(), some_reason(dice));
    let told = kit::notification(person.id, &salon, KINDS[dice.below(KINDS.len())]);
    Ok(tx.emit(Event::NotificationRaised(Notification { at, reason, ..told }))?)
}

fn delete(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let Some(salon) = some_salon(tx, dice)? else { return Ok(()) };
    for invitation in tx.view().invitations_of_salon(salon.id)? {
        tx.emit(Event::InvitationRemoved { invitation, seen_by: Vec::new() })?;
    }
    for seat in tx.view().seats(salon.id)? {
        leave(tx, seat)?;
    }
    log(tx, &salon, SalonAction::Deleted, None, None)?;
    tx.emit(Event::RoomDeleted { room: salon.staff_room })?;
    Ok(tx.emit(Event::SalonDeleted { salon: salon.id })?)
}
