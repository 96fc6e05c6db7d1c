//! A JSON body that names the fields which are missing or of the wrong type, all of them at once.
//!
//! poem-openapi's own `Json` stops at the first fault and does not say in which field it is. This payload
//! reads the same types and, only when that fails, compares the body with the type's schema.

use std::{
    any::TypeId,
    collections::HashMap,
    ops::Deref,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use poem::{FromRequest, Request, RequestBody, Result, http::StatusCode};
use poem_openapi::{
    error::ParseRequestPayloadError,
    payload::{ParsePayload, Payload},
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::ParseFromJSON,
};
use serde_json::{Map, Value};

use super::problem::Problem;

/// A JSON request body. Use it where poem-openapi's `Json` would stand as a request; answers keep that one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonBody<T>(pub T);

impl<T> Deref for JsonBody<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: ParseFromJSON> Payload for JsonBody<T> {
    const CONTENT_TYPE: &'static str = "application/json; charset=utf-8";

    fn check_content_type(content_type: &str) -> bool {
        poem_openapi::payload::Json::<T>::check_content_type(content_type)
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ParseFromJSON + 'static> ParsePayload for JsonBody<T> {
    const IS_REQUIRED: bool = T::IS_REQUIRED;

    async fn from_request(request: &Request, body: &mut RequestBody) -> Result<Self> {
        let bytes = Vec::<u8>::from_request(request, body).await?;
        let value: Value = match bytes.as_slice() {
            [] => Value::Null,
            text => {
                serde_json::from_slice(text).map_err(|error| ParseRequestPayloadError { reason: error.to_string() })?
            }
        };
        Self::read(value)
    }
}

impl<T: ParseFromJSON + 'static> JsonBody<T> {
    /// The same for a value that was read already.
    pub(super) fn read(value: Value) -> Result<Self> {
        // Looked at first: poem-openapi would take a number where a text belongs.
        match faults::<T>(&value) {
            faults if !faults.is_empty() => Err(problem(faults).into()),
            _ => T::parse_from_json(Some(value))
                .map(Self)
                .map_err(|error| ParseRequestPayloadError { reason: error.into_message() }.into()),
        }
    }
}

poem_openapi::impl_apirequest_for_payload!(JsonBody<T>, T: ParseFromJSON + 'static);

type Faults = Vec<(String, String)>;

fn problem(faults: Faults) -> Problem {
    let named: Vec<String> = faults.iter().map(|(field, reason)| format!("`{field}` {reason}")).collect();
    let detail = format!("The body is not valid: {}.", named.join("; "));
    let problem = Problem::new(StatusCode::BAD_REQUEST, "invalid", detail);
    faults.into_iter().fold(problem, |problem, (field, reason)| problem.field(field, reason))
}

/// A type's schema, with those that it refers to.
type Shape = (Registry, MetaSchemaRef);

/// Building a schema costs more than parsing, so each is built once.
fn shape_of<T: ParseFromJSON + 'static>() -> Arc<Shape> {
    static SHAPES: LazyLock<RwLock<HashMap<TypeId, Arc<Shape>>>> = LazyLock::new(RwLock::default);
    let known = SHAPES.read().unwrap_or_else(PoisonError::into_inner).get(&TypeId::of::<T>()).cloned();
    known.unwrap_or_else(|| {
        let mut registry = Registry::new();
        T::register(&mut registry);
        let shape = Arc::new((registry, T::schema_ref()));
        SHAPES.write().unwrap_or_else(PoisonError::into_inner).insert(TypeId::of::<T>(), Arc::clone(&shape));
        shape
    })
}

/// What keeps a value from being of this type, as far as its schema tells.
fn faults<T: ParseFromJSON + 'static>(value: &Value) -> Faults {
    let shape = shape_of::<T>();
    let (registry, schema_ref) = &*shape;
    let Some(schema) = resolve(registry, schema_ref) else {
        return vec![];
    };
    let mut faults = vec![];
    match value {
        Value::Object(fields) => compare(registry, schema, fields, "", &mut faults),
        _ if schema.ty == "object" => faults.push(("body".to_owned(), "must be a JSON object".to_owned())),
        _ => {}
    }
    faults
}

fn compare(registry: &Registry, schema: &MetaSchema, fields: &Map<String, Value>, path: &str, faults: &mut Faults) {
    for (name, property) in &schema.properties {
        let path = if path.is_empty() { (*name).to_owned() } else { format!("{path}.{name}") };
        match (fields.get(*name), resolve(registry, property)) {
            (None | Some(Value::Null), _) if schema.required.contains(name) => {
                faults.push((path, "is required".to_owned()));
            }
            (None | Some(Value::Null), _) | (_, None) => {}
            (Some(Value::Object(inner)), Some(schema)) if schema.ty == "object" => {
                compare(registry, schema, inner, &path, faults);
            }
            (Some(value), Some(schema)) => {
                let reason = reason_against(schema, value).or_else(|| first_bad_item(registry, schema, value));
                faults.extend(reason.map(|reason| (path, reason)));
            }
        }
    }
}

/// What is wrong with a value that is no object.
fn reason_against(schema: &MetaSchema, value: &Value) -> Option<String> {
    if !fits(schema.ty, value) {
        return Some(format!("must be {}", article(schema)));
    }
    if !schema.enum_items.is_empty() && !schema.enum_items.contains(value) {
        let choices: Vec<String> = schema.enum_items.iter().map(Value::to_string).collect();
        return Some(format!("must be one of {}", choices.join(", ")));
    }
    match schema.format {
        Some("uuid") => (!is_uuid(value)).then(|| "must be a UUID".to_owned()),
        Some(format) => {
            let max = unsigned_max(format)?;
            let fits = value.as_u64().is_some_and(|number| number <= max);
            (!fits).then(|| format!("must be a whole number from 0 to {max}"))
        }
        None => None,
    }
}

