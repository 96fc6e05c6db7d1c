//! Whom the registry counts, and whom it does not.

use super::*;
use crate::{
    hub::OutboxLimits,
    model::{Live, Position, SessionId},
};
use bytes::Bytes;

/// Counts people, and says nothing.
struct Counting;

impl Dialect for Counting {
    fn name(&self) -> &str {
        "counting"
    }

    fn encode(&self, _: &Live, _: Option<Position>) -> Option<Bytes> {
        None
    }

    fn counts(&self) -> bool {
        true
    }
}

fn opens(registry: &mut Registry, account: AccountId, session: Option<SessionId>, room: RoomId) -> SocketId {
    let outbox = Arc::new(Outbox::new(OutboxLimits::default()));
    let connected = Connected { account, session, dialect: Arc::new(Counting), outbox, after_seq: 0 };
    registry.add(connected, Scope::Room(room))
}

#[test]
fn guests_hear_the_room_and_are_not_counted() {
    let (mut registry, room) = (Registry::new(20), RoomId::new());
    let (anna, guest) = (AccountId::new(), AccountId::new());
    let annas = opens(&mut registry, anna, Some(SessionId::new()), room);
    let guests = [opens(&mut registry, guest, None, room), opens(&mut registry, guest, None, room)];
    let mut heard = Vec::new();
    registry.each_listener(Audience::Room(room), &mut |listener| heard.push(listener.account));
    heard.sort_unstable();
    assert_eq!(heard, [anna, guest, guest]);
    assert_eq!((registry.people_in(room), registry.recount(room)), (1, Some(1)));
    assert_eq!(registry.online(anna, &[room]), [anna]);
    assert!(registry.is_online(anna) && !registry.is_online(guest) && registry.is_connected(guest));
    assert_eq!(registry.presence_changes().len(), 1, "only she came");
    for socket in guests {
        registry.remove(socket);
    }
    assert_eq!((registry.guests, registry.is_connected(guest)), (0, false));
    assert_eq!((registry.recount(room), registry.presence_changes().len()), (None, 0), "nobody is told");
    registry.remove(annas);
    assert_eq!(registry.online(anna, &[]), [anna], "who went a moment ago lingers");
}
