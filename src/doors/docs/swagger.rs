//! Swagger UI, which ships inside poem-openapi: served as separate files, so that no inline script is needed.

use bytes::Bytes;
use poem::{Endpoint, Response, Route, endpoint::make_sync, get, http::header};
use poem_openapi::{OpenApi, OpenApiService};
use std::sync::OnceLock;

struct Nothing;

#[OpenApi]
impl Nothing {}

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Parlor API</title>
<link rel="icon" href="{base}/favicon.svg">
<link rel="stylesheet" href="{base}/docs/swagger-ui.css">
</head>
<body>
<div id="ui"></div>
<script src="{base}/docs/swagger-ui.js"></script>
<script src="{base}/docs/start.js"></script>
</body>
</html>
"#;

const START: &str = r##"window.ui = SwaggerUIBundle({ dom_id: "#ui", url: "{base}/openapi.json", deepLinking: true, filter: true });
"##;

/// Swagger UI sets style attributes and draws its icons from data addresses.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self'; \
    connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// The pages below `/docs`, of a site below this path.
pub fn swagger_ui(base_path: &str) -> impl Endpoint + use<> {
    let below = |text: &str| text.replace("{base}", base_path);
    let (page_text, start) = (below(PAGE), below(START));
    Route::new()
        .at("/", page(page_text))
        .at("/swagger-ui.css", file("text/css; charset=utf-8", style))
        .at("/swagger-ui.js", file("text/javascript; charset=utf-8", script))
        .at("/start.js", file("text/javascript; charset=utf-8", move || start.clone()))
}

fn bundled() -> String {
    OpenApiService::new(Nothing, "", "").swagger_ui_html()
}

fn style() -> String {
    between(&bundled(), "<style charset=\"UTF-8\">", "</style>")
}

fn script() -> String {
    // The bundle itself contains the word; what ends it is the last one before the body.
    between(&bundled(), "<script charset=\"UTF-8\">", "</script>\n</head>")
}

fn page(text: String) -> impl Endpoint {
    get(make_sync(move |_| {
        Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, POLICY)
            .body(text.clone())
    }))
}

/// Taken out of the bundle when somebody first asks for it.
fn file(content_type: &'static str, make: impl Fn() -> String + Send + Sync + 'static) -> impl Endpoint {
    let text = OnceLock::new();
    get(make_sync(move |_| {
        let bytes: &Bytes = text.get_or_init(|| Bytes::from(make()));
        Response::builder()
            .content_type(content_type)
            .header(header::CACHE_CONTROL, "public, max-age=3600")
            .body(bytes.clone())
    }))
}

fn between(text: &str, from: &str, to: &str) -> String {
    let start = text.find(from).map_or(0, |place| place + from.len());
    let end = text[start..].find(to).map_or(text.len(), |length| start + length);
    text[start..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundle_is_taken_apart() {
        let script = script();
        assert!(script.contains("SwaggerUIBundle") && !script.contains("let spec ="));
        assert!(style().contains(".swagger-ui"));
    }
}
