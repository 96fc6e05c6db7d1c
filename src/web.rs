//! The embedded web client: its files with strong tags and precompressed forms, and its page for every view.
//!
//! It must not know any route of the API beyond the prefixes that are never a page. Without the feature
//! `ui` there is one built-in page that says so.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use poem::{
    Body, Endpoint, Request, Response, Result,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};

use crate::http::{file_headers::etag_matches, page::wants_html, problem::Problem};

const INDEX: &str = "index.html";
/// How the bundler writes, in the page, that an address is relative to the site.
const RELATIVE: &str = "\"./";
/// The bundler puts files with a hash of their content in the name here.
const HASHED_FOLDER: &str = "assets/";
/// First path segments below which nothing is ever a page.
const NEVER_A_PAGE: [&str; 4] = ["api", "media", "docs", "ws"];
/// Precompressed forms, best first: content coding and file ending.
const CODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// One file of the client.
pub struct Asset {
    bytes: Cow<'static, [u8]>,
    sha256: [u8; 32],
}

/// Serves the client. It takes every path that no other route has.
pub struct WebClient {
    find: fn(&str) -> Option<Asset>,
    base_path: String,
}

impl WebClient {
    /// The client that was built into this binary, for a site below this path of its host (`/chat`, or nothing).
    pub fn embedded(base_path: &str) -> Self {
        Self { find: built_in::find, base_path: base_path.to_owned() }
    }

    /// The one page of the client. It is shown at many addresses, so what it loads is named from the site's root.
    fn page(&self) -> Option<Asset> {
        let page = (self.find)(INDEX)?;
        let text = String::from_utf8_lossy(&page.bytes).replace(RELATIVE, &format!("\"{}/", self.base_path));
        Some(Asset { sha256: Sha256::digest(&text).into(), bytes: text.into_bytes().into() })
    }

    /// The file that a path means: itself, or the page for a view of the client.
    fn resolve(&self, path: &str, headers: &HeaderMap) -> Option<(String, Asset)> {
        let name = path.trim_start_matches('/');
        let name = if name.is_empty() { INDEX } else { name };
        if name == INDEX {
            return Some((INDEX.to_owned(), self.page()?));
        }
        if let Some(asset) = is_public_name(name).then(|| (self.find)(name)).flatten() {
            return Some((name.to_owned(), asset));
        }
        let first = name.split('/').next().unwrap_or_default();
        let is_page = !NEVER_A_PAGE.contains(&first) && wants_html(headers);
        is_page.then(|| self.page()).flatten().map(|page| (INDEX.to_owned(), page))
    }

    /// The best precompressed form that the client takes. The page has none: it is not as it was built.
    fn compressed(&self, name: &str, headers: &HeaderMap) -> Option<(&'static str, Asset)> {
        if name == INDEX {
            return None;
        }
        CODINGS
            .iter()
            .filter(|(coding, _)| accepts_coding(headers, coding))
            .find_map(|(coding, ending)| Some((*coding, (self.find)(&format!("{name}{ending}"))?)))
    }
}

impl Endpoint for WebClient {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let Some((name, asset)) = self.resolve(request.uri().path(), request.headers()) else {
            return Err(Problem::from_status(StatusCode::NOT_FOUND).into());
        };
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(Problem::from_status(StatusCode::METHOD_NOT_ALLOWED).allowing("GET, HEAD").into());
        }
        let compressed = self.compressed(&name, request.headers());
        let coding = compressed.as_ref().map(|(coding, _)| *coding);
        let asset = compressed.map_or(asset, |(_, asset)| asset);
        let tag = format!("\"{}\"", hex(&asset.sha256[..16]));

        let mut response = Response::default();
        set_headers(response.headers_mut(), &name, &tag, coding);
        if etag_matches(request.headers(), &tag) {
            response.set_status(StatusCode::NOT_MODIFIED);
            return Ok(response);
        }
        response.headers_mut().insert(header::CONTENT_LENGTH, asset.bytes.len().into());
        if *request.method() == Method::GET {
            response.set_body(match asset.bytes {
                Cow::Borrowed(bytes) => Body::from(bytes),
                Cow::Owned(bytes) => Body::from(bytes),
            });
        }
        Ok(response)
    }
}

fn set_headers(headers: &mut HeaderMap, name: &str, tag: &str, coding: Option<&'static str>) {
    let is_hashed = name.starts_with(HASHED_FOLDER);
    let caching = if is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
}

/// Names as a bundler writes them. Hidden files, other folders and the compressed forms by themselves are out.
fn is_public_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/@".contains(&byte);
    name.bytes().all(is_plain)
        && name.split('/').all(|segment| !segment.is_empty() && !segment.starts_with('.'))
        && !CODINGS.iter().any(|(_, ending)| name.ends_with(ending))
}

fn accepts_coding(headers: &HeaderMap, coding: &str) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING);
    lines.iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).any(|item| {
        let (name, quality) = item.split_once(';').unwrap_or((item, ""));
        let quality = quality.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
        name.trim().eq_ignore_ascii_case(coding) && quality.is_ok_and(|quality| quality > 0.0)
    })
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(feature = "ui")]
mod built_in {
    use super::Asset;

