//! Knows the documented paths: which methods each answers, for a 405, and what its parameters are called.
//!
//! poem names no methods in a 405, and poem-openapi calls path parameters `param0`, `param1` in its errors.

use poem::http::Method;
use serde_json::Value;

/// Methods by path template, read from OpenAPI documents.
#[derive(Debug, Clone, Default)]
pub struct PathTable {
    templates: Vec<(Vec<Segment>, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    /// A parameter, with its name.
    Any(String),
}

impl PathTable {
    /// Adds all paths of an OpenAPI document (as `OpenApiService::spec` gives it) that is served below a
    /// prefix. A text that is no such document adds nothing.
    #[must_use]
    pub fn with_spec(mut self, prefix: &str, spec: &str) -> Self {
        let spec: Value = serde_json::from_str(spec).unwrap_or_default();
        for (path, operations) in spec["paths"].as_object().into_iter().flatten() {
            let methods = methods_of(operations);
            self.templates.push((segments(&format!("{prefix}/{path}")).map(segment).collect(), methods));
        }
        // Templates with literals first: `/rooms/by-name` before `/rooms/{id}`.
        self.templates
            .sort_by_key(|(template, _)| template.iter().filter(|part| matches!(part, Segment::Any(_))).count());
        self
    }

    /// The `Allow` header of a path.
    pub fn methods(&self, path: &str) -> Option<&str> {
        self.find(path).map(|(_, methods)| methods.as_str())
    }

    /// The documented name of a path's parameter, counted from 0.
    pub fn parameter(&self, path: &str, index: usize) -> Option<&str> {
        let (template, _) = self.find(path)?;
        let mut names = template.iter().filter_map(|segment| match segment {
            Segment::Any(name) => Some(name.as_str()),
            Segment::Literal(_) => None,
        });
        names.nth(index)
    }

    fn find(&self, path: &str) -> Option<&(Vec<Segment>, String)> {
        let parts: Vec<&str> = segments(path).collect();
        let fits = |template: &[Segment]| {
            template.len() == parts.len()
                && template.iter().zip(&parts).all(|(segment, part)| match segment {
                    Segment::Literal(literal) => literal == part,
                    Segment::Any(_) => true,
                })
        };
        self.templates.iter().find(|(template, _)| fits(template))
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
}
