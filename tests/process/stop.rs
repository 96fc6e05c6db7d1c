//! Asked to stop, Parlor finishes what it accepted, says goodbye, and leaves a folder that starts at once.

use super::{
    crash::{TALKATIVE, World},
    person::Person,
    server::{Ended, Server},
    stream::Stream,
};
use rustix::process::Signal;
use std::time::Duration;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const UNDER_LOAD: Duration = Duration::from_secs(15);
const WITH_SILENT_CLIENTS: Duration = Duration::from_secs(20);

fn assert_clean(ended: &Ended, within: Duration) {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.took < within, "stopping took {:?}", ended.took);
    assert!(!ended.stderr.contains("ERROR") && !ended.stderr.contains("panicked"), "{}", ended.stderr);
}

/// The index of a clean stop is believed, not made anew.
fn assert_believed(server: &Server) {
    let log = server.log();
    assert!(!log.contains("rebuilt") && !log.contains("reading the journal") && !log.contains("cut off"), "{log}");
}

/// An upload of which only half was sent.
struct HalfUpload {
    connection: TcpStream,
    rest: String,
}

impl HalfUpload {
    async fn begin(server: &Server, person: &Person, room: &str) -> Self {
        let file = "x".repeat(200_000);
        let form = format!(
            "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"slow.txt\"\r\n\r\n{file}\r\n--edge--\r\n"
        );
        let head = format!(
            "POST /api/rooms/{room}/messages HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: multipart/form-data; boundary=edge\r\nContent-Length: {}\r\n\r\n",
            server.address(),
            person.access,
            form.len()
        );
        let mut connection = TcpStream::connect(server.address()).await.unwrap();
        let (first, rest) = form.split_at(form.len() / 2);
        connection.write_all((head + first).as_bytes()).await.unwrap();
        Self { connection, rest: rest.to_owned() }
    }

    async fn finish(mut self) -> String {
        self.connection.write_all(self.rest.as_bytes()).await.unwrap();
        let mut answer = String::new();
        self.connection.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_under_load_loses_nothing() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let server = Server::start_as(&data, TALKATIVE).await;
    let mut world = World::found(&server).await;
    let outsider = Person::new(&server, "olga").await;
    let room = outsider.enters("slow-room").await;
    let mut ended = None;
    let aside = world
        .work(2, 0, async {
            let upload = HalfUpload::begin(&server, &outsider, &room).await;
            let mut idle = [Stream::open(&outsider, None).await, Stream::open(&outsider, None).await];
            // Some load must have been there.
            tokio::time::sleep(Duration::from_millis(500)).await;
            server.signal(Signal::TERM);
            for stream in &mut idle {
                assert_eq!(stream.hears.end().await, Some(1001));
            }
            // By now it is stopping, and the upload is still under way.
            let answer = upload.finish().await;
            assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
            ended = Some(server.end().await);
        })
        .await;
    assert_clean(&ended.expect("it ended"), UNDER_LOAD);
    assert!(world.acknowledged() > 20, "there was load");

    let server = Server::start_as(&data, TALKATIVE).await;
    assert_believed(&server);
    world.meet(&server);
    world.check(usize::MAX).await;
    world.check_announcements().await;
    world.check_aside(aside).await;
    let slow = outsider.at(&server).history(&room).await;
    assert_eq!(slow.len(), 1);
    assert_eq!(slow[0]["attachment"]["size_bytes"], 200_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_and_half_open_connections_do_not_hold_up_a_stop() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data).await;
    let anna = Person::new(&server, "anna").await;
    let room = anna.enters("public-chat").await;
    let upgrade = format!(
        "GET /ws/chat/?token={} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        anna.access,
        server.address()
    );
    let mut silent = Vec::new();
    for said in ["", "GET /api/config HTTP/1.1\r\nHost: par", &upgrade[..40], &upgrade] {
        for _ in 0..3 {
            let mut connection = TcpStream::connect(server.address()).await.unwrap();
            connection.write_all(said.as_bytes()).await.unwrap();
            silent.push(connection);
        }
    }
    // The upgraded ones have an open stream of which nobody reads.
    for connection in &mut silent[9..] {
        let mut head = [0; 12];
        connection.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"HTTP/1.1 101");
    }
    let stuck = HalfUpload::begin(&server, &anna, &room).await;
    let ended = server.stop().await;
    assert_clean(&ended, WITH_SILENT_CLIENTS);
    drop((silent, stuck));

    let server = Server::start(&data).await;
    assert_believed(&server);
    assert!(anna.at(&server).history(&room).await.is_empty(), "half an upload is no message");
}

#[tokio::test]
async fn ctrl_c_stops_as_well() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data).await;
    let anna = Person::new(&server, "anna").await;
    let room = anna.enters("public-chat").await;
    anna.posts(&room, "good night", "1").await.expect("posted");
    let mut stream = Stream::open(&anna, None).await;
    server.signal(Signal::INT);
    assert_eq!(stream.hears.end().await, Some(1001));
    assert_clean(&server.end().await, UNDER_LOAD);

    let server = Server::start(&data).await;
    assert_believed(&server);
    assert_eq!(anna.at(&server).history(&room).await.len(), 1);
}
