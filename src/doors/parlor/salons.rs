//! Salons as the web client shows them: with the people in them. What changes them is the marketplace's door.

use super::{
    Tag,
    salon_shapes::{Invitation, Salon, SalonLogLine, SeatName},
};
use crate::{
    doors::shared::{Answer, Doors, Filter, Login, Page, PageQuery},
    http::json_body::JsonBody,
    model::{AccountId, SalonId},
    service::SalonScope,
};
use poem::web::Data;
use poem_openapi::{
    ApiResponse, Enum, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use uuid::Uuid;

pub struct SalonsApi;

/// Which salons a list shows.
#[derive(Enum)]
#[oai(rename_all = "lowercase")]
enum SalonListScope {
    /// Where one holds a seat.
    Mine,
}

/// A seat and who is to take it over.
#[derive(Object)]
struct HandOver {
    role: SeatName,
    /// For the superuser's seat, somebody who holds another seat of the salon.
    successor: Uuid,
}

#[derive(ApiResponse)]
enum Offered {
    /// The offer; the seat changes hands when the successor accepts.
    #[oai(status = 201)]
    Made(Json<Invitation>),
}

#[OpenApi(prefix_path = "/api", tag = "Tag::Salons")]
impl SalonsApi {
    /// Salons with their chairs
    ///
    /// Oldest first.
    #[oai(path = "/salons", method = "get", operation_id = "list_salons_with_chairs")]
    async fn list(
        &self,
        doors: Data<&Doors>,
        login: Login,
        scope: Query<Filter<SalonListScope>>,
        /// Part of the name or the location.
        search: Query<Filter<String>>,
        /// From 1.
        page: Query<Filter<u32>>,
        /// Entries of a page.
        size: Query<Filter<u32>>,
    ) -> Answer<Json<Page<Salon>>> {
        let query = PageQuery::new(page.0.one(), size.0.one(), doors.service.config().limits.list_size_max)?;
        let scope = if scope.0.one().is_some() { SalonScope::Mine } else { SalonScope::All };
        let search = search.0.one().unwrap_or_default();
        let (salons, total) = doors.service.salons(login.actor(), scope, &search, query.skip(), query.take())?;
        Ok(Json(Page::new(query, total, salons.into_iter().map(Salon::from).collect())))
    }

    /// One salon with its chairs
    #[oai(path = "/salons/:id", method = "get", operation_id = "get_salon_with_chairs")]
    async fn get(&self, doors: Data<&Doors>, login: Login, id: Path<Uuid>) -> Answer<Json<Salon>> {
        Ok(Json(doors.service.salon(login.actor(), SalonId::from_uuid(id.0))?.into()))
    }

    /// Hand a seat over
    ///
    /// The superuser any seat, an admin their own, the seller's and the mechanic's. The staff room's history goes with it.
    #[oai(path = "/salons/:id/hand_over", method = "post", operation_id = "hand_over_seat")]
    async fn hand_over(
        &self,
        doors: Data<&Doors>,
        login: Login,
        id: Path<Uuid>,
        body: JsonBody<HandOver>,
    ) -> Answer<Offered> {
        let HandOver { role, successor } = body.0;
        let (salon, successor) = (SalonId::from_uuid(id.0), AccountId::from_uuid(successor));
        let offer = doors.service.hand_over(login.actor(), salon, role.into(), successor).await?;
        Ok(Offered::Made(Json(offer.into())))
    }

    /// Who decided what
    ///
    /// Newest first. For the salon's superuser and site administrators.
    #[oai(path = "/salons/:id/log", method = "get", operation_id = "get_salon_log")]
    async fn log(
        &self,
        doors: Data<&Doors>,
        login: Login,
        id: Path<Uuid>,
        /// From 1.
        page: Query<Filter<u32>>,
        /// Entries of a page.
        size: Query<Filter<u32>>,
    ) -> Answer<Json<Page<SalonLogLine>>> {
        let query = PageQuery::new(page.0.one(), size.0.one(), doors.service.config().limits.list_size_max)?;
        let lines = doors.service.salon_log(login.actor(), SalonId::from_uuid(id.0))?;
        let (lines, total) = crate::doors::shared::page_of(lines, query);
        Ok(Json(Page::new(query, total, lines.into_iter().map(SalonLogLine::from).collect())))
    }
}
