//! Salons in the marketplace's shape.

use super::{Done, Tag};
use crate::{
    doors::shared::{Answer, Doors, Filter, Login, Page, PageQuery},
    http::{json_answer::JsonAnswer, json_body::JsonBody},
    model::SalonId,
    service::{SalonChange, SalonDetails, SalonScope},
};
use poem::web::Data;
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;
use uuid::Uuid;

pub struct SalonsApi;

/// A salon.
#[derive(Object, Serialize)]
struct AutoSalon {
    id: Uuid,
    name: String,
    location: String,
    /// Its superuser.
    user: Option<Uuid>,
    created_at: String,
    /// Seats that can be asked for.
    vacant_roles: Vec<String>,
}

impl From<SalonDetails> for AutoSalon {
    fn from(details: SalonDetails) -> Self {
        let card = details.card;
        Self {
            id: card.salon.id.uuid(),
            name: card.salon.name,
            location: card.salon.location,
            user: card.superuser.map(|person| person.id.uuid()),
            created_at: card.salon.created_at.to_string(),
            vacant_roles: card.vacant.into_iter().map(|role| role.word().into()).collect(),
        }
    }
}

/// A salon to be founded.
#[derive(Object)]
struct NewAutoSalon {
    name: String,
    #[oai(default)]
    location: String,
}

/// What changes; what is left out stays.
#[derive(Object)]
struct AutoSalonUpdate {
    name: Option<String>,
    location: Option<String>,
}

#[derive(ApiResponse)]
enum Founded {
    /// The new salon.
    #[oai(status = 201)]
    Created(JsonAnswer<AutoSalon>),
}

#[OpenApi(prefix_path = "/api/auto_salon", tag = "Tag::Salons")]
impl SalonsApi {
    /// Salons
    ///
    /// Oldest first.
    #[oai(path = "/", method = "get", operation_id = "list_salons")]
    async fn list(
        &self,
        doors: Data<&Doors>,
        login: Login,
        /// Part of the name or the location.
        search: Query<Filter<String>>,
        /// From 1.
        page: Query<Filter<u32>>,
        /// Entries of a page.
        size: Query<Filter<u32>>,
    ) -> Answer<JsonAnswer<Page<AutoSalon>>> {
        let query = PageQuery::new(page.0.one(), size.0.one(), doors.service.config().limits.list_size_max)?;
        let search = search.0.one().unwrap_or_default();
        let (salons, total) =
            doors.service.salons(login.actor(), SalonScope::All, &search, query.skip(), query.take())?;
        Ok(JsonAnswer(Page::new(query, total, salons.into_iter().map(AutoSalon::from).collect())))
    }

    /// Found a salon
    ///
    /// The founder holds the seat `superuser`. A person founds at most one salon.
    #[oai(path = "/", method = "post", operation_id = "found_salon")]
    async fn found(&self, doors: Data<&Doors>, login: Login, body: JsonBody<NewAutoSalon>) -> Answer<Founded> {
        let NewAutoSalon { name, location } = body.0;
        let new = SalonChange { name: Some(name), location: Some(location) };
        Ok(Founded::Created(JsonAnswer(doors.service.found_salon(login.actor(), new).await?.into())))
    }

    /// One salon
    #[oai(path = "/:id", method = "get", operation_id = "get_salon")]
    async fn get(&self, doors: Data<&Doors>, login: Login, id: Path<Uuid>) -> Answer<JsonAnswer<AutoSalon>> {
        Ok(JsonAnswer(doors.service.salon(login.actor(), SalonId::from_uuid(id.0))?.into()))
    }

    /// Change a salon
    ///
    /// Its superuser or admin, or a site administrator.
    #[oai(path = "/:id", method = "put", operation_id = "change_salon")]
    async fn change(
        &self,
        doors: Data<&Doors>,
        login: Login,
        id: Path<Uuid>,
        body: JsonBody<AutoSalonUpdate>,
    ) -> Answer<JsonAnswer<AutoSalon>> {
        let AutoSalonUpdate { name, location } = body.0;
        let change = SalonChange { name, location };
        Ok(JsonAnswer(doors.service.change_salon(login.actor(), SalonId::from_uuid(id.0), change).await?.into()))
    }

    /// Delete a salon
    ///
    /// Its superuser or a site administrator. Its seats are free, its invitations and its staff room are gone.
    #[oai(path = "/:id", method = "delete", operation_id = "delete_salon")]
    async fn delete(&self, doors: Data<&Doors>, login: Login, id: Path<Uuid>) -> Answer<Done> {
        doors.service.delete_salon(login.actor(), SalonId::from_uuid(id.0)).await?;
        Ok(Done::Done)
    }
}
