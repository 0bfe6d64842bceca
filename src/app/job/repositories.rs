//! Note which repositories an installation gained and lost.

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::repository_address::RepositoryAddress;

/// Note which repositories an installation gained and lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Repositories {
    pub(in crate::app) installation: u64,
    pub(in crate::app) added: Vec<String>,
    pub(in crate::app) removed: Vec<String>,
}

impl Kind for Repositories {
    const WORD: &'static str = "repositories";

    fn place(&self) -> Option<&RepositoryAddress> {
        None
    }

    fn queue_key(&self) -> String {
        format!("{} {}", Self::WORD, self.installation)
    }

    fn merge(mut self, newer: Self) -> Self {
        self.added.retain(|name| !newer.removed.contains(name));
        self.removed.retain(|name| !newer.added.contains(name));
        self.added.extend(newer.added);
        self.removed.extend(newer.removed);
        self
    }
}
