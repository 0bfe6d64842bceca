//! Making a plan: what a promotion would do, step by step. Making it touches nothing.

mod below;
mod charts;
mod clusters;
mod compare;
mod decide;
mod findings;
mod value;

#[cfg(test)]
pub use value::Method;
pub use value::{Plan, Verdict};

use std::collections::BTreeSet;

use below::roots_below;
use charts::files_of_charts;
use clusters::{beside, by_content, elsewhere, first_sides};
use compare::{Diffs, compare};
use decide::{decide, method};
use findings::{PlanFindings, Risks, check, in_order, of_values, risks, risks_there};

use super::deployed::{self, Deployed};
use super::draft::Finished;
use super::environment::Environment;
use super::error::{BuildState, PlanError};
use super::plan_id::PlanId;
use super::plan_request::{Checks, PlanRequest};
use super::planned_edit::PlannedEdit;
use super::remark::Warning;
use super::rendering::{Attempts, NotRendered, as_deployed, render, weigh};
use super::rules::By;
use super::traffic::leave_traffic;
use super::words::{Words, files_with_secrets, hide_in_findings};
use crate::kustomize::{Build, BuildError};
use crate::model::{EditedFiles, FileEdit};
use crate::policy::{Finding, Overlay, Reading, Standards, UnknownFiles};

/// Plans a promotion.
///
/// # Errors
/// [`PlanError`] with the place a person has to edit; [`PlanError::Unknown`] names files whose
/// content the caller has to fetch before asking again.
pub fn plan(request: &PlanRequest<'_>) -> Result<Plan, PlanError> {
    let (source, target) = (request.source, request.target);
    // What deploys the environments may be in any file; it is seldom more than what they build by themselves.
    let (deployed, (source_build, (before, decided))) = side_by_side(
        || Deployed::read(request.files, request.deployers).map_err(PlanError::Unknown),
        || {
            let of_target = || {
                let decide = || read_standards_and_decide(request, source, target);
                side_by_side(|| build(request, target), decide)
            };
            side_by_side(|| build(request, source), of_target)
        },
    );
    let now = deployed.as_ref().cloned().unwrap_or_default();
    let source_build = deploy(request, source, &now, source_build);
    let before = deploy(request, target, &now, before);
    let (source_build, before, (standards, mut finished)) = together(source_build, before, decided)
        .map_err(|error| also_unknown(error, deployed.as_ref().err()))?;
    leave_traffic(request, before.as_ref().ok(), &mut finished)?;
    let Finished { edits, mut warnings, not_promoted, differences, commits } = finished;
    let deployed = edited_deployers(deployed?, request, &edits);
    let mut faults = Vec::new();
    let (before, after) = first_sides(request, target, &deployed, before, &edits, &mut faults);
    let (before, after) = (with_all_files(target, before)?, with_all_files(target, after)?);
    let attempts = Attempts { source: source_build, before, after };
    let method = method(request, source, target);
    let (builds, not_rendered) = weigh(attempts, method.by, source, target)?;
    let variants = by_content(&deployed, target, not_rendered.is_empty());
    let plain: Vec<&FileEdit> = edits.iter().map(|planned| &planned.edit).collect();
    let edited = EditedFiles::new(request.files, plain.iter().copied());
    let reading =
        Reading::new(Overlay { files: &edited, path: &target.path, build: &builds.after });
    let both = (source, target);
    let beside_comparing = || {
        let checked = check(request, both, &standards, &builds, (&reading, &plain));
        let elsewhere = elsewhere(request, target, &variants, &edits, &mut faults);
        let of_one = |there| risks_there(request, source, (target, &edits), there, &standards);
        let found: Vec<Vec<Finding>> = elsewhere.iter().map(of_one).collect();
        (checked, elsewhere, found)
    };
    let comparing = || {
        let (diffs, secrets, known) = compare(request, both, &builds, &edits);
        let sides = (&diffs.rendered, &builds);
        let risks = risks(request, both, sides, (&reading, &plain), &standards);
        (diffs, secrets, known, risks)
    };
    let ((checked, elsewhere, risks_elsewhere), (diffs, secrets, known, risks)) =
        side_by_side(beside_comparing, comparing);
    let Diffs { rendered, files, drift } = diffs;
    let told = deployed::warnings(&deployed, &target.path, &faults).into_iter();
    warnings.extend(told.map(|(at, message)| Warning { message, at: Some(at) }));
    let masked = files_with_secrets(request, &differences, &secrets, &known);
    let of_charts = files_of_charts(&edited, target, &builds, deployed.after(), &edits);
    let words = Words { edits, warnings, not_promoted, differences, commits };
    let Words { edits, warnings, not_promoted, differences, commits } = words.hide(&known, &masked);
    let missing = not_rendered.iter().map(NotRendered::finding);
    let (below, risks_below) = roots_below(request, (source, target), &builds, &edits, &standards);
    let of_values = of_values(request, (&edits, &files), &builds)?;
    let risks = Risks { own: risks, elsewhere: risks_elsewhere, below: risks_below, of_values };
    let PlanFindings { mut findings, suppressed } = in_order(missing, risks, checked);
    hide_in_findings(&mut findings, &known);
    let (rendered, clusters) = beside(rendered, elsewhere, &variants, target);
    Ok(Plan {
        id: PlanId::of(&target.key_from(&source.name), &edits, rendered.text()),
        files,
        drift,
        rendered,
        source: source.clone(),
        target: target.clone(),
        commit: request.commit.cloned(),
        source_at: None,
        edits,
        built_by_kustomize: builds.after.origins_are_guessed,
        findings,
        suppressed,
        below,
        of_charts,
        reaches: deployed::reaches(deployed.after(), &target.path),
        clusters,
        warnings,
        not_promoted,
        not_rendered,
        method,
        differences,
        commits,
    })
}

