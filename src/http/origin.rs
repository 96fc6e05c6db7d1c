//! Decides whose page sent a request, and from which address it came.
//!
//! Forwarding headers count only when the peer itself is a configured proxy; from anyone else they are noise.

use std::net::{IpAddr, SocketAddr};

use poem::http::{HeaderMap, HeaderName, header};
use thiserror::Error;

use super::proxies::TrustedProxies;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whose page sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A page of this site.
    Ours,
    /// No `Origin` at all: no browser, or a browser that sends none for its own pages.
    Absent,
    /// Anybody else's page, or an `Origin` that cannot be read.
    Foreign,
}

impl Verdict {
    /// Whether a request that changes state or opens a socket may go on.
    pub fn passes(self) -> bool {
        self != Self::Foreign
    }
}

/// A web origin: scheme, host and port, compared as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    is_https: bool,
    host: String,
    port: u16,
}

/// A configured public address that is no origin.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not a public address; write https://chat.example.com, with a port if it has one, and no path")]
pub struct OriginError(String);

impl Origin {
    /// Reads `http[s]://host[:port]`; one slash at the end is forgiven.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        Self::read(text.strip_suffix('/').unwrap_or(text)).ok_or_else(|| OriginError(text.to_owned()))
    }

    fn read(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let is_https = match scheme {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let (host, port) = read_authority(authority)?;
        Some(Self { is_https, host, port: port.unwrap_or(if is_https { 443 } else { 80 }) })
    }
}

/// Splits `host[:port]`. Anything but a plain host, such as user information or a path, is refused.
fn read_authority(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.rfind(':') {
        Some(at) if !text.ends_with(']') => (&text[..at], Some(text[at + 1..].parse().ok()?)),
        _ => (text, None),
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(is_plain),
    };
    is_host.then(|| (host.to_ascii_lowercase(), port))
}

/// Whether a host is a plain address, or always this machine.
fn is_no_ones_name(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.parse::<IpAddr>().is_ok() || host == "localhost" || host.ends_with(".localhost")
}

/// What this site is called, and who may say so.
#[derive(Debug, Clone, Default)]
pub struct OriginPolicy {
    public_urls: Vec<Origin>,
    trusted: TrustedProxies,
}

impl OriginPolicy {
    /// A policy from configured public addresses (may be none: then any `Host` decides) and trusted proxies.
    pub fn new(public_urls: Vec<Origin>, trusted: TrustedProxies) -> Self {
        Self { public_urls, trusted }
    }

    /// Judges the `Origin` of a request that came from `peer`, over TLS of our own or not.
    pub fn judge(&self, peer: Option<IpAddr>, over_tls: OverTls, headers: &HeaderMap) -> Verdict {
        if !headers.contains_key(header::ORIGIN) {
            return Verdict::Absent;
        }
        let Some(origin) = only_value(headers, &header::ORIGIN).and_then(Origin::read) else {
            return Verdict::Foreign;
        };
        if self.public_urls.contains(&origin) || self.is_same_host(peer, over_tls, headers, &origin) {
            Verdict::Ours
        } else {
            Verdict::Foreign
        }
    }

    /// Judges the opening of a page. Browsers hardly ever send an `Origin` with that; those that say where the link stood say
    /// it in `Sec-Fetch-Site`. An address that was typed in stood nowhere.
    pub fn judge_visit(&self, peer: Option<IpAddr>, over_tls: OverTls, headers: &HeaderMap) -> Verdict {
        let is_from_outside = headers.contains_key(SEC_FETCH_SITE)
            && !matches!(only_value(headers, &SEC_FETCH_SITE), Some("same-origin" | "none"));
        if is_from_outside { Verdict::Foreign } else { self.judge(peer, over_tls, headers) }
    }

