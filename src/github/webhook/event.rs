//! The events that Overlift uses, in our own words: a file for each, with its shape on the wire.
//!
//! A payload is trusted for what happened and where, since it is signed, but never for what somebody
//! may do: permissions are asked from GitHub.

mod dispatch;
mod installation;
mod issue_comment;
mod merge_group;
mod payload;
mod pull_request;
mod push;
mod report;
mod repository;

use serde::de::IgnoredAny;

pub use dispatch::Dispatch;
pub use installation::Installation;
pub use issue_comment::IssueComment;
pub use merge_group::MergeGroup;
use payload::Payload;
pub use payload::PayloadError;
use pull_request::CHANGES;
pub use pull_request::{PullRequestChanged, PullRequestClosed};
pub use push::Push;
pub use report::CommitReported;
pub use repository::Repository;

/// What happened on GitHub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The webhook was set up.
    Ping,
    /// A branch moved.
    Push(Push),
    /// Somebody ran a workflow with a source and a target environment, or a program sent
    /// `repository_dispatch` with the type `promote`.
    Dispatch(Dispatch),
    /// Somebody wrote a comment.
    IssueComment(IssueComment),
    /// A pull request was closed, merged or not.
    PullRequestClosed(PullRequestClosed),
    /// A pull request was opened, got commits, was edited, reviewed, or became a draft or none.
    PullRequestChanged(PullRequestChanged),
    /// A merge queue asks for checks on a commit of its own.
    MergeGroup(MergeGroup),
    /// Somebody said how a commit is: a status, a check run, a deployment.
    CommitReported(CommitReported),
    /// The App was installed somewhere, its repositories changed, or it was removed.
    Installation(Installation),
    /// Anything else: counted and left alone.
    Other,
}

/// The names of the events that are read, as `X-GitHub-Event` has them.
const NAMES: [&str; 13] = [
    "check_run",
    "deployment_status",
    "installation",
    "installation_repositories",
    "issue_comment",
    "merge_group",
    "ping",
    "pull_request",
    "pull_request_review",
    "push",
    "repository_dispatch",
    "status",
    "workflow_dispatch",
];

impl Event {
    /// The name of an event that is read; names are case-sensitive.
    #[must_use]
    pub fn known_name(event: &str) -> Option<&'static str> {
        NAMES.into_iter().find(|name| *name == event)
    }

    /// Reads the body of a delivery whose `X-GitHub-Event` is `event`.
    ///
    /// The body of an event that we do not use is still checked to be a JSON object, since anything
    /// else does not come from GitHub.
    ///
    /// # Errors
    /// [`PayloadError`] if the body is malformed or lacks what the event needs.
    pub fn parse(event: &str, body: &[u8]) -> Result<Self, PayloadError> {
        let payload = &Payload { event, body };
        // serde would take `[null]` for an object whose first field is null.
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Err(PayloadError::NoObject { event: payload.event_name() });
        }
        let name = Self::known_name(event).unwrap_or_default();
        // Each body is gone through once, but for the events of which one action is used.
        Ok(match name {
            "ping" => payload.read::<IgnoredAny>().map(|_| Self::Ping)?,
            "push" => push::read(payload)?.map_or(Self::Other, Self::Push),
            "workflow_dispatch" => {
                dispatch::of_workflow(payload)?.map_or(Self::Other, Self::Dispatch)
            }
            "status" => Self::CommitReported(report::status(payload)?),
            "deployment_status" => {
                report::deployment_status(payload)?.map_or(Self::Other, Self::CommitReported)
            }
            "repository_dispatch"
            | "issue_comment"
            | "pull_request"
            | "pull_request_review"
            | "merge_group"
            | "check_run" => match (name, payload.action()?.as_str()) {
                ("repository_dispatch", "promote") => {
                    Self::Dispatch(dispatch::of_repository(payload)?)
                }
                ("issue_comment", "created") => Self::IssueComment(issue_comment::read(payload)?),
                ("pull_request", "closed") => {
                    Self::PullRequestClosed(pull_request::closed(payload)?)
                }
                ("pull_request", action) if CHANGES.contains(&action) => {
                    Self::PullRequestChanged(pull_request::changed(payload, action)?)
                }
                ("pull_request_review", "submitted" | "dismissed") => {
                    Self::PullRequestChanged(pull_request::changed(payload, "review")?)
                }
                ("merge_group", "checks_requested") => {
                    Self::MergeGroup(merge_group::read(payload)?)
                }
                ("check_run", "completed") => Self::CommitReported(report::check_run(payload)?),
                _ => Self::Other,
            },
            "installation" | "installation_repositories" => {
                Self::Installation(installation::read(payload, &payload.action()?)?)
            }
            _ => payload.read::<IgnoredAny>().map(|_| Self::Other)?,
        })
    }

    /// Where it happened, if it happened in a repository.
    #[must_use]
    pub const fn repository(&self) -> Option<&Repository> {
        match self {
            Self::Push(Push { repository, .. })
            | Self::Dispatch(Dispatch { repository, .. })
            | Self::IssueComment(IssueComment { repository, .. })
            | Self::PullRequestClosed(PullRequestClosed { repository, .. })
            | Self::PullRequestChanged(PullRequestChanged { repository, .. })
            | Self::MergeGroup(MergeGroup { repository, .. })
            | Self::CommitReported(CommitReported { repository, .. }) => Some(repository),
            Self::Ping | Self::Installation(_) | Self::Other => None,
        }
    }
}

#[cfg(test)]
mod tests;
