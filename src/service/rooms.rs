//! Opening rooms, coming and going, changing and deleting them.

use super::{Actor, Service, access, cards};
use crate::{
    config::Limits,
    model::{
        Account, AccountId, Error, Event, MemberCard, Membership, Result, Room, RoomCard, RoomId, RoomKind, RoomRole,
    },
    rules::{self, names, permit::Act},
    store::{GO_ON, Tx, View},
};

/// A room to be opened.
#[derive(Clone, Debug)]
pub enum NewRoom {
    Public { name: String, topic: String },
    Private { name: Option<String>, topic: String, members: Vec<AccountId> },
    Recruiting { recruiter: AccountId, clients: Vec<AccountId> },
}

/// Whether an operation that finds or makes a room made it.
#[derive(Clone, Debug)]
pub enum Opened {
    Made(RoomCard),
    Found(RoomCard),
}

/// Which rooms a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomScope {
    /// Those the actor is a member of, newest activity first.
    Mine,
    /// Public rooms, by name.
    Public,
    /// All there are, for a site administrator; for anyone else their own.
    All,
}

/// What may change in a room; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct RoomChange {
    pub name: Option<String>,
    pub topic: Option<String>,
    pub archived: Option<bool>,
}

impl Service {
    /// Opens a room. The actor becomes its owner; in a recruiting room the recruiter does.
    pub async fn open_room(&self, actor: Actor, new: NewRoom) -> Result<RoomCard> {
        let limits = self.config.limits.clone();
        self.store
            .commit(Some(actor.account()), move |tx| {
                let account = access::person(tx.view(), actor)?;
                let (name_max, topic_max) = (limits.name_chars, limits.topic_chars);
                let room = match new {
                    NewRoom::Public { name, topic } => {
                        let name = names::room(&name, name_max)?;
                        if tx.view().public_room(&name)?.is_some() {
                            return Err(Error::taken(
                                "name",
                                "There is a public room of this name already. Join it, or choose another name.",
                            ));
                        }
                        let topic = names::free_text("topic", &topic, topic_max)?;
                        open(
                            tx,
                            &limits,
                            RoomKind::Public,
                            Some(name),
                            topic,
                            &account,
                            &[(account.id, RoomRole::Owner)],
                        )?
                    }
                    NewRoom::Private { name, topic, members } => {
                        let name = name.map(|name| names::room(&name, name_max)).transpose()?;
                        let topic = names::free_text("topic", &topic, topic_max)?;
                        check_count("members", members.len(), limits.room_members_max)?;
                        let people = people_with(tx.view(), "members", (account.id, RoomRole::Owner), &members)?;
                        open(tx, &limits, RoomKind::Private, name, topic, &account, &people)?
                    }
                    NewRoom::Recruiting { recruiter, clients } => {
                        check_count("clients", clients.len(), limits.room_members_max)?;
                        open_recruiting(tx, &limits, &account, recruiter, &clients)?
                    }
                };
                cards::room(tx.view(), &account, room)
            })
            .await
    }

    /// Joins the public room of that name, made on first use.
    pub async fn join_by_name(&self, actor: Actor, name: &str) -> Result<Opened> {
        let name = names::room(name, self.config.limits.name_chars)?;
        let limits = self.config.limits.clone();
        self.store
            .commit(Some(actor.account()), move |tx| {
                let account = access::person(tx.view(), actor)?;
                let (room, found) = find_or_open_public(tx, actor, &account, name, &limits)?;
                if found == Found::Yes {
                    admit(tx, &room, account.id, RoomRole::Member, &limits)?;
                }
                let card = cards::room(tx.view(), &account, room)?;
                Ok(if found == Found::Yes { Opened::Found(card) } else { Opened::Made(card) })
            })
            .await
    }

    /// Joins a public room.
    pub async fn join_room(&self, actor: Actor, id: RoomId) -> Result<RoomCard> {
        let limits = self.config.limits.clone();
        self.store
            .commit(Some(actor.account()), move |tx| {
                let granted = access::room(tx.view(), actor, id, Act::Join)?;
                admit(tx, &granted.room, granted.account.id, RoomRole::Member, &limits)?;
                cards::room(tx.view(), &granted.account, granted.room)
            })
            .await
    }

