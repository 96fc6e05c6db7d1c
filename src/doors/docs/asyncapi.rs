//! The AsyncAPI 3 document of the event stream, made from the frames' own types.

use crate::{
    config::PublicUrl,
    doors::parlor::{ClientFrame, ServerFrame},
};
use poem_openapi::{OpenApi, OpenApiService, payload::Json};
use serde_json::{Map, Value, json};

/// Never served: it lends poem-openapi the frames, so that it writes their schemas.
struct Frames;

#[OpenApi]
impl Frames {
    #[oai(path = "/frames", method = "post")]
    async fn frames(&self, _body: Json<ClientFrame>) -> Json<ServerFrame> {
        Json(ServerFrame::Presence(Default::default()))
    }
}

/// The document as JSON, of a site at this address if it has one.
pub fn asyncapi(public_url: Option<&PublicUrl>) -> String {
    let spec: Value =
        serde_json::from_str(&OpenApiService::new(Frames, "frames", "1").spec()).expect("poem-openapi writes JSON");
    let mut schemas = spec["components"]["schemas"].clone();
    super::openapi::refine_schemas(&mut schemas);
    say_null_as_json_schema(&mut schemas);
    let mut messages = Map::new();
    let mut list = |union: &str, prefix: &str| -> Vec<Value> {
        let frames = frames_of(&schemas, union).into_iter();
        let listed = frames.map(|(word, schema)| {
            let name = format!("{prefix}{word}");
            messages.insert(name.clone(), json!({ "name": word, "payload": { "$ref": schema } }));
            json!({ "$ref": format!("#/channels/eventStream/messages/{name}") })
        });
        listed.collect()
    };
    // `typing` goes both ways with different fields.
    let (sent, received) = (list("ClientFrame", "say_"), list("ServerFrame", ""));
    let channel_messages: Map<String, Value> = messages
        .keys()
        .map(|name| (name.clone(), json!({ "$ref": format!("#/components/messages/{name}") })))
        .collect();
    let mut document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Parlor event stream",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "One socket for everything that concerns a person. Frames are JSON texts of at most 64 KiB; 20 a \
                second, 100 at once. The server pings every 25 s. Close codes: 1001 the server stops, 1008 too many frames, \
                1009 too large a frame, 1013 too slow (reconnect with ?after=), 4401 the session has ended."
        },
        "channels": {
            "eventStream": {
                "address": "/ws/chat/",
                "messages": channel_messages,
                "bindings": { "ws": { "method": "GET", "query": { "type": "object", "properties": {
                    "after": { "type": "string", "description": "Position of the last frame seen: resume after it." },
                    "token": { "type": "string", "description": "An access token or a socket token, instead of the cookie." }
                } } } }
            }
        },
        "operations": {
            "say": { "action": "receive", "channel": { "$ref": "#/channels/eventStream" }, "messages": sent },
            "hear": { "action": "send", "channel": { "$ref": "#/channels/eventStream" }, "messages": received }
        },
        "components": { "messages": messages, "schemas": schemas }
    });
    if let Some(url) = public_url {
        document["servers"] = json!({ "site": server(url) });
    }
    serde_json::to_string_pretty(&document).expect("a JSON value can be written")
}

fn server(url: &PublicUrl) -> Value {
    let host = url.origin().split_once("://").map_or_else(String::new, |(_, host)| host.to_owned());
    let protocol = if url.is_tls() { "wss" } else { "ws" };
    json!({ "host": host, "protocol": protocol, "pathname": url.base_path() })
}

/// AsyncAPI's schemas are JSON Schema, which has a type for null where OpenAPI 3.0 has `nullable`.
fn say_null_as_json_schema(schemas: &mut Value) {
    let properties = schemas.as_object_mut().into_iter().flat_map(Map::values_mut);
    let properties =
        properties.filter_map(|schema| schema.get_mut("properties")?.as_object_mut()).flat_map(Map::values_mut);
    for property in properties.filter_map(Value::as_object_mut) {
        if property.remove("nullable") != Some(json!(true)) {
            continue;
        }
        if let Some(mut reference) = property.remove("allOf") {
            let alternatives = [reference[0].take(), json!({ "type": "null" })];
            property.insert("anyOf".into(), json!(alternatives));
        } else if let Some(single) = property.remove("type") {
            property.insert("type".into(), json!([single, "null"]));
        }
    }
}

/// The `type` words of a union with the schema of each.
fn frames_of(schemas: &Value, union: &str) -> Vec<(String, String)> {
    let mapping = schemas[union]["discriminator"]["mapping"].as_object();
    let pairs = mapping.into_iter().flatten();
    pairs.filter_map(|(word, schema)| Some((word.clone(), schema.as_str()?.to_owned()))).collect()
}
