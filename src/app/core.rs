//! The inside of Parlor without its doors: what a server and an offline command both open and close.

use crate::{
    cli::Failure,
    config::{Config, FirstAdmin},
    folder::{DataFolder, FILES},
    hub::Hub,
    identity::{Passwords, Throttle, TokenTtls, Tokens},
    media::Thumbnailer,
    model::{Clock, Entry, Event, Room, RoomId, RoomKind, SystemClock},
    service::{NewAccount, Parts, Publisher, Recent, Service},
    store::{Blobs, OnFatal, Options, Store, floor_on},
};
use std::{sync::Arc, time::Duration};
use tokio::{sync::mpsc, task::JoinHandle};

/// Passwords hashed at the same time; each takes 19 MiB meanwhile.
const HASHERS: usize = 2;
/// The room that is there from the first start.
const PUBLIC_CHAT: &str = "public-chat";

/// The open store with everything that works on it.
pub struct Core {
    pub service: Arc<Service>,
    pub hub: Arc<Hub>,
    store: Arc<Store>,
    publisher: JoinHandle<()>,
}

impl Core {
    /// Opens a data folder, founding its journal if it is new. Blocks while the index is rebuilt.
    pub fn open(config: Arc<Config>, folder: &DataFolder, on_progress: &dyn Fn(u64, u64)) -> Result<Self, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::new("opening the data folder", error);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        found_if_new(folder, clock.as_ref())?;
        let key = folder.token_key().map_err(|error| failed(&error))?;
        let floor_bytes = floor_on(folder.path(), config.limits.free_space_floor_bytes);
        let blobs = Blobs::open(folder.path().join(FILES), floor_bytes).map_err(|error| failed(&error))?;
        let (committed, groups) = mpsc::unbounded_channel();
        let options = Options {
            folder: folder.path().to_owned(),
            index_cache_bytes: config.index_cache_bytes,
            queue_len: config.limits.writer_queue,
            free_space_floor_bytes: floor_bytes,
            blobs,
            clock: Arc::clone(&clock),
        };
        let on_committed = Box::new(move |group| {
            // The publisher only ends after the store did.
            let _ = committed.send(group);
        });
        let store = Store::open(options, on_committed, leave_soon(), on_progress).map_err(|error| {
            failed(&error).remedy("`parlor check` says what is wrong, `parlor restore` makes a folder from a backup")
        })?;
        let hub = Arc::new(Hub::new(config.limits.sockets_per_account));
        let recent = Arc::new(Recent::new(config.limits.resume_events));
        warm(&recent, &store, config.limits.resume_events);
        let publisher = Publisher {
            store: Arc::clone(&store),
            hub: Arc::clone(&hub),
            recent: Arc::clone(&recent),
            epoch: folder.epoch(),
        };
        let publisher = tokio::spawn(publisher.run(groups));
        let service = Arc::new(Service::new(Parts {
            store: Arc::clone(&store),
            hub: Arc::clone(&hub),
            passwords: Passwords::new(HASHERS),
            thumbnails: Thumbnailer::default(),
            tokens: Tokens::new(&key, token_ttls(&config)),
            throttle: Throttle::new(&config.limits),
            clock,
            epoch: folder.epoch(),
            recent,
            config,
        }));
        Ok(Self { service, hub, store, publisher })
    }

    /// Makes the administrator that the configuration names, if there is none yet.
    pub async fn ensure_admin(&self) -> Result<(), Failure> {
        let Some(FirstAdmin { email, password }) = self.service.config().admin.clone() else { return Ok(()) };
        let new = NewAccount { email, password: password.expose().to_owned(), ..NewAccount::default() };
        let made =
            self.service.ensure_admin(new).await.map_err(|error| Failure::new("making the administrator", error))?;
        if let Some(account) = made {
            tracing::info!(username = account.username, "the administrator was made");
        }
        Ok(())
    }

    /// Finishes what was accepted, and leaves the folder so that the next start is quick.
    pub async fn close(self) -> Result<(), Failure> {
        // Nobody is told anything more, and who tells reads the store: it ends first.
        self.publisher.abort();
        let _ = self.publisher.await;
        self.store.close().await.map_err(|error| Failure::new("closing the data folder", error))
    }
}

/// A folder without a journal is new unless what is made after a journal says that there was one.
fn found_if_new(folder: &DataFolder, clock: &dyn Clock) -> Result<(), Failure> {
    if Store::exists(folder.path()) {
        return Ok(());
    }
    let made_later = [crate::folder::KEYS, crate::folder::INDEX, FILES];
    if made_later.iter().any(|name| folder.path().join(name).exists()) {
        let cause = format!("the journal in {} is missing, so nothing can be read", folder.path().display());
        return Err(Failure::new("opening the data folder", cause)
            .remedy("restore a backup into a new folder with `parlor restore`"));
    }
    let at = clock.now();
    let room = Room {
        id: RoomId::new(),
        kind: RoomKind::Public,
        name: Some(PUBLIC_CHAT.into()),
        topic: "Everybody is welcome here.".into(),
        created_by: None,
        created_at: at,
        archived: false,
    };
    let founding = Entry { at, actor: None, events: vec![Event::RoomOpened(room)] };
    Store::found(folder.path(), &founding).map_err(|error| Failure::new("making the data folder", error))
}

fn token_ttls(config: &Config) -> TokenTtls {
    TokenTtls {
        access_secs: config.tokens.access_ttl_secs,
        refresh_secs: config.tokens.refresh_ttl_secs,
        socket_secs: config.tokens.socket_ttl_secs,
        browser_secs: config.tokens.browser_ttl_secs,
        guest_secs: config.tokens.guest_ttl_secs,
    }
}

/// Fills the memory for resuming sockets from the journal's end.
fn warm(recent: &Recent, store: &Store, entries_max: usize) {
    let (_, seq) = store.snapshot_at();
    let from = seq.saturating_sub(entries_max as u64) + 1;
    match store.entries(from) {
        Ok(entries) => recent.add(entries.map_while(Result::ok).map(Arc::new)),
        Err(error) => tracing::warn!(cause = %error, "sockets cannot resume across this start"),
    }
}

/// Ends the process a moment later, so that the answers which say so still go out.
fn leave_soon() -> OnFatal {
    Arc::new(|reason| {
        eprintln!("parlor: stopped: {reason}");
        std::thread::spawn(|| {
            std::thread::sleep(Duration::from_millis(300));
            std::process::exit(1);
        });
    })
}
