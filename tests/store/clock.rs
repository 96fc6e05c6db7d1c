//! A clock that is set forth and back: what is listed by id is listed in the order in which it happened, for ever.

use super::kit::{self, Opened};
use parlor::model::{Clock, Event, MessageId, RoomId, RoomKind, Timestamp};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

pub const DAY_SECS: i64 = 86_400;

/// Stands still where it was set.
pub struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed))
    }
}

impl Hands {
    pub fn at(time: Timestamp) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(time.micros())))
    }

    fn set(&self, time: Timestamp) {
        self.0.store(time.micros(), Ordering::Relaxed);
    }
}

/// Two ids of each of three mutations, and the time that the last one saw.
async fn happens(opened: &Opened, room: RoomId) -> (Vec<MessageId>, Timestamp) {
    let (mut ids, mut now) = (Vec::new(), Timestamp::from_micros(0));
    for _ in 0..3 {
        let made = opened.store.commit(None, move |tx| {
            let ids: [MessageId; 2] = [tx.id(), tx.id()];
            let author = tx.id();
            let seq = tx.view().room_head(room)?.last_seq + 1;
            tx.emit(Event::MessagePosted(parlor::model::Message { id: ids[0], ..kit::message(room, seq, author) }))?;
            Ok((ids, tx.now()))
        });
        let (pair, at) = made.await.unwrap();
        ids.extend(pair);
        now = at;
    }
    (ids, now)
}

/// The last entry is nothing but what compaction drops.
async fn compacts(opened: &Opened) {
    let room = kit::room(RoomKind::Private, None);
    let id = room.id;
    opened.emit(vec![Event::RoomOpened(room), Event::RoomDeleted { room: id }]).await.unwrap();
    opened.store.compact().await.unwrap();
}

fn open(folder: &Path, clock: &Arc<Hands>) -> Opened {
    kit::open_by(folder, 0, Arc::clone(clock) as Arc<dyn Clock>).unwrap()
}

#[tokio::test]
async fn ids_keep_to_the_order_of_what_happened_and_times_to_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let room = kit::found(folder.path()).id;
    let clock = Hands::at(kit::CREATED_AT);
    let mut ids = Vec::new();
    for (start, days) in [0, 1, 0, -1, 0, 2, 1, 1].into_iter().enumerate() {
        let time = kit::CREATED_AT.plus_secs(days * DAY_SECS);
        clock.set(time);
        let opened = open(folder.path(), &clock);
        for seconds in [0, -3_600] {
            clock.set(time.plus_secs(seconds));
            let (made, now) = happens(&opened, room).await;
            assert_eq!(now, time.plus_secs(seconds), "nobody is told another time than the clock's");
            ids.extend(made);
        }
        if start % 2 == 1 {
            compacts(&opened).await;
        }
        opened.close().await;
    }
    assert!(ids.is_sorted_by(|one, other| one < other), "each after all before it");
    assert!(ids.iter().all(|id| id.uuid().get_version_num() == 7));
    let opened = open(folder.path(), &clock);
    let entries: Vec<_> = opened.store.entries(2).unwrap().map(|committed| committed.unwrap().entry.at).collect();
    assert!(entries.len() > 40 && entries.is_sorted_by(|one, other| one < other), "so do the entries");
    opened.close().await;
}
