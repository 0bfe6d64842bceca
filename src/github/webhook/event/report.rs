//! Somebody said how a commit is: a status, a check run, a deployment.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::payload::{Payload, PayloadError};
use super::repository::{Repository, WireInstallation, WireRepository};
use crate::github::CommitReport;
use crate::github::commit_report::{WireDeploymentStatus, WireRun, WireStatus};
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
    #[serde(flatten)]
    status: WireStatus,
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
    head_sha: String,
    #[serde(flatten)]
    run: WireRun,
}

#[derive(Deserialize)]
struct DeploymentStatusEvent {
    deployment_status: WireDeploymentStatus,
    deployment: Deployment,
    repository: WireRepository,
    installation: Option<WireInstallation>,
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
    let repository = payload.repository(event.repository, event.installation)?;
    Ok(CommitReported { repository, commit, report: event.status.report() })
}

/// Reads `check_run`.
pub(super) fn check_run(payload: &Payload<'_>) -> Result<CommitReported, PayloadError> {
    let event: CheckRunEvent = payload.read()?;
    let CheckRun { head_sha, run } = event.check_run;
    let commit = payload.commit("check_run.head_sha", &head_sha)?;
    let repository = payload.repository(event.repository, event.installation)?;
    Ok(CommitReported { repository, commit, report: run.report() })
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
    let report = status.report(deployment.environment);
    Ok(Some(CommitReported { repository, commit, report }))
}
