//! The front doors: thin adapters. A wire shape in, one service call, a wire shape out. Doors never import one another,
//! the store, the hub or the rules; what they share is plumbing (`http`, `socket`) and this folder's `shared`.

pub mod community;
pub mod docs;
pub mod live;
pub mod marketplace;
pub mod parlor;
pub mod recruiting;
pub mod shared;
