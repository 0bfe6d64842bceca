//! Note how a pull request ended.

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::repository_address::RepositoryAddress;

/// Note how a pull request ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Ended {
    pub(in crate::app) place: RepositoryAddress,
    pub(in crate::app) number: u64,
    pub(in crate::app) merged: bool,
    /// The commit of the default branch that it was merged as.
    #[serde(default)]
    pub(in crate::app) merged_as: Option<String>,
    /// Who closed it, by login.
    #[serde(default)]
    pub(in crate::app) by: Option<String>,
    /// Whether its body has the mark of a promotion, which anybody can write.
    #[serde(default)]
    pub(in crate::app) says_it_is_ours: bool,
}

impl Kind for Ended {
    const WORD: &'static str = "ended";

    fn place(&self) -> Option<&RepositoryAddress> {
        Some(&self.place)
    }

    fn queue_key(&self) -> String {
        format!("{} {} {}", Self::WORD, self.place.key(), self.number)
    }
}
