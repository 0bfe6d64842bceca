//! A merge queue made a commit of what it would merge, and asks for checks on it.

use serde::Deserialize;

use super::payload::{Payload, PayloadError};
use super::repository::{Repository, WireInstallation, WireRepository};
use crate::model::{CommitSha, PullRequestNumber};

/// Checks are asked for on the commit of a merge queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeGroup {
    /// Where.
    pub repository: Repository,
    /// The queue's commit: the base branch with the pull request, and with those before it in the queue.
    pub head: CommitSha,
    /// The branch that it is for, as it was written.
    pub base_branch: String,
    /// The pull request that it was made for, if the name of the queue's branch tells it.
    pub number: Option<PullRequestNumber>,
}

#[derive(Deserialize)]
struct WireEvent {
    merge_group: WireGroup,
    repository: WireRepository,
    installation: Option<WireInstallation>,
}

#[derive(Deserialize)]
struct WireGroup {
    head_sha: String,
    head_ref: String,
    base_ref: String,
}

/// Reads that checks are asked for.
pub(super) fn read(payload: &Payload<'_>) -> Result<MergeGroup, PayloadError> {
    let event: WireEvent = payload.read()?;
    let group = event.merge_group;
    let base = group.base_ref.strip_prefix("refs/heads/").unwrap_or(&group.base_ref);
    Ok(MergeGroup {
        repository: payload.repository(event.repository, event.installation)?,
        head: payload.commit("merge_group.head_sha", &group.head_sha)?,
        number: number_in(&group.head_ref),
        base_branch: base.to_owned(),
    })
}

/// The pull request in `refs/heads/gh-readonly-queue/main/pr-104-929f8209…`.
fn number_in(reference: &str) -> Option<PullRequestNumber> {
    let (_, last) = reference.rsplit_once('/')?;
    let (number, _) = last.strip_prefix("pr-")?.split_once('-')?;
    PullRequestNumber::new(number.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queues_branch_names_the_pull_request() {
        let read = |text: &str| number_in(text).map(PullRequestNumber::get);
        let sha = "929f8209d40f77f4abc622a499c93a83babdbe64";
        assert_eq!(read(&format!("refs/heads/gh-readonly-queue/main/pr-104-{sha}")), Some(104));
        assert_eq!(read(&format!("refs/heads/gh-readonly-queue/release/v1/pr-7-{sha}")), Some(7));
        assert_eq!(read("refs/heads/gh-readonly-queue/main/104"), None);
        assert_eq!(read(&format!("refs/heads/gh-readonly-queue/main/pr-0-{sha}")), None);
    }
}
