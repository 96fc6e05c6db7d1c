//! From records to what is shown.

use super::{Service, reading};
use crate::{
    model::{
        Account, AccountId, ChatRole, Error, MemberCard, Membership, Message, MessageCard, PersonCard, Quote, ReadMark,
        Result, Room, RoomCard, RoomId, RoomKind,
    },
    rules::{
        messages::excerpt,
        permit::{Act, Standing, permit},
        roles,
    },
    store::View,
};

/// Readers named beside a message, at most; a room of thousands shows that it was read, not by everyone.
const READERS_SHOWN: usize = 200;
/// Readers of a page that are looked at.
const READERS_MAX: usize = 20_000;

/// A person as others see them.
pub(super) fn person(view: View<'_>, account: &Account) -> Result<PersonCard> {
    Ok(PersonCard {
        id: account.id,
        username: account.username.clone(),
        display_name: account.display_name(),
        avatar: account.profile.avatar,
        role: chat_role(view, account)?,
    })
}

/// The role shown beside somebody's name now.
pub(super) fn chat_role(view: View<'_>, account: &Account) -> Result<ChatRole> {
    Ok(roles::chat_role(account, &view.seats_of(account.id)?))
}

fn name_of(view: View<'_>, id: AccountId) -> Result<String> {
    Ok(view.account(id)?.map_or_else(|| "?".into(), |account| account.display_name()))
}

/// What all messages of a page have in common: their room, and how far people have read it.
pub(super) struct Context {
    kind: RoomKind,
    readers: Vec<(AccountId, ReadMark)>,
}

impl Context {
    /// With those who have read messages of `from` on.
    pub fn of(view: View<'_>, room: RoomId, from: u64) -> Result<Self> {
        Ok(Self { readers: view.readers(room, from, READERS_MAX)?, ..Self::without_readers(view, room)? })
    }

    /// Nobody but the author can have read what was just posted.
    pub fn without_readers(view: View<'_>, room: RoomId) -> Result<Self> {
        let room = view.room(room)?.ok_or_else(|| Error::not_found("room"))?;
        Ok(Self { kind: room.kind, readers: Vec::new() })
    }

    fn readers_of(&self, message: &Message) -> Vec<AccountId> {
        let readers =
            self.readers.iter().filter(|(account, mark)| mark.read >= message.seq && *account != message.author);
        readers.map(|(account, _)| *account).take(READERS_SHOWN).collect()
    }
}

/// Remembers the names that a page needs again and again.
#[derive(Default)]
pub(super) struct Names(Vec<(AccountId, String)>);

impl Names {
    fn get(&mut self, view: View<'_>, id: AccountId) -> Result<String> {
        if let Some((_, name)) = self.0.iter().find(|(known, _)| *known == id) {
            return Ok(name.clone());
        }
        let name = name_of(view, id)?;
        self.0.push((id, name.clone()));
        Ok(name)
    }
}

/// A message with what it refers to.
pub(super) fn message(view: View<'_>, message: Message, context: &Context, names: &mut Names) -> Result<MessageCard> {
    let quote = match message.reply_to.filter(|_| message.retracted.is_none()) {
        Some(replied) => quote(view, replied, message.room, names)?,
        None => None,
    };
    Ok(MessageCard {
        author_name: names.get(view, message.author)?,
        attachment: message.file.map_or(Ok(None), |file| view.file(file))?,
        quote,
        read_by: context.readers_of(&message),
        room_kind: context.kind,
        message,
    })
}

fn quote(view: View<'_>, id: crate::model::MessageId, room: RoomId, names: &mut Names) -> Result<Option<Quote>> {
    let Some((place, seq)) = view.message_place(id)? else { return Ok(None) };
    let Some(quoted) = view.message(place, seq)?.filter(|quoted| quoted.room == room) else { return Ok(None) };
    let file_name = quoted.file.map_or(Ok(None), |file| view.file(file))?.map(|file| file.name);
    let text = if quoted.body.is_empty() { file_name.unwrap_or_default() } else { excerpt(&quoted.body) };
    let author_name = names.get(view, quoted.author)?;
    Ok(Some(Quote { message: id, author: quoted.author, author_name, excerpt: text }))
}