/// The first item of a list that is none; who mends it hears of the next.
fn first_bad_item(registry: &Registry, schema: &MetaSchema, value: &Value) -> Option<String> {
    let item_schema = resolve(registry, schema.items.as_deref()?)?;
    let mut reasons = value.as_array()?.iter().zip(1..);
    reasons.find_map(|(item, place)| Some(format!("item {place} {}", reason_against(item_schema, item)?)))
}

fn unsigned_max(format: &str) -> Option<u64> {
    let bits: u32 = format.strip_prefix("uint")?.parse().ok()?;
    u64::MAX.checked_shr(64_u32.checked_sub(bits)?)
}

/// A field of a type, as forms need to know it.
pub(super) struct FormField {
    pub name: &'static str,
    /// An empty text is one of its values: it is a plain text, not the writing of an id or a number.
    pub may_be_empty: bool,
}

/// The fields of a type.
pub(super) fn form_fields<T: ParseFromJSON + 'static>() -> Vec<FormField> {
    let shape = shape_of::<T>();
    let (registry, schema_ref) = &*shape;
    let properties = resolve(registry, schema_ref).into_iter().flat_map(|schema| &schema.properties);
    let is_plain = |property| resolve(registry, property).is_none_or(|schema| schema.format.is_none());
    properties.map(|(name, property)| FormField { name, may_be_empty: is_plain(property) }).collect()
}

/// Follows references and the wrapping that carries a field's own description.
fn resolve<'r>(registry: &'r Registry, schema: &'r MetaSchemaRef) -> Option<&'r MetaSchema> {
    match schema {
        MetaSchemaRef::Reference(name) => registry.schemas.get(name),
        MetaSchemaRef::Inline(schema) => match schema.all_of.first() {
            Some(inner) if schema.ty.is_empty() => resolve(registry, inner),
            _ => Some(schema),
        },
    }
}

fn fits(schema_type: &str, value: &Value) -> bool {
    match schema_type {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

fn is_uuid(value: &Value) -> bool {
    value.as_str().is_some_and(|text| uuid::Uuid::parse_str(text).is_ok())
}

fn article(schema: &MetaSchema) -> String {
    match schema.ty {
        "string" if schema.format == Some("uuid") => "a UUID".to_owned(),
        "string" => "a string".to_owned(),
        "integer" => "a whole number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" => "a list".to_owned(),
        "object" => "a JSON object".to_owned(),
        other => format!("a {other}"),
    }
}

#[cfg(test)]
mod tests {
    use poem_openapi::{Enum, Object};
    use serde_json::json;

    use super::*;

    #[derive(Object)]
    struct Car {
        name: String,
        /// With a description, which wraps the reference.
        paint: Paint,
        owner: Option<Owner>,
        id: Option<uuid::Uuid>,
        doors: Option<u8>,
        #[oai(default)]
        drivers: Vec<uuid::Uuid>,
    }

    #[derive(Object)]
    struct Owner {
        name: String,
    }

    #[derive(Enum)]
    #[oai(rename_all = "snake_case")]
    enum Paint {
        Red,
        Blue,
    }

    fn reasons(value: Value) -> Vec<(String, String)> {
        faults::<Car>(&value)
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let value = json!({"paint": "green", "owner": {}, "id": "7", "doors": "four"});
        let expected = [
            ("name", "is required"),
            ("paint", "must be one of \"red\", \"blue\""),
            ("owner.name", "is required"),
            ("id", "must be a UUID"),
            ("doors", "must be a whole number"),
        ];
        assert_eq!(reasons(value), expected.map(|(field, reason)| (field.to_owned(), reason.to_owned())));
    }

    #[test]
    fn a_bad_item_is_named_with_its_list() {
        let good = uuid::Uuid::nil();
        for (drivers, expected) in [
            (json!([good, null]), Some("item 2 must be a UUID")),
            (json!(["x", 7]), Some("item 1 must be a UUID")),
            (json!([[]]), Some("item 1 must be a UUID")),
            (json!("x"), Some("must be a list")),
            (json!([good]), None),
        ] {
            let value = json!({"name": "a", "paint": "red", "drivers": drivers});
            let expected: Vec<_> = expected.into_iter().map(|reason| ("drivers".into(), reason.into())).collect();
            assert_eq!(reasons(value), expected, "{drivers}");
        }
    }

    #[test]
    fn a_number_is_within_its_bounds() {
        for (doors, is_good) in [(json!(0), true), (json!(255), true), (json!(256), false), (json!(-1), false)] {
            let found = reasons(json!({"name": "a", "paint": "red", "doors": doors}));
            let reason = ("doors".to_owned(), "must be a whole number from 0 to 255".to_owned());
            assert_eq!(found, if is_good { vec![] } else { vec![reason] }, "{doors}");
        }
    }

    #[test]
    fn fields_that_are_no_plain_texts_are_known() {
        let formatted = form_fields::<Car>().into_iter().filter(|field| !field.may_be_empty);
        assert_eq!(formatted.map(|field| field.name).collect::<Vec<_>>(), ["id", "doors"]);
    }

    #[test]
    fn a_good_body_has_no_faults_and_a_list_is_no_object() {
        assert!(reasons(json!({"name": "a", "paint": "red", "more": 1})).is_empty());
        assert_eq!(reasons(json!([1])), [("body".to_owned(), "must be a JSON object".to_owned())]);
    }
}
