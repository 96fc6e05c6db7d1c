//! One's own account: profile, picture, password.

use super::{Tag, sessions::Done, shapes::Me};
use crate::http::json_body::JsonBody;
use crate::{
    doors::shared::{Answer, Client, Doors, Login, broken_off},
    http::problem::Problem,
    model::Account,
    service::{Actor, ProfileChange},
};
use futures_util::StreamExt;
use poem::{Body, Request, web::Data};
use poem_openapi::{
    Object, OpenApi,
    payload::{Binary, Json},
};

pub struct AccountApi;

/// What changes; what is left out stays.
#[derive(Object)]
struct AccountPatch {
    name: Option<String>,
    surname: Option<String>,
    about: Option<String>,
    username: Option<String>,
    email: Option<String>,
}

/// The password of now and the one to come.
#[derive(Object)]
struct PasswordPatch {
    current_password: String,
    new_password: String,
}

#[OpenApi(prefix_path = "/api/account", tag = "Tag::Account")]
impl AccountApi {
    /// One's own account
    #[oai(path = "/", method = "get", operation_id = "get_account")]
    async fn account(&self, doors: Data<&Doors>, login: Login) -> Answer<Json<Me>> {
        let actor = login.actor();
        Ok(Json(Me::new(doors.service.own_details(actor)?, actor.session())))
    }

    /// Change one's profile
    #[oai(path = "/", method = "patch", operation_id = "change_account")]
    async fn change(&self, doors: Data<&Doors>, login: Login, body: JsonBody<AccountPatch>) -> Answer<Json<Me>> {
        let AccountPatch { name, surname, about, username, email } = body.0;
        let actor = login.actor();
        let change = ProfileChange { username, email, name, surname, about };
        let account = doors.service.change_profile(actor, actor.account(), change).await?;
        me(&doors, actor, account)
    }

    /// Change one's password
    ///
    /// All other sign-ins end.
    #[oai(path = "/password", method = "put", operation_id = "change_password")]
    async fn change_password(
        &self,
        doors: Data<&Doors>,
        login: Login,
        request: &Request,
        body: JsonBody<PasswordPatch>,
    ) -> Answer<Done> {
        let address = Client::of(&doors, request).address;
        let PasswordPatch { current_password, new_password } = body.0;
        doors.service.change_password(login.actor(), &current_password, &new_password, address).await?;
        Ok(Done::Done)
    }

    /// Set one's picture
    ///
    /// The body is the picture itself: PNG, JPEG, GIF or WebP.
    #[oai(path = "/avatar", method = "put", operation_id = "set_avatar")]
    async fn set_avatar(&self, doors: Data<&Doors>, login: Login, body: Binary<Body>) -> Answer<Json<Me>> {
        let actor = login.actor();
        let mut upload = doors.service.begin_avatar(actor).await?;
        let mut chunks = body.0.into_bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(broken_off)?;
            upload.write(&chunk).await?;
        }
        let file = doors.service.finish_upload(actor, upload, "avatar").await?;
        let account = doors.service.use_avatar(actor, file).await?;
        me(&doors, actor, account)
    }

    /// Remove one's picture
    #[oai(path = "/avatar", method = "delete", operation_id = "remove_avatar")]
    async fn remove_avatar(&self, doors: Data<&Doors>, login: Login) -> Answer<Json<Me>> {
        let actor = login.actor();
        let account = doors.service.remove_avatar(actor).await?;
        me(&doors, actor, account)
    }
}

fn me(doors: &Doors, actor: Actor, account: Account) -> Result<Json<Me>, Problem> {
    Ok(Json(Me::new(doors.service.details_for(actor, account)?, actor.session())))
}
