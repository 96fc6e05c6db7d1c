//! Which socket belongs to whom and hears which rooms. Plain data; the hub holds the lock.

use super::{
    Audience, CloseCode, Dialect, Outbox, Step,
    presence::{Changes, Presence},
};
use crate::model::{AccountId, Live, RoomId, RoomKind, SessionId};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Instant,
};

/// While so many people are online, everyone hears who comes and goes; above, telling everyone would cost the square.
const EVERYONE_MAX: usize = 1_000;
/// On a larger site only rooms with so many listeners hear it.
const SMALL_ROOM: usize = 200;

/// Names a socket for as long as it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(u64);

/// A socket as it comes in.
pub struct Connected {
    pub account: AccountId,
    /// `None` for a guest.
    pub session: Option<SessionId>,
    pub dialect: Arc<dyn Dialect>,
    pub outbox: Arc<Outbox>,
    /// It has read the state up to here from the store.
    pub after_seq: u64,
}

/// What a socket hears.
pub enum Scope {
    /// All rooms of its person, now these, and what concerns the person.
    Everything { rooms: Vec<RoomId> },
    /// One room.
    Room(RoomId),
    /// One room, and the person's direct rooms, now these.
    RoomAndDirect { room: RoomId, direct: Vec<RoomId> },
    /// No room, only what concerns the person.
    Person,
}

impl Scope {
    /// The room that the socket was opened for.
    pub(super) const fn main_room(&self) -> Option<RoomId> {
        match self {
            Self::Room(room) | Self::RoomAndDirect { room, .. } => Some(*room),
            Self::Everything { .. } | Self::Person => None,
        }
    }
}

/// What a socket goes on hearing as rooms come and go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Follows {
    Everything,
    Room(RoomId),
    RoomAndDirect(RoomId),
    Person,
}

impl Follows {
    /// Hears a room because its person came into it.
    fn admits(self, kind: RoomKind) -> bool {
        match self {
            Self::Everything => true,
            Self::RoomAndDirect(_) => matches!(kind, RoomKind::Direct(..)),
            Self::Room(_) | Self::Person => false,
        }
    }

    /// Is of no use without this room.
    fn needs(self, room: RoomId) -> bool {
        matches!(self, Self::Room(main) | Self::RoomAndDirect(main) if main == room)
    }

    fn hears_person(self) -> bool {
        matches!(self, Self::Everything | Self::Person)
    }
}

/// The person has as many sockets as one may have.
#[derive(Debug, PartialEq, Eq)]
pub struct TooManySockets;

/// A socket as a room sees it.
#[derive(Clone)]
pub(super) struct Listener {
    pub account: AccountId,
    pub dialect: Arc<dyn Dialect>,
    pub outbox: Arc<Outbox>,
    pub after_seq: u64,
    /// A guest is not counted among the people.
    pub is_guest: bool,
}

pub(super) struct Socket {
    listener: Listener,
    session: Option<SessionId>,
    follows: Follows,
    /// Rooms it hears beside those that all sockets of its person hear which follow everything.
    subscribed: HashSet<RoomId>,
}

impl std::ops::Deref for Socket {
    type Target = Listener;
    fn deref(&self) -> &Listener {
        &self.listener
    }
}

#[derive(Default)]
struct Person {
    is_guest: bool,
    sockets: Vec<SocketId>,
    /// Rooms that the sockets which follow the person hear.
    rooms: HashSet<RoomId>,
}

pub(super) struct Registry {
    sockets_per_account: usize,
    next: u64,
    sockets: HashMap<SocketId, Socket>,
    people: HashMap<AccountId, Person>,
    /// How many of them are guests, whose coming and going is nobody's business.
    guests: usize,
    rooms: HashMap<RoomId, HashMap<SocketId, Listener>>,
    /// Rooms of which somebody is told how many people have them open.
    counted: HashMap<RoomId, Counted>,
    presence: Presence,
}

/// How many people were said to have a room open.
#[derive(Default)]
struct Counted {
    /// Sockets that are told.
    told: usize,
    last: usize,
    may_have_changed: bool,
}

impl Registry {
    pub fn new(sockets_per_account: usize) -> Self {
        Self {
            sockets_per_account,
            next: 0,
            sockets: HashMap::new(),
            people: HashMap::new(),
            guests: 0,
            rooms: HashMap::new(),
            counted: HashMap::new(),
            presence: Presence::default(),
        }
    }

