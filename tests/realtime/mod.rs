//! What the event stream promises.

mod events;
