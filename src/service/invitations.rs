//! Asking for a seat, offering one, and what becomes of that.

use super::{
    Actor, Service, access, notifications, salon_cards,
    salons::{self, InSalon, Logged, log},
    seats, withdrawals,
};
use crate::{
    model::{
        Account, AccountId, Decision, Error, Event, Invitation, InvitationCard, InvitationId, InvitationKind,
        InvitationStatus, NotificationKind, Result, SalonAction, SalonId, SeatRole,
    },
    rules::{
        invitations::{self as rules, Wish},
        names,
        salons::{SalonAct, SalonStanding, permit},
    },
    store::{Tx, View},
};

/// Somebody asks for a seat, or the salon offers it to `person`.
#[derive(Clone, Copy, Debug)]
pub struct NewInvitation {
    pub salon: SalonId,
    pub role: SeatRole,
    /// `None` or oneself: a request.
    pub person: Option<AccountId>,
}

/// Which invitations a list shows, among those that the actor may see.
#[derive(Clone, Copy, Debug, Default)]
pub struct InvitationFilter {
    pub salon: Option<SalonId>,
    pub status: Option<InvitationStatus>,
}

/// What is decided on an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Approve,
    Reject,
}

/// What became of a decision.
enum Decided {
    Done(Box<InvitationCard>),
    /// The seat cannot be filled any more: the invitation is rejected, and this is why.
    Impossible(Error),
}

impl Service {
    /// Asks for a seat, or offers one.
    pub async fn invite_to_salon(&self, actor: Actor, new: NewInvitation) -> Result<InvitationCard> {
        let pending_max = self.config.limits.pending_requests;
        self.store
            .commit(Some(actor.account()), move |tx| {
                let account = access::person(tx.view(), actor)?;
                if tx.view().salon(new.salon)?.is_none() {
                    return Err(Error::invalid("auto_salon", "There is no such salon."));
                }
                let inside = salons::enter(tx.view(), actor, new.salon)?;
                let person = new.person.unwrap_or(account.id);
                if person == account.id {
                    check_pending(tx.view(), person, pending_max)?;
                } else {
                    permit(inside.standing, SalonAct::Offer)?;
                    access::active_account(tx.view(), person, "user")?;
                }
                let invitation = make(tx, &inside, Wish { person, role: new.role, succeeds: None })?;
                salon_cards::invitation(tx.view(), invitation)
            })
            .await
    }

    /// The invitations that the actor may see, newest first.
    pub fn invitations(&self, actor: Actor, filter: InvitationFilter) -> Result<Vec<Invitation>> {
        let snapshot = self.store.snapshot();
        let view = snapshot.view();
        let account = access::person(view, actor)?;
        let mut found = if account.is_admin { view.invitations()? } else { visible_invitations(view, &account)? };
        found.retain(|invitation| {
            filter.salon.is_none_or(|salon| invitation.salon == salon)
                && filter.status.is_none_or(|status| invitation.status == status)
        });
        found.sort_by_key(|invitation| std::cmp::Reverse(invitation.id));
        Ok(found)
    }

    /// The same with the names in them: a page of them, and how many there are.
    pub fn invitation_cards(
        &self,
        actor: Actor,
        filter: InvitationFilter,
        skip: usize,
        take: usize,
    ) -> Result<(Vec<InvitationCard>, usize)> {
        let found = self.invitations(actor, filter)?;
        let total = found.len();
        let snapshot = self.store.snapshot();
        let page = found.into_iter().skip(skip).take(take);
        let cards = page.map(|invitation| salon_cards::invitation(snapshot.view(), invitation));
        Ok((cards.collect::<Result<_>>()?, total))
    }

    /// Approves or rejects. Of any number of approvals for one seat exactly one succeeds; the others are told why.
    pub async fn decide(
        &self,
        actor: Actor,
        id: InvitationId,
        verdict: Verdict,
        reason: Option<String>,
    ) -> Result<InvitationCard> {
        let limits = self.config.limits.clone();
        let decided = self
            .store
            .commit(Some(actor.account()), move |tx| {
                let (invitation, inside) = visible(tx.view(), actor, id)?;
                rules::permit_decision(&invitation, inside.account.id, inside.standing)?;
                rules::still_pending(&invitation)?;
                let reason = reason.map_or(Ok(None), |reason| names::reason(&reason, limits.topic_chars))?;
                if verdict == Verdict::Reject {
                    return reject(tx, &inside, invitation, reason).map(|card| Decided::Done(Box::new(card)));
                }
                if let Err(impossible) = check_possible(tx.view(), &invitation) {
                    let reason = Some(impossible.detail.to_string());
                    reject(tx, &inside, invitation, reason)?;
                    return Ok(Decided::Impossible(impossible));
                }
                approve(tx, &inside, invitation, reason, &limits).map(|card| Decided::Done(Box::new(card)))
            })
            .await?;
        match decided {
            Decided::Done(card) => Ok(*card),
            Decided::Impossible(why) => Err(why),
        }
    }
}

fn check_pending(view: View<'_>, person: AccountId, max: usize) -> Result<()> {
    let pending = view.invitations_of_account(person)?.into_iter();
    let asked = pending.filter(|invitation| invitation.is_pending() && invitation.kind() == InvitationKind::Request);
    if asked.count() < max {
        return Ok(());
    }
    Err(Error::conflict(format!("You have {max} pending requests. Withdraw one, or wait for a decision.")))
}

