//! One request and its answer, before and after the wire.

use std::time::SystemTime;

use http::{HeaderMap, Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::GithubError;
use super::budget::{Limits, http_date_seconds};
use crate::redact::Scrubber;

/// What an answer may have at most, unless a call says otherwise: GitHub's own limit for a tree is 7 MB.
const ANSWER_LIMIT_BYTES: usize = 16 << 20;

/// GitHub's words are cut to this many characters in our messages.
pub(super) const MESSAGE_CHARS: usize = 300;

/// A request that is still to be sent.
#[derive(Clone)]
pub(super) struct Call {
    /// What it does, in our words; see [`GithubError`].
    pub(super) request: &'static str,
    pub(super) method: Method,
    /// The path below the API's base, with its query.
    pub(super) path: String,
    pub(super) body: Option<Value>,
    pub(super) limit_bytes: usize,
    /// How many times the usual timeout it may take, answer included.
    pub(super) patience: u32,
    /// Whether an earlier answer may be kept and asked for by its ETag, which costs no rate limit.
    pub(super) conditional: bool,
    /// Whether doing it twice is as good as once, so that a lost answer is no reason to ask first.
    pub(super) repeatable: bool,
    /// Which of GitHub's two APIs it is for.
    pub(super) api: Api,
}

/// GitHub's APIs. Each counts what is asked of it for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Api {
    Rest,
    GraphQl,
}

impl Call {
    fn new(request: &'static str, method: Method, path: String, body: Option<Value>) -> Self {
        let (limit_bytes, patience) = (ANSWER_LIMIT_BYTES, 1);
        let repeatable = method == Method::GET;
        Self {
            request,
            method,
            path,
            body,
            limit_bytes,
            patience,
            conditional: false,
            repeatable,
            api: Api::Rest,
        }
    }

    /// A question in GraphQL.
    pub(super) fn graphql(request: &'static str, body: Value) -> Self {
        let call = Self::new(request, Method::POST, "/graphql".to_owned(), Some(body));
        Self { api: Api::GraphQl, ..call }
    }

    /// Its path at a server whose REST API is below `prefix`; on an Enterprise Server GraphQL is beside it.
    pub(super) fn path_below(&self, prefix: &str) -> String {
        match (self.api, prefix.strip_suffix("/v3")) {
            (Api::GraphQl, Some(above)) => format!("{above}{}", self.path),
            _ => format!("{prefix}{}", self.path),
        }
    }

    /// The forms of an answer that are asked for. Enterprise Servers had `updateRefs` as a preview first.
    pub(super) const fn accepts(&self) -> &'static str {
        match self.api {
            Api::Rest => "application/vnd.github+json",
            Api::GraphQl => {
                "application/vnd.github+json, application/vnd.github.update-refs-preview+json"
            }
        }
    }

    pub(super) fn get(request: &'static str, path: String) -> Self {
        Self::new(request, Method::GET, path, None)
    }

    pub(super) fn post(request: &'static str, path: String, body: Value) -> Self {
        Self::new(request, Method::POST, path, Some(body))
    }

    pub(super) fn patch(request: &'static str, path: String, body: Value) -> Self {
        Self::new(request, Method::PATCH, path, Some(body))
    }

    pub(super) fn put(request: &'static str, path: String, body: Value) -> Self {
        Self::new(request, Method::PUT, path, Some(body))
    }

    pub(super) fn delete(request: &'static str, path: String) -> Self {
        Self::new(request, Method::DELETE, path, None)
    }

    /// For what makes the same object each time, or sets the same value.
    pub(super) const fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    pub(super) const fn conditional(mut self) -> Self {
        self.conditional = true;
        self
    }

    /// For answers that are longer than usual.
    pub(super) const fn limited(mut self, limit_bytes: usize, patience: u32) -> Self {
        self.limit_bytes = limit_bytes;
        self.patience = patience;
        self
    }
}

/// What came back, whatever the status.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// When it came, by our clock.
    pub(super) received: SystemTime,
}

