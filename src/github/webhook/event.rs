//! The events that Overlift uses, in our own words.
//!
//! A payload is trusted for what happened and where, since it is signed, but never for what somebody
//! may do: permissions are asked from GitHub.

use serde::de::{DeserializeOwned, IgnoredAny};

use super::payload;
use crate::github::evidence::{read_conclusion, read_deployment, read_status, read_time};
use crate::github::{Account, Commit, CommitReport, ReportKind, TreeSha};
use crate::model::{BranchName, CommitSha, InstallationId, PullRequestNumber, RepoName};

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
    /// Somebody said how a commit is: a status, a check run, a deployment.
    CommitReported(CommitReported),
    /// The App was installed somewhere, its repositories changed, or it was removed.
    Installation(Installation),
    /// Anything else: counted and left alone.
    Other,
}

/// Where an event happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// The repository.
    pub name: RepoName,
    /// Its default branch, if the payload says so (GitHub's always do).
    pub default_branch: Option<BranchName>,
    /// The installation that sent the event; `None` for a webhook of the repository itself.
    pub installation: Option<InstallationId>,
}

/// A branch moved. Pushes of tags and deletions of branches are [`Event::Other`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// Where.
    pub repository: Repository,
    /// The branch.
    pub branch: BranchName,
    /// Where it pointed; `None` if it is new, or if the payload does not say.
    pub before: Option<CommitSha>,
    /// Where it points.
    pub after: CommitSha,
    /// The files of that commit, if the payload says so (GitHub's do).
    pub tree: Option<TreeSha>,
    /// The commit itself, if the payload tells all of it: it is the only one that the push brings, so that it
    /// stands on the one before.
    pub only: Option<Commit>,
}

/// Somebody asks for a promotion from outside a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispatch {
    /// Where.
    pub repository: Repository,
    /// The branch that the workflow ran on; `None` for `repository_dispatch`, which has none.
    pub branch: Option<String>,
    /// The source environment, as it was written.
    pub source: String,
    /// The target environment, as it was written.
    pub target: String,
    /// The applications, as they were written: several with commas, none for all that have something.
    pub application: String,
    /// Who asks.
    pub sender: Option<Account>,
}

/// A comment was written on an issue or a pull request. Edits and deletions are [`Event::Other`].
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

/// Somebody said how a commit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitReported {
    /// Where.
    pub repository: Repository,
    /// The commit.
    pub commit: CommitSha,
    /// What was said.
    pub report: CommitReport,
}

/// The App's repositories changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// The installation.
    pub id: InstallationId,
    /// Repositories that we can see from now on.
    pub added: Vec<RepoName>,
    /// Repositories that we cannot see any more.
    pub removed: Vec<RepoName>,
}

/// Why a body is no event. All of them are a 400; none holds anything of the body but names.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// The body is no JSON object.
    #[error("the payload of `{event}` is no JSON object")]
    NoObject {
        /// The event.
        event: String,
    },
    /// The body is no JSON, or a field that we need is missing or of another type.
    #[error("the payload of `{event}` is not what GitHub sends")]
    Shape {
        /// The event.
        event: String,
        /// serde's words with line and column.
        source: serde_json::Error,
    },
    /// A field has a value that GitHub does not send.
    #[error("the payload of `{event}` has no usable `{field}`")]
    Field {
        /// The event.
        event: String,
        /// The field.
        field: &'static str,
    },
}

