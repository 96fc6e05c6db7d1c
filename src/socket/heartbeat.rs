//! Whether the peer is still there: pings in a steady rhythm, any bytes at all as a sign of life.

use std::time::Duration;

use tokio::time::Instant;

/// Pings that nothing at all followed, after which the peer is gone.
const MOST_UNANSWERED: u8 = 2;

/// The pulse of one socket.
pub(super) struct Heartbeat {
    next: Instant,
    unanswered: u8,
}

/// What is to be done at a beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    NotYet,
    Ping,
    Dead,
}

impl Heartbeat {
    pub(super) fn new(now: Instant, every: Duration) -> Self {
        Self { next: now + every, unanswered: 0 }
    }

    /// When to look again.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// Bytes came.
    pub(super) fn heard(&mut self) {
        self.unanswered = 0;
    }

    /// To be asked when time has passed.
    pub(super) fn beat(&mut self, now: Instant, every: Duration) -> Beat {
        if now < self.next {
            return Beat::NotYet;
        }
        if self.unanswered >= MOST_UNANSWERED {
            return Beat::Dead;
        }
        self.unanswered += 1;
        self.next = now + every;
        Beat::Ping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(25);

    #[test]
    fn silence_after_two_pings_is_death() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(start, EVERY);
        assert_eq!(heartbeat.beat(start, EVERY), Beat::NotYet);
        assert_eq!(heartbeat.beat(start + EVERY, EVERY), Beat::Ping);
        assert_eq!(heartbeat.beat(start + EVERY * 2, EVERY), Beat::Ping);
        assert_eq!(heartbeat.beat(start + EVERY * 3, EVERY), Beat::Dead);
    }

    #[test]
    fn any_sign_of_life_starts_anew() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(start, EVERY);
        for beat in 1..10 {
            assert_eq!(heartbeat.beat(start + EVERY * beat, EVERY), Beat::Ping);
            if beat % 2 == 0 {
                heartbeat.heard();
            }
        }
    }
}
