//! Asking a server over its socket, and what a stranger on it gets.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::{fs::PermissionsExt, net::UnixStream},
};

use futures_util::FutureExt;
use tokio::sync::oneshot;

use super::*;
use crate::{
    config::Secret,
    folder::{DataFolder, WhenNew},
};

fn echo(request: ControlRequest) -> ControlReply {
    match request {
        ControlRequest::UserBlock { login } => ControlReply::Ok { lines: vec![login] },
        ControlRequest::UserResetPassword { password, .. } => {
            ControlReply::Ok { lines: vec![password.expose().len().to_string()] }
        }
        _ => ControlReply::Error { message: "no".to_owned() },
    }
}

/// A server on a new folder; runs until the sender is used or dropped.
struct Running {
    folder: DataFolder,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
    _above: tempfile::TempDir,
}

fn start_in(name: &str) -> Running {
    let above = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(&above.path().join(name), WhenNew::Create).unwrap();
    let server = ControlServer::bind(&folder).unwrap();
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(server.serve(|request| async move { echo(request) }.boxed(), async {
        let _ = stopped.await;
    }));
    Running { folder, stop, task, _above: above }
}

async fn ask(folder: &Path, request: ControlRequest) -> Result<Option<ControlReply>, ControlError> {
    let folder = folder.to_owned();
    tokio::task::spawn_blocking(move || call(&folder, &request)).await.unwrap()
}

fn block(login: &str) -> ControlRequest {
    ControlRequest::UserBlock { login: login.to_owned() }
}

#[tokio::test]
async fn a_running_server_answers_and_a_stopped_one_is_absent() {
    let running = start_in("data");
    let path = running.folder.path().to_owned();
    let socket = path.join(SOCKET);
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);

    let reply = ask(&path, block("anna")).await.unwrap();
    assert_eq!(reply, Some(ControlReply::Ok { lines: vec!["anna".to_owned()] }));
    let secret = ControlRequest::UserResetPassword { login: "anna".to_owned(), password: Secret::new("x".repeat(64)) };
    assert_eq!(ask(&path, secret).await.unwrap(), Some(ControlReply::Ok { lines: vec!["64".to_owned()] }));
    assert_eq!(
        ask(&path, ControlRequest::Status).await.unwrap(),
        Some(ControlReply::Error { message: "no".to_owned() })
    );

    running.stop.send(()).unwrap();
    running.task.await.unwrap();
    assert!(!socket.exists());
    assert!(ask(&path, block("anna")).await.unwrap().is_none());
}

#[tokio::test]
async fn folders_with_long_names_work() {
    let running = start_in(&format!("{}/{}", "a".repeat(120), "b".repeat(120)));
    let reply = ask(running.folder.path(), block("boris")).await.unwrap();
    assert_eq!(reply, Some(ControlReply::Ok { lines: vec!["boris".to_owned()] }));
}

#[tokio::test]
async fn a_socket_left_over_means_no_server_and_is_replaced() {
    let above = tempfile::tempdir().unwrap();
    let path = above.path().join("data");
    let folder = DataFolder::open(&path, WhenNew::Create).unwrap();
    // The standard library's listener leaves its file behind, as a killed server does.
    drop(std::os::unix::net::UnixListener::bind(path.join(SOCKET)).unwrap());
    assert!(ask(&path, block("anna")).await.unwrap().is_none());
    let _server = ControlServer::bind(&folder).unwrap();
}

#[tokio::test]
async fn no_folder_means_no_server() {
    assert!(ask(Path::new("/nowhere/at/all"), block("anna")).await.unwrap().is_none());
}

#[tokio::test]
async fn one_connection_serves_many_lines_and_survives_nonsense() {
    let running = start_in("data");
    let socket = running.folder.path().join(SOCKET);
    let replies = tokio::task::spawn_blocking(move || {
        let mut stream = UnixStream::connect(socket).unwrap();
        stream.write_all(b"{\"password\":\"hunter22\"}\n{\"request\":\"user_block\",\"login\":\"vera\"}\n").unwrap();
        BufReader::new(stream).lines().take(2).map(Result::unwrap).collect::<Vec<_>>()
    })
    .await
    .unwrap();
    assert!(replies[0].contains("not understood") && !replies[0].contains("hunter22"), "{replies:?}");
    assert_eq!(replies[1], "{\"reply\":\"ok\",\"lines\":[\"vera\"]}");
}

#[tokio::test]
async fn an_endless_line_is_refused_and_cut() {
    let running = start_in("data");
    let path = running.folder.path().to_owned();
    let socket = path.join(SOCKET);
    let reply = tokio::task::spawn_blocking(move || {
        let mut stream = UnixStream::connect(socket).unwrap();
        stream.write_all(&vec![b' '; REQUEST_MAX_BYTES as usize]).unwrap();
        let mut lines = BufReader::new(stream).lines();
        let first = lines.next().unwrap().unwrap();
        assert!(lines.next().is_none());
        first
    })
    .await
    .unwrap();
    assert!(reply.contains("65536 bytes"), "{reply}");
    assert!(matches!(ask(&path, block(&"x".repeat(70_000))).await, Err(ControlError::TooLong)));
}

#[tokio::test]
async fn a_request_that_runs_is_finished_at_the_end() {
    let above = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(&above.path().join("data"), WhenNew::Create).unwrap();
    let server = ControlServer::bind(&folder).unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let (entered, enter) = std::sync::mpsc::channel();
    let release = std::sync::Arc::new(tokio::sync::Notify::new());
    let gate = release.clone();
    let handler = move |_| {
        let (gate, entered) = (gate.clone(), entered.clone());
        async move {
            entered.send(()).unwrap();
            gate.notified().await;
            ControlReply::Ok { lines: vec![] }
        }
        .boxed()
    };
    let task = tokio::spawn(server.serve(handler, async {
        let _ = stopped.await;
    }));
    let path = folder.path().to_owned();
    let asking = tokio::spawn(async move { ask(&path, ControlRequest::Compact).await });
    tokio::task::spawn_blocking(move || enter.recv().unwrap()).await.unwrap();
    stop.send(()).unwrap();
    release.notify_one();
    task.await.unwrap();
    assert_eq!(asking.await.unwrap().unwrap(), Some(ControlReply::Ok { lines: vec![] }));
}