impl Answer {
    /// Reads the body as JSON.
    pub(super) fn json<T: DeserializeOwned>(
        &self,
        request: &'static str,
    ) -> Result<T, GithubError> {
        serde_json::from_slice(&self.body)
            .map_err(|error| GithubError::BadAnswer { request, reason: error.to_string() })
    }

    /// The query of the next page, by the `Link` header.
    ///
    /// Only the query: GitHub writes absolute addresses, which behind a proxy name another host, and a
    /// credential goes nowhere but to the base that was configured.
    pub(super) fn next_page(&self) -> Option<&str> {
        let links = self.headers.get(http::header::LINK)?.to_str().ok()?;
        let next = links.split(',').find(|link| link.contains("rel=\"next\""))?;
        let address = next.split_once('<')?.1.split_once('>')?.0;
        address.split_once('?').map(|(_, query)| query)
    }

    /// By how many seconds the clock at the other end was ahead of ours, if it tells the time.
    pub(super) fn clock_ahead_seconds(&self) -> Option<i64> {
        let date = self.headers.get(http::header::DATE)?.to_str().ok()?;
        let there = i64::try_from(http_date_seconds(date)?).ok()?;
        let here = self.received.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
        Some(there - i64::try_from(here).ok()?)
    }

    /// What it says about limits.
    pub(super) fn limits(&self) -> Limits {
        Limits::of(&self.headers, self.received)
    }

    /// Sorts an answer into success and the kinds of failure.
    pub(super) fn check(self, request: &'static str) -> Result<Self, GithubError> {
        if self.status.is_success() {
            return Ok(self);
        }
        let limits = self.limits();
        let message = self.message();
        let status = self.status.as_u16();
        let error = match status {
            401 => GithubError::Unauthorized { request, message },
            429 => GithubError::RateLimited { request, after: limits.wait() },
            403 if is_rate_limit(&message, &limits) => {
                GithubError::RateLimited { request, after: limits.wait() }
            }
            403 if is_permission(&message) => GithubError::Forbidden { request, message },
            404 | 410 => GithubError::NotFound { request },
            409 | 422 => GithubError::Refused { request, status, message },
            // A 403 that gives no reason we know may pass, as any fault of GitHub may.
            403 | 408 | 425 | 500.. => {
                GithubError::Unavailable { request, status, message, after: limits.wait() }
            }
            _ if self.status.is_client_error() => GithubError::Refused { request, status, message },
            _ => GithubError::BadAnswer { request, reason: format!("status {status}") },
        };
        Err(error)
    }

    /// GitHub's explanation: `message`, then what `errors` adds to it.
    fn message(&self) -> String {
        let Ok(body) = serde_json::from_slice::<Value>(&self.body) else { return String::new() };
        let mut parts: Vec<String> =
            body["message"].as_str().map(str::to_owned).into_iter().collect();
        for error in body["errors"].as_array().into_iter().flatten() {
            let said = error.as_str().or_else(|| error["message"].as_str()).map(str::to_owned);
            let field = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
            parts.push(said.unwrap_or_else(|| format!("{} {}", field("field"), field("code"))));
        }
        let text: String = parts.join("; ").chars().take(MESSAGE_CHARS).collect();
        let text = text.replace(|c: char| c.is_control(), " ");
        Scrubber::default().scrub(text.trim()).into_owned()
    }
}

fn is_rate_limit(message: &str, limits: &Limits) -> bool {
    let message = message.to_ascii_lowercase();
    limits.retry_after.is_some()
        || limits.remaining == Some(0)
        || ["rate limit", "abuse detection"].iter().any(|words| message.contains(words))
}

