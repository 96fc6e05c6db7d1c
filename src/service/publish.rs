//! From what happened to what is told, in the order of the journal. Runs beside the writer, never in its way.

use super::{cards, reading, salon_cards};
use crate::{
    hub::{Audience, Hub, Step},
    model::{
        AccountChange, AccountId, Aside, Event, Invitation, InvitationCard, Live, MemberCard, Membership, Message,
        MessageId, Position, Result, Room, RoomId, Salon, SalonCard, Seat,
    },
    store::{Committed, Fresh, Store, View},
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
    pub async fn run(self, mut groups: mpsc::UnboundedReceiver<Vec<Fresh>>) {
        while let Some(mut group) = groups.recv().await {
            while let Ok(more) = groups.try_recv() {
                group.extend(more);
            }
            self.publish(group);
            tokio::task::yield_now().await;
        }
    }

    fn publish(&self, group: Vec<Fresh>) {
        let snapshot = self.store.snapshot();
        let mut steps = Vec::with_capacity(group.len());
        for fresh in &group {
            if let Err(error) = self.steps_of(snapshot.view(), fresh, &mut steps) {
                tracing::error!(seq = fresh.committed.seq, cause = %error, "an entry could not be told to sockets");
            }
        }
        self.recent.add(group.into_iter().map(|fresh| fresh.committed));
        self.hub.publish(steps);
    }

    fn steps_of(&self, view: View<'_>, fresh: &Fresh, steps: &mut Vec<Step>) -> Result<()> {
        let Fresh { committed, asides } = fresh;
        let last = committed.entry.events.len().saturating_sub(1);
        for (index, event) in committed.entry.events.iter().enumerate() {
            let event_number = if index == last { u32::MAX } else { u32::try_from(index).unwrap_or(u32::MAX - 1) };
            let position = Position { epoch: self.epoch, seq: committed.seq, event: event_number };
            let deed = &committed.entry.events;
            let mut told = tellings(view, event, deed, &|account| self.hub.is_online(account))?;
            for (_, live) in &mut told {
                add_asides(live, asides);
            }
            steps.extend(before(view, event)?);
            steps.extend(told.into_iter().map(|(audience, live)| Step::Tell {
                audience,
                live: Box::new(live),
                position: Some(position),
            }));
            steps.extend(self.unread_counts(view, event)?);
            steps.extend(after(event));
        }
        Ok(())
    }

    /// A new message is one more that others have not read: for sockets that are told such numbers.
    fn unread_counts(&self, view: View<'_>, event: &Event) -> Result<Option<Step>> {
        let room = match event {
            Event::MessagePosted(message) => message.room,
            Event::ReadMarkMoved { room, .. } | Event::MessageRetracted { room, .. } => *room,
            _ => return Ok(None),
        };
        let counting = self.hub.counting(room);
        if counting.is_empty() {
            return Ok(None);
        }
        let counts = super::sockets::unread_counts(view, room, counting)?;
        let live = Box::new(Live::UnreadCounts { room, counts });
        Ok(Some(Step::Tell { audience: Audience::Room(room), live, position: None }))
    }
}

/// What is only known in this moment.
fn add_asides(live: &mut Live, asides: &[Aside]) {
    match live {
        Live::MessageCreated { card, request_id } => {
            *request_id = asides.iter().find_map(|aside| match aside {
                Aside::Requested { message, request_id } if *message == card.message.id => Some(request_id.clone()),
                _ => None,
            });
        }
        Live::MessageDeleted { card, before } => {
            *before = asides.iter().find_map(|aside| match aside {
                Aside::Retracted(whole) if whole.message.id == card.message.id => Some(whole.clone()),
                _ => None,
            });
        }
        _ => {}
    }
}

/// What has to change in the hub before an event is told: who joins hears of it.
fn before(view: View<'_>, event: &Event) -> Result<Option<Step>> {
    let Event::MemberJoined(Membership { room, account, .. }) = *event else { return Ok(None) };
    // A room that is gone again by now needs no more listeners.
    Ok(view.room(room)?.map(|record| Step::Admit { room, kind: record.kind, account }))
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

/// What is told to whom about an event; `deed` is everything that happened with it.
pub(super) fn tellings(
    view: View<'_>,
    event: &Event,
    deed: &[Event],
    is_online: &dyn Fn(AccountId) -> bool,
) -> Result<Vec<(Audience, Live)>> {
    Ok(match event {
        // Nobody is told of a message whose room is gone again by now.
        Event::MessagePosted(message) if view.room(message.room)?.is_none() => Vec::new(),
        Event::MessagePosted(message) => vec![posted(view, message)?],
        Event::MessageEdited { room, seq, .. } => changed(view, *room, *seq, Live::MessageUpdated)?,
        Event::MessageRetracted { room, seq, .. } => {
            changed(view, *room, *seq, |card| Live::MessageDeleted { card, before: None })?
        }
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
            vec![(Audience::Everyone, Live::PersonUpdated(cards::person(view, account)?))]
        }
        Event::SalonOpened(salon) => salon_changed(view, salon, Live::SalonCreated)?,
        Event::SalonChanged(salon) => salon_changed(view, salon, Live::SalonUpdated)?,
        Event::SalonDeleted { salon } => vec![(Audience::Everyone, Live::SalonDeleted { salon: *salon })],
        Event::SeatFilled(seat) => {
            let seers = salon_cards::seers_of_seats(view, seat.salon)?;
            seat_changed(view, seat, seers, Live::SeatFilled)?
        }
        Event::SeatVacated { seat, seen_by } => seat_changed(view, seat, seen_by.clone(), Live::SeatVacated)?,
        Event::InvitationMade(invitation) => {
            let seers = salon_cards::seers_of_invitation(view, invitation)?;
            invitation_changed(view, invitation, seers, Live::InvitationCreated)?
        }
        Event::InvitationDecided(invitation) => {
            let mut seers = salon_cards::seers_of_invitation(view, invitation)?;
            seers.extend(salon_cards::seers_until(invitation, deed));
            invitation_changed(view, invitation, seers, Live::InvitationUpdated)?
        }
        Event::InvitationRemoved { invitation, seen_by } => {
            invitation_changed(view, invitation, seen_by.clone(), Live::InvitationDeleted)?
        }
        Event::NotificationRaised(notification) => {
            let card = salon_cards::notification(view, notification.clone())?;
            vec![(Audience::Person(notification.account), Live::NotificationCreated(card))]
        }
        Event::NotificationSeen { account, notification } => {
            vec![(Audience::Person(*account), Live::NotificationSeen { notification: *notification })]
        }
        _ => Vec::new(),
    })
}

