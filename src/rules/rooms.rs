//! What becomes of a room when people come and go.

use crate::model::{AccountId, Membership, RoomRole};

/// Who becomes owner when `leaving` goes: nobody while another owner stays, else the member who joined first.
pub fn heir(members: &[Membership], leaving: AccountId) -> Option<AccountId> {
    let staying = || members.iter().filter(|member| member.account != leaving);
    if staying().any(|member| member.role == RoomRole::Owner) {
        return None;
    }
    staying().min_by_key(|member| (member.joined_at, member.account)).map(|member| member.account)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RoomId, Timestamp};

    #[test]
    fn the_longest_member_inherits_only_when_no_owner_stays() {
        let (room, anna, boris, clara) = (RoomId::new(), AccountId::new(), AccountId::new(), AccountId::new());
        let member = |account, role, at| Membership { room, account, role, joined_at: Timestamp::from_micros(at) };
        let members =
            [member(anna, RoomRole::Owner, 1), member(clara, RoomRole::Member, 3), member(boris, RoomRole::Member, 2)];
        assert_eq!(heir(&members, anna), Some(boris));
        assert_eq!(heir(&members, clara), None);
        assert_eq!(heir(&members[..1], anna), None);
    }
}
