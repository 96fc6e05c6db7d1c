//! Who is calling: a bearer token, or the browser's cookie together with an origin that is ours.

use super::Doors;
use crate::{
    http::{
        origin::{OverTls, Verdict},
        problem::Problem,
    },
    model::{Error, ErrorCode, Result},
    service::Actor,
};
use poem::{
    Request,
    http::{HeaderValue, Method, StatusCode, header},
    web::cookie::{Cookie, SameSite},
};
use poem_openapi::{
    SecurityScheme,
    auth::{ApiKey, Bearer},
};
use std::{net::IpAddr, time::Duration};

/// The browser's session.
pub const BROWSER_COOKIE: &str = "parlor_session";
/// By which a guest is known again.
pub const GUEST_COOKIE: &str = "parlor_guest";

/// An access token from `/api/auth`.
#[derive(SecurityScheme)]
#[oai(ty = "bearer", bearer_format = "JWT", rename = "bearer", checker = "by_bearer")]
pub struct BearerLogin(Actor);

/// The browser's session cookie, set by `POST /api/session`. Whatever changes something also needs an `Origin` of this
/// site, which browsers send by themselves.
#[derive(SecurityScheme)]
#[oai(ty = "api_key", key_name = "parlor_session", key_in = "cookie", rename = "cookie", checker = "by_cookie")]
pub struct CookieLogin(Actor);

/// Somebody signed in, by either way.
#[derive(SecurityScheme)]
pub enum Login {
    Bearer(BearerLogin),
    Cookie(CookieLogin),
}

impl Login {
    /// Who it is.
    pub fn actor(&self) -> Actor {
        match self {
            Self::Bearer(BearerLogin(actor)) | Self::Cookie(CookieLogin(actor)) => *actor,
        }
    }
}

fn doors(request: &Request) -> Result<&Doors> {
    request.data::<Doors>().ok_or_else(Error::internal)
}

async fn by_bearer(request: &Request, bearer: Bearer) -> poem::Result<Actor> {
    let actor = doors(request).and_then(|doors| {
        // The library takes the first of several.
        bearer_token(request)?;
        doors.service.by_access_token(&bearer.token)
    });
    actor.map_err(|error| Problem::from(error).into())
}

async fn by_cookie(request: &Request, key: ApiKey) -> poem::Result<Actor> {
    let actor = doors(request).and_then(|doors| {
        // A bearer token was tried before, so it was no good: nobody becomes somebody else by it.
        if bearer_token(request)?.is_some() {
            return Err(Error::unauthenticated("The access token is not valid, or no longer. Sign in again."));
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            check_origin(doors, request)?;
        }
        doors.service.by_browser_token(&key.key)
    });
    actor.map_err(|error| Problem::from(error).into())
}

/// Who reads a file: by bearer token, or by cookie as a browser's pictures have it.
pub fn media_actor(doors: &Doors, request: &Request) -> Answer<Actor> {
    if let Some(token) = bearer_token(request)? {
        return Ok(doors.service.by_access_token(token)?);
    }
    let cookie = session_cookie(request).ok_or_else(|| Error::unauthenticated("Sign in to read this file."))?;
    Ok(doors.service.by_browser_token(&cookie)?)
}

