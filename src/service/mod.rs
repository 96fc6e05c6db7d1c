//! The verbs: the only place that combines rules, store and hub. Authorization happens here and nowhere else, so that
//! REST, sockets, the command line and every documented contract share it.
//!
//! An operation reads like the sentence that describes it: may you? is it valid? stored, told, answered. The actor comes
//! first. Rooms are reached only through what `access` granted.

mod access;
mod accounts;
mod actor;
mod addresses;
mod cards;
mod files;
mod guests;
mod invitations;
mod invite_codes;
mod messages;
mod notifications;
mod operator;
mod participants;
mod people;
mod publish;
mod reading;
mod recruiting;
mod rooms;
mod salon_cards;
mod salons;
mod search;
mod seats;
mod sessions;
mod sockets;
mod stream;
mod upkeep;
mod visitors;
mod withdrawals;

pub use crate::store::blobs::BlobPart;
pub use accounts::{NewAccount, ProfileChange, SetUp};
pub use actor::Actor;
pub use addresses::Addressed;
pub use files::{Download, NewFile, Upload};
pub use guests::Guest;
pub use invitations::{InvitationFilter, NewInvitation, Verdict};
pub use invite_codes::IssuedInviteCode;
pub use messages::{Draft, History, Posted, PresentHistory, Range};
pub use operator::{RemovedSeat, SalonReport};
pub use participants::ChatRoomCard;
pub use people::{PersonDetails, Visibility};
pub use publish::{Publisher, Recent};
pub use reading::{ReadState, Receipt};
pub use recruiting::{RecruitingCard, RecruitingFilter};
pub use rooms::{NewRoom, Opened, RoomChange, RoomScope};
pub use salons::{Chair, SalonChange, SalonDetails, SalonLogCard, SalonScope};
pub use search::MessageFilter;
pub use seats::SeatFilter;
pub use sessions::{Credentials, SignedIn, TokenPair};
pub use sockets::{Greeting, OpenSocket, SocketError};
pub use visitors::Visitor;

use crate::{
    config::Config,
    hub::Hub,
    identity::{OneTime, Passwords, Secret, Throttle, Tokens},
    media::Thumbnailer,
    model::{Clock, Timestamp},
    store::Store,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use uuid::Uuid;

/// What a clock may be set back by without a spent socket token becoming good again.
const CLOCK_SLACK_SECS: u64 = 86_400;

/// Everything the verbs work with.
pub struct Service {
    pub(crate) config: Arc<Config>,
    store: Arc<Store>,
    hub: Arc<Hub>,
    passwords: Passwords,
    thumbnails: Thumbnailer,
    tokens: Tokens,
    throttle: Throttle,
    spent_socket_tokens: OneTime,
    clock: Arc<dyn Clock>,
    epoch: Uuid,
    /// What happened lately, for sockets that resume.
    recent: Arc<publish::Recent>,
    /// Printed at start while there is no administrator; spent by the set-up form.
    set_up_code: Mutex<Option<Secret>>,
}

/// What a service is made of.
pub struct Parts {
    pub config: Arc<Config>,
    pub store: Arc<Store>,
    pub hub: Arc<Hub>,
    pub passwords: Passwords,
    pub thumbnails: Thumbnailer,
    pub tokens: Tokens,
    pub throttle: Throttle,
    pub clock: Arc<dyn Clock>,
    pub epoch: Uuid,
    pub recent: Arc<publish::Recent>,
}

impl Service {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        let Parts { config, store, hub, passwords, thumbnails, tokens, throttle, clock, epoch, recent } = parts;
        let spent_socket_tokens = OneTime::new(Duration::from_secs(config.tokens.socket_ttl_secs + CLOCK_SLACK_SECS));
        Self {
            config,
            store,
            hub,
            passwords,
            thumbnails,
            tokens,
            throttle,
            spent_socket_tokens,
            clock,
            epoch,
            recent,
            set_up_code: Mutex::default(),
        }
    }

    /// The settings in force.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Where everything is kept.
    pub fn data_folder(&self) -> &std::path::Path {
        self.store.folder()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
