//! The numbers that bound one socket.

use std::time::Duration;

/// Limits and rhythms of every socket; made once and shared.
#[derive(Clone, Debug)]
pub struct SocketLimits {
    /// Longest incoming frame, in bytes of payload.
    pub frame_bytes: usize,
    /// Longest incoming message, over all its fragments.
    pub message_bytes: usize,
    /// Incoming frames a second in the long run, control frames included. 0 switches the limit off.
    pub frames_per_second: u32,
    /// Incoming frames that may come at once.
    pub frames_burst: u32,
    /// Requests that may be under way at once; reading pauses while so many are.
    pub in_flight: usize,
    /// Most bytes given to one write call.
    pub write_bytes: usize,
    /// Time between two pings; a socket is given up after two that were followed by nothing at all.
    pub heartbeat: Duration,
    /// Longest time in which a write may make no progress.
    pub write_stall: Duration,
    /// Longest time to write what is queued and the close frame once closing has begun.
    pub close_drain: Duration,
    /// Longest time to wait for the peer after the close frame was written.
    pub close_wait: Duration,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            frame_bytes: 64 << 10,
            message_bytes: 64 << 10,
            frames_per_second: 20,
            frames_burst: 100,
            in_flight: 64,
            write_bytes: 64 << 10,
            heartbeat: Duration::from_secs(25),
            write_stall: Duration::from_secs(30),
            close_drain: Duration::from_secs(5),
            close_wait: Duration::from_secs(2),
        }
    }
}
