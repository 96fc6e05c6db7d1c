//! Turns every error of poem and poem-openapi into a problem document with a human sentence.
//!
//! The libraries name fields only inside of their texts, so those texts are read here and nowhere else; what
//! cannot be read becomes a general sentence. Texts of unknown errors never reach a client.

use poem::{
    Error, Response,
    error::{
        MethodNotAllowedError, NotFoundError, ParseFormError, ParseJsonError, ParseMultipartError, ParsePathError,
        ParseQueryError, ReadBodyError, SizedLimitError, StaticFileError,
    },
    http::{HeaderValue, Method, StatusCode, header},
};
use poem_openapi::error as openapi;

use super::{
    page,
    paths::PathTable,
    problem::{PROBLEM_JSON, Problem},
};

/// Said of a form in parts that cannot be taken apart.
const NO_BOUNDARY: &str = "The form has no boundary. Send multipart/form-data as browsers do.";
/// Longest text of a library that is repeated to a client, in characters.
const MAX_REASON_CHARS: usize = 200;

/// What was asked for, and what the documents say of it.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub method: &'a Method,
    pub path: &'a str,
    pub paths: &'a PathTable,
}

/// The problem that an error means. `None`: the error carries a ready answer of its own.
pub fn problem_of(error: &Error, asked: Asked<'_>) -> Option<Problem> {
    let Asked { method, path, paths } = asked;
    if let Some(error) = error.downcast_ref::<openapi::ParsePathError>() {
        return Some(bad_path(error, path, paths));
    }
    if let Some(error) = error.downcast_ref::<openapi::ParseParamError>() {
        return Some(bad_parameter(error, asked));
    }
    let mut problem = general_problem_of(error)?;
    if problem.status == StatusCode::METHOD_NOT_ALLOWED && problem.allow.is_none() {
        problem.allow = paths.methods(path).map(Into::into);
    }
    if let Some(types) = or_list(paths.body_types(method, path)).filter(|_| error.is::<openapi::ContentTypeError>()) {
        problem.detail = format!("This type of body is not understood here. Send {types}.").into();
    }
    Some(problem)
}

fn general_problem_of(error: &Error) -> Option<Problem> {
    if let Some(problem) = error.downcast_ref::<Problem>() {
        return Some(problem.clone());
    }
    if error.is_from_response() {
        return None;
    }
    let known = of_openapi(error).or_else(|| of_poem(error));
    Some(known.unwrap_or_else(|| {
        let problem = Problem::from_status(client_status(error.status()));
        if problem.status.is_server_error() { problem.caused_by(error) } else { problem }
    }))
}

/// An answer that is an error without being JSON becomes a problem document; headers with a meaning stay.
pub fn normalize(response: Response, request_id: &str) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || page::is_page(&response) || response.content_type().is_some_and(|kind| kind.contains("json")) {
        return response;
    }
    let mut answer = Problem::from_status(client_status(status)).answer(Some(request_id));
    for name in [header::ALLOW, header::RETRY_AFTER, header::WWW_AUTHENTICATE, header::CONTENT_RANGE] {
        if let Some(value) = response.headers().get(&name) {
            answer.headers_mut().insert(name, value.clone());
        }
    }
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    answer
}

/// 422 is never said here: bad input is 400.
fn client_status(status: StatusCode) -> StatusCode {
    if status == StatusCode::UNPROCESSABLE_ENTITY { StatusCode::BAD_REQUEST } else { status }
}

