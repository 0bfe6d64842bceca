//! Entries of kustomizations and the files that they name: one never comes or goes without the other.

use std::collections::{BTreeMap, BTreeSet};

use super::content::Form;
use super::difference::{Because, Difference, Then};
use super::named::{Named, is_kustomization};
use super::request::{Change, Outcome, Request};
use super::sides::Sides;
use super::versions::Read;
use crate::model::{File, ReadError};

/// Brings the files that entries of the target will name and the target lacks, and keeps those that it
/// still names.
pub(super) fn settle_entries(
    request: &Request<'_>,
    sides: &Sides<'_>,
    outcomes: &mut Vec<Outcome>,
) -> Result<(), ReadError> {
    keep_unnamed_away(request, sides, outcomes)?;
    keep_unused_away(request, sides, outcomes)?;
    let before = named_after(request, sides, &[])?;
    // What comes, or stays after all, may be a kustomization that names more.
    loop {
        let named = named_after(request, sides, outcomes)?;
        let kept = keep_named(sides, outcomes, &named);
        let brought = bring_named(request, sides, outcomes, &named.without(&before))?;
        if !kept && !brought {
            return Ok(());
        }
    }
}

/// Takes back new files that the source's kustomizations name and the target's will not: an entry that stays away
/// has its reason, and its file alone would be built by nobody.
fn keep_unnamed_away(
    request: &Request<'_>,
    sides: &Sides<'_>,
    outcomes: &mut [Outcome],
) -> Result<(), ReadError> {
    let of_source = named_by_source(request, sides)?;
    loop {
        let of_target = named_after(request, sides, outcomes)?;
        let mut taken_back = false;
        for outcome in outcomes.iter_mut() {
            let comes = outcome.change.as_ref().is_some_and(|change| change.after.is_some());
            let (below, target) = &outcome.below;
            let is_new = comes && !sides.target.contains(target) && may_be_taken_back(outcome);
            if is_new && of_source.has(below) && !of_target.has(target) {
                let (path, from) = (sides.target_path(target), sides.source_path(below));
                let difference = Difference::of_file(path, from, Then::Stays, Because::EntryStays);
                (outcome.change, outcome.differences) = (None, vec![difference]);
                taken_back = true;
            }
        }
        // What was a kustomization names nothing any more.
        if !taken_back {
            return Ok(());
        }
    }
}

/// Takes back new files that the source's kustomizations named once and do no more: the source has no use for them.
fn keep_unused_away(
    request: &Request<'_>,
    sides: &Sides<'_>,
    outcomes: &mut [Outcome],
) -> Result<(), ReadError> {
    let is_new = |outcome: &&mut Outcome| {
        let comes = outcome.change.as_ref().is_some_and(|change| change.after.is_some());
        comes && !sides.target.contains(&outcome.below.1) && may_be_taken_back(outcome)
    };
    let mut new: Vec<&mut Outcome> = outcomes.iter_mut().filter(is_new).collect();
    if new.is_empty() {
        return Ok(());
    }
    let now = named_by_source(request, sides)?;
    new.retain(|outcome| !now.has(&outcome.below.0));
    let Some(since) = sides.since.0.filter(|_| !new.is_empty()) else { return Ok(()) };
    let mut once = nothing_named(sides);
    for below in sides.source.iter().chain(&sides.gone).filter(|below| is_kustomization(below)) {
        let dir = below.rsplit_once('/').map_or("", |(dir, _)| dir);
        let versions = request.history.versions(&sides.source_path(below), None, since)?;
        for value in
            Read::all(Form::Yaml, request.history, &versions).values().into_iter().flatten()
        {
            once.take_in(value, dir);
        }
    }
    for outcome in new {
        let (below, target) = &outcome.below;
        if once.has(below) {
            let (path, from) = (sides.target_path(target), sides.source_path(below));
            let difference = Difference::of_file(path, from, Then::Stays, Because::Unused);
            (outcome.change, outcome.differences) = (None, vec![difference]);
        }
    }
    Ok(())
}

/// Whether nobody asked for a file that comes.
pub(super) fn may_be_taken_back(outcome: &Outcome) -> bool {
    outcome.differences.iter().all(|it| matches!(it.because, Because::Behind { .. }))
}

