//! The bytes of journal entries, which must stay readable for ever: one golden file for each kind of event and format.
//! `PARLOR_REFRESH_GOLDEN=1` writes them anew, for a new format only.

use super::kit;
use parlor::{
    model::{
        Account, AccountChange, AccountId, AccountStatus, ChatRole, ClientId, Entry, Event, File, FileId, FilePurpose,
        ImageSize, InviteCode, InviteCodeId, JobId, Membership, Message, MessageId, Profile, Room, RoomId, RoomKind,
        RoomRole, Session, SessionId, Timestamp,
    },
    store::{Store, journal},
};
use std::{fs, path::PathBuf};
use uuid::Uuid;

const AT: Timestamp = Timestamp::from_micros(1_731_920_656_376_929);

fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 | number).into()
}

fn account() -> Account {
    Account {
        id: id(1),
        username: "anna".to_owned(),
        email: Some("anna@example.org".to_owned()),
        profile: Profile {
            name: "Анна".to_owned(),
            surname: "Ivanova".to_owned(),
            about: "paint".to_owned(),
            avatar: Some(id(2)),
        },
        password_hash: Some("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned()),
        status: AccountStatus::Active,
        is_admin: true,
        is_seller: false,
        created_at: AT,
    }
}

fn room(kind: RoomKind, name: Option<&str>) -> Room {
    Room {
        id: id(3),
        topic: "what it is for".to_owned(),
        created_by: Some(id(1)),
        created_at: AT,
        ..kit::room(kind, name)
    }
}

fn membership(role: RoomRole) -> Membership {
    Membership { room: id(3), account: id(1), role, joined_at: AT }
}

fn message() -> Message {
    Message {
        id: id(4),
        room: id(3),
        seq: 300,
        author: id(1),
        author_role: ChatRole::Seller,
        body: "Добрый день!\nthe wing is ready".to_owned(),
        file: Some(id(5)),
        job: Some(id::<JobId>(6)),
        reply_to: Some(id(7)),
        client_id: ClientId::parse("c-1"),
        posted_at: AT,
        edited_at: None,
        retracted: None,
    }
}

fn file(purpose: FilePurpose, image: Option<ImageSize>) -> File {
    File {
        id: id(5),
        size_bytes: 70_000,
        sha256: [0xA5; 32],
        image,
        stored_at: AT,
        ..kit::file(id(1), purpose, "wing.jpg")
    }
}

fn session() -> Session {
    Session {
        id: id(8),
        account: id(1),
        generation: 2,
        created_at: AT,
        last_used_at: AT,
        expires_at: AT.plus_secs(3600),
        user_agent: "Firefox".to_owned(),
        address: "192.0.2.7".to_owned(),
    }
}

/// One of each kind at least.
fn events() -> Vec<Event> {
    let (room_id, message_id, one): (RoomId, MessageId, AccountId) = (id(3), id(4), id(1));
    let other: AccountId = id(9);
    let code = InviteCode {
        id: id(10),
        code_hash: [0x5A; 32],
        created_by: None,
        created_at: AT,
        expires_at: AT,
        uses_left: 5,
    };
    let deleted = Account { email: None, password_hash: None, status: AccountStatus::Deleted, ..account() };
    let image = Some(ImageSize { width: 4000, height: 3000, has_thumbnail: true });
    vec![
        Event::AccountRegistered(account()),
        Event::AccountChanged { account: deleted, change: AccountChange::Deleted },
        Event::SessionStarted(session()),
        Event::SessionRefreshed { session: id::<SessionId>(8), generation: 3, at: AT, expires_at: AT.plus_secs(60) },
        Event::SessionEnded { session: id::<SessionId>(8), account: one },
        Event::InviteCodeSaved(code),
        Event::InviteCodeRemoved { code: id::<InviteCodeId>(10) },
        Event::RoomOpened(room(RoomKind::direct(one, other), None)),
        Event::RoomChanged(room(RoomKind::Recruiting { recruiter: one }, Some("jobs"))),
        Event::RoomDeleted { room: room_id },
        Event::MemberJoined(membership(RoomRole::Member)),
        Event::MemberChanged(membership(RoomRole::Owner)),
        Event::MemberLeft { room: room_id, account: one },
        Event::MessagePosted(message()),
        Event::MessageEdited { room: room_id, seq: 300, message: message_id, body: "it is".to_owned(), at: AT },
        Event::MessageRetracted { room: room_id, seq: 300, message: message_id, by: other, at: AT },
        Event::ReadMarkMoved { room: room_id, account: one, seq: 70_000, at: AT },
        Event::FileStored(file(FilePurpose::Attachment { room: room_id }, image)),
        Event::FileRemoved { file: id::<FileId>(5) },
    ]
}

/// A new kind of event does not compile until it has a name here; then its golden bytes are missed.
fn name(event: &Event) -> &'static str {
    match event {
        Event::AccountRegistered(_) => "account-registered",
        Event::AccountChanged { .. } => "account-changed",
        Event::SessionStarted(_) => "session-started",
        Event::SessionRefreshed { .. } => "session-refreshed",
        Event::SessionEnded { .. } => "session-ended",
        Event::InviteCodeSaved(_) => "invite-code-saved",
        Event::InviteCodeRemoved { .. } => "invite-code-removed",
        Event::RoomOpened(_) => "room-opened",
        Event::RoomChanged(_) => "room-changed",
        Event::RoomDeleted { .. } => "room-deleted",
        Event::MemberJoined(_) => "member-joined",
        Event::MemberChanged(_) => "member-changed",
        Event::MemberLeft { .. } => "member-left",
        Event::MessagePosted(_) => "message-posted",
        Event::MessageEdited { .. } => "message-edited",
        Event::MessageRetracted { .. } => "message-retracted",
        Event::ReadMarkMoved { .. } => "read-mark-moved",
        Event::FileStored(_) => "file-stored",
        Event::FileRemoved { .. } => "file-removed",
    }
}

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/entry-v1").join(format!("{name}.hex"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n"
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits = hex.trim().as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// The payload of the only record of a journal, as the store writes it.
fn encoded(entry: &Entry) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    Store::found(folder.path(), entry).unwrap();
    let journal = folder.path().join("journal");
    let opened = journal::Journal::open(&journal, journal::Options::default()).unwrap();
    journal::read(&journal, &opened.journal.synced(), 1).unwrap().next().unwrap().unwrap().payload
}