fn of_openapi(error: &Error) -> Option<Problem> {
    if let Some(error) = error.downcast_ref::<openapi::ParseRequestPayloadError>() {
        return Some(bad_body(&error.reason));
    }
    if let Some(error) = error.downcast_ref::<openapi::ParseMultipartError>() {
        return Some(bad_body(&error.reason));
    }
    if error.is::<openapi::ContentTypeError>() {
        return Some(Problem::from_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    error.is::<openapi::AuthorizationError>().then(|| Problem::from_status(StatusCode::UNAUTHORIZED))
}

fn of_poem(error: &Error) -> Option<Problem> {
    if error.is::<NotFoundError>() {
        return Some(Problem::from_status(StatusCode::NOT_FOUND));
    }
    if error.is::<MethodNotAllowedError>() {
        return Some(Problem::from_status(StatusCode::METHOD_NOT_ALLOWED));
    }
    if let Some(error) = error.downcast_ref::<ParseJsonError>() {
        return Some(match error {
            ParseJsonError::Parse(reason) => bad_body(&reason.to_string()),
            _ => Problem::from_status(StatusCode::UNSUPPORTED_MEDIA_TYPE),
        });
    }
    if let Some(error) = error.downcast_ref::<ParseFormError>() {
        return Some(match error {
            ParseFormError::UrlDecode(reason) => bad_body(&reason.to_string()),
            _ => Problem::from_status(StatusCode::UNSUPPORTED_MEDIA_TYPE),
        });
    }
    if let Some(error) = error.downcast_ref::<ParseMultipartError>() {
        return Some(invalid(bad_parts(error).to_owned()));
    }
    if let Some(ParseQueryError(reason)) = error.downcast_ref::<ParseQueryError>() {
        return Some(invalid(format!("The query string cannot be read: {}.", tidy(&reason.to_string()))));
    }
    if error.is::<ParsePathError>() {
        return Some(invalid("A part of the path has the wrong form.".to_owned()));
    }
    if let Some(error) = error.downcast_ref::<ReadBodyError>() {
        return Some(match error {
            ReadBodyError::PayloadTooLarge => Problem::from_status(StatusCode::PAYLOAD_TOO_LARGE),
            ReadBodyError::Utf8(_) => invalid("The body is not valid UTF-8.".to_owned()),
            ReadBodyError::Io(_) => invalid("The body broke off before its end.".to_owned()),
            ReadBodyError::BodyHasBeenTaken => Problem::internal(error),
        });
    }
    if let Some(error) = error.downcast_ref::<SizedLimitError>() {
        return Some(match error {
            SizedLimitError::PayloadTooLarge => Problem::from_status(StatusCode::PAYLOAD_TOO_LARGE),
            SizedLimitError::MissingContentLength => Problem::from_status(StatusCode::LENGTH_REQUIRED),
        });
    }
    let error = error.downcast_ref::<StaticFileError>()?;
    Some(match error {
        StaticFileError::Io(cause) => Problem::internal(cause),
        StaticFileError::MethodNotAllowed(_) => Problem::from_status(StatusCode::METHOD_NOT_ALLOWED),
        StaticFileError::PreconditionFailed => Problem::from_status(StatusCode::PRECONDITION_FAILED),
        StaticFileError::RangeNotSatisfiable { .. } => Problem::from_status(StatusCode::RANGE_NOT_SATISFIABLE),
        _ => Problem::from_status(StatusCode::NOT_FOUND),
    })
}

/// The routes looked at the kind of the body before: what is missing of its type is the boundary.
fn bad_parts(error: &ParseMultipartError) -> &'static str {
    match error {
        ParseMultipartError::ContentTypeRequired | ParseMultipartError::InvalidContentType(_) => NO_BOUNDARY,
        ParseMultipartError::Multipart(reason) if reason.to_string().contains("boundary not found") => NO_BOUNDARY,
        ParseMultipartError::Utf8(_) => "A text field of the form is not valid UTF-8.",
        _ => "The form ended too early or is not well formed.",
    }
}

fn invalid(detail: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "invalid", detail)
}

fn bad_field(name: &str, reason: &str, what: &str) -> Problem {
    let reason = expected(reason).map_or_else(|| tidy(reason), str::to_owned);
    blame(name, reason, what)
}

fn blame(name: &str, reason: String, what: &str) -> Problem {
    invalid(format!("The {what} `{name}` is not valid: {reason}.")).field(name, reason)
}

