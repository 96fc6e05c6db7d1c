//! What a client called its request, as a field of a frame: it comes back character by character as it was written.

use crate::model::RequestId;
use poem_openapi::types::Any;
use serde_json::value::RawValue;

/// A `request_id` as the client wrote it.
pub type EchoedId = Any<Box<RawValue>>;

/// The id of a request that may have none.
pub fn echoed_id(id: Option<&RequestId>) -> Option<EchoedId> {
    id.and_then(|id| RawValue::from_string(id.as_json().to_owned()).ok()).map(Any)
}
