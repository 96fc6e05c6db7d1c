//! Opening an event stream: hello, what was missed, then what happens.

use super::{Actor, OpenSocket, Service, SocketError, access, cards, publish::tellings};
use crate::{
    hub::{Audience, Dialect, HEARTBEAT_SECS, Outbox, Scope},
    model::{Account, AccountId, Error, Event, Live, Position, Result, RoomId},
    rules::permit::{Act, Standing},
    store::{Committed, View},
};
use bytes::Bytes;
use std::{collections::HashSet, sync::Arc};

/// More entries than this are quicker loaded anew than replayed.
const REPLAY_MAX: usize = 2_000;

impl Service {
    /// Opens one socket for everything that concerns the actor. `after` is where an earlier one broke off.
    pub fn open_stream(
        &self,
        actor: Actor,
        after: Option<Position>,
        dialect: Arc<dyn Dialect>,
        outbox: Arc<Outbox>,
    ) -> std::result::Result<OpenSocket, SocketError> {
        let account = access::person(self.store.snapshot().view(), actor)?;
        // The long part of a replay is prepared before anybody has to wait for it.
        let missed = after.and_then(|after| self.missed(&account, after));
        let person = cards::person(self.store.snapshot().view(), &account)?;
        let mut failed = None;
        let speaks = Arc::clone(&dialect);
        let connected = self.hub.connect(account.id, Some(actor.session()), speaks, outbox, |online| {
            let (snapshot, seq) = self.store.snapshot_at();
            // Preparing may have taken a while, in which the session may have ended. From here on its end is told to this
            // socket; an earlier one is seen in this state.
            let rooms = access::person(snapshot.view(), actor)
                .and_then(|_| Ok(snapshot.view().rooms_of(account.id)?))
                .unwrap_or_else(|error| {
                    failed = Some(error);
                    Vec::new()
                });
            let present = online(&rooms);
            let rest = missed.and_then(|(mut told, upto)| {
                // The hub is locked for this: whoever asks it who is online now waits for ever.
                let is_online = |account: AccountId| present.contains(&account);
                told.extend(self.told_between(&account, upto, u32::MAX, seq, &is_online)?.0);
                Some(told)
            });
            if failed.is_some() {
                return (Scope::Everything { rooms }, seq, Vec::new());
            }
            let rest = rest.map(|told| told.into_iter().filter_map(|(live, at)| dialect.encode(&live, Some(at))));
            // More than the outbox takes would close the socket as slow, again at each return: that is a gap too.
            let rest = rest
                .map(Vec::from_iter)
                .filter(|frames| frames.iter().map(Bytes::len).sum::<usize>() <= self.config.limits.outbox_bytes / 2);
            let position = Position { epoch: self.epoch, seq, event: u32::MAX };
            let hello =
                Live::Hello { person, resumed: rest.is_some(), online: present, heartbeat_secs: HEARTBEAT_SECS };
            let resume_from = after.filter(|_| rest.is_some()).unwrap_or(position);
            let mut first: Vec<Bytes> = dialect.encode(&hello, Some(resume_from)).into_iter().collect();
            first.extend(rest.into_iter().flatten());
            (Scope::Everything { rooms }, seq, first)
        });
        self.opened(connected, account.id, failed)
    }

    /// Lets a stream hear a public room that its person has not joined.
    pub fn subscribe(&self, actor: Actor, stream: OpenSocket, room: RoomId) -> Result<()> {
        let granted = access::room(self.store.snapshot().view(), actor, room, Act::Read)?;
        // A member hears the room anyway, for as long as they are one.
        if granted.standing != Standing::Outsider {
            return Ok(());
        }
        match self.hub.subscribe(stream.socket, room, self.config.limits.subscriptions_per_socket) {
            true => Ok(()),
            false => Err(Error::conflict("This socket follows as many rooms as one may. Unsubscribe from one first.")),
        }
    }

    /// Ends that.
    pub fn unsubscribe(&self, stream: OpenSocket, room: RoomId) {
        self.hub.unsubscribe(stream.socket, room);
    }

    fn missed(&self, account: &Account, after: Position) -> Option<(Vec<(Live, Position)>, u64)> {
        if after.epoch != self.epoch {
            return None;
        }
        let (_, now) = self.store.snapshot_at();
        self.told_between(account, after.seq, after.event, now, &|account| self.hub.is_online(account))
    }

    /// What this person is told of the entries after a place up to `to`; `None` when that cannot be said without a gap.
    fn told_between(
        &self,
        account: &Account,
        seq: u64,
        event: u32,
        to: u64,
        is_online: &dyn Fn(AccountId) -> bool,
    ) -> Option<(Vec<(Live, Position)>, u64)> {
        // The entry of the place itself may have had more events.
        let from = if event == u32::MAX { seq } else { seq.saturating_sub(1) };
        let entries = match self.recent.between(from, to) {
            Some(entries) => entries,
            None => self.entries_on_disk(from, to)?,
        };
        if entries.len() > REPLAY_MAX {
            return None;
        }
        let snapshot = self.store.snapshot();
        let view = snapshot.view();
        let mut rooms: HashSet<RoomId> = view.rooms_of(account.id).ok()?.into_iter().collect();
        for room in joined_first(&entries, account.id) {
            rooms.remove(&room);
        }
        let mut told = Vec::new();
        for committed in entries {
            let skip = if committed.seq == seq { event.saturating_add(1) as usize } else { 0 };
            let mine = Mine { account, rooms: &mut rooms, is_online };
            self.tell_entry(view, mine, &committed, skip, &mut told)?;
        }
        Some((told, to))
    }