fn visible_invitations(view: View<'_>, account: &Account) -> Result<Vec<Invitation>> {
    let mut found = view.invitations_of_account(account.id)?;
    for held in view.seats_of(account.id)? {
        let standing = SalonStanding { seat: Some(held.role), is_site_admin: false };
        if permit(standing, SalonAct::Decide).is_ok() {
            let of_salon = view.invitations_of_salon(held.salon)?;
            found.extend(of_salon.into_iter().filter(|invitation| invitation.person != account.id));
        }
    }
    Ok(found)
}

pub(super) fn visible(view: View<'_>, actor: Actor, id: InvitationId) -> Result<(Invitation, InSalon)> {
    access::person(view, actor)?;
    let missing = || Error::not_found("invitation");
    let invitation = view.invitation(id)?.ok_or_else(missing)?;
    let inside = salons::enter(view, actor, invitation.salon)?;
    match rules::is_visible(&invitation, inside.account.id, inside.standing) {
        true => Ok((invitation, inside)),
        false => Err(missing()),
    }
}

/// Makes a request or an offer, within a mutation.
pub(super) fn make(tx: &mut Tx, inside: &InSalon, wish: Wish) -> Result<Invitation> {
    let salon = inside.salon.id;
    let others = tx.view().invitations_of_account(wish.person)?;
    let has_pending = others.iter().any(|other| other.salon == salon && other.is_pending());
    rules::may_be_made(wish, &tx.view().seats(salon)?, has_pending)?;
    let made_by = inside.account.id;
    let invitation = Invitation {
        id: tx.id(),
        salon,
        role: wish.role,
        person: wish.person,
        made_by,
        succeeds: wish.succeeds,
        status: InvitationStatus::Pending,
        created_at: tx.now(),
        decision: None,
    };
    tx.emit(Event::InvitationMade(invitation.clone()))?;
    if invitation.kind() == InvitationKind::Offer {
        log(tx, &inside.salon, Some(made_by), Logged::seat(SalonAction::Offered, wish.role, wish.person))?;
    }
    Ok(invitation)
}

/// What was possible when it was made may not be any more.
fn check_possible(view: View<'_>, invitation: &Invitation) -> Result<()> {
    let Invitation { salon, role, person, succeeds, .. } = *invitation;
    rules::may_sit(view.account(person)?.as_ref())?;
    withdrawals::check_stands(view, invitation)?;
    rules::check_seat(Wish { person, role, succeeds }, &view.seats(salon)?)?;
    if role == SeatRole::Superuser {
        seats::check_new_superuser(view, salon, person)?;
    }
    Ok(())
}

fn approve(
    tx: &mut Tx,
    inside: &InSalon,
    invitation: Invitation,
    reason: Option<String>,
    limits: &crate::config::Limits,
) -> Result<InvitationCard> {
    let (salon, role, person) = (&inside.salon, invitation.role, invitation.person);
    let (taken_over, offered_by) = (tx.view().seat(salon.id, role)?, invitation.made_by);
    let (action, kind) = match invitation.kind() {
        InvitationKind::Request => (SalonAction::Approved, NotificationKind::RequestApproved),
        InvitationKind::Offer => (SalonAction::Accepted, NotificationKind::OfferAccepted),
    };
    let card = settle(tx, inside, invitation, InvitationStatus::Approved, (action, kind), reason)?;
    match taken_over {
        None => seats::fill(tx, salon, role, person, limits)?,
        Some(seat) => {
            let before = seat.holder;
            seats::succeed(tx, salon, seat, person, offered_by, limits)?;
            // Told unless they handed it over themself.
            let removed = NotificationKind::SeatRemoved;
            notifications::raise(tx, before, removed, salon, Some(role), Some(offered_by), None)?;
            log(tx, salon, Some(offered_by), Logged::seat(SalonAction::HandedOver, role, person))?;
        }
    }
    Ok(card)
}

fn reject(tx: &mut Tx, inside: &InSalon, invitation: Invitation, reason: Option<String>) -> Result<InvitationCard> {
    let words = match invitation.kind() {
        InvitationKind::Request => (SalonAction::Rejected, NotificationKind::RequestRejected),
        InvitationKind::Offer => (SalonAction::Declined, NotificationKind::OfferDeclined),
    };
    settle(tx, inside, invitation, InvitationStatus::Rejected, words, reason)
}

/// Writes down what was decided, and tells whoever made the invitation.
fn settle(
    tx: &mut Tx,
    inside: &InSalon,
    invitation: Invitation,
    status: InvitationStatus,
    (action, kind): (SalonAction, NotificationKind),
    reason: Option<String>,
) -> Result<InvitationCard> {
    let by = inside.account.id;
    let decision = Some(Decision { by, at: tx.now(), reason: reason.clone() });
    let decided = Invitation { status, decision, ..invitation };
    tx.emit(Event::InvitationDecided(decided.clone()))?;
    let logged = Logged { reason: reason.clone(), ..Logged::seat(action, decided.role, decided.person) };
    log(tx, &inside.salon, Some(by), logged)?;
    notifications::raise(tx, decided.made_by, kind, &inside.salon, Some(decided.role), Some(by), reason)?;
    salon_cards::invitation(tx.view(), decided)
}
