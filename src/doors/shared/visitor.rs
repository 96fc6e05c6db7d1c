//! Who calls over HTTP where guests may: somebody signed in, or a guest who is known again by a cookie.

use super::{
    Answer, Doors, Login,
    login::{BROWSER_COOKIE, Client, GUEST_COOKIE, guest_cookie},
};
use crate::{
    http::{
        origin::{OverTls, Verdict},
        problem::Problem,
    },
    model::Error,
    service::Visitor,
};
use poem::{
    Request, RequestBody, Result,
    http::{Method, header},
};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions, registry::Registry};

/// Somebody signed in, by either way; without any of them a guest, where guests are switched on. What is sent as a token or a
/// session must be good: nobody becomes a guest by it.
pub struct VisitorLogin {
    pub visitor: Visitor,
    /// For the answer's `Set-Cookie`: a guest's name lasts from one visit to the next.
    pub cookie: Option<String>,
}

impl VisitorLogin {
    fn guest(request: &Request) -> Answer<Self> {
        let doors = request.data::<Doors>().ok_or_else(Error::internal)?;
        let peer = request.remote_addr().as_socket_addr().map(|address| address.ip());
        let is_foreign = doors.origins.judge(peer, OverTls::No, request.headers()) == Verdict::Foreign;
        if is_foreign && !matches!(*request.method(), Method::GET | Method::HEAD) {
            let detail = "This request comes from another site. Open Parlor itself and try again.";
            return Err(Error::forbidden(detail).into());
        }
        let client = Client::of(doors, request);
        let cookie = request.cookie().get(GUEST_COOKIE);
        let guest = doors.service.guest(cookie.as_ref().map(|cookie| cookie.value_str()), client.address)?;
        let (token, ttl_secs) = doors.service.guest_token(guest);
        let cookie = guest_cookie(&client, &token, ttl_secs)?;
        Ok(Self { visitor: Visitor::Guest(guest), cookie: cookie.to_str().ok().map(str::to_owned) })
    }
}

fn says_who(request: &Request) -> bool {
    request.headers().contains_key(header::AUTHORIZATION) || request.cookie().get(BROWSER_COOKIE).is_some()
}

impl<'a> ApiExtractor<'a> for VisitorLogin {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        Login::register(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        Login::security_schemes()
    }

    fn has_security_fallback() -> bool {
        true
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        if !says_who(request) {
            return Self::guest(request).map_err(|problem: Problem| problem.into());
        }
        let login = Login::from_request(request, body, options).await?;
        Ok(Self { visitor: Visitor::Person(login.actor()), cookie: None })
    }
}
