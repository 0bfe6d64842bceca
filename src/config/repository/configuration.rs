//! What a repository configures, as the rest of the program sees it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{KustomizeVersion, RemotePattern, RepoPath, Subscription};
use crate::policy::Gates;
use crate::promotion::Pipeline;

/// What a repository configures.
#[derive(Clone, Debug)]
pub struct RepositoryConfig {
    /// The file it was read from; `None` if there is none and the folders were looked at.
    pub path: Option<RepoPath>,
    /// Environments and rules.
    pub pipeline: Pipeline,
    /// What is checked, and how much it weighs, where an environment says nothing else.
    pub gates: Arc<Gates>,
    /// Which files a kustomization may load.
    pub loads: Loads,
    /// The kustomize whose bytes count.
    pub kustomize: KustomizeVersion,
    /// How the service answers pull requests.
    pub previews: Previews,
    /// The repositories whose bases may be fetched.
    pub remote_bases: Vec<RemotePattern>,
    /// Whether a merge makes a deployment on GitHub.
    pub deployments: bool,
    /// Who is told of what outside GitHub.
    pub notices: Vec<Subscription>,
    /// The files it was made from, the body's template included.
    pub inputs: BTreeSet<RepoPath>,
    /// Folders that look like environments and were left, where the environments were found.
    pub left: Vec<RepoPath>,
}

/// Which files a kustomization may load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loads {
    /// Those below its own folder, as kustomize does by default.
    #[default]
    BelowItself,
    /// Any of the repository.
    OfRepository,
}

/// How the service answers pull requests that change what an environment builds from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Previews {
    /// With a comment.
    Comment,
    /// With a check run.
    Check,
    /// Not.
    #[default]
    Off,
}
