//! Send notices in order.

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::repository_address::RepositoryAddress;

/// Send the notices of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Notify {
    /// Who receives them.
    pub(in crate::app) receiver: String,
    /// Those of one promotion, the receiver included.
    pub(in crate::app) stream: String,
}

impl Kind for Notify {
    const WORD: &'static str = "notice";

    fn place(&self) -> Option<&RepositoryAddress> {
        None
    }

    fn queue_key(&self) -> String {
        format!("{} {}", Self::WORD, self.stream)
    }

    fn lane(&self) -> String {
        // A receiver that is slow takes one place, whatever waits for it.
        format!("{} {}", Self::WORD, self.receiver)
    }
}
