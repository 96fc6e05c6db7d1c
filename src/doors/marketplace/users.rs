//! Registration, the directory, and what administrators do to accounts.

use super::{Done, Tag, person::Person};
use crate::{
    doors::shared::{Answer, Client, Doors, Filter, Login, Page, PageQuery},
    http::{json_answer::JsonAnswer, json_body::JsonBody},
    model::{Account, AccountId, Error},
    service::{Actor, NewAccount, ProfileChange},
};
use poem::{Request, web::Data};
use poem_openapi::{
    ApiResponse, Enum, Object, OpenApi,
    param::{Path, Query},
};
use uuid::Uuid;

pub struct UsersApi;

/// What one may register as; salon seats are given by salons.
#[derive(Enum)]
#[oai(rename_all = "lowercase")]
enum WantedRole {
    User,
    Seller,
}

/// Somebody who registers. Unknown fields are ignored.
#[derive(Object)]
struct Registration {
    email: String,
    password: String,
    /// From the e-mail's local part when missing.
    username: Option<String>,
    role: Option<WantedRole>,
    profile: Option<NewProfile>,
    /// Needed where registration is by invitation.
    invite_code: Option<String>,
}

/// A name. Unknown fields are ignored.
#[derive(Object, Default)]
struct NewProfile {
    #[oai(default)]
    name: String,
    surname: Option<String>,
}

/// What changes; what is left out stays.
#[derive(Object)]
struct PersonUpdate {
    username: Option<String>,
    email: Option<String>,
    name: Option<String>,
    surname: Option<String>,
    about: Option<String>,
    profile: Option<ProfileUpdate>,
    /// Refused: a password is changed with `PUT /api/account/password`.
    password: Option<String>,
}

/// The same, as registration has it.
#[derive(Object, Default)]
struct ProfileUpdate {
    name: Option<String>,
    surname: Option<String>,
}

/// What an administrator does.
#[derive(Enum)]
#[oai(rename_all = "lowercase")]
enum BlockAction {
    Block,
    Unblock,
}

/// Block somebody, or let them in again.
#[derive(Object)]
struct BlockUpdate {
    action: BlockAction,
}

#[derive(ApiResponse)]
enum Registered {
    /// The new account.
    #[oai(status = 201)]
    Created(JsonAnswer<Person>),
}

#[OpenApi(prefix_path = "/api/user", tag = "Tag::Users")]
impl UsersApi {
    /// Register
    #[oai(path = "/registration", method = "post", operation_id = "register")]
    async fn register(
        &self,
        doors: Data<&Doors>,
        request: &Request,
        body: JsonBody<Registration>,
    ) -> Answer<Registered> {
        let Registration { email, password, username, role, profile, invite_code } = body.0;
        let NewProfile { name, surname } = profile.unwrap_or_default();
        let new = NewAccount {
            email,
            password,
            username,
            is_seller: matches!(role, Some(WantedRole::Seller)),
            name,
            surname: surname.unwrap_or_default(),
            invite_code,
        };
        let account = doors.service.register(new, Client::of(&doors, request).address).await?;
        Ok(Registered::Created(JsonAnswer(doors.service.details_for_self(account)?.into())))
    }

    /// The directory
    #[oai(path = "/", method = "get", operation_id = "list_people")]
    async fn list(
        &self,
        doors: Data<&Doors>,
        login: Login,
        /// Part of a name.
        search: Query<Filter<String>>,
        /// From 1.
        page: Query<Filter<u32>>,
        /// Entries of a page.
        size: Query<Filter<u32>>,
    ) -> Answer<JsonAnswer<Page<Person>>> {
        let query = PageQuery::new(page.0.one(), size.0.one(), doors.service.config().limits.list_size_max)?;
        let search = search.0.one().unwrap_or_default();
        let (people, total) = doors.service.directory(login.actor(), &search, query.skip(), query.take())?;
        Ok(JsonAnswer(Page::new(query, total, people.into_iter().map(Person::from).collect())))
    }

    /// One person
    #[oai(path = "/:id", method = "get", operation_id = "get_person")]
    async fn get(&self, doors: Data<&Doors>, login: Login, id: Path<Uuid>) -> Answer<JsonAnswer<Person>> {
        Ok(JsonAnswer(doors.service.person(login.actor(), AccountId::from_uuid(id.0))?.into()))
    }

    /// Change a person
    ///
    /// Oneself, or as site administrator anybody.
    #[oai(path = "/:id", method = "put", operation_id = "change_person")]
    async fn change(
        &self,
        doors: Data<&Doors>,
        login: Login,
        id: Path<Uuid>,
        body: JsonBody<PersonUpdate>,
    ) -> Answer<JsonAnswer<Person>> {
        let PersonUpdate { username, email, name, surname, about, profile, password } = body.0;
        if password.is_some() {
            let words =
                "A password is not changed here. Send current_password and new_password to PUT /api/account/password.";
            return Err(Error::invalid("password", words).into());
        }
        let profile = profile.unwrap_or_default();
        let (name, surname) = (name.or(profile.name), surname.or(profile.surname));
        let change = ProfileChange { username, email, name, surname, about };
        let account = doors.service.change_profile(login.actor(), AccountId::from_uuid(id.0), change).await?;
        person(&doors, login.actor(), account)
    }

    /// Delete an account
    ///
    /// Oneself, or as site administrator anybody. What they wrote stays, without their name.
    #[oai(path = "/:id", method = "delete", operation_id = "delete_person")]
    async fn delete(&self, doors: Data<&Doors>, login: Login, id: Path<Uuid>) -> Answer<Done> {
        doors.service.delete_account(login.actor(), AccountId::from_uuid(id.0)).await?;
        Ok(Done::Done)
    }

    /// Block somebody, or let them in again
    ///
    /// For site administrators. Blocking ends the person's sessions and sockets at once.
    #[oai(path = "/block_unblock/:id", method = "patch", operation_id = "block_person")]
    async fn block(
        &self,
        doors: Data<&Doors>,
        login: Login,
        id: Path<Uuid>,
        body: JsonBody<BlockUpdate>,
    ) -> Answer<JsonAnswer<Person>> {
        let (actor, id) = (login.actor(), AccountId::from_uuid(id.0));
        let account = match body.0.action {
            BlockAction::Block => doors.service.block(actor, id).await?,
            BlockAction::Unblock => doors.service.unblock(actor, id).await?,
        };
        person(&doors, actor, account)
    }

    /// Make somebody site administrator
    ///
    /// For site administrators.
    #[oai(path = "/make_admin/:id", method = "patch", operation_id = "make_admin")]
    async fn make_admin(&self, doors: Data<&Doors>, login: Login, id: Path<Uuid>) -> Answer<JsonAnswer<Person>> {
        let account = doors.service.make_admin(login.actor(), AccountId::from_uuid(id.0)).await?;
        person(&doors, login.actor(), account)
    }
}

fn person(doors: &Doors, actor: Actor, account: Account) -> Answer<JsonAnswer<Person>> {
    Ok(JsonAnswer(doors.service.details_for(actor, account)?.into()))
}
