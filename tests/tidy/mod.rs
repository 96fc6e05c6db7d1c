//! What the sources promise about themselves.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// What each part may import from the others (design.md: forward, never back, never sideways). `app` sees everything.
const MAY_IMPORT: [(&str, &[&str]); 16] = [
    ("model", &[]),
    ("config", &[]),
    ("media", &[]),
    ("folder", &[]),
    ("rules", &["model"]),
    ("identity", &["config", "model"]),
    ("store", &["folder", "model"]),
    ("hub", &["model"]),
    ("http", &["config"]),
    ("socket", &["hub", "model"]),
    ("service", &["config", "hub", "identity", "media", "model", "rules", "store"]),
    ("web", &["http"]),
    ("doors", &["config", "http", "media", "model", "service", "socket"]),
    ("cli", &["config"]),
    ("control", &["config", "folder"]),
    ("main", &["app", "cli"]),
];
/// No file is longer: a longer one has more than one topic.
const LINES_MAX: usize = 600;

fn sources() -> BTreeMap<String, String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    found.into_iter().map(read).collect()
}

fn part_of(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

/// The code without its comments and without the tests at its foot.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The parts that a file names as `crate::part` or `parlor::part`, also within braces: `use crate::{a::B, c}`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (start, _) in code.match_indices("crate::") {
        if code[..start].ends_with('$') {
            continue;
        }
        let rest = &code[start + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => found.extend(names_in_braces(list)),
            None => found.extend(first_word(rest)),
        }
    }
    found
}

fn first_word(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

fn names_in_braces(list: &str) -> Vec<String> {
    let (mut depth, mut names, mut is_start) = (0, Vec::new(), true);
    for (place, letter) in list.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => is_start = true,
            letter if is_start && !letter.is_whitespace() => {
                names.extend(first_word(&list[place..]));
                is_start = false;
            }
            _ => {}
        }
    }
    names
}

#[test]
fn imports_only_go_forward() {
    assert_eq!(
        imports("use crate::{\n    http::{self, problem::Problem},\n    model::Error,\n};\ncrate::hub::Hub"),
        ["http", "hub", "model"].map(str::to_owned).into()
    );
    let allowed: BTreeMap<_, _> = MAY_IMPORT.into_iter().collect();
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let part = part_of(&file);
        if part == "app" || part == "lib" {
            continue;
        }
        let may = allowed.get(part).unwrap_or_else(|| panic!("{file}: nobody said what `{part}` may import"));
        for name in imports(&code(&text)) {
            if name != part && !may.contains(&name.as_str()) {
                wrong.push(format!("{file} imports {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "imports that the design does not allow:\n{}", wrong.join("\n"));
}

#[test]
fn doors_do_not_know_one_another() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let Some(door) = file.strip_prefix("doors/").and_then(|rest| rest.split_once('/')).map(|(door, _)| door) else {
            continue;
        };
        // The documents are made of what all doors say.
        if door == "docs" {
            continue;
        }
        let code = code(&text);
        for (start, _) in code.match_indices("doors::") {
            let rest = &code[start + "doors::".len()..];
            let named = rest.strip_prefix('{').map_or_else(|| first_word(rest).into_iter().collect(), names_in_braces);
            wrong.extend(
                named.iter().filter(|name| *name != door && *name != "shared").map(|name| format!("{file}: {name}")),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn who_may_know_what_is_prescribed() {
    for (word, home) in [
        ("sled::", "store/"),
        ("bincode::", "store/codec.rs"),
        ("jsonwebtoken::", "identity/"),
        ("argon2::", "identity/"),
        ("image::", "media/"),
    ] {
        for (file, text) in sources() {
            let is_used = code(&text).match_indices(word).any(|(place, _)| {
                let before = code(&text)[..place].chars().next_back();
                !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
            });
            assert!(!is_used || file.starts_with(home), "{file} uses {word}, which is {home}'s alone");
        }
    }
}

#[test]
fn every_module_says_what_it_is_and_none_is_long() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        // Tests in files of their own belong to the module that they test.
        let is_test = file.contains("tests");
        if !is_test && !text.starts_with("//! ") {
            wrong.push(format!("{file} does not say what it is"));
        }
        let lines = text.lines().count();
        if lines > LINES_MAX {
            wrong.push(format!("{file} has {lines} lines, more than {LINES_MAX}"));
        }
        for word in ["todo!(", "unimplemented!(", "dbg!("] {
            if text.contains(word) {
                wrong.push(format!("{file} has {word}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