    /// What `build.rs` made of `web/`: read from disk by debug builds, inside of release builds.
    #[derive(rust_embed::Embed)]
    #[folder = "web/dist"]
    struct Dist;

    pub(super) fn find(name: &str) -> Option<Asset> {
        let file = Dist::get(name)?;
        Some(Asset { sha256: file.metadata.sha256_hash(), bytes: file.data })
    }
}

#[cfg(not(feature = "ui"))]
mod built_in {
    use super::{Asset, Digest, Sha256};

    const PAGE: &str = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Parlor</title>\n\
        <h1>Parlor is running</h1>\n<p>This build has no web client. The API is described in \
        <a href=\"./docs\">its documentation</a>.</p>\n</html>\n";

    pub(super) fn find(name: &str) -> Option<Asset> {
        (name == super::INDEX).then(|| Asset { bytes: PAGE.as_bytes().into(), sha256: Sha256::digest(PAGE).into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<!doctype html><script src=\"/chat/a.js\">";

    fn sample(name: &str) -> Option<Asset> {
        let (number, bytes): (u8, &'static [u8]) = match name {
            "index.html" => (1, b"<!doctype html><script src=\"./a.js\">"),
            "index.html.br" => (6, b"BR"),
            "assets/app-1a2b.js" => (2, b"let a;"),
            "assets/app-1a2b.js.br" => (3, b"BR"),
            "assets/app-1a2b.js.gz" => (4, b"GZ"),
            "favicon.svg" => (5, b"<svg/>"),
            _ => return None,
        };
        Some(Asset { bytes: bytes.into(), sha256: [number; 32] })
    }

    async fn ask(method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = Request::builder().method(method).uri_str(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        WebClient { find: sample, base_path: "/chat".into() }.get_response(request.finish()).await
    }

    async fn get(path: &str, headers: &[(&str, &str)]) -> Response {
        ask(Method::GET, path, headers).await
    }

    #[tokio::test]
    async fn the_page_answers_its_views_and_nothing_else() {
        let html = [("accept", "text/html,*/*;q=0.8"), ("accept-encoding", "br")];
        for path in ["/", "/index.html", "/rooms/7", "/%2e%2e/etc", "/a/../../b", "//x", "/apis"] {
            let mut response = get(path, &html).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(response.take_body().into_string().await.unwrap(), PAGE, "{path}");
            assert_eq!(response.headers()["cache-control"], "no-cache");
        }
        for path in ["/api", "/api/none", "/media/x", "/docs/x", "/ws/chat"] {
            assert_eq!(get(path, &html).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
        for path in ["/rooms/7", "/assets/gone.js", "/assets/app-1a2b.js.br", "/.env", "/assets/../index.html"] {
            assert_eq!(get(path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn hashed_files_are_cached_for_ever_and_the_rest_is_checked() {
        let response = get("/assets/app-1a2b.js", &[]).await;
        assert_eq!(response.headers()["cache-control"], "public, max-age=31536000, immutable");
        assert_eq!(response.headers()["content-type"], "text/javascript; charset=utf-8");
        let response = get("/favicon.svg", &[]).await;
        assert_eq!(response.headers()["cache-control"], "no-cache");
    }

    #[tokio::test]
    async fn the_best_accepted_form_is_sent_with_a_tag_of_its_own() {
        let plain = get("/assets/app-1a2b.js", &[("accept-encoding", "br;q=0, identity")]).await;
        assert!(!plain.headers().contains_key("content-encoding"));
        assert_eq!(plain.headers()["vary"], "Accept-Encoding");
        let mut tags = vec![plain.headers()["etag"].clone()];
        for (accepted, coding, body) in [("gzip, deflate, br", "br", "BR"), ("GZIP;q=0.5", "gzip", "GZ")] {
            let mut response = get("/assets/app-1a2b.js", &[("accept-encoding", accepted)]).await;
            assert_eq!(response.headers()["content-encoding"], coding);
            assert_eq!(response.take_body().into_string().await.unwrap(), body);
            tags.push(response.headers()["etag"].clone());
        }
        tags.dedup();
        assert_eq!(tags.len(), 3);
    }

    #[tokio::test]
    async fn a_known_tag_is_answered_with_304_and_head_has_no_body() {
        let tag = get("/", &[]).await.headers()["etag"].to_str().unwrap().to_owned();
        assert!(tag.starts_with('"') && tag.ends_with('"'));
        let mut response = get("/", &[("if-none-match", &tag)]).await;
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert!(response.take_body().is_empty());
        let mut response = ask(Method::HEAD, "/", &[]).await;
        assert_eq!(response.headers()["content-length"], PAGE.len().to_string());
        assert!(response.take_body().is_empty());
        let response = ask(Method::POST, "/", &[]).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()["allow"], "GET, HEAD");
    }

    #[tokio::test]
    async fn the_client_of_this_build_has_a_page() {
        let response = WebClient::embedded("").get_response(Request::builder().uri_str("/").finish()).await;
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    }
}
