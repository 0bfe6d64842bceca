//! The comparisons of a plan: what the cluster sees, what becomes of files, what stays different. What hides in them
//! is known before a text is made.

use super::super::environment::Environment;
use super::super::plan_request::PlanRequest;
use super::super::planned_edit::PlannedEdit;
use super::super::rendering::Builds;
use crate::diff::{DriftDiff, FilesDiff, KnownValues, RenderedDiff, SecretInputs};
use crate::model::EditedFiles;

/// The three comparisons of a plan.
pub(super) struct Diffs {
    pub(super) rendered: RenderedDiff,
    pub(super) files: FilesDiff,
    pub(super) drift: DriftDiff,
}

pub(super) fn compare(
    request: &PlanRequest<'_>,
    (source, target): (&Environment, &Environment),
    builds: &Builds,
    edits: &[PlannedEdit],
) -> (Diffs, SecretInputs, KnownValues) {
    let secrets = secret_inputs(request, source, target, builds, edits);
    let (at_source, at_target) = (source.path.as_str(), target.path.as_str());
    let all = [&builds.source, &builds.before, &builds.after];
    let known = secrets.known_values(&all);
    let diffs = Diffs {
        rendered: RenderedDiff::between(&builds.before, &builds.after, at_target, &known),
        files: FilesDiff::between(edits.iter().map(|p| &p.edit), &secrets, &known, &all),
        drift: DriftDiff::between(&builds.source, &builds.after, (at_source, at_target), &known),
    };
    (diffs, secrets, known)
}

/// Whatever file holds values of Secrets, before or after, on either side.
fn secret_inputs(
    request: &PlanRequest<'_>,
    source: &Environment,
    target: &Environment,
    builds: &Builds,
    edits: &[PlannedEdit],
) -> SecretInputs {
    let overlays = [&source.path, &target.path];
    let edited = EditedFiles::new(request.files, edits.iter().map(|planned| &planned.edit));
    let now = builds.source.inputs.iter().chain(&builds.before.inputs);
    let found = SecretInputs::find(request.files, &overlays, now).and(SecretInputs::find(
        &edited,
        &overlays,
        &builds.after.inputs,
    ));
    let all = [&builds.source, &builds.before, &builds.after];
    let found = match all.iter().all(|build| !build.inputs.is_empty()) {
        true => found,
        false => found.in_doubt(request.files, &overlays).in_doubt(&edited, &overlays),
    };
    found
        .learned_by(&builds.source)
        .learned_by(&builds.before)
        .learned_by(&builds.after)
        .mirrored(&source.path, &target.path)
}
