//! Owns signed tokens (JWT, HS256): what they claim, how they are made and when they are believed (RFC 8725).
//!
//! A token only *names* a stored session; whether that session still lives is for the service to ask. The header of a
//! token must be, byte for byte, the one that Parlor writes: no other algorithm, and no key that a token brings or
//! points to, is ever looked at.

use crate::model::{AccountId, Error, SessionId};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, crypto};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const ISSUER: &str = "parlor";
/// Ours have about 400 bytes.
const MAX_TOKEN_BYTES: usize = 1024;

/// What a token is good for. One kind is never taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// Calls, for minutes.
    Access,
    /// A new pair, once.
    Refresh,
    /// Opening one WebSocket, once, within seconds.
    Socket,
    /// The browser's session cookie.
    Browser,
    /// The cookie of a guest: it names no session, and opens nothing but the live chat.
    Guest,
}

impl TokenKind {
    const fn audience(self) -> &'static str {
        match self {
            Self::Access => "parlor:access",
            Self::Refresh => "parlor:refresh",
            Self::Socket => "parlor:socket",
            Self::Browser => "parlor:browser",
            Self::Guest => "parlor:guest",
        }
    }
}

/// How long each kind is good, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenTtls {
    pub access_secs: u64,
    pub refresh_secs: u64,
    pub socket_secs: u64,
    pub browser_secs: u64,
    pub guest_secs: u64,
}

impl TokenTtls {
    const fn secs(&self, kind: TokenKind) -> u64 {
        match kind {
            TokenKind::Access => self.access_secs,
            TokenKind::Refresh => self.refresh_secs,
            TokenKind::Socket => self.socket_secs,
            TokenKind::Browser => self.browser_secs,
            TokenKind::Guest => self.guest_secs,
        }
    }
}

/// What a believed token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    pub kind: TokenKind,
    pub account: AccountId,
    pub session: SessionId,
    /// Number of the refresh token within its session.
    pub generation: u64,
    /// The token's own id, for single use.
    pub id: Uuid,
    /// Good before this second since the epoch.
    pub expires_at_secs: u64,
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Ours and of the kind that is wanted, but its time is over.
    #[error("the token has expired")]
    Expired(TokenKind),
    /// Ours, but for another use than this one.
    #[error("the token is of another kind")]
    WrongKind(TokenKind),
    /// Not ours, changed, or no token at all.
    #[error("the token is not valid")]
    Invalid,
}

