//! One environment of one application, with all that holds for promotions into it.

use std::fmt;
use std::sync::Arc;

use super::key::Key;
use super::pull_request::PullRequestSettings;
use super::rules::Rules;
use crate::clearance::{Freeze, Health};
use crate::model::{ApplicationName, EnvironmentName, RepoPath};
use crate::policy::Gates;
use crate::traffic::Rollout;

/// What starts a promotion into an environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trigger {
    /// Somebody asks.
    #[default]
    Manual,
    /// The source changes on the default branch.
    Push,
    /// The source is healthy with what changed.
    Healthy,
}

impl Trigger {
    /// The word for it in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Push => "push",
            Self::Healthy => "healthy",
        }
    }
}

/// One environment of one application.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Its name.
    pub name: EnvironmentName,
    /// The application; `None` in a repository without them.
    pub application: Option<ApplicationName>,
    /// The directory of its files, or its one file.
    pub path: RepoPath,
    /// What starts a promotion into it.
    pub trigger: Trigger,
    /// The environments of the same application it is promoted from; empty for the first one.
    pub from: Vec<EnvironmentName>,
    /// What a promotion into it brings over, and what stays.
    pub rules: Arc<Rules>,
    /// Texts and people of its pull request.
    pub pull_request: Arc<PullRequestSettings>,
    /// What is checked, and how much it weighs.
    pub gates: Arc<Gates>,
    /// What says that it is healthy; `None` where nothing does.
    pub health: Option<Arc<Health>>,
    /// When nothing is merged into it.
    pub freezes: Arc<[Freeze]>,
    /// How its traffic moves once a promotion is merged.
    pub rollouts: Arc<[Rollout]>,
    /// The environments of the application, itself included, with their folders; empty if nobody said.
    pub of_application: Arc<[(EnvironmentName, RepoPath)]>,
}

impl Environment {
    /// An environment without applications and sources, by the rules of an empty configuration.
    #[must_use]
    pub fn new(name: EnvironmentName, path: RepoPath) -> Self {
        Self {
            name,
            application: None,
            path,
            trigger: Trigger::Manual,
            from: Vec::new(),
            rules: Arc::default(),
            pull_request: Arc::default(),
            gates: Arc::default(),
            health: None,
            freezes: Arc::new([]),
            rollouts: Arc::new([]),
            of_application: Arc::new([]),
        }
    }

    /// What a path below its folder is called by people and by globs: the file's own name where the environment is one
    /// file, which has no path below it.
    #[must_use]
    pub fn called<'a>(&'a self, below: &'a str) -> &'a str {
        let name = || self.path.parts().next_back().unwrap_or_default();
        if below.is_empty() { name() } else { below }
    }

    /// The same of a file by its path; one that is not the environment's is called by its whole path.
    #[must_use]
    pub fn name_of<'a>(&'a self, file: &'a RepoPath) -> &'a str {
        file.strip_prefix(&self.path).map_or(file.as_str(), |below| self.called(below))
    }

    /// The application, where there are some, and the name: for headings and lists.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.application {
            Some(application) => format!("{application} {}", self.name),
            None => self.name.to_string(),
        }
    }

    /// The promotion of a source into this environment.
    #[must_use]
    pub fn key_from(&self, source: &EnvironmentName) -> Key {
        Key::new(source.clone(), self.name.clone()).of(self.application.clone())
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.application {
            Some(application) => write!(f, "{} of {application}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}
