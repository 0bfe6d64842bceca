//! Report the checks that rules ask of everything on a commit that they say nothing of.

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::repository_address::RepositoryAddress;
use crate::promotion::Marker;

/// Report required checks of ours where they have nothing to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Exempt {
    pub(in crate::app) place: RepositoryAddress,
    pub(in crate::app) base_branch: String,
    pub(in crate::app) commit: String,
    pub(in crate::app) of: ExemptOf,
}

/// Whose commit it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::app) enum ExemptOf {
    /// A pull request's head.
    PullRequest {
        number: u64,
        head_branch: String,
        /// Whether the head branch is a fork's.
        from_elsewhere: bool,
        /// Whether its body has the mark of a promotion, which anybody can write.
        says_it_is_ours: bool,
    },
    /// A merge queue's, made for this pull request if its branch tells.
    MergeGroup { number: Option<u64> },
}

/// The head of a pull request.
#[derive(Clone, Copy)]
pub(in crate::app) struct PullRequestHead<'a> {
    pub(in crate::app) number: u64,
    pub(in crate::app) base_branch: &'a str,
    pub(in crate::app) commit: &'a str,
    pub(in crate::app) branch: &'a str,
    /// Whether the branch is of the repository itself.
    pub(in crate::app) is_here: bool,
    /// What the pull request says; empty where that does not count.
    pub(in crate::app) body: &'a str,
}

impl Exempt {
    /// What a pull request gets on its head.
    pub(in crate::app) fn of_pull_request(
        place: &RepositoryAddress,
        head: PullRequestHead<'_>,
    ) -> Self {
        Self {
            place: place.clone(),
            base_branch: head.base_branch.to_owned(),
            commit: head.commit.to_owned(),
            of: ExemptOf::PullRequest {
                number: head.number,
                head_branch: head.branch.to_owned(),
                from_elsewhere: !head.is_here,
                says_it_is_ours: Marker::parse(head.body).is_some(),
            },
        }
    }

    /// What a merge queue's commit gets, made for this pull request if its branch tells.
    pub(in crate::app) fn of_group(
        place: &RepositoryAddress,
        base_branch: &str,
        commit: &str,
        number: Option<u64>,
    ) -> Self {
        Self {
            place: place.clone(),
            base_branch: base_branch.to_owned(),
            commit: commit.to_owned(),
            of: ExemptOf::MergeGroup { number },
        }
    }
}

impl Kind for Exempt {
    const WORD: &'static str = "exempt";

    fn place(&self) -> Option<&RepositoryAddress> {
        Some(&self.place)
    }

    fn queue_key(&self) -> String {
        let place = self.place.key();
        match &self.of {
            ExemptOf::PullRequest { number, .. } => format!("{} {place} {number}", Self::WORD),
            ExemptOf::MergeGroup { .. } => format!("{} {place} {}", Self::WORD, self.commit),
        }
    }
}
