//! From events to index records. Pure: what is put depends only on the event and on what was put before, so that
//! replaying the journal gives exactly the live index. Decides nothing and never refuses.

mod salons;

use super::{StoreResult, codec, keys, kv::KvMut, view::View};
use crate::model::{
    Account, AccountId, Event, File, FileId, InviteCode, InviteCodeId, Membership, Message, ReadMark, Retraction, Room,
    RoomHead, RoomId, RoomKind, Session, SessionId, Timestamp,
};
use serde::{Serialize, de::DeserializeOwned};

/// Messages of a deleted room that are in memory at a time.
const DELETED_AT_ONCE: usize = 1_000;

/// Writes what an event means.
pub(super) fn apply(kv: &mut dyn KvMut, event: &Event) -> StoreResult<()> {
    match event {
        Event::AccountRegistered(account) | Event::AccountChanged { account, .. } => put_account(kv, account),
        Event::SessionStarted(session) => put_session(kv, session),
        Event::SessionRefreshed { session, generation, at, expires_at } => {
            refresh_session(kv, *session, *generation, *at, *expires_at)
        }
        Event::SessionEnded { session, account } => {
            kv.put(keys::session(*session), None);
            kv.put(keys::session_of(*account, *session), None);
            Ok(())
        }
        Event::InviteCodeSaved(code) => put_invite_code(kv, code),
        Event::InviteCodeRemoved { code } => remove_invite_code(kv, *code),
        Event::RoomOpened(room) | Event::RoomChanged(room) => put_room(kv, room),
        Event::RoomDeleted { room } => delete_room(kv, *room),
        Event::MemberJoined(membership) | Event::MemberChanged(membership) => put_member(kv, membership),
        Event::MemberLeft { room, account } => remove_member(kv, *room, *account),
        Event::MessagePosted(message) => put_posted(kv, message),
        Event::MessageEdited { room, seq, body, at, .. } => change_message(kv, *room, *seq, |message| {
            // What was deleted never comes back.
            if message.retracted.is_none() {
                message.body.clone_from(body);
                message.edited_at = Some(*at);
            }
        }),
        Event::MessageRetracted { room, seq, by, at, .. } => retract(kv, *room, *seq, Retraction { by: *by, at: *at }),
        Event::ReadMarkMoved { room, account, seq, at } => change_mark(kv, *room, *account, |mark| {
            *mark = ReadMark { seq: mark.seq.max(*seq), read: *seq, read_at: *at };
        }),
        Event::HistorySkipped { room, account, seq } => {
            change_mark(kv, *room, *account, |mark| mark.seq = mark.seq.max(*seq))
        }
        Event::FileStored(file) => put_file(kv, file),
        Event::FileRemoved { file } => {
            remove_file(kv, *file);
            Ok(())
        }
        Event::SalonOpened(salon) | Event::SalonChanged(salon) => put(kv, keys::salon(salon.id), salon),
        Event::SalonDeleted { salon } => {
            kv.put(keys::salon(*salon), None);
            Ok(())
        }
        Event::SeatFilled(seat) => salons::fill_seat(kv, seat),
        Event::SeatVacated { seat, .. } => salons::vacate_seat(kv, seat),
        Event::InvitationMade(invitation) | Event::InvitationDecided(invitation) => {
            salons::put_invitation(kv, invitation)
        }
        Event::InvitationRemoved { invitation, .. } => {
            salons::remove_invitation(kv, invitation);
            Ok(())
        }
        Event::SalonLogged(line) => put(kv, keys::salon_log_line(line.salon, line.id), line),
        Event::NotificationRaised(notification) => {
            put(kv, keys::notification(notification.account, notification.id), notification)
        }
        Event::NotificationSeen { account, notification } => {
            kv.put(keys::notification(*account, *notification), None);
            Ok(())
        }
    }
}

fn put<T: Serialize>(kv: &mut dyn KvMut, key: keys::Key, value: &T) -> StoreResult<()> {
    let bytes = codec::encode(value)?;
    kv.put(key, Some(bytes.into()));
    Ok(())
}

