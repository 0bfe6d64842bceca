//! Answer a command in a comment.

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::repository_address::RepositoryAddress;

/// Answer a command in a comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Command {
    pub(in crate::app) place: RepositoryAddress,
    pub(in crate::app) number: u64,
    pub(in crate::app) on_pull_request: bool,
    pub(in crate::app) comment: u64,
    pub(in crate::app) login: String,
    pub(in crate::app) asks: Asks,
}

/// What a comment asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::app) enum Asks {
    /// `/promote` alone.
    Again,
    /// `/promote SOURCE TARGET [APPLICATION…]`.
    Pair {
        source: String,
        target: String,
        #[serde(default)]
        applications: Vec<String>,
    },
    /// `/undo`.
    Undo,
    /// `/release REASON`.
    Release { reason: String },
    /// Something that is no command; the text says why.
    Nothing { because: String },
}

impl Kind for Command {
    const WORD: &'static str = "command";

    fn place(&self) -> Option<&RepositoryAddress> {
        Some(&self.place)
    }

    fn queue_key(&self) -> String {
        format!("{} {} {}", Self::WORD, self.place.key(), self.comment)
    }
}
