//! A pull request changed: is it a promotion's?

use crate::model::{BranchName, PullRequestNumber};
use crate::store::PromotionRecord;

use super::job::{Changed, Clear, Exempt, Job, PullRequestHead};
use super::recollect::{Found, recollect};
use super::stored_key::key_of;
use super::work::{Stop, Work};
use super::worker::Outcome;

/// Queues a look at the promotion, if it is one.
pub(super) async fn changed(work: &Work, job: &Changed) -> Result<Outcome, Stop> {
    let Some(record) = find(work, job).await? else {
        return Ok(Outcome::Done(unknown(work, job).await?));
    };
    let Some(key) = key_of(&record) else { return Ok(Outcome::Done(Vec::new())) };
    let mut clear = Clear::new(job.place.clone(), &key);
    clear.asked = true;
    clear.edits.clone_from(&job.edits);
    clear.body.clone_from(&job.body);
    clear.head = Some(job.head.clone());
    Ok(Outcome::Done(vec![work.follow_up(&Job::Clear(clear))]))
}

/// The promotion whose pull request it is: by its number, or by its branch while it is being opened.
async fn find(work: &Work, job: &Changed) -> Result<Option<PromotionRecord>, Stop> {
    let store = &work.app.store;
    let Some(number) = PullRequestNumber::new(job.number) else { return Ok(None) };
    if let Some(record) = store.promotion_of_pull_request(&job.place.key(), number).await? {
        return Ok(Some(record));
    }
    let open = store.open_promotions(&job.place.key()).await?;
    Ok(open.into_iter().find(|record| {
        record.branch.as_str() == job.head_branch
            && record.pull_request.is_none_or(|it| it == number)
    }))
}

/// A pull request that we do not know and that says of itself that it is a promotion's: after the loss of the
/// store, or one that the command or the Action opened. What it says is a reason to look, and no more than that.
async fn unknown(work: &Work, job: &Changed) -> Result<Vec<crate::store::NewJob>, Stop> {
    if !job.says_it_is_ours || BranchName::parse(&job.head_branch).is_err() {
        return Ok(Vec::new());
    }
    let Some(number) = PullRequestNumber::new(job.number) else { return Ok(Vec::new()) };
    let found = recollect(work, &job.place, number).await?;
    Ok(match found {
        Some(Found::TakenOnBy(job)) => vec![work.follow_up(&job)],
        Some(Found::Merged) => Vec::new(),
        None => vec![work.follow_up(&Job::Exempt(no_promotion(job)))],
    })
}

/// What a pull request like any other gets, whatever it says of itself.
fn no_promotion(job: &Changed) -> Exempt {
    let head = PullRequestHead {
        number: job.number,
        base_branch: &job.base_branch,
        commit: &job.head,
        branch: &job.head_branch,
        is_here: true,
        body: "",
    };
    Exempt::of_pull_request(&job.place, head)
}
