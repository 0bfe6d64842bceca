//! Show on a pull request what it does to environments.

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::repository_address::RepositoryAddress;

/// Show on a pull request what it does to environments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct PreviewPullRequest {
    pub(in crate::app) place: RepositoryAddress,
    pub(in crate::app) number: u64,
    pub(in crate::app) base_branch: String,
    pub(in crate::app) head_branch: String,
    /// Its last commit.
    pub(in crate::app) head: String,
    /// Whether the head branch is a fork's.
    #[serde(default)]
    pub(in crate::app) from_elsewhere: bool,
}

impl Kind for PreviewPullRequest {
    const WORD: &'static str = "preview";

    fn place(&self) -> Option<&RepositoryAddress> {
        Some(&self.place)
    }

    fn queue_key(&self) -> String {
        format!("{} {} {}", Self::WORD, self.place.key(), self.number)
    }
}
