//! What is not here yet: the errors that may only say so, and what they name.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::service_bases::Wanted;
use crate::config::ConfigError;
use crate::kustomize::BuildError;
use crate::model::{BlobId, RepoPath};
use crate::promotion::PlanError;
use crate::traffic::ShiftError;

/// An error that may only say that file contents are not here yet.
pub(super) trait Lacks {
    /// The files, if that is what it says.
    fn lacking(&self) -> Option<&BTreeSet<RepoPath>>;
}

impl Lacks for ConfigError {
    fn lacking(&self) -> Option<&BTreeSet<RepoPath>> {
        if let Self::Unknown(paths) = self { Some(paths) } else { None }
    }
}

impl Lacks for PlanError {
    fn lacking(&self) -> Option<&BTreeSet<RepoPath>> {
        if let Self::Unknown(paths) = self { Some(paths) } else { None }
    }
}

impl Lacks for ShiftError {
    fn lacking(&self) -> Option<&BTreeSet<RepoPath>> {
        if let Self::Unknown(paths) = self { Some(paths) } else { None }
    }
}

impl Lacks for BuildError {
    fn lacking(&self) -> Option<&BTreeSet<RepoPath>> {
        if let Self::Unknown(paths) = self { Some(paths) } else { None }
    }
}

/// What is not here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lacking {
    pub(super) files: BTreeSet<RepoPath>,
    pub(super) past: BTreeSet<BlobId>,
    /// Of other repositories.
    pub(super) bases: Wanted,
}

impl Lacking {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn files(files: Option<&BTreeSet<RepoPath>>) -> Self {
        Self { files: files.cloned().unwrap_or_default(), ..Self::default() }
    }
}