impl From<TokenError> for Error {
    fn from(error: TokenError) -> Self {
        use TokenKind::{Access, Browser, Guest, Refresh, Socket};
        Self::unauthenticated(match error {
            TokenError::Expired(Access) => "The access token has expired. Sign in again, or refresh it.",
            TokenError::Expired(Refresh) => "The refresh token has expired. Sign in again.",
            TokenError::Expired(Socket) => "The socket token has expired. Get a new one.",
            TokenError::Expired(Browser | Guest) => "The session has expired. Sign in again.",
            TokenError::WrongKind(Access) => "This token is for another use. Send an access token.",
            TokenError::WrongKind(Refresh) => "This token is for another use. Send a refresh token.",
            TokenError::WrongKind(Socket) => "This token is for another use. Send a socket token.",
            TokenError::WrongKind(Browser | Guest) => "This token is for another use. Sign in again.",
            TokenError::Invalid => "The token is not valid. Sign in again.",
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Payload<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: Uuid,
    sid: Uuid,
    #[serde(rename = "gen")]
    generation: u64,
    jti: Uuid,
    iat: u64,
    exp: u64,
    kind: TokenKind,
}

/// Makes and checks tokens with one key, prepared once.
pub struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
    header: Header,
    /// The encoded header with its dot: how every token of ours begins.
    prefix: String,
    ttls: TokenTtls,
}

impl Tokens {
    /// `key` comes from the system's random source and is known to this server alone.
    pub fn new(key: &[u8; 32], ttls: TokenTtls) -> Self {
        let header = Header::new(Algorithm::HS256);
        let json = serde_json::to_vec(&header).expect("a plain header is representable in JSON");
        let prefix = format!("{}.", URL_SAFE_NO_PAD.encode(json));
        let (signing, checking) = (EncodingKey::from_secret(key), DecodingKey::from_secret(key));
        Self { signing, checking, header, prefix, ttls }
    }

    /// A new token, good from now (seconds since the epoch) for its kind's time.
    pub fn issue(
        &self,
        kind: TokenKind,
        account: AccountId,
        session: SessionId,
        generation: u64,
        now_secs: u64,
    ) -> String {
        self.issue_for(self.ttls.secs(kind), kind, account, session, generation, now_secs)
    }

    /// The same, good for `ttl_secs`.
    pub fn issue_for(
        &self,
        ttl_secs: u64,
        kind: TokenKind,
        account: AccountId,
        session: SessionId,
        generation: u64,
        now_secs: u64,
    ) -> String {
        let exp = now_secs.saturating_add(ttl_secs);
        let (sub, sid, jti) = (account.uuid(), session.uuid(), Uuid::new_v4());
        let payload =
            Payload { iss: ISSUER, aud: kind.audience(), sub, sid, generation, jti, iat: now_secs, exp, kind };
        jsonwebtoken::encode(&self.header, &payload, &self.signing).expect("an HMAC key signs any text")
    }

    /// A new token for a guest, who has no session.
    pub fn issue_for_guest(&self, guest: AccountId, now_secs: u64) -> String {
        self.issue(TokenKind::Guest, guest, SessionId::from_uuid(Uuid::nil()), 0, now_secs)
    }

    /// How long a token of this kind is good, in seconds.
    pub const fn ttl_secs(&self, kind: TokenKind) -> u64 {
        self.ttls.secs(kind)
    }

    /// Believes a token of this kind, or says why not. `now_secs` as for `issue`; there is no leeway, and the time of
    /// issue is not looked at, since the clock may have been set back.
    pub fn verify(&self, kind: TokenKind, token: &str, now_secs: u64) -> Result<Claims, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Invalid);
        }
        let body = token.strip_prefix(&self.prefix).ok_or(TokenError::Invalid)?;
        let (payload, signature) = body.split_once('.').ok_or(TokenError::Invalid)?;
        let message = &token.as_bytes()[..self.prefix.len() + payload.len()];
        if !matches!(crypto::verify(signature, message, &self.checking, Algorithm::HS256), Ok(true)) {
            return Err(TokenError::Invalid);
        }

