//! What sources said of a commit, the newest word of each.

use super::moment::Millis;
use super::source::Source;
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
