//! How one value is read from a file or from text, and shown again. Knows no key and no source.

use std::{fmt::Display, net::SocketAddr, path::PathBuf, str::FromStr};

/// A value as a source spells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Raw {
    /// A string of the file, or any value of the environment or the command line.
    Text(String),
    Integer(i64),
    Boolean(bool),
    List(Vec<String>),
    /// Anything no key takes: a date, a fraction, a nested list. Holds the name of its type.
    Other(&'static str),
}

impl Raw {
    fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::List(_) => "a list",
            Self::Other(name) => name,
        }
    }
}

/// A type that a key can have.
pub(super) trait Setting: Sized {
    /// Reads the value; the error says what would be right.
    fn read(raw: &Raw) -> Result<Self, String>;
    /// The value as the file would spell it.
    fn show(&self) -> toml::Value;
}

fn expected<T>(what: &str, raw: &Raw) -> Result<T, String> {
    match raw {
        Raw::Text(text) => Err(format!("`{text}` is not {what}")),
        other => Err(format!("needs {what}, not {}", other.kind())),
    }
}

/// Implements [`Setting`] for whole numbers; text may group digits with underscores.
macro_rules! whole_numbers {
    ($($kind:ty),*) => {$(
        impl Setting for $kind {
            fn read(raw: &Raw) -> Result<Self, String> {
                let number = match raw {
                    Raw::Integer(number) => <$kind>::try_from(*number).ok(),
                    Raw::Text(text) => text.trim().replace('_', "").parse().ok(),
                    _ => None,
                };
                match number {
                    Some(number) => Ok(number),
                    None => expected("a whole number, such as 4_000", raw),
                }
            }

            fn show(&self) -> toml::Value {
                toml::Value::Integer(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }
    )*};
}
whole_numbers!(u32, u64, usize);

impl Setting for bool {
    fn read(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Boolean(value) => Ok(*value),
            Raw::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => Ok(true),
                "false" | "no" | "off" | "0" => Ok(false),
                _ => expected("true or false", raw),
            },
            _ => expected("true or false", raw),
        }
    }

    fn show(&self) -> toml::Value {
        toml::Value::Boolean(*self)
    }
}

impl Setting for String {
    fn read(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Text(text) => Ok(text.clone()),
            _ => expected("text in quotes", raw),
        }
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(self.clone())
    }
}

impl Setting for PathBuf {
    fn read(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Text(text) => Ok(Self::from(text)),
            _ => expected("a path in quotes", raw),
        }
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(self.display().to_string())
    }
}

impl Setting for SocketAddr {
    fn read(raw: &Raw) -> Result<Self, String> {
        let address = match raw {
            Raw::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        match address {
            Some(address) => Ok(address),
            None => expected("an address with a port, such as 127.0.0.1:8000, 0.0.0.0:8000 or [::1]:8000", raw),
        }
    }

    fn show(&self) -> toml::Value {
        toml::Value::String(self.to_string())
    }
}

/// A list; as text its parts are separated by commas.
impl<T: FromStr<Err = String> + Display> Setting for Vec<T> {
    fn read(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Text(text) => text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::parse).collect(),
            Raw::List(parts) => parts.iter().map(|part| part.parse()).collect(),
            _ => expected("a list of texts, such as [\"a\", \"b\"]", raw),
        }
    }

    fn show(&self) -> toml::Value {
        toml::Value::Array(self.iter().map(|part| toml::Value::String(part.to_string())).collect())
    }
}

/// Implements `FromStr`, `Display` and [`Setting`] for an enum of words.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text.trim() {
                    $($word => Ok(Self::$variant),)+
                    other => Err(format!("`{other}` is not one of: {}", [$($word),+].join(", "))),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(match self { $(Self::$variant => $word),+ })
            }
        }

        impl $crate::config::setting::Setting for $name {
            fn read(raw: &$crate::config::setting::Raw) -> Result<Self, String> {
                String::read(raw)?.parse()
            }

            fn show(&self) -> toml::Value {
                toml::Value::String(self.to_string())
            }
        }
    };
}
pub(super) use words;

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Raw {
        Raw::Text(value.to_owned())
    }

    #[test]
    fn numbers_come_from_files_and_from_text() {
        assert_eq!(u64::read(&Raw::Integer(7)), Ok(7));
        assert_eq!(u64::read(&text("26_214_400")), Ok(26_214_400));
        assert!(u64::read(&Raw::Integer(-1)).is_err());
        assert!(u64::read(&text("many")).unwrap_err().contains("`many` is not a whole number"));
        assert!(u64::read(&Raw::Boolean(true)).unwrap_err().contains("not true or false"));
    }

    #[test]
    fn switches_take_the_usual_words() {
        assert_eq!(bool::read(&text("on")), Ok(true));
        assert_eq!(bool::read(&text("0")), Ok(false));
        assert!(bool::read(&text("maybe")).is_err());
        assert!(bool::read(&Raw::Integer(1)).is_err());
    }

    #[test]
    fn an_address_needs_its_port() {
        assert!(SocketAddr::read(&text("127.0.0.1")).unwrap_err().contains("127.0.0.1:8000"));
        assert_eq!(SocketAddr::read(&text("[::1]:80")).unwrap().port(), 80);
    }
}
