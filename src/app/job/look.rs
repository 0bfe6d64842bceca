//! Look at the default branch: which promotions does its head ask for?

use serde::{Deserialize, Serialize};

use super::head::Head;
use super::kind::Kind;
use super::repository_address::RepositoryAddress;
use crate::github::TreeSha;
use crate::model::CommitSha;

/// Look at the default branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Look {
    pub(in crate::app) place: RepositoryAddress,
    /// What pushes say; `None` if that does not make one unbroken line, so that GitHub has to be asked.
    #[serde(default)]
    pub(in crate::app) moved: Option<Moved>,
    /// Whether somebody pushed; else the look is a poll.
    #[serde(default)]
    pub(in crate::app) pushed: bool,
}

/// Where the default branch pointed and points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Moved {
    pub(in crate::app) before: String,
    pub(in crate::app) after: String,
    /// The files of that commit.
    #[serde(default)]
    pub(in crate::app) tree: Option<String>,
}

impl Moved {
    pub(in crate::app) fn new(
        before: &CommitSha,
        after: &CommitSha,
        tree: Option<&TreeSha>,
    ) -> Self {
        Self {
            before: before.as_str().to_owned(),
            after: after.as_str().to_owned(),
            tree: tree.map(|tree| tree.as_str().to_owned()),
        }
    }

    /// Where it points, if the files are known too.
    pub(in crate::app) fn head(&self) -> Option<Head> {
        Some(Head { commit: self.after.clone(), tree: self.tree.clone()? })
    }

    /// The whole way, if the second begins where the first ends.
    pub(in crate::app) fn join(first: Option<Self>, second: Option<Self>) -> Option<Self> {
        let (first, second) = (first?, second?);
        let follows = first.after == second.before;
        follows.then_some(Self { before: first.before, ..second })
    }
}

impl Kind for Look {
    const WORD: &'static str = "look";

    fn place(&self) -> Option<&RepositoryAddress> {
        Some(&self.place)
    }

    fn queue_key(&self) -> String {
        format!("{} {}", Self::WORD, self.place.key())
    }

    fn merge(self, newer: Self) -> Self {
        Self {
            moved: Moved::join(self.moved, newer.moved),
            pushed: self.pushed || newer.pushed,
            place: self.place.merge(newer.place),
        }
    }
}
