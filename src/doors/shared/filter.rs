//! A filter of a list in a query string. The marketplace's clients send the ones that they do not use empty.

use poem_openapi::{
    registry::{MetaSchemaRef, Registry},
    types::{ParseError, ParseFromParameter, ParseResult, Type},
};
use std::borrow::Cow;

/// What the list is to be narrowed to; `None` when the filter is missing or empty.
#[derive(Clone, Copy, Debug)]
pub struct Filter<T>(pub Option<T>);

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
        self.0.as_ref().and_then(T::as_raw_value)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        self.0.as_ref().map_or_else(|| Box::new(std::iter::empty()) as Box<_>, T::raw_element_iter)
    }
}

impl<T: ParseFromParameter> ParseFromParameter for Filter<T> {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        match value.trim() {
            "" => Ok(Self(None)),
            value => T::parse_from_parameter(value).map(Some).map(Self).map_err(ParseError::propagate),
        }
    }

    fn parse_from_parameters<I: IntoIterator<Item = A>, A: AsRef<str>>(values: I) -> ParseResult<Self> {
        // The last one given counts.
        values.into_iter().last().map_or(Ok(Self(None)), |value| Self::parse_from_parameter(value.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_filter_is_none() {
        let parse = |values: &[&str]| Filter::<u32>::parse_from_parameters(values).map(|filter| filter.0);
        for (values, expected) in
            [(&[][..], None), (&[""], None), (&[" "], None), (&["7"], Some(7)), (&["7", ""], None)]
        {
            assert_eq!(parse(values).ok(), Some(expected), "{values:?}");
        }
        assert!(parse(&["x"]).is_err());
    }
}
