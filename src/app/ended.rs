//! Noting how a pull request ended, and what follows from it.

use super::job::{After, Ended, Job};
use super::work::{Stop, Work};
use super::worker::Outcome;
use crate::store::{End, PromotionState};

/// Notes how a pull request ended.
pub(super) async fn note(work: &Work, ended: &Ended) -> Result<Outcome, Stop> {
    let (store, now) = (&work.app.store, work.app.clock.now());
    let (repository, Ok(number)) = (ended.place.key(), i64::try_from(ended.number)) else {
        return Ok(Outcome::Done(Vec::new()));
    };
    let (state, because) = if ended.merged {
        (PromotionState::Merged, None)
    } else {
        (PromotionState::Closed, Some("person"))
    };
    let by = ended.by.as_deref().filter(|_| ended.merged);
    let end = End { state, because, merged_as: ended.merged_as.as_deref(), merged_by: by };
    let was_open = store.end_promotion(&repository, number, &end, now).await?;
    if let Some(by) = by {
        store.note_merged_by(&repository, number, by).await?;
    }
    let Some(record) = store.promotion_of_pull_request(&repository, number).await? else {
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
