//! A form without files (`application/x-www-form-urlencoded`), read as if its fields had come as JSON: the same faults, in the
//! same words. Every value of a form is a text, so this is for types whose fields are texts.

use super::json_body::JsonBody;
use poem::{FromRequest, Request, RequestBody, Result, web::Form};
use poem_openapi::{
    payload::{ParsePayload, Payload},
    registry::{MetaSchemaRef, Registry},
    types::ParseFromJSON,
};
use serde_json::{Map, Value};

/// A form as a request body.
#[derive(Debug)]
pub struct UrlForm<T>(pub T);

impl<T: ParseFromJSON> Payload for UrlForm<T> {
    const CONTENT_TYPE: &'static str = "application/x-www-form-urlencoded";

    fn check_content_type(content_type: &str) -> bool {
        content_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(Self::CONTENT_TYPE))
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ParseFromJSON + 'static> ParsePayload for UrlForm<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> Result<Self> {
        let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, body).await?;
        let fields: Map<String, Value> = fields.into_iter().map(|(name, text)| (name, Value::String(text))).collect();
        JsonBody::read(Value::Object(fields)).map(|JsonBody(value)| Self(value))
    }
}
