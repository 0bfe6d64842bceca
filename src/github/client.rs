//! The way of a request: credential, budget, wire, answer.
//!
//! One transport (octocrab's, with its TLS, redirects and timeouts) serves all credentials; octocrab's
//! own authentication is not used, because it drops the credential on the second page of a list when
//! the host is not api.github.com, and fetches one token for each of many waiters. Nothing is retried
//! here except a request that GitHub did not accept the token of: whether and when to try again is
//! the worker's decision, by [`GithubError::retry`].

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::header::{ACCEPT, AUTHORIZATION, ETAG, IF_NONE_MATCH, USER_AGENT};
use http::{HeaderValue, Method, StatusCode, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use octocrab::Octocrab;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::app_key::AppKey;
use super::budget::{Admission, Budget, Kind};
use super::call::{Answer, Call};
use super::etag_cache::EtagCache;
use super::installation_token::{InstallationToken, InstallationTokens};
use super::object_cache::ObjectCache;
use super::repository::bad;
use super::{GithubError, Repository};
use crate::model::{InstallationId, RepoName};
use crate::redact::Credential;

/// How long a connection may take to open, and a read or write on it to move on.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const IO_TIMEOUT: Duration = Duration::from_secs(30);

/// So many requests are on their way at once.
const MOST_AT_ONCE: usize = 32;

/// A list of GitHub's is read up to this many pages; a hundred things are on each.
const LONGEST_LIST_PAGES: usize = 50;

/// As whom we ask.
#[derive(Clone, Debug)]
pub enum Authentication {
    /// A personal or workflow token.
    Token(Credential),
    /// A GitHub App, by its id (or client id) and its private key in PEM.
    App {
        /// The id.
        id: String,
        /// The key.
        private_key: Credential,
    },
}

/// What a client needs to know.
#[derive(Clone, Debug)]
pub struct GithubSettings {
    /// The API's base, such as `https://api.github.com` or `https://ghes.example/api/v3`.
    pub api_url: String,
    /// As whom we ask.
    pub authentication: Authentication,
    /// Where trees and blobs are kept; `None` for memory.
    pub cache_directory: Option<PathBuf>,
    /// How many bytes of them are kept.
    pub cache_bytes: u64,
    /// The time of day, for tokens that end.
    pub now: fn() -> SystemTime,
    /// How long a request may take, answer included; a few long ones may take up to four times as long.
    pub timeout: Duration,
}

/// Whose credential a request carries, and whose budget it counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// The token of the settings.
    Token,
    /// The App itself: its installations, its deliveries.
    App,
    /// The App at one account.
    Installation(InstallationId),
}

/// What GitHub leaves to one credential, for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLeft {
    /// The installation; `None` for a token or the App itself.
    pub installation: Option<InstallationId>,
    /// Requests left in the window.
    pub remaining: u64,
    /// Requests of a whole window.
    pub limit: u64,
}

/// GitHub, as one credential sees it. Clones share everything.
#[derive(Clone)]
pub struct Github(pub(super) Arc<Client>);

pub(super) struct Client {
    crab: Octocrab,
    now: fn() -> SystemTime,
    timeout: Duration,
    /// GitHub wants fewer than a hundred requests at once from one account.
    places: Semaphore,
    identity: Identity,
    tokens: InstallationTokens,
    installations: Mutex<BTreeMap<RepoName, InstallationId>>,
    budgets: Mutex<BTreeMap<Who, Budget>>,
    etags: EtagCache,
    counts: Mutex<BTreeMap<(&'static str, u16), u64>>,
    pub(super) objects: ObjectCache,
}

enum Identity {
    Token(Credential),
    App(Box<AppKey>),
}

impl Github {
    /// Checks the settings; nothing is sent yet. Has to be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`GithubError::Settings`] if the address, the key or the cache's directory cannot be used.
    pub fn new(settings: &GithubSettings) -> Result<Self, GithubError> {
        let identity = match &settings.authentication {
            Authentication::Token(token) => {
                bearer(token)?;
                Identity::Token(token.clone())
            }
            Authentication::App { id, private_key } => {
                Identity::App(Box::new(AppKey::parse(id, private_key)?))
            }
        };
        let objects = match &settings.cache_directory {
            None => ObjectCache::in_memory(settings.cache_bytes),
            Some(directory) => {
                ObjectCache::on_disk(directory, settings.cache_bytes).map_err(|error| {
                    let reason = format!("cannot keep files in `{}`: {error}", directory.display());
                    GithubError::Settings { reason }
                })?
            }
        };
        Ok(Self(Arc::new(Client {
            crab: transport(&settings.api_url)?,
            now: settings.now,
            timeout: settings.timeout,
            places: Semaphore::new(MOST_AT_ONCE),
            identity,
            tokens: InstallationTokens::default(),
            installations: Mutex::default(),
            budgets: Mutex::default(),
            etags: EtagCache::default(),
            counts: Mutex::default(),
            objects,
        })))
    }

