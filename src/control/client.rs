//! The asking side. Blocking, since a command has nothing else to do.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use super::{ControlError, ControlReply, ControlRequest, REPLY_MAX_BYTES, REQUEST_MAX_BYTES, SocketPath};

/// Enough for hashing a password on a busy box.
const QUICK: Duration = Duration::from_secs(60);
/// Enough for reading and writing everything there is, on a slow disk.
const LONG: Duration = Duration::from_secs(6 * 3_600);

/// Asks the server that uses this folder and waits for its reply. `None`: no server listens there, so the caller may
/// open the folder itself (and is refused by its lock if a server is only just starting).
///
/// # Errors
/// [`ControlError`]: this user may not ask, or the server ended or did not answer in time.
pub fn call(data: &Path, request: &ControlRequest) -> Result<Option<ControlReply>, ControlError> {
    let failed = |cause| ControlError::Io { folder: data.to_owned(), cause };
    let Some(mut stream) = connect(data)? else { return Ok(None) };
    let mut line = serde_json::to_vec(request).map_err(|cause| failed(cause.into()))?;
    line.push(b'\n');
    if line.len() as u64 > REQUEST_MAX_BYTES {
        return Err(ControlError::TooLong);
    }
    stream.set_write_timeout(Some(QUICK)).map_err(failed)?;
    stream.set_read_timeout(Some(patience(request))).map_err(failed)?;
    stream.write_all(&line).map_err(ended_or(failed))?;

    let mut answer = Vec::new();
    BufReader::new(stream).take(REPLY_MAX_BYTES).read_until(b'\n', &mut answer).map_err(ended_or(failed))?;
    if answer.last() != Some(&b'\n') {
        return Err(ControlError::NoAnswer);
    }
    serde_json::from_slice(&answer).map(Some).map_err(|_| ControlError::Strange)
}

fn connect(data: &Path) -> Result<Option<UnixStream>, ControlError> {
    match SocketPath::of(data).and_then(|path| UnixStream::connect(path.short())) {
        Ok(stream) => Ok(Some(stream)),
        Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => Ok(None),
        Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => {
            Err(ControlError::Refused { folder: data.to_owned(), cause })
        }
        Err(cause) => Err(ControlError::Io { folder: data.to_owned(), cause }),
    }
}

fn patience(request: &ControlRequest) -> Duration {
    match request {
        ControlRequest::Backup { .. } | ControlRequest::Export { .. } | ControlRequest::Compact => LONG,
        _ => QUICK,
    }
}

/// A connection cut by the server's end is no fault of the socket.
fn ended_or(failed: impl Fn(io::Error) -> ControlError) -> impl Fn(io::Error) -> ControlError {
    move |cause| match cause.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => {
            ControlError::NoAnswer
        }
        _ => failed(cause),
    }
}
