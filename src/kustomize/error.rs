//! Why an overlay could not be built.

use std::collections::BTreeSet;

use super::ResourceId;
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
    /// A strategic merge patch without a resource.
    #[error("{at}: there is no `{id}` to patch{}", nearest.as_ref().map(|id| format!("; did you mean `{id}`?")).unwrap_or_default())]
    PatchWithoutTarget {
        /// The patch.
        at: Location,
        /// The resource that it names.
        id: ResourceId,
        /// The resource with the nearest name.
        nearest: Option<ResourceId>,
    },
    /// A strategic merge patch that may be for several resources.
    #[error("{at}: `{id}` may mean the resources from {}", .others.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "))]
    PatchWithTwoTargets {
        /// The patch.
        at: Location,
        /// The identity that they have or had.
        id: ResourceId,
        /// Where they come from.
        others: Vec<Location>,
    },
    /// A field that nobody knows.
    #[error("{at}: there is no field `{field}`{}", nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
    UnknownField {
        /// The field.
        at: Location,
        /// Its name as written.
        field: String,
        /// The known name that is nearest to it.
        nearest: Option<String>,
    },
    /// A value of a type that the field does not take.
    #[error("{at}: expected {expected}, found {found}")]
    WrongType {
        /// The value.
        at: Location,
        /// What the field takes.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A kind or apiVersion that is not a kustomization's.
    #[error("{at}: expected {expected}, found `{found}`")]
    WrongKind {
        /// The field.
        at: Location,
        /// What it has to say.
        expected: &'static str,
        /// What it says.
        found: String,
    },
    /// A kustomization that says nothing.
    #[error("{path}: the kustomization is empty")]
    EmptyKustomization {
        /// The file.
        path: RepoPath,
    },
    /// Values that exclude each other, or miss each other.
    #[error("{at}: {reason}")]
    Conflict {
        /// The place.
        at: Location,
        /// What is wrong.
        reason: &'static str,
    },
    /// Values that cannot be carried out.
    #[error("{at}: {reason}")]
    Invalid {
        /// The place.
        at: Location,
        /// What is wrong and how to put it right; never a Secret's value.
        reason: String,
    },
    /// The content of these files is not here: fetch them and ask again.
    #[error("{} files have still to be fetched", .0.len())]
    Unknown(BTreeSet<RepoPath>),
}

impl BuildError {
    /// The place a person has to edit, if it is within a file.
    #[must_use]
    pub const fn location(&self) -> Option<&Location> {
        match self {
            Self::Syntax { at, .. }
            | Self::Read { at, .. }
            | Self::PatchWithoutTarget { at, .. }
            | Self::PatchWithTwoTargets { at, .. }
            | Self::UnknownField { at, .. }
            | Self::WrongType { at, .. }
            | Self::WrongKind { at, .. }
            | Self::Conflict { at, .. }
            | Self::Invalid { at, .. } => Some(at),
            Self::NoKustomization { .. } | Self::EmptyKustomization { .. } | Self::Unknown(_) => {
                None
            }
        }
    }
}
