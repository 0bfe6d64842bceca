//! Report the checks that rules ask of everything on a commit that they say nothing of.

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::place::Place;

/// Report required checks of ours where they have nothing to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Exempt {
    pub(in crate::app) place: Place,
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

impl Kind for Exempt {
    const WORD: &'static str = "exempt";

    fn place(&self) -> Option<&Place> {
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
