//! Signs of life of a thread, and the watchdog that ends the process when there are none.

use super::{StoreResult, shared::Shared};
use std::{
    sync::{
        Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// No progress for this long ends the process; the next start recovers.
const STUCK_AFTER: Duration = Duration::from_secs(30);

/// Since when a thread has been busy with one thing.
pub(super) struct Pulse {
    start: Instant,
    /// Milliseconds since `start`, plus one; 0 = idle.
    busy_since: AtomicU64,
}

impl Default for Pulse {
    fn default() -> Self {
        Self { start: Instant::now(), busy_since: AtomicU64::new(0) }
    }
}

impl Pulse {
    /// Something began, or made progress.
    pub fn begin(&self) {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
        self.busy_since.store(now + 1, Ordering::Relaxed);
    }

    /// Nothing to do.
    pub fn end(&self) {
        self.busy_since.store(0, Ordering::Relaxed);
    }

    /// Whether there was no progress for that long.
    fn is_stuck(&self, limit: Duration) -> bool {
        let since = self.busy_since.load(Ordering::Relaxed);
        since > 0 && self.start.elapsed() > limit + Duration::from_millis(since - 1)
    }
}

/// Ends the process when the writer or the indexer makes no progress.
pub(super) fn watch(shared: Weak<Shared>) -> StoreResult<()> {
    super::spawn("watchdog", move || {
        while let Some(shared) = shared.upgrade() {
            for (name, pulse) in [("writer", &shared.writer_pulse), ("indexer", &shared.indexer_pulse)] {
                if pulse.is_stuck(STUCK_AFTER) {
                    shared.fatal(&format!(
                        "the {name} made no progress for {} s; start again to recover, nothing acknowledged is lost",
                        STUCK_AFTER.as_secs()
                    ));
                    return;
                }
            }
            drop(shared);
            std::thread::sleep(Duration::from_secs(1));
        }
    })
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_work_without_progress_is_stuck() {
        let pulse = Pulse { start: Instant::now() - Duration::from_secs(60), busy_since: AtomicU64::new(0) };
        assert!(!pulse.is_stuck(Duration::ZERO));
        pulse.busy_since.store(1, Ordering::Relaxed);
        assert!(pulse.is_stuck(STUCK_AFTER));
        pulse.begin();
        assert!(!pulse.is_stuck(STUCK_AFTER));
        pulse.end();
        assert!(!pulse.is_stuck(Duration::ZERO));
    }
}
