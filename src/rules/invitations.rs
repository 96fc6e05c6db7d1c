//! How people come to sit in a salon: who may ask, offer, decide and withdraw, and what may be asked for.

use super::salons::{SalonAct, SalonStanding, permit};
use crate::model::{
    Account, AccountId, AccountStatus, Error, Invitation, InvitationKind, InvitationStatus, Result, Seat, SeatRole,
};

/// The field that is to blame when it is none of them alone, as clients of the marketplace read it.
const NON_FIELD: &str = "non_field_errors";

/// May this viewer know of it? The person themself, who decides in that salon, site administrators; and whoever made it,
/// as long as nobody has decided.
pub fn is_visible(invitation: &Invitation, viewer: AccountId, standing: SalonStanding) -> bool {
    invitation.person == viewer
        || (invitation.made_by == viewer && invitation.is_pending())
        || permit(standing, SalonAct::Decide).is_ok()
}

/// May they approve or reject it? The salon decides on a request, the person on an offer.
pub fn permit_decision(invitation: &Invitation, viewer: AccountId, standing: SalonStanding) -> Result<()> {
    match invitation.kind() {
        InvitationKind::Request => permit(standing, SalonAct::Decide),
        InvitationKind::Offer if invitation.person == viewer => Ok(()),
        InvitationKind::Offer => Err(Error::forbidden("Only the person who was invited can accept or decline.")),
    }
}

/// May they withdraw it? Whoever decides, whoever made it, and who decides in that salon.
pub fn permit_withdrawal(invitation: &Invitation, viewer: AccountId, standing: SalonStanding) -> Result<()> {
    if invitation.person == viewer || invitation.made_by == viewer {
        return Ok(());
    }
    permit(standing, SalonAct::Decide)
}

/// What it means that somebody takes an invitation back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawal {
    /// Of one's own request: nobody had decided anything.
    OwnRequest,
    /// The salon takes somebody's request out.
    OfRequest,
    /// The person does not want what they were offered.
    Refusal,
    /// The salon takes an offer back.
    OfOffer,
}

/// What it means that this person, who may, takes it back.
pub fn withdrawal(invitation: &Invitation, by: AccountId) -> Withdrawal {
    match (invitation.kind(), invitation.person == by) {
        (InvitationKind::Request, true) => Withdrawal::OwnRequest,
        (InvitationKind::Request, false) => Withdrawal::OfRequest,
        (InvitationKind::Offer, true) => Withdrawal::Refusal,
        (InvitationKind::Offer, false) => Withdrawal::OfOffer,
    }
}

/// Is it still good? An offer is, as long as whoever made it may make it: `maker` is what they are to the salon now,
/// `None` for somebody who is blocked or gone. For a request only the one who decides needs a right.
pub fn still_stands(invitation: &Invitation, maker: Option<SalonStanding>) -> Result<()> {
    let act = match (invitation.kind(), invitation.succeeds) {
        (InvitationKind::Request, _) => return Ok(()),
        (InvitationKind::Offer, None) => SalonAct::Offer,
        (InvitationKind::Offer, Some(_)) => SalonAct::HandOver(invitation.role),
    };
    match maker.is_some_and(|standing| permit(standing, act).is_ok()) {
        true => Ok(()),
        false => Err(Error::invalid(
            NON_FIELD,
            "Whoever made this offer may no longer make it. The salon can make a new one.",
        )),
    }
}

/// Can this person take a seat? Asked at the moment of approval.
pub fn may_sit(person: Option<&Account>) -> Result<()> {
    match person.map(|person| person.status) {
        Some(AccountStatus::Active) => Ok(()),
        Some(AccountStatus::Blocked) => Err(Error::invalid(NON_FIELD, "This person's account is blocked.")),
        _ => Err(Error::invalid(NON_FIELD, "This person has no account any more.")),
    }
}

/// Nothing is decided twice.
pub fn still_pending(invitation: &Invitation) -> Result<()> {
    match invitation.status {
        InvitationStatus::Pending => Ok(()),
        InvitationStatus::Approved => Err(Error::bad_request("This invitation was approved already.")),
        InvitationStatus::Rejected => Err(Error::bad_request("This invitation was rejected already.")),
    }
}

/// What somebody asks for, or is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    pub person: AccountId,
    pub role: SeatRole,
    /// Whose seat it would take over.
    pub succeeds: Option<AccountId>,
}

/// May this wish be made, as the salon's seats are now and with what this person has pending there?
pub fn may_be_made(wish: Wish, seats: &[Seat], has_pending: bool) -> Result<()> {
    if wish.role == SeatRole::Superuser && wish.succeeds.is_none() {
        return Err(Error::invalid("role", "A seat can be asked for as admin, seller or mechanic."));
    }
    check_seat(wish, seats)?;
    match has_pending {
        true => Err(Error::conflict("There is a pending invitation of this person for this salon already.")),
        false => Ok(()),
    }
}

