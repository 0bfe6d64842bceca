//! The client: who we are for GitHub, and what all requests share.
//!
//! One transport, [`Outbound`], serves all credentials. Nothing is retried here except a request that
//! GitHub did not accept the token of: whether and when to try again is the worker's decision, by
//! [`GithubError::retry`].

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use http::Uri;
use tokio::sync::Semaphore;

use super::app_key::AppKey;
use super::budget::Budget;
use super::call::Call;
use super::contents::Cold;
use super::etag_cache::EtagCache;
use super::installation_token::InstallationTokens;
use super::object_cache::ObjectCache;
use super::past::Pasts;
use super::request::bearer;
use super::swap::Swaps;
use super::{GithubError, Repository};
use crate::model::{InstallationId, RepoName};
use crate::outbound::Outbound;
use crate::redact::Credential;

/// So many requests are on their way at once.
const MOST_AT_ONCE: usize = 32;

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
    /// The App at one account, reading the files of one repository and nothing else: its place in
    /// [`Client::scopes`].
    Reader(InstallationId, usize),
}

impl Who {
    /// Whose window of requests it counts against.
    pub(super) const fn budget(self) -> Self {
        match self {
            Self::Reader(id, _) => Self::Installation(id),
            who => who,
        }
    }
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
    pub(super) outbound: Outbound,
    /// The API's own origin, where credentials go and nowhere else.
    pub(super) origin: Uri,
    /// The path that all requests begin with: `/api/v3` on an Enterprise Server.
    pub(super) prefix: String,
    pub(super) now: fn() -> SystemTime,
    pub(super) timeout: Duration,
    /// GitHub wants fewer than a hundred requests at once from one account.
    pub(super) places: Semaphore,
    pub(super) identity: Identity,
    pub(super) tokens: InstallationTokens,
    pub(super) installations: Mutex<BTreeMap<RepoName, InstallationId>>,
    /// The repositories that a token was wanted for that reads them alone.
    pub(super) scopes: Mutex<Vec<RepoName>>,
    pub(super) budgets: Mutex<BTreeMap<Who, Budget>>,
    pub(super) etags: EtagCache,
    /// By how many seconds GitHub's clock was ahead of ours, when it last said the time.
    pub(super) ahead: Mutex<Option<i64>>,
    pub(super) counts: Mutex<BTreeMap<(&'static str, u16), u64>>,
    pub(super) objects: ObjectCache,
    pub(super) cold: Mutex<Option<Cold>>,
    pub(super) pasts: Pasts,
    pub(super) swaps: Swaps,
}

pub(super) enum Identity {
    Token(Credential),
    App(Box<AppKey>),
}

impl Github {
    /// Checks the settings; nothing is sent yet.
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
        let (origin, prefix) = base(&settings.api_url)?;
        let outbound = Outbound::from_environment()
            .map_err(|error| GithubError::Settings { reason: error.to_string() })?;
        Ok(Self(Arc::new(Client {
            outbound,
            origin,
            prefix,
            now: settings.now,
            timeout: settings.timeout,
            places: Semaphore::new(MOST_AT_ONCE),
            identity,
            tokens: InstallationTokens::default(),
            installations: Mutex::default(),
            scopes: Mutex::default(),
            budgets: Mutex::default(),
            etags: EtagCache::default(),
            ahead: Mutex::default(),
            counts: Mutex::default(),
            objects,
            cold: Mutex::default(),
            pasts: Pasts::default(),
            swaps: Swaps::default(),
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

    /// Where people look at this GitHub, without a slash at its end: `https://github.com`.
    #[must_use]
    pub fn web(&self) -> String {
        let origin = self.0.origin.to_string();
        let origin = origin.trim_end_matches('/');
        if origin == "https://api.github.com" { "https://github.com" } else { origin }.to_owned()
    }

    /// By how many seconds GitHub's clock is ahead of ours, by its last answer.
    #[must_use]
    pub fn clock_ahead_seconds(&self) -> Option<i64> {
        *lock(&self.0.ahead)
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
                Who::Token | Who::App | Who::Reader(..) => None,
            };
            RateLeft { installation, remaining, limit }
        };
        budgets.iter().map(rate).filter(|rate| rate.limit > 0).collect()
    }
}

/// The origin that we speak to and the path that requests begin with.
fn base(api_url: &str) -> Result<(Uri, String), GithubError> {
    let refuse = |reason: &str| GithubError::Settings {
        reason: format!("the API's address is no http or https address: {reason}"),
    };
    let base: Uri =
        api_url.trim_end_matches('/').parse().map_err(|_| refuse("it is no address"))?;
    if !matches!(base.scheme_str(), Some("http" | "https")) || base.query().is_some() {
        return Err(refuse("it has another scheme or a query"));
    }
    let prefix = base.path().trim_end_matches('/').to_owned();
    let mut parts = base.into_parts();
    parts.path_and_query = Some(http::uri::PathAndQuery::from_static("/"));
    let origin = Uri::from_parts(parts).map_err(|_| refuse("it names no host"))?;
    Ok((origin, prefix))
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
