//! Take a merged promotion back.

use serde::{Deserialize, Serialize};

use super::asker::{Asker, last_of};
use super::kind::Kind;
use super::repository_address::RepositoryAddress;
use crate::clearance::UndoBy;

/// Take a merged promotion back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Undo {
    pub(in crate::app) place: RepositoryAddress,
    /// Its pull request.
    pub(in crate::app) number: u64,
    /// Whether the undoing is merged too.
    #[serde(default)]
    pub(in crate::app) merges: bool,
    /// Why, if it is undone by itself.
    #[serde(default)]
    pub(in crate::app) because: Option<String>,
    /// Who wants to hear how it ends.
    #[serde(default)]
    pub(in crate::app) askers: Vec<Asker>,
    /// Whether it is planned again, since the target changed: nobody is told.
    #[serde(default)]
    pub(in crate::app) again: bool,
}

impl Undo {
    /// An undoing that nobody asked for.
    pub(in crate::app) fn by_itself(
        place: RepositoryAddress,
        number: u64,
        by: UndoBy,
        because: String,
    ) -> Self {
        let merges = by == UndoBy::Merge;
        let askers = Vec::new();
        Self { place, number, merges, because: Some(because), askers, again: false }
    }
}

impl Kind for Undo {
    const WORD: &'static str = "undo";

    fn place(&self) -> Option<&RepositoryAddress> {
        Some(&self.place)
    }

    fn queue_key(&self) -> String {
        format!("{} {} {}", Self::WORD, self.place.key(), self.number)
    }

    fn merge(self, newer: Self) -> Self {
        let askers = last_of(self.askers, newer.askers);
        let merges = self.merges || newer.merges;
        let again = self.again && newer.again;
        Self { askers, merges, because: self.because.or(newer.because), again, ..newer }
    }
}
