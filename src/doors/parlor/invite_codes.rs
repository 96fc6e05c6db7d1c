//! Codes with which people may register while registration is by invitation.

use super::{Tag, sessions::Done};
use crate::http::json_body::JsonBody;
use crate::{
    doors::shared::{Answer, Doors, Login},
    http::problem::Problem,
    model::{InviteCode, InviteCodeId},
};
use poem::web::Data;
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path, payload::Json};
use uuid::Uuid;

pub struct InviteCodesApi;

/// How a code may be used.
#[derive(Object)]
struct NewInviteCode {
    /// People who may register with it.
    #[oai(default = "one_use")]
    uses: u32,
    #[oai(default = "a_week")]
    valid_days: u32,
}

fn one_use() -> u32 {
    1
}

fn a_week() -> u32 {
    7
}

/// A new code, shown once.
#[derive(Object)]
struct IssuedCode {
    id: Uuid,
    code: String,
    /// Address to send to the person, below this site's own.
    link: String,
    expires_at: String,
    uses_left: u32,
}

/// A code that is still good; the code itself is not kept.
#[derive(Object)]
struct InviteCodeInfo {
    id: Uuid,
    created_at: String,
    expires_at: String,
    uses_left: u32,
}

impl From<InviteCode> for InviteCodeInfo {
    fn from(code: InviteCode) -> Self {
        Self {
            id: code.id.uuid(),
            created_at: code.created_at.to_string(),
            expires_at: code.expires_at.to_string(),
            uses_left: code.uses_left,
        }
    }
}

#[derive(ApiResponse)]
enum Issued {
    /// The new code.
    #[oai(status = 201)]
    Created(Json<IssuedCode>),
}

#[OpenApi(prefix_path = "/api/invite_codes", tag = "Tag::InviteCodes")]
impl InviteCodesApi {
    /// Make an invite code
    ///
    /// For site administrators.
    #[oai(path = "/", method = "post", operation_id = "issue_invite_code")]
    async fn issue(&self, doors: Data<&Doors>, login: Login, body: JsonBody<NewInviteCode>) -> Answer<Issued> {
        let issued = doors.service.issue_invite_code(login.actor(), body.uses, body.valid_days).await?;
        let code = issued.secret.expose().to_owned();
        Ok(Issued::Created(Json(IssuedCode {
            id: issued.code.id.uuid(),
            link: format!("/register?code={code}"),
            code,
            expires_at: issued.code.expires_at.to_string(),
            uses_left: issued.code.uses_left,
        })))
    }

    /// The invite codes that are still good
    #[oai(path = "/", method = "get", operation_id = "list_invite_codes")]
    async fn list(&self, doors: Data<&Doors>, login: Login) -> Answer<Json<Vec<InviteCodeInfo>>> {
        let codes = doors.service.invite_codes(login.actor()).map_err(Problem::from)?;
        Ok(Json(codes.into_iter().map(InviteCodeInfo::from).collect()))
    }

    /// Take an invite code back
    #[oai(path = "/:id", method = "delete", operation_id = "revoke_invite_code")]
    async fn revoke(&self, doors: Data<&Doors>, login: Login, id: Path<Uuid>) -> Answer<Done> {
        doors.service.revoke_invite_code(login.actor(), InviteCodeId::from_uuid(id.0)).await?;
        Ok(Done::Done)
    }
}
