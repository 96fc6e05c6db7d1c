//! May they? Loads what the actor is and asks the permission table; what it grants is the way to a room.

use super::Actor;
use crate::{
    model::{Account, AccountId, Error, Message, MessageId, Result, Room, RoomId},
    rules::permit::{Act, Standing, permit, permit_guest},
    store::View,
};

/// A room that the actor may use for what was asked.
pub(super) struct Granted {
    pub account: Account,
    pub room: Room,
    pub standing: Standing,
}

/// The actor's account, if their session is still good and they are not blocked.
pub(super) fn person(view: View<'_>, actor: Actor) -> Result<Account> {
    let ended = || Error::unauthenticated("You are signed out. Sign in again.");
    view.session(actor.session())?.ok_or_else(ended)?;
    view.account(actor.account())?.filter(Account::is_active).ok_or_else(ended)
}

/// The actor's account, if they are site administrator.
pub(super) fn administrator(view: View<'_>, actor: Actor) -> Result<Account> {
    let account = person(view, actor)?;
    if account.is_admin { Ok(account) } else { Err(Error::forbidden("Only a site administrator may do this.")) }
}

/// A room, for one kind of act.
pub(super) fn room(view: View<'_>, actor: Actor, id: RoomId, act: Act) -> Result<Granted> {
    let account = person(view, actor)?;
    let room = view.room(id)?.ok_or_else(|| Error::not_found("room"))?;
    let membership = view.membership(id, account.id)?;
    let standing = Standing::of(membership.map(|membership| membership.role));
    permit(&room, standing, &account, act)?;
    Ok(Granted { account, room, standing })
}

/// A room, for what a guest wants to do in it. There is no account to ask about.
pub(super) fn room_for_guest(view: View<'_>, id: RoomId, act: Act) -> Result<Room> {
    let room = view.room(id)?.ok_or_else(|| Error::not_found("room"))?;
    permit_guest(&room, act)?;
    Ok(room)
}

/// A message and its room, for one kind of act in the room.
pub(super) fn message(view: View<'_>, actor: Actor, id: MessageId, act: Act) -> Result<(Granted, Message)> {
    let missing = || Error::not_found("message");
    let Some((room_id, seq)) = view.message_place(id)? else {
        person(view, actor)?;
        return Err(missing());
    };
    let granted = match room(view, actor, room_id, act) {
        Err(error) if error.code == crate::model::ErrorCode::NotFound => return Err(missing()),
        other => other?,
    };
    let message = view.message(room_id, seq)?.ok_or_else(missing)?;
    Ok((granted, message))
}

/// Somebody else's account that can be written to.
pub(super) fn active_account(view: View<'_>, id: AccountId, field: &'static str) -> Result<Account> {
    let account = view.account(id)?.filter(Account::is_active);
    account.ok_or_else(|| Error::invalid(field, format!("There is nobody with the id {id} who could be written to.")))
}
