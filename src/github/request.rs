//! The way of a request: credential, budget, wire, answer.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::GithubError;
use super::budget::{Admission, Kind, Limits};
use super::call::{Answer, Api, Call};
use super::client::Client;
use super::error::bad;
use super::identity::{Identity, Who, bearer};
use super::installation_token::InstallationToken;
use super::lock::lock;
use crate::model::InstallationId;
use crate::outbound::{Bytes, OutboundError};
use crate::redact::Credential;

/// How many times an answer may lead elsewhere.
const MOST_HOPS: u32 = 5;

/// How often a request is made within one attempt at a job.
const MOST_TURNS: u32 = 3;

/// The pause before the next turn: a fifth of a second, then more, with jitter.
fn pause(turn: u32) -> Duration {
    let most_ms = 200.0 * f64::from(1 << (2 * turn));
    Duration::from_secs_f64(most_ms * rand::random::<f64>().mul_add(0.5, 0.75) / 1000.0)
}

/// The repository that a path is about: `octo/shop` of `/repos/octo/shop/pulls`.
fn repository_of(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/repos/")?;
    let end = rest.match_indices(['/', '?']).nth(1).map_or(rest.len(), |(at, _)| at);
    rest[..end].contains('/').then(|| &rest[..end])
}

/// A list of GitHub's is read up to this many pages; a hundred things are on each.
const LONGEST_LIST_PAGES: usize = 50;

impl Client {
    /// Sends a request and reads the answer's JSON.
    pub(super) async fn json<T: DeserializeOwned>(
        self: &Arc<Self>,
        who: Who,
        call: Call,
    ) -> Result<T, GithubError> {
        let request = call.request;
        let again = call.repeatable.then(|| call.clone());
        match (self.send(who, call).await?.json(request), again) {
            // An answer that was cut off, or of something between us and GitHub.
            (Err(GithubError::BadAnswer { .. }), Some(again)) => {
                tokio::time::sleep(pause(0)).await;
                self.send(who, again).await?.json(request)
            }
            (result, _) => result,
        }
    }

    /// Sends a request for a list and reads its pages until `enough` says so or there are no more. Returns
    /// whether it came to that; `false` is a list that was longer than we read.
    pub(super) async fn pages<T: DeserializeOwned>(
        self: &Arc<Self>,
        who: Who,
        mut call: Call,
        mut enough: impl FnMut(T) -> bool,
    ) -> Result<bool, GithubError> {
        for _ in 0..LONGEST_LIST_PAGES {
            let answer = self.send(who, call.clone()).await?;
            if enough(answer.json(call.request)?) {
                return Ok(true);
            }
            let Some(query) = answer.next_page() else { return Ok(true) };
            let path = call.path.split('?').next().unwrap_or_default();
            call.path = format!("{path}?{query}");
        }
        Ok(false)
    }

    /// Sends a request; an answer that is no success is an error.
    ///
    /// A 401 to an installation's token renews the token and sends the request once more: GitHub did not look
    /// at it, so even a write is not done twice.
    pub(super) async fn send(
        self: &Arc<Self>,
        who: Who,
        call: Call,
    ) -> Result<Answer, GithubError> {
        let credential = self.credential(who).await?;
        let answer = self.attempt_a_few_times(who, &call, &credential).await?;
        let is_renewed = matches!(who, Who::Installation(_) | Who::Reader(..));
        if !is_renewed || answer.status != StatusCode::UNAUTHORIZED {
            return answer.check(call.request);
        }
        self.tokens.forget(who, &credential);
        let credential = self.credential(who).await?;
        self.attempt(who, &call, &credential).await?.check(call.request)
    }

    async fn credential(self: &Arc<Self>, who: Who) -> Result<Credential, GithubError> {
        match (&self.identity, who) {
            (Identity::Token(token), _) => Ok(token.clone()),
            (Identity::App(_), Who::Installation(id) | Who::Reader(id, _)) => {
                let client = Arc::clone(self);
                let fetch = move || match who {
                    Who::Reader(_, scope) => client.fetch_reader(id, scope),
                    _ => client.fetch_token(id, serde_json::json!({})),
                };
                self.tokens.get(who, (self.now)(), fetch).await
            }
            (Identity::App(key), _) => Ok(key.token((self.now)())),
        }
    }