    /// The one direct room with somebody, made on first use.
    pub async fn direct_room(&self, actor: Actor, other: AccountId) -> Result<Opened> {
        let limits = self.config.limits.clone();
        self.store
            .commit(Some(actor.account()), move |tx| {
                let account = access::person(tx.view(), actor)?;
                let (room, found) = find_or_open_direct(tx, &account, other, &limits)?;
                let card = cards::room(tx.view(), &account, room)?;
                Ok(if found == Found::Yes { Opened::Found(card) } else { Opened::Made(card) })
            })
            .await
    }

    /// A room as the actor sees it.
    pub fn room(&self, actor: Actor, id: RoomId) -> Result<RoomCard> {
        let snapshot = self.store.snapshot();
        let granted = access::room(snapshot.view(), actor, id, Act::See)?;
        cards::room(snapshot.view(), &granted.account, granted.room)
    }

    /// The rooms of a scope whose title contains `search`.
    pub fn rooms(&self, actor: Actor, scope: RoomScope, search: &str) -> Result<Vec<RoomCard>> {
        let snapshot = self.store.snapshot();
        let view = snapshot.view();
        let account = access::person(view, actor)?;
        let records = records(view, &account, scope)?.into_iter();
        let mut found = records.map(|room| cards::room(view, &account, room)).collect::<Result<Vec<_>>>()?;
        let search = search.trim().to_lowercase();
        found.retain(|card| search.is_empty() || card.title.to_lowercase().contains(&search));
        if scope != RoomScope::Public {
            found.sort_by_key(|card| std::cmp::Reverse(last_activity(card)));
        }
        Ok(found)
    }

    /// The members of a room.
    pub fn members(&self, actor: Actor, id: RoomId) -> Result<Vec<MemberCard>> {
        let snapshot = self.store.snapshot();
        let view = snapshot.view();
        access::room(view, actor, id, Act::See)?;
        let members = view.members(id)?;
        members.iter().filter_map(|membership| self.member_card(view, membership).transpose()).collect()
    }

    /// Brings somebody into a room.
    pub async fn invite(&self, actor: Actor, id: RoomId, invited: AccountId) -> Result<MemberCard> {
        let limits = self.config.limits.clone();
        let membership = self
            .store
            .commit(Some(actor.account()), move |tx| {
                let granted = access::room(tx.view(), actor, id, Act::Invite)?;
                access::active_account(tx.view(), invited, "user")?;
                admit(tx, &granted.room, invited, RoomRole::Member, &limits)?;
                tx.view().membership(id, invited)?.ok_or_else(Error::internal)
            })
            .await?;
        self.member_card(self.store.snapshot().view(), &membership)?.ok_or_else(|| Error::not_found("person"))
    }

    /// Makes a member an owner, or an owner a member; one owner always stays.
    pub async fn set_room_role(&self, actor: Actor, id: RoomId, who: AccountId, role: RoomRole) -> Result<MemberCard> {
        let membership = self
            .store
            .commit(Some(actor.account()), move |tx| {
                access::room(tx.view(), actor, id, Act::Change)?;
                let current = tx.view().membership(id, who)?.ok_or_else(|| Error::not_found("member"))?;
                let members = tx.view().members(id)?;
                let is_last_owner = role == RoomRole::Member
                    && current.role == RoomRole::Owner
                    && members.iter().filter(|member| member.role == RoomRole::Owner).count() == 1;
                if is_last_owner {
                    return Err(Error::conflict("A room needs an owner. Make somebody else owner first."));
                }
                let changed = Membership { role, ..current.clone() };
                if changed != current {
                    tx.emit(Event::MemberChanged(changed.clone()))?;
                }
                Ok(changed)
            })
            .await?;
        self.member_card(self.store.snapshot().view(), &membership)?.ok_or_else(|| Error::not_found("person"))
    }

    /// Puts somebody out of a room.
    pub async fn dismiss(&self, actor: Actor, id: RoomId, who: AccountId) -> Result<()> {
        self.store
            .commit(Some(actor.account()), move |tx| {
                access::room(tx.view(), actor, id, Act::Dismiss)?;
                tx.view().membership(id, who)?.ok_or_else(|| Error::not_found("member"))?;
                depart(tx, id, who)
            })
            .await
    }

    /// Leaves a room.
    pub async fn leave_room(&self, actor: Actor, id: RoomId) -> Result<()> {
        self.store
            .commit(Some(actor.account()), move |tx| {
                let granted = access::room(tx.view(), actor, id, Act::Leave)?;
                depart(tx, id, granted.account.id)
            })
            .await
    }

