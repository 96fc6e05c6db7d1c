//! Typed reads of one state: the same for handlers (a snapshot) and for mutations (a snapshot with what was written so
//! far). Finds records; decides nothing.

use super::{
    StoreResult, codec,
    keys::{self, Key},
    kv::{Kv, Value},
};
use crate::model::{
    Account, AccountId, ClientId, File, FileId, HeldSeat, Invitation, InvitationId, InviteCode, InviteCodeId,
    Membership, Message, MessageId, Notification, NotificationId, ReadMark, Room, RoomHead, RoomId, Salon, SalonId,
    SalonLogLine, Seat, SeatId, SeatRole, Session, SessionId,
};
use serde::de::DeserializeOwned;
use std::ops::ControlFlow;

/// A state to read from.
#[derive(Clone, Copy)]
pub struct View<'a> {
    kv: &'a dyn Kv,
}

/// Whether a scan goes on after a record.
pub type Flow = ControlFlow<()>;

/// Goes on.
pub const GO_ON: Flow = ControlFlow::Continue(());
/// Stops.
pub const STOP: Flow = ControlFlow::Break(());

impl<'a> View<'a> {
    pub(super) fn of(kv: &'a dyn Kv) -> Self {
        Self { kv }
    }

    fn get<T: DeserializeOwned>(self, key: &[u8]) -> StoreResult<Option<T>> {
        self.kv.get(key)?.map(|bytes| codec::decode(&bytes)).transpose()
    }

    fn scan_prefix(self, prefix: &[u8], mut visit: impl FnMut(&[u8], &Value) -> StoreResult<Flow>) -> StoreResult<()> {
        self.kv.scan(prefix, &keys::end_of(prefix), &mut visit)
    }

    fn collect<T: DeserializeOwned>(self, prefix: &[u8]) -> StoreResult<Vec<T>> {
        let mut found = Vec::new();
        self.scan_prefix(prefix, |_, value| {
            found.push(codec::decode(value)?);
            Ok(GO_ON)
        })?;
        Ok(found)
    }

    pub(super) fn keys_below(self, prefix: &[u8]) -> StoreResult<Vec<Key>> {
        let mut found = Vec::new();
        self.scan_prefix(prefix, |key, _| {
            found.push(key.to_vec());
            Ok(GO_ON)
        })?;
        Ok(found)
    }

    /// An account by its id, deleted ones too.
    pub fn account(self, id: AccountId) -> StoreResult<Option<Account>> {
        self.get(&keys::account(id))
    }

    /// Whose username this is, in whatever case.
    pub fn account_by_username(self, username: &str) -> StoreResult<Option<AccountId>> {
        self.get(&keys::username(username))
    }

    /// Whose e-mail address this is, in whatever case.
    pub fn account_by_email(self, email: &str) -> StoreResult<Option<AccountId>> {
        self.get(&keys::email(email))
    }

    /// Visits all accounts in the order of their usernames, deleted ones too.
    pub fn each_account(self, mut visit: impl FnMut(Account) -> Flow) -> StoreResult<()> {
        self.scan_prefix(&keys::usernames(), |_, id| Ok(self.account(codec::decode(id)?)?.map_or(GO_ON, &mut visit)))
    }

    /// The active site administrators.
    pub fn admins(self) -> StoreResult<Vec<AccountId>> {
        let admins = self.keys_below(&keys::admins())?;
        Ok(admins.iter().map(|key| AccountId::from_uuid(keys::last_uuid(key))).collect())
    }

    /// A session that has not been ended.
    pub fn session(self, id: SessionId) -> StoreResult<Option<Session>> {
        self.get(&keys::session(id))
    }

    /// Somebody's sessions, oldest first.
    pub fn sessions_of(self, account: AccountId) -> StoreResult<Vec<Session>> {
        let ids = self.keys_below(&keys::sessions_of(account))?;
        let sessions = ids.iter().map(|key| self.session(SessionId::from_uuid(keys::last_uuid(key))));
        sessions.filter_map(StoreResult::transpose).collect()
    }

    /// All sessions there are, for upkeep.
    pub fn sessions(self) -> StoreResult<Vec<Session>> {
        self.collect(&keys::sessions())
    }

    /// An invite code by its id.
    pub fn invite_code(self, id: InviteCodeId) -> StoreResult<Option<InviteCode>> {
        self.get(&keys::invite_code(id))
    }

    /// An invite code by the hash of what a person typed.
    pub fn invite_code_by_hash(self, hash: &[u8; 32]) -> StoreResult<Option<InviteCode>> {
        let id: Option<InviteCodeId> = self.get(&keys::invite_code_hash(hash))?;
        id.map_or(Ok(None), |id| self.invite_code(id))
    }

    /// All invite codes, oldest first.
    pub fn invite_codes(self) -> StoreResult<Vec<InviteCode>> {
        self.collect(&keys::invite_codes())
    }

    /// A room by its id.
    pub fn room(self, id: RoomId) -> StoreResult<Option<Room>> {
        self.get(&keys::room(id))
    }

