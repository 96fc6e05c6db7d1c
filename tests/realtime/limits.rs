//! Who says too much, too large, or listens too slowly.

use crate::{people::Online, world::World};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn too_many_frames_close_the_socket_with_1008_and_spare_the_others() {
    let world = World::open().await;
    let [mut anna, mut boris] = world.online(["anna", "boris"]).await;
    for _ in 0..400 {
        anna.says_raw(Message::text(r#"{"type":"ping","request_id":1}"#)).await;
    }
    let mut acks = 0;
    let code = loop {
        match anna.try_frame().await {
            Ok(frame) if frame["type"] == "ack" => acks += 1,
            Ok(frame) if frame["type"] == "error" => {
                assert_eq!(frame["detail"], "Too many messages. Try again in 1 second.", "{frame}");
            }
            Ok(_) => {}
            Err((code, _)) => break code,
        }
    };
    assert_eq!(code, 1008);
    assert!((100..200).contains(&acks), "a burst passes: {acks}");
    boris.does(json!({ "type": "ping" })).await;
    let (anna, after) = anna.goes();
    assert_eq!(Online::open(anna, &after).await.hello["resumed"], true);
}

#[tokio::test]
async fn too_large_a_frame_closes_the_socket_with_1009() {
    let world = World::open().await;
    let [anna, mut boris] = world.online(["anna", "boris"]).await;
    let room = anna.opens("private", "workshop", &[]).await;
    let (anna, _) = anna.goes();
    // The longest text passes, however it is escaped.
    let mut window = anna.clone().online().await;
    let escaped = "\\ud83d\\ude97".repeat(4_000);
    let command = format!(r#"{{"type":"send","request_id":1,"room":"{room}","content":"{escaped}"}}"#);
    assert!(command.len() < 65_536);
    window.says_raw(Message::text(command)).await;
    let answers = [window.next().await["type"].clone(), window.next().await["type"].clone()];
    assert!(answers.contains(&json!("ack")) && answers.contains(&json!("message_created")), "{answers:?}");
    for bytes in [65_537, 300_000, 8 << 20] {
        let mut window = anna.clone().online().await;
        window.says_raw(Message::text("x".repeat(bytes))).await;
        let code = window.is_closed().await;
        // A client that is still sending may only see the connection end.
        assert!(code == 1009 || (code == 1006 && bytes > 65_537), "{bytes}: {code}");
    }
    boris.does(json!({ "type": "ping" })).await;
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_closed_and_loses_nothing() {
    let world = World::open().await;
    let [anna, mut boris, clara] = world.online(["anna", "boris", "clara"]).await;
    let room = anna.opens("private", "workshop", &[&boris, &clara]).await;
    boris.hears("room_created").await;
    boris.hears("member_joined").await;
    // Clara reads nothing while far more is due to her than her outbox and the sockets' buffers hold.
    let text = "\u{1F697}".repeat(4_000);
    let count = 800;
    let sender = (*anna).clone();
    let to = room.clone();
    let sending = tokio::spawn(async move {
        for _ in 0..count / 10 {
            let posts = (0..10).map(|_| sender.tries_to_post(&to, json!({ "content": text })));
            for answer in futures_util::future::join_all(posts).await {
                answer.expect(201);
            }
        }
    });
    let mut seqs = Vec::new();
    while seqs.len() < count {
        seqs.push(boris.hears("message_created").await["message"]["seq"].as_u64().unwrap());
    }
    sending.await.unwrap();
    assert_eq!(seqs, (1..=count as u64).collect::<Vec<_>>(), "the others are not held up");
    let mut clara = clara;
    let (mut heard, mut last_id) = (Vec::new(), None);
    let code = loop {
        match clara.try_frame().await {
            Ok(frame) if frame["type"] == "message_created" => {
                heard.push(frame["message"]["seq"].as_u64().unwrap());
                last_id = frame["message"]["uuid"].as_str().map(str::to_owned);
            }
            Ok(_) => {}
            Err((code, _)) => break code,
        }
    };
    assert!(code == 1013 || code == 1006, "{code}");
    assert!(heard.len() < count, "she was closed before the end");
    // So much is not replayed: the stream says that there is a gap, and she looks what was said since.
    let mut clara = clara.comes_back().await;
    assert_eq!(clara.hello["resumed"], false);
    clara.hears_nothing().await;
    let mut last = clara.history(&room, &format!("?around={}&size=1", last_id.unwrap())).await["messages"][0].clone();
    while heard.len() < count {
        let after = format!("?after={}&size=200", last["uuid"].as_str().unwrap());
        let page = clara.history(&room, &after).await;
        let page = page["messages"].as_array().unwrap();
        heard.extend(page.iter().map(|message| message["seq"].as_u64().unwrap()));
        last = page.last().expect("there is more").clone();
    }
    assert_eq!(heard, (1..=count as u64).collect::<Vec<_>>(), "nothing is lost and nothing comes twice");
}
