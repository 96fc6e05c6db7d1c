//! Pages for people: who wants one, and errors that are shown as one.

use poem::{
    Response,
    http::{HeaderMap, header},
};

/// Whether this comes from somebody's browser, which shows pages.
pub fn wants_html(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().any(|value| value.to_str().is_ok_and(|value| value.contains("text/html")))
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