    /// Changes name, topic or archive.
    pub async fn change_room(&self, actor: Actor, id: RoomId, change: RoomChange) -> Result<RoomCard> {
        let limits = self.config.limits.clone();
        self.store
            .commit(Some(actor.account()), move |tx| {
                let granted = access::room(tx.view(), actor, id, Act::Change)?;
                let mut room = granted.room.clone();
                if let Some(name) = change.name {
                    let name = names::room(&name, limits.name_chars)?;
                    let taken =
                        room.kind == RoomKind::Public && tx.view().public_room(&name)?.is_some_and(|other| other != id);
                    if taken {
                        return Err(Error::taken("name", "There is a public room of this name already."));
                    }
                    room.name = Some(name);
                }
                if let Some(topic) = change.topic {
                    room.topic = names::free_text("topic", &topic, limits.topic_chars)?;
                }
                room.archived = change.archived.unwrap_or(room.archived);
                if room != granted.room {
                    tx.emit(Event::RoomChanged(room.clone()))?;
                }
                cards::room(tx.view(), &granted.account, room)
            })
            .await
    }

    /// Deletes a room with everything in it.
    pub async fn delete_room(&self, actor: Actor, id: RoomId) -> Result<()> {
        let files = self
            .store
            .commit(Some(actor.account()), move |tx| {
                access::room(tx.view(), actor, id, Act::Delete)?;
                let files = tx.view().files_in(id)?;
                tx.emit(Event::RoomDeleted { room: id })?;
                Ok(files)
            })
            .await?;
        self.remove_blobs(files).await;
        Ok(())
    }
}

/// Whether a room was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Yes,
    No,
}

/// The public room of that name, made on first use, within a mutation. `name` was found good. Nobody joins one that was
/// there by this.
pub(super) fn find_or_open_public(
    tx: &mut Tx,
    actor: Actor,
    account: &Account,
    name: String,
    limits: &Limits,
) -> Result<(Room, Found)> {
    if let Some(id) = tx.view().public_room(&name)? {
        return Ok((access::room(tx.view(), actor, id, Act::Join)?.room, Found::Yes));
    }
    let owner = [(account.id, RoomRole::Owner)];
    Ok((open(tx, limits, RoomKind::Public, Some(name), String::new(), account, &owner)?, Found::No))
}

/// The one direct room of two people, within a mutation.
pub(super) fn find_or_open_direct(
    tx: &mut Tx,
    account: &Account,
    other: AccountId,
    limits: &Limits,
) -> Result<(Room, Found)> {
    if other == account.id {
        return Err(Error::invalid("user", "A direct room needs somebody else than yourself."));
    }
    if let Some(id) = tx.view().direct_room(account.id, other)? {
        let room = tx.view().room(id)?.ok_or_else(|| Error::not_found("room"))?;
        return Ok((room, Found::Yes));
    }
    let other = tx.view().account(other)?.filter(Account::is_active);
    let other = other.ok_or_else(|| Error::not_found("person"))?;
    let people = [(account.id, RoomRole::Owner), (other.id, RoomRole::Member)];
    let kind = RoomKind::direct(account.id, other.id);
    Ok((open(tx, limits, kind, None, String::new(), account, &people)?, Found::No))
}

/// The rooms of a scope; public ones by name.
pub(super) fn records(view: View<'_>, account: &Account, scope: RoomScope) -> Result<Vec<Room>> {
    match scope {
        RoomScope::Public => public_rooms(view),
        RoomScope::All if account.is_admin => Ok(view.rooms()?),
        RoomScope::Mine | RoomScope::All => own_rooms(view, account.id),
    }
}

/// When something was said last, or the room was opened.
pub(super) fn last_activity(card: &RoomCard) -> crate::model::Timestamp {
    card.last_message.as_ref().map_or(card.room.created_at, |last| last.message.posted_at)
}

fn own_rooms(view: View<'_>, account: AccountId) -> Result<Vec<Room>> {
    let ids = view.rooms_of(account)?;
    let rooms = ids.into_iter().map(|id| view.room(id)).collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(rooms.into_iter().flatten().collect())
}

fn public_rooms(view: View<'_>) -> Result<Vec<Room>> {
    let mut rooms = Vec::new();
    view.each_public_room(|room| {
        if !room.archived {
            rooms.push(room);
        }
        GO_ON
    })?;
    Ok(rooms)
}

