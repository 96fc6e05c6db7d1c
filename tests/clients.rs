//! Programs that others wrote, against every door: Python's websockets, wscat and curl; and the examples for reverse proxies
//! with nginx and Caddy themselves. The browser's own WebSocket is tried in `tests/browser`.
//!
//! Where a program is missing the test says so and passes, unless `PARLOR_CLIENTS=required`, as `.ci/run` has it.

use std::{
    path::Path,
    process::{Command, Output},
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");

#[test]
fn clients_of_others_drive_every_door() {
    run("drive.py", &["curl"]);
}

#[test]
fn the_examples_for_reverse_proxies_work() {
    run("proxies.py", &["curl", "nginx", "caddy", "openssl"]);
}

/// Runs a script with all it needs; shows all it said when it fails.
fn run(script: &str, programs: &[&str]) {
    let python = ["python3", "/usr/bin/python3"].into_iter().find(|python| works(python, &["-c", "import websockets"]));
    let wscat = Path::new(FOLDER).join("node_modules/.bin/wscat").is_file() || works("wscat", &["--version"]);
    let mut missing: Vec<_> = programs.iter().copied().filter(|program| !is_installed(program)).collect();
    missing.extend(python.is_none().then_some("websockets for Python"));
    missing.extend((!wscat).then_some("wscat"));
    if let (Some(python), true) = (python, missing.is_empty()) {
        let Output { status, stdout, stderr } = Command::new(python)
            .arg(Path::new(FOLDER).join(script))
            .env("PARLOR_BIN", env!("CARGO_BIN_EXE_parlor"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()
            .expect("Python starts");
        let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        assert!(status.success(), "{script} failed ({status}):\n{stdout}\n{stderr}");
        return;
    }
    let missing = missing.join(", ");
    let is_required = std::env::var("PARLOR_CLIENTS").is_ok_and(|value| value == "required");
    assert!(!is_required, "{script} cannot run without {missing}; tests/clients/README.md says how to install it");
    eprintln!("{script} was not run: there is no {missing}. tests/clients/README.md says how to install it.");
}

fn works(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

fn is_installed(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    // Debian keeps servers where not everybody's PATH looks.
    let folders = std::env::split_paths(&folders).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.into_iter().any(|folder| folder.join(program).is_file())
}
