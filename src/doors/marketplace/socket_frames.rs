//! The frames that the marketplace's three sockets have in common: actions in, answers out.

use crate::{
    model::{Error, RequestId},
    socket::frame,
};
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

/// `{"action": …, "request_id": …, "data": {…}}`.
pub(super) struct Action {
    pub action: String,
    pub request_id: Option<RequestId>,
    pub data: Map<String, Value>,
}

impl Action {
    /// Reads a frame; the error is the answer to it.
    pub fn parse(text: &str) -> Result<Self, Bytes> {
        let invalid = |detail| not_an_action(&Error::bad_request(detail));
        let value: Value =
            serde_json::from_str(text).map_err(|_| invalid("This is not JSON. Send an object with an \"action\"."))?;
        let Value::Object(mut fields) = value else {
            return Err(invalid("Send a JSON object with an \"action\"."));
        };
        let request_id = match fields.remove("request_id") {
            None | Some(Value::Null) => None,
            Some(value) => match RequestId::new(value) {
                None => return Err(invalid("A request_id is a number, or a text of at most 128 bytes.")),
                id => id,
            },
        };
        let action = match fields.remove("action") {
            Some(Value::String(action)) => action,
            _ => return Err(invalid("Say what is to be done with \"action\".")),
        };
        let data = match fields.remove("data") {
            Some(Value::Object(data)) => data,
            _ => Map::new(),
        };
        Ok(Self { action, request_id, data })
    }

    /// The answer that nothing was done.
    pub fn refused(&self, error: &Error) -> Bytes {
        encode(&Refused {
            errors: [&error.detail],
            request_id: self.request_id.as_ref().map(RequestId::value),
            response_status: error.code.status(),
            action: &self.action,
        })
    }

    /// The answer to an action that there is not.
    pub fn unknown(&self, known: &str) -> Bytes {
        self.refused(&Error::bad_request(format!("There is no such action here. Use {known}.")))
    }
}

#[derive(Serialize)]
struct Refused<'a> {
    errors: [&'a str; 1],
    request_id: Option<&'a Value>,
    response_status: u16,
    action: &'a str,
}

/// A frame that cannot be read says so in the shape of every door and in the marketplace's.
#[derive(Serialize)]
struct Invalid<'a> {
    r#type: &'static str,
    detail: &'a str,
    errors: [&'a str; 1],
    request_id: Option<()>,
    response_status: u16,
    action: Option<()>,
}

/// The answer to what is no action at all.
pub(super) fn not_an_action(error: &Error) -> Bytes {
    let detail = &error.detail;
    let response_status = error.code.status();
    encode(&Invalid { r#type: "error", detail, errors: [detail], request_id: None, response_status, action: None })
}

/// What is told or answered in good order.
#[derive(Serialize)]
pub(super) struct Told<'a, T> {
    pub action: &'a str,
    pub request_id: Option<&'a Value>,
    pub response_status: u16,
    pub errors: [&'a str; 0],
    pub data: T,
}

/// The whole frame.
pub(super) fn encode(shape: &impl Serialize) -> Bytes {
    // Texts, numbers and lists of them can always be written.
    frame::text(&serde_json::to_string(shape).unwrap_or_default())
}
