//! Free space on the disk of the data folder, asked for rarely and tracked in between.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// How long an answer of the file system is believed.
const BELIEVED_FOR: Duration = Duration::from_millis(250);

/// Keeps a floor of free space, so that deleting still works when the disk is full.
pub struct FreeSpace {
    folder: PathBuf,
    floor_bytes: u64,
    known: Option<(Instant, u64, u64)>,
    was_low: bool,
}

impl FreeSpace {
    /// Watches the file system of `folder`.
    pub fn new(folder: PathBuf, floor_bytes: u64) -> Self {
        Self { folder, floor_bytes, known: None, was_low: false }
    }

    /// Accounts for bytes written since the file system was asked.
    pub fn used(&mut self, bytes: u64) {
        if let Some((_, free, _)) = &mut self.known {
            *free = free.saturating_sub(bytes);
        }
    }

    /// The disk has just refused to give more.
    pub fn note_full(&mut self) {
        let total = self.known.map_or(u64::MAX, |(_, _, total)| total);
        self.known = Some((Instant::now(), 0, total));
    }

    /// Whether less than the floor is left. On a small file system the floor is a sixteenth of it. An unreadable
    /// file system counts as having room: the write itself will tell.
    pub fn is_low(&mut self) -> bool {
        if self.known.is_none_or(|(asked, ..)| asked.elapsed() > BELIEVED_FOR) {
            self.known = free_and_total(&self.folder).map(|(free, total)| (Instant::now(), free, total));
        }
        let low = self.known.is_some_and(|(_, free, total)| free < fitting(self.floor_bytes, total));
        if low != self.was_low {
            self.was_low = low;
            if low {
                tracing::error!(folder = %self.folder.display(), "the disk is nearly full: writes are refused, reading and deleting go on");
            } else {
                tracing::info!("there is room on the disk again: writes are accepted");
            }
        }
        low
    }
}

/// The floor of free space as it is meant for this file system: on a small one a sixteenth of it.
pub fn floor_on(folder: &std::path::Path, floor_bytes: u64) -> u64 {
    free_and_total(folder).map_or(floor_bytes, |(_, total)| fitting(floor_bytes, total))
}

fn fitting(floor_bytes: u64, total_bytes: u64) -> u64 {
    floor_bytes.min(total_bytes / 16)
}

pub(super) fn free_and_total(folder: &std::path::Path) -> Option<(u64, u64)> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    Some((stat.f_bavail.saturating_mul(stat.f_frsize), stat.f_blocks.saturating_mul(stat.f_frsize)))
}
