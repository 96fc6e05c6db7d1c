//! A message's way in: JSON, or a form whose file goes to the disk as it comes.

use crate::{
    doors::shared::{Answer, Doors},
    http::{json_body::JsonBody, problem::Problem},
    model::{ClientId, Error, JobId, MessageId, RoomId},
    service::{Actor, Draft, NewFile, Posted},
};
use poem::{
    Body, FromRequest, Request, RequestBody,
    http::StatusCode,
    web::{Field, Multipart},
};
use poem_openapi::{
    ApiRequest, Object,
    payload::{ParsePayload, Payload},
    registry::{MetaSchema, MetaSchemaRef},
};
use serde::Deserialize;
use std::pin::pin;
use tokio::io::AsyncReadExt;
use uuid::Uuid;

/// Bytes of one text field of a form, at most; the longest message fits.
const FIELD_BYTES_MAX: u64 = 64 * 1024;
/// Bytes of a file taken at a time.
const PIECE_BYTES: usize = 32 * 1024;
/// Fields of a form, at most.
const FIELDS_MAX: usize = 16;

/// A text to be posted.
#[derive(Object, Deserialize, Clone, Debug)]
pub struct TextMessage {
    content: String,
    /// Made by the client, 1 to 64 visible ASCII characters; sending it again posts nothing.
    #[serde(default)]
    client_id: Option<String>,
    /// A message of the same room.
    #[serde(default)]
    reply_to: Option<Uuid>,
    /// A job in other software.
    #[serde(default)]
    job: Option<Uuid>,
}

/// A message to be posted.
#[derive(ApiRequest)]
pub enum NewMessage {
    /// A text.
    Json(JsonBody<TextMessage>),
    /// A file, with or without a text: fields `content`, `client_id`, `reply_to`, `job`, then `file`.
    Form(FormBody),
}

/// A form that is not read yet: its file goes to the disk as it comes.
pub struct FormBody(Body);

impl Payload for FormBody {
    const CONTENT_TYPE: &'static str = "multipart/form-data";

    fn check_content_type(content_type: &str) -> bool {
        content_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(Self::CONTENT_TYPE))
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new("object")))
    }
}

impl ParsePayload for FormBody {
    const IS_REQUIRED: bool = true;

    async fn from_request(_: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self(body.take()?))
    }
}

impl TryFrom<TextMessage> for Draft {
    type Error = Error;

    fn try_from(text: TextMessage) -> Result<Self, Error> {
        Ok(Self {
            text: Some(text.content),
            client_id: text.client_id.as_deref().map(client_id).transpose()?,
            reply_to: text.reply_to.map(MessageId::from_uuid),
            job: text.job.map(JobId::from_uuid),
            request_id: None,
        })
    }
}

/// A client's own id for a message.
pub(super) fn client_id(text: &str) -> Result<ClientId, Error> {
    ClientId::parse(text)
        .ok_or_else(|| Error::invalid("client_id", "A client id has 1 to 64 visible ASCII characters."))
}

/// Posts what came.
pub async fn post_message(
    doors: &Doors,
    actor: Actor,
    room: RoomId,
    request: &Request,
    body: NewMessage,
) -> Answer<Posted> {
    match body {
        NewMessage::Json(JsonBody(text)) => Ok(doors.service.post(actor, room, text.try_into()?).await?),
        NewMessage::Form(FormBody(body)) => {
            let (draft, file) = read_form(doors, actor, room, request, body).await?;
            match file {
                Some(file) => Ok(doors.service.post_file(actor, room, draft, file).await?),
                None => Ok(doors.service.post(actor, room, draft).await?),
            }
        }
    }
}

async fn read_form(
    doors: &Doors,
    actor: Actor,
    room: RoomId,
    request: &Request,
    body: Body,
) -> Answer<(Draft, Option<NewFile>)> {
    let mut form = Multipart::from_request(request, &mut RequestBody::new(body))
        .await
        .map_err(|_| Error::bad_request("The form has no boundary. Send multipart/form-data as browsers do."))?;
    let (mut draft, mut file) = (Draft::default(), None);
    for _ in 0..FIELDS_MAX {
        let Some(field) = form.next_field().await.map_err(broken_form)? else { return Ok((draft, file)) };
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "file" if file.is_some() => return Err(Error::invalid("file", "A message has one file.").into()),
            "file" => file = read_file(doors, actor, room, field).await?,
            "content" => draft.text = Some(read_text(field).await?),
            "client_id" => draft.client_id = Some(client_id(&read_text(field).await?)?),
            "reply_to" => draft.reply_to = read_id("reply_to", field).await?.map(MessageId::from_uuid),
            "job" => draft.job = read_id("job", field).await?.map(JobId::from_uuid),
            // Other fields mean nothing here.
            _ => drop(read_text(field).await?),
        }
    }
    Err(Error::bad_request(format!("The form has more than {FIELDS_MAX} fields.")).into())
}

/// `None` for a file field in which nothing was chosen.
async fn read_file(doors: &Doors, actor: Actor, room: RoomId, field: Field) -> Answer<Option<NewFile>> {
    let name = field.file_name().unwrap_or_default().to_owned();
    let mut upload = doors.service.begin_attachment(actor, room).await?;
    let (mut bytes, mut is_empty) = (pin!(field.into_async_read()), true);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let count = bytes.read(&mut piece).await.map_err(broken_off)?;
        if count == 0 {
            break;
        }
        is_empty = false;
        upload.write(&piece[..count]).await?;
    }
    if is_empty && name.is_empty() {
        return Ok(None);
    }
    Ok(Some(doors.service.finish_upload(actor, upload, &name).await?))
}

async fn read_text(field: Field) -> Answer<String> {
    let mut bytes = Vec::new();
    let limited = pin!(field.into_async_read().take(FIELD_BYTES_MAX + 1));
    { limited }.read_to_end(&mut bytes).await.map_err(broken_off)?;
    if bytes.len() as u64 > FIELD_BYTES_MAX {
        return Err(Error::too_large(format!("A text field has at most {FIELD_BYTES_MAX} bytes.")).into());
    }
    String::from_utf8(bytes).map_err(|_| Error::bad_request("A text field is not UTF-8.").into())
}

async fn read_id(name: &'static str, field: Field) -> Answer<Option<Uuid>> {
    let text = read_text(field).await?;
    match text.trim() {
        "" => Ok(None),
        text => Ok(Some(Uuid::try_parse(text).map_err(|_| Error::invalid(name, "This is not an id (a UUID)."))?)),
    }
}

fn broken_form(error: impl std::error::Error + Send + Sync + 'static) -> Problem {
    // A limit of the body is an error of its own below the form's.
    let mut source: Option<&dyn std::error::Error> = Some(&error);
    while let Some(cause) = source {
        if let Some(problem) = cause.downcast_ref::<Problem>() {
            return problem.clone();
        }
        source = cause.source();
    }
    Problem::new(StatusCode::BAD_REQUEST, "invalid", "The form ended too early or is not well formed.")
}

/// A body that stopped, or passed its limit.
pub(super) fn broken_off(error: std::io::Error) -> Problem {
    broken_form(error)
}
