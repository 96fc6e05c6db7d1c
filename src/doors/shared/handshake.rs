//! Who opens a WebSocket. Refused before the upgrade, with a plain HTTP answer.

use super::{
    Answer, Doors,
    login::{BROWSER_COOKIE, Client, GUEST_COOKIE, bearer_token},
};
use crate::{
    http::origin::{OverTls, Verdict},
    model::{Error, Result},
    service::{Actor, Visitor},
};
use poem::{Request, http::header};

/// The subprotocol that says that a token follows (contracts.md, "Who is calling").
const BEARER_PROTOCOL: &str = "bearer";

/// Who it is, and the subprotocol to answer with: as it was offered, since its name is case-sensitive.
type Identified<T> = (T, Option<String>);

/// Somebody signed in.
pub fn socket_actor(doors: &Doors, request: &Request, offered: &[String]) -> Answer<Identified<Actor>> {
    let signed_in = signed_in(doors, request, offered)?;
    let nobody = || Error::unauthenticated("Sign in first, or open the socket with ?token=<access token>.");
    Ok(signed_in.ok_or_else(nobody)?)
}

/// Somebody signed in; without any token a guest, where guests are switched on. What is sent as a token must be good: nobody
/// becomes a guest by a bad one.
pub fn socket_visitor(doors: &Doors, request: &Request, offered: &[String]) -> Answer<Identified<Visitor>> {
    if let Some((actor, protocol)) = signed_in(doors, request, offered)? {
        return Ok((Visitor::Person(actor), protocol));
    }
    if request.headers().contains_key(header::AUTHORIZATION) {
        let detail = "Only Bearer tokens are understood here. Send an access token, or no Authorization header.";
        return Err(Error::unauthenticated(detail).into());
    }
    let cookie = request.cookie().get(GUEST_COOKIE);
    let token = cookie.as_ref().map(|cookie| cookie.value_str());
    let guest = doors.service.guest(token, Client::of(doors, request).address)?;
    Ok((Visitor::Guest(guest), None))
}

/// Who says so by `?token=`, an `Authorization` header, the subprotocols `bearer, <token>`, or the cookie; `None` when there
/// is none of these. An error when one of them is no good.
fn signed_in(doors: &Doors, request: &Request, offered: &[String]) -> Answer<Option<Identified<Actor>>> {
    let service = &doors.service;
    let peer = request.remote_addr().as_socket_addr().map(|address| address.ip());
    let verdict = doors.origins.judge(peer, OverTls::No, request.headers());
    if verdict == Verdict::Foreign {
        return Err(Error::forbidden("WebSockets from other sites are refused.").into());
    }
    if let Some(token) = query_token(request)? {
        return Ok(Some((service.by_socket_token(&token)?, None)));
    }
    if let Some(token) = bearer_token(request)? {
        return Ok(Some((service.by_socket_token(token)?, None)));
    }
    if let Some((protocol, rest)) = offered.split_first()
        && protocol.eq_ignore_ascii_case(BEARER_PROTOCOL)
    {
        let no_token = || Error::unauthenticated("Offer the subprotocols bearer and, after it, your access token.");
        let token = rest.first().ok_or_else(no_token)?;
        return Ok(Some((service.by_socket_token(token)?, Some(protocol.clone()))));
    }
    let cookie = request.cookie().get(BROWSER_COOKIE).map(|cookie| cookie.value_str().to_owned());
    let Some(cookie) = cookie else { return Ok(None) };
    if verdict != Verdict::Ours {
        return Err(Error::forbidden("A socket opened with the cookie needs the Origin of this site.").into());
    }
    Ok(Some((service.by_browser_token(&cookie)?, None)))
}

/// `None` where there is no such parameter.
fn query_token(request: &Request) -> Result<Option<String>> {
    let unreadable = || Error::unauthenticated("The token in the address cannot be read. Send one as ?token=<token>.");
    let pairs = request.params::<Vec<(String, String)>>().map_err(|_| unreadable())?;
    let mut tokens = pairs.into_iter().filter_map(|(name, token)| (name == "token").then_some(token));
    match (tokens.next(), tokens.next()) {
        (None, _) => Ok(None),
        (Some(token), None) if !token.is_empty() => Ok(Some(token)),
        _ => Err(unreadable()),
    }
}