/// Who opens a page. `None` for a browser that is signed out or whose session is over: it is shown the sign-in page.
/// A bearer token that is no good is an error, because there is nobody to sign in.
pub fn page_actor(doors: &Doors, request: &Request) -> Answer<Option<Actor>> {
    if let Some(token) = bearer_token(request)? {
        return Ok(Some(doors.service.by_access_token(token)?));
    }
    let Some(cookie) = session_cookie(request) else { return Ok(None) };
    match doors.service.by_browser_token(&cookie) {
        Ok(actor) => Ok(Some(actor)),
        Err(error) if error.code == ErrorCode::Unauthenticated => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether the browser may have been sent here by a page of another site, with the cookie of somebody who asked for nothing.
/// What opening an address makes is not made then. A bearer token no page adds by itself.
pub fn is_sent_from_outside(doors: &Doors, request: &Request) -> Answer<bool> {
    let verdict = doors.origins.judge_visit(Client::of(doors, request).peer, OverTls::No, request.headers());
    Ok(bearer_token(request)?.is_none() && verdict == Verdict::Foreign)
}

/// The token of the `Authorization` header. `None` without one, and with one of another scheme: that may be a proxy's sign-in,
/// beside which the cookie still counts. An error when it is there twice, cannot be read, or has no token.
pub(super) fn bearer_token(request: &Request) -> Result<Option<&str>> {
    let unreadable = || {
        Error::unauthenticated("The Authorization header cannot be read. Send one, with Bearer and your access token.")
    };
    let mut values = request.headers().get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().ok().filter(|_| values.next().is_none()).ok_or_else(unreadable)?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(None);
    }
    Some(token.trim()).filter(|token| !token.is_empty()).map(Some).ok_or_else(unreadable)
}

fn session_cookie(request: &Request) -> Option<String> {
    request.cookie().get(BROWSER_COOKIE).map(|cookie| cookie.value_str().to_owned())
}

/// A cookie is sent by whatever page the browser shows; only a page of ours may change something with it.
fn check_origin(doors: &Doors, request: &Request) -> Result<()> {
    let client = Client::of(doors, request);
    match doors.origins.judge(client.peer, OverTls::No, request.headers()) {
        Verdict::Ours => Ok(()),
        Verdict::Absent | Verdict::Foreign => Err(Error::forbidden(
            "This request comes from another site. Open Parlor itself and try again, or use an access token.",
        )),
    }
}

/// From where somebody calls.
pub struct Client {
    peer: Option<IpAddr>,
    /// The address of the client, seen through configured proxies only.
    pub address: IpAddr,
    pub user_agent: String,
    is_secure: bool,
    cookie_path: String,
}

impl Client {
    /// As far as the request tells.
    pub fn of(doors: &Doors, request: &Request) -> Self {
        let peer = request.remote_addr().as_socket_addr().map(|address| address.ip());
        let headers = request.headers();
        let unknown = IpAddr::from([0, 0, 0, 0]);
        let address = peer.map_or(unknown, |peer| doors.origins.client_address(peer, headers));
        let user_agent = headers.get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let config = doors.service.config();
        let public_urls = &config.public_urls;
        let is_only_tls = !public_urls.is_empty() && public_urls.iter().all(crate::config::PublicUrl::is_tls);
        let is_secure = is_only_tls || doors.origins.is_secure(peer, OverTls::No, headers);
        let cookie_path = if config.base_path().is_empty() { "/" } else { config.base_path() }.to_owned();
        Self { peer, address, user_agent, is_secure, cookie_path }
    }
}

/// The cookie of a new session, as a header.
pub fn browser_cookie(client: &Client, token: &str, ttl_secs: u64) -> Answer<HeaderValue> {
    cookie(client, BROWSER_COOKIE, token, ttl_secs)
}

/// The cookie of a guest, as a header.
pub fn guest_cookie(client: &Client, token: &str, ttl_secs: u64) -> Answer<HeaderValue> {
    cookie(client, GUEST_COOKIE, token, ttl_secs)
}

/// The header that makes the browser forget its session.
pub fn ended_cookie(client: &Client) -> Answer<HeaderValue> {
    cookie(client, BROWSER_COOKIE, "", 0)
}

type Answer<T> = super::Answer<T>;

fn cookie(client: &Client, name: &str, token: &str, ttl_secs: u64) -> Answer<HeaderValue> {
    let mut cookie = Cookie::new_with_str(name, token);
    cookie.set_path(client.cookie_path.as_str());
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_secure(client.is_secure);
    cookie.set_max_age(Duration::from_secs(ttl_secs));
    HeaderValue::from_str(&cookie.to_string())
        .map_err(|error| Problem::from_status(StatusCode::INTERNAL_SERVER_ERROR).caused_by(error))
}
