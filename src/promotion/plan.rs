//! Making a plan: what a promotion would do, step by step. Making it touches nothing.

mod clusters;
mod edit;
mod request;
mod value;

pub use edit::{Cause, PlannedEdit};
pub use request::{Checks, GivenEdit, LastPromotion, Past, PlanRequest, Wish};
pub use value::{Method, NotPromoted, NotPromotedReason, Plan, Verdict, Warning};

use std::collections::BTreeSet;

use clusters::{Elsewhere, beside, elsewhere, first_sides};

use super::carry::carry;
use super::changes::{bring_changes, lost_values};
use super::copy::{copy, create, prune};
use super::deployed::{self, Deployed};
use super::draft::{Change, Draft, Finished};
use super::environment::Environment;
use super::error::{BuildState, PlanError};
use super::keep::{keep, keep_carried};
use super::overlay::Overlay;
use super::plan_id::PlanId;
use super::rendering::{Attempts, Builds, NotRendered, as_deployed, render, weigh};
use super::rules::{By, Prune};
use super::traffic::leave_traffic;
use super::unbuilt::unbuilt_roots;
use super::wire::{open_kustomizations, unwire, wire};
use super::words::{Words, files_with_secrets, hide_in_findings};
use crate::diff::{DriftDiff, FilesDiff, KnownValues, RenderedDiff, SecretInputs};
use crate::kustomize::{self, Build, BuildError};
use crate::model::{EditedFiles, EnvironmentName, FileEdit, Files, Location, RepoPath};
use crate::policy::{
    Changes, Finding, Findings, Overlay as Checked, Promotion, Reading, Side, Standards, Terms,
    UnknownFiles, check_changes, check_overlay, check_values, check_without_lines, mark_new,
};

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
    let plain: Vec<&FileEdit> = edits.iter().map(|planned| &planned.edit).collect();
    let edited = EditedFiles::new(request.files, plain.iter().copied());
    let reading = Reading::new(Checked {
        files: &edited,
        path: &target.path,
        build: &builds.after,
        may_build_again: false,
    });
    let (checked, (Diffs { rendered, files, drift }, secrets, known)) = side_by_side(
        || check(request, (source, target), &standards, &builds, (&reading, &plain)),
        || compare(request, (source, target), &builds, &edits),
    );
    let risks =
        risks(request, (source, target), (&rendered, &builds), (&reading, &plain), &standards);
    let elsewhere = elsewhere(request, target, &deployed, &edits, &mut faults);
    let told = deployed::warnings(&deployed, &target.path, &faults).into_iter();
    warnings.extend(told.map(|(at, message)| Warning { message, at: Some(at) }));
    let masked = files_with_secrets(request, &differences, &secrets, &known);
    let words = Words { edits, warnings, not_promoted, differences, commits };
    let Words { edits, warnings, not_promoted, differences, commits } = words.hide(&known, &masked);
    let missing = not_rendered.iter().map(NotRendered::finding);
    let (below, risks_below) = roots_below(request, (source, target), &builds, &edits, &standards);
    let suppressed = checked.suppressed + risks.suppressed.len() + risks_below.suppressed.len();
    let mut risks: Vec<Finding> = risks.findings.into_iter().chain(risks_below.findings).collect();
    for there in &elsewhere {
        let found = risks_there(request, source, (target, &edits), there, &standards);
        let new: Vec<Finding> =
            found.into_iter().filter(|finding| !risks.contains(finding)).collect();
        risks.extend(new);
    }
    let of_values = of_values(request, (&edits, &files), &builds);
    let suppressed = suppressed + of_values.suppressed.len();
    risks.extend(of_values.findings);
    let (rendered, clusters) = beside(rendered, elsewhere, &deployed, target);
    let mut findings: Vec<Finding> = missing.chain(risks).chain(checked.findings).collect();
    hide_in_findings(&mut findings, &known);
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
        builds,
        findings,
        suppressed,
        below,
        reaches: deployed::reaches(deployed.after(), &target.path),
        clusters,
        warnings,
        not_promoted,
        known,
        not_rendered,
        method,
        differences,
        commits,
    })
}

