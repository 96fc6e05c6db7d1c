//! Taking invitations back: by hand, and because whoever made them may no longer make them.

use super::{
    Actor, Service, invitations, notifications, salon_cards,
    salons::{self, InSalon, Logged, log},
};
use crate::{
    model::{Account, AccountId, Event, Invitation, InvitationId, NotificationKind, Result, Salon, SalonAction},
    rules::invitations::{self as rules, Withdrawal},
    store::{Tx, View},
};

impl Service {
    /// Takes an invitation back, as long as nobody has decided. Whom it concerns is told, unless they did it themself.
    pub async fn withdraw_invitation(&self, actor: Actor, id: InvitationId) -> Result<()> {
        self.store
            .commit(Some(actor.account()), move |tx| {
                let (invitation, inside) = invitations::visible(tx.view(), actor, id)?;
                rules::permit_withdrawal(&invitation, inside.account.id, inside.standing)?;
                rules::still_pending(&invitation)?;
                withdraw(tx, &inside, invitation)
            })
            .await
    }
}

fn withdraw(tx: &mut Tx, inside: &InSalon, invitation: Invitation) -> Result<()> {
    let (salon, by) = (&inside.salon, inside.account.id);
    let Invitation { made_by, person, role, .. } = invitation;
    let (action, told, kind) = match rules::withdrawal(&invitation, by) {
        Withdrawal::OwnRequest => return remove(tx, invitation),
        Withdrawal::OfRequest => (SalonAction::Withdrawn, vec![person], NotificationKind::RequestDeleted),
        Withdrawal::Refusal => (SalonAction::Declined, vec![made_by], NotificationKind::OfferDeclined),
        Withdrawal::OfOffer => (SalonAction::Withdrawn, vec![person, made_by], NotificationKind::OfferWithdrawn),
    };
    log(tx, salon, Some(by), Logged::seat(action, role, person))?;
    for account in told {
        notifications::raise(tx, account, kind, salon, Some(role), Some(by), None)?;
    }
    remove(tx, invitation)
}

/// Takes an invitation out, within a mutation; those who could see it are told.
pub(super) fn remove(tx: &mut Tx, invitation: Invitation) -> Result<()> {
    let seen_by = salon_cards::seers_of_invitation(tx.view(), &invitation)?;
    Ok(tx.emit(Event::InvitationRemoved { invitation, seen_by })?)
}

/// Whether whoever made it may still make it.
pub(super) fn check_stands(view: View<'_>, invitation: &Invitation) -> Result<()> {
    let maker = view.account(invitation.made_by)?.filter(Account::is_active);
    let maker = maker.map(|maker| salons::standing(view, &maker, invitation.salon)).transpose()?;
    rules::still_stands(invitation, maker)
}

/// Takes back what somebody offered in a salon and may no longer offer, within the mutation that takes their seat.
pub(super) fn lapse_in(tx: &mut Tx, salon: &Salon, maker: AccountId, by: Option<AccountId>) -> Result<()> {
    for invitation in tx.view().invitations_of_salon(salon.id)? {
        lapse(tx, salon, maker, invitation, by)?;
    }
    Ok(())
}

/// The same in every salon, within the mutation that blocks or deletes the account; `maker` is as it was before.
pub(super) fn lapse_everywhere(tx: &mut Tx, maker: &Account, by: Option<AccountId>) -> Result<()> {
    // A site administrator hands seats over in salons where they hold none.
    let made_in = match maker.is_admin {
        true => tx.view().salons()?.into_iter().map(|salon| salon.id).collect(),
        false => tx.view().seats_of(maker.id)?.into_iter().map(|held| held.salon).collect::<Vec<_>>(),
    };
    for salon in made_in {
        if let Some(salon) = tx.view().salon(salon)? {
            lapse_in(tx, &salon, maker.id, by)?;
        }
    }
    Ok(())
}

fn lapse(tx: &mut Tx, salon: &Salon, maker: AccountId, invitation: Invitation, by: Option<AccountId>) -> Result<()> {
    if invitation.made_by != maker || !invitation.is_pending() {
        return Ok(());
    }
    let Err(lapsed) = check_stands(tx.view(), &invitation) else { return Ok(()) };
    let (person, role, reason) = (invitation.person, invitation.role, Some(lapsed.detail.into_owned()));
    let logged = Logged { reason: reason.clone(), ..Logged::seat(SalonAction::Withdrawn, role, person) };
    log(tx, salon, by, logged)?;
    notifications::raise(tx, person, NotificationKind::OfferWithdrawn, salon, Some(role), by, reason)?;
    remove(tx, invitation)
}