fn check_count(field: &'static str, count: usize, max: usize) -> Result<()> {
    if count < max { Ok(()) } else { Err(Error::invalid(field, format!("A room has at most {max} members."))) }
}

fn people_with(
    view: View<'_>,
    field: &'static str,
    first: (AccountId, RoomRole),
    others: &[AccountId],
) -> Result<Vec<(AccountId, RoomRole)>> {
    let mut people = vec![first];
    for other in others {
        access::active_account(view, *other, field)?;
        if people.iter().all(|(known, _)| known != other) {
            people.push((*other, RoomRole::Member));
        }
    }
    Ok(people)
}

fn open_recruiting(
    tx: &mut Tx,
    limits: &Limits,
    account: &Account,
    recruiter: AccountId,
    clients: &[AccountId],
) -> Result<Room> {
    if clients.is_empty() {
        return Err(Error::invalid("clients", "Name at least one client."));
    }
    if clients.contains(&recruiter) {
        return Err(Error::invalid("clients", "The recruiter cannot be a client in the same room."));
    }
    access::active_account(tx.view(), recruiter, "recruiter")?;
    let people = people_with(tx.view(), "clients", (recruiter, RoomRole::Owner), clients)?;
    if !account.is_admin && people.iter().all(|(id, _)| *id != account.id) {
        return Err(Error::forbidden(
            "Only somebody who takes part, or a site administrator, may open a recruiting room.",
        ));
    }
    open(tx, limits, RoomKind::Recruiting { recruiter }, None, String::new(), account, &people)
}

fn open(
    tx: &mut Tx,
    limits: &Limits,
    kind: RoomKind,
    name: Option<String>,
    topic: String,
    creator: &Account,
    people: &[(AccountId, RoomRole)],
) -> Result<Room> {
    let (id, now) = (RoomId::new(), tx.now());
    let room = Room { id, kind, name, topic, created_by: Some(creator.id), created_at: now, archived: false };
    tx.emit(Event::RoomOpened(room.clone()))?;
    for (account, role) in people {
        check_rooms_of(tx.view(), *account, limits)?;
        tx.emit(Event::MemberJoined(Membership { room: id, account: *account, role: *role, joined_at: now }))?;
    }
    Ok(room)
}

/// Nobody is in more rooms than one may be: a sign-in has to load them all.
pub(super) fn check_rooms_of(view: View<'_>, account: AccountId, limits: &Limits) -> Result<()> {
    if view.rooms_of(account)?.len() < limits.rooms_per_account_max {
        return Ok(());
    }
    let max = limits.rooms_per_account_max;
    Err(Error::conflict(format!("Nobody can be in more than {max} rooms. Leave one first.")))
}

/// Makes somebody a member, to whom nothing that was said so far is new. Nothing happens if they are one.
pub(super) fn admit(tx: &mut Tx, room: &Room, account: AccountId, role: RoomRole, limits: &Limits) -> Result<()> {
    if tx.view().membership(room.id, account)?.is_some() {
        return Ok(());
    }
    let head = tx.view().room_head(room.id)?;
    if head.member_count as usize >= limits.room_members_max {
        return Err(Error::conflict("The room is full."));
    }
    // The last one took the ownership along. A room of the house, such as `public-chat`, never had an owner.
    let role = if head.member_count == 0 && room.created_by.is_some() { RoomRole::Owner } else { role };
    check_rooms_of(tx.view(), account, limits)?;
    let now = tx.now();
    tx.emit(Event::MemberJoined(Membership { room: room.id, account, role, joined_at: now }))?;
    if head.last_seq > 0 {
        tx.emit(Event::HistorySkipped { room: room.id, account, seq: head.last_seq })?;
    }
    Ok(())
}

/// Ends a membership; an ownerless room gets a new owner.
pub(super) fn depart(tx: &mut Tx, room: RoomId, account: AccountId) -> Result<()> {
    let members = tx.view().members(room)?;
    if let Some(heir) = rules::rooms::heir(&members, account)
        && let Some(membership) = members.into_iter().find(|member| member.account == heir)
    {
        tx.emit(Event::MemberChanged(Membership { role: RoomRole::Owner, ..membership }))?;
    }
    tx.emit(Event::MemberLeft { room, account })?;
    Ok(())
}
