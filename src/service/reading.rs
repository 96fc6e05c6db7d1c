//! Read marks, receipts and unread counts; typing too, which is as fleeting as reading is quiet.

use super::{Actor, OpenSocket, Service, access};
use crate::{
    hub::Audience,
    model::{AccountId, Error, Event, Live, MessageId, Result, RoomId, Timestamp},
    rules::{
        self,
        permit::{Act, Standing},
    },
    store::View,
};

/// Receipts shown, at most.
const RECEIPTS_MAX: usize = 1_000;

/// Deleted messages that are looked for among those somebody has not read; of more, the rest counts as unread.
const DELETED_LOOKED_AT: u64 = 10_000;

/// How far one has read in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadState {
    pub room: RoomId,
    pub read_seq: u64,
    pub unread: u64,
}

/// How far somebody else has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub account: AccountId,
    pub read_seq: u64,
    pub read_at: Timestamp,
}

/// Whether somebody has read further than before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Made,
    None,
}

impl Service {
    /// Marks a message as read, and with it all earlier ones in its room. Marks never move back.
    pub async fn mark_read(&self, actor: Actor, message: MessageId) -> Result<ReadState> {
        self.read_on(actor, message).await.map(|(state, _)| state)
    }

    /// Marks a message of a room as read and lets its sockets hear of this message, also when it counted as read with a
    /// newer one already. One's own messages are read by others only.
    pub async fn name_as_read(&self, actor: Actor, room: RoomId, id: MessageId) -> Result<()> {
        let can_be_named = {
            let snapshot = self.store.snapshot();
            let (granted, message) = access::message(snapshot.view(), actor, id, Act::Read)?;
            if message.room != room {
                return Err(Error::not_found("message"));
            }
            if granted.standing == Standing::Outsider {
                return Err(Error::forbidden(
                    "Join the room, for example by writing in it: then it is told what you read.",
                ));
            }
            message.author != granted.account.id && message.retracted.is_none()
        };
        // Many may be on their way at once, so only the mutation knows which of them moves the mark.
        let (_, progress) = self.read_on(actor, id).await?;
        if progress == Progress::None && can_be_named {
            let account = actor.account();
            self.hub.tell(Audience::Room(room), Live::MessageReadToo { room, account, message: id });
        }
        Ok(())
    }

    async fn read_on(&self, actor: Actor, message: MessageId) -> Result<(ReadState, Progress)> {
        self.store
            .commit(Some(actor.account()), move |tx| {
                let (granted, message) = access::message(tx.view(), actor, message, Act::Read)?;
                let (room, account) = (message.room, granted.account.id);
                let head = tx.view().room_head(room)?;
                let current = tx.view().read_mark(room, account)?.unwrap_or_default();
                let is_member = granted.standing != Standing::Outsider;
                let advanced = rules::reading::advance(current, message.seq, head).filter(|_| is_member);
                if let Some(seq) = advanced {
                    let at = tx.now();
                    tx.emit(Event::ReadMarkMoved { room, account, seq, at })?;
                }
                let read_seq = advanced.unwrap_or(0).max(current.seq);
                let state = ReadState { room, read_seq, unread: unread_after(tx.view(), room, read_seq)? };
                Ok((state, if advanced.is_some() { Progress::Made } else { Progress::None }))
            })
            .await
    }

    /// How far the others have read.
    pub fn receipts(&self, actor: Actor, room: RoomId) -> Result<Vec<Receipt>> {
        let snapshot = self.store.snapshot();
        let granted = access::room(snapshot.view(), actor, room, Act::Read)?;
        let readers = snapshot.view().readers(room, 1, RECEIPTS_MAX)?;
        let others = readers.into_iter().filter(|(account, _)| *account != granted.account.id);
        Ok(others.map(|(account, mark)| Receipt { account, read_seq: mark.read, read_at: mark.read_at }).collect())
    }

    /// Says that the actor types in a room, or stopped.
    pub fn type_in(&self, actor: Actor, room: RoomId, typing: bool) -> Result<()> {
        let snapshot = self.store.snapshot();
        access::room(snapshot.view(), actor, room, Act::Post)?;
        let account = actor.account();
        let is_news =
            if typing { self.hub.typing().start(room, account) } else { self.hub.typing().stop(room, account) };
        if is_news {
            self.tell_typing(room, account, typing);
        }
        Ok(())
    }

    /// A socket in which somebody typed is gone. They may type on in another one, which says so again.
    pub fn stop_typing(&self, socket: OpenSocket, room: RoomId) {
        if self.hub.typing().stop(room, socket.account) {
            self.tell_typing(room, socket.account, false);
        }
    }

    /// That somebody types in a room, if somebody else than `hearer` does.
    pub(super) fn typers(&self, room: RoomId, hearer: AccountId) -> Option<Live> {
        let typers = self.hub.typing().in_room(room);
        let account = *typers.iter().find(|typer| **typer != hearer)?;
        Some(Live::Typing { room, account, typing: true, typers })
    }

    pub(super) fn tell_typing(&self, room: RoomId, account: AccountId, typing: bool) {
        let typers = self.hub.typing().in_room(room);
        self.hub.tell(Audience::RoomExcept(room, account), Live::Typing { room, account, typing, typers });
    }
}

/// How many messages behind `mark` are there to be read.
pub(super) fn unread_after(view: View<'_>, room: RoomId, mark: u64) -> Result<u64> {
    let head = view.room_head(room)?;
    if head.last_seq <= mark {
        return Ok(0);
    }
    let deleted = view.count_retracted(room, mark + 1, head.last_seq + 1, DELETED_LOOKED_AT)?;
    Ok(rules::reading::unread(mark, head, deleted))
}
