//! What stands in an address: a room by name or id, a person by username.

use super::{Actor, Service, access, cards, rooms};
use crate::{
    model::{Account, AccountId, Error, Result, RoomCard, RoomId},
    rules::permit::Act,
};

/// Where the chat with somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addressed {
    /// The username is the actor's own.
    Oneself,
    /// Somebody with whom there is no direct room yet.
    Person(AccountId),
    /// The direct room with that person.
    Room(RoomId),
}

impl Service {
    /// A room that the actor may read: any by id, a public one by name too. Nothing is made or joined.
    pub fn find_room(&self, actor: Actor, name_or_id: &str) -> Result<RoomCard> {
        let snapshot = self.store.snapshot();
        let view = snapshot.view();
        access::person(view, actor)?;
        let found = match name_or_id.parse::<RoomId>() {
            Ok(id) => Some(id),
            Err(_) => view.public_room(name_or_id)?,
        };
        let granted = access::room(view, actor, found.ok_or_else(|| Error::not_found("room"))?, Act::Read)?;
        cards::room(view, &granted.account, granted.room)
    }

    /// The direct room with the person of this username, as far as there is one; nothing is made. Nobody of this name is 404.
    pub fn find_direct_room_with(&self, actor: Actor, username: &str) -> Result<Addressed> {
        let snapshot = self.store.snapshot();
        let view = snapshot.view();
        let account = access::person(view, actor)?;
        let missing = || Error::not_found("person");
        let other = view.account_by_username(username)?.ok_or_else(missing)?;
        if other == account.id {
            return Ok(Addressed::Oneself);
        }
        if let Some(id) = view.direct_room(account.id, other)? {
            access::room(view, actor, id, Act::Read)?;
            return Ok(Addressed::Room(id));
        }
        let other = view.account(other)?.filter(Account::is_active).ok_or_else(missing)?;
        Ok(Addressed::Person(other.id))
    }

    /// The same, but the room is made on first use.
    pub async fn direct_room_with(&self, actor: Actor, username: &str) -> Result<Addressed> {
        // What is only looked up waits for nobody, not even for a disk that is full.
        let found = self.find_direct_room_with(actor, username)?;
        let Addressed::Person(other) = found else { return Ok(found) };
        match self.direct_room(actor, other).await? {
            rooms::Opened::Made(card) | rooms::Opened::Found(card) => Ok(Addressed::Room(card.room.id)),
        }
    }
}
