//! Where a job plays.

use serde::{Deserialize, Serialize};

use crate::model::{BranchName, InstallationId, RepoName};

/// A repository and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct RepositoryAddress {
    /// `owner/name`.
    pub(in crate::app) repository: String,
    /// The installation that told us.
    #[serde(default)]
    pub(in crate::app) installation: Option<u64>,
    /// The default branch, where a payload said so.
    #[serde(default)]
    pub(in crate::app) default_branch: Option<String>,
}

impl RepositoryAddress {
    pub(in crate::app) fn new(
        repository: &RepoName,
        installation: Option<InstallationId>,
        default_branch: Option<&BranchName>,
    ) -> Self {
        Self {
            repository: repository.to_string(),
            installation: installation.map(|installation| installation.0),
            default_branch: default_branch.map(|branch| branch.as_str().to_owned()),
        }
    }

    /// The name under which the store knows the repository: GitHub's names differ by more than case.
    pub(in crate::app) fn key(&self) -> String {
        self.repository.to_lowercase()
    }

    pub(in crate::app) fn merge(self, newer: Self) -> Self {
        Self {
            repository: newer.repository,
            installation: newer.installation.or(self.installation),
            default_branch: newer.default_branch.or(self.default_branch),
        }
    }
}
