//! The comparisons of a plan: what the cluster sees, what becomes of files, what stays different. What hides in them
//! is known before a text is made.

use super::super::environment::Environment;
use super::super::plan_request::PlanRequest;
use super::super::planned_edit::PlannedEdit;
use super::super::rendering::Builds;
use crate::diff::{DriftDiff, FilesDiff, KnownValues, RenderedDiff, SecretInputs};
use crate::kustomize::Build;
use crate::model::EditedFiles;

/// The three comparisons of a plan.
pub(super) struct Diffs {
    pub(super) rendered: RenderedDiff,
    pub(super) files: FilesDiff,
    pub(super) drift: DriftDiff,
}

/// What hides in the builds and in the files that they are made of.
pub(super) fn hidden(
    request: &PlanRequest<'_>,
    (source, target): (&Environment, &Environment),
    builds: &Builds,
    edits: &[PlannedEdit],
) -> (SecretInputs, KnownValues) {
    let secrets = secret_inputs(request, source, target, builds, edits);
    let known = secrets.known_values(&all(builds));
    (secrets, known)
}

/// What the promotion changes: in what the cluster sees, and in files.
pub(super) fn compare(
    target: &Environment,
    builds: &Builds,
    edits: &[PlannedEdit],
    (secrets, known): (&SecretInputs, &KnownValues),
) -> (RenderedDiff, FilesDiff) {
    let edits = edits.iter().map(|planned| &planned.edit);
    let rendered =
        RenderedDiff::between(&builds.before, &builds.after, target.path.as_str(), known);
    (rendered, FilesDiff::between(edits, secrets, known, &all(builds)))
}

/// What stays different between the source and the target.
pub(super) fn drift(
    (source, target): (&Environment, &Environment),
    builds: &Builds,
    known: &KnownValues,
) -> DriftDiff {
    let folders = (source.path.as_str(), target.path.as_str());
    DriftDiff::between(&builds.source, &builds.after, folders, known)
}

const fn all(builds: &Builds) -> [&Build; 3] {
    [&builds.source, &builds.before, &builds.after]
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
    let found = match all(builds).iter().all(|build| !build.inputs.is_empty()) {
        true => found,
        false => found.in_doubt(request.files, &overlays).in_doubt(&edited, &overlays),
    };
    found
        .learned_by(&builds.source)
        .learned_by(&builds.before)
        .learned_by(&builds.after)
        .mirrored(&source.path, &target.path)
}
