//! Noting how a pull request ended, and what follows from it.

use super::job::{After, Ended, Job};
use super::recollect::{Found, recollect};
use super::work::{Stop, Work};
use super::worker::Outcome;
use crate::model::{CommitSha, PullRequestNumber};
use crate::store::{End, PromotionRecord, PromotionState};

/// Notes how a pull request ended.
pub(super) async fn note(work: &Work, ended: &Ended) -> Result<Outcome, Stop> {
    let (store, now) = (&work.app.store, work.app.clock.now());
    let (repository, Some(number)) = (ended.place.key(), PullRequestNumber::new(ended.number))
    else {
        return Ok(Outcome::Done(Vec::new()));
    };
    let (state, because) = if ended.merged {
        (PromotionState::Merged, None)
    } else {
        (PromotionState::Closed, Some("person"))
    };
    let by = ended.by.as_deref().filter(|_| ended.merged);
    let merged_as = ended.merged_as.as_deref().and_then(|commit| CommitSha::parse(commit).ok());
    let end = End { state, because, merged_as: merged_as.as_ref(), merged_by: by };
    let was_open = store.end_promotion(&repository, number, &end, now).await?;
    if let Some(by) = by {
        store.note_merged_by(&repository, number, by).await?;
    }
    let record = match store.promotion_of_pull_request(&repository, number).await? {
        None => recollected(work, ended).await?,
        known => known,
    };
    let Some(record) = record else {
        if !was_open {
            // Perhaps one that the Action opened: look again before the next one is opened.
            store.forget_surveys(&repository).await?;
        }
        return Ok(Outcome::Done(Vec::new()));
    };
    if !ended.merged {
        return Ok(Outcome::Done(Vec::new()));
    }
    let after = After { place: ended.place.clone(), number: ended.number };
    if let Some(plan) = &record.undoes {
        store.note_undone(&repository, plan, now).await?;
    }
    Ok(Outcome::Done(vec![work.follow_up(&Job::After(after))]))
}

/// A merged one that the store does not know and that says of itself that it is ours: from before the loss of the
/// store, or one that the command or the Action opened. What it says is a reason to look, and no more than that.
async fn recollected(work: &Work, ended: &Ended) -> Result<Option<PromotionRecord>, Stop> {
    let number =
        PullRequestNumber::new(ended.number).filter(|_| ended.merged && ended.says_it_is_ours);
    let Some(number) = number else { return Ok(None) };
    let Some(Found::Merged) = recollect(work, &ended.place, number).await? else { return Ok(None) };
    let record = work.app.store.promotion_of_pull_request(&ended.place.key(), number).await?;
    if let Some(by) = &ended.by {
        work.app.store.note_merged_by(&ended.place.key(), number, by).await?;
    }
    Ok(record)
}
