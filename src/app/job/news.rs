//! Something was said of commits: whom does it concern?

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::asker::MOST_AT_ONCE;
use super::kind::Kind;
use super::repository_address::RepositoryAddress;

/// Something was said of commits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct News {
    pub(in crate::app) place: RepositoryAddress,
    /// The commits that something was said of.
    #[serde(default)]
    pub(in crate::app) commits: BTreeSet<String>,
    /// Whether there are more of them, so that all environments are looked at.
    #[serde(default)]
    pub(in crate::app) all: bool,
}

impl Kind for News {
    const WORD: &'static str = "news";

    fn place(&self) -> Option<&RepositoryAddress> {
        Some(&self.place)
    }

    fn queue_key(&self) -> String {
        format!("{} {}", Self::WORD, self.place.key())
    }

    fn merge(self, newer: Self) -> Self {
        let (mut commits, mut all) = (self.commits, self.all || newer.all);
        commits.extend(newer.commits);
        if commits.len() > MOST_AT_ONCE {
            all = true;
            commits.clear();
        }
        Self { place: self.place.merge(newer.place), commits, all }
    }
}
