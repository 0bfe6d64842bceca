//! Making a plan: what a promotion would do, step by step. Making it touches nothing.

mod below;
mod charts;
mod clusters;
mod compare;
mod decide;
mod findings;
mod now;
mod sides;
mod tried;
mod value;

use std::sync::mpsc;

#[cfg(test)]
pub use value::Method;
pub use value::{Plan, Verdict};

use below::roots_below;
use charts::files_of_charts;
use clusters::{Elsewhere, beside, elsewhere};
use compare::{Diffs, compare, drift, hidden};
use decide::method;
use findings::{PlanFindings, Risks, check, in_order, lost, of_values, risks, risks_there};
use now::{Decided, Now};
use sides::Sides;

use super::deployed;
use super::error::PlanError;
use super::plan_id::PlanId;
use super::plan_request::PlanRequest;
use super::planned_edit::PlannedEdit;
use super::remark::Warning;
use super::rendering::{NotRendered, rendered_without};
use super::rules::By;
use super::side_by_side::side_by_side;
use super::words::{files_with_secrets, hide_in_findings};
use crate::diff::{KnownValues, RenderedDiff, SecretInputs};
use crate::model::{EditedFiles, FileEdit, RepoPath};
use crate::policy::{Finding, Overlay, Reading, Standards};

/// Plans a promotion: decides the edits, builds what they make of the target, compares and checks it, and tells all
/// of that without values of Secrets.
///
/// # Errors
/// [`PlanError`] with the place a person has to edit; [`PlanError::Unknown`] names files whose
/// content the caller has to fetch before asking again.
pub fn plan(request: &PlanRequest<'_>) -> Result<Plan, PlanError> {
    let (source, target) = (request.source, request.target);
    let Decided { now, standards, mut finished } = Decided::read(request)?;
    let method = method(request, source, target);
    let mut sides = Sides::build(request, now, &finished.edits, method.by)?;
    let compared = compare_and_check(request, &mut sides, &finished.edits, &standards)?;
    let Compared { diffs, secrets, known, elsewhere, below, of_charts, found } = compared;
    let Sides { deployed, builds, not_rendered, variants, faults } = sides;
    let told = deployed::warnings(&deployed, &target.path, &faults).into_iter();
    finished.warnings.extend(told.map(|(at, message)| Warning { message, at: Some(at) }));
    let masked = files_with_secrets(request, &finished.differences, &secrets, &known);
    let finished = finished.without_secrets(&known, &masked);
    let PlanFindings { mut findings, suppressed } = found;
    hide_in_findings(&mut findings, &known);
    let Diffs { rendered, files, drift } = diffs;
    let (rendered, clusters) = beside(rendered, elsewhere, &variants, target);
    Ok(Plan {
        id: PlanId::of(&target.key_from(&source.name), &finished.edits, rendered.text()),
        files,
        drift,
        rendered,
        source: source.clone(),
        target: target.clone(),
        commit: request.commit.cloned(),
        source_at: None,
        edits: finished.edits,
        built_by_kustomize: builds.after.origins_are_guessed,
        findings,
        suppressed,
        below,
        of_charts,
        reaches: deployed::reaches(deployed.after(), &target.path),
        clusters,
        warnings: finished.warnings,
        not_promoted: finished.not_promoted,
        not_rendered,
        method,
        differences: finished.differences,
        commits: finished.commits,
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
    let mut sides = Sides::build(request, Now::read(request)?, &edits, By::Changes)?;
    let (secrets, known) = hidden(request, (source, target), &sides.builds, &edits);
    let (rendered, _) = compare(target, &sides.builds, &edits, (&secrets, &known));
    let elsewhere = elsewhere(request, target, &sides.variants, &edits, &mut sides.faults);
    let (rendered, _) = beside(rendered, elsewhere, &sides.variants, target);
    Ok(PlanId::of(&target.key_from(&source.name), &edits, rendered.text()))
}

/// How the sides of a plan differ, and what the rules say of that.
struct Compared {
    diffs: Diffs,
    secrets: SecretInputs,
    known: KnownValues,
    /// What other clusters than the first will see.
    elsewhere: Vec<Elsewhere>,
    /// What kustomizations below the target's that it does not build will make of the edits.
    below: Vec<(RepoPath, RenderedDiff)>,
    /// Edited files of charts, which nothing renders here.
    of_charts: Vec<RepoPath>,
    found: PlanFindings,
}

/// Compares the sides while the target is checked, and then whatever the target's build does not read.
///
/// # Errors
/// [`PlanError::Unknown`] with files whose content is not here.
fn compare_and_check(
    request: &PlanRequest<'_>,
    sides: &mut Sides,
    edits: &[PlannedEdit],
    standards: &Standards,
) -> Result<Compared, PlanError> {
    let Sides { deployed, builds, not_rendered, variants, faults } = sides;
    let (source, target) = (request.source, request.target);
    let both = (source, target);
    let plain: Vec<&FileEdit> = edits.iter().map(|planned| &planned.edit).collect();
    let edited = EditedFiles::new(request.files, plain.iter().copied());
    let reading =
        Reading::new(Overlay { files: &edited, path: &target.path, build: &builds.after });
    // Both halves take as long, and each needs something of the other.
    let (tell_lost, told_lost) = mpsc::channel();
    let (tell_known, told_known) = mpsc::channel();
    let beside_comparing = || {
        tell(tell_lost, lost(request, (&edited, &plain)));
        let checked = check(request, both, standards, builds, (&reading, &plain));
        let elsewhere = elsewhere(request, target, variants, edits, faults);
        let of_one = |there| risks_there(request, source, (target, edits), there, standards);
        let found: Vec<Vec<Finding>> = elsewhere.iter().map(of_one).collect();
        let known = told_known.into_iter().next();
        let drift = known.map(|known: KnownValues| drift(both, builds, &known));
        (checked, elsewhere, found, drift)
    };
    let comparing = || {
        let (secrets, known) = hidden(request, both, builds, edits);
        tell(tell_known, known.clone());
        let (rendered, files) = compare(target, builds, edits, (&secrets, &known));
        let compared = (&rendered, &*builds);
        let lost = told_lost.recv().unwrap_or_default();
        let risks = risks(request, both, compared, (&reading, &plain), (&lost, standards));
        (rendered, files, secrets, known, risks)
    };
    let ((checked, elsewhere, risks_elsewhere, drift), (rendered, files, secrets, known, own)) =
        side_by_side(beside_comparing, comparing);
    let drift = drift.expect("whoever compares tells what hides first");
    let diffs = Diffs { rendered, files, drift };
    let of_charts = files_of_charts(&edited, target, builds, deployed.after(), edits);
    let (below, risks_below) = roots_below(request, both, builds, edits, standards);
    let of_values = of_values(request, (edits, &diffs.files), builds)?;
    let risks = Risks { own, elsewhere: risks_elsewhere, below: risks_below, of_values };
    let without = rendered_without(target, &builds.before, &builds.after);
    let untold = not_rendered.iter().map(NotRendered::finding).chain(without);
    let found = in_order(untold, risks, checked);
    Ok(Compared { diffs, secrets, known, elsewhere, below, of_charts, found })
}

/// Tells the other half. With the sender taken, who panics before does not leave the other waiting.
fn tell<T>(other: mpsc::Sender<T>, what: T) {
    let _ = other.send(what);
}

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod secret_tests;
#[cfg(test)]
mod tests;
