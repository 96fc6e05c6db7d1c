//! What poem-openapi leaves out of schemas and parameters: what may be null, what is always there, which texts are times, and
//! how large a page may be.

use crate::{
    config::Limits,
    doors::shared::{PageQuery, default_history_size},
};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Fields of answers that are left out rather than null.
const LEFT_OUT: &[(&str, &[&str])] = &[
    ("Ack", &["message", "read"]),
    ("ErrorFrame", &["errors"]),
    ("Person", &["email", "status"]),
    ("Problem", &["errors", "non_field_errors", "request_id"]),
];

/// Says what may be null, and which texts are times.
pub fn refine_schemas(schemas: &mut Value) {
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

/// Says what is always there. Whoever sends something may leave out what may be null; Parlor itself writes null.
pub fn require_what_is_written(schemas: &mut Value, written: &BTreeSet<String>, read: &BTreeSet<String>) {
    for name in written.difference(read) {
        let Some(properties) = schemas[name]["properties"].as_object() else { continue };
        let mut required = schemas[name]["required"].as_array().cloned().unwrap_or_default();
        let left_out = LEFT_OUT.iter().find(|(schema, _)| schema == name).map_or(&[][..], |(_, fields)| *fields);
        let always = properties.keys().filter(|field| !left_out.contains(&field.as_str()));
        let added: Vec<_> = always.map(|field| json!(field)).filter(|field| !required.contains(field)).collect();
        required.extend(added);
        if !required.is_empty() {
            schemas[name]["required"] = Value::Array(required);
        }
    }
}

/// The schemas that something refers to, however indirectly.
pub fn reachable<'a>(schemas: &Value, from: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for value in from {
        gather(schemas, value, &mut found);
    }
    found
}

fn gather(schemas: &Value, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| gather(schemas, value, found)),
        Value::Object(fields) => {
            let name = fields.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
            if let Some(name) = name.filter(|name| found.insert((*name).to_owned())) {
                gather(schemas, &schemas[name], found);
            }
            fields.values().for_each(|value| gather(schemas, value, found));
        }
        _ => {}
    }
}

/// Says how large a page may be, and how large it is unless said otherwise. Lists are numbered pages, histories are not.
pub fn state_sizes(operation: &mut Value, limits: &Limits) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    let Some(parameters) = parameters else { return };
    let is_list = parameters.iter().any(|parameter| parameter["name"] == "page");
    let (default, maximum) = match is_list {
        true => (PageQuery::default_size(limits.list_size_max), limits.list_size_max),
        false => (default_history_size(limits.page_size_max), limits.page_size_max),
    };
    for parameter in parameters {
        let bounds = match parameter["name"].as_str() {
            Some("size" | "limit") => json!({ "minimum": 1, "maximum": maximum, "default": default }),
            Some("page") => json!({ "minimum": 1, "default": 1 }),
            _ => continue,
        };
        let schema = parameter["schema"].as_object_mut();
        schema.into_iter().for_each(|schema| schema.extend(bounds.as_object().cloned().unwrap_or_default()));
    }
}

/// Operations of all paths, with their path.
pub fn operations(document: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let operations = item.as_object_mut().into_iter().flat_map(Map::values_mut);
        operations.map(move |operation| (path, operation))
    })
}
