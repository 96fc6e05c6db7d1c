//! The command line: what may be typed, and how a failure is told. What a command does is wired elsewhere.

pub mod args;
mod failure;
mod help;

pub use failure::{Exit, Failure};
