//! Handing a build to another engine: which files it gets, and what its output tells us.
//!
//! For overlays that need helm, which we do not render. Pure all the same: who builds is supplied by the
//! caller, as [`RemoteResolver`](super::RemoteResolver) is. That one gets the files that the kustomizations
//! lead to and no others, so that a promotion's target can be built before it is written, and nothing
//! outside the repository is in reach. What it prints is read again; where its resources come from is
//! guessed by their names ([`trace`]).

mod charts;
mod gather;
mod gatherer;
mod scan;
mod scanned;
mod trace;

use super::BuildError;
use super::built::Build;
use super::options::{BuildOptions, ForeignEngine};
use crate::model::{Files, Location, RepoPath};

/// Builds the overlay in `dir` by another engine.
pub(super) fn build(
    engine: &dyn ForeignEngine,
    files: &dyn Files,
    dir: &RepoPath,
    options: &BuildOptions,
) -> Result<Build, BuildError> {
    let gathered = gather::gather(files, dir, options.remote.as_deref())?;
    let at = Location::file(gathered.kustomization.clone());
    let manifest = engine
        .build(&gathered.tree, &gathered.dir, options)
        .map_err(|reason| BuildError::Foreign { at: at.clone(), reason })?;
    let resources = trace::resources(&manifest, &gathered, at)?;
    let inputs = gathered.inputs;
    Ok(Build { resources, inputs, origins_are_guessed: true, ..Build::default() })
}

#[cfg(test)]
mod tests;
