//! Decisions: pure functions over the model. Time, limits and records come in, a decision comes out. No I/O, no locks;
//! each rule has a table test beside it.

pub mod guests;
pub mod invitations;
pub mod invite_codes;
pub mod messages;
pub mod names;
pub mod permit;
pub mod reading;
pub mod roles;
pub mod rooms;
pub mod salons;