    /// A token that reads one repository. Of a repository that the installation has not, a token of its own
    /// for nothing but public things is as good as any.
    fn fetch_reader(
        self: Arc<Self>,
        id: InstallationId,
        scope: usize,
    ) -> BoxFuture<'static, Result<InstallationToken, GithubError>> {
        async move {
            let repository = lock(&self.scopes).get(scope).cloned();
            let reads = serde_json::json!({ "contents": "read", "metadata": "read" });
            let nothing = serde_json::json!({ "permissions": { "metadata": "read" } });
            let Some(repository) = repository else { return self.fetch_token(id, nothing).await };
            let one = serde_json::json!({
                "repositories": [repository.name()], "permissions": reads,
            });
            match Arc::clone(&self).fetch_token(id, one).await {
                Err(GithubError::Refused { .. } | GithubError::NotFound { .. }) => {
                    self.fetch_token(id, nothing).await
                }
                token => token,
            }
        }
        .boxed()
    }

    fn fetch_token(
        self: Arc<Self>,
        id: InstallationId,
        scope: serde_json::Value,
    ) -> BoxFuture<'static, Result<InstallationToken, GithubError>> {
        #[derive(serde::Deserialize)]
        struct Wire {
            token: String,
            expires_at: String,
        }
        async move {
            const REQUEST: &str = "get an installation's token";
            let path = format!("/app/installations/{id}/access_tokens");
            let call = Call::post(REQUEST, path, scope);
            let credential = self.credential(Who::App).await?;
            let call = call.repeatable();
            let answer =
                self.attempt_a_few_times(Who::App, &call, &credential).await?.check(REQUEST)?;
            let wire: Wire = answer.json(REQUEST)?;
            let credential =
                Credential::new("token", &wire.token).map_err(|error| bad(REQUEST, &error))?;
            let expires: jiff::Timestamp =
                wire.expires_at.parse().map_err(|error| bad(REQUEST, &error))?;
            Ok(InstallationToken { credential, expires: expires.into() })
        }
        .boxed()
    }

    /// Meets what passes by itself (a 5xx, a cut connection) at once, where doing it twice is as good as once:
    /// putting a whole job off for it takes seconds and reads everything again.
    async fn attempt_a_few_times(
        &self,
        who: Who,
        call: &Call,
        credential: &Credential,
    ) -> Result<Answer, GithubError> {
        for turn in 0..MOST_TURNS - 1 {
            let result = self.attempt(who, call, credential).await;
            let passes = match &result {
                Ok(answer) => {
                    answer.status.is_server_error() && answer.limits().retry_after.is_none()
                }
                Err(error) => matches!(error, GithubError::NoAnswer { .. }),
            };
            if !passes || !call.repeatable {
                return result;
            }
            tokio::time::sleep(pause(turn)).await;
        }
        self.attempt(who, call, credential).await
    }

    /// One request on the wire, with the budget before and after it.
    async fn attempt(
        &self,
        who: Who,
        call: &Call,
        credential: &Credential,
    ) -> Result<Answer, GithubError> {
        let kind = if call.method == Method::GET { Kind::Read } else { Kind::Write };
        let what = (kind, repository_of(&call.path));
        let admission =
            lock(&self.budgets).entry(who.budget()).or_default().admit(what, Instant::now());
        match admission {
            Admission::Go => {}
            Admission::Pause(pause) => tokio::time::sleep(pause).await,
            Admission::Blocked(wait) => {
                return Err(GithubError::RateLimited { request: call.request, after: Some(wait) });
            }
        }
        let _place = self.places.acquire().await.expect("nobody closes the semaphore");
        let started = Instant::now();
        let result = self.exchange(who, call, credential).await;
        let status = result.as_ref().map_or(0, |answer| answer.status.as_u16());
        let duration_ms = started.elapsed().as_millis() as u64;
        tracing::debug!(request = call.request, method = %call.method, status, duration_ms, "GitHub answered");
        *lock(&self.counts).entry((call.request, status)).or_default() += 1;
        if let Ok(answer) = &result {
            let refused = matches!(status, 403 | 429 | 500..);
            if let Some(ahead) = answer.clock_ahead_seconds() {
                *lock(&self.ahead) = Some(ahead);
            }
            // GraphQL has a window of its own; only *stop* is for all.
            let limits = match call.api {
                Api::Rest => answer.limits(),
                Api::GraphQl => {
                    Limits { retry_after: answer.limits().retry_after, ..Limits::default() }
                }
            };
            lock(&self.budgets).entry(who.budget()).or_default().note(
                &limits,
                refused,
                Instant::now(),
            );
        }
        result
    }

    /// Asks with the ETag of the last answer, if we keep one, and puts the kept body under a 304.
    async fn exchange(
        &self,
        who: Who,
        call: &Call,
        credential: &Credential,
    ) -> Result<Answer, GithubError> {
        let kept = call.conditional.then(|| self.etags.get(who, &call.path)).flatten();
        let etag = kept.as_ref().map(|kept| &kept.etag);
        let timeout = self.timeout * call.patience;
        let within = tokio::time::timeout(timeout, self.wire(call, credential, etag));
        let mut answer = within.await.map_err(|_| GithubError::TooSlow {
            request: call.request,
            seconds: timeout.as_secs(),
        })??;
        if let (StatusCode::NOT_MODIFIED, Some(kept)) = (answer.status, kept) {
            answer.status = StatusCode::OK;
            answer.body = kept.body.to_vec();
            if let Some(link) = kept.link {
                answer.headers.insert(http::header::LINK, link);
            }
        } else if call.conditional && answer.status == StatusCode::OK {
            self.etags.put(who, &call.path, answer.headers.get(ETAG), &answer);
        }
        Ok(answer)
    }

    /// Where an answer leads on. A write goes on only where it stays one.
    fn redirected(call: &Call, status: StatusCode, headers: &HeaderMap, from: &Uri) -> Option<Uri> {
        let follows = match status.as_u16() {
            301..=303 => call.method == Method::GET,
            307 | 308 => true,
            _ => false,
        };
        let location = headers.get(LOCATION).filter(|_| follows)?.to_str().ok()?;
        at_address(from, location)
    }

    /// Sends a request and follows where it leads. Credentials go to the API's own origin and nowhere else,
    /// however many steps lead back and forth.
    async fn wire(
        &self,
        call: &Call,
        credential: &Credential,
        etag: Option<&HeaderValue>,
    ) -> Result<Answer, GithubError> {
        let request = call.request;
        let path = call.path_below(&self.prefix);
        let mut at = at_address(&self.origin, &path).ok_or_else(|| GithubError::Settings {
            reason: format!("could not {request}: `{path}` is no path of an address"),
        })?;
        let mut hops = 0;
        let answer = loop {
            let mut builder = http::Request::builder()
                .method(call.method.clone())
                .uri(at.clone())
                .header(ACCEPT, call.accepts());
            if same_origin(&at, &self.origin) {
                builder = builder.header(AUTHORIZATION, bearer(credential)?);
            }
            if let Some(etag) = etag.filter(|_| call.method == Method::GET) {
                builder = builder.header(IF_NONE_MATCH, etag);
            }
            let body = call.body.as_ref().map(|body| Bytes::from(body.to_string()));
            if body.is_some() {
                builder = builder.header(CONTENT_TYPE, "application/json");
            }
            let prepared = builder.body(body.unwrap_or_default()).map_err(|error| {
                GithubError::Settings { reason: format!("could not {request}: {error}") }
            })?;
            let answer = self.outbound.send(prepared, call.limit_bytes).await;
            let answer = answer.map_err(|error| no_answer(request, error))?;
            match Self::redirected(call, answer.status(), answer.headers(), &at) {
                Some(next) if hops < MOST_HOPS => (at, hops) = (next, hops + 1),
                _ => break answer,
            }
        };
        let (parts, body) = answer.into_parts();
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.to_vec(),
            received: (self.now)(),
        })
    }
}

