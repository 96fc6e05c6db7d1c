//! The only place that knows bincode. A journal payload is one version byte and the bincode of an `Entry`; index
//! values are bare bincode, because the index is rebuilt when its version changes.

use super::{StoreError, StoreResult};
use crate::model::Entry;
use serde::{Serialize, de::DeserializeOwned};

/// The newest journal payload format. Older ones stay readable for ever (golden bytes in the tests): format 2 only has more
/// events than format 1.
const ENTRY_FORMAT: u8 = 2;
/// The oldest one.
const FIRST_ENTRY_FORMAT: u8 = 1;

/// More than any record needs: what claims more is damaged.
const DECODED_BYTES_MAX: usize = 64 << 20;

const CONFIG: bincode::config::Configuration<
    bincode::config::LittleEndian,
    bincode::config::Varint,
    bincode::config::Limit<DECODED_BYTES_MAX>,
> = bincode::config::standard().with_limit::<DECODED_BYTES_MAX>();

/// Bytes of an index value.
pub(super) fn encode<T: Serialize>(value: &T) -> StoreResult<Vec<u8>> {
    bincode::serde::encode_to_vec(value, CONFIG).map_err(|error| StoreError::Codec(error.to_string()))
}

/// An index value from its bytes.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> StoreResult<T> {
    decode_some(bytes).map(|(value, _)| value)
}

fn decode_all<T: DeserializeOwned>(bytes: &[u8]) -> StoreResult<T> {
    match decode_some(bytes)? {
        (value, len) if len == bytes.len() => Ok(value),
        _ => Err(StoreError::Codec("there is more in it than it says".into())),
    }
}

fn decode_some<T: DeserializeOwned>(bytes: &[u8]) -> StoreResult<(T, usize)> {
    bincode::serde::decode_from_slice(bytes, CONFIG).map_err(|error| StoreError::Codec(error.to_string()))
}

/// Bytes of a journal payload.
pub(super) fn encode_entry(entry: &Entry) -> StoreResult<Vec<u8>> {
    let mut bytes = vec![ENTRY_FORMAT];
    bincode::serde::encode_into_std_write(entry, &mut bytes, CONFIG)
        .map_err(|error| StoreError::Codec(error.to_string()))?;
    Ok(bytes)
}

/// A journal entry from its payload, of any format that was ever written.
pub(super) fn decode_entry(bytes: &[u8]) -> StoreResult<Entry> {
    match bytes.split_first() {
        Some((&(FIRST_ENTRY_FORMAT..=ENTRY_FORMAT), rest)) => decode_all(rest),
        Some((&newer, _)) if newer > ENTRY_FORMAT => {
            Err(StoreError::Newer { found: newer.into(), known: ENTRY_FORMAT.into() })
        }
        _ => Err(StoreError::Codec("a journal entry without a format".into())),
    }
}
