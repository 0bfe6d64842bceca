//! What the edits change in kustomizations below the target's that it does not build itself.

use super::super::environment::Environment;
use super::super::plan_request::{Checks, PlanRequest};
use super::super::planned_edit::PlannedEdit;
use super::super::rendering::Builds;
use super::super::unbuilt::unbuilt_roots;
use crate::diff::{RenderedDiff, SecretInputs};
use crate::kustomize;
use crate::model::{EditedFiles, Files, RepoPath};
use crate::policy::{Changes, Findings, Reading, Standards, Terms, check_changes};

/// Kustomizations below the target's that an edit touches and its build does not read: an Application
/// or a Kustomization may point there, so that they reach a cluster all the same.
pub(super) fn roots_below(
    request: &PlanRequest<'_>,
    (source, target): (&Environment, &Environment),
    builds: &Builds,
    edits: &[PlannedEdit],
    standards: &Standards,
) -> (Vec<(RepoPath, RenderedDiff)>, Findings) {
    let Checks { gates, today, .. } = request.checks;
    let edited = EditedFiles::new(request.files, edits.iter().map(|planned| &planned.edit));
    let (mut below, mut found) = (Vec::new(), Findings::default());
    let paths = edits.iter().map(|planned| &planned.edit.path);
    let sides = [&builds.before, &builds.after];
    let is_built = |path: &RepoPath| sides.iter().any(|build| build.inputs.contains(path));
    let is_rendered = !builds.after.inputs.is_empty();
    let paths = paths.filter(|_| is_rendered);
    for root in unbuilt_roots(&edited, &target.path, &is_built, paths) {
        let build = |files: &dyn Files| kustomize::build(files, &root, request.options);
        // What cannot be built alone is no root of its own.
        let Ok(after) = build(&edited) else { continue };
        let before = build(request.files).unwrap_or_default();
        let secrets = SecretInputs::of_builds(&root, (request.files, &before), (&edited, &after));
        let known = secrets.known_values(&[&before, &after]);
        let rendered = RenderedDiff::between(&before, &after, root.as_str(), &known);
        if rendered.resources().is_empty() {
            continue;
        }
        let changes = Changes {
            resources: rendered.resources(),
            before: &before,
            after: &after,
            files: &edited,
            path: &root,
            others: &[(source.name.clone(), source.path.clone())],
            own_values: &[],
            at_once: &[],
        };
        let reading = Reading::after(&changes);
        let risks = check_changes(&changes, &reading, Terms { gates, standards, today });
        found.findings.extend(risks.findings);
        found.suppressed.extend(risks.suppressed);
        below.push((root, rendered));
    }
    (below, found)
}
