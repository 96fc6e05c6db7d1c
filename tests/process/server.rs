//! Starts the real binary, reads what it prints, sends it signals, and runs its other commands. A server that is dropped
//! is killed, so that a failing test leaves nothing behind.

use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

/// Longer than any start on a busy machine; what must be quicker is asserted where it matters.
const START_WITHIN: Duration = Duration::from_secs(30);
/// Longer than any command or stop.
const END_WITHIN: Duration = Duration::from_secs(60);

/// A program that runs, what it said so far, and how it ended.
struct Process {
    pid: Pid,
    stdout: mpsc::UnboundedReceiver<String>,
    stderr: Arc<Mutex<String>>,
    end: watch::Receiver<Option<ExitStatus>>,
}

impl Process {
    fn spawn(mut command: Command, input: &[u8]) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary under test starts");
        // A program that reads nothing may have gone already.
        let _ = child.stdin.take().expect("stdin is a pipe").write_all(input);
        let (said, stdout) = mpsc::unbounded_channel();
        let out = child.stdout.take().expect("stdout is a pipe");
        let reads_out = thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let _ = said.send(line);
            }
        });
        let stderr = Arc::new(Mutex::new(String::new()));
        let err = child.stderr.take().expect("stderr is a pipe");
        let reads_err = thread::spawn({
            let stderr = Arc::clone(&stderr);
            move || {
                for line in BufReader::new(err).lines().map_while(Result::ok) {
                    let mut stderr = stderr.lock().unwrap();
                    stderr.push_str(&line);
                    stderr.push('\n');
                }
            }
        });
        let pid = Pid::from_child(&child);
        let (ended, end) = watch::channel(None);
        thread::spawn(move || wait(child, [reads_out, reads_err], &ended));
        Self { pid, stdout, stderr, end }
    }

    fn stderr(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }

    fn signal(&self, signal: Signal) {
        // Between its end and this call it may have become a program that is gone.
        let _ = kill_process(self.pid, signal);
    }

    /// Waits for the end; `None` when it does not come.
    async fn ended(&mut self, within: Duration) -> Option<ExitStatus> {
        let mut end = self.end.clone();
        let waited = timeout(within, end.wait_for(Option::is_some)).await.ok()?;
        *waited.expect("the waiting thread reports the end")
    }
}

fn wait(mut child: Child, readers: [thread::JoinHandle<()>; 2], ended: &watch::Sender<Option<ExitStatus>>) {
    let status = child.wait().expect("a child can be waited for");
    readers.into_iter().for_each(|reader| drop(reader.join()));
    let _ = ended.send(Some(status));
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.end.borrow().is_none() {
            self.signal(Signal::KILL);
        }
    }
}

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    /// From the signal, or from the start of a command, to the end.
    pub took: Duration,
}

/// A command with a clean environment.
fn parlor_command(args: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
    let strangers = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("PARLOR_"));
    for name in strangers {
        command.env_remove(name);
    }
    command.args(args).envs(variables.iter().copied());
    command
}

/// Runs a command to its end.
pub async fn parlor(args: &[&str]) -> Ended {
    parlor_with(args, &[], "").await
}

/// Runs a command with environment variables and an input to its end.
pub async fn parlor_with(args: &[&str], variables: &[(&str, &str)], input: &str) -> Ended {
    let began = Instant::now();
    let mut process = Process::spawn(parlor_command(args, variables), input.as_bytes());
    let status = process.ended(END_WITHIN).await;
    let status = status.unwrap_or_else(|| panic!("`parlor {}` does not end: {}", args.join(" "), process.stderr()));
    let mut stdout = String::new();
    while let Ok(line) = process.stdout.try_recv() {
        stdout.push_str(&line);
        stdout.push('\n');
    }
    Ended { code: status.code(), stdout, stderr: process.stderr(), took: began.elapsed() }
}

/// How a server is started.
#[derive(Clone, Default)]
pub struct Start<'a> {
    pub args: &'a [&'a str],
    pub variables: &'a [(&'a str, &'a str)],
}

