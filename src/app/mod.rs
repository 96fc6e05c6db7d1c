//! Wiring and life cycle: the only place that sees every layer.

mod commands;
mod console;
mod core;
mod operate;
mod routes;
mod serve;

pub use commands::run;
