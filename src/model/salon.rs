//! Salons, the seats in them and how people come to sit there.

use super::{AccountId, InvitationId, RoomId, SalonId, SalonLogId, SeatId, Timestamp};
use serde::{Deserialize, Serialize};

/// A car dealer or workshop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Salon {
    pub id: SalonId,
    pub name: String,
    pub location: String,
    pub created_by: AccountId,
    pub created_at: Timestamp,
    /// Its members are the salon's seat holders.
    pub staff_room: RoomId,
}

/// The four chairs of a salon (contracts.md, "People and roles").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SeatRole {
    /// Who founded the salon, or took it over.
    Superuser,
    Admin,
    Seller,
    Mechanic,
}

impl SeatRole {
    /// In the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Superuser, Self::Admin, Self::Seller, Self::Mechanic];

    /// The word used on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Superuser => "superuser",
            Self::Admin => "admin",
            Self::Seller => "seller",
            Self::Mechanic => "mechanic",
        }
    }

    /// The role of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

/// That somebody holds a seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    pub id: SeatId,
    pub salon: SalonId,
    pub role: SeatRole,
    pub holder: AccountId,
    pub since: Timestamp,
}

/// A seat as its holder's account remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldSeat {
    pub salon: SalonId,
    pub role: SeatRole,
}

/// A person asks for a seat, or the salon offers one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    pub id: InvitationId,
    pub salon: SalonId,
    pub role: SeatRole,
    /// Who would sit.
    pub person: AccountId,
    /// The person for a request; superuser or admin of the salon for an offer.
    pub made_by: AccountId,
    /// Whose seat it would take over; `None` for a vacant one.
    pub succeeds: Option<AccountId>,
    pub status: InvitationStatus,
    pub created_at: Timestamp,
    pub decision: Option<Decision>,
}

impl Invitation {
    /// Whether the person asked, or the salon offered.
    pub fn kind(&self) -> InvitationKind {
        if self.person == self.made_by { InvitationKind::Request } else { InvitationKind::Offer }
    }

    /// Nobody has decided yet.
    pub fn is_pending(&self) -> bool {
        self.status == InvitationStatus::Pending
    }
}

/// Who began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitationKind {
    /// The salon decides.
    Request,
    /// The person decides.
    Offer,
}

impl InvitationKind {
    /// The word used on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Offer => "offer",
        }
    }
}

/// What became of an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InvitationStatus {
    Pending,
    Approved,
    Rejected,
}

impl InvitationStatus {
    /// The word used on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

/// Who decided, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub by: AccountId,
    pub at: Timestamp,
    pub reason: Option<String>,
}

/// A line of a salon's log: who decided what. It outlives the salon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalonLogLine {
    pub id: SalonLogId,
    pub salon: SalonId,
    pub at: Timestamp,
    /// `None` for the operator on the command line.
    pub by: Option<AccountId>,
    pub action: SalonAction,
    /// The seat it is about.
    pub role: Option<SeatRole>,
    /// Whom it is about.
    pub person: Option<AccountId>,
    pub reason: Option<String>,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SalonAction {
    Founded,
    Changed,
    Offered,
    Approved,
    Rejected,
    Accepted,
    Declined,
    /// Gave up a seat.
    Left,
    /// Was put out of a seat.
    Removed,
    /// A seat went to a successor.
    HandedOver,
    Deleted,
    /// An invitation was taken back before anybody had decided.
    Withdrawn,
}

impl SalonAction {
    /// The word used on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Founded => "founded",
            Self::Changed => "changed",
            Self::Offered => "offered",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Left => "left",
            Self::Removed => "removed",
            Self::HandedOver => "handed_over",
            Self::Deleted => "deleted",
            Self::Withdrawn => "withdrawn",
        }
    }
}
