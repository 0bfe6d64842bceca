//! Why an overlay could not be built.

use std::collections::BTreeSet;

use crate::model::{Location, ReadError, RepoPath};
use crate::yaml::SyntaxError;

/// Why an overlay could not be built. Every variant names the place a person has to edit.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The directory has no kustomization file.
    #[error("{dir}: no `kustomization.yaml`, `kustomization.yml` or `Kustomization` here")]
    NoKustomization {
        /// The directory.
        dir: RepoPath,
    },
    /// A file is not YAML.
    #[error("{at}: {source}")]
    Syntax {
        /// The file and the position.
        at: Location,
        /// What is wrong there.
        source: SyntaxError,
    },
    /// A file exists but cannot be read, or must not be.
    #[error("{at}: {source}")]
    Read {
        /// Who refers to the file.
        at: Location,
        /// Why it is not read.
        source: ReadError,
    },
    /// The content of these files is not here: fetch them and ask again.
    #[error("{} files have still to be fetched", .0.len())]
    Unknown(BTreeSet<RepoPath>),
}
