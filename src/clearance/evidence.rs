//! What sources said of a commit, the newest word of each.

use super::moment::Millis;
use crate::model::CommitSha;

/// How an environment is, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// All is well.
    Healthy,
    /// It is on its way, or nobody has said anything yet.
    NotYet,
    /// Nobody can tell: a source that could not be asked.
    Unknown,
    /// Something is wrong.
    Degraded,
}

impl State {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::NotYet => "not yet",
            Self::Unknown => "unknown",
            Self::Degraded => "degraded",
        }
    }

    /// Reads [`State::as_str`] back; `Unknown` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        [Self::Healthy, Self::NotYet, Self::Degraded]
            .into_iter()
            .find(|state| state.as_str() == text)
            .unwrap_or(Self::Unknown)
    }
}

/// Where a word comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceKind {
    /// A commit status.
    Status,
    /// A check run.
    CheckRun,
    /// A deployment on GitHub; its name is the environment's there.
    Deployment,
    /// What was posted to `/health-events`.
    Event,
    /// A query of Prometheus.
    Query,
}

impl SourceKind {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::CheckRun => "check run",
            Self::Deployment => "deployment",
            Self::Event => "event",
            Self::Query => "query",
        }
    }

    /// Reads [`SourceKind::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Status, Self::CheckRun, Self::Deployment, Self::Event, Self::Query]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// Who says something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// What it is.
    pub kind: SourceKind,
    /// Its name.
    pub name: String,
}

/// What a source said of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Who.
    pub source: Source,
    /// Of which commit.
    pub commit: CommitSha,
    /// What.
    pub state: State,
    /// Its own words, if it has some.
    pub message: String,
    /// Where to read more.
    pub url: Option<String>,
    /// When it happened, by the source's clock: of two words the later one counts.
    pub at: Millis,
    /// When we heard it; from then on it can soak.
    pub heard: Millis,
}

/// What is remembered of a source and a commit: the newest word, and since when it is not contradicted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The newest word.
    pub word: Word,
    /// The first healthy word after the last degraded one.
    pub healthy_since: Option<Millis>,
    /// The last degraded word.
    pub degraded_at: Option<Millis>,
}
