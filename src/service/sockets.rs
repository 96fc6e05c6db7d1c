//! Opening the sockets of the documented doors: one room, or what concerns one person. Parlor's own event stream is in
//! `stream`.

use super::{
    Actor, Service, access, cards,
    messages::{Looks, present_before},
    reading,
};
use crate::{
    hub::{Audience, Dialect, Outbox, Scope, SocketId, TooManySockets},
    model::{AccountId, Error, ErrorCode, Live, Message, MessageCard, MessageId, Result, RoomId, RoomKind},
    rules::permit::Act,
    store::View,
};
use bytes::Bytes;
use std::{net::IpAddr, sync::Arc};

/// Why a socket was not opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketError {
    Refused(Error),
    TooManySockets,
}

impl<E: Into<Error>> From<E> for SocketError {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

/// An open socket, to be closed with [`Service::close_socket`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenSocket {
    pub(super) socket: SocketId,
    pub(super) account: AccountId,
    /// From where, if it is a guest's: those are counted.
    pub(super) guest_at: Option<IpAddr>,
}

/// What a room's socket hears first, and beside its room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greeting {
    /// Nothing.
    Silent,
    /// Who types in the room, if anybody else does.
    Typers,
    /// How many messages the person has not read in the room. Its dialect also counts who has it open.
    Counts,
    /// The newest messages, at most so many, of the room and of the person's direct rooms, which it goes on hearing; then
    /// the room is told who came.
    Replay(usize),
}

impl Service {
    /// Opens a socket for one room that the actor may read.
    pub fn open_room_socket(
        &self,
        actor: Actor,
        room: RoomId,
        dialect: Arc<dyn Dialect>,
        outbox: Arc<Outbox>,
        greeting: Greeting,
    ) -> std::result::Result<OpenSocket, SocketError> {
        let account = access::room(self.store.snapshot().view(), actor, room, Act::Read)?.account;
        let (speaks, hears) = (Arc::clone(&dialect), Arc::clone(&outbox));
        let mut failed = None;
        let connected = self.hub.connect(account.id, Some(actor.session()), speaks, outbox, |_| {
            let (snapshot, seq) = self.store.snapshot_at();
            // Asked again: until here the right to it may have ended unheard.
            let greeted = access::room(snapshot.view(), actor, room, Act::Read)
                .and_then(|_| greet(snapshot.view(), account.id, room, dialect.as_ref(), greeting));
            let (scope, first) = greeted.unwrap_or_else(|error| {
                failed = Some(error);
                (Scope::Person, Vec::new())
            });
            (scope, seq, first)
        });
        let opened = self.opened(connected, account.id, failed)?;
        match greeting {
            Greeting::Typers => {
                let frame = self.typers(room, account.id).and_then(|live| dialect.encode_for(account.id, &live));
                if let Some(frame) = frame {
                    hears.push(frame);
                }
            }
            Greeting::Silent | Greeting::Counts => {}
            Greeting::Replay(_) => {
                let person = cards::person(self.store.snapshot().view(), &account)?;
                self.hub.tell(Audience::Opened(room), Live::Connected { room, person });
            }
        }
        Ok(opened)
    }

    /// Opens a socket that hears no room, only what concerns the person.
    pub fn open_person_socket(
        &self,
        actor: Actor,
        dialect: Arc<dyn Dialect>,
        outbox: Arc<Outbox>,
    ) -> std::result::Result<OpenSocket, SocketError> {
        let account = access::person(self.store.snapshot().view(), actor)?.id;
        let mut failed = None;
        let connected = self.hub.connect(account, Some(actor.session()), dialect, outbox, |_| {
            let (snapshot, seq) = self.store.snapshot_at();
            failed = access::person(snapshot.view(), actor).err();
            (Scope::Person, seq, Vec::new())
        });
        self.opened(connected, account, failed)
    }

    /// From now on such a socket speaks like this, and hears `first` before anything else.
    pub fn speak(&self, socket: OpenSocket, dialect: Arc<dyn Dialect>, first: Bytes) {
        self.hub.speak(socket.socket, dialect, first);
    }

    pub(super) fn opened(
        &self,
        connected: std::result::Result<SocketId, TooManySockets>,
        account: AccountId,
        failed: Option<Error>,
    ) -> std::result::Result<OpenSocket, SocketError> {
        let socket = connected.map_err(|_| SocketError::TooManySockets)?;
        match failed {
            None => Ok(OpenSocket { socket, account, guest_at: None }),
            Some(error) => {
                self.hub.disconnect(socket);
                Err(SocketError::Refused(error))
            }
        }
    }

    /// A socket is gone.
    pub fn close_socket(&self, open: OpenSocket) {
        self.hub.disconnect(open.socket);
        if let Some(network) = open.guest_at {
            self.throttle.guest_sockets.give_back(&network);
        }
        if !self.hub.is_connected(open.account) {
            for room in self.hub.typing().leave(open.account) {
                self.tell_typing(room, open.account, false);
            }
        }
    }
}

