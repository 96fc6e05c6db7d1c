//! What a client must know before anybody is signed in, and the first set-up.

use super::{Tag, shapes::Me};
use crate::http::json_body::JsonBody;
use crate::{
    config::Registration,
    doors::shared::{Answer, Client, Doors, browser_cookie},
    http::problem::Problem,
    service::{NewAccount, SetUp},
};
use poem::{Request, web::Data};
use poem_openapi::{ApiResponse, Object, OpenApi, payload::Json};

pub struct SiteApi;

/// What this installation allows.
#[derive(Object)]
struct SiteConfig {
    version: String,
    /// `open`, `invite` (with an invite code) or `closed`.
    registration: String,
    /// There is no administrator yet: open the set-up link that the server printed.
    setup_needed: bool,
    guests: bool,
    limits: SiteLimits,
}

/// Bounds that a client shows before the server refuses.
#[derive(Object)]
struct SiteLimits {
    message_chars: usize,
    file_bytes: u64,
    avatar_bytes: u64,
    name_chars: usize,
    topic_chars: usize,
    about_chars: usize,
    password_min_chars: usize,
}

/// The first administrator.
#[derive(Object)]
struct FirstAdmin {
    /// From the set-up link that the server printed.
    token: String,
    email: String,
    username: String,
    password: String,
    #[oai(default)]
    name: String,
}

#[derive(ApiResponse)]
pub(super) enum SignedInAnswer {
    /// Signed in; the cookie is set.
    #[oai(status = 201)]
    Created(Json<Me>, #[oai(header = "Set-Cookie")] String),
}

#[OpenApi(prefix_path = "/api", tag = "Tag::Site")]
impl SiteApi {
    /// Settings and limits of this site
    #[oai(path = "/config", method = "get", operation_id = "get_config")]
    async fn config(&self, doors: Data<&Doors>) -> Answer<Json<SiteConfig>> {
        let config = doors.service.config();
        let limits = &config.limits;
        Ok(Json(SiteConfig {
            version: env!("CARGO_PKG_VERSION").into(),
            registration: match config.registration {
                Registration::Open => "open",
                Registration::InviteOnly => "invite",
                Registration::Closed => "closed",
            }
            .into(),
            setup_needed: doors.service.is_set_up_needed()?,
            guests: config.guests,
            limits: SiteLimits {
                message_chars: limits.message_chars,
                file_bytes: limits.file_bytes,
                avatar_bytes: limits.avatar_bytes,
                name_chars: limits.name_chars,
                topic_chars: limits.topic_chars,
                about_chars: limits.about_chars,
                password_min_chars: limits.password_min_chars,
            },
        }))
    }

    /// Make the first administrator
    ///
    /// Works once, with the code from the set-up link, and signs the new administrator in.
    #[oai(path = "/setup", method = "post", operation_id = "set_up")]
    async fn set_up(
        &self,
        doors: Data<&Doors>,
        request: &Request,
        body: JsonBody<FirstAdmin>,
    ) -> Answer<SignedInAnswer> {
        let FirstAdmin { token, email, username, password, name } = body.0;
        let client = Client::of(&doors, request);
        let account = NewAccount { email, password, username: Some(username), name, ..NewAccount::default() };
        let set_up = SetUp { code: token, account, address: client.address, user_agent: client.user_agent.clone() };
        let signed_in = doors.service.set_up(set_up).await?;
        signed_in_answer(&doors, &client, signed_in.actor)
    }
}

/// Who signed in, with the cookie.
pub(super) fn signed_in_answer(doors: &Doors, client: &Client, actor: crate::service::Actor) -> Answer<SignedInAnswer> {
    let (token, ttl_secs) = doors.service.browser_token(actor);
    let cookie = browser_cookie(client, &token, ttl_secs)?;
    let cookie = cookie.to_str().map_err(Problem::internal)?.to_owned();
    let details = doors.service.own_details(actor)?;
    Ok(SignedInAnswer::Created(Json(Me::new(details, actor.session())), cookie))
}
