//! A store in a folder of its own, and what tests do to such folders.

use parlor::{
    model::{
        Account, AccountId, AccountStatus, ChatRole, Clock, Entry, Error, Event, File, FileId, FilePurpose, Invitation,
        InvitationId, InvitationStatus, Membership, Message, MessageId, Notification, NotificationId, NotificationKind,
        Profile, Room, RoomId, RoomKind, RoomRole, Salon, SalonAction, SalonId, SalonLogId, SalonLogLine, Seat, SeatId,
        SeatRole, SystemClock, Timestamp,
    },
    store::{Blobs, Committed, Fresh, Options, Store, StoreResult},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

pub const CREATED_AT: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

/// Small, repeatable randomness.
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.number() % limit.max(1) as u64) as usize
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        if of.is_empty() { None } else { of.get(self.below(of.len())) }
    }
}

/// An open store, with everything that it said.
pub struct Opened {
    pub store: Arc<Store>,
    pub committed: Arc<Mutex<Vec<Arc<Committed>>>>,
    pub fatal: Arc<Mutex<Vec<String>>>,
}

/// A new folder with a store that has one public room.
pub fn found(folder: &Path) -> Room {
    let room = room(RoomKind::Public, Some("lobby"));
    Store::found(folder, &entry(vec![Event::RoomOpened(room.clone())])).unwrap();
    room
}

pub fn open(folder: &Path) -> Opened {
    try_open(folder).unwrap()
}

pub fn try_open(folder: &Path) -> StoreResult<Opened> {
    open_with(folder, 0)
}

pub fn open_with(folder: &Path, free_space_floor_bytes: u64) -> StoreResult<Opened> {
    open_by(folder, free_space_floor_bytes, Arc::new(SystemClock))
}

/// With a clock of one's own.
pub fn open_by(folder: &Path, free_space_floor_bytes: u64, clock: Arc<dyn Clock>) -> StoreResult<Opened> {
    let (committed, fatal) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<Mutex<Vec<String>>>::default());
    let options = Options {
        folder: folder.to_owned(),
        index_cache_bytes: 8 << 20,
        queue_len: 4096,
        free_space_floor_bytes,
        blobs: Blobs::open(folder.join("files"), free_space_floor_bytes).unwrap(),
        clock,
    };
    let (groups, reasons) = (Arc::clone(&committed), Arc::clone(&fatal));
    let on_committed = Box::new(move |group: Vec<Fresh>| {
        groups.lock().unwrap().extend(group.into_iter().map(|fresh| fresh.committed));
    });
    let on_fatal = Arc::new(move |reason: &str| reasons.lock().unwrap().push(reason.to_owned()));
    let store = Store::open(options, on_committed, on_fatal, &|_, _| {})?;
    Ok(Opened { store, committed, fatal })
}

impl Opened {
    /// Closes in an orderly way, having failed at nothing.
    pub async fn close(self) {
        assert_eq!(*self.fatal.lock().unwrap(), Vec::<String>::new());
        self.store.close().await.unwrap();
    }

    /// Commits these events as they are.
    pub async fn emit(&self, events: Vec<Event>) -> Result<(), Error> {
        let emit = |tx: &mut parlor::store::Tx| events.into_iter().try_for_each(|event| Ok(tx.emit(event)?));
        self.store.commit(None, emit).await
    }

    /// Posts and gives back what was posted.
    pub async fn post(&self, room: RoomId, author: AccountId, body: &str) -> Message {
        self.try_post(room, author, body).await.unwrap()
    }

    pub async fn try_post(&self, room: RoomId, author: AccountId, body: &str) -> Result<Message, Error> {
        let body = body.to_owned();
        self.store
            .commit(Some(author), move |tx| {
                let seq = tx.view().room_head(room)?.last_seq + 1;
                let message = Message { body, posted_at: tx.now(), ..message(room, seq, author) };
                tx.emit(Event::MessagePosted(message.clone()))?;
                Ok(message)
            })
            .await
    }
}

pub fn entry(events: Vec<Event>) -> Entry {
    Entry { at: CREATED_AT, actor: None, events }
}