fn greet(
    view: View<'_>,
    account: AccountId,
    room: RoomId,
    dialect: &dyn Dialect,
    greeting: Greeting,
) -> Result<(Scope, Vec<Bytes>)> {
    Ok(match greeting {
        Greeting::Silent | Greeting::Typers => (Scope::Room(room), Vec::new()),
        Greeting::Counts => {
            let counts = unread_counts(view, room, vec![account])?;
            let frame = dialect.encode_for(account, &Live::UnreadCounts { room, counts });
            (Scope::Room(room), frame.into_iter().collect())
        }
        Greeting::Replay(limit) => {
            let direct = direct_rooms(view, account)?;
            let cards = newest(view, direct.iter().copied().chain([room]), limit)?;
            let live = cards.into_iter().map(|card| Live::MessageCreated { card, request_id: None });
            let frames = live.filter_map(|live| dialect.encode(&live, None)).collect();
            (Scope::RoomAndDirect { room, direct }, frames)
        }
    })
}

fn direct_rooms(view: View<'_>, account: AccountId) -> Result<Vec<RoomId>> {
    let mut direct = Vec::new();
    for id in view.rooms_of(account)? {
        let room = view.room(id)?;
        direct.extend(room.filter(|room| matches!(room.kind, RoomKind::Direct(..))).map(|room| room.id));
    }
    Ok(direct)
}

/// The newest messages of several rooms that are still there, in the order in which they were posted, oldest first: that
/// of their ids, whatever the clock said, and never against the order of a room. Rooms in which nothing was said as lately
/// as what was found already are not read: somebody may be in very many.
fn newest(view: View<'_>, rooms: impl Iterator<Item = RoomId>, limit: usize) -> Result<Vec<MessageCard>> {
    let rooms: std::collections::BTreeSet<RoomId> = rooms.collect();
    let mut spoken = Vec::with_capacity(rooms.len());
    for room in rooms {
        let last_seq = view.room_head(room)?.last_seq;
        spoken.extend(view.message(room, last_seq)?.map(|last| (last.id, room)));
    }
    spoken.sort_unstable_by(|one, other| other.cmp(one));
    let mut found: Vec<(MessageId, Message)> = Vec::new();
    // Nobody is told anything while a socket is greeted: looks past deleted ones are few, and for all rooms together.
    let mut looks = Looks::few();
    for (last, room) in spoken {
        if found.len() == limit && found.first().is_some_and(|(oldest, _)| *oldest > last) {
            break;
        }
        found.extend(placed(present_before(view, room, view.room_head(room)?.last_seq + 1, limit, &mut looks)?));
        found.sort_by_key(|(place, message)| (*place, message.room, message.seq));
        found.drain(..found.len().saturating_sub(limit));
    }
    let mut cards = Vec::with_capacity(found.len());
    for (_, message) in found {
        let context = match cards::Context::without_readers(view, message.room) {
            // One of the rooms was deleted since it was looked into.
            Err(error) if error.code == ErrorCode::NotFound => continue,
            context => context?,
        };
        cards.push(cards::message(view, message, &context, &mut cards::Names::default())?);
    }
    Ok(cards)
}

/// Each with its place among those of other rooms: its id, or that of an earlier one of the room if that is greater.
/// Before ids kept to the order of what happened, a clock that was set back could give a message a smaller one.
fn placed(messages: Vec<Message>) -> impl Iterator<Item = (MessageId, Message)> {
    messages.into_iter().scan(MessageId::from_uuid(uuid::Uuid::nil()), |greatest, message| {
        *greatest = message.id.max(*greatest);
        Some((*greatest, message))
    })
}

/// How much of a room each of these has not read; nothing, for those who only look in. In the order of the accounts.
pub(super) fn unread_counts(view: View<'_>, room: RoomId, accounts: Vec<AccountId>) -> Result<Vec<(AccountId, u64)>> {
    let mut counts = Vec::with_capacity(accounts.len());
    for account in accounts {
        let mark = view.read_mark(room, account)?.map_or(0, |mark| mark.seq);
        let is_member = view.membership(room, account)?.is_some();
        counts.push((account, if is_member { reading::unread_after(view, room, mark)? } else { 0 }));
    }
    counts.sort_unstable();
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ChatRole, Timestamp};

    #[test]
    fn ids_that_went_back_break_no_rooms_order() {
        let (early, late) = (MessageId::new(), MessageId::new());
        let message = |id, seq| Message {
            id,
            room: RoomId::new(),
            seq,
            author: AccountId::new(),
            author_role: ChatRole::User,
            body: String::new(),
            file: None,
            job: None,
            reply_to: None,
            client_id: None,
            posted_at: Timestamp::from_micros(0),
            edited_at: None,
            retracted: None,
        };
        let places: Vec<_> = placed(vec![message(late, 1), message(early, 2)]).map(|(place, _)| place).collect();
        assert_eq!(places, [late, late]);
    }
}
