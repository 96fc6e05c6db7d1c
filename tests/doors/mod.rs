//! What each door promises over HTTP.

mod accounts;
mod community;
mod documents;
mod files;
mod input;
mod invitations;
mod live;
mod marketplace;
mod messages;
mod notifications;
mod permissions;
mod recruiting;
mod refusals;
mod rooms;
mod salon_permissions;
mod salon_races;
mod salons;
mod seats;
mod sessions;
mod staff_room;
mod withdrawals;
