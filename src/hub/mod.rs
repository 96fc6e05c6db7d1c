//! Memory: who is connected, who is told. Nothing here outlives the process, and nothing here waits for a socket.
//!
//! Lock order: the registry first; nothing else is locked while holding it except outboxes.

mod outbox;
mod presence;
mod registry;
mod typing;

pub use outbox::{CloseCode, Drained, Outbox, OutboxLimits, Pushed, SLOW_REASON};
pub use registry::{Connected, Scope, SocketId, TooManySockets};
pub use typing::{TYPING_FOR, Typing};

use crate::model::{AccountId, Live, Position, RoomId, RoomKind, SessionId};
use bytes::Bytes;
use registry::{Listener, Registry};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Seconds between two pings, which clients are told too.
pub const HEARTBEAT_SECS: u64 = 25;

/// How one socket protocol says things.
pub trait Dialect: Send + Sync {
    /// Different for every dialect; what is encoded once is shared between sockets of the same name.
    fn name(&self) -> &str;

    /// The whole WebSocket frame for this, or `None` if this dialect does not speak of it.
    fn encode(&self, live: &Live, position: Option<Position>) -> Option<Bytes>;

    /// What each hearer is told differently, after what all are told.
    fn encode_for(&self, _hearer: AccountId, _live: &Live) -> Option<Bytes> {
        None
    }

    /// Whether its sockets are told how many people have their room open, and how much of it they have not read.
    fn counts(&self) -> bool {
        false
    }
}

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Everyone who listens to the room at that moment.
    Room(RoomId),
    /// The same, except this person.
    RoomExcept(RoomId, AccountId),
    /// All sockets of a person that follow what concerns the person.
    Person(AccountId),
    /// All sockets of a person that hear this room.
    PersonIn(AccountId, RoomId),
    /// Sockets that were opened for this one room, not those that hear it beside another one.
    Opened(RoomId),
    Everyone,
}

/// One thing to do, in the order in which it happened.
#[derive(Clone, Debug)]
pub enum Step {
    Tell {
        audience: Audience,
        live: Box<Live>,
        position: Option<Position>,
    },
    /// From now on this person's sockets hear the room.
    Admit {
        room: RoomId,
        kind: RoomKind,
        account: AccountId,
    },
    /// From now on they do not.
    Dismiss {
        room: RoomId,
        account: AccountId,
    },
    CloseRoom {
        room: RoomId,
    },
    EndSession {
        session: SessionId,
    },
}

/// The registry of sockets and what is told to them.
pub struct Hub {
    registry: Mutex<Registry>,
    typing: Typing,
}

