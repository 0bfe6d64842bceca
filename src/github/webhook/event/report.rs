//! Somebody said how a commit is: a status, a check run, a deployment.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::payload::{Payload, PayloadError};
use super::repository::{Repository, WireInstallation, WireRepository};
use crate::github::evidence::{read_conclusion, read_deployment, read_status, read_time};
use crate::github::{CommitReport, ReportKind};
use crate::model::CommitSha;

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

#[derive(Deserialize)]
struct StatusEvent {
    sha: String,
    context: String,
    state: String,
    description: Option<String>,
    target_url: Option<String>,
    updated_at: Option<String>,
    repository: WireRepository,
    installation: Option<WireInstallation>,
}

#[derive(Deserialize)]
struct CheckRunEvent {
    check_run: CheckRun,
    repository: WireRepository,
    installation: Option<WireInstallation>,
}

#[derive(Deserialize)]
struct CheckRun {
    name: String,
    head_sha: String,
    conclusion: Option<String>,
    html_url: Option<String>,
    completed_at: Option<String>,
    output: Option<CheckOutput>,
}

#[derive(Deserialize)]
struct CheckOutput {
    title: Option<String>,
}

#[derive(Deserialize)]
struct DeploymentStatusEvent {
    deployment_status: DeploymentStatus,
    deployment: Deployment,
    repository: WireRepository,
    installation: Option<WireInstallation>,
}

#[derive(Deserialize)]
struct DeploymentStatus {
    state: String,
    description: Option<String>,
    log_url: Option<String>,
    target_url: Option<String>,
    updated_at: Option<String>,
}

#[derive(Deserialize)]
struct Deployment {
    sha: String,
    environment: String,
    payload: Option<DeploymentPayload>,
}

/// GitHub sends a text or anything else that whoever made the deployment wrote.
#[derive(Deserialize)]
#[serde(untagged)]
enum DeploymentPayload {
    Ours {
        #[allow(dead_code, reason = "that it is there says all")]
        overlift: IgnoredAny,
    },
    Other(#[allow(dead_code, reason = "nobody reads it")] IgnoredAny),
}

/// Reads `status`.
pub(super) fn status(payload: &Payload<'_>) -> Result<CommitReported, PayloadError> {
    let event: StatusEvent = payload.read()?;
    let commit = payload.commit("sha", &event.sha)?;
    let report = CommitReport {
        kind: ReportKind::Status,
        name: event.context,
        reading: read_status(&event.state),
        description: event.description.unwrap_or_default(),
        url: event.target_url.filter(|url| !url.is_empty()),
        at_ms: read_time(event.updated_at.as_deref()),
    };
    let repository = payload.repository(event.repository, event.installation)?;
    Ok(CommitReported { repository, commit, report })
}

/// Reads `check_run`.
pub(super) fn check_run(payload: &Payload<'_>) -> Result<CommitReported, PayloadError> {
    let event: CheckRunEvent = payload.read()?;
    let run = event.check_run;
    let commit = payload.commit("check_run.head_sha", &run.head_sha)?;
    let report = CommitReport {
        kind: ReportKind::CheckRun,
        name: run.name,
        reading: read_conclusion(run.conclusion.as_deref()),
        description: run.output.and_then(|output| output.title).unwrap_or_default(),
        url: run.html_url,
        at_ms: read_time(run.completed_at.as_deref()),
    };
    let repository = payload.repository(event.repository, event.installation)?;
    Ok(CommitReported { repository, commit, report })
}

/// Reads `deployment_status`; `None` for a deployment of our own:
/// what we say of those is no evidence.
pub(super) fn deployment_status(
    payload: &Payload<'_>,
) -> Result<Option<CommitReported>, PayloadError> {
    let event: DeploymentStatusEvent = payload.read()?;
    let (status, deployment) = (event.deployment_status, event.deployment);
    let commit = payload.commit("deployment.sha", &deployment.sha)?;
    let repository = payload.repository(event.repository, event.installation)?;
    if matches!(deployment.payload, Some(DeploymentPayload::Ours { .. })) {
        return Ok(None);
    }
    let report = CommitReport {
        kind: ReportKind::Deployment,
        name: deployment.environment,
        reading: read_deployment(&status.state),
        description: status.description.unwrap_or_default(),
        url: status.log_url.or(status.target_url).filter(|url| !url.is_empty()),
        at_ms: read_time(status.updated_at.as_deref()),
    };
    Ok(Some(CommitReported { repository, commit, report }))
}