    fn is_same_host(&self, peer: Option<IpAddr>, over_tls: OverTls, headers: &HeaderMap, origin: &Origin) -> bool {
        let host = self
            .forwarded(peer, headers, &FORWARDED_HOST)
            .or_else(|| only_value(headers, &header::HOST))
            .and_then(read_authority);
        let Some((host, port)) = host else {
            return false;
        };
        // Without a port the host speaks of its scheme's default, and only TLS of ours is sure about that.
        let port = port.unwrap_or(if origin.is_https { 443 } else { 80 });
        let scheme_fits = origin.is_https || !self.is_secure(peer, over_tls, headers);
        scheme_fits && origin.host == host && origin.port == port && self.may_be_called(&host)
    }

    /// Once it is configured what this site is called, a name of somebody else's proves nothing: they may let it lead here
    /// after their page was loaded (DNS rebinding). An address, or the name of this machine for itself, is nobody's to lead.
    fn may_be_called(&self, host: &str) -> bool {
        self.public_urls.is_empty() || self.public_urls.iter().any(|url| url.host == host) || is_no_ones_name(host)
    }

    /// Whether the browser's side of the connection is encrypted, as far as we can know.
    pub fn is_secure(&self, peer: Option<IpAddr>, over_tls: OverTls, headers: &HeaderMap) -> bool {
        over_tls == OverTls::Yes
            || self
                .forwarded(peer, headers, &FORWARDED_PROTO)
                .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"))
    }

    /// The address of the client: the right-most in `X-Forwarded-For` that is no proxy of ours.
    pub fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        client_address(peer, headers, &self.trusted)
    }

    /// The path that the nearest proxy took off the address, as far as it says so.
    pub fn forwarded_prefix<'h>(&self, peer: Option<IpAddr>, headers: &'h HeaderMap) -> Option<&'h str> {
        self.forwarded(peer, headers, &FORWARDED_PREFIX)
    }

    /// The value that the nearest proxy set, if the peer is one.
    fn forwarded<'h>(&self, peer: Option<IpAddr>, headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
        peer.filter(|peer| self.trusted.contains(*peer))?;
        let last = headers.get_all(name).iter().next_back()?.to_str().ok()?;
        last.rsplit(',').next().map(str::trim).filter(|value| !value.is_empty())
    }
}

/// Whether a connection of ours is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverTls {
    /// The server speaks TLS itself.
    Yes,
    /// Plain, perhaps behind a proxy.
    No,
}

/// The address of the client: walking `X-Forwarded-For` from the right as long as the speaker is trusted.
/// A value that cannot be read ends the walk at the proxy that reported it.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &TrustedProxies) -> IpAddr {
    let mut client = peer.to_canonical();
    for line in headers.get_all(FORWARDED_FOR).iter().rev() {
        let Ok(line) = line.to_str() else {
            return client;
        };
        for value in line.rsplit(',') {
            if !trusted.contains(client) {
                return client;
            }
            let Some(address) = read_address(value.trim()) else {
                return client;
            };
            client = address.to_canonical();
        }
    }
    client
}

fn read_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

