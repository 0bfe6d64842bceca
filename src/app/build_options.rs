//! How overlays are built by a configuration: with the load restrictions that it names, and in the service
//! with the remote bases that it may read.

use crate::config::{Loads, RepositoryConfig};
use crate::kustomize::{AbsentFiles, BuildOptions, LoadRestrictor};

use super::service_bases::ServiceBases;

/// The options for a repository's overlays.
pub(super) fn options_of_service(
    configuration: &RepositoryConfig,
    bases: &ServiceBases,
) -> BuildOptions {
    let remote = Some(bases.resolver(&configuration.remote_bases));
    let load_restrictor = restrictor(configuration);
    let version = configuration.kustomize;
    let absent_files = AbsentFiles::LeftOut;
    BuildOptions { remote, load_restrictor, version, absent_files, ..BuildOptions::default() }
}

/// Which files a kustomization may load by a configuration: never those beyond the repository.
pub(super) const fn restrictor(configuration: &RepositoryConfig) -> LoadRestrictor {
    match configuration.loads {
        Loads::BelowItself => LoadRestrictor::RootOnly,
        Loads::OfRepository => LoadRestrictor::None,
    }
}
