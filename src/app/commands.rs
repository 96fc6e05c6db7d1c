//! What each command does: asks the running server, or opens the folder itself.

use super::{console::say, core::Core, operate::operate, serve::serve};
use crate::{
    cli::{
        Exit, Failure,
        args::{AdminCommand, Cli, Command, PlaceArgs, SalonCommand, SeatCommand, UserCommand},
    },
    config::{Config, Limits, describe},
    control::{self, ControlReply, ControlRequest},
    doors::docs::OpenApiDocument,
    folder::{DataFolder, WhenNew},
    store::{archive, journal},
};
use clap::Parser;
use std::{
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Does what was typed.
pub fn run() -> Result<(), Failure> {
    let (place, command) = Cli::try_parse().and_then(Cli::resolve).unwrap_or_else(|error| leave(&error));
    // Whatever this process makes is its owner's alone, the index's own files included.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    match command {
        Command::Serve(args) => serve(place.load_for(&args)?),
        Command::Openapi => {
            say(OpenApiDocument::finished(&Limits::default()).json());
            Ok(())
        }
        Command::Config => {
            say(describe(&place.load()?.config));
            Ok(())
        }
        Command::Restore { from } => restore(&place.load()?.config.data, &from),
        Command::Check => check(&place.load()?.config.data),
        Command::Export { out: None } => export_to_stdout(&place),
        other => ask(&place, request_for(other)?),
    }
}

/// Shows the help that was asked for, or says what is wrong with the command line as every failure is said.
fn leave(error: &clap::Error) -> ! {
    if !error.use_stderr() {
        error.exit();
    }
    eprint!("{}", error.to_string().replacen("error:", "parlor:", 1));
    std::process::exit(Exit::Usage as i32)
}

fn request_for(command: Command) -> Result<ControlRequest, Failure> {
    Ok(match command {
        Command::Admin(AdminCommand::Create { email, username, name, password }) => {
            ControlRequest::AdminCreate { email, username, name, password: password.read()? }
        }
        Command::User(UserCommand::List) => ControlRequest::UserList,
        Command::User(UserCommand::Block { login }) => ControlRequest::UserBlock { login },
        Command::User(UserCommand::Unblock { login }) => ControlRequest::UserUnblock { login },
        Command::User(UserCommand::ResetPassword { login, password }) => {
            ControlRequest::UserResetPassword { login, password: password.read()? }
        }
        Command::User(UserCommand::Invite { uses, valid_days }) => ControlRequest::InviteCreate { uses, valid_days },
        Command::Salon(SalonCommand::List) => ControlRequest::SalonList,
        Command::Salon(SalonCommand::Show { salon }) => ControlRequest::SalonShow { salon },
        Command::Seat(SeatCommand::Remove { salon, role, close_salon }) => {
            ControlRequest::SeatRemove { salon, role: role.word().to_owned(), close_salon }
        }
        Command::Token { login, ttl_secs } => ControlRequest::Token { login, ttl_secs },
        Command::Backup { out } => ControlRequest::Backup { out: absolute(&out)? },
        Command::Export { out: Some(out) } => ControlRequest::Export { out: absolute(&out)? },
        Command::Compact => ControlRequest::Compact,
        _ => ControlRequest::Status,
    })
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::usage("path", error))
}

/// Asks the server that holds the folder; when none does, does it here.
fn ask(place: &PlaceArgs, request: ControlRequest) -> Result<(), Failure> {
    let config = place.load()?.config;
    let asked = control::call(&config.data, &request).map_err(|error| Failure::new("asking the server", error))?;
    let reply = match asked {
        Some(reply) => reply,
        None => offline(config, request)?,
    };
    match reply {
        ControlReply::Ok { lines } => {
            lines.iter().for_each(say);
            Ok(())
        }
        ControlReply::Error { message } => Err(Failure::new("refused", message)),
    }
}

fn offline(config: Config, request: ControlRequest) -> Result<ControlReply, Failure> {
    super::console::start_log(&Config { log: "warn".into(), ..config.clone() })?;
    // A first administrator may be made before the first start; anything else needs a folder that is there.
    let when_new = match request {
        ControlRequest::AdminCreate { .. } => WhenNew::Create,
        _ => WhenNew::Refuse,
    };
    let folder =
        DataFolder::open(&config.data, when_new).map_err(|error| Failure::new("opening the data folder", error))?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::new("starting", error))?;
    runtime.block_on(async {
        let core = tokio::task::block_in_place(|| Core::open(Arc::new(config), &folder, &|_, _| ()))?;
        let reply = operate(&core.service, request).await;
        core.close().await?;
        Ok(reply)
    })
}

/// Through a file in the data folder, because a running server cannot write to our standard output.
fn export_to_stdout(place: &PlaceArgs) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::new("export", error);
    let data = absolute(&place.load()?.config.data)?;
    let out = data.join(format!("export-{}.jsonl", std::process::id()));
    let request = ControlRequest::Export { out: out.clone() };
    let config = place.load()?.config;
    let asked = control::call(&config.data, &request).map_err(|error| Failure::new("asking the server", error))?;
    let reply = match asked {
        Some(reply) => reply,
        None => offline(config, request)?,
    };
    if let ControlReply::Error { message } = reply {
        return Err(Failure::new("refused", message));
    }
    let copied = std::fs::File::open(&out).and_then(|mut file| io::copy(&mut file, &mut io::stdout().lock()));
    std::fs::remove_file(&out).map_err(failed)?;
    match copied {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(failed(error)),
        _ => Ok(()),
    }
}

fn restore(data: &Path, from: &Path) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::new("restore", error);
    let target = absolute(data)?;
    let summary = archive::restore(from, &target).map_err(|error| failed(&error))?;
    // Clients must not resume into a history that went another way.
    let mut folder = DataFolder::open(&target, WhenNew::Refuse).map_err(|error| failed(&error))?;
    folder.renew_epoch().map_err(|error| failed(&error))?;
    say(format_args!(
        "restored {} files, {} bytes, up to entry {}",
        summary.files, summary.size_bytes, summary.last_seq
    ));
    Ok(())
}

fn check(data: &Path) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::new("check", error);
    let folder = DataFolder::open(data, WhenNew::Refuse).map_err(|error| failed(&error))?;
    let report = journal::check(&folder.path().join(crate::folder::JOURNAL)).map_err(|error| failed(&error))?;
    say(format_args!(
        "journal: {} segments, {} entries up to {}, {} bytes",
        report.segments, report.records, report.last_seq, report.bytes
    ));
    if report.torn_bytes > 0 {
        say(format_args!(
            "  {} bytes at its end were never acknowledged; the next start cuts them off",
            report.torn_bytes
        ));
    }
    report.damage.iter().for_each(|damage| say(format_args!("  {damage}")));
    if !report.is_whole() {
        return Err(Failure::new("check", format!("{} places are damaged", report.damage.len()))
            .remedy("restore the newest backup into a new folder with `parlor restore`"));
    }
    if io::stdout().is_terminal() {
        say("sound");
    }
    Ok(())
}
