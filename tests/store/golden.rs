//! The bytes of journal entries, which must stay readable for ever: golden files for each kind of event and each
//! format. `PARLOR_REFRESH_GOLDEN=1` writes those of the newest format anew, as long as it was in no release.

use super::kit;
use parlor::{
    model::{
        Account, AccountChange, AccountId, AccountStatus, ChatRole, ClientId, Decision, Entry, Event, File, FileId,
        FilePurpose, ImageSize, Invitation, InvitationStatus, InviteCode, InviteCodeId, JobId, Membership, Message,
        MessageId, Notification, NotificationKind, Profile, Room, RoomId, RoomKind, RoomRole, Salon, SalonAction,
        SalonLogLine, Seat, SeatRole, Session, SessionId, Timestamp,
    },
    store::{Store, journal},
};
use std::{collections::BTreeSet, fs, path::PathBuf};
use uuid::Uuid;

/// The format in which entries are written now; older ones are only read.
const WRITTEN_FORMAT: u8 = 2;

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

/// What is written as one entry, by the name of its golden file.
type Golden = (&'static str, Vec<Event>);

/// Kinds of events that format 1 had.
fn of_format_1() -> Vec<Golden> {
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
    let events = vec![
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
    ];
    events.into_iter().map(|event| (name(&event), vec![event])).collect()
}

/// What format 2 has more: each word that is kept as a number is in it once.
fn new_in_format_2() -> Vec<Golden> {
    let invitation = Invitation { id: id(12), ..kit::invitation(id(11), SeatRole::Mechanic, id(1)) };
    let seen_by = vec![id(9), id(1)];
    let decided = |status, reason: Option<&str>| Invitation {
        status,
        decision: Some(Decision { by: id(9), at: AT, reason: reason.map(str::to_owned) }),
        ..invitation.clone()
    };
    let offer = Invitation { role: SeatRole::Superuser, made_by: id(9), succeeds: Some(id(9)), ..invitation.clone() };
    let (salon, seat) = (salon(), |role| Seat { id: id(13), ..kit::seat(id(11), role, id(1)) });
    let logged = (0..).zip(SALON_ACTIONS).map(|(number, action)| SalonLogLine {
        id: id(20 + number),
        by: (action != SalonAction::Removed).then(|| id(9)),
        person: (action != SalonAction::Founded).then(|| id(1)),
        reason: (action == SalonAction::Rejected).then(|| "no room".to_owned()),
        ..kit::log_line(id(11), action, (action != SalonAction::Deleted).then_some(SeatRole::Admin))
    });
    let raised = (0..).zip(NOTIFICATION_KINDS).map(|(number, kind)| Notification {
        id: id(40 + number),
        role: (kind != NotificationKind::SalonDeleted).then_some(SeatRole::Seller),
        reason: (kind == NotificationKind::RequestRejected).then(|| "no room".to_owned()),
        by: (kind != NotificationKind::SeatRemoved).then(|| id(9)),
        ..kit::notification(id(1), &salon, kind)
    });
    let withdrawn = kit::log_line(id(11), SalonAction::Withdrawn, Some(SeatRole::Seller));
    let withdrawn = SalonLogLine { id: id(50), by: Some(id(9)), person: Some(id(1)), ..withdrawn };
    let withdrawals = [NotificationKind::RequestDeleted, NotificationKind::OfferWithdrawn].map(|kind| Notification {
        id: id(51),
        role: Some(SeatRole::Seller),
        by: Some(id(9)),
        ..kit::notification(id(1), &salon, kind)
    });
    let guest = Account { email: None, password_hash: None, status: AccountStatus::Guest, ..account() };
    vec![
        ("guest-registered", vec![Event::AccountRegistered(guest)]),
        ("guest-message-posted", vec![Event::MessagePosted(Message { author_role: ChatRole::Guest, ..message() })]),
        ("staff-room-opened", vec![Event::RoomOpened(room(RoomKind::Staff(id(11)), Some("north")))]),
        ("salon-opened", vec![Event::SalonOpened(salon.clone())]),
        ("salon-changed", vec![Event::SalonChanged(Salon { name: "South".to_owned(), ..salon.clone() })]),
        ("salon-deleted", vec![Event::SalonDeleted { salon: id(11) }]),
        ("seat-filled", SeatRole::ALL.into_iter().map(|role| Event::SeatFilled(seat(role))).collect()),
        ("seat-vacated", vec![Event::SeatVacated { seat: seat(SeatRole::Seller), seen_by: seen_by.clone() }]),
        ("invitation-made", vec![Event::InvitationMade(invitation.clone()), Event::InvitationMade(offer)]),
        (
            "invitation-decided",
            vec![
                Event::InvitationDecided(decided(InvitationStatus::Approved, None)),
                Event::InvitationDecided(decided(InvitationStatus::Rejected, Some("no room"))),
            ],
        ),
        ("invitation-removed", vec![Event::InvitationRemoved { invitation: invitation.clone(), seen_by }]),
        ("salon-logged", logged.map(Event::SalonLogged).collect()),
        ("notification-raised", raised.map(Event::NotificationRaised).collect()),
        ("withdrawal-logged", vec![Event::SalonLogged(withdrawn)]),
        ("withdrawal-raised", withdrawals.map(Event::NotificationRaised).into()),
        ("notification-seen", vec![Event::NotificationSeen { account: id(1), notification: id(40) }]),
        ("history-skipped", vec![Event::HistorySkipped { room: id(3), account: id(1), seq: 70_000 }]),
    ]
}

const SALON_ACTIONS: [SalonAction; 11] = [
    SalonAction::Founded,
    SalonAction::Changed,
    SalonAction::Offered,
    SalonAction::Approved,
    SalonAction::Rejected,
    SalonAction::Accepted,
    SalonAction::Declined,
    SalonAction::Left,
    SalonAction::Removed,
    SalonAction::HandedOver,
    SalonAction::Deleted,
];

const NOTIFICATION_KINDS: [NotificationKind; 6] = [
    NotificationKind::RequestApproved,
    NotificationKind::RequestRejected,
    NotificationKind::OfferAccepted,
    NotificationKind::OfferDeclined,
    NotificationKind::SeatRemoved,
    NotificationKind::SalonDeleted,
];

fn salon() -> Salon {
    let salon = kit::salon("Север", id(1)).0;
    Salon { id: id(11), staff_room: id(3), ..salon }
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
        Event::SalonOpened(_) => "salon-opened",
        Event::SalonChanged(_) => "salon-changed",
        Event::SalonDeleted { .. } => "salon-deleted",
        Event::SeatFilled(_) => "seat-filled",
        Event::SeatVacated { .. } => "seat-vacated",
        Event::InvitationMade(_) => "invitation-made",
        Event::InvitationDecided(_) => "invitation-decided",
        Event::InvitationRemoved { .. } => "invitation-removed",
        Event::SalonLogged(_) => "salon-logged",
        Event::NotificationRaised(_) => "notification-raised",
        Event::NotificationSeen { .. } => "notification-seen",
        Event::HistorySkipped { .. } => "history-skipped",
    }
}

