//! Killed at any moment, Parlor has everything that it acknowledged.

use super::{
    crowd::{self, Chain, Listener, dice},
    ledger::{Diary, Known, check_files, settle},
    person::{PASSWORD, Person, refresh, register, sign_in, text},
    server::{Server, Start},
    stream::Stream,
};
use rand::RngExt;
use serde_json::{Value, json};
use std::{path::Path, time::Duration};
use tempfile::TempDir;

const ROUNDS: u64 = 20;
/// What the product promises.
const START_WITHIN: Duration = Duration::from_secs(10);
/// Sockets here talk faster than people type.
pub const TALKATIVE: Start<'_> = Start {
    args: &["--log", "warn"],
    variables: &[("PARLOR_LIMITS_FRAMES_PER_SEC", "10000"), ("PARLOR_LIMITS_FRAMES_BURST", "10000")],
};

/// Everybody, what they wrote, and where.
pub struct World {
    people: Vec<Person>,
    public: String,
    private: String,
    diaries: Vec<Diary>,
    listener: Listener,
}

/// What happened in one round beside messages.
#[derive(Default)]
pub struct Aside {
    signed_up: Vec<(String, Known)>,
    chain: Option<Chain>,
}

impl World {
    /// Five people who write and one who listens, in a public and a private room.
    pub async fn found(server: &Server) -> Self {
        let mut people = Vec::new();
        for name in ["anna", "boris", "clara", "dan", "erik", "vera"] {
            people.push(Person::new(server, name).await);
        }
        let members: Vec<_> = people[1..].iter().map(|person| &person.id).collect();
        let workshop = json!({ "kind": "private", "name": "workshop", "members": members });
        let private = text(&people[0].post("/api/rooms", workshop).await.expect("a private room"), "id");
        let mut public = String::new();
        for person in &people {
            public = person.enters("public-chat").await;
        }
        let diaries = people[..5].iter().map(|person| Diary { author: person.id.clone(), notes: Vec::new() }).collect();
        Self { people, public, private, diaries, listener: Listener::default() }
    }

    pub fn person(&self, at: usize) -> &Person {
        &self.people[at]
    }

    /// What is in the rooms now.
    pub async fn histories(&self) -> Vec<Vec<Value>> {
        let mut histories = Vec::new();
        for room in [&self.public, &self.private] {
            histories.push(self.people[0].history(room).await);
        }
        histories
    }

    fn vera(&self) -> &Person {
        &self.people[5]
    }

    /// Sees to it that everybody finds the server where it is now.
    pub fn meet(&mut self, server: &Server) {
        self.people.iter_mut().for_each(|person| *person = person.at(server));
    }

    /// All at once, until `ending` has made an end of the server.
    pub async fn work(&mut self, seed: u64, round: u64, ending: impl Future<Output = ()>) -> Aside {
        let stream = self.catch_up().await;
        let label = format!("r{round}");
        let diary = |at: usize| self.diaries[at].clone();
        let [anna, boris, clara, dan, erik, vera] = std::array::from_fn(|at| self.people[at].clone());
        let (public, private) = (self.public.clone(), self.private.clone());
        let listener = std::mem::take(&mut self.listener);
        let (a, b, c, d, e, listener, signed_up, chain, ()) = tokio::join!(
            crowd::writes(anna.clone(), public.clone(), diary(0), &label, dice(seed, round, 0)),
            crowd::writes(boris.clone(), private.clone(), diary(1), &label, dice(seed, round, 1)),
            crowd::talks(clara, public.clone(), diary(2), &label, dice(seed, round, 2)),
            crowd::talks(dan, private, diary(3), &label, dice(seed, round, 3)),
            crowd::uploads(erik, public, diary(4), &label, dice(seed, round, 4)),
            crowd::listens(vera, listener, stream),
            crowd::sign_ups(anna, &label),
            crowd::renews(boris, PASSWORD),
            ending,
        );
        self.diaries = vec![a, b, c, d, e];
        self.listener = listener;
        Aside { signed_up, chain }
    }

    /// How many messages are acknowledged by now.
    pub fn acknowledged(&self) -> usize {
        let notes = self.diaries.iter().flat_map(|diary| &diary.notes);
        notes.filter(|note| note.posted == Known::Sure).count()
    }

    /// Sends again what was not answered, as clients do: it is stored once all the same.
    pub async fn retry(&mut self) {
        for (person, diary) in self.people.iter().zip(&mut self.diaries) {
            for note in &mut diary.notes {
                if note.posted == Known::Perhaps && note.file.is_none() {
                    let message = person.posts(&note.room, &note.texts[0], &note.tag).await.expect("sent again");
                    *note = note.clone().acknowledged(text(&message, "uuid"));
                }
            }
        }
    }

