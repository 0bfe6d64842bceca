//! How overlays are built by a configuration: with the load restrictions that it names, and in the service
//! with the remote bases that it may read.

use crate::config::{ConfigError, Loads, RepositoryConfig};
use crate::kustomize::{Build, BuildError, BuildOptions, LoadRestrictor};
use crate::model::{FileTree, RepoPath};
use crate::promotion;

use super::service_bases::ServiceBases;

/// The options for a repository's overlays.
pub(super) fn options_of_service(
    configuration: &RepositoryConfig,
    bases: &ServiceBases,
) -> BuildOptions {
    let remote = Some(bases.resolver(&configuration.remote_bases));
    let load_restrictor = restrictor(configuration);
    let version = configuration.kustomize;
    BuildOptions { remote, load_restrictor, version, ..BuildOptions::default() }
}

/// Builds an overlay as the repository's own configuration says; as if there were none, where it is broken.
pub(super) fn build_overlay(
    files: &FileTree,
    overlay: &RepoPath,
    bases: &ServiceBases,
) -> Result<Build, BuildError> {
    let options = match RepositoryConfig::load(files) {
        Ok(configuration) => options_of_service(&configuration, bases),
        Err(ConfigError::Unknown(paths)) => return Err(BuildError::Unknown(paths)),
        Err(_) => BuildOptions::default(),
    };
    promotion::render(files, overlay, &options)
}

/// Which files a kustomization may load by a configuration: never those beyond the repository.
pub(super) const fn restrictor(configuration: &RepositoryConfig) -> LoadRestrictor {
    match configuration.loads {
        Loads::BelowItself => LoadRestrictor::RootOnly,
        Loads::OfRepository => LoadRestrictor::None,
    }
}
