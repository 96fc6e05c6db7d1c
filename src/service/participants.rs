//! Rooms together with who takes part in them, from one state: a room that goes meanwhile is left out, and nothing else.

use super::{
    Actor, RoomScope, Service, access, cards,
    rooms::{last_activity, records},
};
use crate::model::{MemberCard, Result, RoomCard};

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
