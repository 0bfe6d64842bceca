//! Handing a build to another engine: which files it gets, and what its output tells us.
//!
//! For overlays that need helm, which we do not render. Pure all the same: who builds is supplied by the
//! caller, as [`RemoteResolver`](super::RemoteResolver) is. That one gets the files that the kustomizations
//! lead to and no others, so that a promotion's target can be built before it is written, and nothing
//! outside the repository is in reach. What it prints is read again; where its resources come from, our own
//! engine says of those that it makes the same, and of others is guessed by their names ([`trace`]).

mod charts;
mod gather;
mod gatherer;
mod scan;
mod scanned;
mod trace;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::BuildError;
use super::built::{Build, Resource};
use super::options::{BuildOptions, ForeignEngine};
use super::own;
use super::resource_id::ResourceId;
use super::texts::Texts;
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
    let mut resources = trace::resources(&manifest, &gathered, at)?;
    let texts = known_from_ours(&mut resources, files, dir, options);
    let inputs = gathered.inputs;
    Ok(Build { resources, texts, inputs, origins_are_guessed: true, ..Build::default() })
}

/// Takes what our own engine makes the same, with where it is from, if it can build the overlay.
fn known_from_ours(
    resources: &mut [Resource],
    files: &dyn Files,
    dir: &RepoPath,
    options: &BuildOptions,
) -> Arc<Texts> {
    let options = BuildOptions { engine: None, ..options.clone() };
    let Ok(ours) = own::build(files, dir, &options) else { return Arc::default() };
    let mut by_id: BTreeMap<ResourceId, Resource> =
        ours.resources.into_iter().map(|resource| (resource.id.clone(), resource)).collect();
    for resource in resources {
        if let Some(known) = by_id.remove(&resource.id).filter(|it| it.node == resource.node) {
            *resource = known;
        }
    }
    ours.texts
}

#[cfg(test)]
mod tests;
