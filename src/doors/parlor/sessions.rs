//! Signing in and out of the browser, and one's sign-ins elsewhere.

use super::{
    Tag,
    shapes::{Me, SessionInfo},
    site::{SignedInAnswer, signed_in_answer},
};
use crate::http::json_body::JsonBody;
use crate::{
    doors::shared::{Answer, Client, Doors, Filter, Login, Page, PageQuery, ended_cookie, page_of},
    http::problem::Problem,
    model::SessionId,
    service::Credentials,
};
use poem::{Request, web::Data};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use uuid::Uuid;

pub struct SessionsApi;

/// Name and password.
#[derive(Object)]
struct SignIn {
    /// E-mail address or username.
    login: String,
    password: String,
}

#[derive(ApiResponse)]
enum SignedOut {
    /// Signed out; the cookie is gone.
    #[oai(status = 204)]
    Done(#[oai(header = "Set-Cookie")] String),
}

#[derive(ApiResponse)]
pub(super) enum Done {
    /// Done.
    #[oai(status = 204)]
    Done,
}

#[OpenApi(prefix_path = "/api", tag = "Tag::Sessions")]
impl SessionsApi {
    /// Sign in with a cookie
    ///
    /// For browsers. Programs use `POST /api/auth`, which answers with tokens.
    #[oai(path = "/session", method = "post", operation_id = "sign_in")]
    async fn sign_in(&self, doors: Data<&Doors>, request: &Request, body: JsonBody<SignIn>) -> Answer<SignedInAnswer> {
        let client = Client::of(&doors, request);
        let SignIn { login, password } = body.0;
        let credentials =
            Credentials { login, password, address: client.address, user_agent: client.user_agent.clone() };
        let signed_in = doors.service.sign_in(credentials).await?;
        signed_in_answer(&doors, &client, signed_in.actor)
    }

    /// Who is signed in
    #[oai(path = "/session", method = "get", operation_id = "get_session")]
    async fn session(&self, doors: Data<&Doors>, login: Login) -> Answer<Json<Me>> {
        let actor = login.actor();
        let details = doors.service.own_details(actor)?;
        Ok(Json(Me::new(details, actor.session())))
    }

    /// Sign out here
    #[oai(path = "/session", method = "delete", operation_id = "sign_out")]
    async fn sign_out(&self, doors: Data<&Doors>, login: Login, request: &Request) -> Answer<SignedOut> {
        doors.service.sign_out(login.actor()).await?;
        signed_out(&doors, request)
    }

    /// One's sign-ins, newest first
    #[oai(path = "/sessions", method = "get", operation_id = "list_sessions")]
    async fn sessions(
        &self,
        doors: Data<&Doors>,
        login: Login,
        /// From 1.
        page: Query<Filter<u32>>,
        /// Entries of a page.
        size: Query<Filter<u32>>,
    ) -> Answer<Json<Page<SessionInfo>>> {
        let actor = login.actor();
        let query = PageQuery::new(page.0.one(), size.0.one(), doors.service.config().limits.list_size_max)?;
        let (sessions, total) = page_of(doors.service.sessions(actor)?, query);
        let sessions = sessions.into_iter().map(|session| SessionInfo::new(session, actor.session())).collect();
        Ok(Json(Page::new(query, total, sessions)))
    }

    /// End one sign-in
    ///
    /// Its tokens and sockets end at once.
    #[oai(path = "/sessions/:id", method = "delete", operation_id = "end_session")]
    async fn end_session(&self, doors: Data<&Doors>, login: Login, id: Path<Uuid>) -> Answer<Done> {
        doors.service.end_session(login.actor(), SessionId::from_uuid(id.0)).await?;
        Ok(Done::Done)
    }

    /// Sign out everywhere
    #[oai(path = "/sessions", method = "delete", operation_id = "sign_out_everywhere")]
    async fn sign_out_everywhere(&self, doors: Data<&Doors>, login: Login, request: &Request) -> Answer<SignedOut> {
        doors.service.sign_out_everywhere(login.actor()).await?;
        signed_out(&doors, request)
    }
}

fn signed_out(doors: &Doors, request: &Request) -> Answer<SignedOut> {
    let cookie = ended_cookie(&Client::of(doors, request))?;
    Ok(SignedOut::Done(cookie.to_str().map_err(Problem::internal)?.to_owned()))
}