/// The library calls the parameters of a path `param0`, `param1`; the document has their names.
fn bad_path(error: &openapi::ParsePathError, path: &str, paths: &PathTable) -> Problem {
    let index = error.name.strip_prefix("param").and_then(|index| index.parse().ok());
    let name = index.and_then(|index| paths.parameter(path, index)).unwrap_or(error.name);
    bad_field(name, &error.reason, "path parameter")
}

/// The library does not say which words a parameter takes; the document does.
fn bad_parameter(error: &openapi::ParseParamError, asked: Asked<'_>) -> Problem {
    let words = asked.paths.choices(asked.method, asked.path, error.name);
    let words = words.and_then(|words| or_list(&words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>()));
    match words {
        Some(words) => blame(error.name, format!("must be {words}"), "parameter"),
        None => bad_field(error.name, &error.reason, "parameter"),
    }
}

/// `a, b or c`; nothing of nothing.
fn or_list(choices: &[String]) -> Option<String> {
    let (last, others) = choices.split_last()?;
    Some(if others.is_empty() { last.clone() } else { format!("{} or {last}", others.join(", ")) })
}

fn bad_body(reason: &str) -> Problem {
    if reason.starts_with("recursion limit exceeded") {
        return invalid("The JSON body is nested too deeply.".to_owned());
    }
    match split_field(reason) {
        Some((name, reason)) => bad_field(name, reason, "field"),
        None => invalid(format!("The body cannot be read: {}.", tidy(reason))),
    }
}

/// Finds the field in a library's text: "… field `name` verification failed. maximum(5)" and its like.
fn split_field(text: &str) -> Option<(&str, &str)> {
    let (before, rest) = text.split_once("field `").or_else(|| text.split_once("properties `"))?;
    let (name, reason) = rest.split_once('`')?;
    let reason = match before.rsplit([' ', ':']).find(|word| !word.is_empty()) {
        Some("unknown") => "is unknown",
        Some("duplicate") => "is given more than once",
        Some("missing") => "is required",
        _ => reason.trim_start_matches([':', ' ']),
    };
    Some((name, reason))
}

/// What would be right, where the library only says what its parser stumbled over.
fn expected(reason: &str) -> Option<&'static str> {
    let reason = innermost(reason);
    if reason.ends_with("Expect a valid enumeration value.") {
        return Some("must be one of the words that the API's document names");
    }
    if reason.ends_with("repeated field") {
        return Some("is given more than once");
    }
    let (_, rest) = reason.rsplit_once("failed to parse \"").or_else(|| reason.rsplit_once("input type \""))?;
    match rest.split('"').next()? {
        "string_uuid" => Some("must be a UUID"),
        kind if kind.starts_with("integer") && reason.contains("too large") => Some("is too large a number"),
        kind if kind.starts_with("integer") && kind.contains("uint") => {
            Some("must be a whole number that is not negative")
        }
        kind if kind.starts_with("integer") => Some("must be a whole number"),
        "boolean" => Some("must be true or false"),
        "string" if reason.contains("input type") => Some("must be a string"),
        _ => None,
    }
}

/// The text without what it says of the types around the one that was wrong.
fn innermost(text: &str) -> &str {
    text.split(" (occurred while parsing").next().unwrap_or(text).trim()
}

