//! When so much of a commit is missing that its tarball is the cheaper way.

use std::sync::Mutex;

use super::lock::lock;
use crate::model::CommitSha;

/// With this many blobs of a commit missing, the tarball is cheaper than asking for each.
const TARBALL_FROM: usize = 16;

/// What was missing of the commit that was read last.
#[derive(Default)]
pub(super) struct ColdReads(Mutex<Option<Cold>>);

struct Cold {
    commit: CommitSha,
    missed: usize,
    unpacked: bool,
}

impl ColdReads {
    /// Counts what was missing of a commit, and says, once for each, when its tarball is worth it.
    pub(super) fn are_worth_a_tarball(&self, at: &CommitSha, missing: usize) -> bool {
        let mut cold = lock(&self.0);
        if cold.as_ref().is_none_or(|cold| cold.commit != *at) {
            *cold = Some(Cold { commit: at.clone(), missed: 0, unpacked: false });
        }
        let cold = cold.as_mut().expect("it was put there");
        cold.missed += missing;
        let worth = missing > 0 && cold.missed >= TARBALL_FROM && !cold.unpacked;
        cold.unpacked |= worth;
        worth
    }
}
