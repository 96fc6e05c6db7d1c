//! The reverse proxies whose forwarding headers are believed, as a list of networks.

use std::{
    net::{AddrParseError, IpAddr},
    str::FromStr,
};

use thiserror::Error;

/// Why a network could not be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum NetworkError {
    /// The part before the slash is no IP address.
    #[error("`{0}` is not an IP address or network; write 10.0.0.1 or 10.0.0.0/8")]
    Address(String, #[source] AddrParseError),
    /// The part after the slash is no prefix length of that kind of address.
    #[error("`{0}` has a wrong prefix length; it is 0 to 32 for IPv4 and 0 to 128 for IPv6")]
    Prefix(String),
}

/// One network, such as `10.0.0.0/8` or a single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix_bits: u8,
}

impl Network {
    /// Whether an address is inside. IPv4 addresses mapped into IPv6 count as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix_bits)).unwrap_or(0);
                u32::from(network) & mask == u32::from(address) & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix_bits)).unwrap_or(0);
                u128::from(network) & mask == u128::from(address) & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|error| NetworkError::Address(text.to_owned(), error))?;
        let max_bits: u8 = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match prefix {
            None => max_bits,
            Some(prefix) => prefix
                .parse()
                .ok()
                .filter(|bits| *bits <= max_bits)
                .ok_or_else(|| NetworkError::Prefix(text.to_owned()))?,
        };
        Ok(Self { address, prefix_bits })
    }
}

/// The networks of trusted reverse proxies. Empty by default: no forwarding header is believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

impl TrustedProxies {
    /// Reads a list of addresses and networks.
    pub fn parse<'a>(networks: impl IntoIterator<Item = &'a str>) -> Result<Self, NetworkError> {
        networks.into_iter().map(|text| text.trim().parse()).collect::<Result<_, _>>().map(Self)
    }

    /// Whether this address is a trusted proxy.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_what_they_should() {
        for (network, address, inside) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("::/0", "203.0.113.9", false),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "fe80::1", false),
            ("::1", "::1", true),
        ] {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), inside, "{network:?} {address}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        assert!(matches!("10.0.0.0/33".parse::<Network>(), Err(NetworkError::Prefix(_))));
        assert!(matches!("10.0.0.0/".parse::<Network>(), Err(NetworkError::Prefix(_))));
        assert!(matches!("proxy.local".parse::<Network>(), Err(NetworkError::Address(..))));
    }
}
