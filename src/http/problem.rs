//! The one shape of an error answer: an RFC 9457 problem document.
//!
//! A problem tells the client what was wrong and what would be right. Its cause is for the log alone and
//! never reaches the body.

use std::{borrow::Cow, collections::BTreeMap, fmt, sync::Arc};

use poem::{
    Response,
    error::ResponseError,
    http::{HeaderValue, StatusCode, header},
};
use serde_json::{Value, json};

/// Media type of problem documents.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What is wrong with no field alone.
const NON_FIELD_ERRORS: &str = "non_field_errors";

/// An error answer. Builds up by its methods and becomes a `poem::Error` with `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// HTTP status of the answer.
    pub status: StatusCode,
    /// Stable snake_case word that clients may match on.
    pub code: &'static str,
    /// A sentence for people: what was wrong and what would be right.
    pub detail: Cow<'static, str>,
    /// Reasons by the name of the field or parameter that they concern.
    pub errors: BTreeMap<String, Vec<String>>,
    /// After how many seconds trying again makes sense.
    pub retry_after_secs: Option<u64>,
    /// The methods that the path does answer, for 405.
    pub allow: Option<Box<str>>,
    cause: Option<Arc<str>>,
}

impl Problem {
    /// A problem without fields.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            errors: BTreeMap::new(),
            retry_after_secs: None,
            allow: None,
            cause: None,
        }
    }

    /// The problem that a bare status means.
    pub fn from_status(status: StatusCode) -> Self {
        let (code, detail) = words_for(status);
        Self::new(status, code, detail)
    }

    /// An error of ours. The cause goes to the log, beside the request id that the client gets to see.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::from_status(StatusCode::INTERNAL_SERVER_ERROR).caused_by(cause)
    }

    /// Adds a reason to a field or parameter.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, reason: impl Into<String>) -> Self {
        self.errors.entry(name.into()).or_default().push(reason.into());
        self
    }

    /// Says after how many seconds to try again.
    #[must_use]
    pub fn retry_after(mut self, secs: u64) -> Self {
        self.retry_after_secs = Some(secs);
        self
    }

    /// Names the methods that the path answers.
    #[must_use]
    pub fn allowing(mut self, methods: impl Into<Box<str>>) -> Self {
        self.allow = Some(methods.into());
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string().into());
        self
    }

    /// The cause, for the log alone.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// The answer. `request_id` is shown with errors of ours, so that a person can quote it.
    pub fn answer(&self, request_id: Option<&str>) -> Response {
        let mut response = Response::builder()
            .status(self.status)
            .content_type(PROBLEM_JSON)
            .body(self.document(request_id).to_string());
        let headers = response.headers_mut();
        if let Some(secs) = self.retry_after_secs {
            headers.insert(header::RETRY_AFTER, secs.into());
        }
        if let Some(methods) = self.allow.as_deref().and_then(|allow| HeaderValue::from_str(allow).ok()) {
            headers.insert(header::ALLOW, methods);
        }
        if matches!(self.status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT) {
            // The rest of the body is still on its way; nothing else can follow it on this connection.
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.status == StatusCode::UPGRADE_REQUIRED {
            // RFC 9110, section 15.5.22, and RFC 6455, section 4.4: to what, and to which version.
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        response
    }

    fn document(&self, request_id: Option<&str>) -> Value {
        let mut document = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code,
        });
        if !self.errors.is_empty() {
            document["errors"] = json!(self.errors);
            // Clients of the marketplace look for it beside the other fields.
            if let Some(reasons) = self.errors.get(NON_FIELD_ERRORS) {
                document[NON_FIELD_ERRORS] = json!(reasons);
            }
        }
        if let Some(id) = request_id.filter(|_| self.status.is_server_error()) {
            document["request_id"] = json!(id);
        }
        document
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.code)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn as_response(&self) -> Response {
        self.answer(None)
    }
}

fn words_for(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::BAD_REQUEST => ("invalid", "The request is malformed."),
        StatusCode::UNAUTHORIZED => ("unauthenticated", "Sign in first: the request carries no valid credentials."),
        StatusCode::FORBIDDEN => ("forbidden", "You are not allowed to do this."),
        StatusCode::NOT_FOUND => ("not_found", "There is no such thing here."),
        StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "This path does not answer that method."),
        StatusCode::REQUEST_TIMEOUT => ("request_timeout", "The request body arrived too slowly."),
        StatusCode::CONFLICT => ("conflict", "This is in conflict with the present state."),
        StatusCode::PRECONDITION_FAILED => ("precondition_failed", "The thing has changed since you read it."),
        StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "The request body is too large."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ("unsupported_type", "This type of body is not understood here."),
        StatusCode::RANGE_NOT_SATISFIABLE => ("range_not_satisfiable", "The range lies outside of the file."),
        StatusCode::TOO_MANY_REQUESTS => ("throttled", "Too many requests; try again later."),
        StatusCode::SERVICE_UNAVAILABLE => ("busy", "The server cannot do this right now; try again later."),
        StatusCode::INSUFFICIENT_STORAGE => ("storage_full", "The server has no room for this."),
        other if other.is_client_error() => ("invalid", "The request cannot be served as it is."),
        _ => ("internal", "Something went wrong on the server. Quote the request id when you report this."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_the_agreed_members() {
        let problem = Problem::new(StatusCode::BAD_REQUEST, "invalid", "Mend the fields.")
            .field("name", "is required")
            .field("name", "is too short");
        assert_eq!(
            problem.document(Some("id")),
            json!({"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "Mend the fields.",
                   "code": "invalid", "errors": {"name": ["is required", "is too short"]}})
        );
    }

    #[test]
    fn an_error_of_ours_shows_the_request_id_and_never_the_cause() {
        let text = Problem::internal("/var/lib/secret: denied").document(Some("4711")).to_string();
        assert!(text.contains("4711"));
        assert!(!text.contains("secret"));
    }

    #[test]
    fn headers_follow_the_status() {
        let response = Problem::from_status(StatusCode::TOO_MANY_REQUESTS).retry_after(7).answer(None);
        assert_eq!(response.headers()[header::RETRY_AFTER], "7");
        let response = Problem::from_status(StatusCode::METHOD_NOT_ALLOWED).allowing("GET, HEAD").answer(None);
        assert_eq!(response.headers()[header::ALLOW], "GET, HEAD");
        let response = Problem::from_status(StatusCode::UPGRADE_REQUIRED).answer(None);
        assert_eq!(response.headers()[header::SEC_WEBSOCKET_VERSION], "13");
    }
}
