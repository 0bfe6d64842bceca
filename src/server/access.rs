//! Who may see all pages: whoever shows the token, in a header or by a cookie that the form sets.
//!
//! The cookie is not the token but a signature with it over a time, so that nothing has to be kept and every
//! replica understands it. Guesses are slow and few at a time, whoever makes them.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, header};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::sync::Semaphore;

use crate::redact::Credential;

/// The cookie's name.
const COOKIE: &str = "overlift";
/// How long a sign-in holds.
const SESSION_MS: i64 = 12 * 3_600_000;
/// How long a wrong guess waits for its answer.
const DELAY: Duration = Duration::from_millis(800);
/// So many guesses are looked at at a time.
const GUESSES: usize = 4;

/// Who may see the pages. Cloning shares everything.
#[derive(Clone)]
pub struct PageAccess(Arc<Inner>);

struct Inner {
    /// `None` if nobody has one: then people sign in with GitHub alone.
    token: Option<Credential>,
    guesses: Semaphore,
}

impl std::fmt::Debug for PageAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PageAccess")
    }
}

/// What became of a guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guess {
    /// It is the token.
    Right,
    /// It is not.
    Wrong,
    /// Too many are being looked at.
    TooMany,
}

impl PageAccess {
    /// Access for whoever has this token, if there is one.
    #[must_use]
    pub fn new(token: Option<Credential>) -> Self {
        Self(Arc::new(Inner { token, guesses: Semaphore::new(GUESSES) }))
    }

    /// Whether a request shows the cookie of a sign-in that still holds.
    pub(super) fn has_session(&self, headers: &HeaderMap, now: i64) -> bool {
        cookies(headers, COOKIE).any(|value| self.is_session(value, now))
    }

    fn is_session(&self, value: &str, now: i64) -> bool {
        let Some((until, signature)) = value.split_once('.') else { return false };
        let Ok(signature) = hex::decode(signature) else { return false };
        let holds =
            until.parse::<i64>().is_ok_and(|until| until > now && until <= now + SESSION_MS);
        holds && self.mac(until).is_some_and(|mac| mac.verify_slice(&signature).is_ok())
    }

    /// The cookie of a new sign-in by token; `secure` says that the browser came by HTTPS.
    pub(super) fn cookie(&self, now: i64, secure: bool) -> Option<String> {
        let until = (now + SESSION_MS).to_string();
        let signature = hex::encode(self.mac(&until)?.finalize().into_bytes());
        let (age, secure) = (SESSION_MS / 1000, if secure { "; Secure" } else { "" });
        Some(format!(
            "{COOKIE}={until}.{signature}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}"
        ))
    }

    /// Whether there is a token that opens the pages.
    pub(super) fn has_token(&self) -> bool {
        self.0.token.is_some()
    }

    /// The cookie that ends a sign-in.
    pub(super) fn no_cookie() -> String {
        format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict")
    }

    /// Looks at a token that somebody shows. A wrong one takes its time, and makes others wait for theirs.
    pub(super) async fn guess(&self, token: &str) -> Guess {
        // Who is right leaves at once, so that places are taken by wrong guesses alone.
        let Ok(_place) = self.0.guesses.try_acquire() else { return Guess::TooMany };
        if self.is_token(token) {
            return Guess::Right;
        }
        tokio::time::sleep(DELAY).await;
        Guess::Wrong
    }

    /// Compares in a time that tells nothing: both sides become signatures first.
    fn is_token(&self, token: &str) -> bool {
        let Some(known) = &self.0.token else { return false };
        let shown = signature(token.as_bytes(), "token").finalize().into_bytes();
        signature(known.expose().as_bytes(), "token").verify_slice(&shown).is_ok()
    }

    fn mac(&self, until: &str) -> Option<Hmac<Sha256>> {
        let token = self.0.token.as_ref()?;
        Some(signature(token.expose().as_bytes(), &format!("overlift session until {until}")))
    }
}

fn signature(key: &[u8], text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac
}

/// The values of a cookie that a request shows.
pub(super) fn cookies<'a>(
    headers: &'a HeaderMap,
    wanted: &'a str,
) -> impl Iterator<Item = &'a str> {
    let texts = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|cookies| cookies.split(';')).filter_map(move |pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == wanted).then_some(value)
    })
}

/// Whether a browser came by HTTPS: whoever ends TLS before us says so. Without it a cookie marked so would
/// never come back.
pub(super) fn is_secure(headers: &HeaderMap) -> bool {
    headers.get("x-forwarded-proto").is_some_and(|it| it == "https")
}

/// The token in an `Authorization` header.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(token: &str) -> PageAccess {
        PageAccess::new(Some(Credential::new("token", token).unwrap()))
    }

    fn with_cookie(cookie: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, cookie.parse().unwrap());
        headers
    }

    #[test]
    fn a_session_holds_for_its_token_and_its_time() {
        let ours = access("a-token-of-some-length");
        let cookie = ours.cookie(1_000, false).unwrap();
        let pair = cookie.split(';').next().unwrap();
        let headers = with_cookie(&format!("a=b; {pair}"));
        assert!(ours.has_session(&headers, 2_000));
        assert!(!ours.has_session(&headers, 1_000 + SESSION_MS + 1));
        assert!(!access("another-token").has_session(&headers, 2_000));
        for forged in ["overlift=9999999999999.00", "overlift=", "overlift=1.zz", "other=1.00"] {
            assert!(!ours.has_session(&with_cookie(forged), 0), "{forged}");
        }
        assert!(!PageAccess::new(None).has_session(&headers, 2_000), "no token, no session by it");
        assert!(cookie.contains("HttpOnly; SameSite=Strict") && !cookie.contains("a-token"));
    }

    #[tokio::test]
    async fn a_thousand_guesses_are_few_at_a_time() {
        let ours = access("a-token-of-some-length");
        assert_eq!(ours.guess("a-token-of-some-length").await, Guess::Right);
        assert_eq!(ours.guess("wrong").await, Guess::Wrong);
        let guesses = (0..1_000).map(|_| ours.guess("wrong"));
        let answers = futures_util::future::join_all(guesses).await;
        let looked_at = answers.iter().filter(|answer| **answer == Guess::Wrong).count();
        assert_eq!(looked_at, GUESSES);
        assert_eq!(ours.guess("a-token-of-some-length").await, Guess::Right);
    }
}