/// The id that a plan with these edits has, whoever decided them; their causes do not count.
///
/// # Errors
/// [`PlanError`] if an environment cannot be built, before or after.
pub fn plan_id_of(request: &PlanRequest<'_>, edits: Vec<FileEdit>) -> Result<PlanId, PlanError> {
    let (source, target) = (request.source, request.target);
    let mut edits: Vec<PlannedEdit> =
        edits.into_iter().map(|edit| PlannedEdit { edit, causes: Vec::new() }).collect();
    edits.sort_by(|a, b| a.edit.path.cmp(&b.edit.path));
    let now = Deployed::read(request.files, request.deployers).map_err(PlanError::Unknown)?;
    let source_build = deploy(request, source, &now, build(request, source))?;
    let before = deploy(request, target, &now, build(request, target))?;
    let deployed = edited_deployers(now, request, &edits);
    let mut faults = Vec::new();
    let (before, after) = first_sides(request, target, &deployed, before, &edits, &mut faults);
    let (before, after) = (with_all_files(target, before)?, with_all_files(target, after)?);
    let attempts = Attempts { source: source_build, before, after };
    let (builds, not_rendered) = weigh(attempts, By::Changes, source, target)?;
    let (diffs, _, _) = compare(request, (source, target), &builds, &edits);
    let variants = by_content(&deployed, target, not_rendered.is_empty());
    let elsewhere = elsewhere(request, target, &variants, &edits, &mut faults);
    let (rendered, _) = beside(diffs.rendered, elsewhere, &variants, target);
    Ok(PlanId::of(&target.key_from(&source.name), &edits, rendered.text()))
}

/// Does two things at once: a plan is a fifth faster for it. Neither sees the other, so the order
/// in which they end does not show.
fn side_by_side<A: Send, B>(
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B,
) -> (A, B) {
    std::thread::scope(|scope| {
        let first = scope.spawn(first);
        let second = second();
        (first.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), second)
    })
}

/// The results of steps that may all lack files, so that the caller fetches the files of all at once.
fn together<A, B, C>(
    first: Result<A, PlanError>,
    second: Result<B, PlanError>,
    third: Result<C, PlanError>,
) -> Result<(A, B, C), PlanError> {
    let mut unknown = BTreeSet::new();
    let mut fault = None;
    let mut note = |error| match error {
        PlanError::Unknown(paths) => unknown.extend(paths),
        error if fault.is_none() => fault = Some(error),
        _ => {}
    };
    let first = first.map_err(&mut note).ok();
    let second = second.map_err(&mut note).ok();
    let third = third.map_err(&mut note).ok();
    match (first, second, third) {
        (Some(first), Some(second), Some(third)) => Ok((first, second, third)),
        // A fault stands whatever the missing files say.
        _ => Err(fault.unwrap_or(PlanError::Unknown(unknown))),
    }
}

/// The same error, with files that are missing for another step too.
fn also_unknown(error: PlanError, other: Option<&PlanError>) -> PlanError {
    match (error, other) {
        (PlanError::Unknown(mut paths), Some(PlanError::Unknown(more))) => {
            paths.extend(more.iter().cloned());
            PlanError::Unknown(paths)
        }
        (error, _) => error,
    }
}

fn edited_deployers(
    deployed: Deployed,
    request: &PlanRequest<'_>,
    edits: &[PlannedEdit],
) -> Deployed {
    let plain: Vec<&FileEdit> = edits.iter().map(|planned| &planned.edit).collect();
    deployed.edited(request.files, &plain)
}

/// What an environment builds by itself; nothing if it is to be made.
fn build(
    request: &PlanRequest<'_>,
    environment: &Environment,
) -> Result<Option<Result<Build, BuildError>>, PlanError> {
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
    built: Result<Option<Result<Build, BuildError>>, PlanError>,
) -> Result<Result<Build, BuildError>, PlanError> {
    let Some(built) = built? else { return Ok(Ok(Build::default())) };
    let changes = deployed.changes_now(&environment.path);
    let (files, options) = (request.files, request.options);
    let built = as_deployed(built, files, &environment.path, options, &changes);
    with_all_files(environment, built.map(|(build, _)| build))
}

/// A build that was tried with all the files it needs.
fn with_all_files(
    environment: &Environment,
    build: Result<Build, BuildError>,
) -> Result<Result<Build, BuildError>, PlanError> {
    match build {
        Err(error @ BuildError::Unknown(_)) => {
            Err(PlanError::build(environment, BuildState::Now, error))
        }
        known => Ok(known),
    }
}

/// What the gates measure by may be in files that are not here, like what is copied.
fn read_standards_and_decide<'a>(
    request: &PlanRequest<'a>,
    source: &'a Environment,
    target: &'a Environment,
) -> Result<(Standards, Finished), PlanError> {
    let Checks { gates, fetched, .. } = request.checks;
    let standards = Standards::read(request.files, gates, fetched)
        .map_err(|UnknownFiles(paths)| PlanError::Unknown(paths));
    match (standards, decide(request, source, target)) {
        (Err(PlanError::Unknown(mut paths)), Err(PlanError::Unknown(more))) => {
            paths.extend(more);
            Err(PlanError::Unknown(paths))
        }
        // A fault of the promotion stands whatever the missing files say.
        (_, Err(fault)) => Err(fault),
        (standards, decided) => Ok((standards?, decided?)),
    }
}

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod secret_tests;
#[cfg(test)]
mod tests;
