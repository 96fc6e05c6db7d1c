//! What the disk work costs: group commit beside the bare append and sync that it cannot do without, in one run; and how
//! quickly the index is rebuilt and opened.
//!
//! `cargo bench --bench writer`; percentiles of the time to an acknowledgement are printed beside Criterion's figures.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use parlor::{
    model::{
        AccountId, ChatRole, ClientId, Entry, Event, Message, MessageId, Room, RoomId, RoomKind, SystemClock, Timestamp,
    },
    store::{Blobs, Options, Store},
};
use std::{
    fs,
    io::Write,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

const TEXT: &str = "The front left wing of the grey car is ready for paint; somebody should look at the door, too.";
/// What the store holds that is opened.
const WRITTEN_MESSAGES: u64 = 100_000;
const WRITTEN_ROOMS: usize = 1_000;
const AT: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

fn room() -> Room {
    Room {
        id: RoomId::new(),
        kind: RoomKind::Private,
        name: None,
        topic: String::new(),
        created_by: None,
        created_at: AT,
        archived: false,
    }
}

fn message(room: RoomId, seq: u64, author: AccountId) -> Message {
    Message {
        id: MessageId::new(),
        room,
        seq,
        author,
        author_role: ChatRole::User,
        body: TEXT.to_owned(),
        file: None,
        job: None,
        reply_to: None,
        client_id: ClientId::parse(&MessageId::new().to_string()),
        posted_at: AT,
        edited_at: None,
        retracted: None,
    }
}

fn entry(events: Vec<Event>) -> Entry {
    Entry { at: AT, actor: None, events }
}

fn open(folder: &Path) -> Arc<Store> {
    let options = Options {
        folder: folder.to_owned(),
        index_cache_bytes: 64 << 20,
        queue_len: 4096,
        free_space_floor_bytes: 0,
        blobs: Blobs::open(folder.join("files"), 0).expect("a folder for attachments"),
        clock: Arc::new(SystemClock),
    };
    let on_fatal = Arc::new(|reason: &str| panic!("{reason}"));
    Store::open(options, Box::new(drop), on_fatal, &|_, _| {}).expect("the store opens")
}

/// The least that any durable write costs here.
fn probe(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut file = fs::File::create(folder.path().join("probe")).expect("a file");
    file.write_all(&vec![0; 64 << 20]).and_then(|()| file.sync_all()).expect("room ahead");
    let mut at = 0;
    c.bench_function("commit/bare-append-and-fdatasync", |b| {
        b.iter(|| {
            use std::os::unix::fs::FileExt;
            file.write_all_at(&[7; 320], at % (63 << 20)).and_then(|()| file.sync_data()).expect("a synced write");
            at += 320;
        });
    });
}

async fn post(store: &Store, room: RoomId, author: AccountId) {
    let posted = store.commit(Some(author), move |tx| {
        let seq = tx.view().room_head(room)?.last_seq + 1;
        Ok(tx.emit(Event::MessagePosted(message(room, seq, author)))?)
    });
    posted.await.expect("a commit");
}

/// So many commits by so many writers at once, each in a room of its own; notes the time of each.
async fn commits(store: &Arc<Store>, rooms: &[RoomId], count: u64, times: &Mutex<Vec<Duration>>) -> Duration {
    let started = Instant::now();
    let mut writers = Vec::new();
    for (number, room) in (0u64..).zip(rooms.iter().copied()) {
        let (store, author) = (Arc::clone(store), AccountId::new());
        let own = (count + rooms.len() as u64 - 1 - number) / rooms.len() as u64;
        writers.push(tokio::spawn(async move {
            let mut times = Vec::new();
            for _ in 0..own {
                let began = Instant::now();
                post(&store, room, author).await;
                times.push(began.elapsed());
            }
            times
        }));
    }
    for writer in writers {
        let own = writer.await.expect("a writer");
        times.lock().expect("times").extend(own);
    }
    started.elapsed()
}

fn group_commit(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let mut group = c.benchmark_group("commit");
    group.throughput(Throughput::Elements(1));
    for writers in [1, 16, 256] {
        let folder = tempfile::tempdir().expect("a folder");
        Store::found(folder.path(), &entry(vec![Event::RoomOpened(room())])).expect("a new store");
        let store = runtime.block_on(async { open(folder.path()) });
        let rooms: Vec<RoomId> = (0..writers).map(|_| RoomId::new()).collect();
        let times = Mutex::default();
        group.bench_function(BenchmarkId::new("writers", writers), |b| {
            b.to_async(&runtime).iter_custom(|count| commits(&store, &rooms, count, &times));
        });
        report(writers, times.into_inner().expect("times"));
        runtime.block_on(store.close()).expect("the store closes");
    }
}

fn report(writers: usize, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |per_mille: usize| times.get(times.len() * per_mille / 1000).copied().unwrap_or_default();
    println!(
        "commit/writers/{writers}: acknowledged after p50 {:?}, p99 {:?}, p99.9 {:?} ({} commits)",
        at(500),
        at(990),
        at(999),
        times.len()
    );
}

/// Starting with many messages: the index made anew from the journal, and after a clean stop.
fn opening(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    Store::found(folder.path(), &entry(vec![Event::RoomOpened(room())])).expect("a new store");
    runtime.block_on(async {
        let store = open(folder.path());
        let rooms: Vec<RoomId> = (0..WRITTEN_ROOMS).map(|_| RoomId::new()).collect();
        commits(&store, &rooms, WRITTEN_MESSAGES, &Mutex::default()).await;
        store.close().await.expect("the store closes");
    });
    let mut group = c.benchmark_group("open");
    group.sample_size(10).throughput(Throughput::Elements(WRITTEN_MESSAGES));
    group.bench_function(BenchmarkId::new("clean", WRITTEN_MESSAGES), |b| {
        b.iter_custom(|count| (0..count).map(|_| timed_opening(&runtime, folder.path())).sum());
    });
    group.bench_function(BenchmarkId::new("rebuild", WRITTEN_MESSAGES), |b| {
        b.iter_custom(|count| {
            let rebuild = |_| {
                fs::remove_dir_all(folder.path().join("index")).expect("the index goes");
                timed_opening(&runtime, folder.path())
            };
            (0..count).map(rebuild).sum()
        });
    });
}

fn timed_opening(runtime: &Runtime, folder: &Path) -> Duration {
    runtime.block_on(async {
        let began = Instant::now();
        let store = open(folder);
        let took = began.elapsed();
        store.close().await.expect("the store closes");
        took
    })
}

criterion_group!(benches, probe, group_commit, opening);
criterion_main!(benches);
