//! The addresses that a browser opens. What is shown there is our own web client's page; who may see it, and where else
//! somebody is sent, is decided before.

use super::room_address;
use crate::{
    doors::shared::{Answer, Doors, is_sent_from_outside, page_actor, percent_encode},
    http::{
        page::{ShownAsPage, mark_as_page, wants_html},
        problem::Problem,
    },
    model::Error,
    service::Addressed,
};
use poem::{
    Endpoint, IntoResponse, Request, Response, Result,
    http::{HeaderValue, Method, StatusCode, Uri, header},
};

/// Where people are shown.
const PROFILES: &str = "/profiles/";
/// Words that are parts of addresses here and below `/chat/`, never somebody's name.
const NEVER_USERNAMES: [&str; 3] = ["room", "send", "history"];

/// `/profiles`: people.
pub fn profiles<C: Endpoint<Output = Response>>(client: C) -> impl Endpoint<Output = Response> {
    Pages { client, place: Place::Profiles }
}

/// `/chat/:user_name`: leads to the direct room with that person.
pub fn start_chat<C: Endpoint<Output = Response>>(client: C) -> impl Endpoint<Output = Response> {
    Pages { client, place: Place::StartChat }
}

/// `/chat/room/:name/send`: shows that room, and takes what is posted to it.
pub fn room<C, A>(client: C, api: A) -> impl Endpoint<Output = Response>
where
    C: Endpoint<Output = Response>,
    A: Endpoint,
{
    RoomAddress { pages: Pages { client, place: Place::Room }, api }
}

#[derive(Clone, Copy)]
enum Place {
    Profiles,
    StartChat,
    Room,
}

/// What a browser gets.
enum Outcome {
    Page,
    MoveTo(String),
    /// There is somebody, and nothing to show before it is made.
    Nothing,
}

/// The page of `client` at one place.
struct Pages<C> {
    client: C,
    place: Place,
}

impl<C: Endpoint<Output = Response>> Endpoint for Pages<C> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(Problem::from_status(StatusCode::METHOD_NOT_ALLOWED).allowing("GET, HEAD").into());
        }
        match decide(self.place, &request).await {
            Ok(Outcome::Page) => self.page(request).await,
            Ok(Outcome::MoveTo(address)) => moved(StatusCode::FOUND, &address),
            Ok(Outcome::Nothing) => Ok(not_kept(StatusCode::NO_CONTENT)),
            Err(problem) if is_shown(&problem) && wants_html(request.headers()) => {
                self.refusal(request, problem.status).await
            }
            Err(problem) => Err(problem.into()),
        }
    }
}

impl<C: Endpoint<Output = Response>> Pages<C> {
    async fn page(&self, mut request: Request) -> Result<Response> {
        *request.uri_mut() = Uri::from_static("/");
        self.client.call(request).await
    }

    /// The client finds out by itself what is not there, and says so.
    async fn refusal(&self, mut request: Request, status: StatusCode) -> Result<Response> {
        request.headers_mut().remove(header::IF_NONE_MATCH);
        let mut response = self.page(request).await?;
        response.set_status(status);
        response.headers_mut().remove(header::ETAG);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        mark_as_page(&mut response);
        Ok(response)
    }
}

fn is_shown(problem: &Problem) -> bool {
    matches!(problem.status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND)
}

async fn decide(place: Place, request: &Request) -> Answer<Outcome> {
    let doors = request.data::<Doors>().ok_or_else(Error::internal)?;
    match place {
        Place::Profiles => Ok(Outcome::Page),
        Place::StartChat => lead_to_person(doors, request, &segment(request, "person")?).await,
        Place::Room => show_room(doors, request, &segment(request, "room")?),
    }
}

/// The one name in the address. What cannot be decoded names nothing.
fn segment(request: &Request, what: &'static str) -> Answer<String> {
    Ok(request.path_params::<String>().map_err(|_| Error::not_found(what))?)
}

async fn lead_to_person(doors: &Doors, request: &Request, username: &str) -> Answer<Outcome> {
    if NEVER_USERNAMES.contains(&username.to_lowercase().as_str()) {
        return Err(Error::not_found("page").into());
    }
    let Some(actor) = page_actor(doors, request)? else {
        return Ok(Outcome::MoveTo(sign_in(&format!("/chat/{}/", percent_encode(username)))));
    };
    // Whoever only asks with HEAD changes nothing, nor does whoever a page of another site sent here.
    let only_asks = *request.method() == Method::HEAD;
    let found = if only_asks || is_sent_from_outside(doors, request)? {
        doors.service.find_direct_room_with(actor, username)?
    } else {
        doors.service.direct_room_with(actor, username).await?
    };
    Ok(match found {
        Addressed::Room(id) => Outcome::MoveTo(room_address(&id.to_string())),
        Addressed::Person(_) if only_asks => Outcome::Nothing,
        Addressed::Oneself | Addressed::Person(_) => Outcome::MoveTo(PROFILES.to_owned()),
    })
}

fn show_room(doors: &Doors, request: &Request, name: &str) -> Answer<Outcome> {
    let Some(actor) = page_actor(doors, request)? else { return Ok(Outcome::MoveTo(sign_in(&room_address(name)))) };
    doors.service.find_room(actor, name)?;
    Ok(Outcome::Page)
}

/// The client's sign-in page, which leads back. Whether there is anything at that address is nobody's business yet.
fn sign_in(back_to: &str) -> String {
    format!("/signin?next={}", percent_encode(back_to))
}

fn moved(status: StatusCode, address: &str) -> Result<Response> {
    let location = HeaderValue::from_str(address).map_err(Problem::internal)?;
    let mut response = not_kept(status);
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// It depends on who asks, and on what there is by then.
fn not_kept(status: StatusCode) -> Response {
    let mut response = status.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// One address for looking and for posting.
struct RoomAddress<C, A> {
    pages: Pages<C>,
    api: A,
}

impl<C: Endpoint<Output = Response>, A: Endpoint> Endpoint for RoomAddress<C, A> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        match *request.method() {
            Method::GET | Method::HEAD => self.pages.call(request).await,
            Method::POST if wants_html(request.headers()) => self.take_form(request).await,
            Method::POST => self.api.call(request).await.map(IntoResponse::into_response),
            _ => Err(Problem::from_status(StatusCode::METHOD_NOT_ALLOWED).allowing("GET, HEAD, POST").into()),
        }
    }
}

impl<C, A: Endpoint> RoomAddress<C, A> {
    /// What a form is answered with, somebody sees. Signed out, they sign in first, as at every address here.
    async fn take_form(&self, request: Request) -> Result<Response> {
        let doors = request.data::<Doors>().ok_or_else(|| Problem::from(Error::internal()))?;
        if page_actor(doors, &request)?.is_none() {
            return moved(StatusCode::SEE_OTHER, &sign_in(&room_address(&segment(&request, "room")?)));
        }
        let answered = self.api.call(request).await.map(IntoResponse::into_response);
        answered.map_err(|mut error| {
            error.set_data(ShownAsPage);
            error
        })
    }
}
