//! What was heard of an environment.

use super::super::App;
use super::question::{Part, Question, cut, limit};
use crate::store::{EnvironmentKey, KnownEvidence, Millis, StoreError};

/// What a source said of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceLine {
    /// What the source is, and its name.
    pub source: (String, String),
    /// The commit that it speaks of.
    pub commit: String,
    /// `healthy`, `degraded` or another word.
    pub state: String,
    /// Its own words.
    pub message: String,
    /// Where to read more.
    pub url: Option<String>,
    /// When, by the source's clock.
    pub at: Millis,
}

impl EvidenceLine {
    /// What tells it from others of the same time.
    fn place(&self) -> (&str, &str, &str) {
        (&self.source.0, &self.source.1, &self.commit)
    }

    fn cursor(&self) -> String {
        let (kind, name, commit) = self.place();
        format!("{} {commit} {kind} {name}", self.at)
    }

    /// Whether it comes behind the one with this cursor; behind one that is none comes nothing.
    fn is_behind(&self, cursor: &str) -> bool {
        let mut parts = cursor.splitn(4, ' ');
        let at = parts.next().and_then(|at| at.parse::<Millis>().ok());
        let (commit, kind, name) = (parts.next(), parts.next(), parts.next());
        let place =
            (kind.unwrap_or_default(), name.unwrap_or_default(), commit.unwrap_or_default());
        at.is_some_and(|at| self.at < at || (self.at == at && self.place() > place))
    }
}

impl App {
    /// What was heard of an environment, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn heard_of(&self, asked: &Question) -> Result<Part<EvidenceLine>, StoreError> {
        let key = EnvironmentKey {
            repository: asked.repository.clone(),
            application: asked.application.clone(),
            environment: asked.environment.clone(),
        };
        if !self.sees(&asked.sight, &key.repository).await? {
            return Ok(Part { items: Vec::new(), next: None });
        }
        let known = self.store.evidence_of(&key).await?;
        let line = |known: KnownEvidence| EvidenceLine {
            source: (known.newest.kind, known.newest.name),
            commit: known.newest.commit,
            state: known.newest.state,
            message: known.newest.message,
            url: known.newest.url,
            at: known.newest.at,
        };
        let mut lines: Vec<EvidenceLine> = known.into_iter().map(line).collect();
        lines.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.place().cmp(&b.place())));
        lines.retain(|line| asked.cursor.is_empty() || line.is_behind(&asked.cursor));
        let next = cut(&mut lines, limit(asked)).map(EvidenceLine::cursor);
        Ok(Part { items: lines, next })
    }
}
