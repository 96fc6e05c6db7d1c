//! What has to be done now and then: sessions and codes that expired, files that nobody names, compaction.

use super::{Service, sessions::has_expired};
use crate::model::{Event, Result};
use std::time::Duration;

/// A file without a record is only removed when no upload can still be on its way to one.
const ORPHAN_AGE: Duration = Duration::from_secs(86_400);
/// Expired things ended in one mutation.
const BATCH: usize = 500;

impl Service {
    /// Ends what expired. Cheap; to be done every few minutes.
    pub async fn expire(&self) -> Result<()> {
        let now = self.now();
        let snapshot = self.store.snapshot();
        let sessions: Vec<_> =
            snapshot.view().sessions()?.into_iter().filter(|session| has_expired(session, now)).take(BATCH).collect();
        let codes: Vec<_> =
            snapshot.view().invite_codes()?.into_iter().filter(|code| code.expires_at <= now).take(BATCH).collect();
        drop(snapshot);
        if sessions.is_empty() && codes.is_empty() {
            return Ok(());
        }
        self.store
            .commit(None, move |tx| {
                for session in sessions {
                    tx.emit(Event::SessionEnded { session: session.id, account: session.account })?;
                }
                for code in codes {
                    tx.emit(Event::InviteCodeRemoved { code: code.id })?;
                }
                Ok(())
            })
            .await
    }

    /// Removes from the disk what was deleted, and files that no record names. To be done once a day.
    pub async fn clean_up(&self) -> Result<String> {
        let report = self.store.compact().await?;
        let store = std::sync::Arc::clone(&self.store);
        let known = move |id| store.snapshot().view().file(id).map_or(true, |file| file.is_some());
        let swept = self.store.sweep_blobs(known, ORPHAN_AGE).await?;
        Ok(format!(
            "journal {} -> {} bytes, index written afresh, {} orphaned files removed",
            report.bytes_before, report.bytes_after, swept.files
        ))
    }

    /// What goes on by itself, forever.
    pub async fn run_upkeep(&self) {
        let mut tick = tokio::time::interval(Duration::from_millis(500));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let mut until_expiry = 0u32;
        loop {
            tick.tick().await;
            self.hub.tick();
            until_expiry = until_expiry.checked_sub(1).unwrap_or(600);
            if until_expiry == 0
                && let Err(error) = self.expire().await
            {
                tracing::warn!(cause = %error, "expired sessions were not ended");
            }
        }
    }

    /// Cleans up once in `compact_every_secs`, forever.
    pub async fn run_clean_up(&self) {
        let every = Duration::from_secs(self.config.compact_every_secs.max(1));
        loop {
            tokio::time::sleep(every).await;
            match self.clean_up().await {
                Ok(report) => tracing::info!("cleaned up: {report}"),
                Err(error) => tracing::error!(cause = %error, "cleaning up failed; it is tried again later"),
            }
        }
    }
}