impl Event {
    /// Reads the body of a delivery whose `X-GitHub-Event` is `event`; names are case-sensitive.
    ///
    /// The body of an event that we do not use is still checked to be a JSON object, since anything
    /// else does not come from GitHub.
    ///
    /// # Errors
    /// [`PayloadError`] if the body is malformed or lacks what the event needs.
    pub fn parse(event: &str, body: &[u8]) -> Result<Self, PayloadError> {
        let reader = Reader { event, body };
        // serde would take `[null]` for an object whose first field is null.
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Err(PayloadError::NoObject { event: reader.event_name() });
        }
        // Each body is gone through once, but for the events of which one action is used.
        match event {
            "ping" => reader.read::<IgnoredAny>().map(|_| Self::Ping),
            "push" => reader.push(),
            "workflow_dispatch" => reader.workflow_dispatch(),
            "status" => reader.status(),
            "deployment_status" => reader.deployment_status(),
            "repository_dispatch"
            | "issue_comment"
            | "pull_request"
            | "pull_request_review"
            | "check_run" => match (event, reader.action()?.as_str()) {
                ("repository_dispatch", "promote") => reader.repository_dispatch(),
                ("issue_comment", "created") => reader.issue_comment(),
                ("pull_request", "closed") => reader.pull_request_closed(),
                ("pull_request", action) if CHANGES.contains(&action) => {
                    reader.pull_request_changed(action)
                }
                ("pull_request_review", "submitted" | "dismissed") => {
                    reader.pull_request_changed("review")
                }
                ("check_run", "completed") => reader.check_run(),
                _ => Ok(Self::Other),
            },
            "installation" | "installation_repositories" => reader.installation(&reader.action()?),
            _ => reader.read::<IgnoredAny>().map(|_| Self::Other),
        }
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
            | Self::CommitReported(CommitReported { repository, .. }) => Some(repository),
            Self::Ping | Self::Installation(_) | Self::Other => None,
        }
    }
}

/// The changes of a pull request that are of interest.
const CHANGES: [&str; 6] =
    ["opened", "synchronize", "reopened", "edited", "ready_for_review", "converted_to_draft"];

/// GitHub's way to write that a branch does not exist before or after a push.
fn is_null_sha(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte == b'0')
}

fn only(
    head: payload::HeadCommit,
    sha: &CommitSha,
    tree: &TreeSha,
    before: &CommitSha,
) -> Option<Commit> {
    Some(Commit {
        sha: sha.clone(),
        tree: tree.clone(),
        parents: vec![before.clone()],
        author: head.author?.name?,
        message: head.message?,
    })
}

/// One body, to be read as one of several shapes.
struct Reader<'a> {
    event: &'a str,
    body: &'a [u8],
}

