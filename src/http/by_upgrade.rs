//! One address, two protocols: the `Upgrade` header decides (contracts.md, "Same path, two protocols").

use poem::{Endpoint, IntoResponse, Request, Response, Result, http::header};

/// Sends requests for a WebSocket at addresses that have one to the one endpoint, everything else to the other.
pub struct ByUpgrade<S, R> {
    pub sockets: S,
    pub rest: R,
    /// Whether there is a socket at this path.
    pub has_socket: fn(&str) -> bool,
}

impl<S: Endpoint, R: Endpoint> Endpoint for ByUpgrade<S, R> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        if wants_socket(&request) && (self.has_socket)(request.uri().path()) {
            return self.sockets.call(request).await.map(IntoResponse::into_response);
        }
        self.rest.call(request).await.map(IntoResponse::into_response)
    }
}

fn wants_socket(request: &Request) -> bool {
    let upgrade = request.headers().get(header::UPGRADE).and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|value| value.split(',').any(|word| word.trim().eq_ignore_ascii_case("websocket")))
}
