//! What was deleted is gone from the disk; what was not stays, and serving goes on meanwhile.

use super::kit::{self, Opened, files_with, found, open, rebuilt_fingerprint};
use parlor::model::{
    Account, AccountChange, AccountId, AccountStatus, Event, FilePurpose, Invitation, InvitationStatus, Message,
    Notification, NotificationKind, Profile, Room, RoomKind, Salon, SalonAction, SalonLogLine, SeatRole, Session,
    SessionId,
};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

const GONE: [&str; 12] = [
    "text-that-was-retracted",
    "text-that-was-edited-away",
    "text-edited-away-in-one-go",
    "text-of-a-deleted-room",
    "name-of-who-left",
    "email-of-who-left",
    "about-who-left",
    "browser-signed-out",
    "name-of-a-deleted-salon",
    "name-that-a-salon-had",
    "reason-that-was-seen",
    "bytes-of-a-retracted-file",
];
const KEPT: [&str; 7] = [
    "text-that-stays",
    "text-after-an-edit",
    "name-of-who-stays",
    "bytes-of-a-file-that-stays",
    "name-that-a-salon-has",
    "reason-that-was-not-seen",
    "reason-in-the-log-of-a-deleted-salon",
];

async fn upload(opened: &Opened, message: &Message, name: &str, bytes: &str) -> Vec<Event> {
    let file = kit::file(message.author, FilePurpose::Attachment { room: message.room }, name);
    let mut incoming = opened.store.blobs().begin(1000).await.unwrap();
    incoming.write(bytes.as_bytes()).await.unwrap();
    let stored = incoming.finish().await.unwrap();
    opened.store.blobs().keep(stored.temp, file.id).await.unwrap();
    let message = Message { file: Some(file.id), ..message.clone() };
    vec![Event::FileStored(file), Event::MessagePosted(message)]
}

fn edited(message: &Message, body: &str) -> Event {
    let (room, seq, message, at) = (message.room, message.seq, message.id, kit::CREATED_AT);
    Event::MessageEdited { room, seq, message, body: body.to_owned(), at }
}

fn retracted(message: &Message) -> Event {
    let (room, seq, by, at) = (message.room, message.seq, message.author, kit::CREATED_AT);
    Event::MessageRetracted { room, seq, message: message.id, by, at }
}

/// A salon in which everything in `GONE` was said and taken back.
async fn live_through(opened: &Opened, lobby: parlor::model::RoomId) {
    let stays = kit::account("name-of-who-stays");
    let leaves = Account {
        email: Some("email-of-who-left@example.org".to_owned()),
        profile: Profile { about: "about-who-left".to_owned(), ..Profile::default() },
        ..kit::account("name-of-who-left")
    };
    let (anna, vera) = (stays.id, leaves.id);
    opened.emit(vec![Event::AccountRegistered(stays), Event::AccountRegistered(leaves.clone())]).await.unwrap();
    let session = Session {
        id: SessionId::new(),
        account: vera,
        generation: 0,
        created_at: kit::CREATED_AT,
        last_used_at: kit::CREATED_AT,
        expires_at: kit::CREATED_AT,
        user_agent: "browser-signed-out".to_owned(),
        address: String::new(),
    };
    let id = session.id;
    opened.emit(vec![Event::SessionStarted(session)]).await.unwrap();
    opened.post(lobby, anna, "text-that-stays").await;
    let regretted = opened.post(lobby, anna, "text-that-was-retracted").await;
    let corrected = opened.post(lobby, anna, "text-that-was-edited-away").await;
    opened.emit(vec![edited(&corrected, "text-edited-away-in-one-go")]).await.unwrap();
    opened.emit(vec![edited(&corrected, "text-after-an-edit")]).await.unwrap();
    let with_file = kit::message(lobby, 4, anna);
    opened.emit(upload(opened, &with_file, "a.txt", "bytes-of-a-retracted-file").await).await.unwrap();
    let other = kit::message(lobby, 5, anna);
    opened.emit(upload(opened, &other, "b.txt", "bytes-of-a-file-that-stays").await).await.unwrap();
    let room = kit::room(RoomKind::Private, Some("text-of-a-deleted-room"));
    opened.emit(vec![Event::RoomOpened(room.clone())]).await.unwrap();
    opened.post(room.id, vera, "text-of-a-deleted-room").await;
    with_salons(opened, anna).await;

    let removed = opened.store.snapshot().view().message(lobby, 4).unwrap().unwrap().file.unwrap();
    opened.emit(vec![retracted(&regretted), retracted(&with_file)]).await.unwrap();
    opened.store.remove_blobs(vec![removed]).await;
    let erased = Account {
        username: "deleted".to_owned(),
        email: None,
        password_hash: None,
        profile: Profile::default(),
        status: AccountStatus::Deleted,
        ..leaves
    };
    opened
        .emit(vec![
            Event::SessionEnded { session: id, account: vera },
            Event::AccountChanged { account: erased, change: AccountChange::Deleted },
            Event::RoomDeleted { room: room.id },
        ])
        .await
        .unwrap();
}

