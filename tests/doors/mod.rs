//! What each door promises over HTTP.

mod accounts;
mod sessions;
