//! What we say about a commit: a check run where the token allows it (an App's does), a commit status
//! where it does not.

use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use super::{GithubError, Repository};
use crate::model::{CommitSha, Location};

/// GitHub takes so many annotations in one request; more are added by requests of their own.
const ANNOTATIONS_AT_ONCE: usize = 50;

/// So many annotations are shown; whoever has more reads the summary.
const MOST_ANNOTATIONS: usize = 500;

/// GitHub's limits for a check run's text and a status's description.
pub(super) const TEXT_CHARS: usize = 65_000;
pub(super) const DESCRIPTION_CHARS: usize = 140;

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
    /// Remarks at places of files, each 50 of them a request; the first 500 are shown.
    pub annotations: &'a [Annotation],
}

/// A remark at a place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// The place; without a position it is the file's first line.
    pub at: Location,
    /// How much it weighs.
    pub level: AnnotationLevel,
    /// The remark.
    pub message: String,
}

/// How much a remark weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnotationLevel {
    /// Worth knowing.
    Notice,
    /// Probably not meant.
    Warning,
    /// What makes the report fail.
    Failure,
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

    /// One request for each 50 annotations, and after a lost answer a look whether it is there. GitHub shows the
    /// newest run of a name.
    async fn report_as_check_run(&self, report: &Report<'_>) -> Result<(), GithubError> {
        let shown = &report.annotations[..report.annotations.len().min(MOST_ANNOTATIONS)];
        let mut rest = shown.chunks(ANNOTATIONS_AT_ONCE);
        let first = rest.next().unwrap_or_default();
        let body = check_run(report, first);
        let call = Call::post("make the check run", self.path("/check-runs"), body);
        let id = match self.client.json::<WireRun>(self.who, call).await {
            Ok(WireRun { id }) => id,
            Err(error) if error.may_have_happened() => {
                self.find_check_run(report).await?.ok_or(error)?
            }
            Err(error) => return Err(error),
        };
        for annotations in rest {
            // Annotations are added to those that are there.
            let body = json!({ "output": output(report, annotations) });
            let path = self.path(&format!("/check-runs/{id}"));
            self.client.send(self.who, Call::patch("add to the check run", path, body)).await?;
        }
        Ok(())
    }

    async fn find_check_run(&self, report: &Report<'_>) -> Result<Option<u64>, GithubError> {
        let name = super::address::query(report.name);
        let path = format!("/commits/{}/check-runs?check_name={name}&filter=latest", report.commit);
        let call = Call::get("look for the check run", self.path(&path));
        let runs: WireRuns = self.client.json(self.who, call).await?;
        Ok(runs.check_runs.iter().map(|run| run.id).next())
    }

    async fn report_as_status(&self, report: &Report<'_>) -> Result<(), GithubError> {
        let body = json!({
            "state": report.conclusion.status(),
            "context": report.name,
            "description": cut(report.title, DESCRIPTION_CHARS),
        });
        let path = self.path(&format!("/statuses/{}", report.commit));
        // Of two with one name the newest counts.
        let call = Call::post("set the commit status", path, body).repeatable();
        self.client.send(self.who, call).await.map(|_| ())
    }
}

fn check_run(report: &Report<'_>, annotations: &[Annotation]) -> Value {
    json!({
        "name": report.name,
        "head_sha": report.commit.as_str(),
        "status": "completed",
        "conclusion": report.conclusion.check_run(),
        "output": output(report, annotations),
    })
}

fn output(report: &Report<'_>, annotations: &[Annotation]) -> Value {
    json!({
        "title": report.title,
        "summary": cut(report.summary, TEXT_CHARS),
        "annotations": annotations.iter().map(annotation).collect::<Vec<_>>(),
    })
}

fn annotation(annotation: &Annotation) -> Value {
    let line = annotation.at.position.map_or(1, |position| position.line);
    json!({
        "path": annotation.at.path.as_str(),
        "start_line": line,
        "end_line": line,
        "annotation_level": match annotation.level {
            AnnotationLevel::Notice => "notice",
            AnnotationLevel::Warning => "warning",
            AnnotationLevel::Failure => "failure",
        },
        "message": annotation.message,
    })
}

/// Cuts at a character, with an ellipsis for what is missing.
pub(super) fn cut(text: &str, most_chars: usize) -> String {
    match text.char_indices().nth(most_chars) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most_chars - 1).chain(['…']).collect(),
    }
}