/// Removes a name that led to `id`; left alone if it leads to something else by now. (Compaction drops records that
/// were replaced, so the one that took this name away may be missing from a replay.)
fn release<T: DeserializeOwned + PartialEq>(kv: &mut dyn KvMut, name: keys::Key, id: T) -> StoreResult<()> {
    if kv.get(&name)?.map(|bytes| codec::decode::<T>(&bytes)).transpose()? == Some(id) {
        kv.put(name, None);
    }
    Ok(())
}

fn put_account(kv: &mut dyn KvMut, account: &Account) -> StoreResult<()> {
    if let Some(old) = View::of(kv).account(account.id)? {
        release(kv, keys::username(&old.username), account.id)?;
        if let Some(email) = &old.email {
            release(kv, keys::email(email), account.id)?;
        }
    }
    put(kv, keys::username(&account.username), &account.id)?;
    if let Some(email) = &account.email {
        put(kv, keys::email(email), &account.id)?;
    }
    let is_active_admin = account.is_admin && account.is_active();
    kv.put(keys::admin(account.id), is_active_admin.then(Default::default));
    put(kv, keys::account(account.id), account)
}

fn put_session(kv: &mut dyn KvMut, session: &Session) -> StoreResult<()> {
    kv.put(keys::session_of(session.account, session.id), Some(Default::default()));
    put(kv, keys::session(session.id), session)
}

fn refresh_session(
    kv: &mut dyn KvMut,
    id: SessionId,
    generation: u64,
    at: Timestamp,
    expires_at: Timestamp,
) -> StoreResult<()> {
    let Some(old) = View::of(kv).session(id)? else { return Ok(()) };
    put_session(kv, &Session { generation, last_used_at: at, expires_at, ..old })
}

fn put_invite_code(kv: &mut dyn KvMut, code: &InviteCode) -> StoreResult<()> {
    put(kv, keys::invite_code_hash(&code.code_hash), &code.id)?;
    put(kv, keys::invite_code(code.id), code)
}

fn remove_invite_code(kv: &mut dyn KvMut, id: InviteCodeId) -> StoreResult<()> {
    if let Some(code) = View::of(kv).invite_code(id)? {
        kv.put(keys::invite_code_hash(&code.code_hash), None);
        kv.put(keys::invite_code(id), None);
    }
    Ok(())
}

fn put_room(kv: &mut dyn KvMut, room: &Room) -> StoreResult<()> {
    if let Some(old) = View::of(kv).room(room.id)? {
        release_room_names(kv, &old)?;
    }
    match (&room.kind, &room.name) {
        (RoomKind::Public, Some(name)) => put(kv, keys::public_name(name), &room.id)?,
        (RoomKind::Direct(one, other), _) => put(kv, keys::direct_pair(*one, *other), &room.id)?,
        _ => {}
    }
    // There from the beginning, so that it does not depend on members who have left again.
    if kv.get(&keys::room_head(room.id))?.is_none() {
        put(kv, keys::room_head(room.id), &RoomHead::default())?;
    }
    put(kv, keys::room(room.id), room)
}

fn release_room_names(kv: &mut dyn KvMut, room: &Room) -> StoreResult<()> {
    match (&room.kind, &room.name) {
        (RoomKind::Public, Some(name)) => release(kv, keys::public_name(name), room.id),
        (RoomKind::Direct(one, other), _) => release(kv, keys::direct_pair(*one, *other), room.id),
        _ => Ok(()),
    }
}

fn delete_room(kv: &mut dyn KvMut, id: RoomId) -> StoreResult<()> {
    if let Some(room) = View::of(kv).room(id)? {
        release_room_names(kv, &room)?;
    }
    for membership in View::of(kv).members(id)? {
        kv.put(keys::room_of(membership.account, id), None);
        kv.put(keys::member(id, membership.account), None);
    }
    for mark in View::of(kv).keys_below(&keys::read_marks(id))? {
        kv.put(mark, None);
    }
    let mut next_seq = 0;
    loop {
        let messages = View::of(kv).messages_from(id, next_seq, u64::MAX, DELETED_AT_ONCE)?;
        let Some(last) = messages.last() else { break };
        next_seq = last.seq + 1;
        for message in &messages {
            forget_message_keys(kv, message);
            if let Some(file) = message.file {
                remove_file(kv, file);
            }
            if message.retracted.is_some() {
                kv.put(keys::retracted(id, message.seq), None);
            }
            kv.put(keys::message(id, message.seq), None);
        }
    }
    kv.put(keys::room_head(id), None);
    kv.put(keys::room(id), None);
    Ok(())
}

