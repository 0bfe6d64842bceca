//! Asking what GitHub knows of a commit's health: statuses, check runs, deployments.

use serde::Deserialize;

use super::call::Call;
use super::commit_report::{CommitReport, WireDeploymentStatus, WireRun, WireStatus};
use super::error::found;
use super::{GithubError, Repository, address};
use crate::model::CommitSha;

#[derive(Deserialize)]
struct WireCombined {
    #[serde(default)]
    statuses: Vec<WireStatus>,
}

#[derive(Deserialize)]
struct WireRuns {
    #[serde(default)]
    check_runs: Vec<WireRun>,
}

#[derive(Deserialize)]
struct WireDeployment {
    id: u64,
    #[serde(default)]
    payload: serde_json::Value,
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
        let mut reports: Vec<CommitReport> = statuses.map(WireStatus::report).collect();
        let path = self.path(&format!("/commits/{commit}/check-runs?filter=latest&per_page=100"));
        let call = Call::get("read the commit's check runs", path);
        let runs = self.readable::<WireRuns>(call).await?;
        reports.extend(runs.into_iter().flat_map(|runs| runs.check_runs).map(WireRun::report));
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
        Ok(status.map(|status| status.report(environment.to_owned())))
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
