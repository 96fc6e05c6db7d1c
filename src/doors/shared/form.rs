//! Forms with files: read field by field as they come, a file straight to the disk.

use super::Answer;
use crate::{
    http::problem::Problem,
    model::Error,
    service::{Actor, NewFile, Service, Upload},
};
use poem::{
    Body, FromRequest, Request, RequestBody,
    http::StatusCode,
    web::{Field, Multipart},
};
use poem_openapi::{
    payload::{ParsePayload, Payload},
    registry::{MetaSchema, MetaSchemaRef},
};
use std::pin::pin;
use tokio::io::AsyncReadExt;
use uuid::Uuid;

/// Bytes of one text field of a form, at most; the longest message fits.
const FIELD_BYTES_MAX: u64 = 64 * 1024;
/// Bytes of a file taken at a time.
const PIECE_BYTES: usize = 32 * 1024;
/// Fields of a form, at most.
const FIELDS_MAX: usize = 16;

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

/// The fields of a form, one after the other.
pub struct FormFields {
    form: Multipart,
    left: usize,
}

impl FormFields {
    /// Of the form that came with this request.
    pub async fn of(request: &Request, FormBody(body): FormBody) -> Answer<Self> {
        let form = Multipart::from_request(request, &mut RequestBody::new(body))
            .await
            .map_err(|_| Error::bad_request("The form has no boundary. Send multipart/form-data as browsers do."))?;
        Ok(Self { form, left: FIELDS_MAX })
    }

    /// The next one, with its name; `None` at the end. An error when there are too many.
    pub async fn next(&mut self) -> Answer<Option<(String, Field)>> {
        let Some(field) = self.form.next_field().await.map_err(broken_form)? else { return Ok(None) };
        if self.left == 0 {
            return Err(Error::bad_request(format!("The form has more than {FIELDS_MAX} fields.")).into());
        }
        self.left -= 1;
        Ok(Some((field.name().unwrap_or_default().to_owned(), field)))
    }
}

/// Takes a file in. `None` for a file field in which nothing was chosen.
pub async fn field_file(service: &Service, actor: Actor, mut upload: Upload, field: Field) -> Answer<Option<NewFile>> {
    let name = field.file_name().unwrap_or_default().to_owned();
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
    Ok(Some(service.finish_upload(actor, upload, &name).await?))
}

/// A field's text.
pub async fn field_text(field: Field) -> Answer<String> {
    let mut bytes = Vec::new();
    let limited = pin!(field.into_async_read().take(FIELD_BYTES_MAX + 1));
    { limited }.read_to_end(&mut bytes).await.map_err(broken_off)?;
    if bytes.len() as u64 > FIELD_BYTES_MAX {
        return Err(Error::too_large(format!("A text field has at most {FIELD_BYTES_MAX} bytes.")).into());
    }
    String::from_utf8(bytes).map_err(|_| Error::bad_request("A text field is not UTF-8.").into())
}

/// A field's id; `None` when nothing is written there.
pub async fn field_id(name: &'static str, field: Field) -> Answer<Option<Uuid>> {
    let text = field_text(field).await?;
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
pub fn broken_off(error: std::io::Error) -> Problem {
    broken_form(error)
}
