//! What the configuration asks of an environment before it counts as healthy.

use super::expectation::Expectation;
use super::moment::Span;

/// What says that an environment is healthy, on the commit that it runs. Names may hold
/// `{application}`, which stands for the application's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Commit statuses and check runs by name.
    pub statuses: Vec<NameGlob>,
    /// GitHub environments whose newest deployment has to be a success.
    pub deployments: Vec<String>,
    /// Whether what is posted to `/health-events` counts.
    pub events: bool,
    /// Queries of Prometheus.
    pub queries: Vec<Query>,
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
        Self {
            statuses: Vec::new(),
            deployments: Vec::new(),
            events: false,
            queries: Vec::new(),
            soak: None,
            undo: None,
            within: WITHIN,
        }
    }
}

impl Health {
    /// Whether anything can say that the environment is healthy.
    #[must_use]
    pub fn has_sources(&self) -> bool {
        !self.statuses.is_empty()
            || !self.deployments.is_empty()
            || self.events
            || !self.queries.is_empty()
    }

    /// The same for one application: names with `{application}` get its name.
    #[must_use]
    pub fn for_application(&self, application: Option<&str>) -> Self {
        let Some(application) = application else { return self.clone() };
        let fill = |text: &str| text.replace(APPLICATION, application);
        let query = |query: &Query| Query { query: fill(&query.query), ..query.clone() };
        Self {
            statuses: self.statuses.iter().map(|name| NameGlob(fill(&name.0))).collect(),
            deployments: self.deployments.iter().map(|name| fill(name)).collect(),
            queries: self.queries.iter().map(query).collect(),
            ..self.clone()
        }
    }
}

const APPLICATION: &str = "{application}";

/// How a degraded target is undone by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UndoBy {
    /// A pull request is opened.
    Propose,
    /// It is merged too.
    Merge,
}

/// A query of Prometheus and what its result has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// How people call it.
    pub name: String,
    /// The query, in PromQL.
    pub query: String,
    /// What holds where all is well.
    pub expect: Expectation,
}

/// A name with `*` for any text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameGlob(String);

impl NameGlob {
    /// Takes a pattern as it was written.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        Self(pattern.to_owned())
    }

    /// The pattern.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a name fits. What Overlift says itself is no evidence.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let ours = name.get(..8).is_some_and(|first| first.eq_ignore_ascii_case("overlift"));
        !ours && matches_glob(&self.0, name)
    }
}

fn matches_glob(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, name, fits) in [
            ("argocd/staging*", "argocd/staging", true),
            ("argocd/staging*", "argocd/staging-eu", true),
            ("argocd/staging*", "argocd/production", false),
            ("argocd/staging", "argocd/staging-eu", false),
            ("*/staging", "flux/staging", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c", false),
            ("ab*b", "ab", false),
            ("*", "anything", true),
            ("*", "Overlift / production", false),
            ("*", "overlift/staging-to-production", false),
        ] {
            assert_eq!(NameGlob::new(pattern).matches(name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn names_get_the_applications_name() {
        let health = Health {
            statuses: vec![NameGlob::new("argocd/{application}-staging")],
            deployments: vec!["{application}/staging".to_owned()],
            ..Health::default()
        };
        let health = health.for_application(Some("cart"));
        assert!(health.statuses[0].matches("argocd/cart-staging"));
        assert_eq!(health.deployments, ["cart/staging"]);
    }
}
