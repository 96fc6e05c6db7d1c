//! Who may do what in a salon. A salon itself is seen by everybody who is signed in; who sits in it is not.

use crate::model::{Error, HeldSeat, Result, SeatRole};

/// What a person is to a salon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SalonStanding {
    /// The seat they hold in it.
    pub seat: Option<SeatRole>,
    pub is_site_admin: bool,
}

/// What a person may want to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SalonAct {
    /// Who holds its seats.
    SeeSeats,
    /// Its name and location.
    Change,
    Delete,
    /// Approve and reject requests for a seat.
    Decide,
    /// Offer a vacant seat to somebody.
    Offer,
    ReadLog,
    /// Put somebody else out of this seat.
    Remove(SeatRole),
    /// Offer this seat to somebody who would take it over.
    HandOver(SeatRole),
}

/// May they? 404 where the thing must not be known, 403 where it is.
pub fn permit(standing: SalonStanding, act: SalonAct) -> Result<()> {
    let SalonStanding { seat, is_site_admin } = standing;
    let is_superuser = seat == Some(SeatRole::Superuser);
    let leads = is_superuser || seat == Some(SeatRole::Admin);
    let (may, otherwise) = match act {
        SalonAct::SeeSeats => (seat.is_some() || is_site_admin, None),
        SalonAct::Change => (leads || is_site_admin, Some("Only the salon's superuser or admin may change it.")),
        SalonAct::Delete => (is_superuser || is_site_admin, Some("Only the salon's superuser may delete it.")),
        SalonAct::Decide => {
            (leads || is_site_admin, Some("Only the salon's superuser or admin decides who gets a seat."))
        }
        SalonAct::Offer => (leads, Some("Only the salon's superuser or admin may offer a seat to somebody.")),
        SalonAct::ReadLog => (is_superuser || is_site_admin, Some("Only the salon's superuser may read its log.")),
        SalonAct::Remove(role) => (
            is_site_admin || outranks(seat, role),
            Some(
                "The superuser may remove anybody, an admin the seller and the mechanic; everybody gives up their own seat.",
            ),
        ),
        SalonAct::HandOver(role) => (
            is_site_admin || outranks(seat, role) || (leads && seat == Some(role)),
            Some("The superuser may hand over any seat, an admin their own, the seller's and the mechanic's."),
        ),
    };
    match (may, otherwise) {
        (true, _) => Ok(()),
        (false, Some(reason)) => Err(Error::forbidden(reason)),
        (false, None) => Err(Error::not_found("seat")),
    }
}

fn outranks(seat: Option<SeatRole>, role: SeatRole) -> bool {
    use SeatRole::{Admin, Mechanic, Seller, Superuser};
    match seat {
        Some(Superuser) => role != Superuser,
        Some(Admin) => matches!(role, Seller | Mechanic),
        _ => false,
    }
}

/// A person founds at most one salon: nobody is superuser of two.
pub fn may_found(held: &[HeldSeat]) -> Result<()> {
    if held.iter().any(|seat| seat.role == SeatRole::Superuser) {
        return Err(Error::conflict(
            "You have founded a salon already. Hand it over or close it before you found another one.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use SeatRole::{Admin, Mechanic, Seller, Superuser};
    use std::fmt::Write;

    const ACTS: [SalonAct; 14] = [
        SalonAct::SeeSeats,
        SalonAct::Change,
        SalonAct::Delete,
        SalonAct::Decide,
        SalonAct::Offer,
        SalonAct::ReadLog,
        SalonAct::Remove(Superuser),
        SalonAct::Remove(Admin),
        SalonAct::Remove(Seller),
        SalonAct::Remove(Mechanic),
        SalonAct::HandOver(Superuser),
        SalonAct::HandOver(Admin),
        SalonAct::HandOver(Seller),
        SalonAct::HandOver(Mechanic),
    ];

    /// The whole matrix as text: `+` yes, `-` 403, `.` 404.
    #[test]
    fn the_matrix() {
        let mut matrix = String::new();
        for is_site_admin in [false, true] {
            for seat in [None, Some(Superuser), Some(Admin), Some(Seller), Some(Mechanic)] {
                let row: String = ACTS
                    .iter()
                    .map(|act| match permit(SalonStanding { seat, is_site_admin }, *act) {
                        Ok(()) => '+',
                        Err(error) if error.code == crate::model::ErrorCode::NotFound => '.',
                        Err(_) => '-',
                    })
                    .collect();
                let site = if is_site_admin { " of the site" } else { "" };
                writeln!(matrix, "{row} {}{site}", seat.map_or("stranger", SeatRole::word)).unwrap();
            }
        }
        // SeeSeats Change Delete Decide Offer ReadLog, Remove and HandOver of superuser admin seller mechanic
        let expected = "\
.------------- stranger
++++++-+++++++ superuser
++-++---++-+++ admin
+------------- seller
+------------- mechanic
++++-+++++++++ stranger of the site
++++++++++++++ superuser of the site
++++++++++++++ admin of the site
++++-+++++++++ seller of the site
++++-+++++++++ mechanic of the site
";
        assert_eq!(matrix, expected);
    }

    #[test]
    fn nobody_is_superuser_of_two_salons() {
        let seat = |role| HeldSeat { salon: crate::model::SalonId::new(), role };
        assert!(may_found(&[]).is_ok());
        assert!(may_found(&[seat(Admin), seat(Mechanic)]).is_ok());
        assert!(may_found(&[seat(Mechanic), seat(Superuser)]).is_err());
    }
}
