//! What there is before a promotion, and what is decided over it.

use super::super::deployed::Deployed;
use super::super::draft::Finished;
use super::super::environment::Environment;
use super::super::error::PlanError;
use super::super::plan_request::{Checks, PlanRequest};
use super::super::rendering::{as_deployed, render};
use super::super::side_by_side::side_by_side;
use super::super::traffic::leave_traffic;
use super::decide::decide;
use super::tried::{Tried, with_all_files};
use crate::kustomize::Build;
use crate::policy::{Standards, UnknownFiles};

/// What there is before a promotion.
pub(super) struct Now {
    /// Who deploys what.
    pub(super) deployed: Deployed,
    /// The source as it gets to its clusters.
    pub(super) source: Tried,
    /// The target as it gets to the first of its clusters.
    pub(super) target: Tried,
}

/// The same with the edits that are decided over it.
pub(super) struct Decided {
    pub(super) now: Now,
    /// What the gates measure by.
    pub(super) standards: Standards,
    pub(super) finished: Finished,
}

impl Now {
    /// Reads and builds what there is.
    ///
    /// # Errors
    /// [`PlanError`] if files are not here.
    pub(super) fn read(request: &PlanRequest<'_>) -> Result<Self, PlanError> {
        let deployed = read_deployed(request)?;
        let (source, target) = (request.source, request.target);
        let source = deploy(request, source, &deployed, build(request, source))?;
        let target = deploy(request, target, &deployed, build(request, target))?;
        Ok(Self { deployed, source, target })
    }
}

impl Decided {
    /// Reads and builds what there is, and decides the edits meanwhile.
    ///
    /// # Errors
    /// [`PlanError`] if they cannot be decided, or files are not here.
    pub(super) fn read(request: &PlanRequest<'_>) -> Result<Self, PlanError> {
        let (source, target) = (request.source, request.target);
        // What deploys the environments may be in any file; it is seldom more than what they build by themselves.
        let decide = || both(read_standards(request), decide(request, source, target));
        let ((deployed, source_build), (target_build, decided)) = side_by_side(
            || (read_deployed(request), build(request, source)),
            || side_by_side(|| build(request, target), decide),
        );
        let known = deployed.as_ref().cloned().unwrap_or_default();
        let source = deploy(request, source, &known, source_build);
        let target = deploy(request, target, &known, target_build);
        let ((source, target), (standards, mut finished)) = both(both(source, target), decided)
            .map_err(|error| match &deployed {
                Err(PlanError::Unknown(more)) => error.and(PlanError::Unknown(more.clone())),
                _ => error,
            })?;
        leave_traffic(request, target.as_ref().ok(), &mut finished)?;
        Ok(Self { now: Now { deployed: deployed?, source, target }, standards, finished })
    }
}

/// The results of steps that may both lack files, so that the caller fetches the files of both at once.
fn both<A, B>(
    first: Result<A, PlanError>,
    second: Result<B, PlanError>,
) -> Result<(A, B), PlanError> {
    match (first, second) {
        (Ok(first), Ok(second)) => Ok((first, second)),
        (Err(first), Err(second)) => Err(first.and(second)),
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
    }
}

fn read_deployed(request: &PlanRequest<'_>) -> Result<Deployed, PlanError> {
    Deployed::read(request.files, request.deployers).map_err(PlanError::Unknown)
}

fn read_standards(request: &PlanRequest<'_>) -> Result<Standards, PlanError> {
    let Checks { gates, fetched, .. } = request.checks;
    Standards::read(request.files, gates, fetched)
        .map_err(|UnknownFiles(paths)| PlanError::Unknown(paths))
}

/// What an environment builds by itself; nothing if it is to be made.
fn build(request: &PlanRequest<'_>, environment: &Environment) -> Result<Option<Tried>, PlanError> {
    if request.wish.create && request.is_missing(environment)? {
        return Ok(None);
    }
    let built = render(request.files, &environment.path, request.options);
    with_all_files(environment, built).map(Some)
}

/// What comes of that on the way to the cluster.
fn deploy(
    request: &PlanRequest<'_>,
    environment: &Environment,
    deployed: &Deployed,
    built: Result<Option<Tried>, PlanError>,
) -> Result<Tried, PlanError> {
    let Some(built) = built? else { return Ok(Ok(Build::default())) };
    let changes = deployed.changes_now(&environment.path);
    let (files, options) = (request.files, request.options);
    let built = as_deployed(built, files, &environment.path, options, &changes);
    with_all_files(environment, built.map(|(build, _)| build))
}
