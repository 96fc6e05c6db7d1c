//! Pages for people: who wants one, and errors that are shown as one.

use poem::{
    Response,
    http::{HeaderMap, HeaderValue, header},
};

use super::problem::Problem;

/// Whether this comes from somebody's browser, which shows pages.
pub fn wants_html(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().any(|value| value.to_str().is_ok_and(|value| value.contains("text/html")))
}

/// Data of an error that a person is to read: it becomes a page of its own instead of a problem document. For whoever sent a
/// form, whom only the answer can tell why.
#[derive(Clone, Copy, Debug)]
pub struct ShownAsPage;

/// The problem as a page. Its link opens the same address anew.
pub(super) fn problem_page(problem: &Problem, request_id: &str) -> Response {
    let (title, detail) = (problem.status.canonical_reason().unwrap_or("Error"), escaped(&problem.detail));
    let quoted =
        if problem.status.is_server_error() { format!("<p>Request {request_id}</p>\n") } else { String::new() };
    let mut response = problem.answer(None);
    response.set_body(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n</head>\n<body>\n<main>\n\
         <h1>This was not accepted</h1>\n<p>{detail}</p>\n{quoted}<p><a href=\"\">Back</a></p>\n</main>\n</body>\n</html>\n"
    ));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    mark_as_page(&mut response);
    response
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// Marks an error answer whose body is a page on purpose; every other one becomes a problem document.
#[derive(Clone, Copy, Debug)]
struct ErrorPage;

/// Says that the answer is a page, whatever its status.
pub fn mark_as_page(response: &mut Response) {
    response.extensions_mut().insert(ErrorPage);
}

/// Whether somebody said so.
pub(super) fn is_page(response: &Response) -> bool {
    response.extensions().get::<ErrorPage>().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::http::StatusCode;

    #[tokio::test]
    async fn a_refusal_says_why_and_stays_text() {
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "throttled", "No <b>\"&'</b>.").retry_after(7);
        let mut page = problem_page(&problem, "4711");
        assert_eq!((page.status(), page.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, Some("7")));
        assert_eq!(page.content_type(), Some("text/html; charset=utf-8"));
        let text = page.take_body().into_string().await.unwrap();
        assert!(text.contains("<p>No &lt;b&gt;&quot;&amp;&#39;&lt;/b&gt;.</p>"), "{text}");
    }
}
