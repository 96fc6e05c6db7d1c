//! The last stop of every request: errors become problem documents, panics become 500, one line is logged.
//!
//! The line holds method, path without query, status, milliseconds and request id; never headers or bodies.

use std::{any::Any, panic::AssertUnwindSafe, time::Instant};

use futures_util::FutureExt;
use poem::{
    Endpoint, Error, Middleware, Request, Response, Result,
    http::{HeaderName, HeaderValue, Method, StatusCode},
};

use super::{
    page::{ShownAsPage, problem_page},
    paths::PathTable,
    problem::Problem,
    translate::{Asked, normalize, problem_of},
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest path that is logged, in bytes.
const MAX_LOGGED_PATH: usize = 200;

/// The id under which a request appears in the log, for handlers that log something themselves
/// (`request.data::<RequestId>()`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// The middleware.
#[derive(Debug, Clone, Default)]
pub struct RequestLog {
    paths: PathTable,
}

impl RequestLog {
    /// The table of the documented paths makes errors precise.
    pub fn new(paths: PathTable) -> Self {
        Self { paths }
    }
}

impl<E: Endpoint<Output = Response>> Middleware<E> for RequestLog {
    type Output = Logged<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Logged { inner, paths: self.paths.clone() }
    }
}

/// An endpoint that never fails and whose requests are logged.
pub struct Logged<E> {
    inner: E,
    paths: PathTable,
}

impl<E: Endpoint<Output = Response>> Endpoint for Logged<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let started = Instant::now();
        let id = format!("{:016x}", rand::random::<u64>());
        request.set_data(RequestId(id.clone()));
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let outcome = AssertUnwindSafe(self.inner.call(request)).catch_unwind().await;
        let (mut response, cause) = match outcome {
            Ok(Ok(response)) => (normalize(response, &id), None),
            Ok(Err(error)) => self.answer(error, &method, uri.path(), &id),
            Err(panic) => self.answer(panicked(&*panic).into(), &method, uri.path(), &id),
        };
        log(&method, uri.path(), response.status(), started, &id, cause.as_deref());
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        Ok(response)
    }
}

impl<E> Logged<E> {
    fn answer(&self, error: Error, method: &Method, path: &str, id: &str) -> (Response, Option<String>) {
        let Some(problem) = problem_of(&error, Asked { method, path, paths: &self.paths }) else {
            return (normalize(error.into_response(), id), None);
        };
        let is_page = error.data::<ShownAsPage>().is_some();
        let response = if is_page { problem_page(&problem, id) } else { problem.answer(Some(id)) };
        (response, problem.cause().map(str::to_owned))
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Problem {
    let message = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
    Problem::internal(format_args!("a handler panicked: {}", message.unwrap_or("no message")))
}

fn log(method: &Method, path: &str, status: StatusCode, started: Instant, request_id: &str, cause: Option<&str>) {
    let path = path.get(..MAX_LOGGED_PATH).unwrap_or(path);
    let (status, ms) = (status.as_u16(), started.elapsed().as_millis() as u64);
    match status {
        500.. => tracing::error!(%method, path, status, ms, request_id, cause, "request failed"),
        400.. => tracing::info!(%method, path, status, ms, request_id, "request refused"),
        _ => tracing::debug!(%method, path, status, ms, request_id, "request"),
    }
}
