//! Filters in a query string. Clients of the document send the ones that they do not use empty.

use poem_openapi::{
    registry::{MetaSchemaRef, Registry},
    types::{ParseError, ParseFromParameter, ParseResult, Type},
};
use std::borrow::Cow;
use uuid::Uuid;

/// The ids that a filter names: none when it is missing or empty, several when it is repeated.
#[derive(Clone, Debug, Default)]
pub struct IdFilter(pub Vec<Uuid>);

impl IdFilter {
    /// The last one given.
    pub fn one(&self) -> Option<Uuid> {
        self.0.last().copied()
    }
}

impl Type for IdFilter {
    const IS_REQUIRED: bool = false;

    type RawValueType = Self;
    type RawElementValueType = Uuid;

    fn name() -> Cow<'static, str> {
        "id_filter".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        Uuid::schema_ref()
    }

    fn register(registry: &mut Registry) {
        Uuid::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Uuid> + 'a> {
        Box::new(self.0.iter())
    }
}

impl ParseFromParameter for IdFilter {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Self::parse_from_parameters(std::iter::once(value))
    }

    fn parse_from_parameters<I: IntoIterator<Item = A>, A: AsRef<str>>(values: I) -> ParseResult<Self> {
        let mut ids = Vec::new();
        for value in values {
            let value = value.as_ref().trim();
            if !value.is_empty() {
                ids.push(Uuid::try_parse(value).map_err(|_| ParseError::custom("this is not an id (a UUID)"))?);
            }
        }
        Ok(Self(ids))
    }
}
