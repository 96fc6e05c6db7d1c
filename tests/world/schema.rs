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
        let content = contents.and_then(|kinds| {
            kinds.iter().find(|(kind, _)| [Some(media_type), Some("*/*")].contains(&kind.split(';').next()))
        });
        match content {
            // Bytes of whatever type.
            Some((kind, _)) if kind == "*/*" && media_type != "application/problem+json" => {}
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

    /// A frame that was heard at this path is one of those that its channel names.
    pub fn check_heard(&self, path: &str, frame: &str) {
        let (name, _) = self.channel(path).unwrap_or_else(|| panic!("{path} is not described"));
        let frame: Value = serde_json::from_str(frame).unwrap_or_else(|_| panic!("{path}: no JSON: {frame}"));
        let faults = self.messages(name, "send").into_iter().map(|message| {
            let mut faults = Vec::new();
            examine(&self.asyncapi, &self.payload(&message), &frame, &message, &mut faults);
            faults
        });
        let faults: Vec<_> = faults.collect();
        assert!(faults.iter().any(Vec::is_empty), "{path}: no message of {name} is like {frame}: {faults:#?}");
    }

    /// The channel that serves this path, with its description.
    pub fn channel(&self, path: &str) -> Option<(&str, &Value)> {
        let path = path.split('?').next().unwrap_or_default();
        let segments: Vec<_> = path.trim_matches('/').split('/').collect();
        let fits = |address: &str| {
            let parts: Vec<_> = address.trim_matches('/').split('/').collect();
            parts.len() == segments.len()
                && parts.iter().zip(&segments).all(|(part, segment)| match *part {
                    "{uuid}" => uuid::Uuid::try_parse(segment).is_ok(),
                    part => part.starts_with('{') || part == *segment,
                })
        };
        let channels = self.asyncapi["channels"].as_object().expect("channels").iter();
        let mut fitting: Vec<_> =
            channels.filter(|(_, channel)| fits(channel["address"].as_str().expect("an address"))).collect();
        // What is written like an id is one.
        fitting.sort_by_key(|(_, channel)| channel["parameters"]["uuid"].is_null());
        fitting.first().map(|(name, channel)| (name.as_str(), *channel))
    }

    /// The messages of a channel that the server takes (`receive`) or gives (`send`).
    pub fn messages(&self, channel: &str, action: &str) -> Vec<String> {
        let of_channel = format!("#/channels/{channel}");
        let operations = self.asyncapi["operations"].as_object().expect("operations").values();
        let mut operations =
            operations.filter(|operation| operation["channel"]["$ref"] == of_channel && operation["action"] == action);
        let messages = operations.next().expect("an operation")["messages"].as_array().expect("messages");
        let path = |message: &Value| message["$ref"].as_str().expect("a reference").to_owned();
        messages.iter().map(|message| path(message).rsplit('/').next().unwrap().to_owned()).collect()
    }

    fn payload(&self, message: &str) -> Value {
        let message = &self.asyncapi["components"]["messages"][message];
        assert!(message.is_object(), "{message} is not described");
        message["payload"].clone()
    }

    /// Examples of a message; each is what its own schema says.
    pub fn examples(&self, message: &str) -> Vec<Value> {
        let examples = self.asyncapi["components"]["messages"][message]["examples"].as_array();
        let examples: Vec<_> = examples.into_iter().flatten().map(|example| example["payload"].clone()).collect();
        for example in &examples {
            check(&self.asyncapi, &self.payload(message), example, message);
        }
        examples
    }
}

/// The value is what the schema says, and says nothing more.
#[track_caller]
pub fn check(document: &Value, schema: &Value, value: &Value, at: &str) {
    let mut faults = Vec::new();
    examine(document, schema, value, at, &mut faults);
    assert!(faults.is_empty(), "{faults:#?}");
}

/// What keeps the value from being what the schema says.
fn examine(document: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    let mut parts = Parts::default();
    parts.gather(document, schema);
    if value.is_null() {
        if !parts.nullable {
            faults.push(format!("{at}: null"));
        }
        return;
    }
    for part in &parts.plain {
        examine_plain(document, part, value, at, faults);
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
        let unknown = fields.keys().filter(|name| !known.contains(name.as_str()));
        faults.extend(unknown.map(|name| format!("{at}: the field {name} is not described")));
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

fn examine_plain(document: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    let fits = |word: &str| match word {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    let is_of_type = match &schema["type"] {
        Value::String(word) => fits(word),
        Value::Array(words) => words.iter().any(|word| fits(word.as_str().unwrap())),
        _ => true,
    };
    if !is_of_type {
        faults.push(format!("{at}: {value} is not of type {}", schema["type"]));
    }
    if let Some(choices) = schema["enum"].as_array().filter(|choices| !choices.contains(value)) {
        faults.push(format!("{at}: {value} is none of {choices:?}"));
    }
    if schema["format"] == "uuid" {
        let text = value.as_str().unwrap_or_default();
        if !uuid::Uuid::try_parse(text).is_ok_and(|id| id.to_string() == text) {
            faults.push(format!("{at}: {text} is no id"));
        }
    }
    for required in schema["required"].as_array().into_iter().flatten() {
        if value.get(required.as_str().unwrap()).is_none() {
            faults.push(format!("{at}: {required} is missing in {value}"));
        }
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(inner) = value.get(name) {
            examine(document, property, inner, &format!("{at}.{name}"), faults);
        }
    }
    if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
        for inner in values {
            examine(document, items, inner, &format!("{at}[]"), faults);
        }
    }
}
