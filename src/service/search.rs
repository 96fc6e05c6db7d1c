//! Finding messages in one room or in all of one's own, by who wrote them. Looks from the newest back, one message at
//! a time, so that a request costs what it finds and never more than a bound.

use super::{Actor, Service, access, cards};
use crate::{
    model::{AccountId, Error, ErrorCode, Message, MessageCard, MessageId, Result, RoomId},
    rules::permit::Act,
    store::{Flow, GO_ON, STOP, View},
};
use std::{
    cmp::Ordering,
    collections::{BinaryHeap, HashMap, VecDeque, hash_map::Entry},
};

/// Messages that one request looks at, at most: half a microsecond each. Further back is reached with `before`.
const LOOKED_AT_MAX: usize = 100_000;
/// Messages that are looked at in a row; then others have their turn.
const LOOKED_AT_IN_A_ROW: usize = 250;
/// Messages that are taken from the store at a time, at most.
const TAKEN_MAX: usize = 128;

/// Which messages are looked for.
#[derive(Clone, Debug, Default)]
pub struct MessageFilter {
    /// All the rooms that the actor is a member of, unless one is named.
    pub room: Option<RoomId>,
    pub sender: Option<AccountId>,
    /// In whatever case.
    pub sender_email: Option<String>,
    pub before: Option<MessageId>,
    pub after: Option<MessageId>,
}

/// From which end of what is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    Newest,
    Oldest,
}

impl Service {
    /// Messages that are still there, oldest first: the newest of them, those before a message, or the first after one.
    /// Across rooms the order is that of time; within a room it is the room's own.
    /// What was deleted or written by others is passed over, at most 100,000 messages in all.
    pub async fn find_messages(&self, actor: Actor, filter: &MessageFilter, size: usize) -> Result<Vec<MessageCard>> {
        let snapshot = self.store.snapshot();
        let size = size.clamp(1, self.config.limits.page_size_max);
        let mut search = Search::begin(snapshot.view(), actor, filter, size)?;
        for _ in 0..LOOKED_AT_MAX / LOOKED_AT_IN_A_ROW {
            if search.look(snapshot.view(), LOOKED_AT_IN_A_ROW)?.is_break() {
                break;
            }
            tokio::task::yield_now().await;
        }
        show(snapshot.view(), search.found())
    }
}

/// Who must have written what is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Author {
    Anybody,
    This(AccountId),
    /// Nobody is all that was asked for.
    Nobody,
}

impl Author {
    fn of(view: View<'_>, filter: &MessageFilter) -> Result<Self> {
        let Some(email) = &filter.sender_email else { return Ok(filter.sender.map_or(Self::Anybody, Self::This)) };
        let known = view.account_by_email(email.trim())?;
        let known = known.filter(|known| filter.sender.is_none_or(|sender| sender == *known));
        Ok(known.map_or(Self::Nobody, Self::This))
    }

    fn wrote(self, message: &Message) -> bool {
        match self {
            Self::Anybody => true,
            Self::This(author) => message.author == author,
            Self::Nobody => false,
        }
    }
}

/// A message of one of these rooms.
fn place(view: View<'_>, rooms: &[RoomId], id: MessageId) -> Result<Place> {
    let missing = || Error::not_found("message");
    let (room, seq) = view.message_place(id)?.filter(|(room, _)| rooms.contains(room)).ok_or_else(missing)?;
    let message = view.message(room, seq)?.ok_or_else(missing)?;
    Ok(Place { room, seq, age: Age::of(&message) })
}

/// Where in time a message is; the id decides between those of one microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Age(i64, MessageId);

impl Age {
    fn of(message: &Message) -> Self {
        Self(message.posted_at.micros(), message.id)
    }
}

struct Place {
    room: RoomId,
    seq: u64,
    age: Age,
}

impl Place {
    /// The sequence that it has in a room, or would have in another one.
    fn seq_in(&self, view: View<'_>, room: RoomId, end: u64) -> Result<u64> {
        if room == self.room { Ok(self.seq) } else { first_from(view, room, end, self.age) }
    }

    /// The sequence behind it.
    fn seq_behind(&self, view: View<'_>, room: RoomId, end: u64) -> Result<u64> {
        if room == self.room { Ok(self.seq + 1) } else { first_from(view, room, end, self.age) }
    }
}