fn forget_message_keys(kv: &mut dyn KvMut, message: &Message) {
    kv.put(keys::message_place(message.id), None);
    if let Some(client_id) = &message.client_id {
        kv.put(keys::client_message(message.author, message.room, client_id), None);
    }
}

fn change_head(kv: &mut dyn KvMut, room: RoomId, change: impl FnOnce(&mut RoomHead)) -> StoreResult<()> {
    let mut head = View::of(kv).room_head(room)?;
    change(&mut head);
    put(kv, keys::room_head(room), &head)
}

fn put_member(kv: &mut dyn KvMut, membership: &Membership) -> StoreResult<()> {
    let (room, account) = (membership.room, membership.account);
    if View::of(kv).membership(room, account)?.is_none() {
        change_head(kv, room, |head| head.member_count += 1)?;
    }
    kv.put(keys::room_of(account, room), Some(Default::default()));
    put(kv, keys::member(room, account), membership)
}

fn remove_member(kv: &mut dyn KvMut, room: RoomId, account: AccountId) -> StoreResult<()> {
    if View::of(kv).membership(room, account)?.is_some() {
        change_head(kv, room, |head| head.member_count = head.member_count.saturating_sub(1))?;
        kv.put(keys::member(room, account), None);
        kv.put(keys::room_of(account, room), None);
    }
    kv.put(keys::read_mark(room, account), None);
    Ok(())
}

fn put_posted(kv: &mut dyn KvMut, message: &Message) -> StoreResult<()> {
    let room = message.room;
    change_head(kv, room, |head| head.last_seq = head.last_seq.max(message.seq))?;
    put(kv, keys::message_place(message.id), &(room, message.seq))?;
    if let Some(client_id) = &message.client_id {
        put(kv, keys::client_message(message.author, room, client_id), &message.seq)?;
    }
    change_mark(kv, room, message.author, |mark| mark.seq = mark.seq.max(message.seq))?;
    put(kv, keys::message(room, message.seq), message)
}

fn change_mark(
    kv: &mut dyn KvMut,
    room: RoomId,
    account: AccountId,
    change: impl FnOnce(&mut ReadMark),
) -> StoreResult<()> {
    let mut mark = View::of(kv).read_mark(room, account)?.unwrap_or_default();
    change(&mut mark);
    put(kv, keys::read_mark(room, account), &mark)
}

fn change_message(kv: &mut dyn KvMut, room: RoomId, seq: u64, change: impl FnOnce(&mut Message)) -> StoreResult<()> {
    let Some(mut message) = View::of(kv).message(room, seq)? else { return Ok(()) };
    change(&mut message);
    put(kv, keys::message(room, seq), &message)
}

fn retract(kv: &mut dyn KvMut, room: RoomId, seq: u64, retraction: Retraction) -> StoreResult<()> {
    let Some(message) = View::of(kv).message(room, seq)? else { return Ok(()) };
    if let Some(file) = message.file {
        remove_file(kv, file);
    }
    put(kv, keys::retracted(room, seq), &())?;
    change_message(kv, room, seq, |message| {
        message.body.clear();
        message.file = None;
        // Edits of what was deleted are forgotten with it.
        message.edited_at = None;
        message.retracted = Some(retraction);
    })
}

fn put_file(kv: &mut dyn KvMut, file: &File) -> StoreResult<()> {
    put(kv, keys::file(file.id), file)
}

fn remove_file(kv: &mut dyn KvMut, id: FileId) {
    kv.put(keys::file(id), None);
}
