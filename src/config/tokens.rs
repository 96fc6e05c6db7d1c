//! How long each kind of token lives. What a token is and when it ends early is not decided here.

use super::bounded::bounded;

const DAY_SECS: u64 = 86_400;

bounded! {
/// Lifetimes in seconds.
pub struct Tokens {
    /// Seconds of an access token. Short, since it is refreshed without a person.
    access_ttl_secs: u64 = 1_800, 60..=DAY_SECS;
    /// Seconds of a refresh token, counted anew at each use. A month without a visit means signing in again.
    refresh_ttl_secs: u64 = 30 * DAY_SECS, 300..=400 * DAY_SECS;
    /// Seconds of a socket token: from asking for it to opening the socket. It stands in an address, so it is short and single-use.
    socket_ttl_secs: u64 = 30, 5..=120;
    /// Seconds of a browser's session, counted anew at each visit.
    browser_ttl_secs: u64 = 30 * DAY_SECS, 300..=400 * DAY_SECS;
    /// Seconds that a guest's browser keeps its name, counted anew at each request. A visitor comes back within days or not at all.
    guest_ttl_secs: u64 = 7 * DAY_SECS, 300..=400 * DAY_SECS;
}
}
