//! Posting to a room as the community chat's pages and clients do: by form or as JSON.

use super::{Tag, frames::CommunityMessage, room_address};
use crate::{
    doors::shared::{Answer, Doors, Login},
    http::{json_answer::JsonAnswer, json_body::JsonBody, page::wants_html, url_form::UrlForm},
    model::Error,
    service::Draft,
};
use poem::{Request, web::Data};
use poem_openapi::{ApiRequest, ApiResponse, Multipart, Object, OpenApi, param::Path};

pub struct CommunityApi;

/// Something to say. Other fields, such as a token of a page's form, are ignored.
#[derive(Object)]
struct CommunityText {
    body: String,
}

/// The same as a form with parts.
#[derive(Multipart)]
struct CommunityForm {
    body: String,
}

/// Something to say, in whatever form it comes.
#[derive(ApiRequest)]
enum SaidText {
    Json(JsonBody<CommunityText>),
    Form(UrlForm<CommunityText>),
    Parts(CommunityForm),
}

impl From<SaidText> for Draft {
    fn from(said: SaidText) -> Self {
        let body = match said {
            SaidText::Json(JsonBody(text)) | SaidText::Form(UrlForm(text)) => text.body,
            SaidText::Parts(form) => form.body,
        };
        Self { text: Some(body), ..Self::default() }
    }
}

#[derive(ApiResponse)]
enum Said {
    /// The new message.
    #[oai(status = 201)]
    Created(JsonAnswer<CommunityMessage>),
    /// Posted from a page (`Accept: text/html`): back to the room.
    #[oai(status = 303)]
    BackToRoom(#[oai(header = "Location")] String),
}

/// What the service calls a message's content is the body here.
fn blame_body(error: Error) -> Error {
    let field = error.field.map(|field| if field == "content" { "body" } else { field });
    Error { field, ..error }
}

#[OpenApi(tag = "Tag::Community")]
impl CommunityApi {
    /// Post to a room
    ///
    /// The room is a public one by name, or any by id. Posting to a public room joins it. From a page (`Accept: text/html`) a
    /// refusal is a page too, and whoever is signed out is led to sign in.
    #[oai(path = "/chat/room/:name/send", method = "post", operation_id = "say_in_room")]
    async fn say(
        &self,
        doors: Data<&Doors>,
        login: Login,
        request: &Request,
        name: Path<String>,
        body: SaidText,
    ) -> Answer<Said> {
        let room = doors.service.find_room(login.actor(), &name.0)?.room.id;
        let card = doors.service.post(login.actor(), room, body.into()).await.map_err(blame_body)?.card();
        if wants_html(request.headers()) {
            return Ok(Said::BackToRoom(room_address(&name.0)));
        }
        Ok(Said::Created(JsonAnswer((&card).into())))
    }
}