/// A page of messages of one room.
pub(super) fn messages(view: View<'_>, room: RoomId, page: Vec<Message>) -> Result<Vec<MessageCard>> {
    let oldest = page.iter().map(|record| record.seq).min().unwrap_or_default();
    let (context, mut names) = (Context::of(view, room, oldest)?, Names::default());
    page.into_iter().map(|record| message(view, record, &context, &mut names)).collect()
}

/// A room as `viewer` sees it.
pub(super) fn room(view: View<'_>, viewer: &Account, mut record: Room) -> Result<RoomCard> {
    let head = view.room_head(record.id)?;
    let membership = view.membership(record.id, viewer.id)?;
    let role = membership.map(|membership| membership.role);
    let may_read = permit(&record, Standing::of(role), viewer, Act::Read).is_ok();
    if !may_read {
        // Name, members and counts are what a site administrator may know (contracts.md, "Privacy").
        record.topic.clear();
    }
    let read_seq = view.read_mark(record.id, viewer.id)?.map_or(0, |mark| mark.seq);
    let last_message = match may_read {
        true => view.message(record.id, head.last_seq)?,
        false => None,
    };
    let context = Context { kind: record.kind, readers: Vec::new() };
    let last_message = last_message.map(|last| message(view, last, &context, &mut Names::default())).transpose()?;
    let peer = peer(view, &record, viewer.id)?;
    Ok(RoomCard {
        title: title(view, &record, viewer.id, peer.as_ref())?,
        unread: if role.is_some() { reading::unread_after(view, record.id, read_seq)? } else { 0 },
        room: record,
        head,
        role,
        read_seq,
        last_message,
        peer,
    })
}

fn peer(view: View<'_>, room: &Room, viewer: AccountId) -> Result<Option<PersonCard>> {
    let RoomKind::Direct(one, other) = room.kind else { return Ok(None) };
    let id = if one == viewer { other } else { one };
    view.account(id)?.map(|account| person(view, &account)).transpose()
}

/// The name; where there is none, who else is there.
fn title(view: View<'_>, room: &Room, viewer: AccountId, peer: Option<&PersonCard>) -> Result<String> {
    const NAMES_SHOWN: usize = 4;
    match (&room.name, room.kind) {
        (Some(name), RoomKind::Staff(_)) => return Ok(format!("{name} (staff)")),
        (Some(name), _) => return Ok(name.clone()),
        (None, _) => {}
    }
    if let (RoomKind::Direct(one, other), Some(peer)) = (room.kind, peer)
        && (viewer == one || viewer == other)
    {
        return Ok(peer.display_name.clone());
    }
    let mut names = Vec::new();
    for membership in view.some_members(room.id, NAMES_SHOWN + 1)? {
        if membership.account != viewer && names.len() < NAMES_SHOWN {
            names.push(name_of(view, membership.account)?);
        }
    }
    Ok(if names.is_empty() { "Empty room".into() } else { names.join(", ") })
}

/// What a room is called for this viewer.
pub(super) fn room_title(view: View<'_>, room: &Room, viewer: AccountId) -> Result<String> {
    title(view, room, viewer, peer(view, room, viewer)?.as_ref())
}

impl Service {
    /// A member as the others see them.
    pub(super) fn member_card(&self, view: View<'_>, membership: &Membership) -> Result<Option<MemberCard>> {
        let Some(account) = view.account(membership.account)? else { return Ok(None) };
        let read_seq = view.read_mark(membership.room, account.id)?.map_or(0, |mark| mark.read);
        Ok(Some(MemberCard {
            person: person(view, &account)?,
            role: membership.role,
            joined_at: membership.joined_at,
            read_seq,
            online: self.hub.is_online(account.id),
        }))
    }
}
