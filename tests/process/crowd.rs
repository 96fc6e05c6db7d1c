//! People who do everything at once, each noting what was acknowledged, until the server is gone.

use super::{
    ledger::{Attachment, Diary, Known, Note},
    person::{Person, refresh, register, sign_in, text},
    stream::{Heard, Stream},
};
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};

/// Commands on a socket that wait for their answer.
const WINDOW: usize = 8;
const FILE_BYTES_MAX: usize = 100_000;

/// Chance of one author.
pub fn dice(seed: u64, round: u64, who: u64) -> StdRng {
    StdRng::seed_from_u64(seed ^ (round << 32) ^ who)
}

fn words(dice: &mut StdRng, tag: &str) -> String {
    let some = ["brake", "Öl", "цепь", "🔧", "tyre", "\"quoted\"", "<b>", "line\nbreak"];
    let count = dice.random_range(1..30);
    let said: Vec<_> = (0..count).filter_map(|_| some.choose(dice).copied()).collect();
    format!("{tag} {}", said.join(" "))
}

/// What an author does next.
enum Whim {
    Post,
    Edit(usize),
    Delete(usize),
}

fn whim(dice: &mut StdRng, diary: &Diary, room: &str) -> Whim {
    let at_hand = |at: &usize| diary.notes[*at].is_at_hand() && diary.notes[*at].room == room;
    let choice = dice.random_range(0..10);
    let note = (!diary.notes.is_empty()).then(|| dice.random_range(0..diary.notes.len())).filter(at_hand);
    match (choice, note) {
        (7 | 8, Some(at)) => Whim::Edit(at),
        (9, Some(at)) => Whim::Delete(at),
        _ => Whim::Post,
    }
}

/// Posts, edits and deletes over HTTP, one request after another.
pub async fn writes(person: Person, room: String, mut diary: Diary, round: &str, mut dice: StdRng) -> Diary {
    for count in 0.. {
        let is_over = match whim(&mut dice, &diary, &room) {
            Whim::Post => {
                let tag = format!("{}-{round}-{count}", person.username);
                let said = words(&mut dice, &tag);
                let outcome = person.posts(&room, &said, &tag).await;
                note_post(&mut diary, Note::new(&tag, &room, &said), outcome.ok())
            }
            Whim::Edit(at) => {
                let note = &mut diary.notes[at];
                let said = words(&mut dice, &note.tag);
                note.texts.push(said.clone());
                let uuid = note.uuid.clone().expect("it was acknowledged");
                let done = person.edits(&uuid, &said).await.is_ok();
                if done {
                    note.texts = vec![said];
                }
                !done
            }
            Whim::Delete(at) => {
                let note = &mut diary.notes[at];
                note.deleted = Known::Perhaps;
                let uuid = note.uuid.clone().expect("it was acknowledged");
                let done = person.deletes(&uuid).await.is_ok();
                if done {
                    note.deleted = Known::Sure;
                }
                !done
            }
        };
        if is_over {
            break;
        }
    }
    diary
}

/// Notes a post; says whether that was the last one.
fn note_post(diary: &mut Diary, note: Note, answer: Option<Value>) -> bool {
    let is_over = answer.is_none();
    diary.notes.push(match answer {
        Some(message) => note.acknowledged(text(&message, "uuid")),
        None => note,
    });
    is_over
}

/// Sends files of all sizes, and deletes some of them.
pub async fn uploads(person: Person, room: String, mut diary: Diary, round: &str, mut dice: StdRng) -> Diary {
    for count in 0.. {
        let tag = format!("{}-{round}-{count}", person.username);
        let mut bytes = vec![0; dice.random_range(1..FILE_BYTES_MAX)];
        dice.fill_bytes(&mut bytes);
        let outcome = person.uploads(&room, &tag, &tag, "photo.bin", bytes.clone()).await.ok();
        let path = outcome.as_ref().map(|message| text(message, "file"));
        let note = Note { file: Some(Attachment { bytes, path }), ..Note::new(&tag, &room, &tag) };
        if note_post(&mut diary, note, outcome) {
            break;
        }
        let note = diary.notes.last_mut().expect("one was just noted");
        if dice.random_ratio(1, 4) {
            note.deleted = Known::Perhaps;
            if person.deletes(note.uuid.as_ref().expect("it was acknowledged")).await.is_err() {
                break;
            }
            note.deleted = Known::Sure;
        }
    }
    diary
}

/// A command on its way.
enum Asked {
    Post(Note),
    Edit(usize, String),
    Delete(usize),
}

/// Sends, edits and deletes over a socket, several at a time. A message is acknowledged by the answer to its command or by
/// its own echo, whichever comes first.
pub async fn talks(person: Person, room: String, mut diary: Diary, round: &str, mut dice: StdRng) -> Diary {
    let Some(mut stream) = Stream::try_open(&person, None).await else { return diary };
    let mut asked: VecDeque<(String, Asked)> = VecDeque::new();
    for count in 0.. {
        if asked.len() < WINDOW {
            let id = format!("{}-{round}-{count}", person.username);
            let (command, ask) = command(&mut dice, &mut diary, &room, &id);
            asked.push_back((id, ask));
            if stream.speaks.say(&command).await {
                continue;
            }
        }
        match stream.hears.next().await {
            Heard::Frame(frame) => {
                if !note_frame(&mut diary, &mut asked, &frame) {
                    break;
                }
            }
            Heard::Closed(_) => break,
        }
    }
    let unanswered = asked.into_iter().filter_map(|(_, asked)| match asked {
        Asked::Post(note) => Some(note),
        // Their notes say already that nobody knows.
        Asked::Edit(..) | Asked::Delete(..) => None,
    });
    diary.notes.extend(unanswered);
    diary
}

