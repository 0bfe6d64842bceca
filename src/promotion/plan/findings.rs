//! What the rules say of a plan: of the target as it will be, of what changes, and of files that no build reads.

use super::super::changes::lost_values;
use super::super::environment::Environment;
use super::super::error::PlanError;
use super::super::plan_request::{Checks, PlanRequest};
use super::super::planned_edit::PlannedEdit;
use super::super::rendering::Builds;
use super::clusters::Elsewhere;
use crate::diff::{FilesDiff, RenderedDiff};
use crate::model::{EditedFiles, EnvironmentName, FileEdit, Files, RepoPath};
use crate::policy::{
    Beside, Changes, Finding, Findings, Overlay, OwnValue, Promotion, Reading, Side, Standards,
    Terms, UnknownFiles, check_changes, check_overlay, check_values, check_without_lines, mark_new,
};

/// What the gates say of a plan.
pub(super) struct PlanFindings {
    pub(super) findings: Vec<Finding>,
    pub(super) suppressed: usize,
}

/// What the rules over before and after find, by where they look.
pub(super) struct Risks {
    pub(super) own: Findings,
    /// Of the clusters that get something else.
    pub(super) elsewhere: Vec<Vec<Finding>>,
    /// Of the roots below the environment.
    pub(super) below: Findings,
    pub(super) of_values: Findings,
}

/// All findings in the order in which they are told: what cannot be rendered, risks, states. What is found of several
/// clusters is told once.
pub(super) fn in_order(
    missing: impl Iterator<Item = Finding>,
    risks: Risks,
    checked: PlanFindings,
) -> PlanFindings {
    let Risks { own, elsewhere, below, of_values } = risks;
    let suppressed =
        [&own, &below, &of_values].map(|found| found.suppressed.len()).iter().sum::<usize>();
    let mut told: Vec<Finding> = own.findings.into_iter().chain(below.findings).collect();
    for found in elsewhere {
        let new: Vec<Finding> = found.into_iter().filter(|it| !told.contains(it)).collect();
        told.extend(new);
    }
    told.extend(of_values.findings);
    let findings = missing.chain(told).chain(checked.findings).collect();
    PlanFindings { findings, suppressed: checked.suppressed + suppressed }
}

/// Checks the target as it will be, and as it was to tell what is new.
pub(super) fn check(
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
        let before = Overlay { files: request.files, path: &target.path, build: &builds.before };
        let before = check_without_lines(&Reading::new(before), None, terms);
        mark_new(&before.findings, &mut findings);
    }
    PlanFindings { findings, suppressed }
}

/// The values of the target's own that the promotion takes from it.
pub(super) fn lost(
    request: &PlanRequest<'_>,
    (edited, edits): (&dyn Files, &[&FileEdit]),
) -> Vec<OwnValue> {
    let own_values = request.checks.own_values.iter().cloned();
    let lost = if edits.is_empty() { Vec::new() } else { lost_values(request, edited) };
    lost.into_iter().chain(own_values).collect()
}

/// What the promotion weakens, moves or deletes.
pub(super) fn risks(
    request: &PlanRequest<'_>,
    (source, target): (&Environment, &Environment),
    (rendered, builds): (&RenderedDiff, &Builds),
    (after, edits): (&Reading<'_>, &[&FileEdit]),
    (lost, standards): (&[OwnValue], &Standards),
) -> Findings {
    let Checks { gates, today, .. } = request.checks;
    if edits.is_empty() {
        return Findings::default();
    }
    let others = target.of_application.iter().filter(|(name, _)| *name != target.name);
    let mut others: Vec<(EnvironmentName, RepoPath)> = others.cloned().collect();
    if !others.iter().any(|(name, _)| *name == source.name) {
        others.push((source.name.clone(), source.path.clone()));
    }
    let changes = Changes {
        resources: rendered.resources(),
        before: &builds.before,
        after: &builds.after,
        files: after.overlay().files,
        path: &target.path,
        others: &others,
        own_values: lost,
        at_once: &[],
    };
    check_changes(&changes, after, Terms { gates, standards, today })
}

/// What the promotion weakens on clusters that are built in another way.
pub(super) fn risks_there(
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

/// What is found in files of charts' values that no build reads. Those of which something is masked are left out.
pub(super) fn of_values(
    request: &PlanRequest<'_>,
    (edits, files): (&[PlannedEdit], &FilesDiff),
    builds: &Builds,
) -> Result<Findings, PlanError> {
    let Checks { gates, today, .. } = request.checks;
    let is_read =
        |path: &RepoPath| [&builds.before, &builds.after].iter().any(|it| it.inputs.contains(path));
    let edits = edits.iter().map(|planned| &planned.edit);
    let open = edits.filter(|edit| files.is_open(&edit.path) && !is_read(&edit.path));
    let open: Vec<&FileEdit> = open.collect();
    let beside = Beside::of(open.iter().copied(), request.files)
        .map_err(|UnknownFiles(paths)| PlanError::Unknown(paths))?;
    Ok(check_values(open, &beside, gates, today))
}
