//! Builds that were tried, and may have failed for what is wrong with them.

use super::super::environment::Environment;
use super::super::error::{BuildState, PlanError};
use crate::kustomize::{Build, BuildError};

/// A build that was tried.
pub(super) type Tried = Result<Build, BuildError>;

/// A build that was tried with all the files it needs.
///
/// # Errors
/// [`PlanError`] with those that are not here.
pub(super) fn with_all_files(environment: &Environment, build: Tried) -> Result<Tried, PlanError> {
    match build {
        Err(error @ BuildError::Unknown(_)) => {
            Err(PlanError::build(environment, BuildState::Now, error))
        }
        known => Ok(known),
    }
}
