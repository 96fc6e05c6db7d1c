//! The program itself: started, stopped, killed.

use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{task::spawn_blocking, time::timeout};

/// Far longer than anything here takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(60);
/// Lines that the program prints when it is ready.
const GREETING_LINES: usize = 4;

/// One data folder, and the process on it.
pub struct Server {
    root: TempDir,
    child: Option<Child>,
    printed: String,
}

impl Server {
    /// A folder with a configuration file; nothing runs yet.
    pub fn prepare(config: &str) -> Self {
        let root = tempfile::Builder::new().prefix("parlor-test-").tempdir().expect("a temporary folder");
        let server = Self { root, child: None, printed: String::new() };
        server.configure(config);
        server
    }

    /// Other configuration, for the next start.
    pub fn configure(&self, config: &str) {
        fs::write(self.root.path().join("parlor.toml"), config).expect("the configuration is written");
    }

    /// Starts it and returns where it listens.
    pub async fn start(&mut self) -> String {
        let log = File::options().create(true).append(true).open(self.root.path().join("log")).expect("a log file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PARLOR_")) {
            command.env_remove(name);
        }
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(self.folder())
            .arg("--config")
            .arg(self.root.path().join("parlor.toml"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        self.child = Some(child);
        let greeting =
            spawn_blocking(move || output.lines().take(GREETING_LINES).map_while(Result::ok).collect::<Vec<_>>());
        let printed = timeout(PATIENCE, greeting).await.expect("it starts in time").expect("no panic");
        assert_eq!(printed.len(), GREETING_LINES, "it ended at its start:\n{}", self.log());
        self.printed = printed.join("\n");
        let address = printed[0].split_once("http://").expect("an address").1;
        address.trim_end_matches('/').to_owned()
    }

    /// What the last start printed.
    pub fn printed(&self) -> &str {
        &self.printed
    }

    /// The data folder.
    pub fn folder(&self) -> PathBuf {
        self.root.path().join("data")
    }

    /// The log of all starts.
    pub fn log(&self) -> String {
        fs::read_to_string(self.root.path().join("log")).unwrap_or_default()
    }

    /// SIGTERM.
    pub fn signal(&self) {
        kill_process(Pid::from_child(self.child.as_ref().expect("it runs")), Signal::TERM).expect("it is ours");
    }

    /// SIGTERM, and the wait for its end.
    pub async fn stop(&mut self) {
        self.signal();
        self.wait().await;
    }

    /// Waits for its good end.
    pub async fn wait(&mut self) {
        let mut child = self.child.take().expect("it runs");
        let ended = timeout(PATIENCE, spawn_blocking(move || child.wait())).await.expect("it stops in time");
        let status = ended.expect("no panic").expect("it can be waited for");
        assert!(status.success(), "it stopped with {status}:\n{}", self.log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // One that has ended by itself cannot be killed; its log says why.
            let _ = child.kill();
            let _ = child.wait();
        }
        let log = self.log();
        if std::thread::panicking() {
            let last: Vec<_> = log.lines().rev().take(12).collect();
            eprintln!("the server's last lines:\n{}", last.into_iter().rev().collect::<Vec<_>>().join("\n"));
            return;
        }
        let fault = log.lines().find(|line| line.contains(" ERROR ") || line.contains("panicked at"));
        assert_eq!(fault, None, "the server's log holds a fault");
    }
}
