//! What may be dropped from the journal: whatever a later event replaced or took back. Sequences never change, so a
//! socket can resume across a compaction. The invariant: replaying what is left gives exactly the same index.

use super::{StoreError, StoreResult, codec, journal, view::View};
use crate::model::{Account, Entry, Event, Membership, Message, Room};
use std::path::Path;

/// Neighbouring segments are joined up to this size.
const SEGMENT_BYTES: u64 = 16 << 20;

/// What a compaction did.
#[derive(Debug, Default, Clone, Copy)]
pub struct Report {
    pub bytes_before: u64,
    pub bytes_after: u64,
}

/// Rewrites every sealed segment without what `view` shows to be replaced or deleted.
///
/// Oldest first: after a stop in between, an event that takes something back is still there as long as what it takes
/// back may be. The view may become newer meanwhile: what it shows comes from entries that are in the journal already.
pub(super) fn compact_journal(folder: &Path, view: View<'_>, is_stopping: impl Fn() -> bool) -> StoreResult<Report> {
    let mut report = Report::default();
    for segment in journal::segments(folder)?.into_iter().filter(|segment| segment.sealed) {
        let mut failed = None;
        // What was dropped before a failure was rightly dropped; the rest stays.
        let sizes = journal::rewrite(folder, segment.first_seq, |record| {
            if failed.is_none() && is_stopping() {
                failed = Some(StoreError::Stopped);
            }
            if failed.is_some() {
                return journal::Rewrite::Keep;
            }
            keep(&record.payload, view).unwrap_or_else(|error| {
                failed = Some(error);
                journal::Rewrite::Keep
            })
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        report.bytes_before += sizes.bytes_before;
        report.bytes_after += sizes.bytes_after;
    }
    journal::merge(folder, SEGMENT_BYTES)?;
    Ok(report)
}

fn keep(payload: &[u8], view: View<'_>) -> StoreResult<journal::Rewrite> {
    let entry = codec::decode_entry(payload)?;
    let Some(kept) = without_replaced(entry.clone(), view)? else { return Ok(journal::Rewrite::Drop) };
    if kept == entry {
        return Ok(journal::Rewrite::Keep);
    }
    codec::encode_entry(&kept).map(journal::Rewrite::Replace)
}

/// An entry without what later ones replaced or took back; `None` when nothing is left of it.
pub(super) fn without_replaced(entry: Entry, view: View<'_>) -> StoreResult<Option<Entry>> {
    let mut events = Vec::with_capacity(entry.events.len());
    for event in entry.events {
        events.extend(still_needed(event, view)?);
    }
    Ok((!events.is_empty()).then_some(Entry { events, ..entry }))
}

fn still_needed(event: Event, view: View<'_>) -> StoreResult<Option<Event>> {
    let needed = match &event {
        Event::AccountRegistered(account) | Event::AccountChanged { account, .. } => is_current_account(account, view)?,
        Event::SessionStarted(session) => {
            view.session(session.id)?.is_some_and(|current| current.account == session.account)
        }
        Event::SessionRefreshed { session, generation, .. } => {
            view.session(*session)?.is_some_and(|current| current.generation == *generation)
        }
        Event::SessionEnded { .. } | Event::InviteCodeRemoved { .. } | Event::FileRemoved { .. } => false,
        Event::InviteCodeSaved(code) => view.invite_code(code.id)?.as_ref() == Some(code),
        Event::RoomOpened(room) | Event::RoomChanged(room) => is_current_room(room, view)?,
        Event::RoomDeleted { .. } => false,
        Event::MemberJoined(membership) | Event::MemberChanged(membership) => is_current_member(membership, view)?,
        // Kept while the room is there: it also takes back the read mark.
        Event::MemberLeft { room, .. } => view.room(*room)?.is_some(),
        Event::MessagePosted(message) => return posted(message, view),
        // The text too: two edits of one group have the same time.
        Event::MessageEdited { room, seq, body, at, .. } => {
            let is_current = |current: Message| current.edited_at == Some(*at) && current.body == *body;
            view.message(*room, *seq)?.is_some_and(|current| current.retracted.is_none() && is_current(current))
        }
        Event::MessageRetracted { room, seq, .. } => view.message(*room, *seq)?.is_some(),
        Event::ReadMarkMoved { room, account, seq, at } => {
            view.read_mark(*room, *account)?.is_some_and(|mark| mark.read == *seq && mark.read_at == *at)
        }
        Event::HistorySkipped { room, account, seq } => {
            view.read_mark(*room, *account)?.is_some_and(|mark| mark.seq == *seq)
        }
        Event::FileStored(file) => view.file(file.id)?.as_ref() == Some(file),
        Event::SalonOpened(salon) | Event::SalonChanged(salon) => view.salon(salon.id)?.as_ref() == Some(salon),
        Event::SeatFilled(seat) => view.seat(seat.salon, seat.role)?.as_ref() == Some(seat),
        Event::InvitationMade(invitation) | Event::InvitationDecided(invitation) => {
            view.invitation(invitation.id)?.as_ref() == Some(invitation)
        }
        Event::SalonDeleted { .. }
        | Event::SeatVacated { .. }
        | Event::InvitationRemoved { .. }
        | Event::NotificationSeen { .. } => false,
        // Who decided what is remembered, also when the salon is gone.
        Event::SalonLogged(_) => true,
        Event::NotificationRaised(raised) => view.notification(raised.account, raised.id)?.as_ref() == Some(raised),
    };
    Ok(needed.then_some(event))
}

fn is_current_account(account: &Account, view: View<'_>) -> StoreResult<bool> {
    Ok(view.account(account.id)?.as_ref() == Some(account))
}

fn is_current_room(room: &Room, view: View<'_>) -> StoreResult<bool> {
    Ok(view.room(room.id)?.as_ref() == Some(room))
}

fn is_current_member(membership: &Membership, view: View<'_>) -> StoreResult<bool> {
    Ok(view.membership(membership.room, membership.account)?.as_ref() == Some(membership))
}

/// A posted message without a text or a file that it no longer has: what took them away supplies the rest. Gone with
/// its room.
fn posted(message: &Message, view: View<'_>) -> StoreResult<Option<Event>> {
    let current = view.message(message.room, message.seq)?.filter(|current| current.id == message.id);
    Ok(current.map(|current| {
        let mut kept = message.clone();
        if kept.body != current.body {
            kept.body.clear();
        }
        if kept.file != current.file {
            kept.file = None;
        }
        Event::MessagePosted(kept)
    }))
}
