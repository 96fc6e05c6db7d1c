//! All addresses in one table, and the plumbing around them.

use crate::{
    config::Config,
    doors::{
        community,
        docs::{self, OpenApiDocument},
        live, marketplace, parlor, recruiting,
        shared::Doors,
    },
    http::{
        self, base_path::BasePath, body_limit::BodyLimit, by_upgrade::ByUpgrade, guard::Pace, origin::OriginPolicy,
        paths::PathTable, security::SecurityHeaders,
    },
    web::WebClient,
};
use bytes::Bytes;
use poem::{
    Endpoint, EndpointExt, IntoEndpoint, Request, Response, Route,
    endpoint::make_sync,
    get,
    http::{Method, header},
    middleware::CookieJarManager,
};
use std::sync::{Arc, OnceLock};

/// The whole application.
pub fn application(doors: Doors, origins: OriginPolicy, config: &Config) -> impl Endpoint<Output = Response> + use<> {
    let api = docs::service();
    let spec = api.spec();
    let rest = Arc::new(api.into_endpoint());
    let base_path = config.base_path();
    let (page_limits, base) = (config.limits.clone(), base_path.to_owned());
    let document = move || OpenApiDocument::finished(&page_limits).below(&base);
    let (json, yaml) = (document.clone(), document);
    let public_url = config.public_urls.first().cloned();
    let client = Arc::new(WebClient::embedded(base_path));
    let app = Route::new()
        // Sockets get every method: the handshake itself says which one is right.
        .at("/ws/chat", parlor::event_stream)
        // One address: an id is a room of any kind, a name is a public room.
        .at(recruiting::ROOM_SOCKET, recruiting::room_socket)
        .at("/ws/chat/:room_name", live::live_socket)
        .at("/chat/send", Arc::clone(&rest))
        .at("/chat/history", Arc::clone(&rest))
        .at("/media/:id/:name", get(parlor::read_media).head(parlor::read_media))
        .at("/healthz", get(make_sync(|_| "ok\n")))
        .at("/openapi.json", text("application/json", move || json().json()))
        .at("/openapi.yaml", text("application/yaml", move || yaml().yaml()))
        .at("/asyncapi.json", text("application/json", move || docs::asyncapi(public_url.as_ref())))
        .nest("/docs", docs::swagger_ui(base_path))
        .nest("/api/doc", docs::swagger_ui(base_path))
        .nest_no_strip(
            "/api",
            ByUpgrade { sockets: marketplace::sockets(), rest: Arc::clone(&rest), has_socket: marketplace::has_socket },
        )
        .nest_no_strip("/chats", Arc::clone(&rest))
        .at("/profiles", community::profiles(Arc::clone(&client)))
        .at("/chat/:user_name", community::start_chat(Arc::clone(&client)))
        .at("/chat/room/:name/send", community::room(Arc::clone(&client), rest))
        .at("/ws/chatroom/:name", community::chatroom)
        .nest("/", client)
        .with(CookieJarManager::new())
        .data(doors);
    let limits = &config.limits;
    let upload_bytes = limits.file_bytes.max(limits.avatar_bytes);
    let body_limit =
        BodyLimit::new(limits.json_body_bytes as u64, Pace::default()).with_uploads(upload_bytes, is_upload);
    let paths = PathTable::default().with_spec("", &spec);
    http::wrap(app, body_limit, paths, SecurityHeaders::new(origins.clone())).with(BasePath::new(base_path, origins))
}

/// Routes that take a file.
fn is_upload(request: &Request) -> bool {
    let path = request.uri().path();
    let is_form = request.content_type().is_some_and(|kind| kind.starts_with("multipart/"));
    match *request.method() {
        Method::POST | Method::PUT | Method::PATCH if recruiting::takes_file(path) => is_form,
        Method::POST => path.ends_with("/messages") && is_form,
        Method::PUT => path == "/api/account/avatar",
        _ => false,
    }
}

/// A document that is only made when somebody asks for it.
fn text(content_type: &'static str, make: impl Fn() -> String + Send + Sync + 'static) -> impl Endpoint {
    let document = OnceLock::new();
    get(make_sync(move |_| {
        let bytes: &Bytes = document.get_or_init(|| Bytes::from(make()));
        Response::builder().content_type(content_type).header(header::CACHE_CONTROL, "no-cache").body(bytes.clone())
    }))
}