fn no_answer(request: &'static str, error: OutboundError) -> GithubError {
    match error {
        OutboundError::TooLarge { limit_bytes } => GithubError::TooLarge { request, limit_bytes },
        error => GithubError::NoAnswer { request, source: Arc::new(error) },
    }
}

/// A path, or a whole address, seen from another address.
fn at_address(from: &Uri, target: &str) -> Option<Uri> {
    if !target.starts_with('/') {
        let uri: Uri = target.parse().ok()?;
        return matches!(uri.scheme_str(), Some("http" | "https")).then_some(uri);
    }
    let mut parts = from.clone().into_parts();
    parts.path_and_query = Some(target.parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// Whether two addresses are of one server: scheme, host and port.
fn same_origin(a: &Uri, b: &Uri) -> bool {
    let port = |uri: &Uri| match (uri.port_u16(), uri.scheme_str()) {
        (Some(port), _) => port,
        (None, Some("http")) => 80,
        (None, _) => 443,
    };
    let host = |uri: &Uri| uri.host().map(str::to_ascii_lowercase);
    a.scheme() == b.scheme() && host(a) == host(b) && port(a) == port(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let uri = |text: &str| text.parse::<Uri>().unwrap();
        let api = uri("https://api.github.com/");
        assert!(same_origin(&api, &uri("https://API.github.com:443/x")));
        for other in [
            "http://api.github.com/",
            "https://api.github.com:8443/",
            "https://github.com/",
            "https://api.github.com.example/",
        ] {
            assert!(!same_origin(&api, &uri(other)), "{other}");
        }
        assert_eq!(at_address(&api, "/a?b=c").unwrap(), uri("https://api.github.com/a?b=c"));
        assert_eq!(at_address(&api, "file:///etc/passwd"), None);
    }
}
