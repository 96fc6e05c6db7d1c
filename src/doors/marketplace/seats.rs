//! Seats in the marketplace's shape.

use super::{Done, Tag};
use crate::{
    doors::shared::{Answer, Doors, Filter, Login, Page, PageQuery, page_of},
    http::json_answer::JsonAnswer,
    model::{SalonId, Seat, SeatId, SeatRole},
    service::SeatFilter,
};
use poem::web::Data;
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;
use uuid::Uuid;

pub struct SeatsApi;

/// A seat that somebody holds.
#[derive(Object, Serialize)]
pub(super) struct SalonRole {
    id: Uuid,
    user: Uuid,
    auto_salon: Uuid,
    /// `superuser`, `admin`, `seller` or `mechanic`.
    role: String,
}

impl From<Seat> for SalonRole {
    fn from(seat: Seat) -> Self {
        Self {
            id: seat.id.uuid(),
            user: seat.holder.uuid(),
            auto_salon: seat.salon.uuid(),
            role: seat.role.word().into(),
        }
    }
}

/// A chair of a salon.
#[derive(Enum)]
#[oai(rename_all = "lowercase")]
enum RoleFilter {
    Superuser,
    Admin,
    Seller,
    Mechanic,
}

impl From<RoleFilter> for SeatRole {
    fn from(filter: RoleFilter) -> Self {
        match filter {
            RoleFilter::Superuser => Self::Superuser,
            RoleFilter::Admin => Self::Admin,
            RoleFilter::Seller => Self::Seller,
            RoleFilter::Mechanic => Self::Mechanic,
        }
    }
}

#[OpenApi(prefix_path = "/api/salon_role", tag = "Tag::Salons")]
impl SeatsApi {
    /// Seats
    ///
    /// Of the salons in which one holds a seat; all for a site administrator.
    #[oai(path = "/", method = "get", operation_id = "list_seats")]
    async fn list(
        &self,
        doors: Data<&Doors>,
        login: Login,
        auto_salon: Query<Filter<Uuid>>,
        role: Query<Filter<RoleFilter>>,
        /// From 1.
        page: Query<Filter<u32>>,
        /// Entries of a page.
        size: Query<Filter<u32>>,
    ) -> Answer<JsonAnswer<Page<SalonRole>>> {
        let query = PageQuery::new(page.0.one(), size.0.one(), doors.service.config().limits.list_size_max)?;
        let filter =
            SeatFilter { salon: auto_salon.0.one().map(SalonId::from_uuid), role: role.0.one().map(SeatRole::from) };
        let (seats, total) = page_of(doors.service.seats(login.actor(), filter)?, query);
        Ok(JsonAnswer(Page::new(query, total, seats.into_iter().map(SalonRole::from).collect())))
    }

    /// One seat
    #[oai(path = "/:id", method = "get", operation_id = "get_seat")]
    async fn get(&self, doors: Data<&Doors>, login: Login, id: Path<Uuid>) -> Answer<JsonAnswer<SalonRole>> {
        Ok(JsonAnswer(doors.service.seat(login.actor(), SeatId::from_uuid(id.0))?.into()))
    }

    /// Give up a seat, or take it away
    ///
    /// Everybody their own, superuser and site administrator any other, an admin the seller's and the mechanic's. Without
    /// its superuser a salon is deleted.
    #[oai(path = "/:id", method = "delete", operation_id = "remove_seat")]
    async fn delete(&self, doors: Data<&Doors>, login: Login, id: Path<Uuid>) -> Answer<Done> {
        doors.service.remove_seat(login.actor(), SeatId::from_uuid(id.0)).await?;
        Ok(Done::Done)
    }
}
