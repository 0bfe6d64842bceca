//! The target as it is deployed: built as the first clusters build it, and once more for each that differ.

use super::super::plan_request::PlanRequest;
use super::super::planned_edit::PlannedEdit;
use super::tried::Tried;
use crate::deployer::{Changes, Variant};
use crate::diff::{RenderedDiff, SecretInputs};
use crate::kustomize::Build;
use crate::model::{EditedFiles, Files, RepoPath};
use crate::promotion::deployed::{self, Deployed, OnClusters, build, names, others};
use crate::promotion::environment::Environment;
use crate::promotion::plain::empty_beside;

/// The target before and after, as the first clusters build it. `before` is what was built before anybody knew
/// the edits.
pub(super) fn first_sides(
    request: &PlanRequest<'_>,
    target: &Environment,
    deployed: &Deployed,
    before: Tried,
    edits: &[PlannedEdit],
    faults: &mut Vec<String>,
) -> (Tried, Tried) {
    let first = deployed.variants(&target.path).into_iter().next().unwrap_or_default();
    let side = |files: &dyn Files, changes: &Changes, faults: &mut Vec<String>| {
        build(files, &target.path, request.options, changes, faults)
    };
    // An edit may say anew how the target is deployed.
    let before = if first.before == deployed.changes_now(&target.path) {
        before
    } else {
        side(request.files, &first.before, faults)
    };
    let after = match &before {
        Ok(before) if edits.is_empty() => Ok(before.clone()),
        _ => {
            let edited = EditedFiles::new(request.files, edits.iter().map(|planned| &planned.edit));
            side(&edited, &first.after, faults)
        }
    };
    // The last manifest may go, or the first come.
    match (before, after) {
        (Ok(before), Err(error)) => {
            let after = empty_beside(&before, &target.path, error);
            (Ok(before), after)
        }
        (Err(error), Ok(after)) => (empty_beside(&after, &target.path, error), Ok(after)),
        both => both,
    }
}

/// The target on one more group of clusters.
pub(super) struct Elsewhere {
    pub names: Vec<String>,
    pub before: Build,
    pub after: Build,
    pub rendered: RenderedDiff,
}

/// The clusters by what they get, once it is known whether the first get anything: those whose deployer only could
/// load more get the same.
pub(super) fn by_content(
    deployed: &Deployed,
    target: &Environment,
    is_first_built: bool,
) -> Vec<Variant> {
    let mut variants = deployed.variants(&target.path).into_iter();
    let mut first = variants.next().unwrap_or_default();
    let (alike, others): (Vec<Variant>, Vec<Variant>) = variants.partition(|it| {
        is_first_built && it.before.builds_as(&first.before) && it.after.builds_as(&first.after)
    });
    first.deployments.extend(alike.into_iter().flat_map(|it| it.deployments));
    std::iter::once(first).chain(others).collect()
}

/// Builds and compares the target for clusters that differ from the first; what cannot be built there is told.
pub(super) fn elsewhere(
    request: &PlanRequest<'_>,
    target: &Environment,
    variants: &[Variant],
    edits: &[PlannedEdit],
    faults: &mut Vec<String>,
) -> Vec<Elsewhere> {
    let (others, left) = others(variants);
    if left > 0 {
        faults.push(format!("{left} more clusters get something else than the others"));
    }
    let edited = EditedFiles::new(request.files, edits.iter().map(|planned| &planned.edit));
    let mut found = Vec::new();
    for variant in others {
        let before = build(request.files, &target.path, request.options, &variant.before, faults);
        let after = build(&edited, &target.path, request.options, &variant.after, faults);
        // What cannot be built at all is told of the first clusters.
        let Ok(after) = after else { continue };
        found.push(compared(
            request.files,
            &edited,
            &target.path,
            variant,
            (before.unwrap_or_default(), after),
        ));
    }
    found
}

fn compared(
    files: &dyn Files,
    edited: &dyn Files,
    path: &RepoPath,
    variant: &Variant,
    (before, after): (Build, Build),
) -> Elsewhere {
    let secrets = SecretInputs::of_builds(path, (files, &before), (edited, &after));
    let known = secrets.known_values(&[&before, &after]);
    let names = names(variant);
    let rendered = RenderedDiff::between(&before, &after, &named(path, &names), &known);
    Elsewhere { names, before, after, rendered }
}

/// How a diff calls a folder on some clusters.
fn named(path: &RepoPath, clusters: &[String]) -> String {
    const SHOWN: usize = 4;
    let shown = clusters.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    let more = clusters.len().saturating_sub(SHOWN);
    if more > 0 { format!("{path} ({shown} and {more} more)") } else { format!("{path} ({shown})") }
}

/// The whole rendered diff, and the groups of clusters that see something else. Those that see the same change,
/// in whatever else they differ, are told together.
pub(super) fn beside(
    first: RenderedDiff,
    elsewhere: Vec<Elsewhere>,
    variants: &[Variant],
    target: &Environment,
) -> (RenderedDiff, Vec<OnClusters>) {
    let mut of_first = variants.first().map(deployed::names).unwrap_or_default();
    let mut clusters: Vec<OnClusters> = Vec::new();
    for Elsewhere { names, rendered, .. } in elsewhere {
        let same = clusters.iter_mut().find(|it| it.rendered.hunks() == rendered.hunks());
        match same {
            _ if rendered.hunks() == first.hunks() => of_first.extend(names),
            Some(known) => known.names.extend(names),
            None => clusters.push(OnClusters { names, rendered }),
        }
    }
    if clusters.is_empty() {
        return (first, clusters);
    }
    for there in &mut clusters {
        let rendered = std::mem::take(&mut there.rendered);
        there.rendered = rendered.under(&named(&target.path, &there.names));
    }
    let texts: Vec<&str> = clusters.iter().map(|it| it.rendered.text()).collect();
    (first.under(&named(&target.path, &of_first)).followed_by(texts), clusters)
}
