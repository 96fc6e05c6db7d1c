//! The OpenAPI document: what poem-openapi derives from the handlers, with each operation's real errors and an example
//! for each body.

use crate::doors::{community, live, marketplace, parlor, recruiting};
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
             WebSocket `/ws/chat/`, described in [asyncapi.json](/asyncapi.json).",
        )
        .license(LicenseObject::new("MIT"))
        .contact(ContactObject::new().name("The operator of this site"))
        .server("/")
}

/// The finished document.
pub struct OpenApiDocument(Value);

impl OpenApiDocument {
    /// What poem-openapi derived, with what it leaves out.
    pub fn finished() -> Self {
        let mut document: Value = serde_json::from_str(&service().spec()).expect("poem-openapi writes JSON");
        document["openapi"] = json!("3.0.3");
        refine_schemas(&mut document["components"]["schemas"]);
        add_examples(&mut document);
        describe_form(&mut document);
        describe_recruiting_forms(&mut document);
        for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
            for operation in item.as_object_mut().into_iter().flatten().map(|(_, operation)| operation) {
                state_errors(path, operation);
            }
        }
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

/// What poem-openapi leaves out: that an absent value may be null, and which texts are times.
pub(super) fn refine_schemas(schemas: &mut Value) {
    for schema in schemas.as_object_mut().into_iter().flat_map(|schemas| schemas.values_mut()) {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (name, property) in properties.into_iter().flatten() {
            if property["type"] == "string" && (name.ends_with("_at") || name == "timestamp") {
                property["format"] = json!("date-time");
            }
            if required.iter().any(|required| required == name) || property.get("default").is_some() {
                continue;
            }
            if property.get("$ref").is_some() {
                *property = json!({ "allOf": [property.clone()] });
            }
            property["nullable"] = json!(true);
        }
    }
}

fn add_examples(document: &mut Value) {
    let examples: Map<String, Value> = serde_json::from_str(EXAMPLES).expect("examples.json is JSON; a test reads it");
    for (name, example) in examples {
        if let Some(schema) = document["components"]["schemas"].get_mut(&name) {
            schema["example"] = example;
        }
    }
}

/// poem-openapi knows the form only as bytes, because its file is streamed.
fn describe_form(document: &mut Value) {
    let body = &mut document["paths"]["/api/rooms/{id}/messages"]["post"]["requestBody"]["content"];
    body["multipart/form-data"]["schema"] = json!({
        "type": "object",
        "description": "At least one of content and file. Send the file last.",
        "properties": {
            "content": { "type": "string" },
            "client_id": { "type": "string" },
            "reply_to": { "type": "string", "format": "uuid" },
            "job": { "type": "string", "format": "uuid" },
            "file": { "type": "string", "format": "binary" }
        },
        "example": { "content": "The brake discs before the work", "file": "discs.jpg" }
    });
}

fn describe_recruiting_forms(document: &mut Value) {
    let text = json!({ "type": "string" });
    let id = json!({ "type": "string", "format": "uuid" });
    let body = &mut document["paths"]["/chats/messages/create"]["post"]["requestBody"]["content"];
    body["multipart/form-data"]["schema"] = json!({
        "type": "object",
        "description": "Exactly one of content and file.",
        "required": ["chat_room"],
        "properties": {
            "chat_room": id, "job": id, "content": text, "file": { "type": "string", "format": "binary" }
        },
        "example": { "chat_room": "01939f20-3c4d-7e5f-8a6b-7c8d9e0f1a02", "file": "certificate.pdf" }
    });
    for method in ["patch", "put"] {
        let body = &mut document["paths"]["/chats/messages/detail/{uuid}"][method]["requestBody"]["content"];
        body["multipart/form-data"]["schema"] = json!({
            "type": "object",
            "required": ["content"],
            "properties": { "content": text },
            "example": { "content": "Tuesday at ten" }
        });
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
        let OpenApiDocument(document) = OpenApiDocument::finished();
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
