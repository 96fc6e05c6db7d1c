//! Tokens, as the marketplace's clients get them.

use super::{Done, Tag};
use crate::{
    doors::shared::{Answer, Client, Doors, Login},
    http::{json_answer::JsonAnswer, json_body::JsonBody},
    model::Error,
    service::{Credentials, PersonDetails, TokenPair},
};
use poem::{Request, web::Data};
use poem_openapi::{Object, OpenApi};
use serde::Serialize;

pub struct AuthApi;

/// Name and password; one of `email` and `username`.
#[derive(Object)]
struct TokenRequest {
    email: Option<String>,
    username: Option<String>,
    password: String,
}

/// A short access token, and the refresh token that gets the next pair.
#[derive(Object, Serialize)]
struct Tokens {
    access: String,
    refresh: String,
}

impl From<TokenPair> for Tokens {
    fn from(pair: TokenPair) -> Self {
        Self { access: pair.access, refresh: pair.refresh }
    }
}

/// A refresh token.
#[derive(Object)]
struct Refresh {
    refresh: String,
}

/// A token that opens one WebSocket within 30 seconds.
#[derive(Object, Serialize)]
struct SocketToken {
    token: String,
}

/// What one is on this site.
#[derive(Object, Serialize)]
struct SiteRole {
    is_staff: bool,
    is_user: bool,
    /// Marked as seller, or holding a seller's seat.
    is_seller: bool,
    is_auto_salon_member: bool,
    /// `admin`, `seller`, `salon_member` or `user`.
    role: String,
}

#[OpenApi(prefix_path = "/api/auth", tag = "Tag::Auth")]
impl AuthApi {
    /// Sign in with tokens
    #[oai(path = "/", method = "post", operation_id = "get_tokens")]
    async fn sign_in(
        &self,
        doors: Data<&Doors>,
        request: &Request,
        body: JsonBody<TokenRequest>,
    ) -> Answer<JsonAnswer<Tokens>> {
        let Client { address, user_agent, .. } = Client::of(&doors, request);
        let TokenRequest { email, username, password } = body.0;
        let login = email.or(username).ok_or_else(|| Error::invalid("email", "Give an email or a username."))?;
        let signed_in = doors.service.sign_in(Credentials { login, password, address, user_agent }).await?;
        Ok(JsonAnswer(doors.service.first_tokens(signed_in.actor).into()))
    }

    /// Get a new pair of tokens
    ///
    /// The old refresh token is spent; using a spent one ends its session.
    #[oai(path = "/refresh", method = "post", operation_id = "refresh_tokens")]
    async fn refresh(&self, doors: Data<&Doors>, body: JsonBody<Refresh>) -> Answer<JsonAnswer<Tokens>> {
        Ok(JsonAnswer(doors.service.refresh(&body.0.refresh).await?.into()))
    }

    /// Sign out by refresh token
    #[oai(path = "/logout", method = "post", operation_id = "revoke_tokens")]
    async fn logout(&self, doors: Data<&Doors>, body: JsonBody<Refresh>) -> Answer<Done> {
        doors.service.sign_out_by_refresh(&body.0.refresh).await?;
        Ok(Done::Done)
    }

    /// Get a token for opening a WebSocket
    ///
    /// Good once, for 30 seconds: for clients that would rather not put an access token into an address.
    #[oai(path = "/socket", method = "get", operation_id = "get_socket_token")]
    async fn socket(&self, doors: Data<&Doors>, login: Login) -> Answer<JsonAnswer<SocketToken>> {
        Ok(JsonAnswer(SocketToken { token: doors.service.socket_token(login.actor()) }))
    }

    /// What one is on this site
    #[oai(path = "/site_role", method = "get", operation_id = "get_site_role")]
    async fn site_role(&self, doors: Data<&Doors>, login: Login) -> Answer<JsonAnswer<SiteRole>> {
        let PersonDetails { account, role, holds_seat, is_seller, .. } = doors.service.own_details(login.actor())?;
        Ok(JsonAnswer(SiteRole {
            is_staff: account.is_admin,
            is_user: true,
            is_seller,
            is_auto_salon_member: holds_seat,
            role: role.word().into(),
        }))
    }
}
