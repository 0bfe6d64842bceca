//! Who wants to hear how a job ends, and how lists of people and edits join.

use serde::{Deserialize, Serialize};

use crate::model::PullRequestNumber;

/// How many people one run answers; more than that in one moment is no conversation.
pub(in crate::app) const MOST_ASKERS: usize = 100;

/// More edits, releases or commits than these in one moment are the last ones.
pub(super) const MOST_AT_ONCE: usize = 50;

/// Somebody who asked in a comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Asker {
    /// The issue or pull request.
    pub(in crate::app) number: u64,
    /// The comment.
    pub(in crate::app) comment: u64,
}

impl Asker {
    pub(in crate::app) const fn new(number: PullRequestNumber, comment: u64) -> Self {
        Self { number: number.get(), comment }
    }
}

/// Both in order, the last ones if they are too many.
pub(super) fn last_of<T: PartialEq>(mut waiting: Vec<T>, newer: Vec<T>) -> Vec<T> {
    for item in newer {
        if !waiting.contains(&item) {
            waiting.push(item);
        }
    }
    waiting.drain(..waiting.len().saturating_sub(MOST_AT_ONCE));
    waiting
}
