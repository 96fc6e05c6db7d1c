//! Public rooms by their names, for people and, where they are switched on, for guests.

use super::{
    Actor, Draft, Greeting, Guest, OpenSocket, Opened, Service, SocketError, access, cards, guests,
    messages::{Looks, present_before},
};
use crate::{
    hub::{Dialect, Outbox},
    model::{MessageCard, Result, Room, RoomId},
    rules::{names, permit::Act},
    store::View,
};
use std::sync::Arc;

/// Who uses a public room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visitor {
    Person(Actor),
    Guest(Guest),
}

impl Service {
    /// Comes into the public room of that name, which is made on first use. A person joins it; a guest is only let in.
    pub async fn visit(&self, visitor: Visitor, name: &str) -> Result<RoomId> {
        match visitor {
            Visitor::Person(actor) => match self.join_by_name(actor, name).await? {
                Opened::Made(card) | Opened::Found(card) => Ok(card.room.id),
            },
            Visitor::Guest(guest) => self.visit_as_guest(guest, name).await,
        }
    }

    /// Whether one more socket may be opened. To be asked before anything is made for it; opening it decides.
    pub fn check_socket_place(&self, visitor: Visitor) -> std::result::Result<(), SocketError> {
        let has_place = match visitor {
            Visitor::Person(actor) => self.hub.has_place_for(actor.account()),
            Visitor::Guest(guest) => self.has_place_for_guest(guest),
        };
        if has_place { Ok(()) } else { Err(SocketError::TooManySockets) }
    }

    /// Opens a socket that hears this room.
    pub fn open_visitor_socket(
        &self,
        visitor: Visitor,
        room: RoomId,
        dialect: Arc<dyn Dialect>,
        outbox: Arc<Outbox>,
    ) -> std::result::Result<OpenSocket, SocketError> {
        match visitor {
            Visitor::Person(actor) => self.open_room_socket(actor, room, dialect, outbox, Greeting::Silent),
            Visitor::Guest(guest) => self.open_guest_socket(guest, room, dialect, outbox),
        }
    }

    /// Posts a text into the room that a visitor came into.
    pub async fn say(&self, visitor: Visitor, room: RoomId, text: String) -> Result<MessageCard> {
        match visitor {
            Visitor::Person(actor) => Ok(self.post(actor, room, draft(text)).await?.card()),
            Visitor::Guest(guest) => self.post_as_guest(guest, room, text).await,
        }
    }

    /// Posts a text into the public room of that name, which is made on first use.
    pub async fn say_by_name(&self, visitor: Visitor, name: &str, text: String) -> Result<MessageCard> {
        match visitor {
            Visitor::Person(actor) => Ok(self.post_by_name(actor, name, draft(text)).await?.card()),
            Visitor::Guest(guest) => {
                // What cannot be posted opens no room.
                guests::check_text(&text, &self.config.limits)?;
                let room = self.visit_as_guest(guest, name).await?;
                self.post_as_guest(guest, room, text).await
            }
        }
    }

    /// The newest messages of the public room of that name that are still there, oldest first: as many as were asked for,
    /// unless the room has no more or 20,000 deleted ones come first; none of a room that nobody has used yet. Reading joins
    /// nothing and makes nothing.
    pub fn newest_by_name(&self, visitor: Visitor, name: &str, size: usize) -> Result<Vec<MessageCard>> {
        let name = names::room(name, self.config.limits.name_chars)?;
        let size = size.clamp(1, self.config.limits.page_size_max);
        let snapshot = self.store.snapshot();
        let view = snapshot.view();
        let found = match visitor {
            Visitor::Person(actor) => room_by_name(view, actor, &name)?,
            Visitor::Guest(_) => guests::room_by_name(view, &name)?,
        };
        let Some(room) = found else { return Ok(Vec::new()) };
        let (context, mut names) = (cards::Context::without_readers(view, room.id)?, cards::Names::default());
        let end = view.room_head(room.id)?.last_seq + 1;
        let newest = present_before(view, room.id, end, size, &mut Looks::for_page())?;
        newest.into_iter().map(|message| cards::message(view, message, &context, &mut names)).collect()
    }
}

fn draft(text: String) -> Draft {
    Draft { text: Some(text), ..Draft::default() }
}

fn room_by_name(view: View<'_>, actor: Actor, name: &str) -> Result<Option<Room>> {
    access::person(view, actor)?;
    let found = view.public_room(name)?;
    found.map(|id| Ok(access::room(view, actor, id, Act::Read)?.room)).transpose()
}