    /// Everything acknowledged is there, and nothing else.
    pub async fn check(&mut self, files: usize) {
        let rooms = [self.public.clone(), self.private.clone()];
        for room in &rooms {
            let history = self.people[0].history(room).await;
            settle(&mut self.diaries, room, &history);
            let shown = self.vera().get(&format!("/api/rooms/{room}")).await.expect("vera is a member");
            let (last_seq, read_seq) = (shown["last_seq"].as_u64().unwrap(), shown["read_seq"].as_u64().unwrap());
            assert_eq!(last_seq, history.len() as u64);
            assert!(read_seq >= self.listener.read.get(room).copied().unwrap_or(0), "a read mark moved back");
            let is_unread =
                |message: &&Value| message["seq"].as_u64() > Some(read_seq) && message["is_deleted"] == false;
            assert_eq!(shown["unread"].as_u64(), Some(history.iter().filter(is_unread).count() as u64));
        }
        check_files(&self.diaries[4], self.vera(), files).await;
    }

    /// The listener hears what was missed; then every message has been announced exactly once.
    pub async fn check_announcements(&mut self) {
        let stream = self.catch_up().await;
        let known = self.diaries.iter().flat_map(|diary| &diary.notes).count();
        assert!(self.listener.announced.values().all(|times| *times == 1), "a message was announced twice");
        assert_eq!(self.listener.announced.len(), known, "each message was announced");
        stream.close().await;
    }

    async fn catch_up(&mut self) -> Stream {
        let after = self.listener.position.clone();
        let mut stream = Stream::open(self.vera(), after.as_deref()).await;
        assert_eq!(stream.hello["resumed"], after.is_some(), "a stream resumes: {}", stream.hello);
        self.listener.catches_up(&mut stream).await;
        stream
    }

    /// Accounts that were acknowledged are there, the others whole or not at all; spent tokens stay spent.
    pub async fn check_aside(&self, aside: Aside) {
        let anna = &self.people[0];
        let (http, base) = (anna.http(), anna.base());
        for (name, known) in aside.signed_up {
            if known == Known::Sure {
                let found = anna.get(&format!("/api/user?search={name}")).await.expect("the directory");
                assert_eq!(found["total_items"], 1, "{name} was signed up: {found}");
                continue;
            }
            let again = register(http, base, &name).await;
            let status = again.err().and_then(|refused| refused.status());
            assert!(matches!(status, None | Some(400 | 409)), "{name} again: {status:?}");
            sign_in(http, base, &name, PASSWORD).await.expect("an account is whole");
        }
        if let Some(Chain { spent, current }) = aside.chain {
            let newer = text(&refresh(http, base, &current).await.expect("the newest token is good"), "refresh");
            let oldest = spent.first().expect("it was renewed");
            let reused = refresh(http, base, oldest).await.expect_err("a spent token stays spent");
            assert_eq!(reused.status(), Some(401));
            let ended = refresh(http, base, &newer).await.expect_err("reuse ends the sign-in");
            assert_eq!(ended.status(), Some(401));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_has_everything_that_it_acknowledged() {
    let seed = std::env::var("PARLOR_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    let folder = TempDir::new().unwrap();
    let told = SeedTold(seed);
    kill_again_and_again(&folder.path().join("data"), seed).await;
    std::mem::forget(told);
}

/// Tells the seed when a test panics on its way.
struct SeedTold(u64);

impl Drop for SeedTold {
    fn drop(&mut self) {
        eprintln!("again with PARLOR_TEST_SEED={}", self.0);
    }
}

async fn kill_again_and_again(data: &Path, seed: u64) {
    let mut server = Server::start_as(data, TALKATIVE).await;
    let mut world = World::found(&server).await;
    let mut chance = dice(seed, 0, 99);
    for round in 0..ROUNDS {
        // The moment has nothing to do with what the server is about: that is the point.
        let moment = Duration::from_micros(chance.random_range(20_000..700_000));
        let aside = world
            .work(seed, round, async {
                tokio::time::sleep(moment).await;
                server.kill().await;
            })
            .await;
        server = Server::start_as(data, TALKATIVE).await;
        assert!(server.took < START_WITHIN, "round {round} started in {:?}", server.took);
        world.meet(&server);
        if round % 2 == 0 {
            world.retry().await;
        }
        world.check(if round + 1 == ROUNDS { usize::MAX } else { 10 }).await;
        world.check_announcements().await;
        world.check_aside(aside).await;
    }
    assert!(world.acknowledged() > 20 * ROUNDS as usize, "the rounds were busy: {} messages", world.acknowledged());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_while_it_starts_starts_the_next_time() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let server = Server::start_as(&data, TALKATIVE).await;
    let mut world = World::found(&server).await;
    let aside = world.work(1, 0, kill_soon(server)).await;
    for count in 0..10 {
        Server::kill_while_starting(&data, Duration::from_millis(4 * count)).await;
    }
    let server = Server::start_as(&data, TALKATIVE).await;
    assert!(server.took < START_WITHIN, "started in {:?}", server.took);
    world.meet(&server);
    world.check(usize::MAX).await;
    world.check_announcements().await;
    world.check_aside(aside).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_while_it_starts_for_the_first_time_starts_the_next_time() {
    for count in 0..10 {
        let folder = TempDir::new().unwrap();
        let data = folder.path().join("data");
        Server::kill_while_starting(&data, Duration::from_millis(2 * count)).await;
        let server = Server::start(&data).await;
        Person::new(&server, "anna").await.enters("public-chat").await;
    }
}

async fn kill_soon(server: Server) {
    tokio::time::sleep(Duration::from_millis(500)).await;
    server.kill().await;
}
