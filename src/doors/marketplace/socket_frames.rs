//! The frames that the marketplace's three sockets have in common: actions in, answers out.

use crate::{
    doors::shared::{EchoedId, echoed_id},
    model::{Error, RequestId},
    socket::frame,
};
use bytes::Bytes;
use poem_openapi::{
    Object, Union,
    types::{ParseFromJSON, ToJSON},
};
use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};
use std::collections::HashMap;

/// `{"action": …, "request_id": …, "data": {…}}`.
pub(super) struct Action {
    pub action: String,
    pub request_id: Option<RequestId>,
    pub data: Map<String, Value>,
}

impl Action {
    /// Reads a frame; the error is the answer to it, with the request id if that could be read.
    pub fn parse(text: &str) -> Result<Self, Bytes> {
        let fields = fields(text).map_err(|detail| not_an_action(&Error::bad_request(detail)))?;
        let request_id = match fields.get("request_id") {
            None => None,
            Some(written) if written.get() == "null" => None,
            Some(written) => match RequestId::new(written) {
                None => return Err(not_an_action(&Error::bad_request(NO_REQUEST_ID))),
                id => id,
            },
        };
        match action_and_data(&fields) {
            Ok((action, data)) => Ok(Self { action, request_id, data }),
            Err(detail) => Err(invalid(&Error::bad_request(detail), request_id.as_ref())),
        }
    }

    /// The answer that nothing was done.
    pub fn refused(&self, error: &Error) -> Bytes {
        encode(&Refused {
            errors: vec![error.detail.to_string()],
            request_id: echoed_id(self.request_id.as_ref()),
            response_status: error.code.status(),
            action: self.action.clone(),
        })
    }

    /// The answer to an action that there is not.
    pub fn unknown(&self, known: &str) -> Bytes {
        self.refused(&Error::bad_request(format!("There is no such action here. Use {known}.")))
    }
}

const NOT_JSON: &str = "This is not JSON. Send an object with an \"action\".";
const NO_REQUEST_ID: &str = "A request_id is a text or a number of at most 128 bytes.";

/// The fields as they were written; of a repeated one the last.
fn fields(text: &str) -> Result<HashMap<String, &RawValue>, &'static str> {
    serde_json::from_str(text).map_err(|error| match error.is_data() {
        true => "Send a JSON object with an \"action\".",
        false => NOT_JSON,
    })
}

fn action_and_data(fields: &HashMap<String, &RawValue>) -> Result<(String, Map<String, Value>), &'static str> {
    let read = |name| fields.get(name).map_or(Ok(Value::Null), |written| serde_json::from_str(written.get()));
    let (action, data) = (read("action").map_err(|_| NOT_JSON)?, read("data").map_err(|_| NOT_JSON)?);
    let Value::String(action) = action else { return Err("Say what is to be done with \"action\".") };
    let data = match data {
        Value::Object(data) => data,
        _ => Map::new(),
    };
    Ok((action, data))
}

/// Nothing was done.
#[derive(Object, Serialize)]
#[oai(rename = "MarketRefusal")]
pub(super) struct Refused {
    errors: Vec<String>,
    /// As the action had it.
    request_id: Option<EchoedId>,
    /// As in HTTP.
    response_status: u16,
    /// As it was said.
    action: String,
}

/// What is no action at all is answered in the shape of every door and in the marketplace's.
#[derive(Union, Serialize)]
#[oai(discriminator_name = "type", rename = "MarketAnswer")]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Invalid {
    #[oai(mapping = "error")]
    Error(NotAnAction),
}

/// What was said cannot be read as an action.
#[derive(Object, Serialize)]
pub(super) struct NotAnAction {
    detail: String,
    /// The same.
    errors: Vec<String>,
    /// As it was said, if it could be read.
    request_id: Option<EchoedId>,
    response_status: u16,
    /// Always null.
    action: Option<String>,
}

/// The answer to what is no action at all.
pub(super) fn not_an_action(error: &Error) -> Bytes {
    invalid(error, None)
}

fn invalid(error: &Error, request_id: Option<&RequestId>) -> Bytes {
    let (detail, request_id) = (error.detail.to_string(), echoed_id(request_id));
    let (errors, response_status) = (vec![detail.clone()], error.code.status());
    encode(&Invalid::Error(NotAnAction { detail, errors, request_id, response_status, action: None }))
}

/// Something changed.
#[derive(Object, Serialize)]
#[oai(rename = "MarketChange")]
pub(super) struct Told<T: ParseFromJSON + ToJSON + Send + Sync> {
    /// `create`, `update` or `delete`.
    pub action: String,
    /// As the subscription had it.
    pub request_id: Option<EchoedId>,
    pub response_status: u16,
    /// Always empty.
    pub errors: Vec<String>,
    pub data: T,
}

/// The subscription is made.
#[derive(Object, Serialize)]
#[oai(rename = "MarketSubscription")]
pub(super) struct SubscriptionMade {
    /// As it was said.
    pub action: String,
    /// As the action had it.
    pub request_id: Option<EchoedId>,
    pub response_status: u16,
    /// Always empty.
    pub errors: Vec<String>,
    /// Always null.
    pub data: Option<Value>,
}

/// The whole frame.
pub(super) fn encode(shape: &impl Serialize) -> Bytes {
    // Texts, numbers and lists of them can always be written.
    frame::text(&serde_json::to_string(shape).unwrap_or_default())
}
