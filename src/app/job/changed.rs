//! A pull request changed: perhaps a promotion's.

use serde::{Deserialize, Serialize};

use super::asker::last_of;
use super::edit::Edit;
use super::kind::Kind;
use super::repository_address::RepositoryAddress;

/// A pull request changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Changed {
    pub(in crate::app) place: RepositoryAddress,
    pub(in crate::app) number: u64,
    pub(in crate::app) head: String,
    pub(in crate::app) head_branch: String,
    #[serde(default)]
    pub(in crate::app) base_branch: String,
    /// Whether its body has the mark of a promotion, which anybody can write.
    pub(in crate::app) says_it_is_ours: bool,
    #[serde(default)]
    pub(in crate::app) edits: Vec<Edit>,
    /// Its newest body.
    #[serde(default)]
    pub(in crate::app) body: Option<String>,
}

impl Kind for Changed {
    const WORD: &'static str = "changed";

    fn place(&self) -> Option<&RepositoryAddress> {
        Some(&self.place)
    }

    fn queue_key(&self) -> String {
        format!("{} {} {}", Self::WORD, self.place.key(), self.number)
    }

    fn merge(self, newer: Self) -> Self {
        Self { edits: last_of(self.edits, newer.edits), body: newer.body.or(self.body), ..newer }
    }
}
