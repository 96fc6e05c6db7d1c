//! What authors know about their messages, and whether a room's history agrees. What was acknowledged must be there;
//! what was not answered may be there, whole, or not at all; nothing else may be there.

use super::person::{Person, text};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// What an author knows of something asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It was acknowledged.
    Sure,
    /// No answer came.
    Perhaps,
    No,
}

/// A message in the eyes of its author.
#[derive(Clone, Debug)]
pub struct Note {
    /// First word of every text it ever had; its `client_id` as well.
    pub tag: String,
    pub room: String,
    /// The server's name for it, once known.
    pub uuid: Option<String>,
    pub posted: Known,
    /// What it may say: more than one text while an edit was not answered.
    pub texts: Vec<String>,
    pub deleted: Known,
    pub file: Option<Attachment>,
}

/// A file in the eyes of the one who sent it.
#[derive(Clone, Debug)]
pub struct Attachment {
    pub bytes: Vec<u8>,
    /// Where it is read, once known.
    pub path: Option<String>,
}

impl Note {
    pub fn new(tag: &str, room: &str, text: &str) -> Self {
        Self {
            tag: tag.into(),
            room: room.into(),
            uuid: None,
            posted: Known::Perhaps,
            texts: vec![text.into()],
            deleted: Known::No,
            file: None,
        }
    }

    pub fn acknowledged(mut self, uuid: String) -> Self {
        self.uuid = Some(uuid);
        self.posted = Known::Sure;
        self
    }

    /// Whether its author may go on changing it.
    pub fn is_at_hand(&self) -> bool {
        self.posted == Known::Sure && self.deleted == Known::No && self.texts.len() == 1
    }
}

/// What one author wrote into one room, in the order of acknowledgement.
#[derive(Clone, Default)]
pub struct Diary {
    pub author: String,
    pub notes: Vec<Note>,
}

/// Compares all diaries about a room with its history. Afterwards everybody is sure of what was found, and what was not
/// found is forgotten: it must not turn up later.
pub fn settle(diaries: &mut [Diary], room: &str, history: &[Value]) {
    for (message, expected_seq) in history.iter().zip(1..) {
        assert_eq!(message["seq"], expected_seq, "sequence numbers have no gap and no repetition: {message}");
    }
    let uuids: HashSet<_> = history.iter().map(|message| text(message, "uuid")).collect();
    assert_eq!(uuids.len(), history.len(), "every message has its own id");

    let mut by_uuid = HashMap::new();
    let mut by_tag = HashMap::new();
    for message in history {
        by_uuid.insert(text(message, "uuid"), message);
        if let Some(content) = message["content"].as_str() {
            let tag = content.split(' ').next().unwrap_or_default();
            let twin = by_tag.insert(tag, message);
            assert!(twin.is_none(), "{tag} was stored twice");
        }
    }
    let mut known = 0;
    for diary in diaries {
        let mut newest_seq = 0;
        let author = diary.author.clone();
        diary.notes.retain_mut(|note| {
            if note.room != room {
                return true;
            }
            let found = match &note.uuid {
                Some(uuid) => by_uuid.get(uuid).copied(),
                None => by_tag.get(note.tag.as_str()).copied(),
            };
            let Some(message) = found else {
                assert_eq!(note.posted, Known::Perhaps, "{} was acknowledged and is lost", note.tag);
                return false;
            };
            known += 1;
            assert_eq!(message["sender"], author.as_str(), "{} has its author", note.tag);
            let seq = message["seq"].as_u64().expect("a sequence number");
            assert!(seq > newest_seq, "{} stands before what its author sent earlier", note.tag);
            newest_seq = seq;
            compare(note, message);
            true
        });
    }
    assert_eq!(known, history.len(), "every message has an author who knows of it");
}

fn compare(note: &mut Note, message: &Value) {
    note.uuid = Some(text(message, "uuid"));
    note.posted = Known::Sure;
    if message["is_deleted"] == true {
        assert_ne!(note.deleted, Known::No, "{} is gone and nobody asked for it", note.tag);
        assert!(message["content"].is_null() && message["file"].is_null(), "nothing stays of {}: {message}", note.tag);
        note.deleted = Known::Sure;
        return;
    }
    assert_ne!(note.deleted, Known::Sure, "{} was deleted and came back", note.tag);
    note.deleted = Known::No;
    let content = text(message, "content");
    assert!(note.texts.contains(&content), "{} says {content:?}, not one of {:?}", note.tag, note.texts);
    note.texts = vec![content];
    match &mut note.file {
        Some(file) => file.path = Some(text(message, "file")),
        None => assert!(message["file"].is_null(), "{} has no file", note.tag),
    }
}

/// Reads all files of the last `newest` notes with one: whole where the message is, gone where it was deleted.
pub async fn check_files(diary: &Diary, reader: &Person, newest: usize) {
    let with_files = diary.notes.iter().rev().filter_map(|note| note.file.as_ref().map(|file| (note, file)));
    for (note, file) in with_files.take(newest) {
        let Some(path) = &file.path else { continue };
        match (note.deleted, reader.downloads(path).await) {
            (Known::No, Ok(bytes)) => assert!(bytes == file.bytes, "the file of {} is whole", note.tag),
            (Known::No, Err(status)) => panic!("the file of {} is lost: {status}", note.tag),
            (Known::Sure, Ok(_)) => panic!("the file of {} outlived its message", note.tag),
            _ => {}
        }
    }
}
