//! What guests are called (contracts.md, Door 4). What they may do in rooms is in `permit`.

use crate::model::AccountId;

/// How the name of every guest begins, and nobody else's (`names::username`).
pub const PREFIX: &str = "guest-";
/// Letters and digits that are not taken for one another.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Names for a guest, the shortest first: the same ones for the same guest. Ids are random, so the first is nearly always
/// free, and the last is nobody else's.
pub fn names(guest: AccountId) -> impl Iterator<Item = String> {
    const LENGTHS: [u32; 4] = [6, 8, 10, 12];
    let bits = guest.uuid().as_u128();
    let letter = move |place: u32| char::from(LETTERS[(bits >> (5 * place)) as usize % LETTERS.len()]);
    let short = LENGTHS.into_iter().map(move |length| PREFIX.chars().chain((0..length).map(letter)).collect());
    short.chain([format!("{PREFIX}{}", guest.uuid().simple())])
}

/// Whether this could be taken for the name of a guest.
pub fn is_name(username: &str) -> bool {
    username.to_lowercase().starts_with(PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_short_and_differ() {
        let guest = AccountId::new();
        let named: Vec<_> = names(guest).collect();
        assert_eq!(named, names(guest).collect::<Vec<_>>(), "the same for the same guest");
        let lengths: Vec<_> = named.iter().map(|name| name.len() - PREFIX.len()).collect();
        assert_eq!(lengths, [6, 8, 10, 12, 32]);
        for name in &named {
            assert!(is_name(name) && name[PREFIX.len()..].bytes().all(|byte| byte.is_ascii_alphanumeric()), "{name}");
        }
        let first: HashSet<_> = (0..1_000).filter_map(|_| names(AccountId::new()).next()).collect();
        assert!(first.len() > 990, "{}", first.len());
    }

    #[test]
    fn what_passes_for_a_guest() {
        for (name, is_one) in [("guest-7kq2", true), ("GUEST-x", true), ("guest", false), ("guests-1", false)] {
            assert_eq!(is_name(name), is_one, "{name}");
        }
    }
}