/// A server that serves.
pub struct Server {
    process: Process,
    /// The four lines it printed.
    pub lines: Vec<String>,
    /// `http://127.0.0.1:PORT`
    pub base: String,
    /// From the start of the program to its last line.
    pub took: Duration,
}

impl Server {
    /// Starts on this folder and a free port, and waits until it serves.
    pub async fn start(data: &Path) -> Self {
        Self::start_as(data, Start::default()).await
    }

    /// The same, with flags and variables.
    pub async fn start_as(data: &Path, how: Start<'_>) -> Self {
        Self::try_start(data, how).await.unwrap_or_else(|ended| panic!("the server does not start: {ended:?}"))
    }

    /// The same; a server that ends instead of serving is given back.
    pub async fn try_start(data: &Path, how: Start<'_>) -> Result<Self, Ended> {
        let began = Instant::now();
        let mut process = Self::spawn(data, &how);
        let mut lines = Vec::new();
        while lines.len() < 4 {
            match timeout(START_WITHIN, process.stdout.recv()).await {
                Ok(Some(line)) => lines.push(line),
                Ok(None) => {
                    let status = process.ended(END_WITHIN).await.expect("a server that closed its output ends");
                    let (stdout, stderr) = (lines.join("\n"), process.stderr());
                    return Err(Ended { code: status.code(), stdout, stderr, took: began.elapsed() });
                }
                Err(_) => panic!("the server neither serves nor ends:\n{}", process.stderr()),
            }
        }
        let base = lines[0].split_whitespace().last().expect("the first line ends with the address");
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { process, base, lines, took: began.elapsed() })
    }

    /// Starts without waiting for anything, and kills it after a moment.
    pub async fn kill_while_starting(data: &Path, after: Duration) {
        let mut process = Self::spawn(data, &Start::default());
        tokio::time::sleep(after).await;
        process.signal(Signal::KILL);
        process.ended(END_WITHIN).await.expect("a killed process ends");
    }

    fn spawn(data: &Path, how: &Start<'_>) -> Process {
        let data = data.to_str().expect("the folder's name is text");
        let mut args = vec!["serve", "--data", data, "--listen", "127.0.0.1:0"];
        args.extend_from_slice(how.args);
        Process::spawn(parlor_command(&args, how.variables), b"")
    }

    pub fn pid(&self) -> i32 {
        self.process.pid.as_raw_nonzero().get()
    }

    /// What was logged so far.
    pub fn log(&self) -> String {
        self.process.stderr()
    }

    /// The address without the scheme.
    pub fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// The token of the set-up link.
    pub fn set_up_token(&self) -> Option<&str> {
        self.lines[3].split("token=").nth(1)?.split_whitespace().next()
    }

    pub fn is_running(&self) -> bool {
        self.process.end.borrow().is_none()
    }

    /// SIGKILL: gone at once.
    pub async fn kill(mut self) {
        self.process.signal(Signal::KILL);
        self.process.ended(END_WITHIN).await.expect("a killed process ends");
    }

    /// SIGTERM, and its end.
    pub async fn stop(self) -> Ended {
        self.stop_by(Signal::TERM).await
    }

    /// A polite signal, and its end.
    pub async fn stop_by(self, signal: Signal) -> Ended {
        self.signal(signal);
        self.end().await
    }

    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Waits until it has ended by itself or by a signal sent before.
    pub async fn end(mut self) -> Ended {
        let began = Instant::now();
        let status = self.process.ended(END_WITHIN).await;
        let status = status.unwrap_or_else(|| panic!("the server does not stop:\n{}", self.process.stderr()));
        Ended {
            code: status.code(),
            stdout: self.lines.join("\n"),
            stderr: self.process.stderr(),
            took: began.elapsed(),
        }
    }
}

/// The whole content of a file, as text.
pub fn read(path: &Path) -> String {
    let mut text = String::new();
    std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text)).expect("the file can be read");
    text
}
