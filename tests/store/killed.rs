//! Killed at any moment, compactions included: what was acknowledged is there, and the index is what the journal says.

use super::{
    kit::{self, Dice, found, open},
    reference::Reference,
    story::happens,
};
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
};

const FOLDER: &str = "PARLOR_TEST_FOLDER";
const SEED: &str = "PARLOR_TEST_SEED";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the process that the other test kills"]
async fn lives_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let seed = std::env::var(SEED).unwrap().parse().unwrap();
    std::panic::set_hook(Box::new(|_| {}));
    let opened = open(&folder);
    let mut dice = Dice::new(seed);
    for _ in 0..4 {
        let (store, mut dice) = (Arc::clone(&opened.store), Dice::new(dice.number()));
        tokio::spawn(async move {
            loop {
                if happens(&store, &mut dice).await.is_ok() {
                    println!("\nacknowledged {}", store.snapshot_at().1);
                }
            }
        });
    }
    loop {
        opened.store.compact().await.unwrap();
        println!("\ncompacted");
    }
}

fn start(folder: &Path, seed: u64) -> Child {
    let this = module_path!().split_once("::").unwrap().1;
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("{this}::lives_until_killed"), "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(SEED, seed.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Lets a process live until it has acknowledged `lines` things; gives back the newest sequence that it acknowledged.
fn live_and_kill(folder: &Path, seed: u64, lines: usize) -> u64 {
    let mut child = start(folder, seed);
    let output = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let acknowledged = output.filter_map(|line| line.strip_prefix("acknowledged ")?.parse::<u64>().ok());
    let last = acknowledged.take(lines).fold(0, u64::max);
    child.kill().unwrap();
    child.wait().unwrap();
    last
}

#[tokio::test]
async fn nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    found(folder.path());
    let mut dice = Dice::new(53);
    for round in 0..8 {
        let acknowledged = live_and_kill(folder.path(), dice.number(), 1 + dice.below(400));
        assert!(acknowledged > 0, "round {round}: it did not live");
        let opened = open(folder.path());
        let (snapshot, seq) = opened.store.snapshot_at();
        assert!(seq >= acknowledged, "round {round}: {acknowledged} was acknowledged, {seq} is there");
        let entries = opened.store.entries(1).unwrap().map(Result::unwrap).collect::<Vec<_>>();
        let said = Reference::after(entries.iter().flat_map(|committed| &committed.entry.events));
        said.assert_shown_by(snapshot.view());
        drop(snapshot);
        assert_eq!(opened.store.fingerprint().unwrap(), kit::rebuilt_fingerprint(folder.path()).await, "round {round}");
        if round % 2 == 0 {
            opened.close().await;
        }
    }
}
