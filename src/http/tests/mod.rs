//! The plumbing against a real port, as a client sees it.

mod bodies;
mod connections;
mod problems;
mod stored_files;

use std::{io, net::SocketAddr, time::Duration};

use poem::{Endpoint, Response, Route, Server, endpoint::make};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{
    acceptor::{ConnectionLimits, GuardedAcceptor},
    body_limit::BodyLimit,
    guard::Pace,
    paths::PathTable,
    security::SecurityHeaders,
    slots::Slots,
    wrap,
};

/// A pace that lets a test wait for the cut itself.
fn short_pace() -> Pace {
    Pace {
        first_byte: Duration::from_millis(200),
        keep_alive: Duration::from_millis(200),
        grace: Duration::from_millis(200),
        min_bytes_per_sec: 512,
        write_stall: Duration::from_millis(200),
        linger: Duration::from_millis(200),
    }
}

/// A running server; it ends with the test's runtime.
struct Site {
    address: SocketAddr,
    slots: Slots,
}

impl Site {
    async fn serve(limits: ConnectionLimits, app: impl Endpoint + 'static) -> Self {
        Self::serve_bare(limits, plumbed(app)).await
    }

    /// Serves an app that has its plumbing already.
    async fn serve_bare(limits: ConnectionLimits, app: impl Endpoint<Output = Response> + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = GuardedAcceptor::new(listener, limits).unwrap();
        let slots = acceptor.slots();
        tokio::spawn(Server::new_with_acceptor(acceptor).run(app));
        Self { address, slots }
    }

    async fn with_pace(pace: Pace, app: impl Endpoint + 'static) -> Self {
        Self::serve(ConnectionLimits { pace, ..ConnectionLimits::default() }, app).await
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// The whole plumbing around an app, with small limits.
fn plumbed(app: impl Endpoint + 'static) -> impl Endpoint<Output = Response> {
    let is_upload = |request: &poem::Request| request.uri().path().starts_with("/upload");
    let body_limit = BodyLimit::new(1024, short_pace()).with_uploads(4096, is_upload);
    wrap(app, body_limit, PathTable::default(), SecurityHeaders::default())
}

/// Reads to the end; a reset counts as an end.
async fn read_all(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    match stream.read_to_end(&mut text).await {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
        Err(error) => panic!("{error}"),
    }
    String::from_utf8(text).unwrap()
}

async fn ask(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    read_all(stream).await
}

fn hello() -> Route {
    Route::new().at("/", make(|_| async { "hello" }))
}
