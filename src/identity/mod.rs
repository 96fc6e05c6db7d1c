//! Owns the tools that tell who is calling: secrets, password hashes, signed tokens, throttles. They hold no records:
//! which accounts and sessions exist is the store's, who may do what is the service's.

mod once;
mod passwords;
mod rate;
mod secrets;
mod throttle;
mod tokens;

pub use once::OneTime;
pub use passwords::{PasswordHash, Passwords, check_password};
pub use rate::network_of;
pub use secrets::Secret;
pub use tokens::{TokenKind, TokenTtls, Tokens};

use crate::config::Limits;
use rate::{Quota, RateLimit};
use std::{net::IpAddr, time::Duration};
use throttle::{LoginLimits, LoginThrottle};

/// Addresses whose registrations are remembered.
const ADDRESSES_MAX: usize = 100_000;

/// Who may try how often.
pub struct Throttle {
    pub login: LoginThrottle,
    /// By address.
    pub registrations: RateLimit<IpAddr>,
}

impl Throttle {
    /// With nothing counted yet.
    pub fn new(limits: &Limits) -> Self {
        let window = Duration::from_secs(limits.login_window_secs);
        let login = LoginLimits { per_pair: Quota::per(window, limits.login_attempts), ..LoginLimits::default() };
        let registration_window = Duration::from_secs(limits.registration_window_secs);
        let registrations = Quota::per(registration_window, limits.registrations_per_address);
        Self { login: LoginThrottle::new(login), registrations: RateLimit::new(registrations, ADDRESSES_MAX) }
    }
}