/// GitHub's reasons to refuse with 403 that waiting does not cure.
fn is_permission(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    [
        "not accessible by",
        "must have",
        "must be",
        "must authenticate",
        "permission",
        "not authorized",
        "protected by",
        "forbids",
        "access blocked",
        "archived",
        "suspended",
        "disabled",
        "denied",
        "not enabled",
        "not allowed",
        "not permitted",
        // What the owner's plan does not have, such as rules in a private repository.
        "upgrade to",
        "saml",
        "ip allow list",
    ]
    .iter()
    .any(|words| message.contains(words))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::github::Retry;

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: headers
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .collect(),
            body: body.as_bytes().to_vec(),
            received: SystemTime::UNIX_EPOCH,
        }
    }

    fn failure(status: u16, headers: &[(&'static str, &str)], body: &str) -> GithubError {
        match answer(status, headers, body).check("try") {
            Err(error) => error,
            Ok(_) => panic!("{status} is no success"),
        }
    }

    #[test]
    fn tells_what_may_pass_from_what_will_not() {
        use Retry::{After, Backoff, Never};
        let secondary = r#"{"message":"You have exceeded a secondary rate limit."}"#;
        let lacks = r#"{"message":"Resource not accessible by integration"}"#;
        let exhausted: &[_] = &[
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "784111787"),
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ];
        let seconds = |count| After(Duration::from_secs(count));
        type Headers<'a> = &'a [(&'static str, &'a str)];
        let unwanted =
            r#"{"message":"GitHub Actions is not permitted to create or approve pull requests."}"#;
        let plan = r#"{"message":"Upgrade to GitHub Pro or make this repository public to enable this feature."}"#;
        let cases: [(u16, Headers<'_>, &str, Retry); 21] = [
            (500, &[], "", Backoff),
            (502, &[], "<html>", Backoff),
            (503, &[("retry-after", "4")], "", seconds(4)),
            (429, &[], "", Backoff),
            (429, &[("retry-after", "5")], "", seconds(5)),
            (429, exhausted, "", seconds(11)),
            (403, &[], secondary, Backoff),
            (403, &[("retry-after", "6")], "{}", seconds(6)),
            (403, &[("retry-after", "6")], lacks, seconds(6)),
            (403, exhausted, r#"{"message":"API rate limit exceeded for x"}"#, seconds(11)),
            (403, &[], lacks, Never),
            (403, &[], unwanted, Never),
            (403, &[], plan, Never),
            (403, &[], "{}", Backoff),
            (401, &[], r#"{"message":"Bad credentials"}"#, Never),
            (404, &[], "", Never),
            (409, &[], "", Backoff),
            (422, &[], "", Never),
            (400, &[], "", Never),
            (408, &[], "", Backoff),
            (301, &[], "", Backoff),
        ];
        for (status, headers, body, want) in cases {
            let error = failure(status, headers, body);
            assert_eq!(error.retry(), want, "{status} {headers:?} {body}: {error}");
        }
    }

    #[test]
    fn says_what_github_says_without_credentials_and_at_length() {
        let body = r#"{"message":"Validation Failed","errors":[
            {"resource":"PullRequest","code":"custom","message":"A pull request already exists"},
            {"field":"head","code":"invalid"}, "plain"]}"#;
        let error = failure(422, &[], body);
        assert_eq!(
            error.to_string(),
            "could not try: GitHub refuses: Validation Failed; A pull request already exists; \
             head invalid; plain"
        );
        let leak = r#"{"message":"token ghp_16C7e42F292c6912E7710c838347Ae178B4a\nis bad"}"#;
        assert!(failure(422, &[], leak).to_string().ends_with("token <redacted> is bad"));
        let long = format!(r#"{{"message":"{}"}}"#, "x".repeat(10_000));
        assert!(failure(422, &[], &long).to_string().len() < 400);
    }

    #[test]
    fn graphql_is_beside_the_rest_api() {
        let call = Call::graphql("try", Value::Null);
        assert_eq!(call.path_below(""), "/graphql");
        assert_eq!(call.path_below("/api/v3"), "/api/graphql");
        assert_eq!(call.path_below("/github"), "/github/graphql");
    }

    #[test]
    fn takes_only_the_query_of_the_next_page() {
        let link = "<https://elsewhere/repositories/1/pulls?state=all&page=1>; rel=\"prev\", \
                    <https://elsewhere/repositories/1/pulls?state=all&page=3>; rel=\"next\"";
        assert_eq!(answer(200, &[("link", link)], "").next_page(), Some("state=all&page=3"));
        for link in ["<https://x?page=1>; rel=\"first\"", "rel=\"next\"", "<x>; rel=\"next\""] {
            assert_eq!(answer(200, &[("link", link)], "").next_page(), None);
        }
    }
}
