//! Whether a promotion is merged by us, now.

use super::hold::Holds;

/// Who merges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Merge {
    /// People.
    #[default]
    Manual,
    /// Overlift, once nothing holds.
    Auto,
}

/// How a pull request is merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MergeMethod {
    /// By a merge commit.
    #[default]
    Merge,
    /// As one new commit.
    Squash,
    /// By commits on top of the base branch.
    Rebase,
}

impl MergeMethod {
    /// GitHub's word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Squash => "squash",
            Self::Rebase => "rebase",
        }
    }
}

/// What a merge depends on.
#[derive(Clone, Copy, Debug)]
pub struct MergeSituation<'a> {
    /// Who merges.
    pub merge: Merge,
    /// What holds it.
    pub holds: &'a Holds,
    /// Whether it is open, with the commit that was judged as its head.
    pub is_the_judged_one: bool,
    /// Whether the base branch is where it was judged.
    pub is_base_unmoved: bool,
    /// Whether it is a draft.
    pub is_draft: bool,
    /// Whether a review asks for changes.
    pub changes_requested: bool,
    /// Whether GitHub says that it does not merge cleanly.
    pub conflicts: bool,
}

/// Whether to merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeDecision {
    /// Merge it, by the head that was judged.
    Merge,
    /// It is not for us to merge.
    LeaveToPeople,
    /// Not now; something has to happen first, of which we hear.
    Wait(&'static str),
}

/// Decides.
#[must_use]
pub const fn may_merge(of: &MergeSituation<'_>) -> MergeDecision {
    if matches!(of.merge, Merge::Manual) {
        return MergeDecision::LeaveToPeople;
    }
    let waits = if !of.holds.is_empty() {
        "something holds it"
    } else if !of.is_the_judged_one {
        "its head is another one than was judged"
    } else if !of.is_base_unmoved {
        "the base branch moved"
    } else if of.is_draft {
        "it is a draft"
    } else if of.changes_requested {
        "a review asks for changes"
    } else if of.conflicts {
        "it does not merge cleanly"
    } else {
        return MergeDecision::Merge;
    };
    MergeDecision::Wait(waits)
}
