//! From a request to a socket: checks the upgrade (RFC 6455, section 4.2), answers 101 and starts the session on the raw
//! connection once that answer is sent.
//!
//! It does not authorise: a door does that before it accepts. The only part of the plumbing that knows poem.

use std::future::Future;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use poem::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use poem::http::{Method, StatusCode};
use poem::{Body, OnUpgrade, Request, Response, Upgraded};
use sha1::{Digest, Sha1};

/// What the key is joined with (RFC 6455, section 1.3).
const ACCEPT_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Longest time for the 101 answer to leave.
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a request cannot become a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// Not a GET.
    #[error("A WebSocket is opened with GET.")]
    Method,
    /// The headers do not ask for a WebSocket, or the connection cannot become one (HTTP/2).
    #[error("This address is a WebSocket. Open it with the headers Connection: Upgrade and Upgrade: websocket.")]
    NotAnUpgrade,
    /// Another version than 13.
    #[error("Only version 13 of the WebSocket protocol is spoken here. Send Sec-WebSocket-Version: 13.")]
    Version,
    /// `Sec-WebSocket-Key` is missing, there twice, or not the base64 of 16 bytes.
    #[error("Sec-WebSocket-Key must be there once: 16 bytes in base64.")]
    Key,
}

impl HandshakeError {
    /// 405, 426 or 400.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAnUpgrade | Self::Version => StatusCode::UPGRADE_REQUIRED,
            Self::Key => StatusCode::BAD_REQUEST,
        }
    }

    /// Headers that belong to the answer, beside its body.
    pub fn headers(self) -> &'static [(HeaderName, HeaderValue)] {
        static METHOD: [(HeaderName, HeaderValue); 1] = [(header::ALLOW, HeaderValue::from_static("GET"))];
        static UPGRADE: [(HeaderName, HeaderValue); 3] = [
            (header::CONNECTION, HeaderValue::from_static("upgrade")),
            (header::UPGRADE, HeaderValue::from_static("websocket")),
            (header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13")),
        ];
        match self {
            Self::Method => &METHOD,
            Self::NotAnUpgrade | Self::Version => &UPGRADE,
            Self::Key => &[],
        }
    }
}

impl poem::error::ResponseError for HandshakeError {
    fn status(&self) -> StatusCode {
        Self::status(*self)
    }

    fn as_response(&self) -> Response {
        let mut response = Response::builder().status(Self::status(*self)).body(self.to_string());
        for (name, value) in self.headers() {
            response.headers_mut().insert(name, value.clone());
        }
        response
    }
}

/// A request found to be a good WebSocket handshake.
pub struct Handshake {
    accept: HeaderValue,
    offered: Vec<String>,
    upgrade: OnUpgrade,
}

impl Handshake {
    /// Checks the request and takes its connection.
    pub fn check(request: &Request) -> Result<Self, HandshakeError> {
        let headers = request.headers();
        if request.method() != Method::GET {
            return Err(HandshakeError::Method);
        }
        if !has_token(headers, header::CONNECTION, "upgrade") || !has_token(headers, header::UPGRADE, "websocket") {
            return Err(HandshakeError::NotAnUpgrade);
        }
        if only(headers, header::SEC_WEBSOCKET_VERSION) != Some(b"13") {
            return Err(HandshakeError::Version);
        }
        let key = only(headers, header::SEC_WEBSOCKET_KEY)
            .filter(|key| matches!(STANDARD.decode(key), Ok(bytes) if bytes.len() == 16))
            .ok_or(HandshakeError::Key)?;
        Ok(Self {
            accept: accept(key).ok_or(HandshakeError::Key)?,
            offered: tokens(headers, header::SEC_WEBSOCKET_PROTOCOL).map(str::to_owned).collect(),
            upgrade: request.take_upgrade().map_err(|_| HandshakeError::NotAnUpgrade)?,
        })
    }

    /// The subprotocols that the peer offered, most wanted first. Their names are case-sensitive.
    pub fn offered(&self) -> &[String] {
        &self.offered
    }

    /// The 101 answer, to be returned from the handler as it is. `protocol` must be one of those offered. Once the answer
    /// is sent, what `session` gives runs in a task of its own; if it cannot be sent, `session` is dropped.
    pub fn accept<F, Fut>(self, protocol: Option<&str>, session: F) -> Response
    where
        F: FnOnce(Upgraded) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Send + 'static,
    {
        let mut response = Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header(header::CONNECTION, "upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_ACCEPT, self.accept);
        if let Some(protocol) = protocol {
            response = response.header(header::SEC_WEBSOCKET_PROTOCOL, protocol);
        }
        let upgrade = self.upgrade;
        tokio::spawn(async move {
            if let Ok(Ok(stream)) = tokio::time::timeout(UPGRADE_TIMEOUT, upgrade).await {
                // In a task of its own, so that an idle socket does not keep the room that waiting took.
                tokio::spawn(session(stream));
            }
        });
        response.body(Body::empty())
    }
}

fn accept(key: &[u8]) -> Option<HeaderValue> {
    let digest = Sha1::new().chain_update(key).chain_update(ACCEPT_SUFFIX).finalize();
    HeaderValue::try_from(STANDARD.encode(digest)).ok()
}

/// The value of a header that must be there once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&[u8]> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.as_bytes()),
        _ => None,
    }
}

fn tokens(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|token| !token.is_empty())
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    tokens(headers, name).any(|found| found.eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 4] = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    fn error(method: Method, headers: &[(&str, &str)]) -> Option<HandshakeError> {
        let mut request = Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Handshake::check(&request.finish()).err()
    }

    fn with(name: &str, value: Option<&'static str>) -> Option<HandshakeError> {
        let mut headers = GOOD.to_vec();
        headers.retain(|header| header.0 != name);
        headers.extend(value.map(|value| (name, value)));
        error(Method::GET, &headers)
    }

    #[test]
    fn the_key_of_the_rfc() {
        let accept = accept(b"dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accept.expect("ASCII"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn what_is_not_a_handshake() {
        use HandshakeError::{Key, Method as NotGet, NotAnUpgrade, Version};
        assert_eq!(error(Method::POST, &GOOD), Some(NotGet));
        assert_eq!(with("connection", Some("close")), Some(NotAnUpgrade));
        assert_eq!(with("connection", None), Some(NotAnUpgrade));
        assert_eq!(with("upgrade", Some("h2c")), Some(NotAnUpgrade));
        assert_eq!(with("sec-websocket-version", Some("8")), Some(Version));
        assert_eq!(with("sec-websocket-version", None), Some(Version));
        assert_eq!(with("sec-websocket-key", None), Some(Key));
        assert_eq!(with("sec-websocket-key", Some("short")), Some(Key));
        assert_eq!(with("sec-websocket-key", Some("AAAAAAAAAAAAAAAAAAAAAAA=")), Some(Key));
        let twice = [&GOOD[..], &GOOD[3..]].concat();
        assert_eq!(error(Method::GET, &twice), Some(Key));
        // All is well but there is no connection to take.
        assert_eq!(error(Method::GET, &GOOD), Some(NotAnUpgrade));
    }

    #[test]
    fn refusals_name_what_would_be_accepted() {
        use poem::error::ResponseError as _;
        let response = HandshakeError::Version.as_response();
        assert_eq!(response.status(), StatusCode::UPGRADE_REQUIRED);
        let version = response.header("sec-websocket-version");
        assert_eq!(version, Some("13"));
    }
}
