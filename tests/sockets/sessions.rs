//! Sockets that live well: replies in order, events as pushed, polite ends.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use parlor::hub::{CloseCode, Pushed};
use parlor::socket::{Ended, SocketLimits, frame};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::raw::{self, Raw};
use super::world::{Client, World};

fn unlimited() -> SocketLimits {
    SocketLimits { frames_per_second: 0, ..SocketLimits::default() }
}

async fn hears(client: &mut Client) -> String {
    loop {
        match client.next().await {
            Some(Ok(Message::Text(text))) => return text.to_string(),
            Some(Ok(Message::Ping(_))) => {}
            other => panic!("a text was expected, not {other:?}"),
        }
    }
}

/// The code and reason that the client is closed with.
async fn is_closed(client: &mut Client) -> (u16, String) {
    loop {
        match client.next().await {
            Some(Ok(Message::Close(Some(close)))) => {
                return (close.code.into(), close.reason.to_string());
            }
            Some(Ok(Message::Ping(_))) => {}
            other => panic!("a close was expected, not {other:?}"),
        }
    }
}

async fn says(client: &mut Client, text: &str) {
    client.send(Message::text(text)).await.expect("open");
}

#[tokio::test]
async fn what_is_pushed_arrives_in_order_everywhere() {
    let mut world = World::new(unlimited()).await;
    let (mut anna, annas) = world.client().await;
    let (mut boris, his) = world.client().await;
    for number in 0..500 {
        let shared = frame::text(&format!("event {number}"));
        assert_eq!(annas.push(shared.clone()), Pushed::Queued);
        assert_eq!(his.push(shared), Pushed::Queued);
    }
    for number in 0..500 {
        assert_eq!(hears(&mut anna).await, format!("event {number}"));
        assert_eq!(hears(&mut boris).await, format!("event {number}"));
    }
}

#[tokio::test]
async fn large_frames_pass_unharmed() {
    let mut world = World::new(unlimited()).await;
    let (mut anna, annas) = world.client().await;
    let large: String = ('a'..='z').cycle().take(500_000).collect();
    for text in ["before", &large, "after"] {
        assert_eq!(annas.push(frame::text(text)), Pushed::Queued);
    }
    for text in ["before", &large, "after"] {
        assert_eq!(hears(&mut anna).await, text);
    }
}

#[tokio::test]
async fn replies_come_in_the_order_of_requests() {
    let mut world = World::new(unlimited()).await;
    let (mut anna, _) = world.client().await;
    for text in ["hold 1", "2", "hold 3", "4"] {
        says(&mut anna, text).await;
    }
    world.shared.gate.add_permits(2);
    for text in ["hold 1", "2", "hold 3", "4"] {
        assert_eq!(hears(&mut anna).await, text);
    }
    let begun = world.shared.begun.lock().expect("no panic").clone();
    assert_eq!(begun, ["hold 1", "2", "hold 3", "4"]);
}

#[tokio::test]
async fn no_more_than_the_limit_is_begun_before_replies_go_out() {
    let mut world = World::new(unlimited()).await;
    let (mut anna, annas) = world.client().await;
    for number in 0..200 {
        says(&mut anna, &format!("hold {number}")).await;
    }
    // Once an event has come all requests that may begin have begun, however the bytes were cut.
    while world.shared.begun.lock().expect("no panic").len() < 64 {
        annas.push(frame::text("tick"));
        assert_eq!(hears(&mut anna).await, "tick");
    }
    annas.push(frame::text("tick"));
    assert_eq!(hears(&mut anna).await, "tick");
    assert_eq!(world.shared.begun.lock().expect("no panic").len(), 64);
    world.shared.gate.add_permits(200);
    for number in 0..200 {
        assert_eq!(hears(&mut anna).await, format!("hold {number}"));
    }
}

