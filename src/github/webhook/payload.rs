//! The shapes of GitHub's payloads, cut down to the fields we need.
//!
//! Twins of the wire for [`super::event`] and nobody else. Fields we do not name are skipped without
//! being built, so a payload costs no memory beyond its own bytes, and how deep it is nested does
//! not matter (serde_json skips with a loop, and stops recursion at 128).

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::github::account::WireAccount as Account;

#[derive(Deserialize)]
pub(super) struct Repository {
    pub full_name: String,
    pub default_branch: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Installation {
    pub id: u64,
}

/// What any event may have.
#[derive(Deserialize)]
pub(super) struct Common {
    pub action: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Push {
    #[serde(rename = "ref")]
    pub reference: String,
    pub before: Option<String>,
    pub after: String,
    pub head_commit: Option<HeadCommit>,
    pub commits: Option<Vec<IgnoredAny>>,
    pub forced: Option<bool>,
    pub repository: Repository,
    pub installation: Option<Installation>,
}

#[derive(Deserialize)]
pub(super) struct HeadCommit {
    pub id: String,
    pub tree_id: Option<String>,
    pub message: Option<String>,
    pub author: Option<Author>,
}

/// Who wrote a commit, as git has it.
#[derive(Deserialize)]
pub(super) struct Author {
    pub name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct WorkflowDispatch {
    #[serde(rename = "ref")]
    pub reference: String,
    pub inputs: Option<Pair>,
    pub repository: Repository,
    pub installation: Option<Installation>,
    pub sender: Option<Account>,
}

#[derive(Deserialize)]
pub(super) struct RepositoryDispatch {
    pub client_payload: Option<Pair>,
    pub repository: Repository,
    pub installation: Option<Installation>,
    pub sender: Option<Account>,
}

#[derive(Default, Deserialize)]
pub(super) struct Pair {
    pub source_env: Option<String>,
    pub target_env: Option<String>,
    pub application: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct IssueComment {
    pub comment: Comment,
    pub issue: Issue,
    pub repository: Repository,
    pub installation: Option<Installation>,
}

#[derive(Deserialize)]
pub(super) struct Comment {
    pub id: u64,
    pub body: Option<String>,
    pub user: Option<Account>,
}

#[derive(Deserialize)]
pub(super) struct Issue {
    pub number: u64,
    pub pull_request: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct StatusEvent {
    pub sha: String,
    pub context: String,
    pub state: String,
    pub description: Option<String>,
    pub target_url: Option<String>,
    pub updated_at: Option<String>,
    pub repository: Repository,
    pub installation: Option<Installation>,
}

#[derive(Deserialize)]
pub(super) struct CheckRunEvent {
    pub check_run: CheckRun,
    pub repository: Repository,
    pub installation: Option<Installation>,
}

#[derive(Deserialize)]
pub(super) struct CheckRun {
    pub name: String,
    pub head_sha: String,
    pub conclusion: Option<String>,
    pub html_url: Option<String>,
    pub completed_at: Option<String>,
    pub output: Option<CheckOutput>,
}

#[derive(Deserialize)]
pub(super) struct CheckOutput {
    pub title: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct DeploymentStatusEvent {
    pub deployment_status: DeploymentStatus,
    pub deployment: Deployment,
    pub repository: Repository,
    pub installation: Option<Installation>,
}

#[derive(Deserialize)]
pub(super) struct DeploymentStatus {
    pub state: String,
    pub description: Option<String>,
    pub log_url: Option<String>,
    pub target_url: Option<String>,
    pub updated_at: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Deployment {
    pub sha: String,
    pub environment: String,
    pub payload: Option<DeploymentPayload>,
}

/// GitHub sends a text or anything else that whoever made the deployment wrote.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum DeploymentPayload {
    Ours {
        #[allow(dead_code, reason = "that it is there says all")]
        overlift: IgnoredAny,
    },
    Other(#[allow(dead_code, reason = "nobody reads it")] IgnoredAny),
}

#[derive(Deserialize)]
pub(super) struct Changes {
    pub base: Option<IgnoredAny>,
    pub body: Option<ChangedText>,
}

#[derive(Deserialize)]
pub(super) struct ChangedText {
    pub from: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct PullRequestEvent {
    pub pull_request: PullRequest,
    pub changes: Option<Changes>,
    pub repository: Repository,
    pub installation: Option<Installation>,
    pub sender: Option<Account>,
}

#[derive(Deserialize)]
pub(super) struct PullRequest {
    pub number: u64,
    pub merged: Option<bool>,
    pub merge_commit_sha: Option<String>,
    pub body: Option<String>,
    pub updated_at: Option<String>,
    pub head: Side,
    pub base: Side,
}

#[derive(Deserialize)]
pub(super) struct Side {
    #[serde(rename = "ref")]
    pub reference: String,
    pub sha: String,
    /// `None` once a fork is deleted.
    pub repo: Option<SideRepository>,
}

#[derive(Deserialize)]
pub(super) struct SideRepository {
    pub full_name: String,
}

#[derive(Deserialize)]
pub(super) struct InstallationEvent {
    pub installation: Installation,
    #[serde(default)]
    pub repositories: Vec<SideRepository>,
    #[serde(default)]
    pub repositories_added: Vec<SideRepository>,
    #[serde(default)]
    pub repositories_removed: Vec<SideRepository>,
}
