//! The edits of a plan, decided step by step.

use super::super::carry::carry;
use super::super::changes::bring_changes;
use super::super::copy::{copy, create, prune};
use super::super::draft::{Change, Draft, Finished};
use super::super::environment::Environment;
use super::super::error::PlanError;
use super::super::keep::{keep, keep_carried};
use super::super::overlay::Overlay;
use super::super::plan_request::{GivenEdit, LastPromotion, Past, PlanRequest};
use super::super::rules::{By, Prune};
use super::super::wire::{open_kustomizations, unwire, wire};
use super::value::Method;
use crate::model::{Location, MOST_PAST_COMMITS};

/// The way that holds for a promotion: what the configuration says, else what the history can tell.
pub(super) fn method(
    request: &PlanRequest<'_>,
    source: &Environment,
    target: &Environment,
) -> Method {
    let way = |by, because| Method { by, because };
    match (target.rules.by, request.past) {
        (Some(by), _) => way(by, "the configuration says so"),
        (None, _) if request.wish.all => way(By::Changes, "everything was asked for"),
        (None, Past::None) => way(By::Files, "there is no history"),
        (None, Past::CutOff) => way(By::Changes, "the repository has a history"),
        (None, Past::Known { history, .. }) => {
            if history.tells_something(&source.path, &target.path) {
                // What the source had between those looks like the target's own.
                let is_cut = history.commits.len() > MOST_PAST_COMMITS;
                let part = "the last 200 commits of the two tell what changed, and the older ones of the target";
                way(By::Changes, if is_cut { part } else { "the history tells what changed" })
            } else {
                way(By::Files, "the history has no change of either yet")
            }
        }
    }
}

/// The edits, step by step.
pub(super) fn decide<'a>(
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
    require_alike(&draft)?;
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

/// A file is promoted to a file, a folder to a folder.
fn require_alike(draft: &Draft<'_>) -> Result<(), PlanError> {
    let (source, target) = (&draft.source, &draft.target);
    if source.below.is_empty() || target.below.is_empty() || source.is_file() == target.is_file() {
        return Ok(());
    }
    let (what, other) = if target.is_file() { ("file", "folder") } else { ("folder", "file") };
    let at = Location::file(target.environment.path.clone());
    let source_environment = source.environment.name.clone();
    Err(PlanError::Unlike { at, what, source_environment, other })
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

fn prune_since(draft: &mut Draft<'_>, last: &LastPromotion) -> Result<(), PlanError> {
    match last {
        LastPromotion::Files(then) => {
            prune(draft, then);
            Ok(())
        }
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
