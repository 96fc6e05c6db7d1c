//! The web client: its types, its own tests, and people using it in a real browser against the real program.

#![cfg(feature = "ui")]

use std::{
    path::Path,
    process::{Command, Output},
};

/// What these tests need beside Rust, for whoever lacks it.
const NEEDED: &str = "These tests need Node 20.19 or newer with npm, and Chromium: on Debian `apt-get install nodejs npm chromium`. \
    A Chromium elsewhere is named in PARLOR_CHROMIUM. To test the server alone: cargo test --no-default-features";

#[test]
fn the_client_keeps_its_types() {
    run("npm", &["run", "check"], "web");
}

#[test]
fn the_client_passes_its_own_tests() {
    run("npm", &["test"], "web");
}

#[test]
fn people_use_the_client_in_a_browser() {
    let chromium = std::env::var("PARLOR_CHROMIUM").unwrap_or_default();
    let places =
        ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable"];
    assert!(
        Path::new(&chromium).is_file() || places.iter().any(|place| Path::new(place).is_file()),
        "there is no Chromium. {NEEDED}"
    );
    run("node", &["--test", "--test-reporter=spec", "--test-concurrency=2", "tests/browser/"], ".");
}

/// Where the reporter of `node --test` begins to list what failed, after everything that passed.
const FAILURES: &str = "failing tests:";

/// Runs a program in a folder of this repository; shows what it said of its failure.
fn run(program: &str, arguments: &[&str], folder: &str) {
    let shown = format!("{program} {}", arguments.join(" "));
    let Output { status, stdout, stderr } = Command::new(program)
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
        .env("PARLOR_BIN", env!("CARGO_BIN_EXE_parlor"))
        .output()
        .unwrap_or_else(|error| panic!("cannot run `{program}`: {error}. {NEEDED}"));
    let said = String::from_utf8_lossy(&stdout);
    let failures = said.rfind(FAILURES).map_or(&*said, |from| &said[from..]);
    let complaints = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "`{shown}` in {folder} failed ({status}):\n{failures}\n{complaints}");
}
