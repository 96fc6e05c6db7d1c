//! Files and thumbnails, for those who may read the message they belong to.

use crate::{
    doors::shared::{Doors, THUMBNAIL, media_actor},
    http::{
        file_headers,
        files::{StoredFile, serve},
        problem::Problem,
    },
    media::sniff::Disposition,
    model::{Error, FileId},
    service::BlobPart,
};
use poem::{Request, Response, handler, web::Data};

/// `GET /media/{id}/{name}`: the name is only for people.
#[handler]
pub async fn read_media(request: &Request, doors: Data<&Doors>) -> Response {
    match answer(request, &doors).await {
        Ok(response) => response,
        Err(problem) => poem::Error::from(problem).into_response(),
    }
}

async fn answer(request: &Request, doors: &Doors) -> Result<Response, Problem> {
    let actor = media_actor(doors, request)?;
    let missing = || Error::not_found("file");
    let id: FileId = request.raw_path_param("id").and_then(|id| id.parse().ok()).ok_or_else(missing)?;
    let part = match request.raw_path_param("name") {
        Some(THUMBNAIL) => BlobPart::Thumbnail,
        _ => BlobPart::Original,
    };
    let download = doors.service.download(actor, id, part)?;
    let disposition = match download.disposition {
        Disposition::Inline => file_headers::Disposition::Inline,
        Disposition::Attachment => file_headers::Disposition::Attachment,
    };
    let stored = StoredFile {
        path: &download.path,
        etag: &download.etag,
        media_type: download.content_type,
        name: &download.name,
        disposition,
        modified: None,
    };
    serve(request, stored).await
}