fn only_value<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "10.0.0.1";
    const STRANGER: &str = "203.0.113.5";

    fn policy(public_urls: &[&str]) -> OriginPolicy {
        let public_urls = public_urls.iter().map(|url| Origin::parse(url).unwrap()).collect();
        OriginPolicy::new(public_urls, TrustedProxies::parse(["10.0.0.0/8"]).unwrap())
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn origin_against_host() {
        let policy = policy(&[]);
        for (origin, host, verdict) in [
            ("http://example.com", "example.com", Verdict::Ours),
            ("https://example.com", "example.com", Verdict::Ours),
            ("http://EXAMPLE.com:80", "Example.com", Verdict::Ours),
            ("http://example.com:8080", "example.com:8080", Verdict::Ours),
            ("http://[::1]:8080", "[::1]:8080", Verdict::Ours),
            ("http://[::1]", "[::1]", Verdict::Ours),
            ("http://example.com:8081", "example.com:8080", Verdict::Foreign),
            ("http://example.com", "example.com:8080", Verdict::Foreign),
            ("http://evil-example.com", "example.com", Verdict::Foreign),
            ("http://example.com.evil", "example.com", Verdict::Foreign),
            ("http://sub.example.com", "example.com", Verdict::Foreign),
            ("http://example.com.", "example.com", Verdict::Foreign),
            ("http://example.com@evil.com", "example.com", Verdict::Foreign),
            ("http://evil.com/@example.com", "example.com", Verdict::Foreign),
            ("http://evil.com#example.com", "example.com", Verdict::Foreign),
            ("http://example.com/", "example.com", Verdict::Foreign),
            ("http://example.com:", "example.com", Verdict::Foreign),
            ("http://example.com:99999", "example.com", Verdict::Foreign),
            ("http://", "example.com", Verdict::Foreign),
            ("ftp://example.com", "example.com", Verdict::Foreign),
            ("example.com", "example.com", Verdict::Foreign),
            ("null", "null", Verdict::Foreign),
            ("", "example.com", Verdict::Foreign),
        ] {
            let headers = headers(&[("origin", origin), ("host", host)]);
            assert_eq!(policy.judge(ip(STRANGER), OverTls::No, &headers), verdict, "{origin} {host}");
        }
    }

    #[test]
    fn no_origin_is_absent_and_two_are_foreign() {
        let policy = policy(&[]);
        assert_eq!(policy.judge(None, OverTls::No, &headers(&[("host", "a")])), Verdict::Absent);
        let twice = headers(&[("origin", "http://a"), ("origin", "http://a"), ("host", "a")]);
        assert_eq!(policy.judge(None, OverTls::No, &twice), Verdict::Foreign);
        assert!(Verdict::Absent.passes() && Verdict::Ours.passes() && !Verdict::Foreign.passes());
    }

    #[test]
    fn public_addresses_count_whatever_the_host_says() {
        let policy = policy(&["https://chat.salon.example/"]);
        let judge = |origin| policy.judge(None, OverTls::No, &headers(&[("origin", origin), ("host", "127.0.0.1:80")]));
        assert_eq!(judge("https://chat.salon.example"), Verdict::Ours);
        assert_eq!(judge("http://chat.salon.example"), Verdict::Foreign);
        assert_eq!(judge("https://chat.salon.example:444"), Verdict::Foreign);
        assert!(Origin::parse("https://chat.salon.example/app").is_err());
        assert!(Origin::parse("chat.salon.example").is_err());
    }

    #[test]
    fn beside_public_addresses_the_host_counts_where_it_is_nobodys_name() {
        let policy = policy(&["https://salon.example", "http://nas.lan:8000"]);
        for (host, verdict) in [
            ("salon.example:8000", Verdict::Ours),
            ("nas.lan", Verdict::Ours),
            ("192.168.1.5:8000", Verdict::Ours),
            ("[fe80::1]:8000", Verdict::Ours),
            ("localhost:8000", Verdict::Ours),
            ("parlor.localhost:8000", Verdict::Ours),
            ("evil.example", Verdict::Foreign),
            ("other.lan:8000", Verdict::Foreign),
            ("x.salon.example", Verdict::Foreign),
            ("evil-localhost", Verdict::Foreign),
            ("127.0.0.1.evil.example", Verdict::Foreign),
        ] {
            let headers = headers(&[("origin", &format!("http://{host}")), ("host", host)]);
            assert_eq!(policy.judge(ip(STRANGER), OverTls::No, &headers), verdict, "{host}");
        }
        let by_proxy = headers(&[
            ("origin", "https://evil.example"),
            ("host", "127.0.0.1:8000"),
            ("x-forwarded-host", "evil.example"),
        ]);
        assert_eq!(policy.judge(ip(PROXY), OverTls::No, &by_proxy), Verdict::Foreign);
    }

    #[test]
    fn a_page_is_opened_from_here_or_from_outside() {
        let policy = policy(&[]);
        for (pairs, verdict) in [
            (&[][..], Verdict::Absent),
            (&[("sec-fetch-site", "none")], Verdict::Absent),
            (&[("sec-fetch-site", "same-origin")], Verdict::Absent),
            (&[("sec-fetch-site", "same-origin"), ("origin", "http://a")], Verdict::Ours),
            (&[("sec-fetch-site", "same-site")], Verdict::Foreign),
            (&[("sec-fetch-site", "cross-site")], Verdict::Foreign),
            (&[("sec-fetch-site", "cross-site"), ("origin", "http://a")], Verdict::Foreign),
            (&[("sec-fetch-site", "none"), ("sec-fetch-site", "none")], Verdict::Foreign),
            (&[("sec-fetch-site", "")], Verdict::Foreign),
            (&[("origin", "null")], Verdict::Foreign),
            (&[("origin", "http://b")], Verdict::Foreign),
        ] {
            let headers = headers(&[pairs, &[("host", "a")]].concat());
            assert_eq!(policy.judge_visit(ip(STRANGER), OverTls::No, &headers), verdict, "{pairs:?}");
        }
    }

    #[test]
    fn forwarded_host_counts_from_a_proxy_only() {
        let policy = policy(&[]);
        let headers = headers(&[
            ("origin", "https://chat.example"),
            ("host", "127.0.0.1:8080"),
            ("x-forwarded-host", "chat.example"),
            ("x-forwarded-proto", "https"),
        ]);
        assert_eq!(policy.judge(ip(PROXY), OverTls::No, &headers), Verdict::Ours);
        assert_eq!(policy.judge(ip(STRANGER), OverTls::No, &headers), Verdict::Foreign);
        assert!(policy.is_secure(ip(PROXY), OverTls::No, &headers));
        assert!(!policy.is_secure(ip(STRANGER), OverTls::No, &headers));
    }

    #[test]
    fn a_plain_page_is_foreign_to_an_encrypted_site() {
        let headers = headers(&[("origin", "http://chat.example"), ("host", "chat.example")]);
        assert_eq!(policy(&[]).judge(None, OverTls::Yes, &headers), Verdict::Foreign);
        assert_eq!(policy(&[]).judge(None, OverTls::No, &headers), Verdict::Ours);
    }

    #[test]
    fn the_client_is_the_right_most_untrusted_address() {
        let trusted = TrustedProxies::parse(["10.0.0.0/8"]).unwrap();
        for (peer, forwarded, client) in [
            (STRANGER, &["198.51.100.1"][..], STRANGER),
            (PROXY, &[][..], PROXY),
            (PROXY, &["198.51.100.1"][..], "198.51.100.1"),
            (PROXY, &["1.1.1.1, 198.51.100.1"][..], "198.51.100.1"),
            (PROXY, &["1.1.1.1, 198.51.100.1, 10.0.0.2"][..], "198.51.100.1"),
            (PROXY, &["1.1.1.1", "198.51.100.1"][..], "198.51.100.1"),
            (PROXY, &["198.51.100.1:4711"][..], "198.51.100.1"),
            (PROXY, &["[2001:db8::1]:4711"][..], "2001:db8::1"),
            (PROXY, &["2001:db8::1"][..], "2001:db8::1"),
            (PROXY, &["1.1.1.1, unknown"][..], PROXY),
            (PROXY, &["1.1.1.1, "][..], PROXY),
            (PROXY, &["10.0.0.3, 10.0.0.2"][..], "10.0.0.3"),
        ] {
            let pairs: Vec<_> = forwarded.iter().map(|value| ("x-forwarded-for", *value)).collect();
            let found = client_address(peer.parse().unwrap(), &headers(&pairs), &trusted);
            assert_eq!(found, client.parse::<IpAddr>().unwrap(), "{peer} {forwarded:?}");
        }
    }
}
