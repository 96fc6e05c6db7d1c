//! Rooms and their members.

use super::{
    Tag,
    sessions::Done,
    shapes::{Member, Room},
};
use crate::http::{json_answer::JsonAnswer, json_body::JsonBody};
use crate::{
    doors::shared::{Answer, Doors, Filter, Login, Page, PageQuery, page_of},
    model::{AccountId, Error, RoomCard, RoomId, RoomRole},
    service::{NewRoom, Opened, RoomChange, RoomScope},
};
use poem::web::Data;
use poem_openapi::{
    ApiResponse, Enum, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use uuid::Uuid;

pub struct RoomsApi;

/// Which rooms a list shows.
#[derive(Enum)]
#[oai(rename_all = "lowercase")]
enum Scope {
    /// Those one is a member of, newest activity first.
    Mine,
    /// Public ones, by name.
    Public,
}

/// What kind of room to open.
#[derive(Enum)]
#[oai(rename_all = "lowercase")]
enum Kind {
    Public,
    Private,
    Recruiting,
}

/// A room to be opened.
#[derive(Object)]
struct RoomDraft {
    kind: Kind,
    /// Needed for public rooms, and unique among them.
    name: Option<String>,
    #[oai(default)]
    topic: String,
    /// Of a private room, beside oneself.
    #[oai(default)]
    members: Vec<Uuid>,
    /// Of a recruiting room.
    recruiter: Option<Uuid>,
    /// Of a recruiting room.
    #[oai(default)]
    clients: Vec<Uuid>,
}

/// What changes; what is left out stays.
#[derive(Object)]
struct RoomPatch {
    name: Option<String>,
    topic: Option<String>,
    /// Archived rooms can be read, but nobody posts in them.
    archived: Option<bool>,
}

/// Somebody to bring in.
#[derive(Object)]
struct NewMember {
    user: Uuid,
}

/// What a member may do.
#[derive(Enum)]
#[oai(rename_all = "lowercase")]
enum Role {
    Owner,
    Member,
}

/// A member's new role.
#[derive(Object)]
struct MemberPatch {
    role: Role,
}

#[derive(ApiResponse)]
enum RoomAnswer {
    /// The room that was there.
    #[oai(status = 200)]
    Found(Json<Room>),
    /// The new room.
    #[oai(status = 201)]
    Made(Json<Room>),
}

impl From<Opened> for RoomAnswer {
    fn from(opened: Opened) -> Self {
        match opened {
            Opened::Found(card) => Self::Found(Json(card.into())),
            Opened::Made(card) => Self::Made(Json(card.into())),
        }
    }
}

#[derive(ApiResponse)]
enum NewRoomAnswer {
    /// The new room.
    #[oai(status = 201)]
    Made(Json<Room>),
}

#[derive(ApiResponse)]
enum NewMemberAnswer {
    /// The new member.
    #[oai(status = 201)]
    Made(Json<Member>),
}

#[OpenApi(prefix_path = "/api", tag = "Tag::Rooms")]
impl RoomsApi {
    /// Rooms one is in, or could join
    #[oai(path = "/rooms", method = "get", operation_id = "list_rooms")]
    async fn list(
        &self,
        doors: Data<&Doors>,
        login: Login,
        /// `mine` unless said otherwise.
        scope: Query<Filter<Scope>>,
        /// Part of the title.
        search: Query<Filter<String>>,
        /// From 1.
        page: Query<Filter<u32>>,
        /// Entries of a page.
        size: Query<Filter<u32>>,
    ) -> Answer<JsonAnswer<Page<Room>>> {
        let query = PageQuery::new(page.0.one(), size.0.one(), doors.service.config().limits.list_size_max)?;
        let scope = match scope.0.one() {
            Some(Scope::Public) => RoomScope::Public,
            Some(Scope::Mine) | None => RoomScope::Mine,
        };
        let rooms = doors.service.rooms(login.actor(), scope, &search.0.one().unwrap_or_default())?;
        let (rooms, total) = page_of(rooms, query);
        Ok(JsonAnswer(Page::new(query, total, rooms.into_iter().map(Room::from).collect())))
    }

    /// Open a room
    #[oai(path = "/rooms", method = "post", operation_id = "open_room")]
    async fn open(&self, doors: Data<&Doors>, login: Login, body: JsonBody<RoomDraft>) -> Answer<NewRoomAnswer> {
        let card = doors.service.open_room(login.actor(), new_room(body.0)?).await?;
        Ok(NewRoomAnswer::Made(Json(card.into())))
    }

    /// A public room by name
    ///
    /// Nothing is made or joined.
    #[oai(path = "/rooms/by-name/:name", method = "get", operation_id = "get_room_by_name")]
    async fn find(&self, doors: Data<&Doors>, login: Login, name: Path<String>) -> Answer<Json<Room>> {
        room(doors.service.find_room(login.actor(), &name.0))
    }

    /// Join a public room by name
    ///
    /// It is made on first use.
    #[oai(path = "/rooms/by-name/:name", method = "put", operation_id = "join_room_by_name")]
    async fn join_by_name(&self, doors: Data<&Doors>, login: Login, name: Path<String>) -> Answer<RoomAnswer> {
        Ok(doors.service.join_by_name(login.actor(), &name.0).await?.into())
    }

    /// Find or make the direct room with somebody
    #[oai(path = "/direct/:account", method = "put", operation_id = "open_direct_room")]
    async fn direct(&self, doors: Data<&Doors>, login: Login, account: Path<Uuid>) -> Answer<RoomAnswer> {
        Ok(doors.service.direct_room(login.actor(), AccountId::from_uuid(account.0)).await?.into())
    }

    /// One room
    #[oai(path = "/rooms/:id", method = "get", operation_id = "get_room")]
    async fn get(&self, doors: Data<&Doors>, login: Login, id: Path<Uuid>) -> Answer<Json<Room>> {
        room(doors.service.room(login.actor(), RoomId::from_uuid(id.0)))
    }

    /// Rename a room, change its topic, archive it
    #[oai(path = "/rooms/:id", method = "patch", operation_id = "change_room")]
    async fn change(
        &self,
        doors: Data<&Doors>,
        login: Login,
        id: Path<Uuid>,
        body: JsonBody<RoomPatch>,
    ) -> Answer<Json<Room>> {
        let RoomPatch { name, topic, archived } = body.0;
        let change = RoomChange { name, topic, archived };
        room(doors.service.change_room(login.actor(), RoomId::from_uuid(id.0), change).await)
    }

    /// Delete a room with everything in it
    #[oai(path = "/rooms/:id", method = "delete", operation_id = "delete_room")]
    async fn delete(&self, doors: Data<&Doors>, login: Login, id: Path<Uuid>) -> Answer<Done> {
        doors.service.delete_room(login.actor(), RoomId::from_uuid(id.0)).await?;
        Ok(Done::Done)
    }

    /// Join a public room
    #[oai(path = "/rooms/:id/join", method = "post", operation_id = "join_room")]
    async fn join(&self, doors: Data<&Doors>, login: Login, id: Path<Uuid>) -> Answer<Json<Room>> {
        room(doors.service.join_room(login.actor(), RoomId::from_uuid(id.0)).await)
    }

    /// Leave a room
    #[oai(path = "/rooms/:id/leave", method = "post", operation_id = "leave_room")]
    async fn leave(&self, doors: Data<&Doors>, login: Login, id: Path<Uuid>) -> Answer<Done> {
        doors.service.leave_room(login.actor(), RoomId::from_uuid(id.0)).await?;
        Ok(Done::Done)
    }

    /// The members of a room
    #[oai(path = "/rooms/:id/members", method = "get", operation_id = "list_members")]
    async fn members(
        &self,
        doors: Data<&Doors>,
        login: Login,
        id: Path<Uuid>,
        /// From 1.
        page: Query<Filter<u32>>,
        /// Entries of a page.
        size: Query<Filter<u32>>,
    ) -> Answer<Json<Page<Member>>> {
        let query = PageQuery::new(page.0.one(), size.0.one(), doors.service.config().limits.list_size_max)?;
        let (members, total) = page_of(doors.service.members(login.actor(), RoomId::from_uuid(id.0))?, query);
        Ok(Json(Page::new(query, total, members.into_iter().map(Member::from).collect())))
    }

    /// Bring somebody into a room
    #[oai(path = "/rooms/:id/members", method = "post", operation_id = "invite_member")]
    async fn invite(
        &self,
        doors: Data<&Doors>,
        login: Login,
        id: Path<Uuid>,
        body: JsonBody<NewMember>,
    ) -> Answer<NewMemberAnswer> {
        let (room, invited) = (RoomId::from_uuid(id.0), AccountId::from_uuid(body.user));
        let member = doors.service.invite(login.actor(), room, invited).await?;
        Ok(NewMemberAnswer::Made(Json(member.into())))
    }

    /// Change a member's role
    #[oai(path = "/rooms/:id/members/:user", method = "patch", operation_id = "change_member")]
    async fn change_member(
        &self,
        doors: Data<&Doors>,
        login: Login,
        id: Path<Uuid>,
        user: Path<Uuid>,
        body: JsonBody<MemberPatch>,
    ) -> Answer<Json<Member>> {
        let role = match body.0.role {
            Role::Owner => RoomRole::Owner,
            Role::Member => RoomRole::Member,
        };
        let (room, who) = (RoomId::from_uuid(id.0), AccountId::from_uuid(user.0));
        let member = doors.service.set_room_role(login.actor(), room, who, role).await?;
        Ok(Json(member.into()))
    }

    /// Put somebody out of a room
    #[oai(path = "/rooms/:id/members/:user", method = "delete", operation_id = "dismiss_member")]
    async fn dismiss(&self, doors: Data<&Doors>, login: Login, id: Path<Uuid>, user: Path<Uuid>) -> Answer<Done> {
        let (room, who) = (RoomId::from_uuid(id.0), AccountId::from_uuid(user.0));
        doors.service.dismiss(login.actor(), room, who).await?;
        Ok(Done::Done)
    }
}

fn room(card: Result<RoomCard, Error>) -> Answer<Json<Room>> {
    Ok(Json(card?.into()))
}

fn new_room(draft: RoomDraft) -> Result<NewRoom, Error> {
    let ids = |ids: Vec<Uuid>| ids.into_iter().map(AccountId::from_uuid).collect();
    Ok(match draft.kind {
        Kind::Public => NewRoom::Public {
            name: draft.name.ok_or_else(|| Error::invalid("name", "A public room needs a name."))?,
            topic: draft.topic,
        },
        Kind::Private => NewRoom::Private { name: draft.name, topic: draft.topic, members: ids(draft.members) },
        Kind::Recruiting => NewRoom::Recruiting {
            recruiter: AccountId::from_uuid(
                draft.recruiter.ok_or_else(|| Error::invalid("recruiter", "A recruiting room needs a recruiter."))?,
            ),
            clients: ids(draft.clients),
        },
    })
}
