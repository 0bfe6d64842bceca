//! How to build: the options, and the other engine that may do it in place of ours.

use std::fmt;
use std::sync::Arc;

use super::remote::RemoteResolver;
use super::version::Version;
use crate::model::{FileTree, RepoPath};

/// Which files a kustomization may load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoadRestrictor {
    /// Only files below the kustomization's own directory (`LoadRestrictionsRootOnly`).
    #[default]
    RootOnly,
    /// Any file of the repository (`LoadRestrictionsNone`).
    None,
}

/// In which order resources are printed where no `sortOptions` says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reorder {
    /// Namespaces and definitions first, webhooks last, by identity in between: the command's default.
    #[default]
    Legacy,
    /// As accumulated.
    None,
}

/// What becomes of a file of a generator that is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AbsentFiles {
    /// The build fails, as kustomize's.
    #[default]
    Refused,
    /// It is left out and named in [`Build::absent`](super::Build::absent): values of Secrets are often put there where
    /// an overlay is deployed, and whoever compares two builds sees all that does not depend on them.
    LeftOut,
}

/// How to build.
#[derive(Clone, Debug, Default)]
pub struct BuildOptions {
    /// Which files may be loaded.
    pub load_restrictor: LoadRestrictor,
    /// What becomes of files of generators that are not there.
    pub absent_files: AbsentFiles,
    /// The order where the kustomization names none.
    pub reorder: Reorder,
    /// The kustomize that is followed.
    pub version: Version,
    /// Whether each resource gets the label `app.kubernetes.io/managed-by`.
    pub managed_by_label: bool,
    /// Who fetches remote bases; they are refused without.
    pub remote: Option<Arc<dyn RemoteResolver>>,
    /// Who builds; we do without.
    pub engine: Option<Arc<dyn ForeignEngine>>,
}

/// Builds overlays in place of our own engine.
pub trait ForeignEngine: fmt::Debug + Send + Sync {
    /// Builds `dir` of these files, which are all that may be read, and returns the rendered manifest.
    ///
    /// # Errors
    /// Why it cannot be built, as the end of a sentence, bounded and without a Secret's value.
    fn build(
        &self,
        tree: &FileTree,
        dir: &RepoPath,
        options: &BuildOptions,
    ) -> Result<String, String>;
}