/// What is found in files of charts' values that no build reads. Those of which something is masked are left out.
fn of_values(
    request: &PlanRequest<'_>,
    (edits, files): (&[PlannedEdit], &FilesDiff),
    builds: &Builds,
) -> Findings {
    let Checks { gates, today, .. } = request.checks;
    let is_read =
        |path: &RepoPath| [&builds.before, &builds.after].iter().any(|it| it.inputs.contains(path));
    let edits = edits.iter().map(|planned| &planned.edit);
    let edits = edits.filter(|edit| files.is_open(&edit.path) && !is_read(&edit.path));
    check_values(edits, gates, today)
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
    let (builds, _) = weigh(attempts, By::Changes, source, target)?;
    let (diffs, _, _) = compare(request, (source, target), &builds, &edits);
    let elsewhere = elsewhere(request, target, &deployed, &edits, &mut faults);
    let (rendered, _) = beside(diffs.rendered, elsewhere, &deployed, target);
    Ok(PlanId::of(&target.key_from(&source.name), &edits, rendered.text()))
}

/// The way that holds for a promotion: what the configuration says, else what the history can tell.
fn method(request: &PlanRequest<'_>, source: &Environment, target: &Environment) -> Method {
    let way = |by, because| Method { by, because };
    match (target.rules.by, request.past) {
        (Some(by), _) => way(by, "the configuration says so"),
        (None, _) if request.wish.all => way(By::Changes, "everything was asked for"),
        (None, Past::None) => way(By::Files, "there is no history"),
        (None, Past::CutOff) => way(By::Changes, "the repository has a history"),
        (None, Past::Known { history, .. }) => {
            if history.tells_something(&source.path, &target.path) {
                way(By::Changes, "the history tells what changed")
            } else {
                way(By::Files, "the history has no change of either yet")
            }
        }
    }
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

/// The three comparisons of a plan.
struct Diffs {
    rendered: RenderedDiff,
    files: FilesDiff,
    drift: DriftDiff,
}

fn compare(
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

/// What the gates say of a plan.
struct PlanFindings {
    findings: Vec<Finding>,
    suppressed: usize,
}

/// Checks the target as it will be, and as it was to tell what is new.
fn check(
    request: &PlanRequest<'_>,
    (source, target): (&Environment, &Environment),
    standards: &Standards,
    builds: &Builds,
    (after, edits): (&Reading<'_>, &[&FileEdit]),
) -> PlanFindings {
    let Checks { gates, today, .. } = request.checks;
    let terms = Terms { gates, standards, today };
    let promotion = Promotion {
        source: Side { name: &source.name, path: &source.path, build: &builds.source },
        target: Side { name: &target.name, path: &target.path, build: &builds.before },
        edits,
    };
    let found = check_overlay(after, Some(promotion), terms);
    let (mut findings, suppressed) = (found.findings, found.suppressed.len());
    if edits.is_empty() {
        findings.iter_mut().for_each(|finding| finding.new = false);
    } else if !findings.is_empty() {
        let before = Checked {
            files: request.files,
            path: &target.path,
            build: &builds.before,
            may_build_again: false,
        };
        let before = check_without_lines(&Reading::new(before), None, terms);
        mark_new(&before.findings, &mut findings);
    }
    PlanFindings { findings, suppressed }
}

/// What the promotion weakens, moves or deletes.
fn risks(
    request: &PlanRequest<'_>,
    (source, target): (&Environment, &Environment),
    (rendered, builds): (&RenderedDiff, &Builds),
    (after, edits): (&Reading<'_>, &[&FileEdit]),
    standards: &Standards,
) -> Findings {
    let Checks { gates, today, own_values, .. } = request.checks;
    if edits.is_empty() {
        return Findings::default();
    }
    let edited = after.overlay().files;
    let others = target.of_application.iter().filter(|(name, _)| *name != target.name);
    let mut others: Vec<(EnvironmentName, RepoPath)> = others.cloned().collect();
    if !others.iter().any(|(name, _)| *name == source.name) {
        others.push((source.name.clone(), source.path.clone()));
    }
    let mut lost = lost_values(request, edited);
    lost.extend(own_values.iter().cloned());
    let changes = Changes {
        resources: rendered.resources(),
        before: &builds.before,
        after: &builds.after,
        files: edited,
        path: &target.path,
        others: &others,
        own_values: &lost,
        at_once: &[],
    };
    check_changes(&changes, after, Terms { gates, standards, today })
}

/// What the promotion weakens on clusters that are built in another way.
fn risks_there(
    request: &PlanRequest<'_>,
    source: &Environment,
    (target, edits): (&Environment, &[PlannedEdit]),
    there: &Elsewhere,
    standards: &Standards,
) -> Vec<Finding> {
    let Checks { gates, today, .. } = request.checks;
    let edited = EditedFiles::new(request.files, edits.iter().map(|planned| &planned.edit));
    let changes = Changes {
        resources: there.rendered.resources(),
        before: &there.before,
        after: &there.after,
        files: &edited,
        path: &target.path,
        others: &[(source.name.clone(), source.path.clone())],
        own_values: &[],
        at_once: &[],
    };
    check_changes(&changes, &Reading::after(&changes), Terms { gates, standards, today }).findings
}

/// Kustomizations below the target's that an edit touches and its build does not read: an Application
/// or a Kustomization may point there, so that they reach a cluster all the same.
fn roots_below(
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

/// The edits, step by step.
fn decide<'a>(
    request: &PlanRequest<'a>,
    source: &'a Environment,
    target: &'a Environment,
) -> Result<Finished, PlanError> {
    let rules = &*target.rules;
    let overlay = |environment| Overlay::open(request.files, environment);
    let mut draft = Draft::new(overlay(source)?, overlay(target)?, rules);
    if let Some(edits) = &request.wish.edits {
        take_given(&mut draft, edits);
        return draft.into_edits();
    }
    if request.is_missing(target)? && !request.is_missing(source)? {
        if !request.wish.create {
            return Err(PlanError::NoTarget { at: Location::file(target.path.clone()) });
        }
        create(&mut draft)?;
        return draft.into_edits();
    }
    if method(request, source, target).by == By::Changes {
        bring_changes(&mut draft, request)?;
        return draft.into_edits();
    }
    draft.require_contents()?;
    copy(&mut draft)?;
    keep(&mut draft)?;
    if rules.prune == Prune::Removed {
        prune_since(&mut draft, request.last_promotion)?;
    }
    let has_kustomization = [&draft.source, &draft.target].iter().any(|it| it.has_kustomization());
    if has_kustomization && (rules.wire || !rules.fields.is_empty()) {
        let mut both = open_kustomizations(&draft)?;
        if rules.wire {
            unwire(&draft, &mut both)?;
            wire(&mut draft, &mut both)?;
        }
        carry(&draft, &mut both)?;
        if !rules.fields.is_empty() {
            keep_carried(&mut draft, &mut both)?;
        }
        both.finish(&mut draft)?;
    }
    draft.into_edits()
}

/// Puts edits that are given into the draft; those outside of the target are nobody's to make.
fn take_given(draft: &mut Draft<'_>, edits: &[GivenEdit]) {
    for edit in edits {
        let folder = &draft.target.environment.path;
        let Some(below) = edit.path.strip_prefix(folder).map(str::to_owned) else { continue };
        let causes = vec![edit.cause.clone()];
        draft.changes.insert(below, Change { after: edit.after.clone(), causes });
    }
}

fn prune_since(draft: &mut Draft<'_>, last: LastPromotion<'_>) -> Result<(), PlanError> {
    match last {
        LastPromotion::Files(then) => prune(draft, then),
        LastPromotion::HistoryCutOff => Err(PlanError::HistoryCutOff {
            source_environment: draft.source.environment.name.clone(),
            target: draft.target.environment.name.clone(),
        }),
        LastPromotion::NotLooked | LastPromotion::None => {
            let message = format!(
                "`promotion.prune: removed` deletes nothing: the history has no promotion of `{}` to `{}` yet",
                draft.source.environment.name, draft.target.environment.name
            );
            draft.warn(None, message);
            Ok(())
        }
    }
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

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod secret_tests;
#[cfg(test)]
mod tests;