fn salon_changed(view: View<'_>, salon: &Salon, say: impl FnOnce(SalonCard) -> Live) -> Result<Vec<(Audience, Live)>> {
    Ok(vec![(Audience::Everyone, say(salon_cards::salon(view, salon.clone())?))])
}

/// Those who see the seats hear who sits there; everybody hears what is vacant and which role the person has now.
fn seat_changed(
    view: View<'_>,
    seat: &Seat,
    seers: Vec<AccountId>,
    say: impl Fn(crate::model::SeatCard) -> Live,
) -> Result<Vec<(Audience, Live)>> {
    let card = salon_cards::seat(view, seat.clone())?;
    let seers = salon_cards::with_admins(view, seers)?;
    let mut told: Vec<_> = seers.into_iter().map(|seer| (Audience::Person(seer), say(card.clone()))).collect();
    told.push((Audience::Everyone, Live::PersonUpdated(card.holder)));
    if let Some(salon) = view.salon(seat.salon)? {
        told.push((Audience::Everyone, Live::SalonUpdated(salon_cards::salon(view, salon)?)));
    }
    Ok(told)
}

fn invitation_changed(
    view: View<'_>,
    invitation: &Invitation,
    seers: Vec<AccountId>,
    say: impl Fn(InvitationCard) -> Live,
) -> Result<Vec<(Audience, Live)>> {
    let card = salon_cards::invitation(view, invitation.clone())?;
    let seers = salon_cards::with_admins(view, seers)?;
    Ok(seers.into_iter().map(|seer| (Audience::Person(seer), say(card.clone()))).collect())
}

fn tells_person(change: AccountChange) -> bool {
    matches!(change, AccountChange::Profile | AccountChange::MadeAdmin | AccountChange::Deleted)
}

fn posted(view: View<'_>, message: &Message) -> Result<(Audience, Live)> {
    let context = cards::Context::without_readers(view, message.room)?;
    let card = cards::message(view, message.clone(), &context, &mut cards::Names::default())?;
    Ok((Audience::Room(message.room), Live::MessageCreated { card, request_id: None }))
}

fn changed(
    view: View<'_>,
    room: RoomId,
    seq: u64,
    say: impl Fn(crate::model::MessageCard) -> Live,
) -> Result<Vec<(Audience, Live)>> {
    let Some(message) = view.message(room, seq)? else { return Ok(Vec::new()) };
    let cards = cards::messages(view, room, vec![message])?;
    Ok(cards.into_iter().map(|card| (Audience::Room(room), say(card))).collect())
}

fn read(view: View<'_>, room: RoomId, account: AccountId, seq: u64) -> Result<Vec<(Audience, Live)>> {
    // One who reads what was said before they came has no less unread than before.
    let read_seq = view.read_mark(room, account)?.map_or(seq, |mark| mark.seq.max(seq));
    let unread = reading::unread_after(view, room, read_seq)?;
    let named = newest_of_others(view, room, account, seq)?;
    let read = named.map(|message| Live::MessageRead { room, account, message, read_seq: seq });
    let mut told: Vec<_> = read.into_iter().map(|read| (Audience::RoomExcept(room, account), read)).collect();
    told.push((Audience::PersonIn(account, room), Live::Unread { room, account, message: named, read_seq, unread }));
    Ok(told)
}

/// Of what somebody has read, the newest that can be named: neither deleted nor their own.
fn newest_of_others(view: View<'_>, room: RoomId, account: AccountId, seq: u64) -> Result<Option<MessageId>> {
    const LOOKED_AT: usize = 20;
    // Nearly always it is the very message.
    for size in [1, LOOKED_AT] {
        let page = view.messages_before(room, 0, seq + 1, size)?;
        let others = page.iter().rev().find(|message| message.author != account && message.retracted.is_none());
        if let Some(found) = others {
            return Ok(Some(found.id));
        }
    }
    Ok(None)
}

fn member(
    view: View<'_>,
    membership: &Membership,
    is_online: &dyn Fn(AccountId) -> bool,
) -> Result<Option<MemberCard>> {
    let Some(account) = view.account(membership.account)? else { return Ok(None) };
    let read_seq = view.read_mark(membership.room, account.id)?.map_or(0, |mark| mark.read);
    let (role, joined_at) = (membership.role, membership.joined_at);
    let person = cards::person(view, &account)?;
    Ok(Some(MemberCard { person, role, joined_at, read_seq, online: is_online(account.id) }))
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
