//! The frames that the marketplace's three sockets have in common: actions in, answers out.

use crate::{
    model::{Error, RequestId},
    socket::frame,
};
use bytes::Bytes;
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
            errors: [&error.detail],
            request_id: self.request_id.as_ref(),
            response_status: error.code.status(),
            action: &self.action,
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

#[derive(Serialize)]
struct Refused<'a> {
    errors: [&'a str; 1],
    request_id: Option<&'a RequestId>,
    response_status: u16,
    action: &'a str,
}

/// A frame that cannot be read says so in the shape of every door and in the marketplace's.
#[derive(Serialize)]
struct Invalid<'a> {
    r#type: &'static str,
    detail: &'a str,
    errors: [&'a str; 1],
    request_id: Option<&'a RequestId>,
    response_status: u16,
    action: Option<()>,
}

/// The answer to what is no action at all.
pub(super) fn not_an_action(error: &Error) -> Bytes {
    invalid(error, None)
}

fn invalid(error: &Error, request_id: Option<&RequestId>) -> Bytes {
    let detail = &error.detail;
    let response_status = error.code.status();
    encode(&Invalid { r#type: "error", detail, errors: [detail], request_id, response_status, action: None })
}

/// What is told or answered in good order.
#[derive(Serialize)]
pub(super) struct Told<'a, T> {
    pub action: &'a str,
    pub request_id: Option<&'a RequestId>,
    pub response_status: u16,
    pub errors: [&'a str; 0],
    pub data: T,
}

/// The whole frame.
pub(super) fn encode(shape: &impl Serialize) -> Bytes {
    // Texts, numbers and lists of them can always be written.
    frame::text(&serde_json::to_string(shape).unwrap_or_default())
}