    pub fn check_room_for(&self, account: AccountId) -> Result<(), TooManySockets> {
        let open = self.people.get(&account).map_or(0, |person| person.sockets.len());
        if open < self.sockets_per_account { Ok(()) } else { Err(TooManySockets) }
    }

    pub fn add(&mut self, connected: Connected, scope: Scope) -> SocketId {
        self.next += 1;
        let id = SocketId(self.next);
        let Connected { account, session, dialect, outbox, after_seq } = connected;
        let listener = Listener { account, dialect, outbox, after_seq, is_guest: session.is_none() };
        let person = self.people.entry(account).or_default();
        if person.sockets.is_empty() {
            person.is_guest = listener.is_guest;
            match person.is_guest {
                true => self.guests += 1,
                false => self.presence.came(account),
            }
        }
        person.sockets.push(id);
        let (follows, heard) = match scope {
            Scope::Everything { rooms } => {
                person.rooms.extend(&rooms);
                (Follows::Everything, rooms)
            }
            Scope::Room(room) => (Follows::Room(room), vec![room]),
            Scope::RoomAndDirect { room, mut direct } => {
                direct.push(room);
                (Follows::RoomAndDirect(room), direct)
            }
            Scope::Person => (Follows::Person, Vec::new()),
        };
        for room in &heard {
            self.hear(id, *room, listener.clone());
        }
        let subscribed = if follows == Follows::Everything { HashSet::new() } else { heard.into_iter().collect() };
        self.sockets.insert(id, Socket { listener, session, follows, subscribed });
        id
    }

    pub fn remove(&mut self, id: SocketId) {
        let Some(socket) = self.sockets.remove(&id) else { return };
        let account = socket.listener.account;
        let mut heard = socket.subscribed;
        if let Some(person) = self.people.get_mut(&account) {
            person.sockets.retain(|other| *other != id);
            heard.extend(&person.rooms);
            if person.sockets.is_empty() {
                let rooms = self.people.remove(&account).map(|person| person.rooms).unwrap_or_default();
                match socket.listener.is_guest {
                    true => self.guests -= 1,
                    false => self.presence.went(account, rooms.into_iter().collect(), Instant::now()),
                }
            }
        }
        for room in heard {
            self.unhear(id, room);
        }
    }

    fn hear(&mut self, id: SocketId, room: RoomId, listener: Listener) {
        let counts = listener.dialect.counts();
        let is_new = self.rooms.entry(room).or_default().insert(id, listener).is_none();
        if counts && is_new {
            self.counted.entry(room).or_default().told += 1;
        }
        self.note_change(room);
    }

    fn unhear(&mut self, id: SocketId, room: RoomId) {
        let Some(listeners) = self.rooms.get_mut(&room) else { return };
        let gone = listeners.remove(&id);
        if listeners.is_empty() {
            self.rooms.remove(&room);
        }
        if gone.is_some_and(|listener| listener.dialect.counts())
            && let Some(counted) = self.counted.get_mut(&room)
        {
            counted.told = counted.told.saturating_sub(1);
            if counted.told == 0 {
                self.counted.remove(&room);
            }
        }
        self.note_change(room);
    }

    fn note_change(&mut self, room: RoomId) {
        if let Some(counted) = self.counted.get_mut(&room) {
            counted.may_have_changed = true;
        }
    }

    /// How many people have a room open, guests not among them.
    pub fn people_in(&self, room: RoomId) -> usize {
        let listeners = self.rooms.get(&room).into_iter().flat_map(HashMap::values);
        listeners.filter(|listener| !listener.is_guest).map(|listener| listener.account).collect::<HashSet<_>>().len()
    }

    /// The same, if it is counted and is not what was said last.
    pub fn recount(&mut self, room: RoomId) -> Option<usize> {
        let count = self.people_in(room);
        let counted = self.counted.get_mut(&room)?;
        counted.may_have_changed = false;
        (std::mem::replace(&mut counted.last, count) != count).then_some(count)
    }