/// A seat that is held goes to somebody else than who hands it over: for oneself one asks, and does not decide.
pub fn may_be_handed_to(successor: AccountId, by: AccountId) -> Result<()> {
    if successor == by {
        return Err(Error::invalid("successor", "Name somebody else than yourself."));
    }
    Ok(())
}

/// Can the seat be filled like this? Asked again at the moment of approval.
pub fn check_seat(wish: Wish, seats: &[Seat]) -> Result<()> {
    let holder = seats.iter().find(|seat| seat.role == wish.role).map(|seat| seat.holder);
    let held = seats.iter().find(|seat| seat.holder == wish.person).map(|seat| seat.role);
    match holder {
        Some(holder) if holder == wish.person => {
            return Err(Error::invalid(NON_FIELD, "This person holds this seat already."));
        }
        Some(holder) if wish.succeeds != Some(holder) => {
            return Err(Error::invalid(NON_FIELD, "This seat is taken. Somebody has to give it up first."));
        }
        None if wish.succeeds.is_some() => {
            return Err(Error::invalid(
                NON_FIELD,
                "Whose seat it was holds it no longer, so it cannot be handed over. The salon can offer the vacant seat.",
            ));
        }
        _ => {}
    }
    // Who takes over a seat gives up the one they have, unless that would leave the salon without its superuser.
    match held {
        Some(role) if wish.succeeds.is_none() || role == SeatRole::Superuser => Err(Error::invalid(
            NON_FIELD,
            format!("This person is {} of this salon already, and nobody holds two seats in one.", role.word()),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Decision, ErrorCode, InvitationId, SalonId, SeatId, Timestamp};

    fn invitation(person: AccountId, made_by: AccountId) -> Invitation {
        Invitation {
            id: InvitationId::new(),
            salon: SalonId::new(),
            role: SeatRole::Seller,
            person,
            made_by,
            succeeds: None,
            status: InvitationStatus::Pending,
            created_at: Timestamp::from_micros(0),
            decision: None,
        }
    }

    /// see, decide, withdraw: `+` yes, `-` no; of a request and of an offer.
    #[test]
    fn who_may_what() {
        let (person, maker, other) = (AccountId::new(), AccountId::new(), AccountId::new());
        let standing = |seat| SalonStanding { seat, is_site_admin: false };
        let site_admin = SalonStanding { seat: None, is_site_admin: true };
        for (who, viewer, standing, request, offer) in [
            ("the person", person, standing(None), "+-+", "+++"),
            ("a stranger", other, standing(None), "---", "---"),
            ("the superuser", other, standing(Some(SeatRole::Superuser)), "+++", "+-+"),
            ("an admin", other, standing(Some(SeatRole::Admin)), "+++", "+-+"),
            ("a seller", other, standing(Some(SeatRole::Seller)), "---", "---"),
            ("a mechanic", other, standing(Some(SeatRole::Mechanic)), "---", "---"),
            ("a site administrator", other, site_admin, "+++", "+-+"),
            ("a maker who still leads", maker, standing(Some(SeatRole::Admin)), "+++", "+-+"),
            ("a maker who leads no longer", maker, standing(None), "---", "+-+"),
        ] {
            for (invitation, expected) in [(invitation(person, person), request), (invitation(person, maker), offer)] {
                let may = [
                    is_visible(&invitation, viewer, standing),
                    permit_decision(&invitation, viewer, standing).is_ok(),
                    permit_withdrawal(&invitation, viewer, standing).is_ok(),
                ];
                let row: String = may.iter().map(|may| if *may { '+' } else { '-' }).collect();
                assert_eq!(row, expected, "{who}, {:?}", invitation.kind());
            }
        }
    }

    #[test]
    fn nothing_is_decided_twice() {
        let pending = invitation(AccountId::new(), AccountId::new());
        assert!(still_pending(&pending).is_ok());
        for status in [InvitationStatus::Approved, InvitationStatus::Rejected] {
            let decision = Some(Decision { by: AccountId::new(), at: Timestamp::from_micros(1), reason: None });
            assert!(still_pending(&Invitation { status, decision, ..pending.clone() }).is_err());
        }
    }

    #[test]
    fn what_was_decided_is_no_business_of_a_maker_who_leads_no_longer() {
        let (person, maker) = (AccountId::new(), AccountId::new());
        let decided = Invitation { status: InvitationStatus::Approved, ..invitation(person, maker) };
        assert!(!is_visible(&decided, maker, SalonStanding { seat: None, is_site_admin: false }));
    }

    #[test]
    fn what_taking_back_means() {
        let (person, maker, other) = (AccountId::new(), AccountId::new(), AccountId::new());
        let (request, offer) = (invitation(person, person), invitation(person, maker));
        for (by, of_request, of_offer) in [
            (person, Withdrawal::OwnRequest, Withdrawal::Refusal),
            (maker, Withdrawal::OfRequest, Withdrawal::OfOffer),
            (other, Withdrawal::OfRequest, Withdrawal::OfOffer),
        ] {
            assert_eq!((withdrawal(&request, by), withdrawal(&offer, by)), (of_request, of_offer));
        }
    }

    /// A request, an offer, a hand-over of the seller's seat and of the admin's: `+` still stands, `-` does not.
    #[test]
    fn an_offer_stands_as_long_as_its_maker_may_make_it() {
        use SeatRole::{Admin, Mechanic, Seller, Superuser};
        let (person, maker) = (AccountId::new(), AccountId::new());
        let hand_over = |role| Invitation { role, succeeds: Some(AccountId::new()), ..invitation(person, maker) };
        let standing = |seat, is_site_admin| Some(SalonStanding { seat, is_site_admin });
        for (who, maker_now, expected) in [
            ("superuser", standing(Some(Superuser), false), "++++"),
            ("admin", standing(Some(Admin), false), "++++"),
            ("seller", standing(Some(Seller), false), "+---"),
            ("mechanic", standing(Some(Mechanic), false), "+---"),
            ("without a seat", standing(None, false), "+---"),
            ("site administrator", standing(None, true), "+-++"),
            ("blocked or gone", None, "+---"),
        ] {
            let made = [invitation(person, person), invitation(person, maker), hand_over(Seller), hand_over(Admin)];
            let stands = made.iter().map(|made| if still_stands(made, maker_now).is_ok() { '+' } else { '-' });
            assert_eq!(stands.collect::<String>(), expected, "{who}");
        }
    }

    #[test]
    fn only_who_is_there_can_sit() {
        let account = |status| Account {
            id: AccountId::new(),
            username: "anna".into(),
            email: None,
            profile: crate::model::Profile::default(),
            password_hash: None,
            status,
            is_admin: false,
            is_seller: false,
            created_at: Timestamp::from_micros(0),
        };
        assert!(may_sit(Some(&account(AccountStatus::Active))).is_ok());
        let blocked = may_sit(Some(&account(AccountStatus::Blocked))).unwrap_err();
        assert_eq!((blocked.field, blocked.detail.as_ref()), (Some(NON_FIELD), "This person's account is blocked."));
        assert!(may_sit(Some(&account(AccountStatus::Deleted))).is_err() && may_sit(None).is_err());
    }

    #[test]
    fn nobody_hands_a_seat_to_themself() {
        let (sam, eve) = (AccountId::new(), AccountId::new());
        assert!(may_be_handed_to(sam, eve).is_ok());
        assert_eq!(may_be_handed_to(sam, sam).map_err(|error| error.field), Err(Some("successor")));
    }

    #[test]
    fn what_may_be_asked_for() {
        let (boss, sam, eve) = (AccountId::new(), AccountId::new(), AccountId::new());
        let salon = SalonId::new();
        let seat = |role, holder| Seat { id: SeatId::new(), salon, role, holder, since: Timestamp::from_micros(0) };
        let seats = [seat(SeatRole::Superuser, boss), seat(SeatRole::Seller, sam)];
        for (person, role, succeeds, has_pending, expected) in [
            (eve, SeatRole::Mechanic, None, false, None),
            (eve, SeatRole::Mechanic, None, true, Some((ErrorCode::Conflict, None))),
            (eve, SeatRole::Seller, None, false, Some((ErrorCode::Invalid, Some(NON_FIELD)))),
            (eve, SeatRole::Seller, None, true, Some((ErrorCode::Invalid, Some(NON_FIELD)))),
            (eve, SeatRole::Superuser, None, false, Some((ErrorCode::Invalid, Some("role")))),
            (sam, SeatRole::Mechanic, None, false, Some((ErrorCode::Invalid, Some(NON_FIELD)))),
            (boss, SeatRole::Mechanic, None, false, Some((ErrorCode::Invalid, Some(NON_FIELD)))),
            (eve, SeatRole::Seller, Some(sam), false, None),
            (eve, SeatRole::Seller, Some(boss), false, Some((ErrorCode::Invalid, Some(NON_FIELD)))),
            (eve, SeatRole::Mechanic, Some(sam), false, Some((ErrorCode::Invalid, Some(NON_FIELD)))),
            (sam, SeatRole::Superuser, Some(boss), false, None),
            (sam, SeatRole::Seller, Some(sam), false, Some((ErrorCode::Invalid, Some(NON_FIELD)))),
            (boss, SeatRole::Seller, Some(sam), false, Some((ErrorCode::Invalid, Some(NON_FIELD)))),
        ] {
            let outcome = may_be_made(Wish { person, role, succeeds }, &seats, has_pending).err();
            assert_eq!(outcome.map(|error| (error.code, error.field)), expected, "{role:?} {succeeds:?}");
        }
    }
}
