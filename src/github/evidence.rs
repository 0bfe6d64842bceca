//! What GitHub knows of a commit's health: statuses, check runs, deployments.

use serde::Deserialize;

use super::call::Call;
use super::error::found;
use super::{GithubError, Repository, address};
use crate::model::CommitSha;

/// What kind of source said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportKind {
    /// A commit status.
    Status,
    /// A check run.
    CheckRun,
    /// A deployment.
    Deployment,
}

/// How GitHub's words are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// All is well.
    Well,
    /// On its way.
    Pending,
    /// Something is wrong.
    Bad,
    /// It says nothing.
    Nothing,
}

/// What somebody said of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitReport {
    /// What it is.
    pub kind: ReportKind,
    /// Its name: a context, a check run's name, an environment.
    pub name: String,
    /// What it means.
    pub reading: Reading,
    /// Its own words.
    pub description: String,
    /// Where to read more.
    pub url: Option<String>,
    /// When it happened, as milliseconds since 1970; `None` if GitHub does not say.
    pub at_ms: Option<i64>,
}

/// What the state of a commit status means.
#[must_use]
pub(super) fn read_status(state: &str) -> Reading {
    match state {
        "success" => Reading::Well,
        "pending" => Reading::Pending,
        "failure" | "error" => Reading::Bad,
        _ => Reading::Nothing,
    }
}

/// What the conclusion of a check run means; one that has none is on its way.
#[must_use]
pub(super) fn read_conclusion(conclusion: Option<&str>) -> Reading {
    match conclusion {
        None => Reading::Pending,
        Some("success" | "neutral" | "skipped") => Reading::Well,
        Some("failure" | "timed_out" | "action_required" | "startup_failure") => Reading::Bad,
        Some(_) => Reading::Nothing,
    }
}

/// What the state of a deployment means.
#[must_use]
pub(super) fn read_deployment(state: &str) -> Reading {
    match state {
        "success" => Reading::Well,
        "failure" | "error" => Reading::Bad,
        "inactive" => Reading::Nothing,
        _ => Reading::Pending,
    }
}

/// A time as GitHub writes it.
#[must_use]
pub(super) fn read_time(text: Option<&str>) -> Option<i64> {
    text?.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

#[derive(Deserialize)]
struct WireCombined {
    #[serde(default)]
    statuses: Vec<WireStatus>,
}

#[derive(Deserialize)]
struct WireStatus {
    context: String,
    state: String,
    description: Option<String>,
    target_url: Option<String>,
    updated_at: Option<String>,
}

#[derive(Deserialize)]
struct WireRuns {
    #[serde(default)]
    check_runs: Vec<WireRun>,
}

#[derive(Deserialize)]
struct WireRun {
    name: String,
    conclusion: Option<String>,
    html_url: Option<String>,
    completed_at: Option<String>,
    output: Option<WireOutput>,
}

#[derive(Deserialize)]
struct WireOutput {
    title: Option<String>,
}

#[derive(Deserialize)]
struct WireDeployment {
    id: u64,
    #[serde(default)]
    payload: serde_json::Value,
}

#[derive(Deserialize)]
struct WireDeploymentStatus {
    state: String,
    description: Option<String>,
    log_url: Option<String>,
    target_url: Option<String>,
    updated_at: Option<String>,
}

impl Repository {
    /// The newest commit statuses and check runs of a commit, one of each name; at most a hundred of a kind.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn fetch_commit_reports(
        &self,
        commit: &CommitSha,
    ) -> Result<Vec<CommitReport>, GithubError> {
        let path = self.path(&format!("/commits/{commit}/status?per_page=100"));
        let call = Call::get("read the commit's statuses", path);
        let combined = self.readable::<WireCombined>(call).await?;
        let statuses = combined.into_iter().flat_map(|combined| combined.statuses);
        let mut reports: Vec<CommitReport> = statuses.map(of_status).collect();
        let path = self.path(&format!("/commits/{commit}/check-runs?filter=latest&per_page=100"));
        let call = Call::get("read the commit's check runs", path);
        let runs = self.readable::<WireRuns>(call).await?;
        reports.extend(runs.into_iter().flat_map(|runs| runs.check_runs).map(of_run));
        Ok(reports)
    }

    /// What the newest deployment of a commit to an environment came to; `None` if there is none, or it is
    /// one that Overlift made.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn fetch_deployment_report(
        &self,
        commit: &CommitSha,
        environment: &str,
    ) -> Result<Option<CommitReport>, GithubError> {
        let (name, sha) = (address::query(environment), commit.as_str());
        let path = self.path(&format!("/deployments?sha={sha}&environment={name}&per_page=1"));
        let call = Call::get("look for deployments", path);
        let deployments = self.readable::<Vec<WireDeployment>>(call).await?;
        let newest = deployments.into_iter().flatten().next();
        let Some(newest) = newest.filter(|it| it.payload.get("overlift").is_none()) else {
            return Ok(None);
        };
        let path = self.path(&format!("/deployments/{}/statuses?per_page=1", newest.id));
        let call = Call::get("read the deployment's statuses", path);
        let statuses = self.readable::<Vec<WireDeploymentStatus>>(call).await?;
        let status = statuses.into_iter().flatten().next();
        Ok(status.map(|status| CommitReport {
            kind: ReportKind::Deployment,
            name: environment.to_owned(),
            reading: read_deployment(&status.state),
            description: status.description.unwrap_or_default(),
            url: status.log_url.or(status.target_url).filter(|url| !url.is_empty()),
            at_ms: read_time(status.updated_at.as_deref()),
        }))
    }

    /// An answer, or nothing where the credential may not read it.
    async fn readable<T: serde::de::DeserializeOwned>(
        &self,
        call: Call,
    ) -> Result<Option<T>, GithubError> {
        match found(self.client.json(self.who, call).await) {
            Err(error @ GithubError::Forbidden { .. }) => {
                tracing::warn!(%error, "evidence cannot be read");
                Ok(None)
            }
            result => result,
        }
    }
}

fn of_status(status: WireStatus) -> CommitReport {
    CommitReport {
        kind: ReportKind::Status,
        name: status.context,
        reading: read_status(&status.state),
        description: status.description.unwrap_or_default(),
        url: status.target_url.filter(|url| !url.is_empty()),
        at_ms: read_time(status.updated_at.as_deref()),
    }
}

fn of_run(run: WireRun) -> CommitReport {
    CommitReport {
        kind: ReportKind::CheckRun,
        name: run.name,
        reading: read_conclusion(run.conclusion.as_deref()),
        description: run.output.and_then(|output| output.title).unwrap_or_default(),
        url: run.html_url,
        at_ms: read_time(run.completed_at.as_deref()),
    }
}
