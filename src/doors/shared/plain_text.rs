//! Messages for doors that know texts only.

use crate::model::MessageCard;

/// What a message says; where it has only a file, the file's name stands for it.
pub fn plain_text(card: &MessageCard) -> &str {
    match card.message.body.as_str() {
        "" => card.attachment.as_ref().map_or("", |file| file.name.as_str()),
        text => text,
    }
}
