//! Errors as a client sees them, and the headers around every answer.

use poem::{Request, get, http::StatusCode};
use poem_openapi::{OpenApi, OpenApiService, param::Path, param::Query, payload::PlainText};
use reqwest::{Method, header::ALLOW};
use serde_json::Value;

use super::{super::problem::Problem, *};

struct Api;

#[OpenApi]
impl Api {
    #[oai(path = "/rooms/:id", method = "get")]
    async fn room(&self, id: Path<uuid::Uuid>, page: Query<Option<u32>>) -> Result<PlainText<String>, Problem> {
        Ok(PlainText(format!("{} {:?}", id.0, page.0)))
    }

    #[oai(path = "/full", method = "get")]
    async fn full(&self) -> Result<PlainText<String>, Problem> {
        Err(Problem::from_status(StatusCode::SERVICE_UNAVAILABLE).retry_after(3).caused_by("queue of /secret"))
    }
}

#[poem::handler]
fn panics() {
    panic!("at /secret/place")
}

async fn site() -> Site {
    let service = OpenApiService::new(Api, "test", "1");
    let paths = PathTable::default().with_spec("/api", &service.spec());
    let app = Route::new()
        .nest("/api", service)
        .at("/panic", get(panics))
        .at("/page", get(make(|_| async { Response::builder().header("content-security-policy", "sandbox").finish() })))
        .at("/plain", get(make(|_: Request| async { StatusCode::UNPROCESSABLE_ENTITY })));
    let body_limit = BodyLimit::new(1024, Pace::default());
    let app = wrap(app, body_limit, paths, SecurityHeaders::default());
    Site::serve_bare(ConnectionLimits::default(), app).await
}

async fn ask(site: &Site, method: Method, path: &str) -> (reqwest::header::HeaderMap, Value) {
    let answer = reqwest::Client::new().request(method, site.url(path)).send().await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let text = answer.text().await.unwrap();
    assert!(!text.contains("secret"), "{text}");
    if status.as_u16() >= 400 {
        assert_eq!(headers["content-type"], "application/problem+json", "{path}");
    }
    let body: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
    if status.as_u16() >= 400 {
        assert_eq!(body["status"], status.as_u16());
    }
    (headers, body)
}

#[tokio::test]
async fn every_error_is_a_problem_document() {
    let site = site().await;
    for (method, path, status, code) in [
        (Method::GET, "/none", 404, "not_found"),
        (Method::GET, "/api/none/", 404, "not_found"),
        (Method::GET, "/api/rooms/seven", 400, "invalid"),
        (Method::GET, "/plain", 400, "invalid"),
        (Method::GET, "/panic", 500, "internal"),
        (Method::GET, "/api/full", 503, "busy"),
        (Method::POST, "/page", 405, "method_not_allowed"),
    ] {
        let (_, body) = ask(&site, method, path).await;
        assert_eq!((&body["status"], &body["code"]), (&Value::from(status), &Value::from(code)), "{path} {body}");
    }
}

#[tokio::test]
async fn a_bad_parameter_is_named() {
    let (_, body) = ask(&site().await, Method::GET, "/api/rooms/0195-x/?page=one").await;
    assert!(body["errors"]["id"][0].is_string(), "{body}");
    let path = format!("/api/rooms/{}/?page=one", uuid::Uuid::nil());
    let (_, body) = ask(&site().await, Method::GET, &path).await;
    assert!(body["errors"]["page"][0].is_string() && body["detail"].as_str().unwrap().contains("`page`"), "{body}");
}

#[tokio::test]
async fn errors_of_the_server_show_the_logged_id_alone() {
    let site = site().await;
    let (headers, body) = ask(&site, Method::GET, "/panic").await;
    assert_eq!(body["request_id"], headers["x-request-id"].to_str().unwrap());
    let (headers, body) = ask(&site, Method::GET, "/api/full").await;
    assert_eq!(headers["retry-after"], "3");
    assert_eq!(body["request_id"], headers["x-request-id"].to_str().unwrap());
}

#[tokio::test]
async fn a_wrong_method_hears_the_right_ones() {
    let (headers, _) = ask(&site().await, Method::DELETE, "/api/rooms/7").await;
    assert_eq!(headers[ALLOW], "GET, HEAD");
}

#[tokio::test]
async fn security_headers_are_everywhere_and_handlers_may_have_their_own() {
    let site = site().await;
    let (headers, _) = ask(&site, Method::GET, "/api/none").await;
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["x-frame-options"], "DENY");
    assert_eq!(headers["cache-control"], "no-store");
    assert!(headers["content-security-policy"].to_str().unwrap().contains("script-src 'self';"));
    assert!(!headers.contains_key("strict-transport-security"));
    let (headers, _) = ask(&site, Method::GET, "/page").await;
    assert_eq!(headers["content-security-policy"], "sandbox");
    assert!(!headers.contains_key("cache-control"));
}

#[tokio::test]
async fn problems_are_in_the_api_document() {
    let spec: Value = serde_json::from_str(&OpenApiService::new(Api, "test", "1").spec()).unwrap();
    let answers = &spec["paths"]["/full"]["get"]["responses"];
    assert!(answers["4XX"]["content"]["application/problem+json"].is_object(), "{answers}");
    assert!(spec["components"]["schemas"]["Problem"].is_object());
}
