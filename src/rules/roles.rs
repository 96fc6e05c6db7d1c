//! The role shown beside a name (contracts.md, "People and roles").

use crate::model::{Account, AccountStatus, ChatRole, HeldSeat, SeatRole};

/// The first that fits: site administrator, seller by seat or by mark, holder of any other seat, anybody.
pub fn chat_role(account: &Account, held: &[HeldSeat]) -> ChatRole {
    if account.status == AccountStatus::Guest {
        ChatRole::Guest
    } else if account.is_admin {
        ChatRole::Admin
    } else if is_seller(account, held) {
        ChatRole::Seller
    } else if held.is_empty() {
        ChatRole::User
    } else {
        ChatRole::SalonMember
    }
}

/// Whether they sell: marked as seller, or holding a seller's seat. A site administrator may sell as well.
pub fn is_seller(account: &Account, held: &[HeldSeat]) -> bool {
    account.is_seller || held.iter().any(|seat| seat.role == SeatRole::Seller)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AccountId, Profile, SalonId, Timestamp};

    #[test]
    fn the_first_that_fits() {
        use SeatRole::{Admin, Mechanic, Seller, Superuser};
        for (is_admin, is_seller, held, expected) in [
            (false, false, &[][..], ChatRole::User),
            (false, true, &[], ChatRole::Seller),
            (false, false, &[Seller], ChatRole::Seller),
            (false, false, &[Mechanic, Seller], ChatRole::Seller),
            (false, false, &[Superuser], ChatRole::SalonMember),
            (false, false, &[Admin, Mechanic], ChatRole::SalonMember),
            (false, true, &[Mechanic], ChatRole::Seller),
            (true, true, &[Seller], ChatRole::Admin),
            (true, false, &[Seller], ChatRole::Admin),
            (true, false, &[], ChatRole::Admin),
        ] {
            let account = Account {
                id: AccountId::new(),
                username: "anna".into(),
                email: None,
                profile: Profile::default(),
                password_hash: None,
                status: AccountStatus::Active,
                is_admin,
                is_seller,
                created_at: Timestamp::from_micros(0),
            };
            let held: Vec<_> = held.iter().map(|role| HeldSeat { salon: SalonId::new(), role: *role }).collect();
            assert_eq!(chat_role(&account, &held), expected, "{is_admin} {is_seller} {held:?}");
            let guest = Account { status: AccountStatus::Guest, ..account };
            assert_eq!(chat_role(&guest, &held), ChatRole::Guest);
        }
    }
}
