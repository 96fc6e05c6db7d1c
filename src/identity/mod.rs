//! Owns the tools that tell who is calling: secrets, password hashes, signed tokens, throttles. They hold no records:
//! which accounts and sessions exist is the store's, who may do what is the service's.

mod once;
mod passwords;
mod places;
mod rate;
mod secrets;
mod throttle;
mod tokens;

pub use once::OneTime;
pub use passwords::{PasswordHash, Passwords, check_password};
pub use rate::network_of;
pub use secrets::Secret;
pub use tokens::{TokenError, TokenKind, TokenTtls, Tokens};

use crate::config::Limits;
use places::Places;
use rate::{Quota, RateLimit};
use std::{net::IpAddr, time::Duration};
use throttle::{LoginLimits, LoginThrottle};

/// Addresses whose registrations, guests and messages of guests are remembered.
const ADDRESSES_MAX: usize = 100_000;

/// Who may try how often.
pub struct Throttle {
    pub login: LoginThrottle,
    /// By address.
    pub registrations: RateLimit<IpAddr>,
    /// Guests who begin to write, by address.
    pub guests: RateLimit<IpAddr>,
    /// Messages of guests, by address.
    pub guest_messages: RateLimit<IpAddr>,
    /// Rooms that guests open, by address.
    pub guest_rooms: RateLimit<IpAddr>,
    /// Open sockets of guests, by address.
    pub guest_sockets: Places<IpAddr>,
}

impl Throttle {
    /// With nothing counted yet.
    pub fn new(limits: &Limits) -> Self {
        let window = Duration::from_secs(limits.login_window_secs);
        let login = LoginLimits { per_pair: Quota::per(window, limits.login_attempts), ..LoginLimits::default() };
        let registration_window = Duration::from_secs(limits.registration_window_secs);
        let registrations = Quota::per(registration_window, limits.registrations_per_address);
        let guests = Quota::per(registration_window, limits.guests_per_address);
        let guest_rooms = Quota::per(registration_window, limits.guest_rooms_per_address);
        let guest_messages = Quota::per(Duration::from_secs(60), limits.guest_messages_per_min);
        Self {
            login: LoginThrottle::new(login),
            registrations: RateLimit::new(registrations, ADDRESSES_MAX),
            guests: RateLimit::new(guests, ADDRESSES_MAX),
            guest_messages: RateLimit::new(guest_messages, ADDRESSES_MAX),
            guest_rooms: RateLimit::new(guest_rooms, ADDRESSES_MAX),
            guest_sockets: Places::new(limits.guest_sockets_per_address),
        }
    }
}