/// How many kinds `name` knows.
const KINDS: usize = 31;

fn folder(format: u8) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/entry-v{format}"))
}

fn golden(format: u8, name: &str) -> PathBuf {
    folder(format).join(format!("{name}.hex"))
}

fn read_golden(format: u8, name: &str) -> String {
    let path = golden(format, name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
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

fn entry(events: &[Event]) -> Entry {
    Entry { at: AT, actor: Some(id(1)), events: events.to_vec() }
}

/// Fails unless the golden files of a format are exactly these, and are read as that.
async fn assert_read_from(format: u8, goldens: &[Golden]) {
    let payloads: Vec<_> = goldens.iter().map(|(name, _)| bytes_of(&read_golden(format, name))).collect();
    assert!(payloads.iter().all(|payload| payload[0] == format));
    let entries: Vec<_> = goldens.iter().map(|(_, events)| entry(events)).collect();
    assert_eq!(decoded(&payloads).await, entries, "format {format}");
    assert_eq!(fs::read_dir(folder(format)).unwrap().count(), goldens.len(), "each once");
}

#[tokio::test]
async fn entries_have_their_golden_bytes_and_are_read_from_them() {
    let goldens = [of_format_1(), new_in_format_2()].concat();
    let kinds: BTreeSet<_> = goldens.iter().flat_map(|(_, events)| events.iter().map(name)).collect();
    assert_eq!(kinds.len(), KINDS, "a kind of event has no golden bytes");
    if std::env::var("PARLOR_REFRESH_GOLDEN").is_ok_and(|value| value == "1") {
        fs::create_dir_all(folder(WRITTEN_FORMAT)).unwrap();
        for (name, events) in &goldens {
            fs::write(golden(WRITTEN_FORMAT, name), hex(&encoded(&entry(events)))).unwrap();
        }
    }
    for (name, events) in &goldens {
        let text = read_golden(WRITTEN_FORMAT, name);
        assert_eq!(hex(&encoded(&entry(events))), text, "{name} has other bytes now");
    }
    assert_read_from(WRITTEN_FORMAT, &goldens).await;
}

#[tokio::test]
async fn entries_of_format_1_are_read_as_ever() {
    assert_read_from(1, &of_format_1()).await;
}

#[tokio::test]
async fn a_folder_of_format_1_is_written_on_in_format_2() {
    let folder = tempfile::tempdir().unwrap();
    let old = bytes_of(&read_golden(1, "account-registered"));
    journal::Journal::found(&folder.path().join("journal"), &[old]).unwrap();
    let opened = kit::open(folder.path());
    opened.emit(vec![Event::SalonOpened(salon())]).await.unwrap();
    opened.close().await;
    let opened = kit::open(folder.path());
    let snapshot = opened.store.snapshot();
    assert_eq!(snapshot.view().account(id(1)).unwrap(), Some(account()));
    assert_eq!(snapshot.view().salon(id(11)).unwrap(), Some(salon()));
    drop(snapshot);
    let fingerprint = opened.store.fingerprint().unwrap();
    opened.store.compact().await.unwrap();
    assert_eq!(opened.store.fingerprint().unwrap(), fingerprint);
    assert_eq!(kit::rebuilt_fingerprint(folder.path()).await, fingerprint);
    opened.close().await;
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
