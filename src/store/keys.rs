//! The bytes of index keys: one tag byte, then fixed-width big-endian fields, so that ranges sort as they are read.

use crate::model::{
    AccountId, ClientId, FileId, InvitationId, InviteCodeId, MessageId, NotificationId, RoomId, SalonId, SalonLogId,
    SeatId, SeatRole, SessionId,
};

/// A key of the index.
pub(super) type Key = Vec<u8>;

/// What a key leads to. Numbers are never used again for something else.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Tag {
    Meta = 0,
    Account = 1,
    Username = 2,
    Email = 3,
    Session = 4,
    SessionOfAccount = 5,
    InviteCode = 6,
    InviteCodeHash = 7,
    Room = 8,
    RoomHead = 9,
    PublicName = 10,
    DirectPair = 11,
    Member = 12,
    RoomOfAccount = 13,
    Message = 14,
    MessagePlace = 15,
    ClientMessage = 16,
    ReadMark = 17,
    File = 18,
    Admin = 19,
    Salon = 20,
    Seat = 21,
    SeatPlace = 22,
    SeatsOfAccount = 23,
    Invitation = 24,
    InvitationOfSalon = 25,
    InvitationOfAccount = 26,
    SalonLog = 27,
    Notification = 28,
    Retracted = 29,
}

fn key(tag: Tag, fields: &[&[u8]]) -> Key {
    let mut key = Vec::with_capacity(1 + fields.iter().map(|field| field.len()).sum::<usize>());
    key.push(tag as u8);
    for field in fields {
        key.extend_from_slice(field);
    }
    key
}

/// The smallest key that no key with this prefix reaches.
pub(super) fn end_of(prefix: &[u8]) -> Key {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            break;
        }
    }
    end
}

/// Names are compared without regard to case.
pub(super) fn fold(name: &str) -> String {
    name.to_lowercase()
}

pub(super) fn applied() -> Key {
    key(Tag::Meta, &[b"applied"])
}
pub(super) fn index_version() -> Key {
    key(Tag::Meta, &[b"version"])
}
/// Everything below this prefix describes the index itself.
pub(super) fn meta() -> Key {
    key(Tag::Meta, &[])
}
pub(super) fn account(id: AccountId) -> Key {
    key(Tag::Account, &[id.uuid().as_bytes()])
}
pub(super) fn username(name: &str) -> Key {
    key(Tag::Username, &[fold(name).as_bytes()])
}
pub(super) fn usernames() -> Key {
    key(Tag::Username, &[])
}
pub(super) fn email(address: &str) -> Key {
    key(Tag::Email, &[fold(address).as_bytes()])
}
pub(super) fn session(id: SessionId) -> Key {
    key(Tag::Session, &[id.uuid().as_bytes()])
}
pub(super) fn sessions() -> Key {
    key(Tag::Session, &[])
}
pub(super) fn session_of(account: AccountId, id: SessionId) -> Key {
    key(Tag::SessionOfAccount, &[account.uuid().as_bytes(), id.uuid().as_bytes()])
}
pub(super) fn sessions_of(account: AccountId) -> Key {
    key(Tag::SessionOfAccount, &[account.uuid().as_bytes()])
}
pub(super) fn invite_code(id: InviteCodeId) -> Key {
    key(Tag::InviteCode, &[id.uuid().as_bytes()])
}
pub(super) fn invite_codes() -> Key {
    key(Tag::InviteCode, &[])
}
pub(super) fn invite_code_hash(hash: &[u8; 32]) -> Key {
    key(Tag::InviteCodeHash, &[hash])
}
pub(super) fn room(id: RoomId) -> Key {
    key(Tag::Room, &[id.uuid().as_bytes()])
}
pub(super) fn rooms() -> Key {
    key(Tag::Room, &[])
}
pub(super) fn room_head(id: RoomId) -> Key {
    key(Tag::RoomHead, &[id.uuid().as_bytes()])
}
pub(super) fn public_name(name: &str) -> Key {
    key(Tag::PublicName, &[fold(name).as_bytes()])
}
pub(super) fn public_names() -> Key {
    key(Tag::PublicName, &[])
}
pub(super) fn direct_pair(smaller: AccountId, larger: AccountId) -> Key {
    key(Tag::DirectPair, &[smaller.uuid().as_bytes(), larger.uuid().as_bytes()])
}
pub(super) fn member(room: RoomId, account: AccountId) -> Key {
    key(Tag::Member, &[room.uuid().as_bytes(), account.uuid().as_bytes()])
}
pub(super) fn members(room: RoomId) -> Key {
    key(Tag::Member, &[room.uuid().as_bytes()])
}
pub(super) fn room_of(account: AccountId, room: RoomId) -> Key {
    key(Tag::RoomOfAccount, &[account.uuid().as_bytes(), room.uuid().as_bytes()])
}
pub(super) fn rooms_of(account: AccountId) -> Key {
    key(Tag::RoomOfAccount, &[account.uuid().as_bytes()])
}
pub(super) fn message(room: RoomId, seq: u64) -> Key {
    key(Tag::Message, &[room.uuid().as_bytes(), &seq.to_be_bytes()])
}
pub(super) fn messages(room: RoomId) -> Key {
    key(Tag::Message, &[room.uuid().as_bytes()])
}
pub(super) fn message_place(id: MessageId) -> Key {
    key(Tag::MessagePlace, &[id.uuid().as_bytes()])
}
pub(super) fn client_message(author: AccountId, room: RoomId, client_id: &ClientId) -> Key {
    let (author, room) = (author.uuid(), room.uuid());
    key(Tag::ClientMessage, &[author.as_bytes(), room.as_bytes(), client_id.as_str().as_bytes()])
}
pub(super) fn read_mark(room: RoomId, account: AccountId) -> Key {
    key(Tag::ReadMark, &[room.uuid().as_bytes(), account.uuid().as_bytes()])
}
pub(super) fn read_marks(room: RoomId) -> Key {
    key(Tag::ReadMark, &[room.uuid().as_bytes()])
}
pub(super) fn retracted(room: RoomId, seq: u64) -> Key {
    key(Tag::Retracted, &[room.uuid().as_bytes(), &seq.to_be_bytes()])
}
pub(super) fn file(id: FileId) -> Key {
    key(Tag::File, &[id.uuid().as_bytes()])
}
pub(super) fn files() -> Key {
    key(Tag::File, &[])
}

