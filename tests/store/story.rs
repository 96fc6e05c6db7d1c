//! Things that happen, at random: mutations that keep to the rules, and some that fail or panic half-way.

use super::{
    kit::{self, Dice},
    salons,
};
use parlor::{
    model::{
        Account, AccountChange, AccountId, AccountStatus, ClientId, Error, Event, FilePurpose, InviteCode,
        InviteCodeId, Message, Result, Room, RoomId, RoomKind, RoomRole, Session, SessionId,
    },
    store::{GO_ON, Store, Tx},
};

/// Few names, so that they are given up and taken by others.
const NAMES: [&str; 6] = ["anna", "Boris", "vera", "gleb", "Dasha", "egor"];

pub const PANIC: &str = "a panic on purpose";

/// What becomes of a mutation after its events.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Well,
    Fails,
    Panics,
}

/// Lets one thing happen, or fail. Whether it happened, events or none.
pub async fn happens(store: &Store, dice: &mut Dice) -> Result<()> {
    let mut inner = Dice::new(dice.number());
    let end = match dice.below(12) {
        0 => End::Fails,
        1 => End::Panics,
        _ => End::Well,
    };
    store
        .commit(None, move |tx| {
            for _ in 0..=inner.below(3) {
                step(tx, &mut inner)?;
            }
            match end {
                End::Well => Ok(()),
                End::Fails => Err(Error::conflict("failed on purpose")),
                End::Panics => panic!("{PANIC}"),
            }
        })
        .await
}

fn step(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    match dice.below(36) {
        0 | 1 => register(tx, dice),
        2 => change_account(tx, dice),
        3 => start_session(tx, dice),
        4 => refresh_or_end_session(tx, dice),
        5 => invite_code(tx, dice),
        6 => open_room(tx, dice),
        7 => change_room(tx, dice),
        8 if dice.below(3) == 0 => delete_room(tx, dice),
        9..=11 => join_or_change(tx, dice),
        12 => leave(tx, dice),
        13 => avatar(tx, dice),
        14 | 15 => edit(tx, dice),
        16 => retract(tx, dice),
        17 => read(tx, dice),
        18..=29 => salons::step(tx, dice),
        _ => post(tx, dice),
    }
}

fn accounts(tx: &Tx) -> Result<Vec<Account>> {
    let mut found = Vec::new();
    tx.view().each_account(|account| {
        found.push(account);
        GO_ON
    })?;
    Ok(found)
}

pub fn somebody(tx: &Tx, dice: &mut Dice) -> Result<Option<Account>> {
    Ok(dice.pick(&accounts(tx)?).cloned())
}

fn some_room(tx: &Tx, dice: &mut Dice) -> Result<Option<Room>> {
    Ok(dice.pick(&tx.view().rooms()?).cloned())
}

fn register(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let account = kit::account(NAMES[dice.below(NAMES.len())]);
    if tx.view().account_by_username(&account.username)?.is_some()
        || tx.view().account_by_email(&format!("{}@example.org", account.username))?.is_some()
    {
        return Ok(());
    }
    Ok(tx.emit(Event::AccountRegistered(account))?)
}

fn change_account(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let Some(mut account) = somebody(tx, dice)? else { return Ok(()) };
    let change = match dice.below(4) {
        0 => {
            let name = NAMES[dice.below(NAMES.len())];
            if tx.view().account_by_username(name)?.is_some_and(|holder| holder != account.id) {
                return Ok(());
            }
            account.username = name.to_owned();
            AccountChange::Profile
        }
        1 => {
            account.profile.about = format!("about {}", dice.below(3));
            AccountChange::Profile
        }
        2 => {
            account.is_admin = !account.is_admin;
            AccountChange::MadeAdmin
        }
        _ => {
            account.username = format!("deleted-{}", account.id);
            (account.email, account.password_hash) = (None, None);
            account.status = AccountStatus::Deleted;
            AccountChange::Deleted
        }
    };
    Ok(tx.emit(Event::AccountChanged { account, change })?)
}

fn start_session(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let Some(account) = somebody(tx, dice)? else { return Ok(()) };
    let session = Session {
        id: SessionId::new(),
        account: account.id,
        generation: 0,
        created_at: tx.now(),
        last_used_at: tx.now(),
        expires_at: tx.now().plus_secs(60),
        user_agent: "test".to_owned(),
        address: "192.0.2.1".to_owned(),
    };
    Ok(tx.emit(Event::SessionStarted(session))?)
}

fn refresh_or_end_session(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let Some(session) = dice.pick(&tx.view().sessions()?).cloned() else { return Ok(()) };
    if dice.below(3) == 0 {
        return Ok(tx.emit(Event::SessionEnded { session: session.id, account: session.account })?);
    }
    let (at, generation) = (tx.now(), session.generation + 1);
    Ok(tx.emit(Event::SessionRefreshed { session: session.id, generation, at, expires_at: at.plus_secs(60) })?)
}

fn invite_code(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let codes = tx.view().invite_codes()?;
    match (dice.pick(&codes).cloned(), dice.below(3)) {
        (Some(code), 0) => tx.emit(Event::InviteCodeRemoved { code: code.id })?,
        (Some(code), 1) => {
            tx.emit(Event::InviteCodeSaved(InviteCode { uses_left: code.uses_left.saturating_sub(1), ..code }))?
        }
        _ => {
            let id = InviteCodeId::new();
            let mut code_hash = [0; 32];
            code_hash[..16].copy_from_slice(id.uuid().as_bytes());
            let (created_at, expires_at) = (tx.now(), tx.now().plus_secs(60));
            tx.emit(Event::InviteCodeSaved(InviteCode {
                id,
                code_hash,
                created_by: None,
                created_at,
                expires_at,
                uses_left: 3,
            }))?
        }
    }
    Ok(())
}