/// One salon that stays under another name, and one that is deleted with all that belongs to it.
async fn with_salons(opened: &Opened, anna: AccountId) {
    let (stays, room) = kit::salon("name-that-a-salon-had", anna);
    opened.emit(vec![Event::SalonOpened(stays.clone()), Event::RoomOpened(room.clone())]).await.unwrap();
    let name = "name-that-a-salon-has".to_owned();
    let stays = Salon { name: name.clone(), location: name.clone(), ..stays };
    let room = Room { name: Some(name), ..room };
    opened.emit(vec![Event::SalonChanged(stays.clone()), Event::RoomChanged(room)]).await.unwrap();
    let told = |reason: &str| Notification {
        reason: Some(reason.to_owned()),
        ..kit::notification(anna, &stays, NotificationKind::RequestRejected)
    };
    let (seen, unseen) = (told("reason-that-was-seen"), told("reason-that-was-not-seen"));
    opened
        .emit(vec![Event::NotificationRaised(seen.clone()), Event::NotificationRaised(unseen.clone())])
        .await
        .unwrap();
    opened.emit(vec![Event::NotificationSeen { account: anna, notification: seen.id }]).await.unwrap();

    let (gone, room) = kit::salon("name-of-a-deleted-salon", anna);
    let seat = kit::seat(gone.id, SeatRole::Superuser, anna);
    let invitation = kit::invitation(gone.id, SeatRole::Seller, anna);
    let decided = Invitation { status: InvitationStatus::Rejected, ..invitation.clone() };
    let line = SalonLogLine {
        reason: Some("reason-in-the-log-of-a-deleted-salon".to_owned()),
        ..kit::log_line(gone.id, SalonAction::Rejected, Some(SeatRole::Seller))
    };
    opened
        .emit(vec![
            Event::RoomOpened(room.clone()),
            Event::SalonOpened(gone.clone()),
            Event::SeatFilled(seat.clone()),
            Event::InvitationMade(invitation),
            Event::SalonLogged(line),
        ])
        .await
        .unwrap();
    opened.emit(vec![Event::InvitationDecided(decided.clone())]).await.unwrap();
    let (seen_by, salon) = (vec![anna], gone.id);
    opened
        .emit(vec![
            Event::InvitationRemoved { invitation: decided, seen_by: seen_by.clone() },
            Event::SeatVacated { seat, seen_by },
            Event::RoomDeleted { room: room.id },
            Event::SalonDeleted { salon },
        ])
        .await
        .unwrap();
}

fn assert_gone(folder: &Path) {
    for words in GONE {
        assert_eq!(files_with(folder, words), Vec::<std::path::PathBuf>::new(), "{words}");
    }
    for words in KEPT {
        assert!(!files_with(folder, words).is_empty(), "{words} is missing");
    }
}