pub(super) fn admin(id: AccountId) -> Key {
    key(Tag::Admin, &[id.uuid().as_bytes()])
}
pub(super) fn admins() -> Key {
    key(Tag::Admin, &[])
}
pub(super) fn salon(id: SalonId) -> Key {
    key(Tag::Salon, &[id.uuid().as_bytes()])
}
pub(super) fn salons() -> Key {
    key(Tag::Salon, &[])
}
pub(super) fn seat(salon: SalonId, role: SeatRole) -> Key {
    key(Tag::Seat, &[salon.uuid().as_bytes(), &[role as u8]])
}
pub(super) fn seats(salon: SalonId) -> Key {
    key(Tag::Seat, &[salon.uuid().as_bytes()])
}
pub(super) fn all_seats() -> Key {
    key(Tag::Seat, &[])
}
pub(super) fn seat_place(id: SeatId) -> Key {
    key(Tag::SeatPlace, &[id.uuid().as_bytes()])
}
/// One list for each account: it is read with every name that is shown, and nearly always empty.
pub(super) fn seats_of(account: AccountId) -> Key {
    key(Tag::SeatsOfAccount, &[account.uuid().as_bytes()])
}
pub(super) fn invitation(id: InvitationId) -> Key {
    key(Tag::Invitation, &[id.uuid().as_bytes()])
}
pub(super) fn invitations() -> Key {
    key(Tag::Invitation, &[])
}
pub(super) fn invitation_of_salon(salon: SalonId, id: InvitationId) -> Key {
    key(Tag::InvitationOfSalon, &[salon.uuid().as_bytes(), id.uuid().as_bytes()])
}
pub(super) fn invitations_of_salon(salon: SalonId) -> Key {
    key(Tag::InvitationOfSalon, &[salon.uuid().as_bytes()])
}
pub(super) fn invitation_of_account(account: AccountId, id: InvitationId) -> Key {
    key(Tag::InvitationOfAccount, &[account.uuid().as_bytes(), id.uuid().as_bytes()])
}
pub(super) fn invitations_of_account(account: AccountId) -> Key {
    key(Tag::InvitationOfAccount, &[account.uuid().as_bytes()])
}
pub(super) fn salon_log_line(salon: SalonId, id: SalonLogId) -> Key {
    key(Tag::SalonLog, &[salon.uuid().as_bytes(), id.uuid().as_bytes()])
}
pub(super) fn salon_log(salon: SalonId) -> Key {
    key(Tag::SalonLog, &[salon.uuid().as_bytes()])
}
pub(super) fn notification(account: AccountId, id: NotificationId) -> Key {
    key(Tag::Notification, &[account.uuid().as_bytes(), id.uuid().as_bytes()])
}
pub(super) fn notifications(account: AccountId) -> Key {
    key(Tag::Notification, &[account.uuid().as_bytes()])
}

/// The last 16 bytes of a key, where most keys end in an id.
pub(super) fn last_uuid(key: &[u8]) -> uuid::Uuid {
    let bytes = key.last_chunk::<16>().copied().unwrap_or_default();
    uuid::Uuid::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_a_room_sort_by_sequence_and_end_before_the_next_room() {
        let room = RoomId::new();
        assert!(message(room, 2) < message(room, 10));
        assert!(message(room, u64::MAX) < end_of(&messages(room)));
        assert_eq!(end_of(&[1, 255]), vec![2]);
    }
}
