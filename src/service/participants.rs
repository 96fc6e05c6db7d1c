//! Rooms together with who takes part in them, from one state: a room that goes meanwhile is left out, and nothing else.

use super::{Actor, RoomScope, Service, access, cards};
use crate::{
    model::{Account, MemberCard, Result, Room, RoomCard, Timestamp},
    store::{GO_ON, View},
};

/// A room and who takes part.
#[derive(Clone, Debug)]
pub struct ChatRoomCard {
    pub card: RoomCard,
    pub members: Vec<MemberCard>,
}

impl Service {
    /// The rooms of a scope with their members: newest activity first, public ones by name.
    pub fn rooms_with_members(&self, actor: Actor, scope: RoomScope) -> Result<Vec<ChatRoomCard>> {
        let snapshot = self.store.snapshot();
        let view = snapshot.view();
        let account = access::person(view, actor)?;
        let mut found = Vec::new();
        for room in records(view, &account, scope)? {
            let id = room.id;
            let members = view.members(id)?;
            let members = members.iter().filter_map(|member| self.member_card(view, member).transpose());
            let listed =
                ChatRoomCard { members: members.collect::<Result<_>>()?, card: cards::room(view, &account, room)? };
            // Part of what was read may have been deleted while it was read.
            found.extend(view.room(id)?.map(|_| listed));
        }
        if scope != RoomScope::Public {
            found.sort_by_key(|listed| std::cmp::Reverse(last_activity(&listed.card)));
        }
        Ok(found)
    }
}

fn records(view: View<'_>, account: &Account, scope: RoomScope) -> Result<Vec<Room>> {
    match scope {
        RoomScope::Public => {
            let mut rooms = Vec::new();
            view.each_public_room(|room| {
                rooms.extend((!room.archived).then_some(room));
                GO_ON
            })?;
            Ok(rooms)
        }
        RoomScope::All if account.is_admin => Ok(view.rooms()?),
        RoomScope::Mine | RoomScope::All => {
            let rooms = view.rooms_of(account.id)?.into_iter().map(|id| view.room(id));
            Ok(rooms.filter_map(std::result::Result::transpose).collect::<std::result::Result<_, _>>()?)
        }
    }
}

fn last_activity(card: &RoomCard) -> Timestamp {
    card.last_message.as_ref().map_or(card.room.created_at, |last| last.message.posted_at)
}
