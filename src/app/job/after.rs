//! Look how the target of a merged promotion is doing.

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::place::Place;

/// Look how the target of a merged promotion is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct After {
    pub(in crate::app) place: Place,
    pub(in crate::app) number: u64,
}

impl Kind for After {
    const WORD: &'static str = "after";

    fn place(&self) -> Option<&Place> {
        Some(&self.place)
    }

    fn queue_key(&self) -> String {
        format!("{} {} {}", Self::WORD, self.place.key(), self.number)
    }
}
