//! What a repository wants of its checks: which gates run, levels of its own, and exceptions.

use std::collections::BTreeSet;
use std::fmt;

use globset::{GlobBuilder, GlobMatcher};

use super::schema_source::{RemoteSchema, SchemaSource};
use super::{Finding, Level};
use crate::model::{Location, RepoPath};

/// A day, for exceptions that end.
pub type Day = jiff::civil::Date;

/// A group of rules that is switched on or off as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// Kustomizations and files as such.
    Hygiene,
    /// Resources against their schemas.
    Schemas,
    /// What Istio's analyzers say.
    Istio,
    /// The repository's own policies, in Rego.
    Policies,
    /// Secrets in the repository, and what belongs to another environment.
    Leaks,
    /// What has to be there before something else.
    Order,
    /// What a promotion weakens, moves or deletes.
    Risks,
}

impl Gate {
    /// All gates, in the order in which they run.
    pub const ALL: [Self; 7] = [
        Self::Hygiene,
        Self::Schemas,
        Self::Istio,
        Self::Policies,
        Self::Leaks,
        Self::Order,
        Self::Risks,
    ];

    /// The word for it in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hygiene => "hygiene",
            Self::Schemas => "schemas",
            Self::Istio => "istio",
            Self::Policies => "policies",
            Self::Leaks => "leaks",
            Self::Order => "order",
            Self::Risks => "risks",
        }
    }
}

/// What a repository wants of its checks. The default is that of an empty configuration.
#[derive(Clone, Debug)]
pub struct Gates {
    /// The gates that run.
    pub run: BTreeSet<Gate>,
    /// Whether an environment holds all that its cluster has, so that what is absent does not exist.
    pub complete: bool,
    /// Levels of the repository's own; the last one that fits counts.
    pub severity: Vec<Severity>,
    /// Exceptions.
    pub suppress: Vec<Suppression>,
    /// Where schemas are, beside the definitions that an environment holds itself.
    pub schemas: Vec<SchemaSource>,
    /// Directories with policies in Rego.
    pub policies: Vec<RepoPath>,
    /// The version of Kubernetes whose schemas count, such as `1.34`; the newest that is known without.
    pub kubernetes: Option<String>,
    /// Whether new errors keep a pull request from being opened; else it is opened, visibly blocked.
    pub block_pull_request: bool,
}

impl Default for Gates {
    fn default() -> Self {
        Self {
            run: Gate::ALL.into(),
            complete: false,
            severity: Vec::new(),
            suppress: Vec::new(),
            schemas: Vec::new(),
            policies: Vec::new(),
            kubernetes: None,
            block_pull_request: false,
        }
    }
}

impl Gates {
    /// Nothing is checked.
    #[must_use]
    pub fn none() -> Self {
        Self { run: BTreeSet::new(), ..Self::default() }
    }

    /// The files of other repositories that it names.
    pub fn remote_schemas(&self) -> impl Iterator<Item = &RemoteSchema> {
        self.schemas.iter().filter_map(|source| match source {
            SchemaSource::Remote(remote) => Some(remote),
            SchemaSource::Path(_) => None,
        })
    }
}

/// A level of the repository's own for a rule or a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Severity {
    /// The rule's id, or the code.
    pub of: String,
    /// The level; `None` switches it off.
    pub level: Option<Level>,
}

/// Findings that somebody decided to live with.
#[derive(Clone, Debug)]
pub struct Suppression {
    /// The rule's id, or the code.
    pub of: String,
    /// Which resources; all without.
    pub resource: Option<ResourceGlob>,
    /// Why, for whoever reads the configuration.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Option<Day>,
    /// Where it is written.
    pub at: Location,
}

impl Suppression {
    /// Whether it is about this finding, whatever the day.
    #[must_use]
    pub fn is_about(&self, finding: &Finding) -> bool {
        names(&self.of, finding)
            && self.resource.as_ref().is_none_or(|glob| {
                finding.resource.as_ref().is_some_and(|id| glob.matches(&id.to_string()))
            })
    }

    /// Whether it has ended before this day.
    #[must_use]
    pub fn has_expired(&self, today: Day) -> bool {
        self.expires.is_some_and(|last| last < today)
    }
}

/// Whether a word of the configuration is the finding's rule or code.
pub(super) fn names(word: &str, finding: &Finding) -> bool {
    word == finding.rule || word == finding.code
}

/// A glob over resources as messages name them: `VirtualService shop/*`, `* */checkout`.
#[derive(Clone, Debug)]
pub struct ResourceGlob {
    text: String,
    matcher: GlobMatcher,
}

/// Why a text is no [`ResourceGlob`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no glob over resources: write it as `Kind namespace/name`, with `*` for any text"
)]
pub struct InvalidResourceGlob {
    /// The text.
    pub text: String,
}

impl ResourceGlob {
    /// Reads a glob.
    ///
    /// # Errors
    /// [`InvalidResourceGlob`] if it is no glob, or no resource can match it.
    pub fn parse(text: &str) -> Result<Self, InvalidResourceGlob> {
        let invalid = || InvalidResourceGlob { text: text.chars().take(200).collect() };
        let words = text.split(' ').filter(|word| !word.is_empty()).count();
        if words == 0 || words > 2 || (words == 1 && text != "*") {
            return Err(invalid());
        }
        let glob = GlobBuilder::new(text).literal_separator(false).backslash_escape(true).build();
        let matcher = glob.map_err(|_| invalid())?.compile_matcher();
        Ok(Self { text: text.to_owned(), matcher })
    }

    /// Whether a resource's `Kind namespace/name` matches.
    #[must_use]
    pub fn matches(&self, resource: &str) -> bool {
        self.matcher.is_match(resource)
    }
}

impl fmt::Display for ResourceGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_matched_as_messages_name_them() {
        let matches = |glob: &str, id: &str| ResourceGlob::parse(glob).unwrap().matches(id);
        assert!(matches("VirtualService shop/*", "VirtualService shop/checkout"));
        assert!(matches("* */checkout", "VirtualService shop/checkout"));
        assert!(matches("*", "Namespace shop"));
        assert!(!matches("VirtualService shop/*", "VirtualService bank/checkout"));
        assert!(!matches("Gateway *", "VirtualService shop/checkout"));
    }

    #[test]
    fn refuses_globs_that_match_no_resource() {
        for bad in ["", " ", "checkout", "Kind a b", "Kind [a"] {
            assert!(ResourceGlob::parse(bad).is_err(), "{bad}");
        }
    }
}
