//! One object that deploys one folder to one cluster.

use super::changes::Changes;
use crate::model::{Location, RepoPath};

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An Argo CD Application, written out or made by an `ApplicationSet`.
    Application,
    /// A Flux Kustomization.
    Kustomization,
}

/// One object that deploys one folder.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// What it is.
    pub kind: Kind,
    /// Its namespace; empty if its file names none.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The `ApplicationSet` that makes it.
    pub set: Option<String>,
    /// The cluster as people call it; `None` if nothing here says which.
    pub cluster: Option<String>,
    /// The folder.
    pub path: RepoPath,
    /// The branch, tag or commit it follows, if it is none that every merge reaches.
    pub revision: Option<String>,
    /// Whether something else than a person starts a deployment.
    pub automated: bool,
    /// What it changes.
    pub changes: Changes,
    /// Files of values that it hands to a chart.
    pub values: Vec<RepoPath>,
    /// What of it is not known here, in words.
    pub unknown: Vec<String>,
    /// Where it is written.
    pub at: Location,
}

/// A deployment, with what tells its source from others.
pub(super) struct Draft {
    pub(super) deployment: Deployment,
    pub(super) source: String,
}

impl Deployment {
    /// How people call what it reaches: the cluster, else the object.
    #[must_use]
    pub fn reached(&self) -> String {
        match (&self.cluster, &self.set) {
            (Some(cluster), _) => cluster.clone(),
            (None, Some(set)) if self.name.contains(UNKNOWN) => format!("the clusters of {set}"),
            (None, _) => self.title(),
        }
    }

    /// `namespace/name`, or the name alone.
    #[must_use]
    pub fn title(&self) -> String {
        let name = self.name.replace(UNKNOWN, "*");
        if self.namespace.is_empty() { name } else { format!("{}/{name}", self.namespace) }
    }

    /// What of it is not known here, the variables included.
    #[must_use]
    pub fn unknown_here(&self) -> Vec<String> {
        let variables = self.changes.substitution.iter().flat_map(|it| &it.unknown);
        let variables = variables.map(|from| format!("the variables of `{from}`"));
        self.unknown.iter().cloned().chain(variables).collect()
    }

    /// Whether people may mean it by `name`.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        name == self.name || name == self.title() || self.cluster.as_deref() == Some(name)
    }
}

/// Stands in texts for what only the cluster knows: a character that no manifest has.
pub(super) const UNKNOWN: &str = "\u{e000}";