    /// Rooms in which people came and went since the last time.
    pub fn recount_changed(&mut self) -> Vec<(RoomId, usize)> {
        let changed = self.counted.iter().filter(|(_, counted)| counted.may_have_changed).map(|(room, _)| *room);
        let changed: Vec<RoomId> = changed.collect();
        changed.into_iter().filter_map(|room| Some((room, self.recount(room)?))).collect()
    }

    /// Whose sockets in this room are told what they have not read.
    pub fn counting(&self, room: RoomId) -> Vec<AccountId> {
        if !self.counted.contains_key(&room) {
            return Vec::new();
        }
        let listeners = self.rooms.get(&room).into_iter().flat_map(HashMap::values);
        let told = listeners.filter(|listener| listener.dialect.counts()).map(|listener| listener.account);
        told.collect::<HashSet<_>>().into_iter().collect()
    }

    pub fn speak(&mut self, id: SocketId, dialect: Arc<dyn Dialect>) {
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.listener.dialect = dialect;
        }
    }

    pub fn with_listener(&self, id: SocketId, see: &mut dyn FnMut(&Listener)) {
        if let Some(socket) = self.sockets.get(&id) {
            see(&socket.listener);
        }
    }

    pub fn subscribe(&mut self, id: SocketId, room: RoomId, at_most: usize) -> bool {
        let Some(socket) = self.sockets.get_mut(&id) else { return true };
        if socket.subscribed.len() >= at_most && !socket.subscribed.contains(&room) {
            return false;
        }
        socket.subscribed.insert(room);
        let listener = socket.listener.clone();
        self.hear(id, room, listener);
        true
    }

    pub fn unsubscribe(&mut self, id: SocketId, room: RoomId) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        socket.subscribed.remove(&room);
        let account = socket.listener.account;
        let is_member = self.people.get(&account).is_some_and(|person| person.rooms.contains(&room));
        if !is_member {
            self.unhear(id, room);
        }
    }

    /// Does a step that changes who hears what.
    pub fn change(&mut self, step: Step) {
        match step {
            Step::Admit { room, kind, account } => self.admit(room, kind, account),
            Step::Dismiss { room, account } => self.dismiss(room, account),
            Step::CloseRoom { room } => self.close_room(room),
            Step::EndSession { session } => self.end_session(session),
            Step::Tell { .. } => {}
        }
    }

    fn admit(&mut self, room: RoomId, kind: RoomKind, account: AccountId) {
        let Some(person) = self.people.get_mut(&account) else { return };
        let sockets = &self.sockets;
        let admitted: Vec<_> = person.sockets.iter().filter(|id| sockets[id].follows.admits(kind)).copied().collect();
        if admitted.iter().any(|id| sockets[id].follows == Follows::Everything) {
            person.rooms.insert(room);
        }
        for id in admitted {
            let Some(socket) = self.sockets.get_mut(&id) else { continue };
            if socket.follows != Follows::Everything {
                socket.subscribed.insert(room);
            }
            let listener = socket.listener.clone();
            self.hear(id, room, listener);
        }
    }

    fn dismiss(&mut self, room: RoomId, account: AccountId) {
        let Some(person) = self.people.get_mut(&account) else { return };
        person.rooms.remove(&room);
        for id in person.sockets.clone() {
            if let Some(socket) = self.sockets.get_mut(&id) {
                socket.subscribed.remove(&room);
                if socket.follows.needs(room) {
                    socket.listener.outbox.close(CloseCode::NOT_FOUND, "you are no longer in this room");
                }
            }
            self.unhear(id, room);
        }
    }

    fn close_room(&mut self, room: RoomId) {
        self.counted.remove(&room);
        for id in self.rooms.remove(&room).unwrap_or_default().into_keys() {
            let Some(socket) = self.sockets.get_mut(&id) else { continue };
            socket.subscribed.remove(&room);
            if socket.follows.needs(room) {
                socket.listener.outbox.close(CloseCode::NOT_FOUND, "the room was deleted");
            }
            if let Some(person) = self.people.get_mut(&socket.listener.account) {
                person.rooms.remove(&room);
            }
        }
    }

    fn end_session(&mut self, session: SessionId) {
        for socket in self.sockets.values().filter(|socket| socket.session == Some(session)) {
            socket.listener.outbox.close(CloseCode::SESSION_ENDED, "signed out");
        }
    }

    pub fn each_listener(&self, audience: Audience, tell: &mut dyn FnMut(&Listener)) {
        match audience {
            Audience::Room(room) => self.rooms.get(&room).into_iter().flat_map(HashMap::values).for_each(tell),
            Audience::RoomExcept(room, account) => {
                let listeners = self.rooms.get(&room).into_iter().flat_map(HashMap::values);
                listeners.filter(|listener| listener.account != account).for_each(tell);
            }
            Audience::Person(account) => {
                let sockets = self.people.get(&account).into_iter().flat_map(|person| &person.sockets);
                let sockets = sockets.filter_map(|id| self.sockets.get(id));
                sockets.filter(|socket| socket.follows.hears_person()).for_each(|socket| tell(&socket.listener));
            }
            Audience::PersonIn(account, room) => {
                let sockets = self.people.get(&account).into_iter().flat_map(|person| &person.sockets);
                let heard = self.rooms.get(&room);
                sockets.filter_map(|id| heard?.get(id)).for_each(tell);
            }
            Audience::Opened(room) => {
                let sockets = self.rooms.get(&room).into_iter().flat_map(HashMap::keys);
                let sockets = sockets.filter_map(|id| self.sockets.get(id));
                sockets.filter(|socket| socket.follows.needs(room)).for_each(|socket| tell(&socket.listener));
            }
            Audience::Everyone => self.each_socket(&mut |socket| tell(&socket.listener)),
        }
    }

    pub fn each_socket(&self, visit: &mut dyn FnMut(&Socket)) {
        self.sockets.values().for_each(visit);
    }

    pub fn socket_count(&self) -> usize {
        self.sockets.len()
    }

    pub fn is_connected(&self, account: AccountId) -> bool {
        self.people.contains_key(&account)
    }

    pub fn is_online(&self, account: AccountId) -> bool {
        self.people.get(&account).is_some_and(|person| !person.is_guest) || self.presence.is_lingering(account)
    }

    /// On a large site not everyone is told who comes and goes.
    fn is_small(&self) -> bool {
        self.people.len() - self.guests <= EVERYONE_MAX
    }

    /// Who is online, `also` among them: everyone, or on a large site those heard in the small ones of these rooms.
    pub fn online(&self, also: AccountId, rooms: &[RoomId]) -> Vec<AccountId> {
        let mut online: Vec<AccountId> = if self.is_small() {
            let people = self.people.iter().filter(|(_, person)| !person.is_guest).map(|(account, _)| *account);
            people.chain(self.presence.lingering()).collect()
        } else {
            let listeners = rooms.iter().flat_map(|room| self.small_room(*room));
            listeners.filter(|listener| !listener.is_guest).map(|listener| listener.account).collect()
        };
        online.push(also);
        online.sort_unstable();
        online.dedup();
        online
    }

    fn small_room(&self, room: RoomId) -> impl Iterator<Item = &Listener> {
        let listeners = self.rooms.get(&room).filter(|listeners| listeners.len() <= SMALL_ROOM);
        listeners.into_iter().flat_map(HashMap::values)
    }

    /// Who came and went since the last time, and who is to be told.
    pub fn presence_changes(&mut self) -> Vec<(Audience, Live)> {
        let Changes { came, went } = self.presence.changes(Instant::now());
        if came.is_empty() && went.is_empty() {
            return Vec::new();
        }
        if self.is_small() {
            let offline = went.into_iter().map(|(account, _)| account).collect();
            return vec![(Audience::Everyone, Live::Presence { online: came, offline })];
        }
        let mut told = Vec::new();
        for account in came {
            let rooms = self.people.get(&account).into_iter().flat_map(|person| &person.rooms).copied();
            let live = Live::Presence { online: vec![account], offline: Vec::new() };
            told.extend(rooms.map(|room| (room, live.clone())));
        }
        for (account, rooms) in went {
            let live = Live::Presence { online: Vec::new(), offline: vec![account] };
            told.extend(rooms.into_iter().map(|room| (room, live.clone())));
        }
        told.retain(|(room, _)| self.small_room(*room).next().is_some());
        told.into_iter().map(|(room, live)| (Audience::Room(room), live)).collect()
    }
}

#[cfg(test)]
#[path = "counting_tests.rs"]
mod counting_tests;

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
