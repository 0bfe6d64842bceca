//! Look how the target of a merged promotion is doing.

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::repository_address::RepositoryAddress;

/// Look how the target of a merged promotion is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct After {
    pub(in crate::app) place: RepositoryAddress,
    pub(in crate::app) number: u64,
}

impl Kind for After {
    const WORD: &'static str = "after";

    fn place(&self) -> Option<&RepositoryAddress> {
        Some(&self.place)
    }

    fn queue_key(&self) -> String {
        format!("{} {} {}", Self::WORD, self.place.key(), self.number)
    }
}
