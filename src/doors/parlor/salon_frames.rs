//! The frames of the event stream that speak of salons, seats, invitations and notifications.

use super::salon_shapes::{Invitation, Notification, SalonInfo, Seat};
use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

/// A salon was founded.
#[derive(Object, Serialize, Debug)]
pub struct SalonCreated {
    pub salon: SalonInfo,
    pub position: Option<String>,
}

/// A salon's name, location or vacant seats changed.
#[derive(Object, Serialize, Debug)]
pub struct SalonUpdated {
    pub salon: SalonInfo,
    pub position: Option<String>,
}

/// A salon is gone, and with it its seats, invitations and staff room.
#[derive(Object, Serialize, Debug)]
pub struct SalonDeleted {
    pub salon: Uuid,
    pub position: Option<String>,
}

/// Somebody sits on a seat now. For the salon's own people and site administrators.
#[derive(Object, Serialize, Debug)]
pub struct SeatFilled {
    pub seat: Seat,
    pub position: Option<String>,
}

/// Somebody sits there no longer.
#[derive(Object, Serialize, Debug)]
pub struct SeatVacated {
    pub seat: Seat,
    pub position: Option<String>,
}

/// A request or an offer was made. For those who may see it.
#[derive(Object, Serialize, Debug)]
pub struct InvitationCreated {
    pub invitation: Invitation,
    pub position: Option<String>,
}

/// It was decided.
#[derive(Object, Serialize, Debug)]
pub struct InvitationUpdated {
    pub invitation: Invitation,
    pub position: Option<String>,
}

/// It was withdrawn, or its salon is gone.
#[derive(Object, Serialize, Debug)]
pub struct InvitationDeleted {
    pub invitation: Uuid,
    pub position: Option<String>,
}

/// Something was decided about oneself; kept until it was seen.
#[derive(Object, Serialize, Debug)]
pub struct NotificationCreated {
    pub notification: Notification,
    pub position: Option<String>,
}

/// It was seen, perhaps in another window.
#[derive(Object, Serialize, Debug)]
pub struct NotificationSeen {
    pub notification: Uuid,
    pub position: Option<String>,
}
