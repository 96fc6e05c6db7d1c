//! One checked configuration from four layers: defaults, file, environment, flags. It knows no other part of Parlor;
//! nothing here opens the data folder, starts a log or talks to anybody.

mod bounded;
mod check;
mod keys;
mod layers;
mod limits;
mod secrets;
mod setting;
mod tokens;
mod values;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

pub use self::{
    layers::{FlagValue, Loaded, describe, load},
    limits::Limits,
    secrets::{read_secret, read_secret_file},
    tokens::Tokens,
    values::{Cidr, LogFormat, PublicUrl, Registration, Secret},
};

/// What an operator decides. Every field is a key of the same name in `config/parlor.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Address and port of the one listener; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The data folder; relative paths start where Parlor is started.
    pub data: PathBuf,
    /// Addresses under which browsers reach Parlor, the first one for links; empty: the address listened on.
    pub public_urls: Vec<PublicUrl>,
    pub registration: Registration,
    /// Whether public rooms may be used at the live-chat door without signing in.
    pub guests: bool,
    /// Filter of log lines, as `level` or `target=level`, comma separated.
    pub log: String,
    pub log_format: LogFormat,
    /// Peers whose `X-Forwarded-For` counts; empty: nobody's.
    pub trusted_proxies: Vec<Cidr>,
    /// Bytes of memory for the index.
    pub index_cache_bytes: u64,
    /// Seconds between compactions; what was deleted is gone from the disk after the next one.
    pub compact_every_secs: u64,
    /// The administrator to make on a start that finds none.
    pub admin: Option<FirstAdmin>,
    pub tokens: Tokens,
    pub limits: Limits,
}

impl Config {
    /// The path that browsers see before every address of Parlor's, the same in all public addresses: `/chat`, or nothing.
    pub fn base_path(&self) -> &str {
        self.public_urls.first().map_or("", PublicUrl::base_path)
    }
}

/// The administrator made without a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstAdmin {
    pub email: String,
    pub password: Secret,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8000)),
            data: PathBuf::from("./parlor-data"),
            public_urls: Vec::new(),
            registration: Registration::default(),
            guests: false,
            log: "info".to_owned(),
            log_format: LogFormat::default(),
            trusted_proxies: Vec::new(),
            index_cache_bytes: 64 * 1024 * 1024,
            compact_every_secs: 86_400,
            admin: None,
            tokens: Tokens::default(),
            limits: Limits::default(),
        }
    }
}

/// Everything that is wrong with a configuration, together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", listed(.problems))]
pub struct ConfigError {
    /// One sentence each: where, which key, what was wrong, what would be right.
    pub problems: Vec<String>,
}

fn listed(problems: &[String]) -> String {
    match problems {
        [only] => only.clone(),
        many => format!("{} problems:\n  {}", many.len(), many.join("\n  ")),
    }
}
