//! A check that changes while its pull request is open: a check run where the token allows it, kept by its
//! id, a commit status where it does not.

use serde::Deserialize;
use serde_json::json;

use super::call::Call;
use super::check_run::{DESCRIPTION_CHARS, TEXT_CHARS, cut};
use super::error::visible;
use super::{GithubError, Repository};
use crate::model::CommitSha;

/// How such a check stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckState {
    /// All is well.
    Success,
    /// Something is awaited.
    InProgress,
    /// Somebody has to do something.
    Failure,
}

/// A check as it is to be.
#[derive(Clone, Copy, Debug)]
pub struct StandingCheck<'a> {
    /// The commit.
    pub commit: &'a CommitSha,
    /// Its name, which branch protection can require.
    pub name: &'a str,
    /// How it stands.
    pub state: CheckState,
    /// One line.
    pub title: &'a str,
    /// More, in Markdown.
    pub summary: &'a str,
}

/// Where a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckPlace {
    /// A check run with this id.
    Run(u64),
    /// A commit status, since the token may not make check runs.
    Status,
}

#[derive(Deserialize)]
struct WireRun {
    id: u64,
}

impl Repository {
    /// Shows a check, in the place where it was shown before on this commit if it was. Doing it twice is as
    /// good as once: GitHub shows the newest of a name.
    ///
    /// # Errors
    /// [`GithubError::Forbidden`] if the token may make neither kind, or any failure of asking.
    pub async fn show_check(
        &self,
        check: &StandingCheck<'_>,
        before: Option<CheckPlace>,
    ) -> Result<CheckPlace, GithubError> {
        if before == Some(CheckPlace::Status) {
            return self.show_status(check).await;
        }
        match self.show_run(check, before).await {
            Err(GithubError::Forbidden { .. } | GithubError::NotFound { .. }) => {
                self.show_status(check).await
            }
            result => result,
        }
    }

    async fn show_run(
        &self,
        check: &StandingCheck<'_>,
        before: Option<CheckPlace>,
    ) -> Result<CheckPlace, GithubError> {
        let output =
            json!({ "title": cut(check.title, 250), "summary": cut(check.summary, TEXT_CHARS) });
        let mut body = json!({ "name": check.name, "output": output });
        match check.state {
            CheckState::InProgress => body["status"] = "in_progress".into(),
            CheckState::Success | CheckState::Failure => {
                body["status"] = "completed".into();
                let success = check.state == CheckState::Success;
                body["conclusion"] = if success { "success" } else { "failure" }.into();
            }
        }
        // A run that ended cannot go back to being awaited: that is a new run of the same name.
        if let (Some(CheckPlace::Run(id)), CheckState::Success | CheckState::Failure) =
            (before, check.state)
        {
            let path = self.path(&format!("/check-runs/{id}"));
            let call = Call::patch("change the check run", path, body.clone()).repeatable();
            match self.client.send(self.who, call).await {
                Ok(_) => return Ok(CheckPlace::Run(id)),
                Err(GithubError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        body["head_sha"] = check.commit.as_str().into();
        let call = Call::post("make the check run", self.path("/check-runs"), body).repeatable();
        let WireRun { id } = self.client.json(self.who, call).await?;
        Ok(CheckPlace::Run(id))
    }

    async fn show_status(&self, check: &StandingCheck<'_>) -> Result<CheckPlace, GithubError> {
        let state = match check.state {
            CheckState::Success => "success",
            CheckState::InProgress => "pending",
            CheckState::Failure => "failure",
        };
        let description = cut(check.title, DESCRIPTION_CHARS);
        let body = json!({ "state": state, "context": check.name, "description": description });
        let path = self.path(&format!("/statuses/{}", check.commit));
        let call = Call::post("set the commit status", path, body).repeatable();
        self.client.send(self.who, call).await.map(|_| CheckPlace::Status)
    }

    /// What a check says on a commit: its title and its text, empty for a commit status, which has none.
    /// `None` if there is no such check, or the token may not see it.
    ///
    /// # Errors
    /// Any failure of asking.
    pub async fn fetch_check(
        &self,
        commit: &CommitSha,
        name: &str,
    ) -> Result<Option<(String, String)>, GithubError> {
        let query = super::address::query(name);
        let path = self.path(&format!(
            "/commits/{commit}/check-runs?check_name={query}&filter=latest&per_page=100"
        ));
        let call = Call::get("read the promotion's check", path);
        let runs = visible(self.client.json::<WireRuns>(self.who, call).await)?;
        let mut runs = runs.into_iter().flat_map(|runs| runs.check_runs);
        if let Some(run) = runs.find(|run| run.name == name) {
            let WireOutput { title, summary } = run.output;
            return Ok(Some((title.unwrap_or_default(), summary.unwrap_or_default())));
        }
        let path = self.path(&format!("/commits/{commit}/status?per_page=100"));
        let call = Call::get("read the promotion's check", path);
        let combined = visible(self.client.json::<WireCombined>(self.who, call).await)?;
        let mut statuses = combined.into_iter().flat_map(|combined| combined.statuses);
        let found = statuses.find(|status| status.context == name);
        Ok(found.map(|status| (status.description.unwrap_or_default(), String::new())))
    }
}

#[derive(Deserialize)]
struct WireRuns {
    #[serde(default)]
    check_runs: Vec<WireNamedRun>,
}

#[derive(Deserialize)]
struct WireNamedRun {
    name: String,
    #[serde(default)]
    output: WireOutput,
}

#[derive(Default, Deserialize)]
struct WireOutput {
    title: Option<String>,
    summary: Option<String>,
}

#[derive(Deserialize)]
struct WireCombined {
    #[serde(default)]
    statuses: Vec<WireStatus>,
}

#[derive(Deserialize)]
struct WireStatus {
    context: String,
    description: Option<String>,
}
