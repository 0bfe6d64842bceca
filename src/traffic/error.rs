//! Why a step cannot be taken.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::rollout::{Aim, VirtualServiceName};
use crate::kustomize::BuildError;
use crate::model::{Location, RepoPath};

/// Why a step cannot be taken. Every variant says what a person has to change.
#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
pub enum ShiftError {
    /// No such VirtualService.
    #[error("there is no VirtualService `{name}` in this environment; {}", listed(.known))]
    NotThere {
        /// Its name.
        name: VirtualServiceName,
        /// Those that are there.
        known: Vec<String>,
    },
    /// No route leads to the two destinations.
    #[error("no route of VirtualService `{name}` shares traffic out between `{from}` and `{to}`")]
    NoRoute {
        /// Its name.
        name: VirtualServiceName,
        /// One destination.
        from: String,
        /// The other one.
        to: String,
    },
    /// Somebody else moves its weights.
    #[error("the traffic of VirtualService `{name}` is moved by {owner}, so no step is made here")]
    Owned {
        /// Its name.
        name: VirtualServiceName,
        /// Whose it is.
        owner: String,
    },
    /// The weights are written outside of the environment's own files.
    #[error(
        "{at}: the weights of VirtualService `{name}` are written here, where other environments read them too; \
         write its routes in a patch of `{folder}` first, and steps will move the weights there"
    )]
    Elsewhere {
        /// The file.
        at: Location,
        /// Its name.
        name: VirtualServiceName,
        /// The environment's folder.
        folder: RepoPath,
    },
    /// The weights are in the environment's own files and cannot be changed there.
    #[error("{at}: the weights of VirtualService `{name}` cannot be moved here: {because}")]
    NotMoved {
        /// The file.
        at: Location,
        /// Its name.
        name: VirtualServiceName,
        /// Why.
        because: String,
    },
    /// Looking met a limit.
    #[error("{reason}")]
    Stopped {
        /// Which one, in a sentence.
        reason: String,
    },
    /// The environment cannot be built.
    #[error("{message}")]
    Build {
        /// Why.
        message: String,
        /// Where, if a place is known.
        at: Option<Location>,
    },
    /// The content of these files is not here: fetch them and ask again.
    #[error("{} files have still to be fetched", .0.len())]
    Unknown(BTreeSet<RepoPath>),
}

impl ShiftError {
    pub(super) fn no_route(aim: &Aim) -> Self {
        let Aim { virtual_service: name, from, to, .. } = aim.clone();
        Self::NoRoute { name, from, to }
    }

    /// The place a person has to look at, if one is known.
    #[must_use]
    pub const fn location(&self) -> Option<&Location> {
        match self {
            Self::Elsewhere { at, .. } | Self::NotMoved { at, .. } => Some(at),
            Self::Build { at, .. } => at.as_ref(),
            Self::NotThere { .. }
            | Self::Stopped { .. }
            | Self::NoRoute { .. }
            | Self::Owned { .. }
            | Self::Unknown(_) => None,
        }
    }
}

impl From<BuildError> for ShiftError {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Unknown(paths) => Self::Unknown(paths),
            error => Self::Build { message: error.to_string(), at: error.location().cloned() },
        }
    }
}

fn listed(known: &[String]) -> String {
    match known {
        [] => "there is none at all".to_owned(),
        _ => {
            let names: Vec<String> = known.iter().take(20).map(|it| format!("`{it}`")).collect();
            format!("there are {}", names.join(", "))
        }
    }
}
