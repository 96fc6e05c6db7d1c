//! The tree of commands and flags. Values of settings are handed to the configuration as typed; nothing is decided here.

use std::{io, path::PathBuf};

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum, error::ErrorKind};

use super::{Failure, help};
use crate::config::{self, FlagValue, Loaded, Secret};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "parlor", version, about = "A chat of your own in one program", long_about = help::ABOUT)]
#[command(after_long_help = help::COMMANDS, after_help = help::COMMANDS)]
pub struct Cli {
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    serve: ServeArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Which Parlor is meant.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct PlaceArgs {
    /// The data folder [env: PARLOR_DATA] [default: ./parlor-data]
    #[arg(long, value_name = "FOLDER", global = true)]
    data: Option<String>,
    /// A configuration file in TOML [env: PARLOR_CONFIG]
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

/// What can be asked for.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Serve the chat (also without any command)
    #[command(after_long_help = help::SERVE)]
    Serve(ServeArgs),
    /// Make administrators
    #[command(subcommand)]
    Admin(AdminCommand),
    /// List, block and invite people, reset passwords
    #[command(subcommand)]
    User(UserCommand),
    /// List salons and show what is in them
    #[command(subcommand)]
    Salon(SalonCommand),
    /// Take a seat in a salon away from its holder
    #[command(subcommand)]
    Seat(SeatCommand),
    /// Issue an access token of an account, for scripts
    #[command(after_long_help = help::TOKEN)]
    Token {
        /// Username or e-mail address
        login: String,
        /// Seconds that it is good for [default: tokens.access_ttl_secs]
        #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
        ttl_secs: Option<u64>,
    },
    /// Write everything into one file, while serving
    #[command(after_long_help = help::BACKUP)]
    Backup {
        /// The file to write; it must not exist
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Make a data folder from a backup
    #[command(after_long_help = help::RESTORE)]
    Restore {
        /// The backup
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
    },
    /// Write everything as JSON lines, for other programs
    Export {
        /// The file to write; standard output without it
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Read the whole data folder and say whether it is sound; the server must be stopped
    Check,
    /// Take what was deleted off the disk now
    Compact,
    /// Print the OpenAPI document
    Openapi,
    /// Print the settings in force, as a configuration file
    Config,
}

/// Settings of the server. Absent ones come from the layers below.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct ServeArgs {
    /// Address and port to listen on [env: PARLOR_LISTEN] [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// An address people type, such as https://chat.example or https://example.com/chat; may be repeated [env: PARLOR_PUBLIC_URLS]
    #[arg(long = "public-url", value_name = "URL")]
    public_urls: Vec<String>,
    /// A reverse proxy whose X-Forwarded-… headers are believed; may be repeated [env: PARLOR_TRUSTED_PROXIES]
    #[arg(long = "trusted-proxy", value_name = "NETWORK")]
    trusted_proxies: Vec<String>,
    /// Who may make an account: open, invite-only or closed [env: PARLOR_REGISTRATION] [default: open]
    #[arg(long, value_name = "WHO")]
    registration: Option<String>,
    /// Let visitors use public rooms of the live chat without signing in [env: PARLOR_GUESTS]
    #[arg(long)]
    guests: bool,
    /// E-mail address of the administrator to make if there is none [env: PARLOR_ADMIN_EMAIL]
    #[arg(long, value_name = "EMAIL")]
    admin_email: Option<String>,
    /// File with that administrator's password [env: PARLOR_ADMIN_PASSWORD_FILE, or the password itself in PARLOR_ADMIN_PASSWORD]
    #[arg(long, value_name = "FILE")]
    admin_password_file: Option<String>,
    /// What to log: a level, or target=level, comma separated [env: PARLOR_LOG] [default: info]
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
    /// How to log: text or json [env: PARLOR_LOG_FORMAT] [default: text]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
}

/// What can be done about administrators.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub enum AdminCommand {
    /// Make an administrator
    #[command(after_long_help = help::ADMIN_CREATE)]
    Create {
        #[arg(long)]
        email: String,
        #[arg(long)]
        username: String,
        /// The name others see [default: the username]
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        password: PasswordArgs,
    },
}

/// What can be done about people.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub enum UserCommand {
    /// List all accounts
    List,
    /// Block an account; its sessions and sockets end at once
    Block {
        /// Username or e-mail address
        login: String,
    },
    /// Let a blocked account in again
    Unblock {
        /// Username or e-mail address
        login: String,
    },
    /// Give an account a new password; its sessions end at once
    ResetPassword {
        /// Username or e-mail address
        login: String,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Print a link with which people may make an account
    Invite {
        /// How many people may use it
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        uses: u32,
        /// Days that it is good for
        #[arg(long = "days", value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=365))]
        valid_days: u32,
    },
}

/// What can be asked about salons.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub enum SalonCommand {
    /// List all salons: id, name, location, superuser, vacant seats
    List,
    /// Show one salon: its seats, pending invitations and log
    Show {
        /// Its id, or its name if only one has it
        salon: String,
    },
}

