//! Closing the pull request of a promotion that the configuration has no more.

use crate::github::{GithubError, PullRequestChange, PullRequestState, Repository};
use crate::model::{CommitSha, PullRequestNumber};
use crate::promotion::{Intent, quote};
use crate::store::{PromotionRecord, PromotionState};

use super::super::comment::{Topic, write_comment};
use super::super::work::{Stop, Work};

/// Closes what is open of a pair, with one comment that says why; does nothing if nothing is.
pub(in super::super) async fn retire(
    work: &Work,
    repository: &Repository,
    record: PromotionRecord,
    because: &str,
) -> Result<(), Stop> {
    if !matches!(record.state, PromotionState::Opening | PromotionState::Open) {
        return Ok(());
    }
    if let Some(number) = record.pull_request {
        close(work, repository, &record, number, because).await?;
    }
    let ended = PromotionRecord {
        state: PromotionState::Closed,
        closed_because: Some("retired".to_owned()),
        ..record
    };
    work.write_down(&ended).await
}

async fn close(
    work: &Work,
    repository: &Repository,
    record: &PromotionRecord,
    number: PullRequestNumber,
    because: &str,
) -> Result<(), Stop> {
    let open = repository.fetch_pull_request(number).await?;
    let Some(open) = open.filter(|found| found.state == PullRequestState::Open) else {
        return Ok(());
    };
    // Noted first: GitHub tells us of the closing too, and that would look like a person's.
    let reason = Some("retired".to_owned());
    work.write_down(&PromotionRecord { closed_because: reason, ..record.clone() }).await?;
    let gone = match Intent::parse(&record.intent) {
        Some(Intent::Step) => format!("no such step of `{}`", record.target),
        _ => format!("no promotion from `{}` to `{}`", record.source, record.target),
    };
    let text = format!(
        "The configuration has {gone} any more, so this pull request is closed:\n\n{}",
        quote(because)
    );
    work.hold().await?;
    write_comment(&work.app.github, repository, number, Topic::Retired, &text).await?;
    work.hold().await?;
    let change = PullRequestChange { close: true, ..PullRequestChange::default() };
    repository.change_pull_request(number, &change).await?;
    work.attempt.progressed();
    delete_ours(repository, record, &open.head).await?;
    Ok(())
}

/// Deletes the branch if nobody else's commit is on it.
async fn delete_ours(
    repository: &Repository,
    record: &PromotionRecord,
    tip: &CommitSha,
) -> Result<(), GithubError> {
    if *tip == record.head_commit {
        repository.delete_branch(&record.branch, tip).await?;
    }
    Ok(())
}
