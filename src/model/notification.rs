//! What a person is told once, and keeps until it was seen.

use super::{AccountId, NotificationId, SalonId, SeatRole, Timestamp};
use serde::{Deserialize, Serialize};

/// Something that was decided about a person while they may have been away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    pub id: NotificationId,
    /// Who is told.
    pub account: AccountId,
    pub at: Timestamp,
    pub kind: NotificationKind,
    pub salon: SalonId,
    /// Kept, because the salon may be gone when it is read.
    pub salon_name: String,
    pub role: Option<SeatRole>,
    pub reason: Option<String>,
    /// Who decided; `None` for the operator.
    pub by: Option<AccountId>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotificationKind {
    RequestApproved,
    RequestRejected,
    OfferAccepted,
    OfferDeclined,
    /// The person was put out of their seat.
    SeatRemoved,
    SalonDeleted,
    /// The salon took the person's request out, undecided.
    RequestDeleted,
    /// The salon took an offer back: told to the person it was made to, and to who made it.
    OfferWithdrawn,
}

impl NotificationKind {
    /// The word used on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::RequestApproved => "request_approved",
            Self::RequestRejected => "request_rejected",
            Self::OfferAccepted => "offer_accepted",
            Self::OfferDeclined => "offer_declined",
            Self::SeatRemoved => "seat_removed",
            Self::SalonDeleted => "salon_deleted",
            Self::RequestDeleted => "request_deleted",
            Self::OfferWithdrawn => "offer_withdrawn",
        }
    }
}