        let json = URL_SAFE_NO_PAD.decode(payload).map_err(|_| TokenError::Invalid)?;
        let claimed: Payload<'_> = serde_json::from_slice(&json).map_err(|_| TokenError::Invalid)?;
        if claimed.iss != ISSUER {
            return Err(TokenError::Invalid);
        }
        if claimed.kind != kind || claimed.aud != kind.audience() {
            return Err(TokenError::WrongKind(kind));
        }
        if now_secs >= claimed.exp {
            return Err(TokenError::Expired(kind));
        }
        Ok(Claims {
            kind,
            account: AccountId::from_uuid(claimed.sub),
            session: SessionId::from_uuid(claimed.sid),
            generation: claimed.generation,
            id: claimed.jti,
            expires_at_secs: claimed.exp,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: u64 = 1_800_000_000;
    const KEY: [u8; 32] = *b"\x9d0123456789abcdef0123456789abcde";
    const KINDS: [TokenKind; 5] =
        [TokenKind::Access, TokenKind::Refresh, TokenKind::Socket, TokenKind::Browser, TokenKind::Guest];

    fn tokens() -> Tokens {
        Tokens::new(
            &KEY,
            TokenTtls {
                access_secs: 1800,
                refresh_secs: 2_592_000,
                socket_secs: 30,
                browser_secs: 2_592_000,
                guest_secs: 604_800,
            },
        )
    }

    fn issue(kind: TokenKind) -> String {
        tokens().issue(kind, AccountId::new(), SessionId::new(), 7, NOW)
    }

    fn verify(token: &str) -> Result<Claims, TokenError> {
        tokens().verify(TokenKind::Access, token, NOW)
    }

    fn claims() -> Value {
        let id = Uuid::now_v7();
        json!({"iss": "parlor", "aud": "parlor:access", "sub": id, "sid": id, "gen": 1, "jti": id,
            "iat": NOW, "exp": NOW + 60, "kind": "access"})
    }

    fn part(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    fn signed(header: &Header, claims: &Value, key: &[u8]) -> String {
        jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(key)).unwrap()
    }

    #[test]
    fn a_token_says_what_was_put_in() {
        let (account, session) = (AccountId::new(), SessionId::new());
        for kind in KINDS {
            let token = tokens().issue(kind, account, session, 7, NOW);
            assert!(token.len() < MAX_TOKEN_BYTES / 2);
            let claims = tokens().verify(kind, &token, NOW).unwrap();
            assert_eq!((claims.kind, claims.account, claims.session, claims.generation), (kind, account, session, 7));
            assert_eq!(claims.expires_at_secs, NOW + tokens().ttl_secs(kind));
            assert_ne!(tokens().issue(kind, account, session, 7, NOW), token, "each has its own id");
        }
        assert!(
            verify(&signed(&Header::default(), &claims(), &KEY)).is_ok(),
            "the attacks below start from a good one"
        );
    }

    #[test]
    fn kinds_are_not_mixed_up() {
        for (issued, expected) in KINDS.iter().flat_map(|a| KINDS.iter().map(move |b| (*a, *b))) {
            let result = tokens().verify(expected, &issue(issued), NOW).map(|claims| claims.kind);
            assert_eq!(result, if issued == expected { Ok(issued) } else { Err(TokenError::WrongKind(expected)) });
        }
        let mut mixed = claims();
        mixed["kind"] = json!("refresh");
        assert_eq!(verify(&signed(&Header::default(), &mixed, &KEY)), Err(TokenError::WrongKind(TokenKind::Access)));
        mixed = claims();
        mixed["aud"] = json!("parlor:refresh");
        assert_eq!(verify(&signed(&Header::default(), &mixed, &KEY)), Err(TokenError::WrongKind(TokenKind::Access)));
    }

    #[test]
    fn a_guest_is_nobody_who_signed_in() {
        let guest = AccountId::new();
        let token = tokens().issue_for_guest(guest, NOW);
        for kind in KINDS {
            let believed = tokens().verify(kind, &token, NOW).map(|claims| (claims.account, claims.session.uuid()));
            let expected =
                if kind == TokenKind::Guest { Ok((guest, Uuid::nil())) } else { Err(TokenError::WrongKind(kind)) };
            assert_eq!(believed, expected, "{kind:?}");
        }
    }

    #[test]
    fn time_ends_on_the_second_and_may_run_backwards() {
        let token = issue(TokenKind::Access);
        let at = |now| tokens().verify(TokenKind::Access, &token, now).map(|_| ());
        assert_eq!(at(NOW + 1799), Ok(()));
        assert_eq!(at(NOW + 1800), Err(TokenError::Expired(TokenKind::Access)));
        assert_eq!(at(u64::MAX), Err(TokenError::Expired(TokenKind::Access)));
        assert_eq!(at(NOW - 86_400), Ok(()));
    }

    #[test]
    fn no_spelling_of_none_is_taken() {
        let token = issue(TokenKind::Access);
        let [_, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
        for word in ["none", "None", "NONE", "nOnE", ""] {
            for typ in [json!({"typ": "JWT", "alg": word}), json!({"alg": word})] {
                let header = part(&typ);
                for tail in ["", signature, "AAAA"] {
                    assert_eq!(verify(&format!("{header}.{payload}.{tail}")), Err(TokenError::Invalid), "{word}");
                }
                assert_eq!(verify(&format!("{header}.{payload}")), Err(TokenError::Invalid), "{word}");
            }
        }
    }

    #[test]
    fn a_missing_or_changed_part_is_noticed() {
        let token = issue(TokenKind::Access);
        let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
        let other = issue(TokenKind::Access);
        let foreign_signature = other.rsplit('.').next().unwrap();
        let admin = part(&claims());
        let attacks = [
            format!("{header}.{payload}"),
            format!("{header}.{payload}."),
            format!("{header}.{payload}.{foreign_signature}"),
            format!("{header}.{payload}.{}", &signature[1..]),
            format!("{header}.{payload}.{signature}="),
            format!("{header}.{payload}.{signature}."),
            format!("{header}.{payload}.{signature}.{signature}"),
            format!("{header}.{admin}.{signature}"),
            format!("{header}..{signature}"),
            format!(".{payload}.{signature}"),
            format!(" {token}"),
            format!("{token}\n"),
        ];
        for attack in attacks {
            assert_eq!(verify(&attack), Err(TokenError::Invalid), "{attack}");
        }
        for place in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(verify(&changed), Err(TokenError::Invalid), "byte {place}");
        }
    }

    #[test]
    fn other_algorithms_are_refused_even_with_our_key() {
        for algorithm in [Algorithm::HS384, Algorithm::HS512] {
            assert_eq!(verify(&signed(&Header::new(algorithm), &claims(), &KEY)), Err(TokenError::Invalid));
        }
        for name in ["RS256", "ES256", "PS256", "EdDSA", "HS1", "hs256"] {
            let message = format!("{}.{}", part(&json!({"typ": "JWT", "alg": name})), part(&claims()));
            let key = EncodingKey::from_secret(&KEY);
            let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
            assert_eq!(verify(&format!("{message}.{signature}")), Err(TokenError::Invalid), "{name}");
        }
    }

    #[test]
    fn guessable_keys_are_not_ours() {
        let guesses: [&[u8]; 14] = [
            b"",
            b"secret",
            b"parlor",
            b"password",
            b"changeme",
            b"key",
            b"jwt",
            b"test",
            b"admin",
            b"123456",
            b"your-256-bit-secret",
            b"django-insecure",
            &[0; 32],
            &[b'0'; 32],
        ];
        for guess in guesses {
            let token = signed(&Header::default(), &claims(), guess);
            assert_eq!(verify(&token), Err(TokenError::Invalid), "{}", guess.escape_ascii());
        }
    }

    #[test]
    fn keys_that_a_token_brings_are_not_looked_at() {
        let own_key = b"the attacker's own key, 32 bytes";
        let k = URL_SAFE_NO_PAD.encode(own_key);
        let headers = [
            json!({"typ": "JWT", "alg": "HS256", "kid": "../../../../dev/null"}),
            json!({"typ": "JWT", "alg": "HS256", "jku": "https://evil.example/keys"}),
            json!({"typ": "JWT", "alg": "HS256", "jwk": {"kty": "oct", "alg": "HS256", "k": k}}),
            json!({"typ": "JWT", "alg": "HS256", "x5u": "https://evil.example/certificate"}),
            json!({"typ": "JWT", "alg": "HS256", "crit": ["exp"]}),
        ];
        for (header, key) in headers.iter().flat_map(|header| [(header, &own_key[..]), (header, &[]), (header, &KEY)]) {
            let message = format!("{}.{}", part(header), part(&claims()));
            let key = EncodingKey::from_secret(key);
            let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
            assert_eq!(verify(&format!("{message}.{signature}")), Err(TokenError::Invalid), "{header}");
        }
    }

    #[test]
    fn every_claim_is_needed_in_its_form() {
        for name in ["iss", "aud", "sub", "sid", "gen", "jti", "iat", "exp", "kind"] {
            let mut without = claims();
            without.as_object_mut().unwrap().remove(name);
            assert_eq!(verify(&signed(&Header::default(), &without, &KEY)), Err(TokenError::Invalid), "{name}");
        }
        let odd = [
            ("exp", json!("never")),
            ("exp", json!(-1)),
            ("exp", json!(1e300)),
            ("exp", Value::Null),
            ("iss", json!("somebody")),
            ("aud", json!(["parlor:access"])),
            ("sub", json!("admin")),
            ("gen", json!(-1)),
            ("kind", json!("root")),
        ];
        for (name, value) in odd {
            let mut claims = claims();
            claims[name] = value;
            assert_eq!(verify(&signed(&Header::default(), &claims, &KEY)), Err(TokenError::Invalid), "{claims}");
        }
    }

    #[test]
    fn rubbish_is_refused() {
        let long = format!("{}{}", tokens().prefix, "A".repeat(100_000));
        for rubbish in ["", ".", "..", "...", "a.b.c", "Bearer", "\u{0}", "ключ.ключ.ключ", &long] {
            assert_eq!(verify(rubbish), Err(TokenError::Invalid));
        }
    }
}
