//! Lets every path answer with and without its trailing slash, without a redirect.
//!
//! Nothing else about a path is changed: no merging, decoding or resolving, which would make two paths of one.

use poem::{
    Endpoint, Middleware, Request, Response, Result,
    http::{Method, StatusCode, Uri, uri::PathAndQuery},
};

use super::problem::Problem;

/// The middleware.
#[derive(Debug, Clone, Copy)]
pub struct TrimSlashes;

impl<E: Endpoint<Output = Response>> Middleware<E> for TrimSlashes {
    type Output = Trimmed<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Trimmed { inner }
    }
}

/// An endpoint that sees paths without trailing slashes.
pub struct Trimmed<E> {
    inner: E,
}

impl<E: Endpoint<Output = Response>> Endpoint for Trimmed<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        // `OPTIONS *` and CONNECT have no path, and poem's nested routes count on one.
        if request.method() == Method::CONNECT || !request.uri().path().starts_with('/') {
            return Err(Problem::from_status(StatusCode::NOT_FOUND).into());
        }
        if let Some(trimmed) = trimmed(request.uri()) {
            *request.uri_mut() = trimmed;
        }
        self.inner.call(request).await
    }
}

/// The same address without trailing slashes, if it has any and is not the root.
fn trimmed(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let kept = path.trim_end_matches('/');
    if kept.len() == path.len() || path == "/" {
        return None;
    }
    with_path(uri, if kept.is_empty() { "/" } else { kept })
}

/// The same address with another path.
pub(super) fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let path_and_query: PathAndQuery = match uri.query() {
        Some(query) => format!("{path}?{query}").parse().ok()?,
        None => path.parse().ok()?,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trailing_slashes_go() {
        for (given, expected) in [
            ("/", "/"),
            ("///", "/"),
            ("/a", "/a"),
            ("/a/", "/a"),
            ("/a//", "/a"),
            ("/a/?x=/", "/a?x=/"),
            ("/?x", "/?x"),
            ("/a%2F/", "/a%2F"),
            ("/a%2F", "/a%2F"),
            ("/a/../", "/a/.."),
            ("//evil.com/", "//evil.com"),
            ("//a//b", "//a//b"),
            ("/%/", "/%"),
            ("http://host/a/?q=1", "http://host/a?q=1"),
        ] {
            let uri: Uri = given.parse().unwrap();
            assert_eq!(trimmed(&uri).unwrap_or(uri).to_string(), expected, "{given}");
        }
    }
}
