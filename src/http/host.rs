//! Refuses requests that do not say which host they are for, or say it twice (RFC 9112, section 3.2): whoever stands in front
//! may have read another one than we do.

use poem::{
    Endpoint, Middleware, Request, Response, Result,
    http::{HeaderMap, StatusCode, Version, header},
};

use super::problem::Problem;

/// The middleware.
#[derive(Debug, Clone, Copy)]
pub struct OneHost;

impl<E: Endpoint<Output = Response>> Middleware<E> for OneHost {
    type Output = Addressed<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Addressed { inner }
    }
}

/// An endpoint whose requests have one host.
pub struct Addressed<E> {
    inner: E,
}

impl<E: Endpoint<Output = Response>> Endpoint for Addressed<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        check(request.version(), request.headers())?;
        self.inner.call(request).await
    }
}

fn check(version: Version, headers: &HeaderMap) -> Result<(), Problem> {
    let detail = match headers.get_all(header::HOST).iter().count() {
        1 => return Ok(()),
        // Older clients have no such header.
        0 if version < Version::HTTP_11 => return Ok(()),
        0 => "The Host header is missing. Send it once.",
        _ => "The Host header is there more than once. Send it once.",
    };
    Err(Problem::new(StatusCode::BAD_REQUEST, "invalid", detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_and_none_before_http_1_1() {
        for (version, hosts, passes) in [
            (Version::HTTP_11, 1, true),
            (Version::HTTP_11, 0, false),
            (Version::HTTP_11, 2, false),
            (Version::HTTP_10, 1, true),
            (Version::HTTP_10, 0, true),
            (Version::HTTP_10, 2, false),
        ] {
            let mut headers = HeaderMap::new();
            for _ in 0..hosts {
                headers.append(header::HOST, header::HeaderValue::from_static("a"));
            }
            assert_eq!(check(version, &headers).is_ok(), passes, "{version:?} {hosts}");
        }
    }
}
