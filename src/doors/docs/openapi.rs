//! The OpenAPI document: what poem-openapi derives from the handlers, with each operation's real errors and an example
//! for each body.

use super::{
    by_hand,
    refine::{operations, reachable, refine_schemas, require_what_is_written, state_sizes},
};
use crate::{
    config::Limits,
    doors::{community, live, marketplace, parlor, recruiting},
};
use poem_openapi::{ContactObject, LicenseObject, OpenApi, OpenApiService};
use serde_json::{Map, Value, json};

/// Examples of bodies by the name of their schema. A test holds them against the schemas.
const EXAMPLES: &str = include_str!("examples.json");

/// The REST API of all doors.
pub fn service() -> OpenApiService<impl OpenApi, ()> {
    let doors = (parlor::api(), marketplace::api(), recruiting::api(), community::api(), live::api());
    OpenApiService::new(doors, "Parlor", env!("CARGO_PKG_VERSION"))
        .description(
            "Chat for a small auto salon. Sign in with `POST /api/auth` and send the access token as a bearer, or with \
             `POST /api/session` for a browser's cookie. Errors are problem documents (RFC 9457). Live events are on the \
             WebSocket `/ws/chat/`, described in [asyncapi.json](/asyncapi.json) with all other sockets.",
        )
        .license(LicenseObject::new("MIT"))
        .contact(ContactObject::new().name("The operator of this site"))
        .server("/")
}

/// The finished document.
pub struct OpenApiDocument(Value);

impl OpenApiDocument {
    /// What poem-openapi derived, with what it leaves out.
    pub fn finished(limits: &Limits) -> Self {
        let mut document: Value = serde_json::from_str(&service().spec()).expect("poem-openapi writes JSON");
        document["openapi"] = json!("3.0.3");
        refine_schemas(&mut document["components"]["schemas"]);
        require_answers(&mut document);
        add_examples(&mut document);
        for (path, operation) in operations(&mut document) {
            state_errors(path, operation);
            state_sizes(operation, limits);
        }
        by_hand::describe(&mut document);
        Self(document)
    }

    /// The same for a site below a path of its host, such as `/chat`.
    #[must_use]
    pub fn below(mut self, base_path: &str) -> Self {
        if !base_path.is_empty() {
            self.0["servers"][0]["url"] = json!(base_path);
            let about = self.0["info"]["description"].as_str().unwrap_or_default();
            self.0["info"]["description"] = json!(about.replace("](/", &format!("]({base_path}/")));
        }
        self
    }

    /// As JSON.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(&self.0).expect("a JSON value can be written")
    }

    /// As YAML.
    pub fn yaml(&self) -> String {
        serde_yaml::to_string(&self.0).expect("a JSON value can be written as YAML")
    }
}

/// Says which fields of answers are always there.
fn require_answers(document: &mut Value) {
    let operations = document["paths"].as_object().into_iter().flatten().flat_map(|(_, item)| item.as_object());
    let operations: Vec<_> = operations.flatten().map(|(_, operation)| operation).collect();
    let schemas = &document["components"]["schemas"];
    let written = reachable(schemas, operations.iter().map(|operation| &operation["responses"]));
    let read = reachable(schemas, operations.iter().map(|operation| &operation["requestBody"]));
    require_what_is_written(&mut document["components"]["schemas"], &written, &read);
}

fn add_examples(document: &mut Value) {
    let examples: Map<String, Value> = serde_json::from_str(EXAMPLES).expect("examples.json is JSON; a test reads it");
    for (name, example) in examples {
        if let Some(schema) = document["components"]["schemas"].get_mut(&name) {
            schema["example"] = example;
        }
    }
}

/// Replaces the ranges 4XX and 5XX by the errors that this operation really gives.
fn state_errors(path: &str, operation: &mut Value) {
    let needs_login = operation["security"].as_array().is_some_and(|security| !security.is_empty());
    let has_body = operation.get("requestBody").is_some();
    // Some name a room in their body or query.
    let names_room =
        ["create_recruiting_message", "list_recruiting_messages", "send_live_message", "list_live_messages"];
    let takes_ids = path.contains('{') || names_room.iter().any(|id| operation["operationId"] == **id);
    let is_throttled = ["sign_in", "get_tokens", "register", "change_password", "send_live_message"]
        .iter()
        .any(|id| operation["operationId"] == **id);
    let takes_secret = ["refresh_tokens", "revoke_tokens"].iter().any(|id| operation["operationId"] == **id);
    let changes = operation["requestBody"].is_object()
        || operation["operationId"].as_str().is_some_and(|id| !id.starts_with("get_") && !id.starts_with("list_"));
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    let Some(problem) = responses.remove("4XX") else { return };
    responses.remove("5XX");
    let mut state = |status: &str, description: &str, when: bool| {
        if when {
            let mut response = problem.clone();
            response["description"] = json!(description);
            responses.insert(status.into(), response);
        }
    };
    state("400", "A field or parameter is wrong; `errors` says which.", has_body || takes_ids || needs_login);
    state("401", "Not signed in, or no longer.", needs_login || is_throttled || takes_secret);
    state("403", "Signed in, but not allowed.", needs_login || changes);
    state("404", "No such thing that the caller may know of.", takes_ids);
    state("409", "The thing is in a state that does not allow this.", changes);
    state("413", "Larger than a limit allows.", has_body);
    state("415", "A kind of body that is not understood here.", has_body);
    state("429", "Too many attempts; see `Retry-After`.", is_throttled);
    state("503", "Too much to do at the moment; see `Retry-After`.", true);
    state("507", "The disk is full; reading still works.", changes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_a_summary_a_tag_errors_and_every_body_an_example() {
        let OpenApiDocument(document) = OpenApiDocument::finished(&Limits::default());
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let name = format!("{method} {path}");
                assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{name}: summary");
                assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{name}: tag");
                let responses = operation["responses"].as_object().unwrap();
                assert!(responses.keys().any(|status| status.starts_with(['4', '5'])), "{name}: errors");
                assert!(!responses.contains_key("4XX"), "{name}: real errors");
            }
        }
        let examples: Map<String, Value> = serde_json::from_str(EXAMPLES).unwrap();
        for (name, schema) in schemas {
            if schema["type"] != "object" || schema["properties"].as_object().is_none_or(Map::is_empty) {
                continue;
            }
            let example = examples.get(name).unwrap_or_else(|| panic!("no example for {name}"));
            let properties = schema["properties"].as_object().unwrap();
            for key in example.as_object().unwrap().keys() {
                assert!(properties.contains_key(key), "{name}: the example has {key}, the schema does not");
            }
            for required in schema["required"].as_array().into_iter().flatten() {
                assert!(example.get(required.as_str().unwrap()).is_some(), "{name}: the example lacks {required}");
            }
        }
        for name in examples.keys() {
            assert!(schemas.contains_key(name), "an example for {name}, which is no schema");
        }
    }
}