fn open_room(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let (one, other) = (somebody(tx, dice)?, somebody(tx, dice)?);
    let room = match dice.below(3) {
        0 => {
            let name = NAMES[dice.below(NAMES.len())];
            if tx.view().public_room(name)?.is_some() {
                return Ok(());
            }
            kit::room(RoomKind::Public, Some(name))
        }
        1 => kit::room(RoomKind::Private, Some("some of us")),
        _ => {
            let (Some(one), Some(other)) = (one, other) else { return Ok(()) };
            if one.id == other.id || tx.view().direct_room(one.id, other.id)?.is_some() {
                return Ok(());
            }
            let room = kit::room(RoomKind::direct(one.id, other.id), None);
            tx.emit(Event::RoomOpened(room.clone()))?;
            tx.emit(Event::MemberJoined(kit::membership(room.id, one.id)))?;
            return Ok(tx.emit(Event::MemberJoined(kit::membership(room.id, other.id)))?);
        }
    };
    Ok(tx.emit(Event::RoomOpened(room))?)
}

fn change_room(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let Some(mut room) = some_room(tx, dice)? else { return Ok(()) };
    if room.kind == RoomKind::Public && dice.below(2) == 0 {
        let name = NAMES[dice.below(NAMES.len())];
        if tx.view().public_room(name)?.is_some_and(|holder| holder != room.id) {
            return Ok(());
        }
        room.name = Some(name.to_owned());
    } else {
        room.archived = !room.archived;
    }
    Ok(tx.emit(Event::RoomChanged(room))?)
}

fn delete_room(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    // A staff room goes with its salon.
    let room = some_room(tx, dice)?.filter(|room| !matches!(room.kind, RoomKind::Staff(_)));
    let Some(room) = room else { return Ok(()) };
    Ok(tx.emit(Event::RoomDeleted { room: room.id })?)
}

fn join_or_change(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let (Some(account), Some(room)) = (somebody(tx, dice)?, some_room(tx, dice)?) else { return Ok(()) };
    match tx.view().membership(room.id, account.id)? {
        None => tx.emit(Event::MemberJoined(kit::membership(room.id, account.id)))?,
        Some(mut membership) => {
            membership.role = if dice.below(2) == 0 { RoomRole::Owner } else { RoomRole::Member };
            tx.emit(Event::MemberChanged(membership))?
        }
    }
    Ok(())
}

/// A member of some room.
fn some_member(tx: &Tx, dice: &mut Dice) -> Result<Option<(RoomId, AccountId)>> {
    let Some(room) = some_room(tx, dice)? else { return Ok(None) };
    Ok(dice.pick(&tx.view().members(room.id)?).map(|member| (room.id, member.account)))
}

fn leave(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let Some((room, account)) = some_member(tx, dice)? else { return Ok(()) };
    Ok(tx.emit(Event::MemberLeft { room, account })?)
}

fn avatar(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let files = tx.view().files()?;
    if let (Some(file), 0) = (dice.pick(&files).filter(|file| file.purpose == FilePurpose::Avatar), dice.below(2)) {
        return Ok(tx.emit(Event::FileRemoved { file: file.id })?);
    }
    let Some(account) = somebody(tx, dice)? else { return Ok(()) };
    Ok(tx.emit(Event::FileStored(kit::file(account.id, FilePurpose::Avatar, "face.png")))?)
}

fn post(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let Some((room, author)) = some_member(tx, dice)? else { return Ok(()) };
    let seq = tx.view().room_head(room)?.last_seq + 1;
    let mut message = Message {
        body: format!("text {} {}", dice.number(), "x".repeat(dice.below(200))),
        posted_at: tx.now(),
        ..kit::message(room, seq, author)
    };
    if dice.below(3) == 0 {
        message.client_id = ClientId::parse(&format!("client-{}", dice.number()));
    }
    if dice.below(5) == 0 {
        let file = kit::file(author, FilePurpose::Attachment { room }, "note.txt");
        message.file = Some(file.id);
        tx.emit(Event::FileStored(file))?;
    }
    Ok(tx.emit(Event::MessagePosted(message))?)
}

fn some_message(tx: &Tx, dice: &mut Dice) -> Result<Option<Message>> {
    let Some(room) = some_room(tx, dice)? else { return Ok(None) };
    let messages = tx.view().messages_before(room.id, 0, u64::MAX, 10)?;
    Ok(dice.pick(&messages).cloned())
}

fn edit(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let Some(message) = some_message(tx, dice)?.filter(|message| message.retracted.is_none()) else { return Ok(()) };
    let (room, seq, at) = (message.room, message.seq, tx.now());
    let body = format!("edited {}", dice.below(4));
    Ok(tx.emit(Event::MessageEdited { room, seq, message: message.id, body, at })?)
}

fn retract(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let Some(message) = some_message(tx, dice)? else { return Ok(()) };
    let (room, seq, by, at) = (message.room, message.seq, message.author, tx.now());
    Ok(tx.emit(Event::MessageRetracted { room, seq, message: message.id, by, at })?)
}

fn read(tx: &mut Tx, dice: &mut Dice) -> Result<()> {
    let Some((room, account)) = some_member(tx, dice)? else { return Ok(()) };
    let (newest, at) = (tx.view().room_head(room)?.last_seq, tx.now());
    let seq = newest.saturating_sub(dice.number() % 3);
    let read = tx.view().read_mark(room, account)?.unwrap_or_default().read;
    match dice.below(3) {
        0 => tx.emit(Event::HistorySkipped { room, account, seq })?,
        _ if seq > read => tx.emit(Event::ReadMarkMoved { room, account, seq, at })?,
        _ => {}
    }
    Ok(())
}
