//! Signing in and out: sessions, the tokens that name them, and who is asking.

use super::{Actor, Service, access};
use crate::{
    identity::{PasswordHash, TokenError, TokenKind},
    model::{Account, AccountId, Error, Event, Result, Session, SessionId, Timestamp},
    store::{Tx, View},
};
use std::{net::IpAddr, time::Instant};

/// Characters of a user agent that are kept.
const USER_AGENT_CHARS: usize = 200;

/// What somebody signs in with, and from where.
#[derive(Clone)]
pub struct Credentials {
    /// E-mail address or username.
    pub login: String,
    pub password: String,
    pub address: IpAddr,
    pub user_agent: String,
}

/// A new session.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub actor: Actor,
}

/// A short access token and the refresh token that gets the next pair.
#[derive(Clone, Debug)]
pub struct TokenPair {
    pub access: String,
    pub refresh: String,
}

impl Service {
    /// Signs somebody in. Unknown and wrong get the same answer after the same work.
    pub async fn sign_in(&self, credentials: Credentials) -> Result<SignedIn> {
        let Credentials { login, password, address, user_agent } = credentials;
        let login = login.trim().to_lowercase();
        let account = find_by_login(self.store.snapshot().view(), &login)?;
        let known = account.as_ref().map(|account| account.id);
        let throttle_key = known.map_or_else(|| login.clone(), |id| id.to_string());
        let attempt = self
            .throttle
            .login
            .attempt(&throttle_key, address, Instant::now())
            .map_err(|retry_after_secs| refused(known, address, "throttled", Error::throttled(retry_after_secs)))?;
        let hash = account.as_ref().and_then(|account| account.password_hash.clone()).map(PasswordHash::from);
        let is_right = match self.passwords.verify(&password, hash.as_ref(), Some(address)).await {
            Ok(is_right) => is_right,
            Err(error) => {
                self.throttle.login.withdraw(attempt);
                return Err(error.into());
            }
        };
        let account = account.filter(|_| is_right).ok_or_else(|| {
            let error = Error::unauthenticated("No active account was found with this login and password.");
            refused(known, address, "wrong login or password", error)
        })?;
        self.throttle.login.succeeded(attempt, Instant::now());
        if !account.is_active() {
            let error = Error::forbidden("This account is blocked. Ask the administrator of this site.");
            return Err(refused(known, address, "blocked", error));
        }
        self.start_session(account.id, &user_agent, &address.to_string(), account.password_hash).await
    }

    /// Starts a session for somebody whose right to it was checked; `password_hash` is what was checked, so that a
    /// password changed meanwhile wins.
    pub(super) async fn start_session(
        &self,
        account: AccountId,
        user_agent: &str,
        address: &str,
        password_hash: Option<String>,
    ) -> Result<SignedIn> {
        let ttl_secs = self.config.tokens.refresh_ttl_secs.max(self.config.tokens.browser_ttl_secs);
        let user_agent: String = user_agent.chars().filter(|c| !c.is_control()).take(USER_AGENT_CHARS).collect();
        let address = address.to_owned();
        self.store
            .commit(Some(account), move |tx| {
                let current = tx.view().account(account)?.filter(Account::is_active);
                if current.is_none_or(|current| current.password_hash != password_hash) {
                    return Err(Error::unauthenticated("The account has changed meanwhile. Sign in again."));
                }
                let (id, now) = (tx.id(), tx.now());
                let session = Session {
                    id,
                    account,
                    generation: 0,
                    created_at: now,
                    last_used_at: now,
                    expires_at: now.plus_secs(i64::try_from(ttl_secs).unwrap_or(i64::MAX)),
                    user_agent,
                    address,
                };
                tx.emit(Event::SessionStarted(session))?;
                Ok(SignedIn { actor: Actor::new(account, id) })
            })
            .await
    }

    /// The pair of tokens for a session that has just begun.
    pub fn first_tokens(&self, actor: Actor) -> TokenPair {
        self.tokens_of(actor, 0)
    }

    fn tokens_of(&self, actor: Actor, generation: u64) -> TokenPair {
        let now = self.now_secs();
        let issue = |kind| self.tokens.issue(kind, actor.account(), actor.session(), generation, now);
        TokenPair { access: issue(TokenKind::Access), refresh: issue(TokenKind::Refresh) }
    }

    /// The browser's cookie for a session, and how long it is good.
    pub fn browser_token(&self, actor: Actor) -> (String, u64) {
        let token = self.tokens.issue(TokenKind::Browser, actor.account(), actor.session(), 0, self.now_secs());
        (token, self.tokens.ttl_secs(TokenKind::Browser))
    }

    /// A token with which one WebSocket may be opened, once, soon.
    pub fn socket_token(&self, actor: Actor) -> String {
        self.tokens.issue(TokenKind::Socket, actor.account(), actor.session(), 0, self.now_secs())
    }

