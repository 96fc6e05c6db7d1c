//! RFC 6455 at every socket address of every door, in the real program. The addresses are those of
//! `tests/clients/doors.json`: a door that is added there is tried here.

use std::net::SocketAddr;

use serde_json::Value;

use super::cases::{CLOSE, ENDS, PING, PONG, Pieces, TEXT, TEXT_BEGINS, bad_cases, good_cases, many, outcome};
use super::raw::{Raw, ServerFrame, frame};
use crate::world::World;

const TABLE: &str = include_str!("../clients/doors.json");
/// Each case opens a socket, and the server may still be closing those of the cases before.
const CONFIG: &str = "[limits]\nsockets_per_account = 1_000\n";

/// One address, and somebody who may open it.
struct Door {
    address: SocketAddr,
    path: String,
    headers: String,
}

impl Door {
    async fn opens(&self) -> Raw {
        Raw::open(self.address, &self.path, &self.headers).await
    }

    /// The next frame that is not what the door itself says.
    async fn hears_control(&self, raw: &mut Raw) -> Option<ServerFrame> {
        loop {
            match raw.next().await {
                Some((TEXT, payload)) => self.is_json(&payload),
                other => return other,
            }
        }
    }

    fn is_json(&self, payload: &[u8]) {
        assert!(serde_json::from_slice::<Value>(payload).is_ok(), "{}: {payload:?}", self.path);
    }

    async fn keeps_to_the_rules(&self) {
        let mut witness = self.opens().await;
        for case in good_cases().iter().chain(&bad_cases()) {
            for pieces in [Pieces::Whole, Pieces::Bytes] {
                let (frames, code) = outcome(self.opens().await, case, pieces).await;
                assert_eq!(code, case.code, "{} at {}", case.name, self.path);
                for (first, payload) in frames {
                    assert_eq!(first, TEXT, "{} at {}: {payload:?}", case.name, self.path);
                    self.is_json(&payload);
                }
            }
        }
        witness.send(&frame(PING, b"still there?")).await;
        assert_eq!(self.hears_control(&mut witness).await, Some((PONG, b"still there?".to_vec())), "{}", self.path);
    }

    async fn answers_pings_between_fragments(&self) {
        let mut raw = self.opens().await;
        raw.send(&frame(TEXT_BEGINS, b"{")).await;
        for payload in [&b"there?"[..], b"", &[7; 125]] {
            raw.send(&frame(PING, payload)).await;
            assert_eq!(self.hears_control(&mut raw).await, Some((PONG, payload.to_vec())), "{}", self.path);
        }
        raw.send(&many(&[(ENDS, b"}"), (CLOSE, b"\x03\xE8")])).await;
        let (first, payload) = self.hears_control(&mut raw).await.expect("a close frame");
        assert_eq!((first, payload.first_chunk()), (CLOSE, Some(b"\x03\xE8")), "{}", self.path);
    }
}

/// All doors of a world, each with a person of its own.
async fn doors(world: &World) -> Vec<Door> {
    let host = world.person("host").await;
    let room = host.opens("public", "workshop", &[]).await;
    let address = world.site.address().parse().expect("an address");
    let table: Value = serde_json::from_str(TABLE).expect("JSON");
    let mut doors = Vec::new();
    for (number, entry) in table["sockets"].as_array().expect("sockets").iter().enumerate() {
        let person = world.person(&format!("person{number}")).await;
        let path = entry["path"].as_str().expect("a path").replace("{room}", "workshop").replace("{room_id}", &room);
        let headers = format!("Authorization: Bearer {}\r\n", person.access);
        doors.push(Door { address, path, headers });
    }
    assert!(doors.len() >= 7, "every door has its sockets in the table");
    doors
}

/// At all addresses at once: what one door is sent disturbs no other.
#[tokio::test]
async fn every_door_keeps_to_the_rules() {
    let world = World::open_with(CONFIG).await;
    let doors = doors(&world).await;
    futures_util::future::join_all(doors.iter().map(Door::keeps_to_the_rules)).await;
}

#[tokio::test]
async fn every_door_answers_pings_between_fragments() {
    let world = World::open_with(CONFIG).await;
    for door in doors(&world).await {
        door.answers_pings_between_fragments().await;
    }
}
