//! Lets everything live below a path of a host that others use too (`https://salon.example/chat/`).
//!
//! Behind this middleware nobody knows of the path: it is taken off what comes in, and put before the addresses to which
//! an answer redirects.

use std::net::IpAddr;

use poem::{
    Endpoint, Middleware, Request, Response, Result,
    http::{HeaderMap, HeaderValue, Uri, header},
};

use super::{origin::OriginPolicy, slashes::with_path};

/// The middleware.
#[derive(Debug, Clone)]
pub struct BasePath {
    path: String,
    origins: OriginPolicy,
}

impl BasePath {
    /// A path such as `/chat`, without a slash at its end; an empty one changes nothing. The policy knows whose word that
    /// the path was taken off already counts.
    pub fn new(path: &str, origins: OriginPolicy) -> Self {
        Self { path: path.to_owned(), origins }
    }

    /// The address without the path, if it is below it. One that is not came through a proxy that took the path off.
    fn taken_off(&self, request: &Request) -> Option<Uri> {
        let rest = request.uri().path().strip_prefix(&self.path)?;
        let peer = request.remote_addr().as_socket_addr().map(|address| address.ip());
        if !(rest.is_empty() || rest.starts_with('/')) || self.is_off_already(peer, request.headers()) {
            return None;
        }
        with_path(request.uri(), if rest.is_empty() { "/" } else { rest })
    }

    /// An address of ours may begin like the path itself: below `/chat` there is `/chat/send`.
    fn is_off_already(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> bool {
        let prefix = self.origins.forwarded_prefix(peer, headers);
        prefix.is_some_and(|prefix| prefix.trim_end_matches('/') == self.path)
    }

    /// Puts the path before an address of this site.
    fn put_before(&self, headers: &mut HeaderMap) {
        let location = headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
        let Some(location) = location.filter(|place| place.starts_with('/') && !place.starts_with("//")) else {
            return;
        };
        if let Ok(location) = HeaderValue::from_str(&format!("{}{location}", self.path)) {
            headers.insert(header::LOCATION, location);
        }
    }
}

impl<E: Endpoint<Output = Response>> Middleware<E> for BasePath {
    type Output = Below<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Below { inner, base: self.clone() }
    }
}

/// An endpoint that believes to be at the root.
pub struct Below<E> {
    inner: E,
    base: BasePath,
}

impl<E: Endpoint<Output = Response>> Endpoint for Below<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        if self.base.path.is_empty() {
            return self.inner.call(request).await;
        }
        if let Some(uri) = self.base.taken_off(&request) {
            *request.uri_mut() = uri;
        }
        let mut response = self.inner.call(request).await?;
        self.base.put_before(response.headers_mut());
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::proxies::TrustedProxies;
    use poem::{EndpointExt, endpoint::make_sync};

    fn base(path: &str) -> BasePath {
        BasePath::new(path, OriginPolicy::new(Vec::new(), TrustedProxies::parse(["10.0.0.1"]).unwrap()))
    }

    async fn ask(base_path: &str, path: &str) -> Response {
        let echo = make_sync(|request: Request| {
            Response::builder()
                .header(header::LOCATION, request.uri().query().unwrap_or("/"))
                .body(request.uri().path().to_owned())
        });
        echo.with(base(base_path)).get_response(Request::builder().uri_str(path).finish()).await
    }

    #[tokio::test]
    async fn the_path_goes_once_and_only_as_whole_words() {
        for (base_path, path, expected) in [
            ("", "/chat/x", "/chat/x"),
            ("/chat", "/chat", "/"),
            ("/chat", "/chat/", "/"),
            ("/chat", "/chat/room/7/", "/room/7/"),
            ("/chat", "/chat/chat/send/", "/chat/send/"),
            ("/chat", "/room/7", "/room/7"),
            ("/chat", "/chatter", "/chatter"),
            ("/chat", "/Chat/x", "/Chat/x"),
            ("/chat", "/chat//evil.example", "//evil.example"),
            ("/a/b", "/a/b/c", "/c"),
        ] {
            let mut response = ask(base_path, path).await;
            assert_eq!(response.take_body().into_string().await.unwrap(), expected, "{base_path} {path}");
        }
    }

    #[test]
    fn a_trusted_proxy_that_took_it_off_may_say_so() {
        for (peer, prefix, is_off) in [
            ("10.0.0.1", "/chat", true),
            ("10.0.0.1", "/chat/", true),
            ("10.0.0.1", "/other", false),
            ("10.0.0.2", "/chat", false),
        ] {
            let headers = HeaderMap::from_iter([("x-forwarded-prefix".parse().unwrap(), prefix.parse().unwrap())]);
            assert_eq!(base("/chat").is_off_already(peer.parse().ok(), &headers), is_off, "{peer} {prefix}");
        }
        assert!(!base("/chat").is_off_already("10.0.0.1".parse().ok(), &HeaderMap::new()));
    }

    #[tokio::test]
    async fn redirects_stay_below_the_path() {
        for (target, expected) in [
            ("/room/7", "/chat/room/7"),
            ("/", "/chat/"),
            ("https://a.example/x", "https://a.example/x"),
            ("//a.example/x", "//a.example/x"),
        ] {
            let response = ask("/chat", &format!("/x?{target}")).await;
            assert_eq!(response.headers()["location"], expected, "{target}");
        }
        assert_eq!(ask("", "/x?/room").await.headers()["location"], "/room");
    }
}
