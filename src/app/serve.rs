//! A server's life: listen, open, serve, stop.

use super::{
    console::{say, start_log},
    core::Core,
    operate::operate,
    routes::application,
};
use crate::{
    cli::Failure,
    config::{Config, Loaded},
    control::ControlServer,
    doors::shared::Doors,
    folder::{DataFolder, WhenNew},
    http::{
        acceptor::{ConnectionLimits, GuardedAcceptor},
        guard::Pace,
        origin::{Origin, OriginPolicy},
        proxies::TrustedProxies,
    },
    hub::CloseCode,
    socket::SocketLimits,
};
use poem::{Endpoint, EndpointExt, Request, Response, Server, endpoint::BoxEndpoint, http::StatusCode};
use std::{
    future::Future,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// Requests that are under way at a stop may take this long.
const FINISH_WITHIN: Duration = Duration::from_secs(8);
/// Sockets may take this long to hear that the server stops.
const FAREWELL: Duration = Duration::from_secs(4);

/// Serves until told to stop.
pub fn serve(loaded: Loaded) -> Result<(), Failure> {
    let Loaded { config, warnings } = loaded;
    start_log(&config)?;
    warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    raise_file_limit();
    let folder = DataFolder::open(&config.data, WhenNew::Create)
        .map_err(|error| Failure::new("opening the data folder", error))?;
    folder.warnings().iter().for_each(|warning| tracing::warn!("{warning}"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new("starting", error))?;
    let served = runtime.block_on(run(Arc::new(config), &folder));
    runtime.shutdown_timeout(Duration::from_secs(2));
    served
}

async fn run(config: Arc<Config>, folder: &DataFolder) -> Result<(), Failure> {
    let stop = stop_signal()?;
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        Failure::new("listening", format!("{}: {error}", config.listen)).remedy("choose another address with --listen")
    })?;
    let address = listener.local_addr().map_err(|error| Failure::new("listening", error))?;
    let control = ControlServer::bind(folder).map_err(|error| Failure::new("control socket", error))?;
    let app = Arc::new(OnceLock::new());
    let server = tokio::spawn(serve_http(listener, Arc::clone(&app), Arc::clone(&config), stop.clone())?);

    let core = tokio::task::block_in_place(|| Core::open(Arc::clone(&config), folder, &report_progress))?;
    core.ensure_admin().await?;
    let origins = origin_policy(&config)?;
    let doors = Doors {
        service: Arc::clone(&core.service),
        origins: origins.clone(),
        socket_limits: Arc::new(socket_limits(&config)),
        guest_socket_limits: Arc::new(guest_socket_limits(&config)),
    };
    let _ = app.set(application(doors, origins, &config).boxed());
    greet(&core, &config, address)?;

    let upkeep = tokio::spawn({
        let service = Arc::clone(&core.service);
        async move { tokio::join!(service.run_upkeep(), service.run_clean_up()) }
    });
    let controlled = tokio::spawn({
        let service = Arc::clone(&core.service);
        let handler = move |request| -> futures_util::future::BoxFuture<'static, _> {
            let service = Arc::clone(&service);
            Box::pin(async move { operate(&service, request).await })
        };
        control.serve(handler, stopped(stop.clone()))
    });
    stopped(stop).await;
    tracing::info!("stopping: finishing what was accepted");
    core.hub.close_all(CloseCode::GOING_AWAY, "the server stops");
    let _ = tokio::time::timeout(FINISH_WITHIN + FAREWELL, server).await;
    farewell(&core).await;
    upkeep.abort();
    let _ = tokio::time::timeout(FAREWELL, controlled).await;
    core.close().await?;
    tracing::info!("stopped");
    Ok(())
}

