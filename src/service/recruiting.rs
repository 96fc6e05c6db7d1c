//! Recruiting rooms as their own contract shows them: who recruits, who is a client, what was said last.

use super::{Actor, NewRoom, Service, access, cards, messages::newest_present, reading};
use crate::{
    model::{AccountId, Error, ErrorCode, MessageCard, Result, Room, RoomId, RoomKind, Timestamp},
    rules::permit::Act,
    store::View,
};

/// A recruiting room as one person sees it.
#[derive(Clone, Debug)]
pub struct RecruitingCard {
    pub room: RoomId,
    pub recruiter: AccountId,
    /// The members without the recruiter.
    pub clients: Vec<AccountId>,
    pub created_at: Timestamp,
    /// The newest that was not deleted, with who has read it.
    pub last_message: Option<MessageCard>,
    pub unread: u64,
}

/// Which recruiting rooms a list shows.
#[derive(Clone, Debug, Default)]
pub struct RecruitingFilter {
    pub recruiter: Option<AccountId>,
    /// All of them are clients there.
    pub clients: Vec<AccountId>,
}

impl Service {
    /// Opens a recruiting room, a new one each time: by one of the people in it, or a site administrator.
    pub async fn open_recruiting_room(
        &self,
        actor: Actor,
        recruiter: AccountId,
        clients: Vec<AccountId>,
    ) -> Result<RecruitingCard> {
        let opened = self.open_room(actor, NewRoom::Recruiting { recruiter, clients }).await?.room;
        let snapshot = self.store.snapshot();
        let granted = access::room(snapshot.view(), actor, opened.id, Act::See)?;
        card(snapshot.view(), &granted.room, actor.account())?.ok_or_else(Error::internal)
    }

    /// The actor's own recruiting rooms, newest activity first.
    pub fn recruiting_rooms(&self, actor: Actor, filter: &RecruitingFilter) -> Result<Vec<RecruitingCard>> {
        let snapshot = self.store.snapshot();
        let view = snapshot.view();
        let account = access::person(view, actor)?.id;
        let mut found = Vec::new();
        for id in view.rooms_of(account)? {
            let room = view.room(id)?.filter(|room| is_recruited_by(room, filter.recruiter));
            let card = match room.map_or(Ok(None), |room| card(view, &room, account)) {
                // It was deleted while it was read.
                Err(error) if error.code == ErrorCode::NotFound => None,
                card => card?,
            };
            found.extend(card.filter(|card| filter.clients.iter().all(|client| card.clients.contains(client))));
        }
        found.sort_by_key(|card| std::cmp::Reverse(last_activity(card)));
        Ok(found)
    }
}

fn is_recruited_by(room: &Room, wanted: Option<AccountId>) -> bool {
    matches!(room.kind, RoomKind::Recruiting { recruiter } if wanted.is_none_or(|wanted| wanted == recruiter))
}

fn last_activity(card: &RecruitingCard) -> Timestamp {
    card.last_message.as_ref().map_or(card.created_at, |last| last.message.posted_at)
}

/// `None` for a room of another kind.
fn card(view: View<'_>, room: &Room, viewer: AccountId) -> Result<Option<RecruitingCard>> {
    let RoomKind::Recruiting { recruiter } = room.kind else { return Ok(None) };
    let members = view.members(room.id)?;
    let is_member = members.iter().any(|member| member.account == viewer);
    let (mut last_message, mut unread) = (None, 0);
    // Whoever opened it for others does not read it.
    if is_member {
        let last = newest_present(view, room.id, 1)?.pop();
        last_message = cards::messages(view, room.id, last.into_iter().collect())?.pop();
        let mark = view.read_mark(room.id, viewer)?.map_or(0, |mark| mark.seq);
        unread = reading::unread_after(view, room.id, mark)?;
    }
    let clients = members.into_iter().map(|member| member.account).filter(|member| *member != recruiter).collect();
    Ok(Some(RecruitingCard { room: room.id, recruiter, clients, created_at: room.created_at, last_message, unread }))
}
