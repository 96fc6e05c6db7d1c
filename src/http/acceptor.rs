//! Accepts TCP connections for the server: without Nagle's delay, within the caps, and under guard.
//!
//! It never fails and never spins: poem's server would ask again at once after an error.

use std::{io, net::IpAddr, time::Duration};

use poem::{
    http::uri::Scheme,
    listener::Acceptor,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{Instant, sleep},
};

use super::{
    guard::{Guarded, Pace},
    proxies::TrustedProxies,
    slots::Slots,
};

/// What an excess connection hears, if its client still listens.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n";
const BACK_OFF: Duration = Duration::from_millis(100);
const COMPLAIN_EVERY: Duration = Duration::from_secs(10);

/// The caps and times of connections.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// Open connections in all.
    pub max_total: usize,
    /// Open connections of one address (of one /64 network in IPv6).
    pub max_per_address: usize,
    /// Proxies that stand for many people: no cap per address.
    pub exempt: TrustedProxies,
    /// How long a connection may take for what.
    pub pace: Pace,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self { max_total: 12_000, max_per_address: 200, exempt: TrustedProxies::default(), pace: Pace::default() }
    }
}

/// A poem acceptor over a bound listener.
pub struct GuardedAcceptor {
    listener: TcpListener,
    local_address: LocalAddr,
    slots: Slots,
    pace: Pace,
    complaint: Complaint,
}

impl GuardedAcceptor {
    /// Takes over a bound listener. Fails only when its own address cannot be read.
    pub fn new(listener: TcpListener, limits: ConnectionLimits) -> io::Result<Self> {
        let local_address = LocalAddr(listener.local_addr()?.into());
        let slots = Slots::new(limits.max_total, limits.max_per_address, limits.exempt);
        Ok(Self { listener, local_address, slots, pace: limits.pace, complaint: Complaint::default() })
    }

    /// The book of open connections, for figures.
    pub fn slots(&self) -> Slots {
        self.slots.clone()
    }

    fn admit(&self, stream: TcpStream, peer: IpAddr) -> Option<Guarded<TcpStream>> {
        let Some(slot) = self.slots.take(peer) else {
            // Best effort: the socket is fresh, so these few bytes fit or the client is gone.
            let _ = stream.try_write(FULL);
            tracing::debug!(open = self.slots.open(), "connection refused: a cap is reached");
            return None;
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY not set");
        }
        Some(Guarded::new(stream, self.pace, slot))
    }
}

impl Acceptor for GuardedAcceptor {
    type Io = Guarded<TcpStream>;

    fn local_addr(&self) -> Vec<LocalAddr> {
        vec![self.local_address.clone()]
    }

    async fn accept(&mut self) -> io::Result<(Self::Io, LocalAddr, RemoteAddr, Scheme)> {
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    if let Some(io) = self.admit(stream, peer.ip()) {
                        return Ok((io, self.local_address.clone(), RemoteAddr(peer.into()), Scheme::HTTP));
                    }
                }
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => {
                    if self.complaint.is_due(Instant::now()) {
                        let open = self.slots.open();
                        tracing::warn!(%error, open, "cannot accept connections; trying again every 100 ms");
                    }
                    sleep(BACK_OFF).await;
                }
            }
        }
    }
}

/// Whether the client went away before it was accepted, as opposed to a lack of handles or memory.
fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}

/// Keeps a repeated complaint to one line in ten seconds.
#[derive(Default)]
struct Complaint {
    last: Option<Instant>,
}

impl Complaint {
    fn is_due(&mut self, now: Instant) -> bool {
        let due = self.last.is_none_or(|last| now.duration_since(last) >= COMPLAIN_EVERY);
        if due {
            self.last = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lack_of_handles_is_no_matter_of_one_connection() {
        assert!(!concerns_one_connection(&rustix::io::Errno::MFILE.into()));
        assert!(!concerns_one_connection(&rustix::io::Errno::NFILE.into()));
        assert!(concerns_one_connection(&rustix::io::Errno::CONNABORTED.into()));
    }

    #[test]
    fn complaints_are_ten_seconds_apart() {
        let start = Instant::now();
        let mut complaint = Complaint::default();
        assert!(complaint.is_due(start));
        assert!(!complaint.is_due(start + Duration::from_millis(9_999)));
        assert!(complaint.is_due(start + Duration::from_secs(10)));
    }
}
