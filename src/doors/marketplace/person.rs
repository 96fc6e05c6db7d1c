//! A person as the directory shows them.

use crate::{
    doors::shared::thumbnail_path,
    service::{PersonDetails, Visibility},
};
use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

/// A person in the directory.
#[derive(Object, Serialize, Clone, Debug)]
pub struct Person {
    id: Uuid,
    username: String,
    /// The first name; for somebody who gave none, the name shown.
    name: String,
    surname: String,
    display_name: String,
    about: String,
    /// Path of the picture.
    avatar: Option<String>,
    /// `admin`, `seller`, `salon_member` or `user`.
    role: String,
    online: bool,
    is_admin: bool,
    is_seller: bool,
    created_at: String,
    /// For oneself and site administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    email: Option<String>,
    /// `active` or `blocked`; for oneself and site administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    status: Option<String>,
}

impl From<PersonDetails> for Person {
    fn from(details: PersonDetails) -> Self {
        let PersonDetails { account, role, online, visibility, .. } = details;
        let is_full = visibility == Visibility::Full;
        let display_name = account.display_name();
        let name = Some(account.profile.name).filter(|name| !name.is_empty());
        Self {
            name: name.unwrap_or_else(|| display_name.clone()),
            display_name,
            id: account.id.uuid(),
            role: role.word().into(),
            status: is_full.then(|| account.status.word().into()),
            avatar: account.profile.avatar.map(thumbnail_path),
            username: account.username,
            email: account.email.filter(|_| is_full),
            surname: account.profile.surname,
            about: account.profile.about,
            is_admin: account.is_admin,
            is_seller: account.is_seller,
            online,
            created_at: account.created_at.to_string(),
        }
    }
}