/// What the kustomizations of the source name, as paths below its folder.
fn named_by_source(request: &Request<'_>, sides: &Sides<'_>) -> Result<Named, ReadError> {
    let mut named = nothing_named(sides);
    for below in sides.source.iter().filter(|below| is_kustomization(below)) {
        let file = request.files.file(&sides.source_path(below))?;
        if let Some(value) = file.and_then(|file| Form::Yaml.read(&file.content)) {
            let dir = below.rsplit_once('/').map_or("", |(dir, _)| dir);
            named.take_in(&value, dir);
        }
    }
    Ok(named)
}

fn nothing_named(sides: &Sides<'_>) -> Named {
    Named::nothing(sides.source.iter().chain(&sides.target).chain(&sides.gone))
}

/// What the kustomizations of the target will name, as paths below its folder.
pub(super) fn named_after(
    request: &Request<'_>,
    sides: &Sides<'_>,
    outcomes: &[Outcome],
) -> Result<Named, ReadError> {
    let changed = |below: &str| {
        outcomes.iter().filter_map(|it| it.change.as_ref()).find(|change| change.below == below)
    };
    let mut named = nothing_named(sides);
    let come = outcomes.iter().filter_map(|it| it.change.as_ref()).map(|change| &change.below);
    let all: BTreeSet<&String> = sides.target.iter().chain(come).collect();
    for below in all.into_iter().filter(|below| is_kustomization(below)) {
        let file = match changed(below) {
            Some(Change { after, .. }) => after.clone(),
            None => request.files.file(&sides.target_path(below))?,
        };
        let Some(value) = file.and_then(|File { content, .. }| Form::Yaml.read(&content)) else {
            continue;
        };
        let dir = below.rsplit_once('/').map_or("", |(dir, _)| dir);
        named.take_in(&value, dir);
    }
    Ok(named)
}

/// Takes back the deletion of files that the target will still name, and says whether there were some.
fn keep_named(sides: &Sides<'_>, outcomes: &mut [Outcome], named: &Named) -> bool {
    let mut kept = false;
    for outcome in outcomes {
        let goes = outcome.change.as_ref().is_some_and(|change| change.after.is_none());
        let target = &outcome.below.1;
        if goes && named.has(target) {
            kept = true;
            outcome.change = None;
            let path = sides.target_path(target);
            let because = Because::Own { since: None, source_moved: true };
            let from = sides.source_path(&outcome.below.0);
            outcome.differences = vec![Difference::of_file(path, from, Then::Stays, because)];
        }
    }
    kept
}

/// Brings files that the target will name and has not, and says whether there were some.
fn bring_named(
    request: &Request<'_>,
    sides: &Sides<'_>,
    outcomes: &mut Vec<Outcome>,
    named: &Named,
) -> Result<bool, ReadError> {
    let mut brought = false;
    // What the target names by its own environment's name comes from the file that has the source's.
    let own_names: BTreeMap<String, &String> =
        named.paths().map(|path| (request.names.neutral_target(path), path)).collect();
    for below in &sides.source {
        let own = own_names.get(&request.names.neutral_source(below));
        let target = match own {
            Some(own) if !named.says(below) => (*own).clone(),
            _ => sides.counterpart(below).to_owned(),
        };
        if !named.has(&target) || sides.target.contains(&target) || (request.excluded)(&target) {
            continue;
        }
        let known = outcomes.iter().position(|outcome| outcome.below.1 == target);
        if known.is_some_and(|at| outcomes[at].change.is_some()) {
            continue;
        }
        let from = sides.source_path(below);
        let path = sides.target_path(&target);
        let difference = Difference::of_file(path, from.clone(), Then::Comes, Because::Needed);
        let change = Change {
            below: target.clone(),
            after: request.files.file(&from)?,
            fields: Vec::new(),
            from,
            moved: None,
        };
        let outcome = Outcome {
            below: (below.clone(), target),
            change: Some(change),
            differences: vec![difference],
        };
        match known {
            Some(at) => outcomes[at] = outcome,
            None => outcomes.push(outcome),
        }
        brought = true;
    }
    Ok(brought)
}
