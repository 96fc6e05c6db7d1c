//! A form without files (`application/x-www-form-urlencoded`), read as if its fields had come as JSON: the same faults, in the
//! same words. Every value of a form is a text, so this is for types whose fields are texts or written as such. A field that is left
//! empty is not given where an empty text means nothing; one that is given twice is refused, so that nothing said is lost.

use super::{
    json_body::{FormField, JsonBody, form_fields},
    problem::Problem,
};
use poem::{FromRequest, Request, RequestBody, Result, http::StatusCode};
use poem_openapi::{
    payload::{ParsePayload, Payload},
    registry::{MetaSchemaRef, Registry},
    types::ParseFromJSON,
};
use serde_json::{Map, Value};

/// A form as a request body.
#[derive(Debug)]
pub struct UrlForm<T>(pub T);

impl<T: ParseFromJSON> Payload for UrlForm<T> {
    const CONTENT_TYPE: &'static str = "application/x-www-form-urlencoded";

    fn check_content_type(content_type: &str) -> bool {
        content_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(Self::CONTENT_TYPE))
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ParseFromJSON + 'static> ParsePayload for UrlForm<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> Result<Self> {
        let bytes = Vec::<u8>::from_request(request, body).await?;
        let fields = fields_of(read(&bytes)?, &form_fields::<T>())?;
        JsonBody::read(Value::Object(fields)).map(|JsonBody(value)| Self(value))
    }
}

/// The fields that a type knows; whatever else a page's form has is ignored.
fn fields_of(pairs: Vec<(String, String)>, known: &[FormField]) -> std::result::Result<Map<String, Value>, Problem> {
    let mut fields = Map::new();
    for (name, text) in pairs {
        let Some(field) = known.iter().find(|field| field.name == name) else { continue };
        if text.is_empty() && !field.may_be_empty {
            continue;
        }
        if fields.insert(name, Value::String(text)).is_some() {
            return Err(blame(field.name, "is given more than once"));
        }
    }
    Ok(fields)
}

/// Names and values, decoded. What is not UTF-8 is refused rather than mended, as in JSON.
fn read(form: &[u8]) -> std::result::Result<Vec<(String, String)>, Problem> {
    let pairs = form.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty());
    let read = pairs.map(|pair| {
        let at = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
        let name = String::from_utf8(decode(&pair[..at]))
            .map_err(|_| invalid("The name of a form's field is not valid UTF-8.".to_owned()))?;
        let value = pair.get(at + 1..).unwrap_or_default();
        match String::from_utf8(decode(value)) {
            Ok(text) => Ok((name, text)),
            Err(_) => Err(blame(&shown(&name), "must be UTF-8")),
        }
    });
    read.collect()
}

fn invalid(detail: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "invalid", detail)
}

fn blame(name: &str, reason: &str) -> Problem {
    invalid(format!("The field `{name}` is not valid: {reason}.")).field(name, reason)
}

/// A name as it may stand in a sentence.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}

/// URL standard, section 5.1: `+` is a space, `%` and two hexadecimal digits are a byte; other `%` stay.
fn decode(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        let escaped = match rest {
            [b'%', high, low, ..] => digit(*high).zip(digit(*low)).map(|(high, low)| high * 16 + low),
            _ => None,
        };
        match (escaped, first) {
            (Some(byte), _) => bytes.push(byte),
            (None, b'+') => bytes.push(b' '),
            (None, other) => bytes.push(*other),
        }
        rest = if escaped.is_some() { &rest[3..] } else { tail };
    }
    bytes
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded() {
        for (form, expected) in [
            (&b""[..], vec![]),
            (b"a=1&b=2", vec![("a", "1"), ("b", "2")]),
            (b"a=five+%2B+six&&more", vec![("a", "five + six"), ("more", "")]),
            (b"a=b=c&=x", vec![("a", "b=c"), ("", "x")]),
            (b"%61=%D0%B6%d0%b6", vec![("a", "\u{436}\u{436}")]),
            (b"a=100%&b=%zz&c=%4", vec![("a", "100%"), ("b", "%zz"), ("c", "%4")]),
        ] {
            let found = read(form).unwrap();
            let found: Vec<_> = found.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
            assert_eq!(found, expected, "{}", form.escape_ascii());
        }
    }

    #[test]
    fn known_fields_are_taken_once() {
        let known = [FormField { name: "text", may_be_empty: true }, FormField { name: "id", may_be_empty: false }];
        let fields = |form: &[u8]| fields_of(read(form).unwrap(), &known);
        for (form, expected) in
            [(&b"text=&id=&more=1&more=2"[..], r#"{"text":""}"#), (b"text=a&id=&id=7", r#"{"id":"7","text":"a"}"#)]
        {
            assert_eq!(Value::Object(fields(form).unwrap()).to_string(), expected, "{}", form.escape_ascii());
        }
        for form in [&b"text=a&text=b"[..], b"text=&text="] {
            assert_eq!(fields(form).unwrap_err().errors["text"], ["is given more than once"]);
        }
    }

    #[test]
    fn what_is_not_utf_8_is_refused() {
        for form in [&b"content=%ff"[..], b"content=\xff", b"content=%ed%a0%80", b"content=a%c3"] {
            assert!(read(form).unwrap_err().errors.contains_key("content"), "{}", form.escape_ascii());
        }
        assert!(read(b"%ff=x").is_err());
    }
}
