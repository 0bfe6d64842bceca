//! What the configuration asks of an environment before it counts as healthy.

use super::moment::Span;
use super::source::HealthSource;

/// What says that an environment is healthy, on the commit that it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// All of them have to say so; those of a kind are together.
    pub sources: Vec<HealthSource>,
    /// For how long it has to be healthy without a contradiction.
    pub soak: Option<Span>,
    /// Whether a degraded environment is undone by itself.
    pub undo: Option<UndoBy>,
    /// For how long after a merge that is done.
    pub within: Span,
}

/// How long after a merge a degraded target is undone by itself, where the configuration is silent.
const WITHIN: Span = Span::of_ms(3_600_000);

impl Default for Health {
    fn default() -> Self {
        Self { sources: Vec::new(), soak: None, undo: None, within: WITHIN }
    }
}

impl Health {
    /// Whether something has to be asked again and again, since it says nothing by itself.
    #[must_use]
    pub fn has_to_be_asked(&self) -> bool {
        self.sources.iter().any(HealthSource::has_to_be_asked)
    }

    /// The same for one application: names with `{application}` get its name.
    #[must_use]
    pub fn for_application(&self, application: Option<&str>) -> Self {
        let Some(application) = application else { return self.clone() };
        let sources = self.sources.iter().map(|source| source.for_application(application));
        Self { sources: sources.collect(), ..self.clone() }
    }
}

/// How a degraded target is undone by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UndoBy {
    /// A pull request is opened.
    Propose,
    /// It is merged too.
    Merge,
}
