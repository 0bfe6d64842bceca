//! The client: what all requests share.
//!
//! One transport, [`Outbound`], serves all credentials. Nothing is retried here except a request that
//! GitHub did not accept the token of: whether and when to try again is the worker's decision, by
//! [`GithubError::retry`].

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use http::Uri;
use tokio::sync::Semaphore;

use super::GithubError;
use super::budget::Budget;
use super::cold_read::ColdReads;
use super::etag_cache::EtagCache;
use super::graphql::Graphql;
use super::identity::{Authentication, Identity, Who};
use super::installation_token::InstallationTokens;
use super::known_rules::KnownRules;
use super::object_cache::ObjectCache;
use super::past::Pasts;
use crate::model::{InstallationId, RepoName};
use crate::outbound::Outbound;

/// So many requests are on their way at once.
const MOST_AT_ONCE: usize = 32;

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
    pub(super) cold_reads: ColdReads,
    pub(super) pasts: Pasts,
    pub(super) graphql: Graphql,
    pub(super) branch_rules: KnownRules,
}

impl Client {
    pub(super) fn new(settings: &GithubSettings) -> Result<Self, GithubError> {
        let identity = Identity::of(&settings.authentication)?;
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
        Ok(Self {
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
            cold_reads: ColdReads::default(),
            pasts: Pasts::default(),
            graphql: Graphql::default(),
            branch_rules: KnownRules::default(),
        })
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
