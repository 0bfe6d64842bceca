//! The App was installed somewhere, its repositories changed, or it was removed.

use serde::Deserialize;

use super::payload::{Payload, PayloadError};
use super::repository::{NamedRepository, WireInstallation};
use crate::model::{InstallationId, RepoName};

/// The App's repositories changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// The installation.
    pub id: InstallationId,
    /// Repositories that we can see from now on.
    pub added: Vec<RepoName>,
    /// Repositories that we cannot see any more.
    pub removed: Vec<RepoName>,
}

#[derive(Deserialize)]
struct WireInstallationEvent {
    installation: WireInstallation,
    #[serde(default)]
    repositories: Vec<NamedRepository>,
    #[serde(default)]
    repositories_added: Vec<NamedRepository>,
    #[serde(default)]
    repositories_removed: Vec<NamedRepository>,
}

/// Reads it; `action` is what happened.
pub(super) fn read(payload: &Payload<'_>, action: &str) -> Result<Installation, PayloadError> {
    let event: WireInstallationEvent = payload.read()?;
    let names = |repositories: Vec<NamedRepository>| {
        repositories.iter().filter_map(NamedRepository::name).collect()
    };
    let id = InstallationId(event.installation.id);
    let (added, removed) = match action {
        "deleted" | "suspend" => (Vec::new(), names(event.repositories)),
        "created" | "unsuspend" => (names(event.repositories), Vec::new()),
        _ => (names(event.repositories_added), names(event.repositories_removed)),
    };
    Ok(Installation { id, added, removed })
}
