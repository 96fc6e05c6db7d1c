//! The AsyncAPI 3 document of all sockets, made from the frames' own types.

use super::refine::{reachable, refine_schemas, require_what_is_written};
use crate::{
    config::PublicUrl,
    doors::{
        community, live, marketplace, parlor, recruiting,
        shared::{Channel, Frame},
    },
};
use poem_openapi::registry::Registry;
use serde_json::{Map, Value, json};

/// Examples of frames by the name of their message. A test holds them against the schemas and says them.
const EXAMPLES: &str = include_str!("frames.json");

/// What is true of every socket.
const ABOUT: &str = "Frames are JSON texts of at most 64 KiB; 20 a second, 100 at once. The server pings every 25 s. What is not \
    valid changes nothing and is answered. Close codes: 1001 the server stops, 1008 too many frames, 1009 too large a frame, \
    1013 too slow (the event stream resumes with ?after=), 4401 the session has ended.";

fn channels() -> Vec<Channel> {
    let mut channels = vec![parlor::channel(), recruiting::channel(), live::channel(), community::channel()];
    channels.extend(marketplace::channels());
    channels
}

/// The document as JSON, of a site at this address if it has one.
pub fn asyncapi(public_url: Option<&PublicUrl>) -> String {
    let mut draft = Draft::default();
    for channel in channels() {
        draft.add(&channel);
    }
    let mut document = draft.finished();
    if let Some(url) = public_url {
        document["servers"] = json!({ "site": server(url) });
    }
    serde_json::to_string_pretty(&document).expect("a JSON value can be written")
}

/// Which way frames go, as seen by the server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Said,
    Heard,
}

/// The document so far.
#[derive(Default)]
struct Draft {
    registry: Registry,
    channels: Map<String, Value>,
    operations: Map<String, Value>,
    messages: Map<String, Value>,
    said: Vec<Value>,
    heard: Vec<Value>,
}

impl Draft {
    fn add(&mut self, channel: &Channel) {
        let said = self.messages_of(channel, &channel.said, Way::Said);
        let heard = self.messages_of(channel, &channel.heard, Way::Heard);
        let messages = said.iter().chain(&heard);
        let messages: Map<String, Value> =
            messages.map(|name| (name.clone(), json!({ "$ref": format!("#/components/messages/{name}") }))).collect();
        let mut described = json!({
            "address": channel.address,
            "description": channel.description,
            "messages": messages,
            "bindings": { "ws": { "method": "GET", "query": query(channel) } },
        });
        if let Some((name, description)) = channel.parameter {
            described["parameters"] = json!({ name: { "description": description } });
        }
        self.channels.insert(channel.name.into(), described);
        for (verb, action, names) in [("say", "receive", said), ("hear", "send", heard)] {
            let path = format!("#/channels/{}", channel.name);
            let listed: Vec<_> =
                names.iter().map(|name| json!({ "$ref": format!("{path}/messages/{name}") })).collect();
            let operation = json!({ "action": action, "channel": { "$ref": path }, "messages": listed });
            self.operations.insert(format!("{}{verb}", channel.prefix), operation);
        }
    }

    /// Adds the messages of these types; their names. What goes both ways has different fields, and two names.
    fn messages_of(&mut self, channel: &Channel, frames: &[Frame], way: Way) -> Vec<String> {
        let prefix = format!("{}{}", channel.prefix, if way == Way::Said { "say_" } else { "" });
        let mut names = Vec::new();
        for frame in frames {
            let schema = frame.register(&mut self.registry);
            for (word, schema) in self.shapes_of(frame.name, schema) {
                let name = format!("{prefix}{word}");
                let payload = json!({ "$ref": schema });
                let list = if way == Way::Said { &mut self.said } else { &mut self.heard };
                list.push(payload.clone());
                self.messages.insert(name.clone(), json!({ "name": word, "payload": payload }));
                names.push(name);
            }
        }
        names
    }

    /// The words of a union with the schema of each; one shape with its name otherwise.
    fn shapes_of(&self, name: &str, schema: String) -> Vec<(String, String)> {
        let union = self.registry.schemas.get(&schema).and_then(|schema| schema.discriminator.as_ref());
        let mut shapes = match union {
            Some(union) => union.mapping.clone(),
            None => vec![(name.to_owned(), format!("#/components/schemas/{schema}"))],
        };
        shapes.sort();
        shapes
    }

    fn finished(mut self) -> Value {
        let mut schemas = serde_json::to_value(&self.registry.schemas).expect("schemas can be written as JSON");
        refine_schemas(&mut schemas);
        let (written, read) = (reachable(&schemas, &self.heard), reachable(&schemas, &self.said));
        require_what_is_written(&mut schemas, &written, &read);
        say_null_as_json_schema(&mut schemas);
        let examples: Map<String, Value> =
            serde_json::from_str(EXAMPLES).expect("frames.json is JSON; a test reads it");
        for (name, payloads) in examples {
            let payloads = payloads.as_array().into_iter().flatten().map(|payload| json!({ "payload": payload }));
            if let Some(message) = self.messages.get_mut(&name) {
                message["examples"] = payloads.collect();
            }
        }
        json!({
            "asyncapi": "3.0.0",
            "info": { "title": "Parlor sockets", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT },
            "channels": self.channels,
            "operations": self.operations,
            "components": { "messages": self.messages, "schemas": schemas }
        })
    }
}

fn query(channel: &Channel) -> Value {
    let mut properties = json!({
        "token": { "type": "string", "description": "An access token or a socket token, instead of the cookie." }
    });
    if channel.name == "eventStream" {
        let description = "Position of the last frame seen: resume after it.";
        properties["after"] = json!({ "type": "string", "description": description });
    }
    json!({ "type": "object", "properties": properties })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_of_the_documented_sockets_has_an_example_and_leads_somewhere() {
        let document: Value = serde_json::from_str(&asyncapi(None)).unwrap();
        let messages = document["components"]["messages"].as_object().unwrap();
        let examples: Map<String, Value> = serde_json::from_str(EXAMPLES).unwrap();
        for name in examples.keys() {
            assert!(messages.contains_key(name), "an example for {name}, which is no message");
        }
        for (name, message) in messages {
            let schema = message["payload"]["$ref"].as_str().unwrap();
            assert!(document.pointer(&schema[1..]).is_some(), "{name}: {schema}");
        }
        for (channel, described) in document["channels"].as_object().unwrap() {
            for name in described["messages"].as_object().unwrap().keys() {
                let has_example = messages[name]["examples"].as_array().is_some_and(|examples| !examples.is_empty());
                assert!(has_example || channel == "eventStream", "{channel}: no example for {name}");
            }
        }
    }
}