fn command(dice: &mut StdRng, diary: &mut Diary, room: &str, id: &str) -> (Value, Asked) {
    match whim(dice, diary, room) {
        Whim::Post => {
            let said = words(dice, id);
            let frame = json!({ "type": "send", "request_id": id, "room": room, "content": said, "client_id": id });
            (frame, Asked::Post(Note::new(id, room, &said)))
        }
        Whim::Edit(at) => {
            let note = &mut diary.notes[at];
            let said = words(dice, &note.tag);
            note.texts.push(said.clone());
            let frame = json!({ "type": "edit", "request_id": id, "message": note.uuid, "content": said });
            (frame, Asked::Edit(at, said))
        }
        Whim::Delete(at) => {
            diary.notes[at].deleted = Known::Perhaps;
            let frame = json!({ "type": "delete", "request_id": id, "message": diary.notes[at].uuid });
            (frame, Asked::Delete(at))
        }
    }
}

/// Notes what a frame says about one's own commands; false when the server refuses, which ends the talk.
fn note_frame(diary: &mut Diary, asked: &mut VecDeque<(String, Asked)>, frame: &Value) -> bool {
    let id = match frame["type"].as_str() {
        Some("ack") => frame["request_id"].as_str(),
        Some("message_created") => frame["message"]["client_id"].as_str(),
        Some("error") => return false,
        _ => None,
    };
    let Some(at) = id.and_then(|id| asked.iter().position(|(other, _)| other == id)) else { return true };
    match asked.remove(at).map(|(_, asked)| asked) {
        Some(Asked::Post(note)) => diary.notes.push(note.acknowledged(text(&frame["message"], "uuid"))),
        Some(Asked::Edit(at, said)) => diary.notes[at].texts = vec![said],
        Some(Asked::Delete(at)) => diary.notes[at].deleted = Known::Sure,
        None => {}
    }
    true
}

/// Somebody who only listens and marks what was read.
#[derive(Default)]
pub struct Listener {
    /// How often each message was announced.
    pub announced: HashMap<String, usize>,
    /// Where to resume from.
    pub position: Option<String>,
    /// The newest acknowledged read mark of each room.
    pub read: HashMap<String, u64>,
}

impl Listener {
    /// Takes in what was missed; the stream is at its present afterwards.
    pub async fn catches_up(&mut self, stream: &mut Stream) {
        assert!(stream.speaks.say(&json!({ "type": "ping", "request_id": "present" })).await);
        loop {
            match stream.hears.next().await {
                Heard::Frame(frame) if frame["type"] == "ack" => break,
                Heard::Frame(frame) => self.hears(&frame),
                Heard::Closed(code) => panic!("the stream was closed: {code:?}"),
            }
        }
    }

    fn hears(&mut self, frame: &Value) {
        if let Some(position) = frame["position"].as_str() {
            self.position = Some(position.to_owned());
        }
        if frame["type"] == "message_created" {
            *self.announced.entry(text(&frame["message"], "uuid")).or_default() += 1;
        }
    }
}

/// Listens until the server is gone.
pub async fn listens(person: Person, mut listener: Listener, mut stream: Stream) -> Listener {
    while let Heard::Frame(frame) = stream.hears.next().await {
        listener.hears(&frame);
        if frame["type"] == "message_created" && frame["message"]["seq"].as_u64().is_some_and(|seq| seq % 16 == 0) {
            let (room, message) = (text(&frame["message"], "chat_room"), text(&frame["message"], "uuid"));
            let path = format!("/api/rooms/{room}/read");
            let answer = person.asks(reqwest::Method::PUT, &path, Some(json!({ "message": message }))).await;
            if let Some(read_seq) = answer.ok().and_then(|mark| mark["read_seq"].as_u64()) {
                listener.read.insert(room, read_seq);
            }
        }
    }
    listener
}

/// Signs people up; who was acknowledged, and who was on the way.
pub async fn sign_ups(person: Person, round: &str) -> Vec<(String, Known)> {
    let mut names = Vec::new();
    for count in 0..4 {
        let name = format!("new-{round}-{count}");
        let done = register(person.http(), person.base(), &name).await.is_ok();
        names.push((name, if done { Known::Sure } else { Known::Perhaps }));
        if !done {
            break;
        }
    }
    names
}

/// A sign-in whose tokens were renewed some times.
pub struct Chain {
    pub spent: Vec<String>,
    pub current: String,
}

/// Signs in anew and renews the tokens; `None` when the server was gone first.
pub async fn renews(person: Person, password: &str) -> Option<Chain> {
    let (http, base) = (person.http(), person.base());
    let tokens = sign_in(http, base, &person.username, password).await.ok()?;
    let mut chain = Chain { spent: Vec::new(), current: text(&tokens, "refresh") };
    for _ in 0..3 {
        let tokens = refresh(http, base, &chain.current).await.ok()?;
        chain.spent.push(std::mem::replace(&mut chain.current, text(&tokens, "refresh")));
    }
    Some(chain)
}