#[tokio::test]
async fn what_was_deleted_is_gone_from_every_file() {
    let folder = tempfile::tempdir().unwrap();
    let lobby = found(folder.path());
    let opened = open(folder.path());
    live_through(&opened, lobby.id).await;
    for words in &GONE[..11] {
        assert!(!files_with(folder.path(), words).is_empty(), "{words} was never written");
    }
    let before = opened.store.fingerprint().unwrap();
    opened.store.compact().await.unwrap();
    assert_gone(folder.path());
    assert_eq!(opened.store.fingerprint().unwrap(), before);
    assert_eq!(rebuilt_fingerprint(folder.path()).await, before);
    opened.close().await;
    assert_gone(folder.path());
    let opened = open(folder.path());
    assert_eq!(opened.store.fingerprint().unwrap(), before);
    assert_gone(folder.path());
    opened.close().await;
}

#[tokio::test]
async fn sequences_and_times_stay() {
    let folder = tempfile::tempdir().unwrap();
    let lobby = found(folder.path());
    let opened = open(folder.path());
    live_through(&opened, lobby.id).await;
    let entries = |opened: &Opened| -> BTreeMap<u64, _> {
        opened.store.entries(1).unwrap().map(Result::unwrap).map(|entry| (entry.seq, entry.entry.at)).collect()
    };
    let before = entries(&opened);
    opened.store.compact().await.unwrap();
    let after = entries(&opened);
    assert!(after.len() < before.len());
    assert!(after.iter().all(|(seq, at)| before.get(seq) == Some(at)));
    let (_, last_seq) = opened.store.snapshot_at();
    assert_eq!(before.keys().next_back(), Some(&last_seq));
    opened.close().await;
    let opened = open(folder.path());
    opened.emit(vec![Event::FileRemoved { file: parlor::model::FileId::new() }]).await.unwrap();
    assert_eq!(opened.store.snapshot_at().1, last_seq + 1);
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_and_writing_go_on_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let lobby = found(folder.path());
    let opened = Arc::new(open(folder.path()));
    let account = kit::account("anna");
    let anna = account.id;
    opened.emit(vec![Event::AccountRegistered(account)]).await.unwrap();
    for number in 0..500 {
        opened.post(lobby.id, anna, &format!("early {number}")).await;
    }
    let (is_over, posted, read) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(500)), AtomicU64::new(0));
    let writer = tokio::spawn({
        let (opened, is_over, posted) = (Arc::clone(&opened), Arc::clone(&is_over), Arc::clone(&posted));
        async move {
            while !is_over.load(Ordering::Relaxed) {
                let message = opened.post(lobby.id, anna, "late").await;
                assert_eq!(message.seq, posted.fetch_add(1, Ordering::Relaxed) + 1);
            }
        }
    });
    let compactions = async {
        let mut during = 0;
        for _ in 0..3 {
            let before = posted.load(Ordering::Relaxed);
            opened.store.compact().await.unwrap();
            during += posted.load(Ordering::Relaxed) - before;
        }
        is_over.store(true, Ordering::Relaxed);
        during
    };
    let reads = async {
        while !is_over.load(Ordering::Relaxed) {
            let acknowledged = posted.load(Ordering::Relaxed);
            let snapshot = opened.store.snapshot();
            let seqs = snapshot.view().messages_from(lobby.id, 0, acknowledged + 1, usize::MAX).unwrap();
            assert!(seqs.iter().map(|message| message.seq).eq(1..=acknowledged), "a hole below {acknowledged}");
            read.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    };
    let (during, ()) = tokio::join!(compactions, reads);
    writer.await.unwrap();
    assert!(during > 0 && read.load(Ordering::Relaxed) > 0);
    let live = opened.store.fingerprint().unwrap();
    assert_eq!(rebuilt_fingerprint(folder.path()).await, live);
    Arc::into_inner(opened).unwrap().close().await;
}
