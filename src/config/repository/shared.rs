//! What all environments have in common where the file says nothing else about one.

use std::sync::Arc;

use crate::model::{ApplicationName, RepoPath};
use crate::policy::Gates;
use crate::promotion::{Place, PullRequestSettings, Rules};

/// What holds for every promotion of a repository.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    pub(super) rules: Arc<Rules>,
    pub(super) pull_request: Arc<PullRequestSettings>,
    pub(super) gates: Arc<Gates>,
}

impl Shared {
    /// What holds where the file says nothing.
    pub(super) fn of_empty(has_applications: bool) -> Self {
        let pull_request = match has_applications {
            true => PullRequestSettings::of_applications(),
            false => PullRequestSettings::default(),
        };
        Self { pull_request: Arc::new(pull_request), ..Self::default() }
    }

    /// The folder of an environment for which this holds.
    pub(super) fn place(&self, application: Option<ApplicationName>, path: RepoPath) -> Place {
        let Self { rules, pull_request, gates } = self.clone();
        Place { application, path, rules, pull_request, gates }
    }
}