    /// The public room of that name, in whatever case.
    pub fn public_room(self, name: &str) -> StoreResult<Option<RoomId>> {
        self.get(&keys::public_name(name))
    }

    /// The direct room of two people.
    pub fn direct_room(self, one: AccountId, other: AccountId) -> StoreResult<Option<RoomId>> {
        self.get(&keys::direct_pair(one.min(other), one.max(other)))
    }

    /// Newest sequence and number of members; zeroes for a room that is not there.
    pub fn room_head(self, id: RoomId) -> StoreResult<RoomHead> {
        Ok(self.get(&keys::room_head(id))?.unwrap_or_default())
    }

    /// Visits the public rooms in the order of their names.
    pub fn each_public_room(self, mut visit: impl FnMut(Room) -> Flow) -> StoreResult<()> {
        self.scan_prefix(&keys::public_names(), |_, id| Ok(self.room(codec::decode(id)?)?.map_or(GO_ON, &mut visit)))
    }

    /// All rooms there are, oldest first.
    pub fn rooms(self) -> StoreResult<Vec<Room>> {
        self.collect(&keys::rooms())
    }

    /// The rooms that somebody is a member of.
    pub fn rooms_of(self, account: AccountId) -> StoreResult<Vec<RoomId>> {
        let rooms = self.keys_below(&keys::rooms_of(account))?;
        Ok(rooms.iter().map(|key| RoomId::from_uuid(keys::last_uuid(key))).collect())
    }

    /// Somebody's membership of a room.
    pub fn membership(self, room: RoomId, account: AccountId) -> StoreResult<Option<Membership>> {
        self.get(&keys::member(room, account))
    }

    /// The members of a room.
    pub fn members(self, room: RoomId) -> StoreResult<Vec<Membership>> {
        self.collect(&keys::members(room))
    }

    /// The first members of a room, at most `limit`.
    pub fn some_members(self, room: RoomId, limit: usize) -> StoreResult<Vec<Membership>> {
        let mut found = Vec::new();
        self.scan_prefix(&keys::members(room), |_, value| {
            found.push(codec::decode(value)?);
            Ok(if found.len() >= limit { STOP } else { GO_ON })
        })?;
        Ok(found)
    }

    /// A message by its place.
    pub fn message(self, room: RoomId, seq: u64) -> StoreResult<Option<Message>> {
        self.get(&keys::message(room, seq))
    }

    /// Where a message is.
    pub fn message_place(self, id: MessageId) -> StoreResult<Option<(RoomId, u64)>> {
        self.get(&keys::message_place(id))
    }

    /// Which message of this author in this room carries that client id.
    pub fn message_by_client_id(self, author: AccountId, room: RoomId, id: &ClientId) -> StoreResult<Option<u64>> {
        self.get(&keys::client_message(author, room, id))
    }

    /// Up to `limit` messages with `from <= seq < to`, oldest first; the newest ones of the range.
    pub fn messages_before(self, room: RoomId, from: u64, to: u64, limit: usize) -> StoreResult<Vec<Message>> {
        // Sequences are dense: what was deleted leaves a tombstone.
        self.messages_from(room, from.max(to.saturating_sub(limit as u64)), to, limit)
    }

    /// Up to `limit` messages with `from <= seq < to`, oldest first; the oldest ones of the range.
    pub fn messages_from(self, room: RoomId, from: u64, to: u64, limit: usize) -> StoreResult<Vec<Message>> {
        let mut found = Vec::with_capacity(limit.min(64));
        if limit == 0 || from >= to {
            return Ok(found);
        }
        let (from, to) = (keys::message(room, from), keys::message(room, to));
        self.kv.scan(&from, &to, &mut |_, value| {
            found.push(codec::decode(value)?);
            Ok(if found.len() >= limit { STOP } else { GO_ON })
        })?;
        Ok(found)
    }

    /// The files that the messages of a room carry.
    pub fn files_in(self, room: RoomId) -> StoreResult<Vec<FileId>> {
        let mut found = Vec::new();
        self.scan_prefix(&keys::messages(room), |_, value| {
            let message: Message = codec::decode(value)?;
            found.extend(message.file);
            Ok(GO_ON)
        })?;
        Ok(found)
    }

    /// How far somebody has read in a room.
    pub fn read_mark(self, room: RoomId, account: AccountId) -> StoreResult<Option<ReadMark>> {
        self.get(&keys::read_mark(room, account))
    }

    /// Who has really read up to `from` or further, and how far; at most `limit` of them.
    pub fn readers(self, room: RoomId, from: u64, limit: usize) -> StoreResult<Vec<(AccountId, ReadMark)>> {
        let mut found = Vec::new();
        self.scan_prefix(&keys::read_marks(room), |key, value| {
            let mark: ReadMark = codec::decode(value)?;
            if mark.read >= from.max(1) {
                found.push((AccountId::from_uuid(keys::last_uuid(key)), mark));
            }
            Ok(if found.len() >= limit { STOP } else { GO_ON })
        })?;
        Ok(found)
    }

