//! Golden files: what is said stays as it is until somebody decides otherwise.

use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path};
use uuid::Uuid;

/// Refreshes golden files instead of comparing with them.
const REFRESH: &str = "PARLOR_REFRESH_GOLDEN";

/// Compares with `tests/golden/{name}`.
#[track_caller]
pub fn compare(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os(REFRESH).is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        return;
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    if golden == text {
        return;
    }
    let differs = golden.lines().zip(text.lines()).position(|(one, other)| one != other);
    let line = differs.unwrap_or_else(|| golden.lines().count().min(text.lines().count()));
    let show = |text: &str| text.lines().skip(line.saturating_sub(3)).take(8).collect::<Vec<_>>().join("\n");
    panic!(
        "{name} differs from line {} on; if that is meant, run the tests with {REFRESH}=1.\n-- golden\n{}\n-- now\n{}",
        line + 1,
        show(&golden),
        show(text)
    );
}

/// Takes out of what was said what differs from run to run: ids get names, times and positions become words.
#[derive(Default)]
pub struct Names {
    ids: BTreeMap<String, String>,
}

impl Names {
    /// Calls an id by a name.
    pub fn call(&mut self, id: &str, name: &str) {
        self.ids.insert(id.to_owned(), format!("<{name}>"));
    }

    /// The same value, comparable.
    pub fn normalise(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(values) => values.iter().map(|value| self.normalise(value)).collect(),
            Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), self.normalise(value))).collect(),
            other => other.clone(),
        }
    }

    /// The same for what was said word for word, with ids and times anywhere in it.
    pub fn words(&mut self, text: &str) -> String {
        const TIME: usize = 32;
        let (mut out, mut rest) = (String::new(), text);
        while let Some(first) = rest.chars().next() {
            let is_time = rest.get(..TIME).is_some_and(is_time);
            out.push_str(if is_time { "<time>" } else { &rest[..first.len_utf8()] });
            rest = &rest[if is_time { TIME } else { first.len_utf8() }..];
        }
        self.text(&out)
    }

    fn text(&mut self, text: &str) -> String {
        if is_time(text) {
            return "<time>".into();
        }
        if is_position(text) {
            return "<position>".into();
        }
        const LENGTH: usize = 36;
        let mut out = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            match rest.get(..LENGTH).filter(|part| Uuid::try_parse(part).is_ok()) {
                Some(id) => {
                    let next = format!("<id {}>", self.ids.len() + 1);
                    out.push_str(self.ids.entry(id.to_owned()).or_insert(next));
                    rest = &rest[LENGTH..];
                }
                None => {
                    out.push(first);
                    rest = &rest[first.len_utf8()..];
                }
            }
        }
        out
    }
}

/// RFC 3339 with microseconds and offset.
pub fn is_time(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape == "0000-00-00T00:00:00.000000+00:00"
}

fn is_position(text: &str) -> bool {
    let Some((epoch, place)) = text.split_once('-') else { return false };
    epoch.len() == 32
        && Uuid::try_parse(epoch).is_ok()
        && place.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Frames or answers, one beautiful JSON after the other.
pub fn transcript(entries: &[Value]) -> String {
    let texts: Vec<_> = entries.iter().map(|entry| serde_json::to_string_pretty(entry).unwrap()).collect();
    texts.join("\n\n") + "\n"
}
