//! Caps, pace and the way out of the guard.

use poem::http::StatusCode;

use super::*;

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const GET_AND_CLOSE: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// Writes a byte whenever the clock allows until the server has had enough.
async fn drip_until_cut(stream: &mut TcpStream, bytes: &str) -> String {
    let (mut reader, mut writer) = stream.split();
    let dripping = async {
        for byte in bytes.bytes().cycle() {
            if writer.write_all(&[byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await; // The client's own pace, not a wait for anything.
        }
    };
    let mut text = Vec::new();
    tokio::select! {
        outcome = reader.read_to_end(&mut text) => { let _ = outcome; }
        () = dripping => {}
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let site = Site::with_pace(short_pace(), hello()).await;
    assert_eq!(read_all(&mut site.connect().await).await, "");
}

#[tokio::test]
async fn a_head_in_single_bytes_is_cut() {
    let site = Site::with_pace(short_pace(), hello()).await;
    let mut stream = site.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nX-Slow: ").await.unwrap();
    assert_eq!(drip_until_cut(&mut stream, "x").await, "");
}

#[tokio::test]
async fn an_idle_kept_connection_is_closed_after_its_answer() {
    let site = Site::with_pace(short_pace(), hello()).await;
    let mut stream = site.connect().await;
    let answer = ask(&mut stream, GET).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer}");
}

#[tokio::test]
async fn a_slow_handler_is_not_the_clients_fault() {
    let (release, released) = tokio::sync::watch::channel(());
    let app = Route::new().at(
        "/",
        make(move |_| {
            let mut released = released.clone();
            async move {
                released.changed().await.unwrap();
                "done"
            }
        }),
    );
    let site = Site::with_pace(short_pace(), app).await;
    let mut slow = site.connect().await;
    slow.write_all(GET_AND_CLOSE.as_bytes()).await.unwrap();
    // Another connection's whole life passes meanwhile: by then the slow one would have been cut.
    read_all(&mut site.connect().await).await;
    release.send(()).unwrap();
    assert!(read_all(&mut slow).await.ends_with("done"));
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_given_up() {
    let app = Route::new().at("/", make(|_| async { vec![0_u8; 64 * 1024 * 1024] }));
    let site = Site::with_pace(short_pace(), app).await;
    let mut stream = site.connect().await;
    stream.write_all(GET.as_bytes()).await.unwrap();
    stream.readable().await.unwrap();
    // The slot comes back although this client neither reads nor leaves.
    while site.slots.open() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_switched_connection_is_left_alone() {
    let app = Route::new().at(
        "/",
        make(|request: poem::Request| async move {
            let upgrade = request.take_upgrade()?;
            tokio::spawn(async move {
                let mut io = upgrade.await.unwrap();
                let mut byte = [0];
                while io.read_exact(&mut byte).await.is_ok() {
                    io.write_all(&byte).await.unwrap();
                    io.flush().await.unwrap();
                }
            });
            let answer = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
            Ok::<Response, poem::Error>(answer.header("connection", "upgrade").header("upgrade", "echo").finish())
        }),
    );
    let site = Site::with_pace(short_pace(), app).await;
    let mut stream = site.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n").await.unwrap();
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    // A silent connection lives and dies meanwhile, twice.
    read_all(&mut site.connect().await).await;
    read_all(&mut site.connect().await).await;
    stream.write_all(b"x").await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'x');
    drop(stream);
    while site.slots.open() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn connections_above_a_cap_are_refused_and_the_others_served() {
    let site = Site::serve(ConnectionLimits { max_per_address: 2, ..ConnectionLimits::default() }, hello()).await;
    let (mut first, mut second) = (site.connect().await, site.connect().await);
    let refused = read_all(&mut site.connect().await).await;
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    for stream in [&mut first, &mut second] {
        assert!(ask(stream, GET_AND_CLOSE).await.ends_with("hello"));
    }
    drop((first, second));
    while site.slots.open() > 0 {
        tokio::task::yield_now().await;
    }
    assert!(ask(&mut site.connect().await, GET_AND_CLOSE).await.ends_with("hello"));
}

#[tokio::test]
async fn small_pushes_are_not_delayed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut acceptor = GuardedAcceptor::new(listener, ConnectionLimits::default()).unwrap();
    let _client = TcpStream::connect(address).await.unwrap();
    let (io, ..) = poem::listener::Acceptor::accept(&mut acceptor).await.unwrap();
    assert!(io.get_ref().nodelay().unwrap());
}

#[tokio::test]
async fn http2_without_tls_is_refused() {
    let site = Site::with_pace(Pace::default(), hello()).await;
    assert_eq!(ask(&mut site.connect().await, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await, "");
}

#[tokio::test]
async fn odd_requests_get_an_answer_and_do_no_harm() {
    let site = Site::with_pace(short_pace(), hello()).await;
    for request in [
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /%00%ff/../..%2f HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET //// HTTP/1.1\r\nHost: a\r\n\r\n",
        "BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "nonsense\r\n\r\n",
    ] {
        let answer = ask(&mut site.connect().await, request).await;
        assert!(!answer.starts_with("HTTP/1.1 5"), "{request}: {answer}");
    }
    assert!(ask(&mut site.connect().await, GET_AND_CLOSE).await.ends_with("hello"));
}

#[tokio::test]
async fn a_request_has_one_host() {
    let site = Site::with_pace(short_pace(), hello()).await;
    for (head, status) in [
        ("GET / HTTP/1.1\r\n", 400),
        ("GET http://a/ HTTP/1.1\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n", 400),
        ("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n", 400),
        ("GET / HTTP/1.0\r\n", 200),
        ("GET / HTTP/1.1\r\nHost: a\r\n", 200),
    ] {
        let answer = ask(&mut site.connect().await, &format!("{head}Connection: close\r\n\r\n")).await;
        let found = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        assert_eq!(found, Some(status), "{head}: {answer}");
        assert_eq!(answer.contains("application/problem+json"), status == 400, "{answer}");
        assert!(answer.to_lowercase().contains("x-content-type-options"), "{answer}");
    }
}

/// Set in the process that may open few files only.
const FEW_HANDLES: &str = "PARLOR_TEST_FEW_HANDLES";

#[tokio::test]
async fn a_lack_of_file_handles_is_waited_out() {
    if std::env::var_os(FEW_HANDLES).is_none() {
        let name = "http::tests::connections::a_lack_of_file_handles_is_waited_out";
        let outcome = std::process::Command::new("sh")
            .args(["-c", "ulimit -n 40; exec \"$@\"", "sh"])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", name, "--test-threads=1"])
            .env(FEW_HANDLES, "1")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&outcome.stdout);
        assert!(outcome.status.success() && text.contains("1 passed"), "{text}");
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let mut acceptor = GuardedAcceptor::new(listener, ConnectionLimits::default()).unwrap();
    let mut taken = vec![];
    while let Ok(file) = std::fs::File::open("/dev/null") {
        taken.push(file);
    }
    let mut accepting = Box::pin(poem::listener::Acceptor::accept(&mut acceptor));
    let waits = tokio::time::timeout(Duration::from_millis(1), &mut accepting).await;
    assert!(waits.is_err(), "neither an error nor a busy loop");
    drop(taken);
    assert!(accepting.await.is_ok());
}
