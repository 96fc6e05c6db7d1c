//! Posting, editing, retracting and reading back messages.

use super::{Actor, NewFile, Service, access, cards, rooms};
use crate::{
    config::Limits,
    model::{
        Account, AccountId, Aside, ClientId, Error, Event, File, FileId, JobId, Message, MessageCard, MessageId,
        RequestId, Result, RoomId, RoomKind, RoomRole,
    },
    rules::{
        messages, names,
        permit::{Act, Standing, permit_edit, permit_participant, permit_retraction},
    },
    store::{Tx, View},
};

/// A message to be posted.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub text: Option<String>,
    pub client_id: Option<ClientId>,
    pub reply_to: Option<MessageId>,
    pub job: Option<JobId>,
    /// What the client called this request; told to sockets with the message, and then forgotten.
    pub request_id: Option<RequestId>,
}

/// What became of a draft.
#[derive(Clone, Debug)]
pub enum Posted {
    New(MessageCard),
    /// The same author sent this `client_id` to this room before: this is the message of then.
    Before(MessageCard),
}

impl Posted {
    /// The message, new or not.
    pub fn card(self) -> MessageCard {
        match self {
            Self::New(card) | Self::Before(card) => card,
        }
    }
}

/// Which part of a room's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    Newest,
    Before(MessageId),
    After(MessageId),
    Around(MessageId),
}

/// A page of history, oldest first.
#[derive(Clone, Debug)]
pub struct History {
    pub room: RoomId,
    pub title: String,
    pub messages: Vec<MessageCard>,
    pub has_before: bool,
    pub has_after: bool,
}

/// A page of what is still there of a room's history, oldest first.
#[derive(Clone, Debug)]
pub struct PresentHistory {
    pub room: RoomId,
    pub title: String,
    pub messages: Vec<MessageCard>,
}

impl Service {
    /// Posts a text.
    pub async fn post(&self, actor: Actor, room: RoomId, draft: Draft) -> Result<Posted> {
        self.post_with(actor, room, draft, None).await
    }

    /// Posts a text or a file: exactly one of them.
    pub async fn post_text_or_file(
        &self,
        actor: Actor,
        room: RoomId,
        draft: Draft,
        file: Option<NewFile>,
    ) -> Result<Posted> {
        messages::text_or_file(draft.text.as_deref(), file.as_ref())?;
        match file {
            Some(file) => self.post_file(actor, room, draft, file).await,
            None => self.post(actor, room, draft).await,
        }
    }

    /// Posts a text, or a file with or without a text. The file's bytes are in place already.
    pub(super) async fn post_with(
        &self,
        actor: Actor,
        room: RoomId,
        draft: Draft,
        file: Option<File>,
    ) -> Result<Posted> {
        let limits = self.config.limits.clone();
        let posted =
            self.store.commit(Some(actor.account()), move |tx| post(tx, actor, room, draft, file, &limits)).await?;
        if self.hub.typing().stop(room, actor.account()) {
            self.tell_typing(room, actor.account(), false);
        }
        Ok(posted)
    }

    /// Posts a text into the direct room with somebody, which is made on first use.
    pub async fn post_to(&self, actor: Actor, other: AccountId, draft: Draft) -> Result<Posted> {
        let limits = self.config.limits.clone();
        self.store
            .commit(Some(actor.account()), move |tx| {
                let account = access::person(tx.view(), actor)?;
                let (room, _) = rooms::find_or_open_direct(tx, &account, other, &limits)?;
                post(tx, actor, room.id, draft, None, &limits)
            })
            .await
    }

