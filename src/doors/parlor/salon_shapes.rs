//! The JSON of salons, seats, invitations and notifications: the same types for REST and for the event stream.

use super::shapes::PersonLite;
use crate::{
    model::{InvitationCard, NotificationCard, SalonCard, SeatCard, SeatRole},
    service::{Chair, SalonDetails, SalonLogCard},
};
use poem_openapi::{Enum, Object};
use serde::Serialize;
use uuid::Uuid;

/// A chair of a salon.
#[derive(Enum, Serialize, Clone, Copy, Debug, PartialEq, Eq)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum SeatName {
    Superuser,
    Admin,
    Seller,
    Mechanic,
}

impl From<SeatRole> for SeatName {
    fn from(role: SeatRole) -> Self {
        match role {
            SeatRole::Superuser => Self::Superuser,
            SeatRole::Admin => Self::Admin,
            SeatRole::Seller => Self::Seller,
            SeatRole::Mechanic => Self::Mechanic,
        }
    }
}

impl From<SeatName> for SeatRole {
    fn from(name: SeatName) -> Self {
        match name {
            SeatName::Superuser => Self::Superuser,
            SeatName::Admin => Self::Admin,
            SeatName::Seller => Self::Seller,
            SeatName::Mechanic => Self::Mechanic,
        }
    }
}

/// A salon as everybody sees it.
#[derive(Object, Serialize, Clone, Debug)]
pub struct SalonInfo {
    id: Uuid,
    name: String,
    location: String,
    created_at: String,
    superuser: Option<PersonLite>,
    /// Seats that can be asked for.
    vacant_roles: Vec<SeatName>,
}

impl From<SalonCard> for SalonInfo {
    fn from(card: SalonCard) -> Self {
        let SalonCard { salon, superuser, vacant } = card;
        Self {
            id: salon.id.uuid(),
            name: salon.name,
            location: salon.location,
            created_at: salon.created_at.to_string(),
            superuser: superuser.map(PersonLite::from),
            vacant_roles: vacant.into_iter().map(SeatName::from).collect(),
        }
    }
}

/// A salon as the caller sees it.
#[derive(Object, Clone, Debug)]
pub struct Salon {
    id: Uuid,
    name: String,
    location: String,
    created_at: String,
    superuser: Option<PersonLite>,
    /// Seats that can be asked for.
    vacant_roles: Vec<SeatName>,
    /// The caller's own seat.
    my_role: Option<SeatName>,
    /// The room of its seat holders; for them.
    staff_room: Option<Uuid>,
    may_change: bool,
    may_delete: bool,
    /// Whether the caller approves and rejects requests.
    may_decide: bool,
    may_read_log: bool,
    /// All four: superuser, admin, seller, mechanic.
    chairs: Vec<ChairInfo>,
}

impl From<SalonDetails> for Salon {
    fn from(details: SalonDetails) -> Self {
        let SalonDetails { card, my_role, may_change, may_delete, may_decide, may_read_log, chairs } = details;
        let staff_room = my_role.map(|_| card.salon.staff_room.uuid());
        let SalonInfo { id, name, location, created_at, superuser, vacant_roles } = card.into();
        Self {
            id,
            name,
            location,
            created_at,
            superuser,
            vacant_roles,
            my_role: my_role.map(SeatName::from),
            staff_room,
            may_change,
            may_delete,
            may_decide,
            may_read_log,
            chairs: chairs.into_iter().map(ChairInfo::from).collect(),
        }
    }
}

/// One of the four chairs. Who sits there is for the salon's own people; the superuser is known to everybody.
#[derive(Object, Clone, Debug)]
pub struct ChairInfo {
    role: SeatName,
    is_vacant: bool,
    /// To be named when the seat is given up or taken away.
    seat: Option<Uuid>,
    holder: Option<PersonLite>,
    since: Option<String>,
    /// Whether the caller may give it up or take it away.
    may_remove: bool,
    may_hand_over: bool,
}

impl From<Chair> for ChairInfo {
    fn from(chair: Chair) -> Self {
        let Chair { role, is_vacant, seat, holder, may_remove, may_hand_over } = chair;
        Self {
            role: role.into(),
            is_vacant,
            since: seat.as_ref().map(|card| card.seat.since.to_string()),
            seat: seat.map(|card| card.seat.id.uuid()),
            holder: holder.map(PersonLite::from),
            may_remove,
            may_hand_over,
        }
    }
}

