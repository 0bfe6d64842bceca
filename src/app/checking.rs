//! What plans are checked by in this process: the repository's gates, what was fetched for them, the day.

use std::env;
use std::path::PathBuf;
use std::sync::Arc;

use super::clock::Clock;
use crate::policy::schema::KubernetesSchemas;
use crate::policy::{Day, Fetched, Gate, Gates};
use crate::promotion::Checks;
use crate::workdir::{WorkdirError, read_schema_bundle};

/// Owns what [`Checks`] borrows.
#[derive(Clone, Debug)]
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

    /// What a repository wants, with what was fetched for it.
    pub(super) fn new(gates: &Gates, fetched: Fetched, clock: &Clock) -> Self {
        Self { gates: gates.clone(), fetched, today: clock.today() }
    }

    /// What a repository wants, with what is on this machine for it.
    pub(super) fn here(gates: &Gates, clock: &Clock) -> Self {
        Self::new(gates, fetched_here(gates), clock)
    }

    /// For a plan's request.
    pub(super) const fn checks(&self) -> Checks<'_> {
        Checks { gates: &self.gates, fetched: &self.fetched, today: self.today }
    }
}

/// What is on this machine for the gates of a repository.
///
/// A bundle that cannot be read is none: its kinds are reported as not validated.
pub(super) fn fetched_here(gates: &Gates) -> Fetched {
    let wanted = gates.run.contains(&Gate::Schemas);
    let version = gates.kubernetes.as_deref();
    let kubernetes = wanted.then(|| kubernetes_schemas(version).ok().flatten()).flatten();
    Fetched { kubernetes, ..Fetched::default() }
}

/// The schemas of Kubernetes' own kinds that are on this machine.
pub(super) fn kubernetes_schemas(
    version: Option<&str>,
) -> Result<Option<Arc<KubernetesSchemas>>, WorkdirError> {
    let text = read_schema_bundle(&schema_directories(), version)?;
    Ok(text.and_then(|text| KubernetesSchemas::parse(&text).ok()).map(Arc::new))
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
    let cache = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")));
    let program = env::current_exe().ok();
    let beside = program.as_deref().and_then(|program| program.parent());
    let cached = cache.map(|cache| cache.join("overlift/schemas"));
    let brought = beside
        .into_iter()
        .flat_map(|dir| [dir.join("schemas"), dir.join("../share/overlift/schemas")]);
    cached.into_iter().chain(brought).collect()
}