impl Hub {
    /// An empty hub that allows each person so many sockets.
    pub fn new(sockets_per_account: usize) -> Self {
        Self { registry: Mutex::new(Registry::new(sockets_per_account)), typing: Typing::default() }
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a socket. `prepare` runs while nothing is told to anybody: it reads the rooms and the sequence that the
    /// state has reached, so that nothing is missed or heard twice; what it returns is the first thing in the outbox. It is
    /// lent a function that says who is online, as far as somebody in these rooms is told.
    pub fn connect(
        &self,
        account: AccountId,
        session: Option<SessionId>,
        dialect: Arc<dyn Dialect>,
        outbox: Arc<Outbox>,
        prepare: impl FnOnce(&dyn Fn(&[RoomId]) -> Vec<AccountId>) -> (Scope, u64, Vec<Bytes>),
    ) -> Result<SocketId, TooManySockets> {
        let mut registry = self.registry();
        registry.check_room_for(account)?;
        let (scope, after_seq, first) = prepare(&|rooms| registry.online(account, rooms));
        for frame in first {
            outbox.push(frame);
        }
        let counted = scope.main_room().filter(|_| dialect.counts());
        let socket = registry.add(Connected { account, session, dialect, outbox, after_seq }, scope);
        if let Some(room) = counted {
            match registry.recount(room) {
                Some(count) => tell(&registry, Some(Audience::Room(room)), &mut vec![online_count(room, count)]),
                None => {
                    let count = online_count(room, registry.people_in(room));
                    registry.with_listener(socket, &mut |listener| {
                        push(listener, &encode(&*listener.dialect, std::slice::from_ref(&count)), None)
                    });
                }
            }
        }
        Ok(socket)
    }

    /// Whether this person may open one more socket, as far as is known before it is opened.
    pub fn has_place_for(&self, account: AccountId) -> bool {
        self.registry().check_room_for(account).is_ok()
    }

    /// From now on a socket that hears no rooms speaks like this; `first` is the first thing it hears so.
    pub fn speak(&self, socket: SocketId, dialect: Arc<dyn Dialect>, first: Bytes) {
        let mut registry = self.registry();
        registry.speak(socket, dialect);
        registry.with_listener(socket, &mut |listener| listener.outbox.push_reply(first.clone()));
    }

    /// Who has a socket in this room that is told what they have not read.
    pub fn counting(&self, room: RoomId) -> Vec<AccountId> {
        self.registry().counting(room)
    }

    /// Forgets a socket.
    pub fn disconnect(&self, socket: SocketId) {
        self.registry().remove(socket);
    }

    /// Lets a socket hear a room that its person is not a member of. `false` when it hears too many already.
    pub fn subscribe(&self, socket: SocketId, room: RoomId, at_most: usize) -> bool {
        self.registry().subscribe(socket, room, at_most)
    }

    /// Ends that.
    pub fn unsubscribe(&self, socket: SocketId, room: RoomId) {
        self.registry().unsubscribe(socket, room);
    }

    /// Does all steps, in order. Each thing is encoded once per dialect; what goes to the same people in a row goes to
    /// each of them in one piece.
    pub fn publish(&self, steps: Vec<Step>) {
        let mut registry = self.registry();
        let mut burst: Vec<Telling> = Vec::new();
        let mut burst_audience = None;
        for step in steps {
            match step {
                Step::Tell { audience, live, position } => {
                    if burst_audience != Some(audience) {
                        tell(&registry, burst_audience, &mut burst);
                        burst_audience = Some(audience);
                    }
                    burst.push((live, position));
                }
                other => {
                    tell(&registry, burst_audience.take(), &mut burst);
                    registry.change(other);
                }
            }
        }
        tell(&registry, burst_audience, &mut burst);
    }

    /// Tells something that is not stored.
    pub fn tell(&self, audience: Audience, live: Live) {
        tell(&self.registry(), Some(audience), &mut vec![(Box::new(live), None)]);
    }

    /// Whether somebody has a socket open, or had one a moment ago.
    pub fn is_online(&self, account: AccountId) -> bool {
        self.registry().is_online(account)
    }

    /// Whether somebody has a socket open right now.
    pub fn is_connected(&self, account: AccountId) -> bool {
        self.registry().is_connected(account)
    }

    /// Who types where.
    pub fn typing(&self) -> &Typing {
        &self.typing
    }

    /// Tells everyone who came and went since the last time, and ends what was being typed too long ago. Called a few
    /// times a second.
    pub fn tick(&self) {
        for (room, account) in self.typing.lapsed() {
            let typers = self.typing.in_room(room);
            self.tell(Audience::RoomExcept(room, account), Live::Typing { room, account, typing: false, typers });
        }
        let mut registry = self.registry();
        for (audience, presence) in registry.presence_changes() {
            tell(&registry, Some(audience), &mut vec![(Box::new(presence), None)]);
        }
        for (room, count) in registry.recount_changed() {
            tell(&registry, Some(Audience::Room(room)), &mut vec![online_count(room, count)]);
        }
    }

    /// Closes every socket.
    pub fn close_all(&self, code: CloseCode, reason: &'static str) {
        self.registry().each_socket(&mut |socket| socket.outbox.close(code, reason));
    }

    /// How many sockets are open.
    pub fn socket_count(&self) -> usize {
        self.registry().socket_count()
    }
}

fn online_count(room: RoomId, count: usize) -> Telling {
    (Box::new(Live::OnlineCount { room, count }), None)
}

/// Something told, and its place if it is stored.
type Telling = (Box<Live>, Option<Position>);

/// What a burst is in one dialect.
struct Encoded {
    dialect: String,
    /// Each frame with the sequence it is from; 0 for what is not stored.
    frames: Vec<(u64, Bytes)>,
    whole: Bytes,
}

fn encode(dialect: &dyn Dialect, burst: &[Telling]) -> Encoded {
    let frames: Vec<(u64, Bytes)> = burst
        .iter()
        .filter_map(|(live, position)| {
            Some((position.map_or(0, |position| position.seq), dialect.encode(live, *position)?))
        })
        .collect();
    let whole = match frames.as_slice() {
        [] => Bytes::new(),
        [(_, frame)] => frame.clone(),
        several => several.iter().flat_map(|(_, frame)| frame.iter().copied()).collect(),
    };
    Encoded { dialect: dialect.name().to_owned(), frames, whole }
}

fn tell(registry: &Registry, audience: Option<Audience>, burst: &mut Vec<Telling>) {
    let Some(audience) = audience.filter(|_| !burst.is_empty()) else { return };
    let first_seq = burst.iter().filter_map(|(_, position)| position.map(|position| position.seq)).min();
    let mut encoded: Vec<Encoded> = Vec::new();
    registry.each_listener(audience, &mut |listener: &Listener| {
        let name = listener.dialect.name();
        let known = encoded.iter().position(|encoded| encoded.dialect == name);
        let place = known.unwrap_or_else(|| {
            encoded.push(encode(&*listener.dialect, burst));
            encoded.len() - 1
        });
        push(listener, &encoded[place], first_seq);
        for (live, _) in burst.iter() {
            if let Some(frame) = listener.dialect.encode_for(listener.account, live) {
                listener.outbox.push(frame);
            }
        }
    });
    burst.clear();
}

fn push(listener: &Listener, encoded: &Encoded, first_seq: Option<u64>) {
    if encoded.whole.is_empty() {
        return;
    }
    if first_seq.is_none_or(|first_seq| first_seq > listener.after_seq) {
        listener.outbox.push(encoded.whole.clone());
        return;
    }
    // This socket was opened while these were on their way: it has read the older ones from the store.
    for (_, frame) in encoded.frames.iter().filter(|(seq, _)| *seq == 0 || *seq > listener.after_seq) {
        listener.outbox.push(frame.clone());
    }
}
