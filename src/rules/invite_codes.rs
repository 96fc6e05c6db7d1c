//! When an invite code is good.

use crate::model::{Error, InviteCode, Result, Timestamp};

/// The code after one more use. Unknown, expired and used up get the same answer.
pub fn spend(code: Option<InviteCode>, now: Timestamp) -> Result<InviteCode> {
    let refused = || Error::invalid("invite_code", "This invite code is not valid (any more). Ask for a new one.");
    let code = code.ok_or_else(refused)?;
    let uses_left = code.uses_left.checked_sub(1).ok_or_else(refused)?;
    if code.expires_at <= now {
        return Err(refused());
    }
    Ok(InviteCode { uses_left, ..code })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::InviteCodeId;

    #[test]
    fn a_code_is_good_until_it_expires_or_is_used_up() {
        let now = Timestamp::from_micros(1_000);
        let code = |uses_left, expires_at| InviteCode {
            id: InviteCodeId::new(),
            code_hash: [0; 32],
            created_by: None,
            created_at: Timestamp::from_micros(0),
            expires_at: Timestamp::from_micros(expires_at),
            uses_left,
        };
        assert_eq!(spend(Some(code(2, 1_001)), now).map(|code| code.uses_left), Ok(1));
        for bad in [None, Some(code(0, 1_001)), Some(code(1, 1_000))] {
            assert!(spend(bad, now).is_err());
        }
    }
}