/// Upgraded sockets are not part of poem's own stop.
async fn farewell(core: &Core) {
    let waited = tokio::time::timeout(FAREWELL, async {
        while core.hub.socket_count() > 0 {
            core.hub.close_all(CloseCode::GOING_AWAY, "the server stops");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    if waited.await.is_err() {
        tracing::warn!(sockets = core.hub.socket_count(), "some sockets did not answer the farewell");
    }
}

/// Serves from the first moment: until everything is open, with a plain "starting".
fn serve_http(
    listener: TcpListener,
    app: Arc<OnceLock<BoxEndpoint<'static, Response>>>,
    config: Arc<Config>,
    stop: watch::Receiver<bool>,
) -> Result<impl Future<Output = ()> + Send + use<>, Failure> {
    let limits = ConnectionLimits {
        max_total: connections_possible(config.limits.connections_total),
        max_per_address: config.limits.connections_per_address,
        exempt: uncounted(&config)?,
        pace: Pace::default(),
    };
    let acceptor = GuardedAcceptor::new(listener, limits).map_err(|error| Failure::new("listening", error))?;
    Ok(async move {
        let server = Server::new_with_acceptor(acceptor);
        let served = server.run_with_graceful_shutdown(Switch { app }, stopped(stop), Some(FINISH_WITHIN)).await;
        if let Err(error) = served {
            tracing::error!(cause = %error, "the HTTP server ended");
        }
    })
}

/// The application, once it is there.
struct Switch {
    app: Arc<OnceLock<BoxEndpoint<'static, Response>>>,
}

impl Endpoint for Switch {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        match self.app.get() {
            Some(app) => app.call(request).await,
            None => Ok(starting()),
        }
    }
}

fn starting() -> Response {
    let problem = crate::http::problem::Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "starting",
        "The server is starting and reads its data. Try again in a moment.",
    );
    poem::Error::from(problem.retry_after(2)).into_response()
}

fn greet(core: &Core, config: &Config, address: SocketAddr) -> Result<(), Failure> {
    let base = config.public_urls.first().map_or_else(|| format!("http://{address}"), ToString::to_string);
    say(format_args!("Chat           {base}/"));
    say(format_args!("API (Swagger)  {base}/docs"));
    say(format_args!("Data           {}", core.service.data_folder().display()));
    let offered = core.service.offer_set_up().map_err(|error| Failure::new("starting", error))?;
    match offered {
        Some(code) => say(format_args!(
            "Set-up         {base}/setup?token={}  (once, for the first administrator)",
            code.expose()
        )),
        None => say("Set-up         done: there is an administrator"),
    }
    Ok(())
}

fn report_progress(done: u64, of: u64) {
    tracing::info!("reading the journal: {done} of {of} entries ({} %)", done * 100 / of.max(1));
}

fn origin_policy(config: &Config) -> Result<OriginPolicy, Failure> {
    let origins = config.public_urls.iter().map(|url| Origin::parse(url.origin()));
    let origins = origins.collect::<Result<Vec<_>, _>>().map_err(|error| Failure::usage("public_urls", error))?;
    Ok(OriginPolicy::new(origins, TrustedProxies::new(config.trusted_proxies.iter().copied())))
}

/// Addresses that stand for many people: a reverse proxy, on this machine or another.
fn uncounted(config: &Config) -> Result<TrustedProxies, Failure> {
    let own = ["127.0.0.0/8", "::1"].into_iter().map(str::parse).collect::<Result<Vec<_>, _>>();
    let own = own.map_err(|error: String| Failure::new("listening", error))?;
    Ok(TrustedProxies::new(config.trusted_proxies.iter().copied().chain(own)))
}

fn socket_limits(config: &Config) -> SocketLimits {
    let limits = &config.limits;
    SocketLimits {
        frame_bytes: limits.frame_bytes,
        message_bytes: limits.frame_bytes,
        frames_per_second: limits.frames_per_sec,
        frames_burst: limits.frames_burst,
        heartbeat: Duration::from_secs(crate::socket::HEARTBEAT_SECS),
        ..SocketLimits::default()
    }
}

/// Guests say less at once; nobody's limit is raised by that.
fn guest_socket_limits(config: &Config) -> SocketLimits {
    let limits = &config.limits;
    SocketLimits {
        frames_per_second: limits.guest_frames_per_sec.min(limits.frames_per_sec),
        frames_burst: limits.guest_frames_burst.min(limits.frames_burst),
        ..socket_limits(config)
    }
}

/// Becomes true at the first Ctrl-C or SIGTERM; a second one ends the process at once.
fn stop_signal() -> Result<watch::Receiver<bool>, Failure> {
    let failed = |error| Failure::new("starting", error);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let (stop, stopping) = watch::channel(false);
    tokio::spawn(async move {
        for is_first in [true, false] {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if is_first {
                // Nobody listening any more means that the stop is over.
                let _ = stop.send(true);
            } else {
                std::process::exit(1);
            }
        }
    });
    Ok(stopping)
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is a stop as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// So many connections leave the journal, the index and files on their way the handles they need: one that cannot open
/// its next file ends the process.
fn connections_possible(wanted: usize) -> usize {
    const OWN_HANDLES: u64 = 512;
    let Some(handles) = rustix::process::getrlimit(rustix::process::Resource::Nofile).current else { return wanted };
    let own = OWN_HANDLES.min(handles / 2);
    let possible = usize::try_from(handles - own).unwrap_or(wanted);
    if possible < wanted {
        tracing::warn!(handles, possible, wanted, "the limit of open files allows fewer connections; raise it");
    }
    wanted.min(possible)
}

/// Every socket is a file handle; the usual soft limit of 1,024 is for other programs.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }) {
        tracing::warn!(cause = %error, "the limit of open files could not be raised");
    }
}