    /// Posts a text into the public room of that name, which is made on first use.
    pub async fn post_by_name(&self, actor: Actor, name: &str, draft: Draft) -> Result<Posted> {
        let name = names::room(name, self.config.limits.name_chars)?;
        let limits = self.config.limits.clone();
        let posted = self
            .store
            .commit(Some(actor.account()), move |tx| {
                let account = access::person(tx.view(), actor)?;
                let (room, _) = rooms::find_or_open_public(tx, actor, &account, name, &limits)?;
                post(tx, actor, room.id, draft, None, &limits)
            })
            .await?;
        let (Posted::New(card) | Posted::Before(card)) = &posted;
        if self.hub.typing().stop(card.message.room, actor.account()) {
            self.tell_typing(card.message.room, actor.account(), false);
        }
        Ok(posted)
    }

    /// Edits one's own message; of a file message, the text beside the file.
    pub async fn edit(&self, actor: Actor, id: MessageId, text: String) -> Result<MessageCard> {
        let chars_max = self.config.limits.message_chars;
        self.store
            .commit(Some(actor.account()), move |tx| {
                let (granted, message) = access::message(tx.view(), actor, id, Act::Read)?;
                permit_edit(&message, granted.account.id)?;
                if granted.standing == Standing::Outsider {
                    return Err(Error::forbidden("Join the room again to edit what you wrote in it."));
                }
                messages::accepts_posts(&granted.room)?;
                let body = match message.file {
                    None => messages::text(&text, chars_max)?,
                    Some(_) => messages::caption(&text, chars_max)?,
                };
                if body != message.body {
                    let (room, seq) = (message.room, message.seq);
                    // The clock may have been set back; nothing is edited before it was written.
                    let at = tx.now().max(message.edited_at.unwrap_or(message.posted_at));
                    tx.emit(Event::MessageEdited { room, seq, message: id, body, at })?;
                }
                reload(tx, &message)
            })
            .await
    }

    /// Deletes a message: text and file are really removed, a tombstone stays.
    pub async fn retract(&self, actor: Actor, id: MessageId) -> Result<MessageCard> {
        let (card, file) = self
            .store
            .commit(Some(actor.account()), move |tx| {
                let (granted, message) = access::message(tx.view(), actor, id, Act::See)?;
                permit_retraction(&message, granted.room.kind, granted.standing, &granted.account)?;
                if message.retracted.is_none() {
                    let (room, seq, by, at) = (message.room, message.seq, granted.account.id, tx.now());
                    tx.tell(Aside::Retracted(Box::new(card(tx.view(), message.clone())?)));
                    tx.emit(Event::MessageRetracted { room, seq, message: id, by, at })?;
                }
                Ok((reload(tx, &message)?, message.file))
            })
            .await?;
        self.remove_blobs(file).await;
        Ok(card)
    }

    /// One message.
    pub fn message(&self, actor: Actor, id: MessageId) -> Result<MessageCard> {
        let snapshot = self.store.snapshot();
        let (_, message) = access::message(snapshot.view(), actor, id, Act::Read)?;
        card(snapshot.view(), message)
    }

    /// A page of a room's history.
    pub fn history(&self, actor: Actor, room: RoomId, range: Range, size: usize) -> Result<History> {
        let snapshot = self.store.snapshot();
        let view = snapshot.view();
        let granted = access::room(view, actor, room, Act::Read)?;
        let size = size.clamp(1, self.config.limits.page_size_max);
        let last_seq = view.room_head(room)?.last_seq;
        let page = match range {
            Range::Newest => view.messages_before(room, 0, last_seq + 1, size)?,
            Range::Before(id) => view.messages_before(room, 0, place_in(view, room, id)?, size)?,
            Range::After(id) => view.messages_from(room, place_in(view, room, id)? + 1, last_seq + 1, size)?,
            Range::Around(id) => {
                let seq = place_in(view, room, id)?;
                let mut page = view.messages_before(room, 0, seq + 1, size / 2 + 1)?;
                page.extend(view.messages_from(room, seq + 1, last_seq + 1, size - size / 2 - 1)?);
                page
            }
        };
        // An empty page has a place too: behind the message that was asked after, or before the one asked before.
        let (first, last) = match (page.first(), page.last(), range) {
            (Some(first), Some(last), _) => (first.seq, last.seq),
            (.., Range::After(_)) => (last_seq + 1, last_seq),
            _ => (1, 0),
        };
        Ok(History {
            room,
            title: cards::room_title(view, &granted.room, granted.account.id)?,
            has_before: first > 1,
            has_after: last < last_seq,
            messages: cards::messages(view, room, page)?,
        })
    }

