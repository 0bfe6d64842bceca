//! How the service builds: without fetching, and with the load restrictions that the repository configures.

use std::sync::Arc;

use crate::config::RepositoryConfig;
use crate::kustomize::{BuildOptions, RemoteResolver};

use super::local::restrictor;
use super::remote_base::NoBasesInService;

/// The options for a repository's overlays.
pub(super) fn options_of_service(configuration: &RepositoryConfig) -> BuildOptions {
    let remote: Option<Arc<dyn RemoteResolver>> = Some(Arc::new(NoBasesInService));
    let load_restrictor = restrictor(configuration);
    let version = configuration.kustomize;
    BuildOptions { remote, load_restrictor, version, ..BuildOptions::default() }
}
