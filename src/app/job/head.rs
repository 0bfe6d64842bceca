//! A commit with its files, as jobs hold it.

use serde::{Deserialize, Serialize};

use crate::github::TreeSha;
use crate::model::CommitSha;

/// A commit and its tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Head {
    pub(in crate::app) commit: String,
    pub(in crate::app) tree: String,
}

impl Head {
    pub(in crate::app) fn new(commit: &CommitSha, tree: &TreeSha) -> Self {
        Self { commit: commit.as_str().to_owned(), tree: tree.as_str().to_owned() }
    }

    /// The ids again; `None` if somebody changed the queue by hand.
    pub(in crate::app) fn parse(&self) -> Option<(CommitSha, TreeSha)> {
        Some((CommitSha::parse(&self.commit).ok()?, TreeSha::parse(&self.tree).ok()?))
    }
}