    /// The newest messages that were not deleted, or those before a message, for doors without tombstones: as many as were
    /// asked for, unless the room has no more or 20,000 deleted ones come first. For those who take part in the room, and of
    /// public rooms for a site administrator; to others it is not there.
    pub fn present_history(
        &self,
        actor: Actor,
        room: RoomId,
        before: Option<MessageId>,
        size: usize,
    ) -> Result<PresentHistory> {
        let snapshot = self.store.snapshot();
        let view = snapshot.view();
        let granted = access::room(view, actor, room, Act::Read)?;
        permit_participant(granted.standing, &granted.account)?;
        let before = match before {
            None => view.room_head(room)?.last_seq + 1,
            Some(id) => place_in(view, room, id)?,
        };
        let size = size.clamp(1, self.config.limits.page_size_max);
        let page = present_before(view, room, before, size, &mut Looks::for_page())?;
        let title = cards::room_title(view, &granted.room, granted.account.id)?;
        Ok(PresentHistory { room, title, messages: cards::messages(view, room, page)? })
    }
}

/// Posts, within a mutation.
fn post(tx: &mut Tx, actor: Actor, room: RoomId, draft: Draft, file: Option<File>, limits: &Limits) -> Result<Posted> {
    let granted = access::room(tx.view(), actor, room, Act::Post)?;
    if let Some(before) = same_client_id(tx.view(), actor, room, &draft)? {
        return Ok(Posted::Before(card(tx.view(), before)?));
    }
    messages::accepts_posts(&granted.room)?;
    check_peer(tx.view(), &granted)?;
    let text = draft.text.unwrap_or_default();
    let body = match &file {
        None => messages::text(&text, limits.message_chars)?,
        Some(_) => messages::caption(&text, limits.message_chars)?,
    };
    if let Some(replied) = draft.reply_to {
        let place = tx.view().message_place(replied)?;
        if place.is_none_or(|(place, _)| place != room) {
            return Err(Error::invalid("reply_to", "The message you answer is not in this room."));
        }
    }
    if granted.standing == Standing::Outsider {
        rooms::admit(tx, &granted.room, granted.account.id, RoomRole::Member, limits)?;
    }
    let content = Content {
        body,
        file: file.as_ref().map(|file| file.id),
        job: draft.job,
        reply_to: draft.reply_to,
        client_id: draft.client_id,
    };
    if let Some(file) = file {
        // Asked before the upload as well, but of several at once each was told the same.
        super::files::check_quota(tx.view(), limits, &file)?;
        tx.emit(Event::FileStored(file))?;
    }
    let message = append(tx, &granted.account, room, content)?;
    if let Some(request_id) = draft.request_id {
        tx.tell(Aside::Requested { message: message.id, request_id });
    }
    Ok(Posted::New(card(tx.view(), message)?))
}

/// What a new message says; found good already.
#[derive(Default)]
pub(super) struct Content {
    pub body: String,
    pub file: Option<FileId>,
    pub job: Option<JobId>,
    pub reply_to: Option<MessageId>,
    pub client_id: Option<ClientId>,
}

/// Puts a message at the end of a room, within a mutation.
pub(super) fn append(tx: &mut Tx, author: &Account, room: RoomId, content: Content) -> Result<Message> {
    let Content { body, file, job, reply_to, client_id } = content;
    let message = Message {
        id: tx.id(),
        room,
        seq: tx.view().room_head(room)?.last_seq + 1,
        author: author.id,
        author_role: cards::chat_role(tx.view(), author)?,
        body,
        file,
        job,
        reply_to,
        client_id,
        posted_at: tx.now(),
        edited_at: None,
        retracted: None,
    };
    tx.emit(Event::MessagePosted(message.clone()))?;
    Ok(message)
}

