//! What no handler's type tells: the parts of forms whose files are streamed, and the path of the files themselves.

use serde_json::{Value, json};

/// Describes all of it.
pub fn describe(document: &mut Value) {
    describe_message_form(document);
    describe_recruiting_forms(document);
    document["paths"]["/media/{id}/{name}"] = json!({ "get": media() });
    // A change without its text is refused.
    let update = &mut document["components"]["schemas"]["RecruitingMessageUpdate"];
    update["required"] = json!(["content"]);
    update["properties"]["content"]["nullable"] = json!(false);
}

/// An empty example: who tries the operation out in a page sends it empty or not at all.
fn optional(schema: Value) -> Value {
    let mut schema = schema;
    schema["example"] = json!("");
    schema
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn id() -> Value {
    json!({ "type": "string", "format": "uuid" })
}

fn file() -> Value {
    json!({ "type": "string", "format": "binary" })
}

fn describe_message_form(document: &mut Value) {
    let body = &mut document["paths"]["/api/rooms/{id}/messages"]["post"]["requestBody"]["content"];
    body["multipart/form-data"]["schema"] = json!({
        "type": "object",
        "description": "At least one of content and file. Send the file last.",
        "properties": {
            "content": optional(text()), "client_id": optional(text()), "reply_to": optional(id()),
            "job": optional(id()), "file": file()
        }
    });
}

fn describe_recruiting_forms(document: &mut Value) {
    let mut room = id();
    room["example"] = json!("01939f20-3c4d-7e5f-8a6b-7c8d9e0f1a02");
    let form = json!({
        "type": "object",
        "description": "Exactly one of content and file; what is left empty is not given.",
        "required": ["chat_room"],
        "properties": { "chat_room": room, "job": optional(id()), "content": optional(text()), "file": file() }
    });
    let body = &mut document["paths"]["/chats/messages/create"]["post"]["requestBody"]["content"];
    let mut without_file = form.clone();
    without_file["description"] = json!("A text; a file needs a form with parts.");
    without_file["properties"].as_object_mut().into_iter().for_each(|fields| drop(fields.remove("file")));
    body["multipart/form-data"]["schema"] = form;
    body["application/x-www-form-urlencoded"]["schema"] = without_file;
    for method in ["patch", "put"] {
        let body = &mut document["paths"]["/chats/messages/detail/{uuid}"][method]["requestBody"]["content"];
        for kind in ["multipart/form-data", "application/x-www-form-urlencoded"] {
            body[kind]["schema"] = json!({
                "type": "object",
                "required": ["content"],
                "properties": { "content": { "type": "string", "example": "Tuesday at ten" } }
            });
        }
    }
}

fn media() -> Value {
    let problem = |description: &str| {
        let schema = json!({ "$ref": "#/components/schemas/Problem" });
        json!({ "description": description, "content": { "application/problem+json": { "schema": schema } } })
    };
    let bytes = |description: &str, headers: Value| json!({ "description": description, "headers": headers, "content": { "*/*": { "schema": file() } } });
    let header = |description: &str| json!({ "description": description, "schema": text() });
    let (etag, range) = (header("Names these very bytes."), header("Which bytes of how many."));
    let path = |name: &str, schema: Value, description: &str| json!({ "name": name, "in": "path", "required": true, "schema": schema, "description": description });
    let asked = |name: &str, description: &str| json!({ "name": name, "in": "header", "required": false, "schema": text(), "description": description });
    json!({
        "tags": ["Messages"],
        "operationId": "get_media",
        "summary": "A file, or the small picture of an image",
        "description": "For the members of the room in which it was posted; portraits for everybody signed in. Images, audio, \
            video and PDF come to be shown, with the type found in their bytes; everything else comes to be saved. HEAD \
            answers without the bytes.",
        "parameters": [
            path("id", id(), "The file."),
            path("name", text(), "`thumbnail` is the small picture of an image. Any other name is only for people."),
            asked("Range", "A part of it, such as `bytes=0-1023`."),
            asked("If-None-Match", "The `ETag` of what one has already."),
            asked("If-Range", "The `ETag` to which the range belongs.")
        ],
        "security": [{ "bearer": [] }, { "cookie": [] }],
        "responses": {
            "200": bytes("The bytes.", json!({ "ETag": etag.clone() })),
            "206": bytes("The part that was asked for.", json!({ "ETag": etag.clone(), "Content-Range": range })),
            "304": { "description": "It is what one has already.", "headers": { "ETag": etag } },
            "401": problem("Not signed in, or no longer."),
            "404": problem("No such file that the caller may know of, or no small picture of it."),
            "416": problem("The range lies outside of the file."),
            "503": problem("Too much to do at the moment; see `Retry-After`.")
        }
    })
}
