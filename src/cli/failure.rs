//! One failure, one line on standard error, an honest exit code.

use std::{fmt, process::ExitCode};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// Refused or failed; the line says why.
    Failed = 1,
    /// The command line, the environment or the configuration file must be mended first.
    Usage = 2,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Shown as `parlor: <what>: <cause>; <what to do>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    what: &'static str,
    cause: String,
    remedy: Option<String>,
    exit: Exit,
}

impl Failure {
    /// `what` was attempted, in a word or two; the cause whole, with every cause below it.
    pub fn new(what: &'static str, cause: impl fmt::Display) -> Self {
        Self { what, cause: cause.to_string(), remedy: None, exit: Exit::Failed }
    }

    /// A failure that the person mends by typing or configuring something else.
    pub fn usage(what: &'static str, cause: impl fmt::Display) -> Self {
        Self { exit: Exit::Usage, ..Self::new(what, cause) }
    }

    /// What to do, when the cause does not say it already.
    pub fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    /// The code to leave with.
    pub fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "parlor: {}: {}", self.what, self.cause)?;
        match &self.remedy {
            Some(remedy) => write!(out, "; {remedy}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line_in_three_parts() {
        let failure = Failure::new("backup", "disk full").remedy("free some space");
        assert_eq!(failure.to_string(), "parlor: backup: disk full; free some space");
        assert_eq!(failure.exit(), Exit::Failed);
        assert_eq!(Failure::usage("configuration", "no").to_string(), "parlor: configuration: no");
        assert_eq!(Failure::usage("configuration", "no").exit(), Exit::Usage);
    }
}
