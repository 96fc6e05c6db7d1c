//! The answering side: bounded lines, bounded connections, an end that lets running requests finish.

use std::{fs, io, os::unix::fs::PermissionsExt, path::Path, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::watch,
    task::JoinSet,
    time::timeout,
};

use super::{ControlError, ControlReply, ControlRequest, REQUEST_MAX_BYTES, SocketPath};
use crate::folder::DataFolder;

/// How long a connection may stay silent, and how long it may take to accept a reply.
const SILENCE: Duration = Duration::from_secs(10);
/// How long requests may still run after the end was called.
const GRACE: Duration = Duration::from_secs(5);
/// How long to wait after an accept that failed, such as for want of file handles.
const BACK_OFF: Duration = Duration::from_millis(100);
/// Connections at once. Operators are few.
const CONNECTIONS: usize = 16;

/// Decides and does what a request asks.
type Handler = dyn Fn(ControlRequest) -> BoxFuture<'static, ControlReply> + Send + Sync;

/// The bound control socket. Dropping it removes the socket's file.
#[derive(Debug)]
pub struct ControlServer {
    listener: UnixListener,
    path: SocketPath,
}

impl ControlServer {
    /// Binds the socket, mode 0600. Holding the folder means that a socket found there is left over, so it is removed.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn bind(folder: &DataFolder) -> Result<Self, ControlError> {
        Self::bind_in(folder.path()).map_err(|cause| ControlError::Io { folder: folder.path().to_owned(), cause })
    }

    fn bind_in(folder: &Path) -> io::Result<Self> {
        let path = SocketPath::of(folder)?;
        match fs::remove_file(path.short()) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
            _ => {}
        }
        let listener = UnixListener::bind(path.short())?;
        let server = Self { listener, path };
        fs::set_permissions(server.path.short(), fs::Permissions::from_mode(0o600))?;
        Ok(server)
    }

    /// Answers until `shutdown` is done; then takes nothing new and gives running requests a few seconds.
    pub async fn serve<H>(self, handler: H, shutdown: impl Future<Output = ()>)
    where
        H: Fn(ControlRequest) -> BoxFuture<'static, ControlReply> + Send + Sync + 'static,
    {
        let handler: Arc<Handler> = Arc::new(handler);
        let (ending, ended) = watch::channel(());
        let mut connections = JoinSet::new();
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                Some(_) = connections.join_next() => {}
                accepted = self.listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                    Ok((stream, _)) => {
                        connections.spawn(converse(stream, handler.clone(), ended.clone()));
                    }
                    Err(cause) => {
                        tracing::warn!(%cause, "the control socket could not accept");
                        tokio::time::sleep(BACK_OFF).await;
                    }
                },
            }
        }
        drop(self);
        drop(ending);
        let finished = timeout(GRACE, async { while connections.join_next().await.is_some() {} });
        if finished.await.is_err() {
            connections.shutdown().await;
        }
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        // A file that stays is removed by the next start.
        let _ = fs::remove_file(self.path.short());
    }
}

/// Serves one connection, request after request, until it ends, falls silent, misbehaves, or the server ends.
async fn converse(stream: UnixStream, handler: Arc<Handler>, mut ended: watch::Receiver<()>) {
    let (reading, mut writing) = stream.into_split();
    let mut reading = BufReader::new(reading);
    loop {
        let line = tokio::select! {
            _ = ended.changed() => return,
            line = timeout(SILENCE, next_line(&mut reading)) => line,
        };
        let (reply, last) = match line {
            Ok(Ok(Line::Whole(line))) => (answer(&line, &handler).await, false),
            Ok(Ok(Line::TooLong)) => (refusal(&format!("a request may have {REQUEST_MAX_BYTES} bytes")), true),
            Ok(Ok(Line::End) | Err(_)) | Err(_) => return,
        };
        let sent = timeout(SILENCE, send(&mut writing, &reply)).await;
        if last || !matches!(sent, Ok(Ok(()))) {
            return;
        }
    }
}

enum Line {
    Whole(Vec<u8>),
    TooLong,
    End,
}

async fn next_line(reading: &mut (impl AsyncBufReadExt + Unpin)) -> io::Result<Line> {
    let mut line = Vec::new();
    reading.take(REQUEST_MAX_BYTES).read_until(b'\n', &mut line).await?;
    Ok(match line.last() {
        Some(b'\n') => Line::Whole(line),
        Some(_) if line.len() as u64 == REQUEST_MAX_BYTES => Line::TooLong,
        _ => Line::End,
    })
}

async fn answer(line: &[u8], handler: &Arc<Handler>) -> ControlReply {
    match serde_json::from_slice(line) {
        Ok(request) => handler(request).await,
        // The cause could quote a password.
        Err(_) => refusal("the request is not understood; use the parlor of the same version as the server"),
    }
}

fn refusal(message: &str) -> ControlReply {
    ControlReply::Error { message: message.to_owned() }
}

async fn send(writing: &mut (impl AsyncWriteExt + Unpin), reply: &ControlReply) -> io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    writing.write_all(&line).await
}
