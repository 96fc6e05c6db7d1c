//! Requests and offers with the names in them, and what a person was told about theirs.

use super::{
    Tag,
    salon_shapes::{Invitation, Notification},
    sessions::Done,
};
use crate::{
    doors::shared::{Answer, Doors, Filter, Login, Page, PageQuery},
    model::{InvitationStatus, NotificationId, SalonId},
    service::InvitationFilter,
};
use poem::web::Data;
use poem_openapi::{
    Enum, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use uuid::Uuid;

pub struct InvitationsApi;

/// What became of an invitation.
#[derive(Enum)]
#[oai(rename_all = "lowercase")]
enum StatusFilter {
    Pending,
    Approved,
    Rejected,
}

impl From<StatusFilter> for InvitationStatus {
    fn from(filter: StatusFilter) -> Self {
        match filter {
            StatusFilter::Pending => Self::Pending,
            StatusFilter::Approved => Self::Approved,
            StatusFilter::Rejected => Self::Rejected,
        }
    }
}

#[OpenApi(prefix_path = "/api", tag = "Tag::Invitations")]
impl InvitationsApi {
    /// Requests and offers with names
    ///
    /// Newest first: one's own, those of salons where one is superuser or admin, all for a site administrator.
    #[oai(path = "/invitations", method = "get", operation_id = "list_invitations_with_names")]
    async fn list(
        &self,
        doors: Data<&Doors>,
        login: Login,
        salon: Query<Filter<Uuid>>,
        status: Query<Filter<StatusFilter>>,
        /// From 1.
        page: Query<Filter<u32>>,
        /// Entries of a page.
        size: Query<Filter<u32>>,
    ) -> Answer<Json<Page<Invitation>>> {
        let query = PageQuery::new(page.0.one(), size.0.one(), doors.service.config().limits.list_size_max)?;
        let filter = InvitationFilter {
            salon: salon.0.one().map(SalonId::from_uuid),
            status: status.0.one().map(InvitationStatus::from),
        };
        let (found, total) = doors.service.invitation_cards(login.actor(), filter, query.skip(), query.take())?;
        Ok(Json(Page::new(query, total, found.into_iter().map(Invitation::from).collect())))
    }

    /// What one has not seen yet
    ///
    /// Newest first.
    #[oai(path = "/notifications", method = "get", operation_id = "list_notifications")]
    async fn notifications(&self, doors: Data<&Doors>, login: Login) -> Answer<Json<Vec<Notification>>> {
        let unseen = doors.service.notifications(login.actor())?;
        Ok(Json(unseen.into_iter().map(Notification::from).collect()))
    }

    /// Mark all as seen
    #[oai(path = "/notifications", method = "delete", operation_id = "see_all_notifications")]
    async fn see_all(&self, doors: Data<&Doors>, login: Login) -> Answer<Done> {
        doors.service.see_all_notifications(login.actor()).await?;
        Ok(Done::Done)
    }

    /// Mark one as seen
    #[oai(path = "/notifications/:id", method = "delete", operation_id = "see_notification")]
    async fn see(&self, doors: Data<&Doors>, login: Login, id: Path<Uuid>) -> Answer<Done> {
        doors.service.see_notification(login.actor(), NotificationId::from_uuid(id.0)).await?;
        Ok(Done::Done)
    }
}
