//! What somebody said of a commit, as GitHub's API and its events write it alike.

use serde::Deserialize;

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
fn read_status(state: &str) -> Reading {
    match state {
        "success" => Reading::Well,
        "pending" => Reading::Pending,
        "failure" | "error" => Reading::Bad,
        _ => Reading::Nothing,
    }
}

/// What the conclusion of a check run means; one that has none is on its way.
fn read_conclusion(conclusion: Option<&str>) -> Reading {
    match conclusion {
        None => Reading::Pending,
        Some("success" | "neutral" | "skipped") => Reading::Well,
        Some("failure" | "timed_out" | "action_required" | "startup_failure") => Reading::Bad,
        Some(_) => Reading::Nothing,
    }
}

/// What the state of a deployment means.
fn read_deployment(state: &str) -> Reading {
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

/// A commit status.
#[derive(Deserialize)]
pub(super) struct WireStatus {
    context: String,
    state: String,
    description: Option<String>,
    target_url: Option<String>,
    updated_at: Option<String>,
}

/// A check run.
#[derive(Deserialize)]
pub(super) struct WireRun {
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

/// A status of a deployment.
#[derive(Deserialize)]
pub(super) struct WireDeploymentStatus {
    state: String,
    description: Option<String>,
    log_url: Option<String>,
    target_url: Option<String>,
    updated_at: Option<String>,
}

impl WireStatus {
    pub(super) fn report(self) -> CommitReport {
        CommitReport {
            kind: ReportKind::Status,
            name: self.context,
            reading: read_status(&self.state),
            description: self.description.unwrap_or_default(),
            url: self.target_url.filter(|url| !url.is_empty()),
            at_ms: read_time(self.updated_at.as_deref()),
        }
    }
}

impl WireRun {
    pub(super) fn report(self) -> CommitReport {
        CommitReport {
            kind: ReportKind::CheckRun,
            name: self.name,
            reading: read_conclusion(self.conclusion.as_deref()),
            description: self.output.and_then(|output| output.title).unwrap_or_default(),
            url: self.html_url,
            at_ms: read_time(self.completed_at.as_deref()),
        }
    }
}

impl WireDeploymentStatus {
    /// What it says of the deployment to an environment.
    pub(super) fn report(self, environment: String) -> CommitReport {
        CommitReport {
            kind: ReportKind::Deployment,
            name: environment,
            reading: read_deployment(&self.state),
            description: self.description.unwrap_or_default(),
            url: [self.log_url, self.target_url].into_iter().flatten().find(|url| !url.is_empty()),
            at_ms: read_time(self.updated_at.as_deref()),
        }
    }
}