impl Reader<'_> {
    fn read<T: DeserializeOwned>(&self) -> Result<T, PayloadError> {
        serde_json::from_slice(self.body)
            .map_err(|source| PayloadError::Shape { event: self.event_name(), source })
    }

    fn action(&self) -> Result<String, PayloadError> {
        self.read::<payload::Common>()?.action.ok_or_else(|| self.unusable("action"))
    }

    /// The name comes from a header, so it may be anything of any length.
    fn event_name(&self) -> String {
        self.event.chars().take(60).collect()
    }

    fn unusable(&self, field: &'static str) -> PayloadError {
        PayloadError::Field { event: self.event_name(), field }
    }

    fn push(&self) -> Result<Event, PayloadError> {
        let push: payload::Push = self.read()?;
        let repository = self.repository(push.repository, push.installation)?;
        if repository.default_branch.is_none() {
            return Err(self.unusable("repository.default_branch"));
        }
        let Some(branch) = BranchName::from_reference(&push.reference) else {
            return match push.reference.strip_prefix("refs/heads/") {
                None if push.reference.starts_with("refs/") => Ok(Event::Other),
                _ => Err(self.unusable("ref")),
            };
        };
        if is_null_sha(&push.after) {
            return Ok(Event::Other);
        }
        let after = self.commit("after", &push.after)?;
        let head = push.head_commit.filter(|head| head.id == push.after);
        let tree = head.as_ref().and_then(|head| TreeSha::parse(head.tree_id.as_ref()?).ok());
        let before = push.before.filter(|before| !is_null_sha(before));
        let before = before.map(|before| self.commit("before", &before)).transpose()?;
        let is_one = push.commits.is_some_and(|commits| commits.len() == 1);
        let only = (is_one && push.forced == Some(false))
            .then(|| only(head?, &after, tree.as_ref()?, before.as_ref()?));
        let only = only.flatten();
        Ok(Event::Push(Push { repository, branch, before, after, tree, only }))
    }

    /// Workflows have inputs of any name: one without ours is somebody else's, one with half of ours
    /// was meant for us and is wrong.
    fn workflow_dispatch(&self) -> Result<Event, PayloadError> {
        let dispatch: payload::WorkflowDispatch = self.read()?;
        let repository = self.repository(dispatch.repository, dispatch.installation)?;
        let pair = dispatch.inputs.unwrap_or_default();
        if pair.source_env.is_none() && pair.target_env.is_none() {
            return Ok(Event::Other);
        }
        let reference = dispatch.reference;
        let branch = reference.strip_prefix("refs/heads/").unwrap_or(&reference).to_owned();
        Ok(Event::Dispatch(Dispatch {
            repository,
            branch: Some(branch),
            application: pair.application.unwrap_or_default(),
            source: pair.source_env.ok_or_else(|| self.unusable("inputs.source_env"))?,
            target: pair.target_env.ok_or_else(|| self.unusable("inputs.target_env"))?,
            sender: dispatch.sender.map(Account::from),
        }))
    }

    fn repository_dispatch(&self) -> Result<Event, PayloadError> {
        let dispatch: payload::RepositoryDispatch = self.read()?;
        let pair = dispatch.client_payload.unwrap_or_default();
        Ok(Event::Dispatch(Dispatch {
            repository: self.repository(dispatch.repository, dispatch.installation)?,
            branch: None,
            application: pair.application.unwrap_or_default(),
            source: pair.source_env.ok_or_else(|| self.unusable("client_payload.source_env"))?,
            target: pair.target_env.ok_or_else(|| self.unusable("client_payload.target_env"))?,
            sender: dispatch.sender.map(Account::from),
        }))
    }

    fn issue_comment(&self) -> Result<Event, PayloadError> {
        let event: payload::IssueComment = self.read()?;
        Ok(Event::IssueComment(IssueComment {
            repository: self.repository(event.repository, event.installation)?,
            number: self.number("issue.number", event.issue.number)?,
            on_pull_request: event.issue.pull_request.is_some(),
            comment: event.comment.id,
            author: event.comment.user.map(Account::from),
            body: event.comment.body.ok_or_else(|| self.unusable("comment.body"))?,
        }))
    }

    fn pull_request_closed(&self) -> Result<Event, PayloadError> {
        let event: payload::PullRequestEvent = self.read()?;
        let pull_request = event.pull_request;
        let merged = pull_request.merged.ok_or_else(|| self.unusable("pull_request.merged"))?;
        let merged_as = match (merged, &pull_request.merge_commit_sha) {
            (false, _) => None,
            (true, Some(sha)) => Some(self.commit("pull_request.merge_commit_sha", sha)?),
            (true, None) => return Err(self.unusable("pull_request.merge_commit_sha")),
        };
        let head_repository = pull_request.head.repo;
        Ok(Event::PullRequestClosed(PullRequestClosed {
            repository: self.repository(event.repository, event.installation)?,
            number: self.number("pull_request.number", pull_request.number)?,
            merged_as,
            head_repository: head_repository.and_then(|repo| RepoName::parse(&repo.full_name).ok()),
            head_branch: pull_request.head.reference,
            head: self.commit("pull_request.head.sha", &pull_request.head.sha)?,
            base_branch: pull_request.base.reference,
            sender: event.sender.map(Account::from),
        }))
    }

    fn pull_request_changed(&self, action: &str) -> Result<Event, PayloadError> {
        let event: payload::PullRequestEvent = self.read()?;
        let pull_request = event.pull_request;
        let head_repository = pull_request.head.repo;
        let base_changed = event.changes.as_ref().is_some_and(|changes| changes.base.is_some());
        let before = event.changes.and_then(|changes| changes.body);
        Ok(Event::PullRequestChanged(PullRequestChanged {
            repository: self.repository(event.repository, event.installation)?,
            action: action.to_owned(),
            number: self.number("pull_request.number", pull_request.number)?,
            head_repository: head_repository.and_then(|repo| RepoName::parse(&repo.full_name).ok()),
            head_branch: pull_request.head.reference,
            head: self.commit("pull_request.head.sha", &pull_request.head.sha)?,
            base_branch: pull_request.base.reference,
            base_changed,
            body: pull_request.body.unwrap_or_default(),
            body_before: before.map(|before| before.from.unwrap_or_default()),
            at_ms: read_time(pull_request.updated_at.as_deref()),
            sender: event.sender.map(Account::from),
        }))
    }

    fn status(&self) -> Result<Event, PayloadError> {
        let event: payload::StatusEvent = self.read()?;
        let commit = self.commit("sha", &event.sha)?;
        let report = CommitReport {
            kind: ReportKind::Status,
            name: event.context,
            reading: read_status(&event.state),
            description: event.description.unwrap_or_default(),
            url: event.target_url.filter(|url| !url.is_empty()),
            at_ms: read_time(event.updated_at.as_deref()),
        };
        let repository = self.repository(event.repository, event.installation)?;
        Ok(Event::CommitReported(CommitReported { repository, commit, report }))
    }

    fn check_run(&self) -> Result<Event, PayloadError> {
        let event: payload::CheckRunEvent = self.read()?;
        let run = event.check_run;
        let commit = self.commit("check_run.head_sha", &run.head_sha)?;
        let report = CommitReport {
            kind: ReportKind::CheckRun,
            name: run.name,
            reading: read_conclusion(run.conclusion.as_deref()),
            description: run.output.and_then(|output| output.title).unwrap_or_default(),
            url: run.html_url,
            at_ms: read_time(run.completed_at.as_deref()),
        };
        let repository = self.repository(event.repository, event.installation)?;
        Ok(Event::CommitReported(CommitReported { repository, commit, report }))
    }

    /// What we say of deployments of our own is no evidence.
    fn deployment_status(&self) -> Result<Event, PayloadError> {
        let event: payload::DeploymentStatusEvent = self.read()?;
        let (status, deployment) = (event.deployment_status, event.deployment);
        let commit = self.commit("deployment.sha", &deployment.sha)?;
        let repository = self.repository(event.repository, event.installation)?;
        if matches!(deployment.payload, Some(payload::DeploymentPayload::Ours { .. })) {
            return Ok(Event::Other);
        }
        let report = CommitReport {
            kind: ReportKind::Deployment,
            name: deployment.environment,
            reading: read_deployment(&status.state),
            description: status.description.unwrap_or_default(),
            url: status.log_url.or(status.target_url).filter(|url| !url.is_empty()),
            at_ms: read_time(status.updated_at.as_deref()),
        };
        Ok(Event::CommitReported(CommitReported { repository, commit, report }))
    }

    fn installation(&self, action: &str) -> Result<Event, PayloadError> {
        let event: payload::InstallationEvent = self.read()?;
        let names = |repositories: Vec<payload::SideRepository>| {
            repositories.iter().filter_map(|repo| RepoName::parse(&repo.full_name).ok()).collect()
        };
        let id = InstallationId(event.installation.id);
        let (added, removed) = match action {
            "deleted" | "suspend" => (Vec::new(), names(event.repositories)),
            "created" | "unsuspend" => (names(event.repositories), Vec::new()),
            _ => (names(event.repositories_added), names(event.repositories_removed)),
        };
        Ok(Event::Installation(Installation { id, added, removed }))
    }

    fn repository(
        &self,
        repository: payload::Repository,
        installation: Option<payload::Installation>,
    ) -> Result<Repository, PayloadError> {
        let name = RepoName::parse(&repository.full_name)
            .map_err(|_| self.unusable("repository.full_name"))?;
        Ok(Repository {
            name,
            default_branch: repository
                .default_branch
                .and_then(|name| BranchName::parse(&name).ok()),
            installation: installation.map(|installation| InstallationId(installation.id)),
        })
    }

    fn commit(&self, field: &'static str, text: &str) -> Result<CommitSha, PayloadError> {
        CommitSha::parse(text).map_err(|_| self.unusable(field))
    }

    fn number(&self, field: &'static str, number: u64) -> Result<PullRequestNumber, PayloadError> {
        PullRequestNumber::new(number).ok_or_else(|| self.unusable(field))
    }
}

#[cfg(test)]
mod tests;