    /// A repository, to ask and to change.
    ///
    /// For an App, `installation` is what the event said; without it, it is asked from GitHub once.
    ///
    /// # Errors
    /// [`GithubError::NotInstalled`] if the App is not there, or any failure of asking.
    pub async fn repository(
        &self,
        name: &RepoName,
        installation: Option<InstallationId>,
    ) -> Result<Repository, GithubError> {
        let who = match self.0.identity {
            Identity::Token(_) => Who::Token,
            Identity::App(_) => Who::Installation(self.installation_of(name, installation).await?),
        };
        Ok(Repository { client: Arc::clone(&self.0), name: name.clone(), who })
    }

    async fn installation_of(
        &self,
        name: &RepoName,
        told: Option<InstallationId>,
    ) -> Result<InstallationId, GithubError> {
        #[derive(serde::Deserialize)]
        struct Wire {
            id: u64,
        }
        let known = || lock(&self.0.installations).get(name).copied();
        if let Some(id) = told.or_else(known) {
            lock(&self.0.installations).insert(name.clone(), id);
            return Ok(id);
        }
        let path = format!("/repos/{name}/installation");
        let found = super::error::found(
            self.0.json::<Wire>(Who::App, Call::get("find the App's installation", path)).await,
        )?;
        let id = found.ok_or_else(|| GithubError::NotInstalled { repository: name.clone() })?.id;
        lock(&self.0.installations).insert(name.clone(), InstallationId(id));
        Ok(InstallationId(id))
    }

    /// Whether we are an App, which has deliveries and installations to ask for.
    #[must_use]
    pub fn is_app(&self) -> bool {
        matches!(self.0.identity, Identity::App(_))
    }

    /// How many requests were answered, by our verb and HTTP status; status 0 is *no answer*.
    #[must_use]
    pub fn request_counts(&self) -> BTreeMap<(&'static str, u16), u64> {
        lock(&self.0.counts).clone()
    }

