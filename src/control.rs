//! How the command line speaks to a running server: one JSON request a line over a Unix socket in the data folder, one
//! JSON reply a line. Who may enter the folder may ask. What a request does is decided by the handler given.

mod client;
mod protocol;
mod server;

use std::{
    fs::File,
    io,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
};

pub use self::{
    client::call,
    protocol::{ControlReply, ControlRequest},
    server::ControlServer,
};
use crate::folder::SOCKET;

/// Bytes of the longest request.
const REQUEST_MAX_BYTES: u64 = 64 * 1024;
/// Bytes of the longest reply: a list of all accounts.
const REPLY_MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Why a running server could not be asked: the cause, then what to do.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    #[error("the control socket in {folder}: {cause}; run the command as the user that runs the server")]
    Refused { folder: PathBuf, cause: io::Error },
    #[error("the server ended before it answered; look into its log and try again")]
    NoAnswer,
    #[error("the server gave an answer that this parlor does not understand; use the version that the server has")]
    Strange,
    #[error("the request is longer than {REQUEST_MAX_BYTES} bytes; shorten it")]
    TooLong,
    #[error("the control socket in {folder}: {cause}")]
    Io { folder: PathBuf, cause: io::Error },
}

/// The socket by way of the open folder: the address of a Unix socket has 107 bytes, the name of a folder may have more.
#[derive(Debug)]
struct SocketPath {
    folder: File,
}

impl SocketPath {
    fn of(folder: &Path) -> io::Result<Self> {
        File::open(folder).map(|folder| Self { folder })
    }

    /// Valid as long as `self` lives.
    fn short(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", self.folder.as_raw_fd()))
    }
}

#[cfg(test)]
#[path = "control/tests.rs"]
mod tests;
