//! What plans are checked by in this process: the repository's gates, what was fetched for them, the day.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::clock::Clock;
use super::remote_base::user_cache;
use crate::github::{GithubError, Repository, Retry};
use crate::model::RemotePattern;
use crate::policy::schema::KubernetesSchemas;
use crate::policy::{Day, Fetched, Gate, Gates, RemoteSchema};
use crate::promotion::Checks;
use crate::workdir::{WorkdirError, read_remote_schema, read_schema_bundle};

/// Owns what [`Checks`] borrows.
#[derive(Debug)]
pub(super) struct Checking {
    gates: Gates,
    fetched: Fetched,
    today: Day,
}

impl Checking {
    /// Nothing is checked: the plan is only compared with what is there.
    pub(super) fn nothing() -> Self {
        Self { gates: Gates::none(), fetched: Fetched::default(), today: Day::MIN }
    }

    /// What a repository wants, on a day.
    pub(super) fn on(gates: &Gates, fetched: Fetched, today: Day) -> Self {
        Self { gates: gates.clone(), fetched, today }
    }

    /// What a repository wants, with what is on this machine for it.
    pub(super) fn here(gates: &Gates, allowed: &[RemotePattern], clock: &Clock) -> Self {
        Self::on(gates, fetched_here(gates, allowed), clock.today())
    }

    /// What was fetched.
    pub(super) const fn fetched(&self) -> &Fetched {
        &self.fetched
    }

    /// The day by which exceptions end.
    pub(super) const fn day(&self) -> Day {
        self.today
    }

    /// For a plan's request.
    pub(super) const fn checks(&self) -> Checks<'_> {
        Checks { gates: &self.gates, fetched: &self.fetched, today: self.today, own_values: &[] }
    }
}

/// What is on this machine for the gates of a repository.
///
/// A bundle that cannot be read is none: its kinds are reported as not validated.
pub(super) fn fetched_here(gates: &Gates, allowed: &[RemotePattern]) -> Fetched {
    let wanted = gates.run.contains(&Gate::Schemas);
    let version = gates.kubernetes.as_deref();
    let kubernetes = wanted.then(|| kubernetes_schemas(version).ok().flatten()).flatten();
    let remote = if wanted { remote_here(gates, allowed) } else { BTreeMap::new() };
    Fetched { kubernetes, remote }
}

/// Files of other repositories that were kept on this machine, or what to do about it.
fn remote_here(
    gates: &Gates,
    allowed: &[RemotePattern],
) -> BTreeMap<RemoteSchema, Result<Arc<str>, String>> {
    let read = |remote: &RemoteSchema| {
        may_read(remote, allowed)?;
        let kept = read_remote_schema(&schema_directories(), &key_of(remote));
        let text = kept.map_err(|error| error.to_string())?;
        text.map(Arc::from).ok_or_else(|| "run `overlift schemas fetch` first".to_owned())
    };
    gates.remote_schemas().map(|remote| (remote.clone(), read(remote))).collect()
}

/// Whether the configuration lets another repository's file be read: the rule is that of remote bases.
///
/// # Errors
/// What to write where it does not.
pub fn may_read(remote: &RemoteSchema, allowed: &[RemotePattern]) -> Result<(), String> {
    let repository = &remote.repository;
    if allowed.iter().any(|pattern| pattern.names(repository)) {
        return Ok(());
    }
    Err(format!("`remoteBases` does not allow its repository: add `github.com/{repository}` there"))
}

/// Under which name a file of another repository is kept.
#[must_use]
pub fn key_of(remote: &RemoteSchema) -> String {
    hex::encode(Sha256::digest(remote.to_string()))
}

/// What was fetched for the gates of a repository on GitHub: what is on this machine, and the newest
/// of the files of other repositories.
pub(super) async fn fetched_on_github(
    gates: &Gates,
    allowed: &[RemotePattern],
    repository: &Repository,
) -> Result<Fetched, GithubError> {
    let mut fetched = fetched_here(gates, allowed);
    let may = |remote: &&RemoteSchema| may_read(remote, allowed).is_ok();
    for remote in fetched.remote.keys().filter(may).cloned().collect::<Vec<_>>() {
        let other = repository.other(&remote.repository);
        let text = match other.fetch_file_at(&remote.path, &remote.reference).await {
            Ok(Some(content)) => String::from_utf8(content.to_vec())
                .map(Arc::from)
                .map_err(|_| "it is no text".to_owned()),
            Ok(None) => Err("there is no such file, or the token may not see it".to_owned()),
            // What may pass is worth another attempt of the whole promotion.
            Err(error) if error.retry() != Retry::Never => return Err(error),
            Err(error) => Err(error.to_string()),
        };
        fetched.remote.insert(remote, text);
    }
    Ok(fetched)
}

/// The schemas of Kubernetes' own kinds that are on this machine.
pub(super) fn kubernetes_schemas(
    version: Option<&str>,
) -> Result<Option<Arc<KubernetesSchemas>>, WorkdirError> {
    let text = read_schema_bundle(&schema_directories(), version)?;
    Ok(text.and_then(|text| KubernetesSchemas::parse(text.into()).ok()).map(Arc::new))
}

/// Where bundles of schemas are, the first of them where new ones go: `OVERLIFT_SCHEMAS` alone if it
/// is set, else the user's cache and the directories that a release brings.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the user's cache is known from the environment")]
pub fn schema_directories() -> Vec<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(only) = set("OVERLIFT_SCHEMAS") {
        return vec![only];
    }
    let cache = user_cache(|name| env::var_os(name));
    let program = env::current_exe().ok();
    let beside = program.as_deref().and_then(|program| program.parent());
    let cached = cache.map(|cache| cache.join("overlift/schemas"));
    let brought = beside
        .into_iter()
        .flat_map(|dir| [dir.join("schemas"), dir.join("../share/overlift/schemas")]);
    cached.into_iter().chain(brought).collect()
}