/// The sequence of the first message of a room that is not older, by halving; `end` when all are.
fn first_from(view: View<'_>, room: RoomId, end: u64, age: Age) -> Result<u64> {
    let (mut low, mut high) = (1, end);
    while low < high {
        let middle = low + (high - low) / 2;
        let is_older = view.message(room, middle)?.is_none_or(|message| Age::of(&message) < age);
        if is_older {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// What is left to look at in one room.
struct Lane {
    room: RoomId,
    /// Sequences from here…
    first: u64,
    /// …to before this one.
    upto: u64,
    from: From,
    taken: VecDeque<Message>,
    /// How many to take next: twice as many each time, so that little is taken in vain.
    take: usize,
}

impl Lane {
    fn next(&mut self, view: View<'_>) -> Result<Option<Message>> {
        if self.taken.is_empty() {
            self.taken = match self.from {
                From::Newest => view.messages_before(self.room, self.first, self.upto, self.take)?.into(),
                From::Oldest => view.messages_from(self.room, self.first, self.upto, self.take)?.into(),
            };
            match (self.from, self.taken.front(), self.taken.back()) {
                (From::Newest, Some(oldest), _) => self.upto = oldest.seq,
                (From::Oldest, _, Some(newest)) => self.first = newest.seq + 1,
                _ => self.upto = self.first,
            }
            self.take = (self.take * 2).min(TAKEN_MAX);
        }
        Ok(match self.from {
            From::Newest => self.taken.pop_back(),
            From::Oldest => self.taken.pop_front(),
        })
    }
}

/// The next message of a room. The greatest one is the next of all rooms.
struct Head {
    message: Message,
    lane: usize,
    from: From,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_age = Age::of(&self.message).cmp(&Age::of(&other.message));
        if self.from == From::Newest { by_age } else { by_age.reverse() }
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head {}

/// Takes from all rooms in the order of time until there are enough. Nothing of the store is held between two looks.
struct Search {
    lanes: Vec<Lane>,
    heads: BinaryHeap<Head>,
    from: From,
    author: Author,
    size: usize,
    found: Vec<Message>,
}

impl Search {
    fn begin(view: View<'_>, actor: Actor, filter: &MessageFilter, size: usize) -> Result<Self> {
        let rooms = match filter.room {
            Some(room) => vec![access::room(view, actor, room, Act::Read)?.room.id],
            None => view.rooms_of(access::person(view, actor)?.id)?,
        };
        let before = filter.before.map(|id| place(view, &rooms, id)).transpose()?;
        let after = filter.after.map(|id| place(view, &rooms, id)).transpose()?;
        let from = if before.is_none() && after.is_some() { From::Oldest } else { From::Newest };
        let author = Author::of(view, filter)?;
        let (mut lanes, mut heads) = (Vec::with_capacity(rooms.len()), BinaryHeap::with_capacity(rooms.len()));
        for room in rooms.into_iter().filter(|_| author != Author::Nobody) {
            let end = view.room_head(room)?.last_seq + 1;
            let upto = before.as_ref().map_or(Ok(end), |place| place.seq_in(view, room, end))?;
            let first = after.as_ref().map_or(Ok(1), |place| place.seq_behind(view, room, end))?;
            let mut lane = Lane { room, first, upto, from, taken: VecDeque::new(), take: 1 };
            heads.extend(lane.next(view)?.map(|message| Head { message, lane: lanes.len(), from }));
            lanes.push(lane);
        }
        Ok(Self { lanes, heads, from, author, size, found: Vec::new() })
    }

    /// Looks at so many more; breaks when there is nothing left to be found.
    fn look(&mut self, view: View<'_>, at_most: usize) -> Result<Flow> {
        for _ in 0..at_most {
            let next = if self.found.len() < self.size { self.heads.pop() } else { None };
            let Some(Head { message, lane, from }) = next else { return Ok(STOP) };
            if message.retracted.is_none() && self.author.wrote(&message) {
                self.found.push(message);
            }
            self.heads.extend(self.lanes[lane].next(view)?.map(|message| Head { message, lane, from }));
        }
        Ok(GO_ON)
    }

    /// What was found, oldest first.
    fn found(self) -> Vec<Message> {
        let mut found = self.found;
        if self.from == From::Newest {
            found.reverse();
        }
        found
    }
}

/// The cards of messages of several rooms.
fn show(view: View<'_>, found: Vec<Message>) -> Result<Vec<MessageCard>> {
    let (mut contexts, mut names) = (HashMap::new(), cards::Names::default());
    let mut shown = Vec::with_capacity(found.len());
    for message in found {
        let context = match contexts.entry(message.room) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => match cards::Context::of(view, message.room, 1) {
                // The room was deleted since it was looked into; what was found elsewhere stays found.
                Err(error) if error.code == ErrorCode::NotFound => continue,
                context => new.insert(context?),
            },
        };
        shown.push(cards::message(view, message, context, &mut names)?);
    }
    Ok(shown)
}