    /// The publisher may not have seen the newest entries yet; they are few.
    fn entries_on_disk(&self, from: u64, to: u64) -> Option<Vec<Arc<Committed>>> {
        if to.saturating_sub(from) > REPLAY_MAX as u64 || from > to {
            return None;
        }
        let entries = self.store.entries(from + 1).ok()?;
        let entries: std::result::Result<Vec<_>, _> =
            entries.take_while(|entry| entry.as_ref().map_or(true, |entry| entry.seq <= to)).collect();
        Some(entries.ok()?.into_iter().map(Arc::new).collect())
    }

    fn tell_entry(
        &self,
        view: View<'_>,
        mine: Mine<'_>,
        committed: &Committed,
        skip: usize,
        told: &mut Vec<(Live, Position)>,
    ) -> Option<()> {
        let Mine { account, rooms, is_online } = mine;
        let last = committed.entry.events.len().saturating_sub(1);
        for (index, event) in committed.entry.events.iter().enumerate() {
            // One's own coming and going counts even when it was told before the break.
            match event {
                Event::MemberJoined(membership) if membership.account == account.id => rooms.insert(membership.room),
                Event::MemberLeft { room, account: gone } if *gone == account.id => rooms.remove(room),
                _ => false,
            };
            if index < skip {
                continue;
            }
            // Whose room that was can no longer be said; the client reloads.
            if matches!(event, Event::RoomDeleted { .. }) {
                return None;
            }
            // One's own leaving changes what one may hear: the room is gone for this person.
            let own_departure = matches!(event, Event::MemberLeft { account: gone, .. } if *gone == account.id);
            let event_number = if index == last { u32::MAX } else { u32::try_from(index).ok()? };
            let position = Position { epoch: self.epoch, seq: committed.seq, event: event_number };
            let heard = match event {
                Event::RoomChanged(room) if !rooms.contains(&room.id) => continue,
                // The cards of all the other members would only be made to be thrown away.
                Event::RoomChanged(room) => {
                    let card = cards::room(view, account, room.clone()).ok()?;
                    vec![(Audience::Person(account.id), Live::RoomUpdated(card))]
                }
                event => tellings(view, &current(view, event)?, &committed.entry.events, is_online).ok()?,
            };
            let mine = heard.into_iter().filter(|(audience, live)| match audience {
                Audience::Room(room) => rooms.contains(room) || own_departure,
                Audience::RoomExcept(room, except) => rooms.contains(room) && *except != account.id,
                // Of a room that this person has left since they hear nothing: it would be told as it is today.
                Audience::Person(person) => {
                    *person == account.id && room_of(live).is_none_or(|room| rooms.contains(&room))
                }
                Audience::PersonIn(person, room) => *person == account.id && rooms.contains(room),
                // An event stream is opened for no room.
                Audience::Opened(_) => false,
                Audience::Everyone => true,
            });
            told.extend(mine.map(|(_, live)| (live, position)));
        }
        Some(())
    }
}

/// Rooms that somebody came into during these entries: what was before is not told, as it was not told live.
fn joined_first(entries: &[Arc<Committed>], account: AccountId) -> Vec<RoomId> {
    let (mut seen, mut joined) = (HashSet::new(), Vec::new());
    for event in entries.iter().flat_map(|committed| &committed.entry.events) {
        match event {
            Event::MemberJoined(membership) if membership.account == account && seen.insert(membership.room) => {
                joined.push(membership.room);
            }
            Event::MemberLeft { room, account: gone } if *gone == account => {
                seen.insert(*room);
            }
            _ => {}
        }
    }
    joined
}

/// Whose stream is resumed.
struct Mine<'a> {
    account: &'a Account,
    /// Where they are a member at this place of the replay.
    rooms: &'a mut HashSet<RoomId>,
    is_online: &'a dyn Fn(AccountId) -> bool,
}

/// The room that something told to one person speaks of.
fn room_of(live: &Live) -> Option<RoomId> {
    match live {
        Live::RoomCreated(card) | Live::RoomUpdated(card) => Some(card.room.id),
        Live::Unread { room, .. } => Some(*room),
        _ => None,
    }
}

/// An old message is told as it is now: what was edited away or deleted since is not repeated.
fn current(view: View<'_>, event: &Event) -> Option<Event> {
    match event {
        Event::MessagePosted(message) => {
            let now = view.message(message.room, message.seq).ok()?;
            Some(now.map_or_else(|| event.clone(), Event::MessagePosted))
        }
        other => Some(other.clone()),
    }
}
