//! Read marks, receipts and unread counts; typing too, which is as fleeting as reading is quiet.

use super::{Actor, OpenSocket, Service, access};
use crate::{
    hub::Audience,
    model::{AccountId, Event, Live, MessageId, Result, RoomId, Timestamp},
    rules::{
        permit::{Act, Standing},
        reading,
    },
};

/// Receipts shown, at most.
const RECEIPTS_MAX: usize = 1_000;

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

impl Service {
    /// Marks a message as read, and with it all earlier ones in its room. Marks never move back.
    pub async fn mark_read(&self, actor: Actor, message: MessageId) -> Result<ReadState> {
        self.store
            .commit(Some(actor.account()), move |tx| {
                let (granted, message) = access::message(tx.view(), actor, message, Act::Read)?;
                let (room, account) = (message.room, granted.account.id);
                let head = tx.view().room_head(room)?;
                let current = tx.view().read_mark(room, account)?.map_or(0, |mark| mark.seq);
                let is_member = granted.standing != Standing::Outsider;
                let advanced = reading::advance(current, message.seq, head).filter(|_| is_member);
                if let Some(seq) = advanced {
                    let at = tx.now();
                    tx.emit(Event::ReadMarkMoved { room, account, seq, at })?;
                }
                let read_seq = advanced.unwrap_or(current);
                Ok(ReadState { room, read_seq, unread: reading::unread(read_seq, head) })
            })
            .await
    }

    /// How far the others have read.
    pub fn receipts(&self, actor: Actor, room: RoomId) -> Result<Vec<Receipt>> {
        let snapshot = self.store.snapshot();
        let granted = access::room(snapshot.view(), actor, room, Act::Read)?;
        let marks = snapshot.view().read_marks(room, RECEIPTS_MAX)?;
        let others = marks.into_iter().filter(|(account, _)| *account != granted.account.id);
        Ok(others.map(|(account, mark)| Receipt { account, read_seq: mark.seq, read_at: mark.at }).collect())
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

    pub(super) fn tell_typing(&self, room: RoomId, account: AccountId, typing: bool) {
        let typers = self.hub.typing().in_room(room);
        self.hub.tell(Audience::RoomExcept(room, account), Live::Typing { room, account, typing, typers });
    }
}
