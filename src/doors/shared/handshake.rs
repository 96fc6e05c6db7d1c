//! Who opens a WebSocket. Refused before the upgrade, with a plain HTTP answer.

use super::{Answer, Doors, login::BROWSER_COOKIE};
use crate::{
    http::origin::{OverTls, Verdict},
    model::Error,
    service::Actor,
};
use poem::Request;

/// The subprotocol that says that a token follows (contracts.md, "Who is calling").
const BEARER_PROTOCOL: &str = "bearer";

/// Who it is, by `?token=`, an `Authorization` header, the subprotocols `bearer, <token>`, or the cookie. The second value is
/// the subprotocol to answer with.
pub fn socket_actor(doors: &Doors, request: &Request, offered: &[String]) -> Answer<(Actor, Option<&'static str>)> {
    let service = &doors.service;
    let peer = request.remote_addr().as_socket_addr().map(|address| address.ip());
    let verdict = doors.origins.judge(peer, OverTls::No, request.headers());
    if verdict == Verdict::Foreign {
        return Err(Error::forbidden("WebSockets from other sites are refused.").into());
    }
    if let Some(token) = query_token(request) {
        return Ok((service.by_socket_token(&token)?, None));
    }
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    if let Some(token) = header.and_then(bearer_token) {
        return Ok((service.by_socket_token(token)?, None));
    }
    if let [protocol, token, ..] = offered
        && protocol.eq_ignore_ascii_case(BEARER_PROTOCOL)
    {
        return Ok((service.by_socket_token(token)?, Some(BEARER_PROTOCOL)));
    }
    let cookie = request.cookie().get(BROWSER_COOKIE).map(|cookie| cookie.value_str().to_owned());
    let Some(cookie) = cookie else {
        return Err(Error::unauthenticated("Sign in first, or open the socket with ?token=<access token>.").into());
    };
    if verdict != Verdict::Ours {
        return Err(Error::forbidden("A socket opened with the cookie needs the Origin of this site.").into());
    }
    Ok((service.by_browser_token(&cookie)?, None))
}

fn bearer_token(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn query_token(request: &Request) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Query {
        token: Option<String>,
    }
    request.params::<Query>().ok()?.token.filter(|token| !token.is_empty())
}
