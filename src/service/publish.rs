//! From what happened to what is told, in the order of the journal. Runs beside the writer, never in its way.

use super::cards;
use crate::{
    hub::{Audience, Hub, Step},
    model::{AccountChange, AccountId, Event, Live, MemberCard, Membership, Message, Position, Result, Room, RoomId},
    store::{Committed, Store, View},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::mpsc;
use uuid::Uuid;

/// The newest entries, so that sockets can resume without reading the disk.
pub struct Recent {
    newest: Mutex<Newest>,
    entries_max: usize,
}

#[derive(Default)]
struct Newest {
    entries: VecDeque<Arc<Committed>>,
    size_bytes: usize,
}

/// Memory that the newest entries may take, roughly.
const RECENT_BYTES_MAX: usize = 16 << 20;

impl Recent {
    /// Holds at most so many.
    pub fn new(entries_max: usize) -> Self {
        Self { newest: Mutex::default(), entries_max }
    }

    fn newest(&self) -> MutexGuard<'_, Newest> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what was committed, oldest first.
    pub fn add(&self, committed: impl IntoIterator<Item = Arc<Committed>>) {
        let mut newest = self.newest();
        for entry in committed {
            newest.size_bytes += size_of_entry(&entry);
            newest.entries.push_back(entry);
            while newest.entries.len() > self.entries_max || newest.size_bytes > RECENT_BYTES_MAX {
                let Some(oldest) = newest.entries.pop_front() else { break };
                newest.size_bytes = newest.size_bytes.saturating_sub(size_of_entry(&oldest));
            }
        }
    }

    /// All entries with `after < seq <= to`; `None` when some of them are no longer here.
    pub fn between(&self, after: u64, to: u64) -> Option<Vec<Arc<Committed>>> {
        if after >= to {
            return (after == to).then(Vec::new);
        }
        let newest = self.newest();
        let entries = &newest.entries;
        let first = entries.front()?.seq;
        if first > after + 1 || entries.back()?.seq < to {
            return None;
        }
        let start = entries.partition_point(|entry| entry.seq <= after);
        let end = entries.partition_point(|entry| entry.seq <= to);
        Some(entries.range(start..end).cloned().collect())
    }
}

fn size_of_entry(committed: &Committed) -> usize {
    const EVENT_BYTES: usize = 320;
    let text = |event: &Event| match event {
        Event::MessagePosted(message) => message.body.len(),
        Event::MessageEdited { body, .. } => body.len(),
        _ => 0,
    };
    committed.entry.events.iter().map(|event| EVENT_BYTES + text(event)).sum()
}

/// Turns committed groups into steps for the hub.
pub struct Publisher {
    pub store: Arc<Store>,
    pub hub: Arc<Hub>,
    pub recent: Arc<Recent>,
    pub epoch: Uuid,
}

impl Publisher {
    /// Runs until the store is closed.
    pub async fn run(self, mut groups: mpsc::UnboundedReceiver<Vec<Arc<Committed>>>) {
        while let Some(mut group) = groups.recv().await {
            while let Ok(more) = groups.try_recv() {
                group.extend(more);
            }
            self.publish(group);
            tokio::task::yield_now().await;
        }
    }

    fn publish(&self, group: Vec<Arc<Committed>>) {
        let snapshot = self.store.snapshot();
        let mut steps = Vec::with_capacity(group.len());
        for committed in &group {
            if let Err(error) = self.steps_of(snapshot.view(), committed, &mut steps) {
                tracing::error!(seq = committed.seq, cause = %error, "an entry could not be told to sockets");
            }
        }
        self.recent.add(group);
        self.hub.publish(steps);
    }

    fn steps_of(&self, view: View<'_>, committed: &Committed, steps: &mut Vec<Step>) -> Result<()> {
        let last = committed.entry.events.len().saturating_sub(1);
        for (index, event) in committed.entry.events.iter().enumerate() {
            let event_number = if index == last { u32::MAX } else { u32::try_from(index).unwrap_or(u32::MAX - 1) };
            let position = Position { epoch: self.epoch, seq: committed.seq, event: event_number };
            let told = tellings(view, event, &|account| self.hub.is_online(account))?;
            steps.extend(before(event));
            steps.extend(told.into_iter().map(|(audience, live)| Step::Tell {
                audience,
                live: Box::new(live),
                position: Some(position),
            }));
            steps.extend(after(event));
        }
        Ok(())
    }
}

/// What has to change in the hub before an event is told: who joins hears of it.
fn before(event: &Event) -> Option<Step> {
    match event {
        Event::MemberJoined(membership) => Some(Step::Admit { room: membership.room, account: membership.account }),
        _ => None,
    }
}

/// What has to change after it was told: who leaves hears that too, and nothing more.
fn after(event: &Event) -> Option<Step> {
    match event {
        Event::MemberLeft { room, account } => Some(Step::Dismiss { room: *room, account: *account }),
        Event::RoomDeleted { room } => Some(Step::CloseRoom { room: *room }),
        Event::SessionEnded { session, .. } => Some(Step::EndSession { session: *session }),
        _ => None,
    }
}

/// What is told to whom about an event.
pub(super) fn tellings(
    view: View<'_>,
    event: &Event,
    is_online: &dyn Fn(AccountId) -> bool,
) -> Result<Vec<(Audience, Live)>> {
    Ok(match event {
        Event::MessagePosted(message) => vec![posted(view, message)?],
        Event::MessageEdited { room, seq, .. } => changed(view, *room, *seq, Live::MessageUpdated)?,
        Event::MessageRetracted { room, seq, .. } => changed(view, *room, *seq, Live::MessageDeleted)?,
        Event::ReadMarkMoved { room, account, seq, .. } => read(view, *room, *account, *seq)?,
        Event::MemberJoined(membership) => joined(view, membership, is_online)?,
        Event::MemberChanged(membership) => {
            let room = membership.room;
            let member = member(view, membership, is_online)?;
            member.map(|member| (Audience::Room(room), Live::MemberUpdated { room, member })).into_iter().collect()
        }
        Event::MemberLeft { room, account } => {
            vec![(Audience::Room(*room), Live::MemberLeft { room: *room, account: *account })]
        }
        Event::RoomChanged(room) => room_changed(view, room)?,
        Event::RoomDeleted { room } => vec![(Audience::Room(*room), Live::RoomDeleted { room: *room })],
        Event::AccountChanged { account, change } if tells_person(*change) => {
            vec![(Audience::Everyone, Live::PersonUpdated(cards::person(account)))]
        }
        _ => Vec::new(),
    })
}

fn tells_person(change: AccountChange) -> bool {
    matches!(change, AccountChange::Profile | AccountChange::MadeAdmin | AccountChange::Deleted)
}

fn posted(view: View<'_>, message: &Message) -> Result<(Audience, Live)> {
    let (readers, mut names) = (cards::Readers::nobody(), cards::Names::default());
    let card = cards::message(view, message.clone(), &readers, &mut names)?;
    Ok((Audience::Room(message.room), Live::MessageCreated(card)))
}

fn changed(
    view: View<'_>,
    room: RoomId,
    seq: u64,
    say: impl FnOnce(crate::model::MessageCard) -> Live,
) -> Result<Vec<(Audience, Live)>> {
    let Some(message) = view.message(room, seq)? else { return Ok(Vec::new()) };
    let readers = cards::Readers::of(view, room)?;
    let card = cards::message(view, message, &readers, &mut cards::Names::default())?;
    Ok(vec![(Audience::Room(room), say(card))])
}

fn read(view: View<'_>, room: RoomId, account: AccountId, seq: u64) -> Result<Vec<(Audience, Live)>> {
    let Some(message) = view.message(room, seq)? else { return Ok(Vec::new()) };
    let unread = crate::rules::reading::unread(seq, view.room_head(room)?);
    let read = Live::MessageRead { room, account, message: message.id, read_seq: seq };
    Ok(vec![
        (Audience::RoomExcept(room, account), read),
        (Audience::Person(account), Live::Unread { room, read_seq: seq, unread }),
    ])
}

fn member(
    view: View<'_>,
    membership: &Membership,
    is_online: &dyn Fn(AccountId) -> bool,
) -> Result<Option<MemberCard>> {
    let Some(account) = view.account(membership.account)? else { return Ok(None) };
    let read_seq = view.read_mark(membership.room, account.id)?.map_or(0, |mark| mark.seq);
    let (role, joined_at) = (membership.role, membership.joined_at);
    Ok(Some(MemberCard { person: cards::person(&account), role, joined_at, read_seq, online: is_online(account.id) }))
}

/// The one who joins gets the room; those who are in it get the member.
fn joined(
    view: View<'_>,
    membership: &Membership,
    is_online: &dyn Fn(AccountId) -> bool,
) -> Result<Vec<(Audience, Live)>> {
    let (room, account) = (membership.room, membership.account);
    let mut told = Vec::with_capacity(2);
    if let (Some(record), Some(person)) = (view.room(room)?, view.account(account)?) {
        told.push((Audience::Person(account), Live::RoomCreated(cards::room(view, &person, record)?)));
    }
    if let Some(member) = member(view, membership, is_online)? {
        told.push((Audience::RoomExcept(room, account), Live::MemberJoined { room, member }));
    }
    Ok(told)
}

/// Each member sees a changed room with their own unread count.
fn room_changed(view: View<'_>, room: &Room) -> Result<Vec<(Audience, Live)>> {
    let mut told = Vec::new();
    for membership in view.members(room.id)? {
        if let Some(person) = view.account(membership.account)? {
            let card = cards::room(view, &person, room.clone())?;
            told.push((Audience::Person(person.id), Live::RoomUpdated(card)));
        }
    }
    Ok(told)
}
