//! A Parlor of its own for a test: the real program on a temporary folder, and the way to talk to it.

pub mod golden;
pub mod schema;
mod server;
mod site;

pub use site::{Answer, Site};

use crate::people::{Online, Person};
use serde_json::json;
use server::Server;
use std::{path::PathBuf, sync::Arc};

/// What everybody signs in with.
pub const PASSWORD: &str = "seven slow winter tyres";

/// A running Parlor with nobody in it yet. It is killed when dropped, and its log must hold no fault then.
pub struct World {
    pub site: Arc<Site>,
    server: Server,
}

impl World {
    /// With the default settings.
    pub async fn open() -> Self {
        Self::open_with("").await
    }

    /// With these lines of configuration.
    pub async fn open_with(config: &str) -> Self {
        let mut server = Server::prepare(config);
        let address = server.start().await;
        Self { site: Arc::new(Site::new(address).await), server }
    }

    /// Stops it politely and starts it again on the same folder, at another port.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.start().await;
    }

    /// Stops it politely; the exit status must be 0.
    pub async fn stop(&mut self) {
        self.server.stop().await;
    }

    /// Gives it other lines of configuration, for the next start.
    pub fn configure(&self, config: &str) {
        self.server.configure(config);
    }

    /// Starts it again on the same folder.
    pub async fn start(&mut self) {
        let address = self.server.start().await;
        self.site.moved(address);
    }

    /// Tells it to stop, as an operator's Ctrl-C does, and does not wait.
    pub fn signal_stop(&self) {
        self.server.signal();
    }

    /// The token in the set-up link that was printed at start.
    pub fn set_up_token(&self) -> String {
        self.server.printed().split_once("/setup?token=").expect("a set-up link").1.split(' ').next().unwrap().into()
    }

    /// Waits for that stop, and starts it again.
    pub async fn restart_after_signal(&mut self) {
        self.server.wait().await;
        self.start().await;
    }

    /// What it wrote to its log so far.
    pub fn log(&self) -> String {
        self.server.log()
    }

    /// The data folder.
    pub fn folder(&self) -> PathBuf {
        self.server.folder()
    }

    /// The site administrator, made with the set-up link.
    pub async fn admin(&self) -> Person {
        let body = json!({
            "token": self.set_up_token(), "email": "ada@example.com", "username": "ada", "password": PASSWORD,
        });
        self.site.post("/api/setup", body).await.expect(201);
        Person::signed_in(&self.site, "ada").await
    }

    /// Somebody who has registered and holds tokens.
    pub async fn person(&self, name: &str) -> Person {
        self.site.registers(name).await.expect(201);
        Person::signed_in(&self.site, name).await
    }

    /// Several of them.
    pub async fn people<const N: usize>(&self, names: [&str; N]) -> [Person; N] {
        let people = futures_util::future::join_all(names.map(|name| self.person(name))).await;
        people.try_into().unwrap_or_else(|_| unreachable!("as many people as names"))
    }

    /// Several of them, each with the event stream open.
    pub async fn online<const N: usize>(&self, names: [&str; N]) -> [Online; N] {
        let mut online = Vec::new();
        for person in self.people(names).await {
            online.push(person.online().await);
        }
        online.try_into().unwrap_or_else(|_| unreachable!("as many people as names"))
    }
}
