//! A filter of a list in a query string. Clients of the documents send the ones that they do not use empty.

use poem_openapi::{
    registry::{MetaSchemaRef, Registry},
    types::{ParseError, ParseFromParameter, ParseResult, Type},
};
use std::borrow::Cow;

/// What a list is to be narrowed to: nothing when the filter is missing or empty, the last value when it is repeated.
#[derive(Clone, Debug)]
pub struct Filter<T>(Vec<T>);

/// The same where several values mean something: the filter is repeated for each.
#[derive(Clone, Debug)]
pub struct Filters<T>(pub Vec<T>);

impl<T> Filter<T> {
    /// The last one given.
    pub fn one(mut self) -> Option<T> {
        self.0.pop()
    }
}

impl<T: Type> Type for Filter<T> {
    const IS_REQUIRED: bool = false;

    type RawValueType = T::RawValueType;
    type RawElementValueType = T::RawElementValueType;

    fn name() -> Cow<'static, str> {
        format!("filter_{}", T::name()).into()
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        self.0.last().and_then(T::as_raw_value)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(self.0.iter().flat_map(T::raw_element_iter))
    }
}

impl<T: Type> Type for Filters<T> {
    const IS_REQUIRED: bool = false;

    type RawValueType = Vec<T>;
    type RawElementValueType = T::RawValueType;

    fn name() -> Cow<'static, str> {
        format!("filters_{}", T::name()).into()
    }

    fn schema_ref() -> MetaSchemaRef {
        Vec::<T>::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(&self.0)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(self.0.iter().filter_map(T::as_raw_value))
    }
}

impl<T: ParseFromParameter> ParseFromParameter for Filter<T> {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Self::parse_from_parameters(std::iter::once(value))
    }

    fn parse_from_parameters<I: IntoIterator<Item = A>, A: AsRef<str>>(values: I) -> ParseResult<Self> {
        given(values).map(Self)
    }
}

impl<T: ParseFromParameter> ParseFromParameter for Filters<T> {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Self::parse_from_parameters(std::iter::once(value))
    }

    fn parse_from_parameters<I: IntoIterator<Item = A>, A: AsRef<str>>(values: I) -> ParseResult<Self> {
        given(values).map(Self)
    }
}

/// The values that are not empty. All of them must be good, whichever counts.
fn given<T: ParseFromParameter, F: Type, I: IntoIterator<Item = A>, A: AsRef<str>>(
    values: I,
) -> Result<Vec<T>, ParseError<F>> {
    let mut found = Vec::new();
    for value in values {
        match value.as_ref().trim() {
            "" => {}
            value => found.push(T::parse_from_parameter(value).map_err(ParseError::propagate)?),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_filter_filters_nothing() {
        let parse = |values: &[&str]| Filter::<u32>::parse_from_parameters(values).map(|filter| filter.0);
        for (values, expected) in
            [(&[][..], vec![]), (&[""], vec![]), (&[" "], vec![]), (&["7"], vec![7]), (&["7", "", "8"], vec![7, 8])]
        {
            assert_eq!(parse(values).ok(), Some(expected), "{values:?}");
        }
        assert!(parse(&["x"]).is_err());
    }
}
