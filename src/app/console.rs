//! What the operator sees: the log, and the lines printed at start.

use crate::{
    cli::Failure,
    config::{Config, LogFormat},
};
use std::io::{IsTerminal, Write};
use tracing_subscriber::EnvFilter;

/// Sends the log to standard error.
pub fn start_log(config: &Config) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&config.log).map_err(|error| Failure::usage("log filter", error))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    let started = match config.log_format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| Failure::new("starting the log", error))
}

/// A line on standard output; a reader that went away is no reason to stop.
pub fn say(line: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
