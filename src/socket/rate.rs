//! How many frames a peer may send: so many at once, so many a second in the long run.

use std::time::Duration;

use tokio::time::Instant;

/// Remembers one moment only: when the peer's allowance would be whole again.
pub(super) struct Rate {
    whole_again: Instant,
}

/// Whether the frames are within the allowance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Allowance {
    Within,
    Exceeded,
}

impl Rate {
    pub(super) fn new(now: Instant) -> Self {
        Self { whole_again: now }
    }

    /// Counts `frames` that came by `now`. `per_second` 0 allows everything.
    pub(super) fn count(&mut self, frames: u32, now: Instant, per_second: u32, burst: u32) -> Allowance {
        if per_second == 0 || frames == 0 {
            return Allowance::Within;
        }
        let each = Duration::from_secs(1) / per_second;
        self.whole_again = self.whole_again.max(now) + each * frames;
        if self.whole_again > now + each * burst { Allowance::Exceeded } else { Allowance::Within }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_only_the_rate() {
        let start = Instant::now();
        let mut rate = Rate::new(start);
        for _ in 0..100 {
            assert_eq!(rate.count(1, start, 20, 100), Allowance::Within);
        }
        assert_eq!(rate.count(1, start, 20, 100), Allowance::Exceeded);
        let mut rate = Rate::new(start);
        assert_eq!(rate.count(100, start, 20, 100), Allowance::Within);
        for second in 1..50 {
            let now = start + Duration::from_secs(second);
            assert_eq!(rate.count(20, now, 20, 100), Allowance::Within);
        }
        assert_eq!(rate.count(1, start + Duration::from_secs(49), 20, 100), Allowance::Exceeded);
    }

    #[test]
    fn rest_restores_the_burst_and_no_more() {
        let start = Instant::now();
        let mut rate = Rate::new(start);
        assert_eq!(rate.count(100, start, 20, 100), Allowance::Within);
        let later = start + Duration::from_secs(3600);
        assert_eq!(rate.count(101, later, 20, 100), Allowance::Exceeded);
    }

    #[test]
    fn without_a_rate_everything_passes() {
        let now = Instant::now();
        assert_eq!(Rate::new(now).count(u32::MAX, now, 0, 0), Allowance::Within);
    }
}
