//! How many people have a room open: people, not sockets; told when it changes, and only where somebody asked.

use super::{super::Hub, *};
use crate::model::Position;
use bytes::Bytes;
use std::{
    collections::VecDeque,
    task::{Context, Waker},
};

/// A dialect that speaks of counts alone.
struct Spoken {
    counts: bool,
}

impl Dialect for Spoken {
    fn name(&self) -> &str {
        if self.counts { "counting" } else { "silent" }
    }

    fn encode(&self, live: &Live, _: Option<Position>) -> Option<Bytes> {
        match live {
            Live::OnlineCount { count, .. } if self.counts => Some(Bytes::from(format!("{count} here"))),
            _ => None,
        }
    }

    fn encode_for(&self, hearer: AccountId, live: &Live) -> Option<Bytes> {
        let Live::UnreadCounts { counts, .. } = live else { return None };
        let own = counts.iter().find(|(account, _)| *account == hearer)?;
        Some(Bytes::from(format!("{} unread", own.1)))
    }

    fn counts(&self) -> bool {
        self.counts
    }
}

/// One window of somebody.
struct Window {
    id: SocketId,
    outbox: Arc<Outbox>,
}

impl Window {
    fn hears(&self) -> Vec<String> {
        let mut frames = VecDeque::new();
        let _ = self.outbox.poll_drain(&mut Context::from_waker(Waker::noop()), &mut frames);
        frames.iter().map(|frame| String::from_utf8_lossy(frame).into_owned()).collect()
    }
}

fn opens(hub: &Hub, account: AccountId, scope: Scope, counts: bool) -> Window {
    let outbox = Arc::new(Outbox::default());
    let connected =
        hub.connect(account, Some(SessionId::new()), Arc::new(Spoken { counts }), Arc::clone(&outbox), |_| {
            (scope, 0, Vec::new())
        });
    Window { id: connected.expect("there is room"), outbox }
}

fn counting(hub: &Hub, account: AccountId, room: RoomId) -> Window {
    opens(hub, account, Scope::Room(room), true)
}

#[test]
fn people_are_counted_once_however_many_windows_they_have() {
    let (hub, room, elsewhere) = (Hub::new(20), RoomId::new(), RoomId::new());
    let (anna, boris) = (AccountId::new(), AccountId::new());
    let first = counting(&hub, anna, room);
    assert_eq!(first.hears(), ["1 here"], "told when it connects");
    let second = counting(&hub, anna, room);
    assert_eq!((first.hears(), second.hears()), (vec![], vec!["1 here".to_owned()]), "nothing changed for the first");
    let other = counting(&hub, boris, elsewhere);
    assert_eq!(other.hears(), ["1 here"]);
    let third = counting(&hub, boris, room);
    for window in [&first, &second, &third] {
        assert_eq!(window.hears(), ["2 here"]);
    }
    hub.disconnect(second.id);
    hub.tick();
    assert_eq!((first.hears(), third.hears()), (vec![], vec![]), "Anna is still there");
    hub.disconnect(first.id);
    hub.tick();
    assert_eq!(third.hears(), ["1 here"]);
    hub.tick();
    assert_eq!((third.hears(), other.hears()), (vec![], vec![]), "once, and only in this room");
}

#[test]
fn who_has_the_room_open_at_another_door_counts_too() {
    let (hub, room) = (Hub::new(20), RoomId::new());
    let (anna, boris, vera) = (AccountId::new(), AccountId::new(), AccountId::new());
    let stream = opens(&hub, boris, Scope::Everything { rooms: vec![room] }, false);
    let window = counting(&hub, anna, room);
    assert_eq!(window.hears(), ["2 here"]);
    let marketplace = opens(&hub, vera, Scope::RoomAndDirect { room, direct: Vec::new() }, false);
    hub.tick();
    assert_eq!(window.hears(), ["3 here"]);
    hub.publish(vec![Step::Dismiss { room, account: boris }]);
    hub.disconnect(marketplace.id);
    hub.tick();
    assert_eq!(window.hears(), ["1 here"], "both at once");
    hub.publish(vec![Step::Admit { room, kind: RoomKind::Public, account: boris }]);
    hub.tick();
    assert_eq!(window.hears(), ["2 here"]);
    assert!(stream.hears().is_empty() && marketplace.hears().is_empty(), "they do not speak of it");
}

#[test]
fn unread_counts_are_for_those_who_are_told_and_each_hears_their_own() {
    let (hub, room) = (Hub::new(20), RoomId::new());
    let (anna, boris, vera) = (AccountId::new(), AccountId::new(), AccountId::new());
    let (annas, boriss) = (counting(&hub, anna, room), counting(&hub, boris, room));
    let again = counting(&hub, anna, room);
    let veras = opens(&hub, vera, Scope::Room(room), false);
    let mut asked = hub.counting(room);
    asked.sort_unstable();
    let mut expected = vec![anna, boris];
    expected.sort_unstable();
    assert_eq!(asked, expected, "each once, and nobody who is not told");
    for window in [&annas, &boriss, &again] {
        window.hears();
    }
    hub.tell(Audience::Room(room), Live::UnreadCounts { room, counts: vec![(anna, 1), (boris, 2)] });
    assert_eq!((annas.hears(), again.hears()), (vec!["1 unread".to_owned()], vec!["1 unread".to_owned()]));
    assert_eq!((boriss.hears(), veras.hears()), (vec!["2 unread".to_owned()], vec![]));
}

#[test]
fn rooms_without_such_sockets_are_not_counted() {
    let (hub, room, other) = (Hub::new(20), RoomId::new(), RoomId::new());
    let (anna, boris) = (AccountId::new(), AccountId::new());
    opens(&hub, anna, Scope::Everything { rooms: vec![room, other] }, false);
    assert!(hub.registry().counted.is_empty() && hub.counting(room).is_empty());
    let window = counting(&hub, boris, room);
    assert_eq!(hub.registry().counted.keys().collect::<Vec<_>>(), [&room]);
    hub.disconnect(window.id);
    assert!(hub.registry().counted.is_empty());
    assert!(hub.registry().recount_changed().is_empty());
    let window = counting(&hub, boris, room);
    assert_eq!(window.hears(), ["2 here"], "counted anew");
    hub.publish(vec![Step::CloseRoom { room }]);
    assert!(hub.registry().counted.is_empty());
}
