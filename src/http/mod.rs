//! HTTP plumbing that every door shares: connections, limits, problem documents, headers, origins, files.
//!
//! It must not know any noun of the product: no accounts, rooms or messages, and no store.

pub mod acceptor;
pub mod api_problem;
pub mod base_path;
pub mod body_limit;
pub mod by_upgrade;
pub mod file_headers;
pub mod files;
pub mod guard;
pub mod head_scan;
pub mod host;
pub mod json_answer;
pub mod json_body;
pub mod optional_json;
pub mod origin;
pub mod page;
pub mod paths;
pub mod problem;
pub mod proxies;
pub mod request_log;
pub mod security;
pub mod slashes;
pub mod slots;
pub mod translate;
pub mod url_form;

use poem::{Endpoint, EndpointExt, Response};

use self::{
    body_limit::BodyLimit, host::OneHost, paths::PathTable, request_log::RequestLog, security::SecurityHeaders,
    slashes::TrimSlashes,
};

/// Puts the whole plumbing around an application, in the only order that works: security headers see every
/// answer, the request log sees every error, and the host is checked and paths are trimmed before limits and routes look at
/// them.
pub fn wrap<E: Endpoint + 'static>(
    app: E,
    body_limit: BodyLimit,
    paths: PathTable,
    security: SecurityHeaders,
) -> impl Endpoint<Output = Response> {
    app.map_to_response().with(body_limit).with(TrimSlashes).with(OneHost).with(RequestLog::new(paths)).with(security)
}

#[cfg(test)]
mod tests;
