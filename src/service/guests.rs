//! Guests: visitors of public rooms who did not sign in (contracts.md, Door 4). A guest is no actor: there is no session,
//! so that what takes an actor cannot be reached. Until a guest writes, nothing of them is kept.

use super::{OpenSocket, Service, SocketError, access, messages};
use crate::{
    config::Limits,
    hub::{Dialect, Outbox, Scope},
    identity::{TokenKind, network_of},
    model::{
        Account, AccountId, AccountStatus, Error, Event, MessageCard, Profile, Result, Room, RoomId, RoomKind, seconds,
    },
    rules::{self, names, permit::Act},
    store::{Tx, View},
};
use std::{net::IpAddr, sync::Arc, time::Instant};

/// Somebody who is not signed in, where guests are switched on. Only the service makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guest {
    /// Of the account record that their first message makes.
    id: AccountId,
    /// What counts as one address.
    network: IpAddr,
}

impl Service {
    /// The guest whom this token names; without one, or with one that is not believed, somebody new. 401 where guests are
    /// switched off.
    pub fn guest(&self, token: Option<&str>, address: IpAddr) -> Result<Guest> {
        if !self.config.guests {
            return Err(Error::unauthenticated(
                "Sign in first, or send an access token. Guests are switched off here; the operator switches them on with \
                 `guests = true` in the configuration, or with --guests.",
            ));
        }
        let claims = token.and_then(|token| self.tokens.verify(TokenKind::Guest, token, self.now_secs()).ok());
        let id = claims.map_or_else(AccountId::new, |claims| claims.account);
        Ok(Guest { id, network: network_of(address) })
    }

    /// The cookie by which a guest is known again, and how long it is good.
    pub fn guest_token(&self, guest: Guest) -> (String, u64) {
        let token = self.tokens.issue_for_guest(guest.id, self.now_secs());
        (token, self.tokens.ttl_secs(TokenKind::Guest))
    }

    /// The public room of that name. Made on first use, it belongs to nobody; some of them for each address.
    pub(super) async fn visit_as_guest(&self, guest: Guest, name: &str) -> Result<RoomId> {
        let name = names::room(name, self.config.limits.name_chars)?;
        if self.store.snapshot().view().public_room(&name)?.is_none() {
            let too_many = |secs| wait(secs, "Too many new rooms are opened by guests from your address.");
            self.throttle.guest_rooms.take(guest.network, Instant::now()).map_err(too_many)?;
        }
        self.store
            .commit(None, move |tx| {
                if let Some(id) = tx.view().public_room(&name)? {
                    return Ok(access::room_for_guest(tx.view(), id, Act::Read)?.id);
                }
                let (id, now) = (RoomId::new(), tx.now());
                let (kind, topic) = (RoomKind::Public, String::new());
                let room =
                    Room { id, kind, name: Some(name), topic, created_by: None, created_at: now, archived: false };
                tx.emit(Event::RoomOpened(room))?;
                Ok(id)
            })
            .await
    }

    pub(super) fn has_place_for_guest(&self, guest: Guest) -> bool {
        self.throttle.guest_sockets.is_free(&guest.network) && self.hub.has_place_for(guest.id)
    }

    /// Opens a socket of a guest for one public room.
    pub(super) fn open_guest_socket(
        &self,
        guest: Guest,
        room: RoomId,
        dialect: Arc<dyn Dialect>,
        outbox: Arc<Outbox>,
    ) -> std::result::Result<OpenSocket, SocketError> {
        if !self.throttle.guest_sockets.take(guest.network) {
            return Err(SocketError::TooManySockets);
        }
        let mut failed = None;
        let connected = self.hub.connect(guest.id, None, dialect, outbox, |_| {
            let (snapshot, seq) = self.store.snapshot_at();
            failed = access::room_for_guest(snapshot.view(), room, Act::Read).err();
            (Scope::Room(room), seq, Vec::new())
        });
        match self.opened(connected, guest.id, failed) {
            Ok(open) => Ok(OpenSocket { guest_at: Some(guest.network), ..open }),
            Err(error) => {
                self.throttle.guest_sockets.give_back(&guest.network);
                Err(error)
            }
        }
    }

    /// Posts a text of a guest. The first one makes the record that gives it an author. What cannot be posted costs nothing
    /// of what their address may send.
    pub(super) async fn post_as_guest(&self, guest: Guest, room: RoomId, text: String) -> Result<MessageCard> {
        let now = Instant::now();
        let body = check_text(&text, &self.config.limits)?;
        let is_known = {
            let snapshot = self.store.snapshot();
            open_room(snapshot.view(), room)?;
            snapshot.view().account(guest.id)?.is_some()
        };
        self.throttle.guest_messages.take(guest.network, now).map_err(|secs| {
            let per_min = self.config.limits.guest_messages_per_min;
            wait(secs, &format!("Guests of one address may send {per_min} messages a minute."))
        })?;
        if !is_known {
            let too_many = |secs| wait(secs, "Too many new guests come from your address.");
            self.throttle.guests.take(guest.network, now).map_err(too_many)?;
        }
        self.store.commit(Some(guest.id), move |tx| post(tx, guest, room, body)).await
    }
}

fn wait(secs: u64, why: &str) -> Error {
    let detail = format!("{why} Try again in {}, or sign in.", seconds(secs));
    Error { detail: detail.into(), ..Error::throttled(secs) }
}

/// The public room of that name, for reading, if there is one.
pub(super) fn room_by_name(view: View<'_>, name: &str) -> Result<Option<Room>> {
    view.public_room(name)?.map(|id| access::room_for_guest(view, id, Act::Read)).transpose()
}

/// What a guest may write.
pub(super) fn check_text(text: &str, limits: &Limits) -> Result<String> {
    rules::messages::text(text, limits.guest_message_chars.min(limits.message_chars))
}

/// A room that takes what guests write.
fn open_room(view: View<'_>, room: RoomId) -> Result<Room> {
    let room = access::room_for_guest(view, room, Act::Post)?;
    rules::messages::accepts_posts(&room)?;
    Ok(room)
}

/// Posts, within a mutation.
fn post(tx: &mut Tx, guest: Guest, room: RoomId, body: String) -> Result<MessageCard> {
    let room = open_room(tx.view(), room)?;
    let author = find_or_register(tx, guest)?;
    let content = messages::Content { body, ..messages::Content::default() };
    let message = messages::append(tx, &author, room.id, content)?;
    messages::card(tx.view(), message)
}

/// The record of a guest, within a mutation: without e-mail address and password, so that nobody signs in with it.
fn find_or_register(tx: &mut Tx, guest: Guest) -> Result<Account> {
    if let Some(known) = tx.view().account(guest.id)? {
        return match known.status {
            AccountStatus::Guest => Ok(known),
            // No token of ours says so.
            _ => Err(Error::internal()),
        };
    }
    let account = Account {
        id: guest.id,
        username: free_name(tx.view(), guest.id)?,
        email: None,
        profile: Profile::default(),
        password_hash: None,
        status: AccountStatus::Guest,
        is_admin: false,
        is_seller: false,
        created_at: tx.now(),
    };
    tx.emit(Event::AccountRegistered(account.clone()))?;
    Ok(account)
}

fn free_name(view: View<'_>, guest: AccountId) -> Result<String> {
    for name in rules::guests::names(guest) {
        if view.account_by_username(&name)?.is_none() {
            return Ok(name);
        }
    }
    Err(Error::internal())
}
