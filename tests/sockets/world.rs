//! A server on a real port whose sockets echo, and a handle on each socket from the inside.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use parlor::hub::{Outbox, OutboxLimits};
use parlor::socket::{Ended, Handler, Handshake, HandshakeError, Reply, SocketLimits, frame, run};
use poem::listener::TcpAcceptor;
use poem::web::Data;
use poem::{EndpointExt, Request, Response, Route, Server, get, handler};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What the sockets of one world share.
pub struct Shared {
    limits: Arc<SocketLimits>,
    outbox_limits: OutboxLimits,
    opened: mpsc::UnboundedSender<Arc<Outbox>>,
    ended: mpsc::UnboundedSender<Ended>,
    /// Every text in the order in which its request was begun.
    pub begun: std::sync::Mutex<Vec<String>>,
    /// Each permit lets one request that begins with "hold" be answered.
    pub gate: Arc<Semaphore>,
    pub closed: AtomicUsize,
}

pub struct World {
    pub address: SocketAddr,
    pub shared: Arc<Shared>,
    opened: mpsc::UnboundedReceiver<Arc<Outbox>>,
    ended: mpsc::UnboundedReceiver<Ended>,
}

struct Echo(Arc<Shared>);

impl Handler for Echo {
    fn text(&mut self, text: String) -> Option<Reply> {
        if text == "nothing" {
            return None;
        }
        let shared = Arc::clone(&self.0);
        Some(Box::pin(async move {
            shared.begun.lock().expect("no panic").push(text.clone());
            if text.starts_with("hold") {
                shared.gate.acquire().await.ok()?.forget();
            }
            Some(frame::text(&text))
        }))
    }

    fn binary(&mut self) -> Option<Bytes> {
        Some(frame::text("text only"))
    }

    fn too_many(&self) -> Option<Bytes> {
        Some(frame::text("slow down"))
    }

    fn closed(&mut self) {
        self.0.closed.fetch_add(1, Ordering::SeqCst);
    }
}

#[handler]
fn socket(request: &Request, shared: Data<&Arc<Shared>>) -> Result<Response, HandshakeError> {
    let handshake = Handshake::check(request)?;
    let protocol = handshake.offered().iter().find(|name| *name == "parlor");
    let protocol = protocol.cloned();
    let shared = Arc::clone(&shared);
    Ok(handshake.accept(protocol.as_deref(), move |stream| {
        let outbox = Arc::new(Outbox::new(shared.outbox_limits));
        let limits = Arc::clone(&shared.limits);
        let session = run(stream, Arc::clone(&outbox), Echo(Arc::clone(&shared)), limits);
        async move {
            shared.opened.send(outbox).ok();
            let ended = session.await;
            shared.ended.send(ended).ok();
        }
    }))
}

impl World {
    pub async fn new(limits: SocketLimits) -> Self {
        Self::with_outboxes(limits, OutboxLimits::default()).await
    }

    pub async fn with_outboxes(limits: SocketLimits, outbox_limits: OutboxLimits) -> Self {
        let (opened_by, opened) = mpsc::unbounded_channel();
        let (ended_by, ended) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            limits: Arc::new(limits),
            outbox_limits,
            opened: opened_by,
            ended: ended_by,
            begun: std::sync::Mutex::default(),
            gate: Arc::new(Semaphore::new(0)),
            closed: AtomicUsize::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let acceptor = TcpAcceptor::from_tokio(listener).expect("a listener");
        let app = Route::new().at("/", get(socket)).data(Arc::clone(&shared));
        tokio::spawn(Server::new_with_acceptor(acceptor).run(app));
        Self { address, shared, opened, ended }
    }

    /// Connects a client and gives it with the outbox of its socket.
    pub async fn client(&mut self) -> (Client, Arc<Outbox>) {
        let (client, _) = connect_async(format!("ws://{}/", self.address)).await.expect("opens");
        (client, self.outbox().await)
    }

    pub async fn outbox(&mut self) -> Arc<Outbox> {
        self.opened.recv().await.expect("a socket")
    }

    pub async fn ended(&mut self) -> Ended {
        self.ended.recv().await.expect("a session's end")
    }
}