    /// How many messages with `from <= seq < to` are deleted, counted up to `limit`.
    pub fn count_retracted(self, room: RoomId, from: u64, to: u64, limit: u64) -> StoreResult<u64> {
        let mut count = 0;
        self.kv.scan(&keys::retracted(room, from), &keys::retracted(room, to), &mut |_, _| {
            count += 1;
            Ok(if count >= limit { STOP } else { GO_ON })
        })?;
        Ok(count)
    }

    /// What is known about a file.
    pub fn file(self, id: FileId) -> StoreResult<Option<File>> {
        self.get(&keys::file(id))
    }

    /// All files there are.
    pub fn files(self) -> StoreResult<Vec<File>> {
        self.collect(&keys::files())
    }

    /// A salon by its id.
    pub fn salon(self, id: SalonId) -> StoreResult<Option<Salon>> {
        self.get(&keys::salon(id))
    }

    /// All salons, oldest first.
    pub fn salons(self) -> StoreResult<Vec<Salon>> {
        self.collect(&keys::salons())
    }

    /// Who holds a seat; `None` when it is vacant.
    pub fn seat(self, salon: SalonId, role: SeatRole) -> StoreResult<Option<Seat>> {
        self.get(&keys::seat(salon, role))
    }

    /// A seat by its id.
    pub fn seat_by_id(self, id: SeatId) -> StoreResult<Option<Seat>> {
        let place: Option<(SalonId, SeatRole)> = self.get(&keys::seat_place(id))?;
        let seat = place.map_or(Ok(None), |(salon, role)| self.seat(salon, role))?;
        Ok(seat.filter(|seat| seat.id == id))
    }

    /// The seats of a salon that are held, superuser first.
    pub fn seats(self, salon: SalonId) -> StoreResult<Vec<Seat>> {
        self.collect(&keys::seats(salon))
    }

    /// All seats that are held, salon by salon.
    pub fn all_seats(self) -> StoreResult<Vec<Seat>> {
        self.collect(&keys::all_seats())
    }

    /// The seats that somebody holds, in whatever salon.
    pub fn seats_of(self, account: AccountId) -> StoreResult<Vec<HeldSeat>> {
        Ok(self.get(&keys::seats_of(account))?.unwrap_or_default())
    }

    /// An invitation by its id.
    pub fn invitation(self, id: InvitationId) -> StoreResult<Option<Invitation>> {
        self.get(&keys::invitation(id))
    }

    /// All invitations, oldest first.
    pub fn invitations(self) -> StoreResult<Vec<Invitation>> {
        self.collect(&keys::invitations())
    }

    /// The invitations to a salon, oldest first.
    pub fn invitations_of_salon(self, salon: SalonId) -> StoreResult<Vec<Invitation>> {
        self.invitations_below(&keys::invitations_of_salon(salon))
    }

    /// The invitations of a person, oldest first.
    pub fn invitations_of_account(self, account: AccountId) -> StoreResult<Vec<Invitation>> {
        self.invitations_below(&keys::invitations_of_account(account))
    }

    fn invitations_below(self, prefix: &[u8]) -> StoreResult<Vec<Invitation>> {
        let ids = self.keys_below(prefix)?;
        let found = ids.iter().map(|key| self.invitation(InvitationId::from_uuid(keys::last_uuid(key))));
        found.filter_map(StoreResult::transpose).collect()
    }

    /// A salon's log, oldest first; there also after the salon.
    pub fn salon_log(self, salon: SalonId) -> StoreResult<Vec<SalonLogLine>> {
        self.collect(&keys::salon_log(salon))
    }

    /// A notification that was not seen yet.
    pub fn notification(self, account: AccountId, id: NotificationId) -> StoreResult<Option<Notification>> {
        self.get(&keys::notification(account, id))
    }

    /// What somebody has not seen yet, oldest first.
    pub fn notifications(self, account: AccountId) -> StoreResult<Vec<Notification>> {
        self.collect(&keys::notifications(account))
    }

    /// The sequence of the last journal entry that the index has taken.
    pub(super) fn applied(self) -> StoreResult<Option<u64>> {
        self.get(&keys::applied())
    }

    /// A hash over all records that does not depend on their order: equal states have equal fingerprints.
    pub fn fingerprint(self) -> StoreResult<u64> {
        let mut sum = 0u64;
        let first_record = keys::end_of(&keys::meta());
        self.kv.scan(&first_record, &[u8::MAX], &mut |key, value| {
            let low = crc32c::crc32c_append(crc32c::crc32c(key), value);
            let high = crc32c::crc32c_append(crc32c::crc32c(value), key);
            sum = sum.wrapping_add((u64::from(high) << 32 | u64::from(low)).wrapping_mul(0x9E37_79B9_7F4A_7C15));
            Ok(GO_ON)
        })?;
        Ok(sum)
    }
}