/// The entries of a journal with exactly these payloads.
async fn decoded(payloads: &[Vec<u8>]) -> Vec<Entry> {
    let folder = tempfile::tempdir().unwrap();
    journal::Journal::found(&folder.path().join("journal"), payloads).unwrap();
    let opened = kit::open(folder.path());
    let entries = opened.store.entries(1).unwrap().map(|committed| committed.unwrap().entry).collect();
    opened.close().await;
    entries
}

#[tokio::test]
async fn entries_have_their_golden_bytes_and_are_read_from_them() {
    let entry = |event: &Event| Entry { at: AT, actor: Some(id(1)), events: vec![event.clone()] };
    let events = events();
    if std::env::var("PARLOR_REFRESH_GOLDEN").is_ok_and(|value| value == "1") {
        for event in &events {
            let path = golden(name(event));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, hex(&encoded(&entry(event)))).unwrap();
        }
    }
    let mut payloads = Vec::new();
    for event in &events {
        let path = golden(name(event));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(hex(&encoded(&entry(event))), text, "{} has other bytes now", name(event));
        payloads.push(bytes_of(&text));
    }
    assert_eq!(decoded(&payloads).await, events.iter().map(entry).collect::<Vec<_>>());
    let files = fs::read_dir(golden("x").parent().unwrap()).unwrap().count();
    assert_eq!(files, events.len(), "each kind once");
}

#[tokio::test]
async fn an_entry_with_something_behind_it_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let mut payload = encoded(&Entry { at: AT, actor: None, events: vec![Event::RoomDeleted { room: id(3) }] });
    payload.push(0);
    journal::Journal::found(&folder.path().join("journal"), &[payload]).unwrap();
    let refused = kit::try_open(folder.path()).err().unwrap().to_string();
    assert!(refused.contains("cannot be read"), "{refused}");
}
