//! Invitations in the marketplace's shape: a person asks for a seat, the salon decides.

use super::{Done, Tag};
use crate::{
    doors::shared::{Answer, Doors, Filter, Login, Page, PageQuery, page_of},
    http::{json_answer::JsonAnswer, json_body::JsonBody, optional_json::OptionalJson},
    model::{AccountId, Invitation, InvitationId, InvitationStatus, SalonId, SeatRole},
    service::{InvitationFilter, NewInvitation, Verdict},
};
use poem::web::Data;
use poem_openapi::{
    ApiResponse, Enum, Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;
use uuid::Uuid;

pub struct InvitationsApi;

/// A request for a seat, or the offer of one.
#[derive(Object, Serialize)]
pub(super) struct SalonInvitation {
    id: Uuid,
    /// Who would sit.
    user: Uuid,
    auto_salon: Uuid,
    /// `admin`, `seller` or `mechanic`; `superuser` when a salon is handed over.
    role: String,
    /// `pending`, `approved` or `rejected`.
    status: String,
    created_at: String,
}

impl From<Invitation> for SalonInvitation {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id.uuid(),
            user: invitation.person.uuid(),
            auto_salon: invitation.salon.uuid(),
            role: invitation.role.word().into(),
            status: invitation.status.word().into(),
            created_at: invitation.created_at.to_string(),
        }
    }
}

/// A seat that can be asked for.
#[derive(Enum)]
#[oai(rename_all = "lowercase")]
enum WantedSeat {
    Admin,
    Seller,
    Mechanic,
}

impl From<WantedSeat> for SeatRole {
    fn from(wanted: WantedSeat) -> Self {
        match wanted {
            WantedSeat::Admin => Self::Admin,
            WantedSeat::Seller => Self::Seller,
            WantedSeat::Mechanic => Self::Mechanic,
        }
    }
}

/// Ask for a seat, or as superuser or admin of the salon offer it to somebody.
#[derive(Object)]
struct NewSalonInvitation {
    auto_salon: Uuid,
    role: WantedSeat,
    /// Whom it is offered to; oneself when left out.
    user: Option<Uuid>,
}

/// Why it is decided so.
#[derive(Object)]
struct DecisionReason {
    reason: Option<String>,
}

/// What was done.
#[derive(Object, Serialize)]
struct Detail {
    detail: String,
}

/// What became of an invitation.
#[derive(Enum)]
#[oai(rename_all = "lowercase")]
enum InvitationStatusFilter {
    Pending,
    Approved,
    Rejected,
}

impl From<InvitationStatusFilter> for InvitationStatus {
    fn from(filter: InvitationStatusFilter) -> Self {
        match filter {
            InvitationStatusFilter::Pending => Self::Pending,
            InvitationStatusFilter::Approved => Self::Approved,
            InvitationStatusFilter::Rejected => Self::Rejected,
        }
    }
}

#[derive(ApiResponse)]
enum Invited {
    /// The new invitation.
    #[oai(status = 201)]
    Created(JsonAnswer<SalonInvitation>),
}

#[OpenApi(prefix_path = "/api/invitation_to_auto_salon", tag = "Tag::Salons")]
impl InvitationsApi {
    /// Invitations
    ///
    /// Newest first: one's own, those of salons where one is superuser or admin, all for a site administrator.
    #[oai(path = "/", method = "get", operation_id = "list_invitations")]
    async fn list(
        &self,
        doors: Data<&Doors>,
        login: Login,
        auto_salon: Query<Filter<Uuid>>,
        status: Query<Filter<InvitationStatusFilter>>,
        /// From 1.
        page: Query<Filter<u32>>,
        /// Entries of a page.
        size: Query<Filter<u32>>,
    ) -> Answer<JsonAnswer<Page<SalonInvitation>>> {
        let query = PageQuery::new(page.0.one(), size.0.one(), doors.service.config().limits.list_size_max)?;
        let filter = InvitationFilter {
            salon: auto_salon.0.one().map(SalonId::from_uuid),
            status: status.0.one().map(InvitationStatus::from),
        };
        let (found, total) = page_of(doors.service.invitations(login.actor(), filter)?, query);
        Ok(JsonAnswer(Page::new(query, total, found.into_iter().map(SalonInvitation::from).collect())))
    }

    /// Ask for a seat, or offer one
    ///
    /// A request is decided by the salon, an offer by the person. One may be pending for each person and salon.
    #[oai(path = "/", method = "post", operation_id = "create_invitation")]
    async fn create(&self, doors: Data<&Doors>, login: Login, body: JsonBody<NewSalonInvitation>) -> Answer<Invited> {
        let NewSalonInvitation { auto_salon, role, user } = body.0;
        let salon = SalonId::from_uuid(auto_salon);
        let new = NewInvitation { salon, role: role.into(), person: user.map(AccountId::from_uuid) };
        let card = doors.service.invite_to_salon(login.actor(), new).await?;
        Ok(Invited::Created(JsonAnswer(card.invitation.into())))
    }

    /// Approve
    ///
    /// A request: superuser or admin of the salon, or a site administrator. An offer: the person, who accepts it.
    #[oai(path = "/:id/approved", method = "patch", operation_id = "approve_invitation")]
    async fn approve(
        &self,
        doors: Data<&Doors>,
        login: Login,
        id: Path<Uuid>,
        body: OptionalJson<DecisionReason>,
    ) -> Answer<JsonAnswer<Detail>> {
        decide(&doors, &login, id.0, Verdict::Approve, body).await
    }

    /// Reject
    ///
    /// The same people.
    #[oai(path = "/:id/rejected", method = "patch", operation_id = "reject_invitation")]
    async fn reject(
        &self,
        doors: Data<&Doors>,
        login: Login,
        id: Path<Uuid>,
        body: OptionalJson<DecisionReason>,
    ) -> Answer<JsonAnswer<Detail>> {
        decide(&doors, &login, id.0, Verdict::Reject, body).await
    }

    /// Withdraw
    ///
    /// The same people, and whoever made it; only while it is pending. Whoever made it is told, unless they did it themself; of
    /// an offer that the salon takes back also the person it was made to.
    #[oai(path = "/delete/invitation/:id", method = "delete", operation_id = "withdraw_invitation")]
    async fn withdraw(&self, doors: Data<&Doors>, login: Login, id: Path<Uuid>) -> Answer<Done> {
        doors.service.withdraw_invitation(login.actor(), InvitationId::from_uuid(id.0)).await?;
        Ok(Done::Done)
    }
}

async fn decide(
    doors: &Doors,
    login: &Login,
    id: Uuid,
    verdict: Verdict,
    body: OptionalJson<DecisionReason>,
) -> Answer<JsonAnswer<Detail>> {
    let reason = body.0.and_then(|body| body.reason);
    let card = doors.service.decide(login.actor(), InvitationId::from_uuid(id), verdict, reason).await?;
    let (person, role, salon) = (card.person.display_name, card.invitation.role.word(), card.salon_name);
    let detail = match verdict {
        Verdict::Approve => format!("The invitation was approved: {person} is {role} of {salon}."),
        Verdict::Reject => "The invitation was rejected.".to_owned(),
    };
    Ok(JsonAnswer(Detail { detail }))
}