/// Records that may still be looked at to get past deleted messages, beside the first look into each room. Somebody can
/// fill a room with deleted ones; nobody else's answer waits for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Looks(usize);

impl Looks {
    /// For a page that somebody asked for: some milliseconds.
    pub const fn for_page() -> Self {
        Self(20_000)
    }

    /// For one of many rooms, or for several together while others wait.
    pub const fn few() -> Self {
        Self(2_000)
    }

    fn take(&mut self, wanted: usize) -> usize {
        let taken = wanted.min(self.0);
        self.0 -= taken;
        taken
    }
}

/// The newest messages of a room that were not deleted, oldest first: for one room among many.
pub(super) fn newest_present(view: View<'_>, room: RoomId, size: usize) -> Result<Vec<Message>> {
    present_before(view, room, view.room_head(room)?.last_seq + 1, size, &mut Looks::few())
}

/// The newest `size` messages with a sequence below `before` that were not deleted, oldest first. Deleted ones leave gaps:
/// looks further back in growing steps for as long as there are `looks`.
pub(super) fn present_before(
    view: View<'_>,
    room: RoomId,
    before: u64,
    size: usize,
    looks: &mut Looks,
) -> Result<Vec<Message>> {
    const AT_ONCE_MIN: usize = 50;
    const AT_ONCE_MAX: usize = 500;
    // Nearly always there are no gaps, and the first look is enough.
    let (mut upto, mut at_once) = (before, size);
    let mut newest = Vec::with_capacity(size);
    while at_once > 0 {
        let page = view.messages_before(room, 0, upto, at_once)?;
        let Some(first) = page.first() else { break };
        upto = first.seq;
        let missing = size - newest.len();
        newest.extend(page.into_iter().rev().filter(|message| message.retracted.is_none()).take(missing));
        if newest.len() == size {
            break;
        }
        at_once = looks.take((at_once * 2).clamp(AT_ONCE_MIN, AT_ONCE_MAX));
    }
    newest.reverse();
    Ok(newest)
}

fn same_client_id(view: View<'_>, actor: Actor, room: RoomId, draft: &Draft) -> Result<Option<Message>> {
    let Some(client_id) = &draft.client_id else { return Ok(None) };
    match view.message_by_client_id(actor.account(), room, client_id)? {
        Some(seq) => Ok(view.message(room, seq)?),
        None => Ok(None),
    }
}

/// Nobody writes into a void: the other one of a direct room must be there to read it.
fn check_peer(view: View<'_>, granted: &access::Granted) -> Result<()> {
    let RoomKind::Direct(one, other) = granted.room.kind else { return Ok(()) };
    let peer = if one == granted.account.id { other } else { one };
    match view.account(peer)?.is_some_and(|peer| peer.is_active()) {
        true => Ok(()),
        false => Err(Error::conflict("This person's account is blocked or deleted; they cannot read what you write.")),
    }
}

fn place_in(view: View<'_>, room: RoomId, id: MessageId) -> Result<u64> {
    let place = view.message_place(id)?.filter(|(place, _)| *place == room);
    place.map(|(_, seq)| seq).ok_or_else(|| Error::not_found("message"))
}

fn reload(tx: &Tx, message: &Message) -> Result<MessageCard> {
    let now = tx.view().message(message.room, message.seq)?.ok_or_else(Error::internal)?;
    card(tx.view(), now)
}

pub(super) fn card(view: View<'_>, message: Message) -> Result<MessageCard> {
    let context = cards::Context::of(view, message.room, message.seq)?;
    cards::message(view, message, &context, &mut cards::Names::default())
}
