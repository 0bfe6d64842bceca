//! Who may give commands. Whoever may not is told once on an issue, and then only counted.
//!
//! Everybody who can read a repository can comment there, so that what a comment costs in requests has an end:
//! what GitHub said of a person holds for a while, and answers to one are few. Both are on disk.

use crate::github::{Permission, Repository};
use crate::model::PullRequestNumber;
use crate::store::{Millis, Refusal};
use crate::telemetry::metric;

use super::comment::{Topic, write_comment};
use super::job::Command;
use super::work::{Stop, Work};

/// For so long nobody is asked again what a person may do who might not.
const HOLDS_MS: Millis = 15 * 60 * 1000;
/// On so many issues of a repository a person is told within a day.
const MOST_TOLD: usize = 5;
const DAY_MS: Millis = 24 * 60 * 60 * 1000;

/// What the person may do, if that is enough to ask for something.
pub(super) async fn permission(
    work: &Work,
    job: &Command,
    repository: &Repository,
    number: PullRequestNumber,
) -> Result<Option<Permission>, Stop> {
    let (place, login, now) = (job.place.key(), job.login.to_lowercase(), work.app.clock.now());
    let past = work.app.store.refusals(&place, &login).await?;
    let asked_at = past.first().map(|newest| newest.asked_at).filter(|at| now - at < HOLDS_MS);
    let asked_at = match asked_at {
        Some(at) => at,
        None => match repository.fetch_permission(&job.login).await? {
            enough if enough >= Permission::Write => return Ok(Some(enough)),
            _ => now,
        },
    };
    metric::refusal();
    let here = i64::try_from(number.get()).unwrap_or(i64::MAX);
    let is_told = past.iter().any(|it| it.number == here);
    let today = past.iter().filter(|it| now - it.asked_at < DAY_MS).count();
    if !is_told && today < MOST_TOLD {
        work.hold().await?;
        let words = "Only people who may write to this repository can ask for a promotion.";
        let github = &work.app.github;
        write_comment(github, repository, number, Topic::Command(job.comment), words).await?;
    } else {
        tracing::debug!(repo.name = place, "somebody asks again who may not");
    }
    if is_told && asked_at != now {
        return Ok(None);
    }
    let refusal = Refusal { number: here, asked_at };
    work.app.store.note_refusal(&place, &login, refusal).await?;
    Ok(None)
}

/// Whether the comment has not asked before. No signature covers a delivery's id, so that whoever recorded one
/// could send it again under another; a comment is one act of a person.
pub(super) async fn is_first(work: &Work, job: &Command) -> Result<bool, Stop> {
    let Some(delivery) = work.attempt.claim.delivery.as_deref() else { return Ok(true) };
    let (place, comment) = (job.place.key(), i64::try_from(job.comment).unwrap_or(i64::MAX));
    let now = work.app.clock.now();
    Ok(work.app.store.take_command(&place, comment, delivery, now).await?)
}
