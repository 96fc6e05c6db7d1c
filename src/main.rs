//! The `parlor` program.
#![forbid(unsafe_code)]

use parlor::cli::Exit;
use std::process::ExitCode;

fn main() -> ExitCode {
    match parlor::app::run() {
        Ok(()) => Exit::Ok.into(),
        Err(failure) => {
            eprintln!("{failure}");
            failure.exit().into()
        }
    }
}
