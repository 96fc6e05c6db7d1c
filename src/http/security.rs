//! The headers that keep browsers from doing what Parlor never asks of them.
//!
//! A header that the handler has set itself stays as it is.

use poem::{
    Endpoint, Middleware, Request, Response, Result,
    http::{HeaderMap, HeaderName, HeaderValue, header, uri::Scheme},
};

use super::origin::{OriginPolicy, OverTls};

/// What the client's own pages may load: only what this server serves.
pub const CONTENT_POLICY: &str = "default-src 'self'; img-src 'self' blob: data:; style-src 'self'; \
     script-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

const ALWAYS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Addresses stay on this site. Under `no-referrer` browsers would call the forms of our own pages `Origin: null`.
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
];
/// One year, this host alone: an appliance does not speak for its neighbours.
const HSTS: &str = "max-age=31536000";

/// The middleware.
#[derive(Debug, Clone, Default)]
pub struct SecurityHeaders {
    origins: OriginPolicy,
}

impl SecurityHeaders {
    /// The policy tells whether the browser's side is encrypted, which is when HSTS is said.
    pub fn new(origins: OriginPolicy) -> Self {
        Self { origins }
    }
}

impl<E: Endpoint<Output = Response>> Middleware<E> for SecurityHeaders {
    type Output = Hardened<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Hardened { inner, origins: self.origins.clone() }
    }
}

/// An endpoint whose answers carry the headers.
pub struct Hardened<E> {
    inner: E,
    origins: OriginPolicy,
}

impl<E: Endpoint<Output = Response>> Endpoint for Hardened<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let is_api = is_api(request.uri().path());
        let peer = request.remote_addr().as_socket_addr().map(|address| address.ip());
        let over_tls = if *request.scheme() == Scheme::HTTPS { OverTls::Yes } else { OverTls::No };
        let is_secure = self.origins.is_secure(peer, over_tls, request.headers());
        let mut response = self.inner.get_response(request).await;
        let headers = response.headers_mut();
        for (name, value) in ALWAYS {
            set_unless_present(headers, name, value);
        }
        if is_api {
            set_unless_present(headers, header::CACHE_CONTROL, "no-store");
        }
        if is_secure {
            set_unless_present(headers, header::STRICT_TRANSPORT_SECURITY, HSTS);
        }
        Ok(response)
    }
}

fn is_api(path: &str) -> bool {
    let is_below =
        |prefix| path.strip_prefix(prefix).is_some_and(|rest: &str| rest.is_empty() || rest.starts_with('/'));
    ["/api", "/chats"].into_iter().any(is_below)
}

fn set_unless_present(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}
