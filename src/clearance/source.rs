//! The sources of health: what the configuration may name, and who it is that says something.

use super::expectation::Expectation;

/// A source that says whether an environment is healthy. Names may hold `{application}`, which stands for the
/// application's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HealthSource {
    /// Commit statuses and check runs by name.
    Statuses(NameGlob),
    /// A GitHub environment whose newest deployment has to be a success.
    Deployment(String),
    /// What is posted to `/health-events`.
    Events,
    /// A query of Prometheus.
    Query(Query),
}

impl HealthSource {
    /// Its name, or the pattern of one.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Statuses(name) => name.as_str(),
            Self::Deployment(name) => name,
            Self::Events => "/health-events",
            Self::Query(query) => &query.name,
        }
    }

    /// Whether this is meant.
    #[must_use]
    pub fn is_meant(&self, Source { kind, name }: &Source) -> bool {
        match self {
            Self::Statuses(pattern) => {
                matches!(kind, SourceKind::Status | SourceKind::CheckRun) && pattern.matches(name)
            }
            Self::Deployment(own) => *kind == SourceKind::Deployment && own == name,
            Self::Events => *kind == SourceKind::Event,
            Self::Query(query) => *kind == SourceKind::Query && query.name == *name,
        }
    }

    /// Whether it says nothing by itself, so that it is asked again and again.
    #[must_use]
    pub const fn has_to_be_asked(&self) -> bool {
        matches!(self, Self::Query(_))
    }

    /// The same for one application.
    #[must_use]
    pub fn for_application(&self, application: &str) -> Self {
        let fill = |text: &str| text.replace(APPLICATION, application);
        match self {
            Self::Statuses(name) => Self::Statuses(NameGlob(fill(&name.0))),
            Self::Deployment(name) => Self::Deployment(fill(name)),
            Self::Events => Self::Events,
            Self::Query(query) => Self::Query(Query { query: fill(&query.query), ..query.clone() }),
        }
    }
}

const APPLICATION: &str = "{application}";

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

    /// Whether it says of which environment it speaks; the others speak of a commit.
    #[must_use]
    pub const fn names_environment(self) -> bool {
        matches!(self, Self::Event | Self::Query)
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
        let statuses = HealthSource::Statuses(NameGlob::new("argocd/{application}-staging"));
        let of_cart = Source { kind: SourceKind::Status, name: "argocd/cart-staging".to_owned() };
        assert!(statuses.for_application("cart").is_meant(&of_cart));
        let deployment = HealthSource::Deployment("{application}/staging".to_owned());
        assert_eq!(deployment.for_application("cart").name(), "cart/staging");
    }
}
