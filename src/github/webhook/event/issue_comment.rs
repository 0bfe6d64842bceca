//! Somebody wrote a comment.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::payload::{Payload, PayloadError};
use super::repository::{Repository, WireInstallation, WireRepository};
use crate::github::Account;
use crate::github::account::WireAccount;
use crate::model::PullRequestNumber;

/// A comment was written on an issue or a pull request. Edits and deletions are no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueComment {
    /// Where.
    pub repository: Repository,
    /// The issue's number; on a pull request, that of the pull request.
    pub number: PullRequestNumber,
    /// Whether it is on a pull request.
    pub on_pull_request: bool,
    /// The comment's id.
    pub comment: u64,
    /// Who wrote it; `None` if the account is gone.
    pub author: Option<Account>,
    /// The text, in Markdown.
    pub body: String,
}

#[derive(Deserialize)]
struct WireIssueComment {
    comment: Comment,
    issue: Issue,
    repository: WireRepository,
    installation: Option<WireInstallation>,
}

#[derive(Deserialize)]
struct Comment {
    id: u64,
    body: Option<String>,
    user: Option<WireAccount>,
}

#[derive(Deserialize)]
struct Issue {
    number: u64,
    pull_request: Option<IgnoredAny>,
}

/// Reads a comment.
pub(super) fn read(payload: &Payload<'_>) -> Result<IssueComment, PayloadError> {
    let event: WireIssueComment = payload.read()?;
    Ok(IssueComment {
        repository: payload.repository(event.repository, event.installation)?,
        number: payload.number("issue.number", event.issue.number)?,
        on_pull_request: event.issue.pull_request.is_some(),
        comment: event.comment.id,
        author: event.comment.user.map(Account::from),
        body: event.comment.body.ok_or_else(|| payload.unusable("comment.body"))?,
    })
}
