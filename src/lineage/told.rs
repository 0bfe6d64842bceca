//! In which words it is told why a value comes, goes or stays.

use super::decision::Reason;
use super::difference::{Because, Then};
use super::held::Held;
use super::verdict::Verdict;
use crate::model::CommitSha;

/// What becomes of a value and why. `comes` is what becomes of it unless it stays; `left_by` the promotion that left it out; `commit` the commit at a place of the history.
pub(super) fn told(
    reason: &Reason,
    comes: Then,
    left_by: impl FnOnce() -> Option<CommitSha>,
    commit: impl Fn(Option<usize>) -> Option<CommitSha>,
) -> (Then, Because) {
    let stays = |because| (Then::Stays, because);
    match reason {
        Reason::Kept => stays(Because::Kept),
        Reason::NotAsked => stays(Because::NotAsked),
        Reason::Taken => (comes, Because::Taken),
        Reason::All => (comes, Because::All),
        Reason::Named => (comes, Because::Named),
        &Reason::InAnotherList { list, of_target } => {
            stays(Because::InAnotherList { list, of_target })
        }
        Reason::Together { with } => stays(Because::Together { with: with.clone() }),
        Reason::Held(Held::Source(name)) => stays(Because::NamesSource { name: name.clone() }),
        Reason::Held(Held::Other(name)) => stays(Because::NamesOther { name: name.clone() }),
        Reason::Held(Held::Account(name)) => stays(Because::NamesAccount { name: name.clone() }),
        Reason::Held(Held::OnlyOne(name)) => stays(Because::NamesOnlyOne { name: name.clone() }),
        Reason::Held(Held::Reserved(words)) => stays(Because::Reserved { words: words.clone() }),
        Reason::Judged(verdict) => match *verdict {
            Verdict::Behind { since } => (comes, Because::Behind { since: commit(since) }),
            Verdict::LeftOut => stays(Because::LeftOut { by: left_by() }),
            Verdict::LeftBy { by } => stays(Because::LeftOut { by: commit(Some(by)) }),
            Verdict::Reverted { at } => stays(Because::SetLater { by: commit(Some(at)) }),
            Verdict::Tried { what } => stays(Because::Tried { what }),
            Verdict::Own { since, source_moved } => {
                stays(Because::Own { since: commit(since), source_moved })
            }
            Verdict::Unlisted => (comes, Because::Unlisted),
            Verdict::AbsentOnPurpose => stays(Because::AbsentOnPurpose),
            Verdict::Counterpart => stays(Because::Counterpart),
        },
    }
}