    /// What GitHub leaves to each credential that was used.
    #[must_use]
    pub fn rates_left(&self) -> Vec<RateLeft> {
        let budgets = lock(&self.0.budgets);
        let rate = |(who, budget): (&Who, &Budget)| {
            let (remaining, limit) = budget.left();
            let installation = match who {
                Who::Installation(id) => Some(*id),
                Who::Token | Who::App => None,
            };
            RateLeft { installation, remaining, limit }
        };
        budgets.iter().map(rate).filter(|rate| rate.limit > 0).collect()
    }
}

/// Octocrab's transport without its authentication, retries and caches.
fn transport(api_url: &str) -> Result<Octocrab, GithubError> {
    let refuse = |reason: &str| GithubError::Settings {
        reason: format!("the API's address is no http or https address: {reason}"),
    };
    let base: Uri =
        api_url.trim_end_matches('/').parse().map_err(|_| refuse("it is no address"))?;
    if !matches!(base.scheme_str(), Some("http" | "https")) || base.query().is_some() {
        return Err(refuse("it has another scheme or a query"));
    }
    Octocrab::builder()
        .base_uri(base)
        .map_err(|_| refuse("it is no address"))?
        .set_connect_timeout(Some(CONNECT_TIMEOUT))
        .set_read_timeout(Some(IO_TIMEOUT))
        .set_write_timeout(Some(IO_TIMEOUT))
        .add_header(USER_AGENT, concat!("overlift/", env!("CARGO_PKG_VERSION")).to_owned())
        .build()
        .map_err(|error| refuse(&error.to_string()))
}

/// The header of a credential; marked so that nothing prints it.
fn bearer(credential: &Credential) -> Result<HeaderValue, GithubError> {
    let mut header =
        HeaderValue::from_str(&format!("Bearer {}", credential.expose())).map_err(|_| {
            GithubError::Settings { reason: "the token has characters that none has".into() }
        })?;
    header.set_sensitive(true);
    Ok(header)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Client {
    /// Sends a request and reads the answer's JSON.
    pub(super) async fn json<T: DeserializeOwned>(
        self: &Arc<Self>,
        who: Who,
        call: Call,
    ) -> Result<T, GithubError> {
        let request = call.request;
        self.send(who, call).await?.json(request)
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
        let answer = self.attempt(who, &call, &credential).await?;
        let Who::Installation(id) = who else { return answer.check(call.request) };
        if answer.status != StatusCode::UNAUTHORIZED {
            return answer.check(call.request);
        }
        self.tokens.forget(id, &credential);
        let credential = self.credential(who).await?;
        self.attempt(who, &call, &credential).await?.check(call.request)
    }

    async fn credential(self: &Arc<Self>, who: Who) -> Result<Credential, GithubError> {
        match (&self.identity, who) {
            (Identity::Token(token), _) => Ok(token.clone()),
            (Identity::App(_), Who::Installation(id)) => {
                let client = Arc::clone(self);
                let fetch = move || client.fetch_token(id);
                self.tokens.get(id, (self.now)(), fetch).await
            }
            (Identity::App(key), _) => Ok(key.token((self.now)())),
        }
    }

    fn fetch_token(
        self: Arc<Self>,
        id: InstallationId,
    ) -> BoxFuture<'static, Result<InstallationToken, GithubError>> {
        #[derive(serde::Deserialize)]
        struct Wire {
            token: String,
            expires_at: String,
        }
        async move {
            const REQUEST: &str = "get an installation's token";
            let path = format!("/app/installations/{id}/access_tokens");
            let call = Call::post(REQUEST, path, serde_json::json!({}));
            let credential = self.credential(Who::App).await?;
            let answer = self.attempt(Who::App, &call, &credential).await?.check(REQUEST)?;
            let wire: Wire = answer.json(REQUEST)?;
            let credential =
                Credential::new("token", &wire.token).map_err(|error| bad(REQUEST, &error))?;
            let expires: jiff::Timestamp =
                wire.expires_at.parse().map_err(|error| bad(REQUEST, &error))?;
            Ok(InstallationToken { credential, expires: expires.into() })
        }
        .boxed()
    }

    /// One request on the wire, with the budget before and after it.
    async fn attempt(
        &self,
        who: Who,
        call: &Call,
        credential: &Credential,
    ) -> Result<Answer, GithubError> {
        let kind = if call.method == Method::GET { Kind::Read } else { Kind::Write };
        let admission = lock(&self.budgets).entry(who).or_default().admit(kind, Instant::now());
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
            let limits = answer.limits();
            lock(&self.budgets).entry(who).or_default().note(&limits, refused, Instant::now());
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

    async fn wire(
        &self,
        call: &Call,
        credential: &Credential,
        etag: Option<&HeaderValue>,
    ) -> Result<Answer, GithubError> {
        let request = call.request;
        let mut builder = http::Request::builder()
            .method(call.method.clone())
            .uri(&call.path)
            .header(ACCEPT, "application/vnd.github+json")
            .header(AUTHORIZATION, bearer(credential)?);
        if let Some(etag) = etag.filter(|_| call.method == Method::GET) {
            builder = builder.header(IF_NONE_MATCH, etag);
        }
        let prepared = self.crab.build_request(builder, call.body.as_ref()).map_err(|error| {
            GithubError::Settings { reason: format!("could not {request}: {error}") }
        })?;
        let no_answer = |source| GithubError::NoAnswer { request, source };
        let answer =
            self.crab.execute(prepared).await.map_err(|error| no_answer(Arc::new(error)))?;
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, call.limit_bytes).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                return GithubError::TooLarge { request, limit_bytes: call.limit_bytes };
            }
            no_answer(Arc::from(error))
        })?;
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.to_bytes().to_vec(),
            received: (self.now)(),
        })
    }
}
