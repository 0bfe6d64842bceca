//! Which promotion is meant: the names that branch, trailers, lane and plan id derive from.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{ApplicationName, EnvironmentName};

/// What a pull request of ours is for.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Intent {
    /// Configuration is brought over.
    #[default]
    Promote,
    /// A promotion is taken back.
    Undo,
    /// Traffic moves on by a step.
    Step,
}

impl Intent {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::Undo => "undo",
            Self::Step => "step",
        }
    }

    /// Reads [`Intent::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Promote, Self::Undo, Self::Step].into_iter().find(|intent| intent.as_str() == text)
    }
}

/// A promotion of a repository: an application, where there are some, a source and a target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// The application; `None` in a repository without them.
    pub application: Option<ApplicationName>,
    /// Where configuration comes from.
    pub source: EnvironmentName,
    /// Where it goes.
    pub target: EnvironmentName,
    /// What for.
    pub intent: Intent,
}

impl Key {
    /// A promotion in a repository without applications.
    #[must_use]
    pub const fn new(source: EnvironmentName, target: EnvironmentName) -> Self {
        Self { application: None, source, target, intent: Intent::Promote }
    }

    /// The promotion of these names, as the store and jobs write them: an empty application is none. `None` if one
    /// of them is no name.
    #[must_use]
    pub fn named(source: &str, target: &str, application: &str) -> Option<Self> {
        let application = Some(application).filter(|name| !name.is_empty());
        let application = application.map(ApplicationName::parse).transpose().ok()?;
        let (source, target) = (EnvironmentName::parse(source), EnvironmentName::parse(target));
        Some(Self::new(source.ok()?, target.ok()?).of(application))
    }

    /// The same promotion of an application.
    #[must_use]
    pub fn of(self, application: Option<ApplicationName>) -> Self {
        Self { application, ..self }
    }

    /// The same for something else.
    #[must_use]
    pub fn with(self, intent: Intent) -> Self {
        Self { intent, ..self }
    }

    /// The application's name; empty in a repository without them.
    #[must_use]
    pub fn application(&self) -> &str {
        self.application.as_ref().map_or("", ApplicationName::as_str)
    }
}

/// Promotions as people ask for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Where configuration comes from.
    pub source: EnvironmentName,
    /// Where it goes.
    pub target: EnvironmentName,
    /// The applications; none stands for all that have both environments.
    pub applications: Vec<ApplicationName>,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(application) = &self.application {
            write!(f, "{application}: ")?;
        }
        write!(f, "{} -> {}", self.source, self.target)
    }
}
