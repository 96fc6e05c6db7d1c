//! Who opens a WebSocket. Refused before the upgrade, with a plain HTTP answer.

use super::{
    Answer, Doors,
    login::{BROWSER_COOKIE, Client, GUEST_COOKIE},
};
use crate::{
    http::origin::{OverTls, Verdict},
    model::Error,
    service::{Actor, Visitor},
};
use poem::Request;

/// The subprotocol that says that a token follows (contracts.md, "Who is calling").
const BEARER_PROTOCOL: &str = "bearer";

/// Who it is, and the subprotocol to answer with.
type Identified<T> = (T, Option<&'static str>);

/// Somebody signed in.
pub fn socket_actor(doors: &Doors, request: &Request, offered: &[String]) -> Answer<Identified<Actor>> {
    let signed_in = signed_in(doors, request, offered)?;
    let nobody = || Error::unauthenticated("Sign in first, or open the socket with ?token=<access token>.");
    Ok(signed_in.ok_or_else(nobody)?)
}

/// Somebody signed in; without any token a guest, where guests are switched on. What is sent as a token must be good.
pub fn socket_visitor(doors: &Doors, request: &Request, offered: &[String]) -> Answer<Identified<Visitor>> {
    if let Some((actor, protocol)) = signed_in(doors, request, offered)? {
        return Ok((Visitor::Person(actor), protocol));
    }
    let cookie = request.cookie().get(GUEST_COOKIE);
    let token = cookie.as_ref().map(|cookie| cookie.value_str());
    let guest = doors.service.guest(token, Client::of(doors, request).address)?;
    Ok((Visitor::Guest(guest), None))
}

/// Who says so by `?token=`, an `Authorization` header, the subprotocols `bearer, <token>`, or the cookie; `None` when there
/// is none of these.
fn signed_in(doors: &Doors, request: &Request, offered: &[String]) -> Answer<Option<Identified<Actor>>> {
    let service = &doors.service;
    let peer = request.remote_addr().as_socket_addr().map(|address| address.ip());
    let verdict = doors.origins.judge(peer, OverTls::No, request.headers());
    if verdict == Verdict::Foreign {
        return Err(Error::forbidden("WebSockets from other sites are refused.").into());
    }
    if let Some(token) = query_token(request) {
        return Ok(Some((service.by_socket_token(&token)?, None)));
    }
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    if let Some(token) = header.and_then(bearer_token) {
        return Ok(Some((service.by_socket_token(token)?, None)));
    }
    if let [protocol, token, ..] = offered
        && protocol.eq_ignore_ascii_case(BEARER_PROTOCOL)
    {
        return Ok(Some((service.by_socket_token(token)?, Some(BEARER_PROTOCOL))));
    }
    let cookie = request.cookie().get(BROWSER_COOKIE).map(|cookie| cookie.value_str().to_owned());
    let Some(cookie) = cookie else { return Ok(None) };
    if verdict != Verdict::Ours {
        return Err(Error::forbidden("A socket opened with the cookie needs the Origin of this site.").into());
    }
    Ok(Some((service.by_browser_token(&cookie)?, None)))
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
