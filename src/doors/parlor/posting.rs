//! A message's way in: JSON, or a form whose file goes to the disk as it comes.

use crate::{
    doors::shared::{Answer, Doors, FormBody, FormFields, field_file, field_id, field_text},
    http::json_body::JsonBody,
    model::{ClientId, Error, JobId, MessageId, RoomId},
    service::{Actor, Draft, NewFile, Posted},
};
use poem::Request;
use poem_openapi::{ApiRequest, Object};
use serde::Deserialize;
use uuid::Uuid;

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
        NewMessage::Form(form) => {
            let (draft, file) = read_form(doors, actor, room, request, form).await?;
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
    form: FormBody,
) -> Answer<(Draft, Option<NewFile>)> {
    let mut fields = FormFields::of(request, form).await?;
    let (mut draft, mut file) = (Draft::default(), None);
    while let Some((name, field)) = fields.next().await? {
        match name.as_str() {
            "file" if file.is_some() => return Err(Error::invalid("file", "A message has one file.").into()),
            "file" => {
                let upload = doors.service.begin_attachment(actor, room).await?;
                file = field_file(&doors.service, actor, upload, field).await?;
            }
            "content" => draft.text = Some(field_text(field).await?),
            "client_id" => {
                let text = field_text(field).await?;
                draft.client_id = (!text.is_empty()).then(|| client_id(&text)).transpose()?;
            }
            "reply_to" => draft.reply_to = field_id("reply_to", field).await?.map(MessageId::from_uuid),
            "job" => draft.job = field_id("job", field).await?.map(JobId::from_uuid),
            // Other fields mean nothing here.
            _ => drop(field_text(field).await?),
        }
    }
    Ok((draft, file))
}