/// Cuts a library's text down to its plain core: no repeated wrapping, no type names, one line, bounded.
fn tidy(text: &str) -> String {
    let mut text = innermost(text);
    while let Some(inner) = text.strip_prefix("failed to parse \"").and_then(|rest| rest.split_once("\": ")) {
        text = inner.1;
    }
    let text = text.strip_prefix("verification failed. ").map_or(text.to_owned(), |rule| {
        let rule = rule.split(" (").next().unwrap_or(rule);
        format!("must satisfy {rule}")
    });
    let text = if text.ends_with("expects an input value.") { "a required value is missing".to_owned() } else { text };
    let clean: String = text.chars().filter(|c| !c.is_control()).take(MAX_REASON_CHARS).collect();
    clean.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem_openapi::types::ParseFromParameter;

    fn problem(error: impl Into<Error>) -> Problem {
        let paths = PathTable::default();
        problem_of(&error.into(), Asked { method: &Method::GET, path: "/", paths: &paths }).unwrap()
    }

    fn body_error(reason: &str) -> Problem {
        problem(openapi::ParseRequestPayloadError { reason: reason.to_owned() })
    }

    #[derive(poem_openapi::Enum)]
    #[allow(dead_code)]
    enum Colour {
        Red,
    }

    /// The library's own text.
    fn text_of<T: ParseFromParameter>(value: &str) -> String {
        Option::<T>::parse_from_parameters([value]).err().expect("a bad value").into_message()
    }

    #[test]
    fn a_parameter_is_named() {
        for (reason, expected) in [
            (text_of::<u32>("one"), "must be a whole number that is not negative"),
            (text_of::<u32>("-1"), "must be a whole number that is not negative"),
            (text_of::<i32>("one"), "must be a whole number"),
            (text_of::<u32>("4294967296"), "is too large a number"),
            (text_of::<uuid::Uuid>("7"), "must be a UUID"),
            (text_of::<uuid::Uuid>("garage"), "must be a UUID"),
            (text_of::<bool>("perhaps"), "must be true or false"),
            (text_of::<Colour>("green"), "must be one of the words that the API's document names"),
        ] {
            let problem = problem(openapi::ParseParamError { name: "page", reason: reason.clone() });
            assert_eq!(problem.status, StatusCode::BAD_REQUEST);
            assert_eq!(problem.detail, format!("The parameter `page` is not valid: {expected}."), "{reason}");
            assert_eq!(problem.errors["page"], [expected]);
        }
    }

    #[test]
    fn fields_are_named_where_the_library_names_them() {
        for (text, field, reason) in [
            (
                r#"failed to parse "Post": field `text` verification failed. maxLength(5)"#,
                "text",
                "must satisfy maxLength(5)",
            ),
            (r#"failed to parse "Post": unknown field `sudo`."#, "sudo", "is unknown"),
            ("duplicate field `content`", "content", "is given more than once"),
            ("missing field `content`", "content", "is required"),
            ("failed to parse field `file`: too many", "file", "too many"),
            (
                "failed to parse field `body`: failed to parse \"string\": repeated field",
                "body",
                "is given more than once",
            ),
            ("field `file` is required", "file", "is required"),
        ] {
            assert_eq!(body_error(text).errors[field], [reason], "{text}");
        }
    }

    #[test]
    fn choices_are_listed() {
        let list = |choices: &[&str]| or_list(&choices.iter().map(|choice| choice.to_string()).collect::<Vec<_>>());
        assert_eq!(list(&[]), None);
        assert_eq!(list(&["a"]).as_deref(), Some("a"));
        assert_eq!(list(&["a", "b", "c"]).as_deref(), Some("a, b or c"));
    }

    #[test]
    fn a_body_without_a_named_field_still_gets_a_sentence() {
        let text = r#"Type "string_email" expects an input value. (occurred while parsing "Post")"#;
        assert_eq!(body_error(text).detail, "The body cannot be read: a required value is missing.");
        let text = "recursion limit exceeded at line 1 column 128";
        assert_eq!(body_error(text).detail, "The JSON body is nested too deeply.");
    }

    #[test]
    fn unknown_errors_tell_the_client_nothing() {
        let cause = std::io::Error::other("/var/lib/parlor/db: broken");
        let problem = problem(poem::error::InternalServerError(cause));
        assert_eq!(problem.code, "internal");
        assert!(!problem.detail.contains("/var"));
        assert!(problem.cause().unwrap().contains("/var"));
    }

    #[test]
    fn unprocessable_is_bad_request() {
        assert_eq!(problem(StatusCode::UNPROCESSABLE_ENTITY).status, StatusCode::BAD_REQUEST);
    }

    #[test]
    fn a_long_text_is_cut_and_stays_one_line() {
        let detail = body_error(&"x\n".repeat(9_000)).detail;
        assert!(detail.len() < 300 && !detail.contains('\n'));
    }
}
