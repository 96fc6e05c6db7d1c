//! Rooms of a recruiter and clients.

use super::{Tag, shapes::RecruitingRoom};
use crate::{
    doors::shared::{Answer, Doors, Filter, Filters, Login},
    http::{json_answer::JsonAnswer, json_body::JsonBody},
    model::AccountId,
    service::RecruitingFilter,
};
use poem::web::Data;
use poem_openapi::{ApiResponse, Object, OpenApi, param::Query};
use uuid::Uuid;

pub struct RoomsApi;

/// Who is to talk.
#[derive(Object)]
struct NewRecruitingRoom {
    recruiter: Uuid,
    /// At least one, the recruiter not among them.
    clients: Vec<Uuid>,
}

#[derive(ApiResponse)]
enum RoomCreated {
    /// The new room.
    #[oai(status = 201)]
    Created(JsonAnswer<RecruitingRoom>),
}

#[OpenApi(prefix_path = "/chats/chat-room", tag = "Tag::Recruiting")]
impl RoomsApi {
    /// Open a room for a recruiter and clients
    ///
    /// By one of the people in it, or a site administrator. Each call makes a room.
    #[oai(path = "/create", method = "post", operation_id = "create_recruiting_room")]
    async fn create(
        &self,
        doors: Data<&Doors>,
        login: Login,
        body: JsonBody<NewRecruitingRoom>,
    ) -> Answer<RoomCreated> {
        let JsonBody(NewRecruitingRoom { recruiter, clients }) = body;
        let clients = accounts(clients);
        let card = doors.service.open_recruiting_room(login.actor(), AccountId::from_uuid(recruiter), clients).await?;
        Ok(RoomCreated::Created(JsonAnswer(card.into())))
    }

    /// The recruiting rooms one takes part in
    ///
    /// Newest activity first.
    #[oai(path = "/list", method = "get", operation_id = "list_recruiting_rooms")]
    async fn list(
        &self,
        doors: Data<&Doors>,
        login: Login,
        /// Rooms of this recruiter.
        recruiter: Query<Filter<Uuid>>,
        /// Rooms of this client; repeated, of all of these.
        client: Query<Filters<Uuid>>,
        /// The same by another name.
        clients: Query<Filters<Uuid>>,
    ) -> Answer<JsonAnswer<Vec<RecruitingRoom>>> {
        let Query(Filters(mut wanted)) = client;
        wanted.extend(clients.0.0);
        let recruiter = recruiter.0.one().map(AccountId::from_uuid);
        let filter = RecruitingFilter { recruiter, clients: accounts(wanted) };
        let rooms = doors.service.recruiting_rooms(login.actor(), &filter)?;
        Ok(JsonAnswer(rooms.into_iter().map(RecruitingRoom::from).collect()))
    }
}

fn accounts(ids: Vec<Uuid>) -> Vec<AccountId> {
    ids.into_iter().map(AccountId::from_uuid).collect()
}
