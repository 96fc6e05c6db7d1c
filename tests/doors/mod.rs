//! What each door promises over HTTP.

mod accounts;
mod documents;
mod files;
mod input;
mod live;
mod marketplace;
mod messages;
mod permissions;
mod recruiting;
mod rooms;
mod sessions;