/// A seat and who holds it.
#[derive(Object, Serialize, Clone, Debug)]
pub struct Seat {
    id: Uuid,
    salon: Uuid,
    role: SeatName,
    holder: PersonLite,
    since: String,
}

impl From<SeatCard> for Seat {
    fn from(card: SeatCard) -> Self {
        let SeatCard { seat, holder } = card;
        Self {
            id: seat.id.uuid(),
            salon: seat.salon.uuid(),
            role: seat.role.into(),
            holder: holder.into(),
            since: seat.since.to_string(),
        }
    }
}

/// A request for a seat, or the offer of one.
#[derive(Object, Serialize, Clone, Debug)]
pub struct Invitation {
    id: Uuid,
    salon: Uuid,
    salon_name: String,
    role: SeatName,
    /// `request`: the salon decides. `offer`: the person decides.
    kind: String,
    /// Who would sit.
    person: PersonLite,
    made_by: PersonLite,
    /// `pending`, `approved` or `rejected`.
    status: String,
    /// Why it was decided so, if somebody said why.
    reason: Option<String>,
    created_at: String,
    decided_at: Option<String>,
    decided_by: Option<PersonLite>,
    /// Whose seat it takes over.
    succeeds: Option<PersonLite>,
}

impl From<InvitationCard> for Invitation {
    fn from(card: InvitationCard) -> Self {
        let InvitationCard { invitation, salon_name, person, made_by, decided_by, succeeds } = card;
        let kind = invitation.kind().word().into();
        Self {
            id: invitation.id.uuid(),
            salon: invitation.salon.uuid(),
            salon_name,
            role: invitation.role.into(),
            kind,
            person: person.into(),
            made_by: made_by.into(),
            status: invitation.status.word().into(),
            created_at: invitation.created_at.to_string(),
            decided_at: invitation.decision.as_ref().map(|decision| decision.at.to_string()),
            reason: invitation.decision.and_then(|decision| decision.reason),
            decided_by: decided_by.map(PersonLite::from),
            succeeds: succeeds.map(PersonLite::from),
        }
    }
}

/// Something that was decided about the caller.
#[derive(Object, Serialize, Clone, Debug)]
pub struct Notification {
    id: Uuid,
    created_at: String,
    /// `request_approved`, `request_rejected`, `request_deleted`, `offer_accepted`, `offer_declined`, `offer_withdrawn`,
    /// `seat_removed` or `salon_deleted`.
    kind: String,
    salon: Uuid,
    salon_name: String,
    role: Option<SeatName>,
    reason: Option<String>,
    /// Null when the operator did it.
    by: Option<PersonLite>,
}

impl From<NotificationCard> for Notification {
    fn from(card: NotificationCard) -> Self {
        let NotificationCard { notification, by } = card;
        Self {
            id: notification.id.uuid(),
            created_at: notification.at.to_string(),
            kind: notification.kind.word().into(),
            salon: notification.salon.uuid(),
            salon_name: notification.salon_name,
            role: notification.role.map(SeatName::from),
            reason: notification.reason,
            by: by.map(PersonLite::from),
        }
    }
}

/// A line of a salon's log.
#[derive(Object, Clone, Debug)]
pub struct SalonLogLine {
    id: Uuid,
    at: String,
    /// Null when the operator did it.
    by: Option<PersonLite>,
    /// `founded`, `changed`, `offered`, `approved`, `rejected`, `accepted`, `declined`, `withdrawn`, `left`, `removed`,
    /// `handed_over` or `deleted`.
    action: String,
    role: Option<SeatName>,
    /// Whom it is about.
    person: Option<PersonLite>,
    reason: Option<String>,
}

impl From<SalonLogCard> for SalonLogLine {
    fn from(card: SalonLogCard) -> Self {
        let SalonLogCard { line, by, person } = card;
        Self {
            id: line.id.uuid(),
            at: line.at.to_string(),
            by: by.map(PersonLite::from),
            action: line.action.word().into(),
            role: line.role.map(SeatName::from),
            person: person.map(PersonLite::from),
            reason: line.reason,
        }
    }
}
