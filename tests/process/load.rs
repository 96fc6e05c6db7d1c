//! A small salon's load many times over: everybody hears everything, in one order, and nothing stays behind.

use super::{
    person::{Person, text},
    server::{Server, Start, parlor},
    stream::Stream,
};
use serde_json::{Value, json};
use std::{fs, path::Path, time::Duration};
use tempfile::TempDir;
use tokio::{task::JoinSet, time::timeout};

const ALL_WITHIN: Duration = Duration::from_secs(15);
/// File handles and sockets of closed connections go within this time.
const GONE_WITHIN: Duration = Duration::from_secs(10);
const SOCKETS_OF_ONE: usize = 20;
const ROOMY: Start<'_> = Start { args: &["--log", "warn"], variables: &[("PARLOR_LIMITS_FRAMES_BURST", "1000")] };

/// `people` accounts in one room.
async fn gather(server: &Server, people: usize) -> (Vec<Person>, String) {
    let (mut everybody, mut room) = (Vec::new(), String::new());
    for count in 0..people {
        let person = Person::new(server, &format!("person-{count}")).await;
        room = person.enters("public-chat").await;
        everybody.push(person);
    }
    (everybody, room)
}

/// The ids and sequence numbers of the next messages that a stream announces.
async fn hears(mut stream: Stream, count: usize) -> Vec<(String, u64)> {
    let mut heard = Vec::new();
    while heard.len() < count {
        let frame = stream.hears.next_of("message_created").await.expect("the stream stays open");
        heard.push((text(&frame["message"], "uuid"), frame["message"]["seq"].as_u64().expect("a number")));
    }
    heard
}

async fn all_hear(streams: Vec<Stream>, count: usize) -> Vec<Vec<(String, u64)>> {
    let mut listeners = JoinSet::new();
    streams.into_iter().for_each(|stream| drop(listeners.spawn(hears(stream, count))));
    timeout(ALL_WITHIN, listeners.join_all()).await.expect("everybody hears everything in time")
}

async fn stored(person: &Person, room: &str) -> Vec<(String, u64)> {
    let history = person.history(room).await;
    history.iter().map(|message| (text(message, "uuid"), message["seq"].as_u64().expect("a number"))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_sockets_hear_fifty_messages_in_one_order() {
    let folder = TempDir::new().unwrap();
    let server = Server::start_as(folder.path(), ROOMY).await;
    let (people, room) = gather(&server, 5).await;
    let mut streams = Vec::new();
    for person in &people {
        for _ in 0..SOCKETS_OF_ONE {
            streams.push(Stream::open(person, None).await);
        }
    }
    let mut speaker = streams.pop().expect("there are a hundred");
    for count in 0..50 {
        let frame = json!({ "type": "send", "room": room, "content": format!("message {count}"), "request_id": count });
        assert!(speaker.speaks.say(&frame).await);
    }
    streams.push(speaker);
    let heard = all_hear(streams, 50).await;
    let stored = stored(&people[0], &room).await;
    assert_eq!(stored.len(), 50);
    assert!(heard.iter().all(|one| *one == stored), "everybody hears what is stored, in that order");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_writers_at_once_have_one_order() {
    let folder = TempDir::new().unwrap();
    let server = Server::start_as(folder.path(), ROOMY).await;
    let (people, room) = gather(&server, 4).await;
    let mut streams = Vec::new();
    for person in &people {
        streams.push(Stream::open(person, None).await);
    }
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let (person, room) = (people[writer % 4].clone(), room.clone());
        writers.spawn(async move {
            let mut posted = Vec::new();
            for count in 0..25 {
                let id = format!("{writer}-{count}");
                let message = person.posts(&room, &id, &id).await.expect("posted");
                posted.push((text(&message, "uuid"), message["seq"].as_u64().expect("a number")));
            }
            posted
        });
    }
    let (heard, posted) = tokio::join!(all_hear(streams, 200), writers.join_all());
    let stored = stored(&people[0], &room).await;
    assert_eq!(stored.len(), 200, "each is stored once");
    assert!(stored.iter().zip(1..).all(|((_, seq), expected)| *seq == expected), "without a gap");
    assert!(heard.iter().all(|one| *one == stored), "each is announced once, in the order stored");
    for mine in &posted {
        assert!(mine.is_sorted_by_key(|(_, seq)| seq), "nobody overtakes themself");
        assert!(mine.iter().all(|message| stored.contains(message)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_dropped_sockets_leave_nothing_behind() {
    let folder = TempDir::new().unwrap();
    let server = Server::start_as(folder.path(), ROOMY).await;
    let (people, room) = gather(&server, 15).await;
    let witness = Person::new(&server, "witness").await;
    witness.enters("public-chat").await;
    let mut watching = Stream::open(&witness, None).await;
    let mut streams = Vec::new();
    for person in &people {
        for _ in 0..SOCKETS_OF_ONE {
            streams.push(Stream::open(person, None).await);
        }
    }
    assert!(handles(&server) > 300);
    let refused = Stream::try_open(&people[0], None).await;
    assert!(refused.is_none(), "one person has so many sockets and no more");
    drop(refused);

    // Half of them say goodbye, the others are just gone.
    for (count, stream) in streams.into_iter().enumerate() {
        match count % 2 {
            0 => stream.close().await,
            _ => drop(stream),
        }
    }
    let idle = people.len() + 60;
    let gone = timeout(GONE_WITHIN, async {
        while handles(&server) > idle {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    gone.await.unwrap_or_else(|_| panic!("{} file handles are still open", handles(&server)));

    // Everybody went offline, and there is room for as many again.
    let mut offline = 0;
    while offline < people.len() {
        let frame = watching.hears.next_of("presence").await.expect("the witness stays");
        offline += frame["offline"].as_array().map_or(0, Vec::len);
    }
    for person in &people {
        Stream::open(person, None).await.close().await;
    }
    people[0].posts(&room, "still here", "1").await.expect("posted");
    let listed = parlor(&["user", "list", "--data", path(folder.path())]).await;
    assert_eq!(listed.stdout.lines().count(), people.len() + 1);
    let created: Value = watching.hears.next_of("message_created").await.expect("the witness stays");
    assert_eq!(created["message"]["content"], "still here");
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a name is text")
}

/// Open file handles of the server.
fn handles(server: &Server) -> usize {
    fs::read_dir(format!("/proc/{}/fd", server.pid())).map_or(0, Iterator::count)
}
