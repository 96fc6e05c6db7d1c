//! Bodies that come as JSON or as forms: a new message, and the new text of one.

use crate::{
    doors::shared::{Answer, Doors, FormBody, FormFields, field_file, field_id, field_text},
    http::{json_body::JsonBody, url_form::UrlForm},
    model::{Error, JobId, MessageCard, RoomId},
    service::{Actor, Draft, NewFile},
};
use poem::Request;
use poem_openapi::{ApiRequest, Object, types::Any};
use serde_json::Value;
use uuid::Uuid;

/// A text to be posted.
#[derive(Object)]
pub struct NewRecruitingMessage {
    chat_room: Uuid,
    /// A job in other software.
    job: Option<Uuid>,
    content: Option<String>,
    /// Always null or empty here: a file needs a form with parts.
    file: Option<Any<Value>>,
}

/// A message to be posted.
#[derive(ApiRequest)]
pub enum NewMessage {
    /// A text.
    Json(JsonBody<NewRecruitingMessage>),
    /// A text or a file: fields `chat_room`, `job`, and exactly one of `content` and `file`.
    Form(FormBody),
    /// A text, as a form without parts.
    UrlEncoded(UrlForm<NewRecruitingMessage>),
}

/// A message's new text. Other fields are ignored.
#[derive(Object)]
pub struct RecruitingMessageUpdate {
    /// Needed. Of a file message it is what stands beside the file, and may be empty.
    content: Option<String>,
    /// Ignored beside `content`. The file of a message never changes.
    file: Option<Any<Value>>,
}

/// A message's new text in whatever form.
#[derive(ApiRequest)]
pub enum NewText {
    Json(JsonBody<RecruitingMessageUpdate>),
    Form(FormBody),
    UrlEncoded(UrlForm<RecruitingMessageUpdate>),
}

/// What is known of a new message so far.
#[derive(Default)]
struct Parts {
    room: Option<RoomId>,
    draft: Draft,
    file: Option<NewFile>,
}

/// Posts what came.
pub(super) async fn post(doors: &Doors, actor: Actor, request: &Request, body: NewMessage) -> Answer<MessageCard> {
    let Parts { room, draft, file } = match body {
        NewMessage::Json(JsonBody(text)) | NewMessage::UrlEncoded(UrlForm(text)) => from_text(text)?,
        NewMessage::Form(form) => from_form(doors, actor, request, form).await?,
    };
    let room = room.ok_or_else(|| Error::invalid("chat_room", "Say in which room, with its id in chat_room."))?;
    Ok(doors.service.post_text_or_file(actor, room, draft, file).await?.card())
}

fn from_text(text: NewRecruitingMessage) -> Answer<Parts> {
    if is_given(text.file) {
        return Err(Error::invalid("file", "A file comes as multipart/form-data only. Send it so.").into());
    }
    let draft = Draft { text: text.content, job: text.job.map(JobId::from_uuid), ..Draft::default() };
    Ok(Parts { room: Some(RoomId::from_uuid(text.chat_room)), draft, file: None })
}

async fn from_form(doors: &Doors, actor: Actor, request: &Request, form: FormBody) -> Answer<Parts> {
    let mut fields = FormFields::of(request, form).await?;
    let mut parts = Parts::default();
    while let Some((name, field)) = fields.next().await? {
        match name.as_str() {
            "chat_room" => parts.room = field_id("chat_room", field).await?.map(RoomId::from_uuid),
            "job" => parts.draft.job = field_id("job", field).await?.map(JobId::from_uuid),
            "content" => parts.draft.text = Some(field_text(field).await?),
            "file" if parts.file.is_some() => return Err(Error::invalid("file", "A message has one file.").into()),
            "file" => {
                // Nothing is taken in for a room that is known to refuse it.
                let upload = match parts.room {
                    Some(room) => doors.service.begin_attachment(actor, room).await?,
                    None => doors.service.begin_upload(actor).await?,
                };
                parts.file = field_file(&doors.service, actor, upload, field).await?;
            }
            // Other fields mean nothing here.
            _ => drop(field_text(field).await?),
        }
    }
    Ok(parts)
}

/// The new text of a message.
pub(super) async fn new_text(request: &Request, body: NewText) -> Answer<String> {
    let (content, names_file) = match body {
        NewText::Json(JsonBody(update)) | NewText::UrlEncoded(UrlForm(update)) => {
            (update.content, is_given(update.file))
        }
        NewText::Form(form) => text_from_form(request, form).await?,
    };
    match content {
        Some(content) => Ok(content),
        None if names_file => Err(file_stays().into()),
        None => Err(Error::invalid("content", "Send the new text as content.").into()),
    }
}

/// The text, and whether a file is named. A file that really comes along is refused at once: whoever sends one expects
/// that it is taken.
async fn text_from_form(request: &Request, form: FormBody) -> Answer<(Option<String>, bool)> {
    let mut fields = FormFields::of(request, form).await?;
    let (mut content, mut names_file) = (None, false);
    while let Some((name, field)) = fields.next().await? {
        match name.as_str() {
            "content" => content = Some(field_text(field).await?),
            "file" if field.file_name().is_some_and(|name| !name.is_empty()) => return Err(file_stays().into()),
            "file" => names_file |= !field_text(field).await?.is_empty(),
            _ => drop(field_text(field).await?),
        }
    }
    Ok((content, names_file))
}

fn file_stays() -> Error {
    Error::invalid(
        "file",
        "The file of a message cannot be changed, only its content. Delete the message and send the file anew.",
    )
}

fn is_given(file: Option<Any<Value>>) -> bool {
    file.is_some_and(|Any(file)| !file.is_null() && file != "")
}
