//! The value types of the configuration: secrets, public addresses, networks, words. Knows no key and no source.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Serialize};

use super::setting::words;

/// A password on its way to being hashed. Debug output and logs never show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself; for hashing and comparing only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// Who may make an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Registration {
    /// Anybody who reaches the sign-in page.
    #[default]
    Open,
    /// Whoever holds an invitation.
    InviteOnly,
    /// Nobody; an administrator makes accounts.
    Closed,
}
words!(Registration { Open = "open", InviteOnly = "invite-only", Closed = "closed" });

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for collectors.
    Json,
}
words!(LogFormat { Text = "text", Json = "json" });

/// An address under which browsers reach this Parlor: `https://chat.example`, or below a path of a host that others use
/// too: `https://salon.example/chat`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    base_path: String,
}

impl PublicUrl {
    /// The origin, as a browser spells it in `Origin`: lower case, without path and default port.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The path that everything is below: `/chat`, or nothing at the root of a host. Without a slash at its end.
    pub fn base_path(&self) -> &str {
        &self.base_path
    }

    /// Whether browsers arrive over TLS, so that cookies must be `Secure`.
    pub fn is_tls(&self) -> bool {
        self.origin.starts_with("https://")
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.origin)?;
        out.write_str(&self.base_path)
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a public address; give scheme and host, such as https://chat.example");
        let (scheme, rest) = text.trim().trim_end_matches('/').split_once("://").ok_or_else(wrong)?;
        let (authority, base_path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (scheme, authority) = (scheme.to_ascii_lowercase(), authority.to_ascii_lowercase());
        let default_port = match scheme.as_str() {
            "http" => ":80",
            "https" => ":443",
            _ => return Err(wrong()),
        };
        let host = authority.strip_suffix(default_port).unwrap_or(&authority);
        if !is_authority(host) {
            return Err(wrong());
        }
        if !is_base_path(base_path) {
            return Err(format!(
                "`{text}` has a path that cannot be used; give words of letters, digits, `-`, `.`, `_` and `~` between \
                 single slashes, such as {scheme}://{host}/chat"
            ));
        }
        Ok(Self { origin: format!("{scheme}://{host}"), base_path: base_path.to_owned() })
    }
}

/// Whether everything can live below this path: nothing in it that browsers, proxies and cookies spell in several ways.
fn is_base_path(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    path.split('/').skip(1).all(|part| !part.is_empty() && part.bytes().all(is_plain) && part != "." && part != "..")
}

/// Whether the text is a host, bracketed address or either with a port.
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) if address.parse::<std::net::Ipv6Addr>().is_ok() => {
                ("v6", port.strip_prefix(':').or((!port.is_empty()).then_some("?")))
            }
            _ => return false,
        },
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let host_is_fine =
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    host_is_fine && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port != 0))
}

/// A network, `10.0.0.0/8`; a bare address is a network of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    prefix_bits: u8,
}

impl Cidr {
    /// Whether the address belongs to the network. An IPv4 address written as IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                same_prefix(u32::from(ours).into(), u32::from(theirs).into(), 32 - u32::from(self.prefix_bits))
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                same_prefix(ours.into(), theirs.into(), 128 - u32::from(self.prefix_bits))
            }
            _ => false,
        }
    }
}

fn same_prefix(ours: u128, theirs: u128, host_bits: u32) -> bool {
    (ours ^ theirs).checked_shr(host_bits).unwrap_or(0) == 0
}

impl FromStr for Cidr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a network; give one such as 127.0.0.1, 10.0.0.0/8 or fd00::/8");
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = prefix.map_or(Ok(widest), str::parse).map_err(|_| wrong())?;
        if prefix_bits > widest {
            return Err(wrong());
        }
        Ok(Self { address, prefix_bits })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.address, self.prefix_bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_shows() {
        assert!(!format!("{:?}", Secret::new("hunter22")).contains("hunter22"));
    }

    #[test]
    fn a_public_address_is_spelled_like_an_origin() {
        let url = |text: &str| text.parse::<PublicUrl>();
        assert_eq!(url("HTTPS://Chat.Example:443/").unwrap().origin(), "https://chat.example");
        assert_eq!(url("http://[::1]:8000").unwrap().origin(), "http://[::1]:8000");
        assert!(url("https://chat.example").unwrap().is_tls());
        for wrong in [
            "chat.example",
            "ftp://chat.example",
            "https://",
            "https://a b",
            "https://u@h",
            "http://h:0",
            "http://[::1]x",
            "http://h:",
        ] {
            assert!(url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_public_address_may_have_a_path() {
        let url = |text: &str| text.parse::<PublicUrl>();
        for (text, origin, base_path) in [
            ("https://salon.example", "https://salon.example", ""),
            ("https://salon.example/", "https://salon.example", ""),
            ("https://Salon.example:443/Chat/", "https://salon.example", "/Chat"),
            ("http://[::1]:8000/a/b-c_d.e~f", "http://[::1]:8000", "/a/b-c_d.e~f"),
        ] {
            let url = url(text).unwrap();
            assert_eq!((url.origin(), url.base_path()), (origin, base_path), "{text}");
            assert_eq!(url.to_string(), format!("{origin}{base_path}"));
        }
        for wrong in ["//a", "/a//b", "/a?b", "/a#b", "/a b", "/%61", "/..", "/a/./b", "/a\"b", "/ж"] {
            let cause = url(&format!("https://salon.example{wrong}")).unwrap_err();
            assert!(cause.contains("https://salon.example/chat"), "{wrong}: {cause}");
        }
    }

    #[test]
    fn a_network_knows_its_addresses() {
        let holds = |net: &str, address: &str| net.parse::<Cidr>().unwrap().contains(address.parse().unwrap());
        assert!(holds("10.0.0.0/8", "10.200.3.4"));
        assert!(!holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("0.0.0.0/0", "203.0.113.9"));
        assert!(holds("::/0", "2001:db8::1"));
        assert!(!holds("::/0", "203.0.113.9"));
        assert!(holds("127.0.0.1", "::ffff:127.0.0.1"));
        assert!(holds("fd00::/8", "fd12::1"));
        assert!(!holds("127.0.0.1", "127.0.0.2"));
        for wrong in ["10.0.0.0/33", "10.0.0/8", "x", "::1/129", "10.0.0.0/"] {
            assert!(wrong.parse::<Cidr>().is_err(), "{wrong}");
        }
    }
}
