//! A pull request was closed, or changed while it is open.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::payload::{Payload, PayloadError};
use super::repository::{NamedRepository, Repository, WireInstallation, WireRepository};
use crate::github::Account;
use crate::github::account::WireAccount;
use crate::github::commit_report::read_time;
use crate::model::{CommitSha, PullRequestNumber, RepoName};

/// The changes of a pull request that are of interest.
pub(super) const CHANGES: [&str; 6] =
    ["opened", "synchronize", "reopened", "edited", "ready_for_review", "converted_to_draft"];

/// A pull request was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequestClosed {
    /// Where.
    pub repository: Repository,
    /// Its number.
    pub number: PullRequestNumber,
    /// The commit on the base branch; `None` if it was closed without a merge.
    pub merged_as: Option<CommitSha>,
    /// The repository of the head branch: another one for a fork, `None` for a deleted fork.
    pub head_repository: Option<RepoName>,
    /// The head branch, as it was written.
    pub head_branch: String,
    /// Its last commit.
    pub head: CommitSha,
    /// The base branch, as it was written.
    pub base_branch: String,
    /// Its text.
    pub body: String,
    /// Who closed it.
    pub sender: Option<Account>,
}

/// A pull request changed and is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequestChanged {
    /// Where.
    pub repository: Repository,
    /// What happened: GitHub's word, or `review`.
    pub action: String,
    /// Its number.
    pub number: PullRequestNumber,
    /// The repository of the head branch: another one for a fork, `None` for a deleted fork.
    pub head_repository: Option<RepoName>,
    /// The head branch, as it was written.
    pub head_branch: String,
    /// Its last commit.
    pub head: CommitSha,
    /// The base branch, as it was written.
    pub base_branch: String,
    /// Whether it has another base branch than before.
    pub base_changed: bool,
    /// Its text now.
    pub body: String,
    /// Its text before, if that was edited.
    pub body_before: Option<String>,
    /// When, as milliseconds since 1970.
    pub at_ms: Option<i64>,
    /// Who did it.
    pub sender: Option<Account>,
}

#[derive(Deserialize)]
struct WirePullRequestEvent {
    pull_request: WirePullRequest,
    changes: Option<Changes>,
    repository: WireRepository,
    installation: Option<WireInstallation>,
    sender: Option<WireAccount>,
}

#[derive(Deserialize)]
struct WirePullRequest {
    number: u64,
    merged: Option<bool>,
    merge_commit_sha: Option<String>,
    body: Option<String>,
    updated_at: Option<String>,
    head: Side,
    base: Side,
}

#[derive(Deserialize)]
struct Side {
    #[serde(rename = "ref")]
    reference: String,
    sha: String,
    /// `None` once a fork is deleted.
    repo: Option<NamedRepository>,
}

#[derive(Deserialize)]
struct Changes {
    base: Option<IgnoredAny>,
    body: Option<ChangedText>,
}

#[derive(Deserialize)]
struct ChangedText {
    from: Option<String>,
}

/// Reads that one was closed.
pub(super) fn closed(payload: &Payload<'_>) -> Result<PullRequestClosed, PayloadError> {
    let event: WirePullRequestEvent = payload.read()?;
    let pull_request = event.pull_request;
    let merged = pull_request.merged.ok_or_else(|| payload.unusable("pull_request.merged"))?;
    let merged_as = match (merged, &pull_request.merge_commit_sha) {
        (false, _) => None,
        (true, Some(sha)) => Some(payload.commit("pull_request.merge_commit_sha", sha)?),
        (true, None) => return Err(payload.unusable("pull_request.merge_commit_sha")),
    };
    let head_repository = pull_request.head.repo;
    Ok(PullRequestClosed {
        repository: payload.repository(event.repository, event.installation)?,
        number: payload.number("pull_request.number", pull_request.number)?,
        merged_as,
        head_repository: head_repository.and_then(|repo| repo.name()),
        head_branch: pull_request.head.reference,
        head: payload.commit("pull_request.head.sha", &pull_request.head.sha)?,
        base_branch: pull_request.base.reference,
        body: pull_request.body.unwrap_or_default(),
        sender: event.sender.map(Account::from),
    })
}

/// Reads that one changed; `action` is what happened.
pub(super) fn changed(
    payload: &Payload<'_>,
    action: &str,
) -> Result<PullRequestChanged, PayloadError> {
    let event: WirePullRequestEvent = payload.read()?;
    let pull_request = event.pull_request;
    let head_repository = pull_request.head.repo;
    let base_changed = event.changes.as_ref().is_some_and(|changes| changes.base.is_some());
    let before = event.changes.and_then(|changes| changes.body);
    Ok(PullRequestChanged {
        repository: payload.repository(event.repository, event.installation)?,
        action: action.to_owned(),
        number: payload.number("pull_request.number", pull_request.number)?,
        head_repository: head_repository.and_then(|repo| repo.name()),
        head_branch: pull_request.head.reference,
        head: payload.commit("pull_request.head.sha", &pull_request.head.sha)?,
        base_branch: pull_request.base.reference,
        base_changed,
        body: pull_request.body.unwrap_or_default(),
        body_before: before.map(|before| before.from.unwrap_or_default()),
        at_ms: read_time(pull_request.updated_at.as_deref()),
        sender: event.sender.map(Account::from),
    })
}
