//! What we say about a commit: a check run where the token allows it (an App's does), a commit status
//! where it does not.

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use super::{GithubError, Repository};
use crate::model::{CommitSha, Location};

/// GitHub takes so many annotations in one request; more would be requests of their own.
const MOST_ANNOTATIONS: usize = 50;

/// GitHub's limits for a check run's text and a status's description.
const TEXT_CHARS: usize = 65_000;
const DESCRIPTION_CHARS: usize = 140;

/// How a report ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// All is well.
    Success,
    /// Something has to be done.
    Failure,
    /// Nothing of interest.
    Neutral,
}

impl Conclusion {
    const fn check_run(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Neutral => "neutral",
        }
    }

    const fn status(self) -> &'static str {
        match self {
            Self::Success | Self::Neutral => "success",
            Self::Failure => "failure",
        }
    }
}

/// A report on a commit. Of one name and commit there is one: a later one replaces it.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// The commit.
    pub commit: &'a CommitSha,
    /// Which report it is, such as `overlift/staging-to-production`.
    pub name: &'a str,
    /// How it ends.
    pub conclusion: Conclusion,
    /// One line.
    pub title: &'a str,
    /// More, in Markdown; a status has no room for it.
    pub summary: &'a str,
    /// Remarks at places of files; the first 50 are shown.
    pub annotations: &'a [Annotation],
}

/// A remark at a place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// The place; without a position it is the file's first line.
    pub at: Location,
    /// Whether it is what makes the report fail.
    pub failure: bool,
    /// The remark.
    pub message: String,
}

/// How a report was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    /// As a check run.
    CheckRun,
    /// As a commit status, since the token may not make check runs.
    Status,
}

#[derive(Deserialize)]
struct WireRun {
    id: u64,
}

#[derive(Deserialize)]
struct WireRuns {
    check_runs: Vec<WireRun>,
}

impl Repository {
    /// Reports on a commit; with a lost answer, a second report replaces the first.
    ///
    /// # Errors
    /// [`GithubError::Forbidden`] if the token may make neither, or any failure of asking.
    pub async fn report(&self, report: &Report<'_>) -> Result<Reported, GithubError> {
        match self.report_as_check_run(report).await {
            Ok(()) => Ok(Reported::CheckRun),
            Err(GithubError::Forbidden { .. } | GithubError::NotFound { .. }) => {
                self.report_as_status(report).await.map(|()| Reported::Status)
            }
            Err(error) => Err(error),
        }
    }

    /// One request, and after a lost answer a look whether it is there. GitHub shows the newest run of a name.
    async fn report_as_check_run(&self, report: &Report<'_>) -> Result<(), GithubError> {
        let call = Call::post("make the check run", self.path("/check-runs"), check_run(report));
        match self.client.send(self.who, call).await {
            Err(error) if error.may_have_happened() => {
                if self.has_check_run(report).await? {
                    Ok(())
                } else {
                    Err(error)
                }
            }
            result => result.map(|_| ()),
        }
    }

    async fn has_check_run(&self, report: &Report<'_>) -> Result<bool, GithubError> {
        let name = super::address::query(report.name);
        let path = format!("/commits/{}/check-runs?check_name={name}&filter=latest", report.commit);
        let call = Call::get("look for the check run", self.path(&path));
        let runs: WireRuns = self.client.json(self.who, call).await?;
        Ok(runs.check_runs.iter().any(|run| run.id > 0))
    }

    async fn report_as_status(&self, report: &Report<'_>) -> Result<(), GithubError> {
        let body = json!({
            "state": report.conclusion.status(),
            "context": report.name,
            "description": cut(report.title, DESCRIPTION_CHARS),
        });
        let path = self.path(&format!("/statuses/{}", report.commit));
        self.client
            .send(self.who, Call::post("set the commit status", path, body))
            .await
            .map(|_| ())
    }
}

fn check_run(report: &Report<'_>) -> Value {
    let annotations: Vec<Value> =
        report.annotations.iter().take(MOST_ANNOTATIONS).map(annotation).collect();
    json!({
        "name": report.name,
        "head_sha": report.commit.as_str(),
        "status": "completed",
        "conclusion": report.conclusion.check_run(),
        "output": {
            "title": report.title,
            "summary": cut(report.summary, TEXT_CHARS),
            "annotations": annotations,
        },
    })
}

fn annotation(annotation: &Annotation) -> Value {
    let line = annotation.at.position.map_or(1, |position| position.line);
    json!({
        "path": annotation.at.path.as_str(),
        "start_line": line,
        "end_line": line,
        "annotation_level": if annotation.failure { "failure" } else { "warning" },
        "message": annotation.message,
    })
}

/// Cuts at a character, with an ellipsis for what is missing.
fn cut(text: &str, most_chars: usize) -> String {
    match text.char_indices().nth(most_chars) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most_chars - 1).chain(['…']).collect(),
    }
}
