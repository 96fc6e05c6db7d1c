//! Holds what is said against the documents that describe it: answers against OpenAPI, frames against AsyncAPI.

use super::Answer;
use reqwest::{Client, Method};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use tokio::sync::OnceCell;

static DOCUMENTS: OnceCell<Documents> = OnceCell::const_new();

/// The documents that the program serves of itself.
pub struct Documents {
    pub openapi: Value,
    pub asyncapi: Value,
}

/// Asked for once; every Parlor of a test run serves the same.
pub async fn documents(client: &Client, address: &str) -> &'static Documents {
    let get = async |name: &str| -> Value {
        let answer = client.get(format!("http://{address}/{name}")).send().await.expect("an answer");
        answer.json().await.expect("JSON")
    };
    DOCUMENTS
        .get_or_init(async || Documents { openapi: get("openapi.json").await, asyncapi: get("asyncapi.json").await })
        .await
}

impl Documents {
    /// The operation that serves this path, with the path as the document writes it.
    fn operation(&self, method: &Method, path: &str) -> Option<(String, &Value)> {
        let segments: Vec<_> = path.trim_end_matches('/').split('/').collect();
        let fits = |template: &str| {
            let parts: Vec<_> = template.split('/').collect();
            parts.len() == segments.len()
                && parts.iter().zip(&segments).all(|(part, segment)| part.starts_with('{') || part == segment)
        };
        let paths = self.openapi["paths"].as_object().expect("paths");
        // A path without parameters wins over one with them.
        let template =
            paths.keys().filter(|template| fits(template)).min_by_key(|template| template.matches('{').count())?;
        let operation = paths[template].get(method.as_str().to_lowercase())?;
        Some((format!("{method} {template}"), operation))
    }

    /// The answer's status is documented for its operation, and its body is what the document says.
    pub fn check_answer(&self, method: &Method, path: &str, answer: &Answer) {
        let Some((name, operation)) = self.operation(method, path) else { return };
        let status = answer.status;
        let response = &operation["responses"][status.to_string()];
        assert!(response.is_object(), "{name} answered {status}, which is not documented: {}", answer.text());
        let media_type = answer.header("content-type").split(';').next().unwrap_or_default();
        let contents = response["content"].as_object();
        let content =
            contents.and_then(|kinds| kinds.iter().find(|(kind, _)| kind.split(';').next() == Some(media_type)));
        match content {
            Some((_, content)) => check(&self.openapi, &content["schema"], &answer.json(), &format!("{name} {status}")),
            None => assert!(answer.body.is_empty(), "{name} {status}: {media_type} is not documented"),
        }
    }

    /// A frame of the event stream.
    pub fn check_frame(&self, frame: &Value) {
        let word = frame["type"].as_str().unwrap_or_else(|| panic!("a frame without a type: {frame}"));
        let message = &self.asyncapi["components"]["messages"][word];
        assert!(message.is_object(), "the frame {word} is not described: {frame}");
        check(&self.asyncapi, &message["payload"], frame, word);
    }
}

/// The value is what the schema says, and says nothing more.
pub fn check(document: &Value, schema: &Value, value: &Value, at: &str) {
    let mut parts = Parts::default();
    parts.gather(document, schema);
    if value.is_null() {
        assert!(parts.nullable, "{at}: null");
        return;
    }
    for part in &parts.plain {
        check_plain(document, part, value, at);
    }
    let Some(fields) = value.as_object() else { return };
    let known: BTreeSet<&str> = parts
        .plain
        .iter()
        .filter_map(|part| part["properties"].as_object())
        .flat_map(Map::keys)
        .map(String::as_str)
        .collect();
    let is_open = parts.plain.iter().any(|part| part.get("additionalProperties").is_some());
    if !known.is_empty() && !is_open {
        for name in fields.keys() {
            assert!(known.contains(name.as_str()), "{at}: the field {name} is not described");
        }
    }
}

/// A schema with its references followed and its compositions taken apart.
#[derive(Default)]
struct Parts<'a> {
    plain: Vec<&'a Value>,
    nullable: bool,
}

impl<'a> Parts<'a> {
    fn gather(&mut self, document: &'a Value, schema: &'a Value) {
        let types = &schema["type"];
        self.nullable |=
            schema["nullable"] == true || types.as_array().is_some_and(|types| types.contains(&"null".into()));
        if let Some(reference) = schema["$ref"].as_str() {
            let target = document.pointer(reference.trim_start_matches('#'));
            self.gather(document, target.unwrap_or_else(|| panic!("{reference} leads nowhere")));
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.gather(document, part);
        }
        // "This or null" is how newer documents write what may be missing.
        let choices = schema["anyOf"].as_array().or(schema["oneOf"].as_array()).into_iter().flatten();
        for choice in choices {
            if choice["type"] == "null" {
                self.nullable = true;
            } else {
                self.gather(document, choice);
            }
        }
        // An empty schema allows anything.
        self.nullable |= schema.as_object().is_some_and(|schema| schema.keys().all(|key| key == "description"));
        self.plain.push(schema);
    }
}

fn check_plain(document: &Value, schema: &Value, value: &Value, at: &str) {
    let fits = |word: &str| match word {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    match &schema["type"] {
        Value::String(word) => assert!(fits(word), "{at}: {value} is no {word}"),
        Value::Array(words) => assert!(words.iter().any(|word| fits(word.as_str().unwrap())), "{at}: {value}"),
        _ => {}
    }
    if let Some(choices) = schema["enum"].as_array() {
        assert!(choices.contains(value), "{at}: {value} is none of {choices:?}");
    }
    if schema["format"] == "uuid" {
        let text = value.as_str().unwrap_or_default();
        assert!(uuid::Uuid::try_parse(text).is_ok_and(|id| id.to_string() == text), "{at}: {text} is no id");
    }
    for required in schema["required"].as_array().into_iter().flatten() {
        assert!(value.get(required.as_str().unwrap()).is_some(), "{at}: {required} is missing in {value}");
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(inner) = value.get(name) {
            check(document, property, inner, &format!("{at}.{name}"));
        }
    }
    if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
        for inner in values {
            check(document, items, inner, &format!("{at}[]"));
        }
    }
}
