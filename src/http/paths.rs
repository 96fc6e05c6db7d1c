//! Knows the documented paths: which methods each answers, for a 405; what its parameters are called and which words they
//! take, for a 400; which types of body it takes, for a 415.
//!
//! poem names no methods in a 405 and no types in a 415; poem-openapi calls path parameters `param0`, `param1` in its
//! errors and names no words.

use poem::http::Method;
use serde_json::Value;

/// Operations by path template, read from OpenAPI documents.
#[derive(Debug, Clone, Default)]
pub struct PathTable {
    templates: Vec<Template>,
}

#[derive(Debug, Clone)]
struct Template {
    segments: Vec<Segment>,
    allow: String,
    operations: Vec<Operation>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    /// A parameter, with its name.
    Any(String),
}

#[derive(Debug, Clone)]
struct Operation {
    method: String,
    /// Parameters that take certain words only, with these.
    choices: Vec<(String, Vec<String>)>,
    body_types: Vec<String>,
}

impl PathTable {
    /// Adds all paths of an OpenAPI document (as `OpenApiService::spec` gives it) that is served below a
    /// prefix. A text that is no such document adds nothing.
    #[must_use]
    pub fn with_spec(mut self, prefix: &str, spec: &str) -> Self {
        let spec: Value = serde_json::from_str(spec).unwrap_or_default();
        for (path, item) in spec["paths"].as_object().into_iter().flatten() {
            self.templates.push(Template {
                segments: segments(&format!("{prefix}/{path}")).map(segment).collect(),
                allow: methods_of(item),
                operations: operations_of(&spec, item),
            });
        }
        // Templates with literals first: `/rooms/by-name` before `/rooms/{id}`.
        self.templates
            .sort_by_key(|template| template.segments.iter().filter(|part| matches!(part, Segment::Any(_))).count());
        self
    }

    /// The `Allow` header of a path.
    pub fn methods(&self, path: &str) -> Option<&str> {
        self.find(path).map(|template| template.allow.as_str())
    }

    /// The documented name of a path's parameter, counted from 0.
    pub fn parameter(&self, path: &str, index: usize) -> Option<&str> {
        let mut names = self.find(path)?.segments.iter().filter_map(|segment| match segment {
            Segment::Any(name) => Some(name.as_str()),
            Segment::Literal(_) => None,
        });
        names.nth(index)
    }

    /// The words that a parameter takes, if it takes certain ones only.
    pub fn choices(&self, method: &Method, path: &str, parameter: &str) -> Option<&[String]> {
        let (_, words) = self.operation(method, path)?.choices.iter().find(|(name, _)| name == parameter)?;
        Some(words)
    }

    /// The media types of bodies that are taken there.
    pub fn body_types(&self, method: &Method, path: &str) -> &[String] {
        self.operation(method, path).map_or(&[], |operation| &operation.body_types)
    }

    fn operation(&self, method: &Method, path: &str) -> Option<&Operation> {
        self.find(path)?.operations.iter().find(|operation| operation.method.eq_ignore_ascii_case(method.as_str()))
    }

    fn find(&self, path: &str) -> Option<&Template> {
        let parts: Vec<&str> = segments(path).collect();
        let fits = |template: &[Segment]| {
            template.len() == parts.len()
                && template.iter().zip(&parts).all(|(segment, part)| match segment {
                    Segment::Literal(literal) => literal == part,
                    Segment::Any(_) => true,
                })
        };
        self.templates.iter().find(|template| fits(&template.segments))
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

fn segment(part: &str) -> Segment {
    match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        Some(name) => Segment::Any(name.to_owned()),
        None => Segment::Literal(part.to_owned()),
    }
}

fn operations_of(spec: &Value, item: &Value) -> Vec<Operation> {
    let operations = item.as_object().into_iter().flatten();
    let read = operations.map(|(method, operation)| Operation {
        method: method.clone(),
        choices: choices_of(spec, operation),
        body_types: body_types_of(operation),
    });
    read.collect()
}

fn choices_of(spec: &Value, operation: &Value) -> Vec<(String, Vec<String>)> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let read = parameters.filter_map(|parameter| {
        let words = resolve(spec, &parameter["schema"])["enum"].as_array()?;
        let words = words.iter().filter_map(|word| Some(word.as_str()?.to_owned())).collect();
        Some((parameter["name"].as_str()?.to_owned(), words))
    });
    read.collect()
}

/// Follows a reference, also one that is wrapped together with a description.
fn resolve<'s>(spec: &'s Value, schema: &'s Value) -> &'s Value {
    let reference = schema["$ref"].as_str().or_else(|| schema["allOf"][0]["$ref"].as_str());
    reference.and_then(|reference| spec.pointer(reference.trim_start_matches('#'))).unwrap_or(schema)
}

fn body_types_of(operation: &Value) -> Vec<String> {
    let content = operation["requestBody"]["content"].as_object().into_iter().flatten();
    content.map(|(kind, _)| kind.split(';').next().unwrap_or_default().trim().to_owned()).collect()
}

fn methods_of(operations: &Value) -> String {
    let mut methods: Vec<String> = operations
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.to_uppercase())
        .filter(|name| Method::from_bytes(name.as_bytes()).is_ok_and(|method| is_standard(&method)))
        .collect();
    if methods.iter().any(|name| name == "GET") && !methods.iter().any(|name| name == "HEAD") {
        methods.push("HEAD".to_owned());
    }
    methods.sort();
    methods.join(", ")
}

fn is_standard(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS]
        .contains(method)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_found_by_template() {
        let spec = r#"{"paths": {"/rooms/{id}": {"get": {}, "delete": {}, "parameters": []},
                                 "/rooms/mine": {"post": {}}}}"#;
        let table = PathTable::default().with_spec("/api", spec);
        assert_eq!(table.methods("/api/rooms/7"), Some("DELETE, GET, HEAD"));
        assert_eq!(table.methods("/api/rooms/mine/"), Some("POST"));
        assert_eq!(table.methods("/rooms/7"), None);
        assert_eq!(table.methods("/api/rooms/7/8"), None);
        assert_eq!(table.parameter("/api/rooms/7", 0), Some("id"));
        assert_eq!(table.parameter("/api/rooms/7", 1), None);
    }

    #[test]
    fn words_and_types_of_bodies_are_found_by_method() {
        let spec = r##"{"paths": {"/rooms": {
            "get": {"parameters": [
                {"name": "scope", "schema": {"$ref": "#/components/schemas/Scope"}},
                {"name": "kind", "schema": {"allOf": [{"$ref": "#/components/schemas/Scope"}, {"description": "x"}]}},
                {"name": "size", "schema": {"type": "integer"}}]},
            "post": {"requestBody": {"content": {"application/json; charset=utf-8": {}, "multipart/form-data": {}}}}}},
            "components": {"schemas": {"Scope": {"enum": ["mine", "public"]}}}}"##;
        let table = PathTable::default().with_spec("", spec);
        for (method, name, words) in [
            (Method::GET, "scope", Some(["mine", "public"])),
            (Method::GET, "kind", Some(["mine", "public"])),
            (Method::GET, "size", None),
            (Method::POST, "scope", None),
        ] {
            let found = table.choices(&method, "/rooms/", name);
            assert_eq!(found, words.map(|words| words.map(str::to_owned)).as_ref().map(<[_; 2]>::as_slice), "{name}");
        }
        assert_eq!(table.body_types(&Method::POST, "/rooms"), ["application/json", "multipart/form-data"]);
        assert!(table.body_types(&Method::GET, "/rooms").is_empty());
    }
}