    /// A new pair for a refresh token, which is spent by that. A spent one ends the session.
    pub async fn refresh(&self, refresh: &str) -> Result<TokenPair> {
        let claims = self.tokens.verify(TokenKind::Refresh, refresh, self.now_secs())?;
        let ttl_secs = i64::try_from(self.config.tokens.refresh_ttl_secs).unwrap_or(i64::MAX);
        let (session, account) = (claims.session, claims.account);
        let next = self
            .store
            .commit(Some(account), move |tx| {
                let ended = || Error::unauthenticated("This session has ended. Sign in again.");
                let current =
                    tx.view().session(session)?.filter(|current| current.account == account).ok_or_else(ended)?;
                tx.view().account(account)?.filter(Account::is_active).ok_or_else(ended)?;
                if claims.generation != current.generation {
                    tx.emit(Event::SessionEnded { session, account })?;
                    return Ok(None);
                }
                // The clock may have been set back; a session is not used before it began.
                let (generation, at) = (current.generation + 1, tx.now().max(current.last_used_at));
                let expires_at = tx.now().plus_secs(ttl_secs).max(current.expires_at);
                tx.emit(Event::SessionRefreshed { session, generation, at, expires_at })?;
                Ok(Some(generation))
            })
            .await?;
        let Some(generation) = next else {
            tracing::warn!(%account, %session, "a spent refresh token was used again; its session was ended");
            return Err(Error::unauthenticated(
                "This refresh token was used before. For safety the session has ended: sign in again.",
            ));
        };
        Ok(self.tokens_of(Actor::new(account, session), generation))
    }

    /// Ends the session that a refresh token names. Unknown and spent tokens end nothing and are no error.
    pub async fn sign_out_by_refresh(&self, refresh: &str) -> Result<()> {
        let claims = self.tokens.verify(TokenKind::Refresh, refresh, self.now_secs())?;
        self.end_sessions(claims.account, vec![claims.session]).await
    }

    /// Who calls with this access token.
    pub fn by_access_token(&self, token: &str) -> Result<Actor> {
        let claims = self.tokens.verify(TokenKind::Access, token, self.now_secs())?;
        self.by_session(claims.account, claims.session)
    }

    /// Who calls with this cookie.
    pub fn by_browser_token(&self, token: &str) -> Result<Actor> {
        let claims = self.tokens.verify(TokenKind::Browser, token, self.now_secs())?;
        self.by_session(claims.account, claims.session)
    }

    /// Who opens a WebSocket with this token: an access token, or a socket token, which is spent by that.
    pub fn by_socket_token(&self, token: &str) -> Result<Actor> {
        let now = self.now_secs();
        let claims = match self.tokens.verify(TokenKind::Socket, token, now) {
            Ok(claims) => {
                if !self.spent_socket_tokens.spend(claims.id, Instant::now()) {
                    return Err(Error::unauthenticated("This socket token was used before. Get a new one."));
                }
                claims
            }
            Err(expired @ TokenError::Expired(_)) => return Err(expired.into()),
            Err(_) => self.tokens.verify(TokenKind::Access, token, now)?,
        };
        self.by_session(claims.account, claims.session)
    }

    fn by_session(&self, account: AccountId, session: SessionId) -> Result<Actor> {
        let actor = Actor::new(account, session);
        access::person(self.store.snapshot().view(), actor)?;
        Ok(actor)
    }

    /// The actor's sessions, newest first.
    pub fn sessions(&self, actor: Actor) -> Result<Vec<Session>> {
        let snapshot = self.store.snapshot();
        let account = access::person(snapshot.view(), actor)?;
        let mut sessions = snapshot.view().sessions_of(account.id)?;
        sessions.reverse();
        Ok(sessions)
    }

    /// Ends one of the actor's sessions.
    pub async fn end_session(&self, actor: Actor, session: SessionId) -> Result<()> {
        let known = self.sessions(actor)?;
        if known.iter().all(|known| known.id != session) {
            return Err(Error::not_found("session"));
        }
        self.end_sessions(actor.account(), vec![session]).await
    }

    /// Ends this session.
    pub async fn sign_out(&self, actor: Actor) -> Result<()> {
        self.end_sessions(actor.account(), vec![actor.session()]).await
    }

    /// Ends all of the actor's sessions.
    pub async fn sign_out_everywhere(&self, actor: Actor) -> Result<()> {
        let sessions = self.sessions(actor)?.into_iter().map(|session| session.id).collect();
        self.end_sessions(actor.account(), sessions).await
    }

    async fn end_sessions(&self, account: AccountId, sessions: Vec<SessionId>) -> Result<()> {
        self.store
            .commit(Some(account), move |tx| {
                for session in sessions {
                    if tx.view().session(session)?.is_some_and(|current| current.account == account) {
                        tx.emit(Event::SessionEnded { session, account })?;
                    }
                }
                Ok(())
            })
            .await
    }

    pub(super) fn now_secs(&self) -> u64 {
        u64::try_from(self.now().secs()).unwrap_or(0)
    }
}

/// Ends every session of somebody except `but`, within a mutation.
pub(super) fn end_all(tx: &mut Tx, account: AccountId, but: Option<SessionId>) -> Result<()> {
    for session in tx.view().sessions_of(account)? {
        if Some(session.id) != but {
            tx.emit(Event::SessionEnded { session: session.id, account })?;
        }
    }
    Ok(())
}

/// Whose e-mail address or username this is.
pub(super) fn find_by_login(view: View<'_>, login: &str) -> Result<Option<Account>> {
    let id = match view.account_by_email(login)? {
        Some(id) => Some(id),
        None => view.account_by_username(login)?,
    };
    Ok(id.map_or(Ok(None), |id| view.account(id))?)
}

/// Whether a session's time is over.
pub(super) fn has_expired(session: &Session, now: Timestamp) -> bool {
    session.expires_at <= now
}

/// One stable line for every refused sign-in, for the operator's tools.
fn refused(account: Option<AccountId>, address: IpAddr, reason: &str, error: Error) -> Error {
    // What was typed may be a password in the wrong field; only a known account is named.
    let account = account.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
    tracing::warn!(account, %address, reason, "sign-in refused");
    error
}
