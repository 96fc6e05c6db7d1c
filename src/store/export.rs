//! Everything that happened as JSON lines, without what was deleted or replaced and without secrets.

use super::{StoreError, StoreResult, codec, compact::without_replaced, journal, view::View};
use crate::model::{Entry, Event};
use std::io::{BufWriter, Write};

/// Writes one line for each entry, oldest first; gives back how many.
pub(super) fn export(
    records: impl Iterator<Item = Result<journal::Record, journal::JournalError>>,
    view: View<'_>,
    out: Box<dyn Write + Send>,
) -> StoreResult<u64> {
    let mut out = BufWriter::new(out);
    let mut lines = 0;
    for record in records {
        let record = record?;
        let Some(entry) = without_replaced(codec::decode_entry(&record.payload)?, view)? else { continue };
        let Some(line) = line(record.seq, entry)? else { continue };
        writeln!(out, "{line}").map_err(StoreError::io("export"))?;
        lines += 1;
    }
    out.flush().map_err(StoreError::io("export"))?;
    Ok(lines)
}

fn line(seq: u64, entry: Entry) -> StoreResult<Option<serde_json::Value>> {
    let events: Vec<Event> = entry.events.into_iter().filter_map(without_secrets).collect();
    if events.is_empty() {
        return Ok(None);
    }
    let unwritable = |error: serde_json::Error| StoreError::Codec(error.to_string());
    let actor = serde_json::to_value(entry.actor).map_err(unwritable)?;
    let events = serde_json::to_value(events).map_err(unwritable)?;
    Ok(Some(serde_json::json!({ "seq": seq, "at": entry.at.to_string(), "actor": actor, "events": events })))
}

fn without_secrets(mut event: Event) -> Option<Event> {
    match &mut event {
        Event::SessionStarted(_) | Event::SessionRefreshed { .. } | Event::InviteCodeSaved(_) => return None,
        Event::AccountRegistered(account) | Event::AccountChanged { account, .. } => account.password_hash = None,
        _ => {}
    }
    Some(event)
}
