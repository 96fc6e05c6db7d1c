//! Lets a handler return `Result<T, Problem>` and shows problem documents in the OpenAPI document.

use poem_openapi::{
    ApiResponse, Object,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry},
    types::Type,
};

use super::problem::{PROBLEM_JSON, Problem};

/// What was wrong and what would be right (RFC 9457).
#[derive(Object)]
#[oai(rename = "Problem")]
struct ProblemDocument {
    /// Always `about:blank`; `code` tells problems apart.
    r#type: String,
    /// The HTTP status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// A sentence for people.
    detail: String,
    /// Stable word to match on.
    code: String,
    /// Reasons by the name of the field or parameter that they concern.
    errors: Option<std::collections::HashMap<String, Vec<String>>>,
    /// What is wrong with no field alone; the same as in `errors`.
    non_field_errors: Option<Vec<String>>,
    /// With errors of the server: quote it when you report them.
    request_id: Option<String>,
}

impl ApiResponse for Problem {
    fn meta() -> MetaResponses {
        let answer = |range: &str, description| MetaResponse {
            description,
            status: None,
            status_range: Some(range.to_owned()),
            content: vec![MetaMediaType { content_type: PROBLEM_JSON, schema: schema() }],
            headers: vec![],
        };
        MetaResponses {
            responses: vec![
                answer("4XX", "The request cannot be served as it is."),
                answer("5XX", "The server cannot serve the request now."),
            ],
        }
    }

    fn register(registry: &mut Registry) {
        ProblemDocument::register(registry);
    }
}

fn schema() -> MetaSchemaRef {
    ProblemDocument::schema_ref()
}
