//! The ids of one mutation: UUIDs of version 7 whose order is that of what happened, also when the clock was set back.
//! Must not know what they name.

use crate::model::Timestamp;
use uuid::{Builder, Uuid};

/// As many of one mutation are in order; those after them are only unique.
const IN_ORDER: u16 = (1 << 14) - 1;

/// Makes the ids of one mutation.
pub(super) struct Ids {
    at: Timestamp,
    made: u16,
}

impl Ids {
    /// Those of a mutation whose instant no other one has.
    pub const fn of(at: Timestamp) -> Self {
        Self { at, made: 0 }
    }

    /// The mutation's instant.
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Milliseconds, microseconds (RFC 9562 section 6.2, method 3), a counter, and 48 random bits.
    pub fn next(&mut self) -> Uuid {
        let micros = u64::try_from(self.at.micros()).unwrap_or(0);
        let within = u16::try_from(micros % 1_000).unwrap_or(0);
        let mut bytes = [0; 10];
        let [fraction, counter, random @ ..] = bytes.as_chunks_mut::<2>().0 else { return Uuid::now_v7() };
        *fraction = within.to_be_bytes();
        *counter = self.made.to_be_bytes();
        let entropy = Uuid::new_v4();
        for (random, entropy) in random.iter_mut().zip(entropy.as_bytes().as_chunks::<2>().0) {
            *random = *entropy;
        }
        self.made = (self.made + 1).min(IN_ORDER);
        Builder::from_unix_timestamp_millis(micros / 1_000, &bytes).into_uuid()
    }
}
