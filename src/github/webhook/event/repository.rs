//! Where an event happened, and repositories that it names.

use serde::Deserialize;

use super::payload::{Payload, PayloadError};
use crate::model::{BranchName, InstallationId, RepoName};

/// Where an event happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// The repository.
    pub name: RepoName,
    /// Its default branch, if the payload says so (GitHub's always do).
    pub default_branch: Option<BranchName>,
    /// The installation that sent the event; `None` for a webhook of the repository itself.
    pub installation: Option<InstallationId>,
}

#[derive(Deserialize)]
pub(super) struct WireRepository {
    full_name: String,
    default_branch: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct WireInstallation {
    pub(super) id: u64,
}

/// A repository that is only named.
#[derive(Deserialize)]
pub(super) struct NamedRepository {
    full_name: String,
}

impl NamedRepository {
    /// Its name, if it is one.
    pub(super) fn name(&self) -> Option<RepoName> {
        RepoName::parse(&self.full_name).ok()
    }
}

impl Payload<'_> {
    /// The repository of an event.
    pub(super) fn repository(
        &self,
        repository: WireRepository,
        installation: Option<WireInstallation>,
    ) -> Result<Repository, PayloadError> {
        let name = RepoName::parse(&repository.full_name)
            .map_err(|_| self.unusable("repository.full_name"))?;
        Ok(Repository {
            name,
            default_branch: repository
                .default_branch
                .and_then(|name| BranchName::parse(&name).ok()),
            installation: installation.map(|installation| InstallationId(installation.id)),
        })
    }
}