pub fn account(username: &str) -> Account {
    Account {
        id: AccountId::new(),
        username: username.to_owned(),
        email: Some(format!("{username}@example.org")),
        profile: Profile::default(),
        password_hash: Some(format!("$argon2id$hash-of-{username}")),
        status: AccountStatus::Active,
        is_admin: false,
        is_seller: false,
        created_at: CREATED_AT,
    }
}

pub fn room(kind: RoomKind, name: Option<&str>) -> Room {
    let name = name.map(str::to_owned);
    let topic = String::new();
    Room { id: RoomId::new(), kind, name, topic, created_by: None, created_at: CREATED_AT, archived: false }
}

pub fn membership(room: RoomId, account: AccountId) -> Membership {
    Membership { room, account, role: RoomRole::Member, joined_at: CREATED_AT }
}

pub fn message(room: RoomId, seq: u64, author: AccountId) -> Message {
    Message {
        id: MessageId::new(),
        room,
        seq,
        author,
        author_role: ChatRole::User,
        body: String::new(),
        file: None,
        job: None,
        reply_to: None,
        client_id: None,
        posted_at: CREATED_AT,
        edited_at: None,
        retracted: None,
    }
}

pub fn file(uploader: AccountId, purpose: FilePurpose, name: &str) -> File {
    File {
        id: FileId::new(),
        uploader,
        purpose,
        name: name.to_owned(),
        size_bytes: 5,
        media_type: "text/plain".to_owned(),
        sha256: [7; 32],
        image: None,
        stored_at: CREATED_AT,
    }
}

/// A salon and its staff room.
pub fn salon(name: &str, created_by: AccountId) -> (Salon, Room) {
    let id = SalonId::new();
    let staff_room = Room { created_by: Some(created_by), ..room(RoomKind::Staff(id), Some(name)) };
    let (name, location) = (name.to_owned(), format!("location of {name}"));
    (Salon { id, name, location, created_by, created_at: CREATED_AT, staff_room: staff_room.id }, staff_room)
}

pub fn seat(salon: SalonId, role: SeatRole, holder: AccountId) -> Seat {
    Seat { id: SeatId::new(), salon, role, holder, since: CREATED_AT }
}

/// A request that nobody has decided.
pub fn invitation(salon: SalonId, role: SeatRole, person: AccountId) -> Invitation {
    Invitation {
        id: InvitationId::new(),
        salon,
        role,
        person,
        made_by: person,
        succeeds: None,
        status: InvitationStatus::Pending,
        created_at: CREATED_AT,
        decision: None,
    }
}

pub fn log_line(salon: SalonId, action: SalonAction, role: Option<SeatRole>) -> SalonLogLine {
    SalonLogLine { id: SalonLogId::new(), salon, at: CREATED_AT, by: None, action, role, person: None, reason: None }
}

pub fn notification(account: AccountId, salon: &Salon, kind: NotificationKind) -> Notification {
    Notification {
        id: NotificationId::new(),
        account,
        at: CREATED_AT,
        kind,
        salon: salon.id,
        salon_name: salon.name.clone(),
        role: None,
        reason: None,
        by: None,
    }
}

/// Copies a folder with everything in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else if let Err(error) = fs::copy(entry.path(), target) {
            assert_eq!(error.kind(), io::ErrorKind::NotFound, "{}", entry.path().display());
        }
    }
}

/// Every file below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// The files below a folder that hold these bytes.
pub fn files_with(folder: &Path, needle: &str) -> Vec<PathBuf> {
    let has_it = |path: &PathBuf| {
        fs::read(path).unwrap_or_default().windows(needle.len()).any(|window| window == needle.as_bytes())
    };
    files_below(folder).into_iter().filter(has_it).collect()
}

/// The fingerprint of what the journal alone gives: the index is made anew in a copy.
pub async fn rebuilt_fingerprint(folder: &Path) -> u64 {
    let copied = tempfile::tempdir().unwrap();
    copy(&folder.join("journal"), &copied.path().join("journal"));
    let opened = open(copied.path());
    let fingerprint = opened.store.fingerprint().unwrap();
    opened.close().await;
    fingerprint
}
