//! Who is typing where, for a few seconds.

use crate::model::{AccountId, RoomId};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Typing lapses this long after it was last said (contracts.md, Door 2).
pub const TYPING_FOR: Duration = Duration::from_secs(6);

type Typers = HashMap<(RoomId, AccountId), Instant>;

/// Who types where, until when.
#[derive(Default)]
pub struct Typing(Mutex<Typers>);

impl Typing {
    fn typers(&self) -> MutexGuard<'_, Typers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody types. `true` when that is news.
    pub fn start(&self, room: RoomId, account: AccountId) -> bool {
        self.typers().insert((room, account), Instant::now() + TYPING_FOR).is_none()
    }

    /// Somebody stopped, or sent what they typed. `true` when that is news.
    pub fn stop(&self, room: RoomId, account: AccountId) -> bool {
        self.typers().remove(&(room, account)).is_some()
    }

    /// Everyone who types in a room.
    pub fn in_room(&self, room: RoomId) -> Vec<AccountId> {
        let mut typers: Vec<_> =
            self.typers().keys().filter(|(place, _)| *place == room).map(|(_, account)| *account).collect();
        typers.sort_unstable();
        typers
    }

    /// Somebody has no socket any more; where they were typing.
    pub fn leave(&self, account: AccountId) -> Vec<RoomId> {
        let mut typers = self.typers();
        let rooms: Vec<_> = typers.keys().filter(|(_, typer)| *typer == account).map(|(room, _)| *room).collect();
        typers.retain(|(_, typer), _| *typer != account);
        rooms
    }

    /// Takes out who has not typed for too long.
    pub fn lapsed(&self) -> Vec<(RoomId, AccountId)> {
        let now = Instant::now();
        let mut typers = self.typers();
        let lapsed: Vec<_> = typers.iter().filter(|(_, until)| **until <= now).map(|(key, _)| *key).collect();
        for key in &lapsed {
            typers.remove(key);
        }
        lapsed
    }
}
