//! What events of salons mean for the index.

use super::{StoreResult, put};
use crate::{
    model::{AccountId, HeldSeat, Invitation, Seat},
    store::{keys, kv::KvMut, view::View},
};

/// Whoever sat there before sits there no longer.
pub(super) fn fill_seat(kv: &mut dyn KvMut, seat: &Seat) -> StoreResult<()> {
    if let Some(before) = View::of(kv).seat(seat.salon, seat.role)? {
        vacate_seat(kv, &before)?;
    }
    change_held(kv, seat.holder, |held| held.push(HeldSeat { salon: seat.salon, role: seat.role }))?;
    put(kv, keys::seat_place(seat.id), &(seat.salon, seat.role))?;
    put(kv, keys::seat(seat.salon, seat.role), seat)
}

/// Nothing happens when somebody else sits there by now.
pub(super) fn vacate_seat(kv: &mut dyn KvMut, seat: &Seat) -> StoreResult<()> {
    if View::of(kv).seat(seat.salon, seat.role)?.is_none_or(|current| current.id != seat.id) {
        return Ok(());
    }
    kv.put(keys::seat(seat.salon, seat.role), None);
    kv.put(keys::seat_place(seat.id), None);
    change_held(kv, seat.holder, |held| {
        held.retain(|held| held.salon != seat.salon || held.role != seat.role);
    })
}

fn change_held(kv: &mut dyn KvMut, account: AccountId, change: impl FnOnce(&mut Vec<HeldSeat>)) -> StoreResult<()> {
    let mut held = View::of(kv).seats_of(account)?;
    change(&mut held);
    // In one order, however they came: replaying must give the same bytes.
    held.sort_by_key(|held| (held.salon, held.role));
    if held.is_empty() {
        kv.put(keys::seats_of(account), None);
        return Ok(());
    }
    put(kv, keys::seats_of(account), &held)
}

pub(super) fn put_invitation(kv: &mut dyn KvMut, invitation: &Invitation) -> StoreResult<()> {
    kv.put(keys::invitation_of_salon(invitation.salon, invitation.id), Some(Default::default()));
    kv.put(keys::invitation_of_account(invitation.person, invitation.id), Some(Default::default()));
    put(kv, keys::invitation(invitation.id), invitation)
}

pub(super) fn remove_invitation(kv: &mut dyn KvMut, invitation: &Invitation) {
    kv.put(keys::invitation_of_salon(invitation.salon, invitation.id), None);
    kv.put(keys::invitation_of_account(invitation.person, invitation.id), None);
    kv.put(keys::invitation(invitation.id), None);
}