/// What can be done about seats.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub enum SeatCommand {
    /// Take a seat away; its holder loses its power at once
    #[command(after_long_help = help::SEAT_REMOVE)]
    Remove {
        /// The salon's id, or its name if only one has it
        salon: String,
        /// Which one
        role: SeatName,
        /// Without its superuser a salon is deleted; say that this is meant
        #[arg(long)]
        close_salon: bool,
    },
}

/// The four seats of a salon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SeatName {
    Superuser,
    Admin,
    Seller,
    Mechanic,
}

impl SeatName {
    /// As it is typed.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Superuser => "superuser",
            Self::Admin => "admin",
            Self::Seller => "seller",
            Self::Mechanic => "mechanic",
        }
    }
}

/// Where a password comes from; never an argument.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[group(required = true, multiple = false)]
pub struct PasswordArgs {
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Read the password from this file
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl Cli {
    /// What is asked for, of which Parlor; without a command, to serve.
    ///
    /// # Errors
    /// Server flags stand before another command, where they would mean nothing.
    pub fn resolve(self) -> Result<(PlaceArgs, Command), clap::Error> {
        let command = match self.command {
            None => Command::Serve(self.serve),
            Some(command) if self.serve == ServeArgs::default() => command,
            Some(_) => {
                let words = "flags of the server stand before another command; put them after `serve`";
                return Err(Self::command().error(ErrorKind::ArgumentConflict, words));
            }
        };
        Ok((self.place, command))
    }
}

impl PlaceArgs {
    /// The configuration of all layers, for a command that is not `serve`.
    ///
    /// # Errors
    /// The mistakes in it, as one failure of usage.
    pub fn load(&self) -> Result<Loaded, Failure> {
        self.load_with(&[])
    }

    /// The configuration of all layers, under these server flags.
    ///
    /// # Errors
    /// The mistakes in it, as one failure of usage.
    pub fn load_for(&self, serve: &ServeArgs) -> Result<Loaded, Failure> {
        self.load_with(&serve.flags())
    }

    fn load_with(&self, flags: &[FlagValue]) -> Result<Loaded, Failure> {
        let variables = std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
        let mut all: Vec<_> = flag("data", "--data", self.data.as_ref()).collect();
        all.extend_from_slice(flags);
        config::load(self.config.as_deref(), variables, &all).map_err(|error| Failure::usage("configuration", error))
    }
}

impl ServeArgs {
    /// The flags given, as settings.
    fn flags(&self) -> Vec<FlagValue> {
        let joined = |parts: &[String]| (!parts.is_empty()).then(|| parts.join(","));
        flag("listen", "--listen", self.listen.as_ref())
            .chain(flag("public_urls", "--public-url", joined(&self.public_urls).as_ref()))
            .chain(flag("trusted_proxies", "--trusted-proxy", joined(&self.trusted_proxies).as_ref()))
            .chain(flag("registration", "--registration", self.registration.as_ref()))
            .chain(flag("guests", "--guests", self.guests.then(|| "true".to_owned()).as_ref()))
            .chain(flag("admin.email", "--admin-email", self.admin_email.as_ref()))
            .chain(flag("admin.password_file", "--admin-password-file", self.admin_password_file.as_ref()))
            .chain(flag("log", "--log", self.log.as_ref()))
            .chain(flag("log_format", "--log-format", self.log_format.as_ref()))
            .collect()
    }
}

fn flag(key: &'static str, flag: &'static str, value: Option<&String>) -> std::option::IntoIter<FlagValue> {
    value.map(|value| FlagValue { key, flag, value: value.clone() }).into_iter()
}

impl PasswordArgs {
    /// Reads the password from where it was said to be.
    ///
    /// # Errors
    /// It cannot be read or is no password.
    pub fn read(&self) -> Result<Secret, Failure> {
        match &self.password_file {
            Some(path) => config::read_secret_file(path).map_err(|cause| Failure::usage("password", cause)),
            None => config::read_secret(io::stdin().lock())
                .map_err(|cause| Failure::usage("password", format!("from standard input: {cause}"))),
        }
    }
}

#[cfg(test)]
#[path = "args_tests.rs"]
mod tests;