#[tokio::test]
async fn closing_lets_out_what_was_queued() {
    let mut world = World::new(unlimited()).await;
    let (mut anna, annas) = world.client().await;
    for number in 0..100 {
        annas.push(frame::text(&number.to_string()));
    }
    annas.close(CloseCode::SESSION_ENDED, "signed out");
    assert_eq!(annas.push(frame::text("secret")), Pushed::Closed);
    for number in 0..100 {
        assert_eq!(hears(&mut anna).await, number.to_string());
    }
    assert_eq!(is_closed(&mut anna).await, (4401, "signed out".to_owned()));
    assert!(anna.next().await.is_none_or(|end| end.is_err()));
    assert_eq!(world.ended().await, Ended::Closed(CloseCode::SESSION_ENDED));
    assert_eq!(world.shared.closed.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_stopping_server_still_answers_what_was_begun() {
    let mut world = World::new(unlimited()).await;
    let (mut anna, annas) = world.client().await;
    says(&mut anna, "hold this").await;
    says(&mut anna, "begun").await;
    while world.shared.begun.lock().expect("no panic").len() < 2 {
        annas.push(frame::text("tick"));
        assert_eq!(hears(&mut anna).await, "tick");
    }
    annas.close(CloseCode::GOING_AWAY, "stopping");
    world.shared.gate.add_permits(1);
    assert_eq!(hears(&mut anna).await, "hold this");
    assert_eq!(hears(&mut anna).await, "begun");
    assert_eq!(is_closed(&mut anna).await.0, 1001);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_replies_for_ever() {
    let limits = SocketLimits { close_drain: Duration::from_millis(30), ..unlimited() };
    let mut world = World::new(limits).await;
    let (mut anna, annas) = world.client().await;
    says(&mut anna, "hold for ever").await;
    while world.shared.begun.lock().expect("no panic").is_empty() {
        annas.push(frame::text("tick"));
        assert_eq!(hears(&mut anna).await, "tick");
    }
    annas.close(CloseCode::GOING_AWAY, "stopping");
    assert_eq!(is_closed(&mut anna).await.0, 1001);
}

#[tokio::test]
async fn an_ended_login_gets_no_more_replies() {
    let mut world = World::new(unlimited()).await;
    let (mut anna, annas) = world.client().await;
    says(&mut anna, "hold this").await;
    while world.shared.begun.lock().expect("no panic").is_empty() {
        annas.push(frame::text("tick"));
        assert_eq!(hears(&mut anna).await, "tick");
    }
    annas.close(CloseCode::SESSION_ENDED, "blocked");
    world.shared.gate.add_permits(1);
    assert_eq!(is_closed(&mut anna).await.0, 4401);
}

#[tokio::test]
async fn a_client_that_closes_is_answered() {
    let mut world = World::new(unlimited()).await;
    let (mut anna, annas) = world.client().await;
    anna.close(None).await.expect("open");
    assert!(matches!(anna.next().await, Some(Ok(Message::Close(_)))));
    assert_eq!(world.ended().await, Ended::PeerClosed(None));
    assert_eq!(annas.push(frame::text("x")), Pushed::Closed);
}

#[tokio::test]
async fn a_client_that_vanishes_leaves_nothing_behind() {
    let mut world = World::new(unlimited()).await;
    let (anna, annas) = world.client().await;
    drop(anna);
    assert_eq!(world.ended().await, Ended::Lost);
    assert_eq!(annas.push(frame::text("x")), Pushed::Closed);
    assert_eq!(Arc::strong_count(&annas), 1);
    assert_eq!(world.shared.closed.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_message_beyond_the_limit_closes_only_its_socket() {
    let mut world = World::new(unlimited()).await;
    let (mut anna, _) = world.client().await;
    let (mut boris, _) = world.client().await;
    // The server may hang up before all of it is written.
    anna.send(Message::text("x".repeat(300_000))).await.ok();
    assert_eq!(is_closed(&mut anna).await.0, 1009);
    says(&mut boris, "and I?").await;
    assert_eq!(hears(&mut boris).await, "and I?");
}

#[tokio::test]
async fn a_flood_is_told_and_closed() {
    let limits = SocketLimits { frames_per_second: 1, frames_burst: 10, ..SocketLimits::default() };
    let mut world = World::new(limits).await;
    let mut raw = Raw::connect(world.address).await;
    world.outbox().await;
    let flood: Vec<u8> = (0..2000).flat_map(|_| raw::frame(0x81, b"nothing")).collect();
    raw.send(&flood).await;
    let frames = raw.rest().await;
    assert_eq!(frames[0], (0x81, b"slow down".to_vec()));
    assert_eq!(frames[1].1[..2], 1008u16.to_be_bytes());
    assert_eq!(frames.len(), 2);
    assert_eq!(world.ended().await, Ended::Closed(CloseCode::POLICY_VIOLATION));
}

#[tokio::test]
async fn empty_fragments_without_end_are_a_flood_too() {
    let world = World::new(SocketLimits::default()).await;
    let mut raw = Raw::connect(world.address).await;
    let endless: Vec<u8> = (0..200).flat_map(|_| raw::frame(0x00, b"")).collect();
    raw.send(&raw::frame(0x01, b"")).await;
    raw.send(&endless).await;
    let frames = raw.rest().await;
    assert_eq!(frames.last().map(|last| last.1[..2].to_vec()), Some(1008u16.to_be_bytes().to_vec()));
}

#[tokio::test]
async fn who_answers_pings_stays() {
    let limits = SocketLimits { heartbeat: Duration::from_millis(20), ..unlimited() };
    let mut world = World::new(limits).await;
    let (mut anna, _) = world.client().await;
    for _ in 0..8 {
        assert!(matches!(anna.next().await, Some(Ok(Message::Ping(_)))));
    }
    says(&mut anna, "still here").await;
    assert_eq!(hears(&mut anna).await, "still here");
}

#[tokio::test]
async fn who_is_silent_after_two_pings_is_closed() {
    let limits = SocketLimits { heartbeat: Duration::from_millis(20), ..unlimited() };
    let mut world = World::new(limits).await;
    let mut raw = Raw::connect(world.address).await;
    let frames = raw.rest().await;
    assert_eq!(frames[..2], [(0x89, vec![]), (0x89, vec![])]);
    assert_eq!(frames[2].1[..2], 1001u16.to_be_bytes());
    assert_eq!(frames.len(), 3);
    drop(raw);
    assert_eq!(world.ended().await, Ended::Silent);
}

#[tokio::test]
async fn subprotocols_are_chosen_from_what_is_offered() {
    let world = World::new(unlimited()).await;
    for (offered, chosen) in [(Some("other, parlor"), Some("parlor")), (None, None)] {
        let mut request = format!("ws://{}/", world.address).into_client_request().expect("a URL");
        if let Some(offered) = offered {
            let value = offered.parse().expect("ASCII");
            request.headers_mut().insert("sec-websocket-protocol", value);
        }
        let (_, response) = connect_async(request).await.expect("opens");
        let protocol = response.headers().get("sec-websocket-protocol");
        assert_eq!(protocol.map(|value| value.to_str().expect("ASCII")), chosen);
    }
}

#[tokio::test]
async fn another_version_is_told_which_one_is_spoken() {
    let world = World::new(unlimited()).await;
    let mut request = format!("ws://{}/", world.address).into_client_request().expect("a URL");
    request.headers_mut().insert("sec-websocket-version", "8".parse().expect("ASCII"));
    match connect_async(request).await {
        Err(Error::Http(response)) => {
            assert_eq!(response.status(), 426);
            assert_eq!(response.headers()["sec-websocket-version"], "13");
        }
        other => panic!("a refusal was expected, not {other:?}"),
    }
}
