//! What stages have to be to make a pipeline: names and folders are their own, and no way leads in a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::super::environment::Trigger;
use super::error::PipelineError;
use super::stage::{Sources, Stage, StageFolder};
use crate::model::{EnvironmentName, RepoPath};

/// No two stages have one name.
pub(super) fn check_names(stages: &[Stage]) -> Result<(), PipelineError> {
    let mut seen = BTreeSet::new();
    for (index, stage) in stages.iter().enumerate() {
        if !seen.insert(&stage.name) {
            return Err(PipelineError::DuplicateName { index, name: stage.name.clone() });
        }
    }
    Ok(())
}

/// Two environments never share a folder; those of one application do not lie in one another.
pub(super) fn check_paths(stages: &[Stage]) -> Result<(), PipelineError> {
    let mut seen: BTreeMap<&RepoPath, Vec<(usize, &StageFolder)>> = BTreeMap::new();
    for (index, stage) in stages.iter().enumerate() {
        for place in &stage.places {
            let there = seen.entry(&place.path).or_default();
            if let Some((other, _)) = there.first() {
                let (name, other) = (stage.name.clone(), stages[*other].name.clone());
                let path = place.path.clone();
                return Err(PipelineError::SharedPath { index, name, other, path });
            }
            there.push((index, place));
        }
    }
    for (path, places) in &seen {
        for (index, place) in places {
            let mut above = path.parent();
            while let Some(dir) = above.filter(|dir| !dir.is_root()) {
                let others = seen.get(&dir).into_iter().flatten();
                let mut alike = others.filter(|(_, it)| it.application == place.application);
                if let Some((other, outer)) = alike.next() {
                    return Err(nested(stages, (*index, place), (*other, outer)));
                }
                above = dir.parent();
            }
        }
    }
    Ok(())
}

/// The later of two stages is the one to be named.
fn nested(stages: &[Stage], a: (usize, &StageFolder), b: (usize, &StageFolder)) -> PipelineError {
    let ((index, place), (other, other_place)) = if a.0 >= b.0 { (a, b) } else { (b, a) };
    PipelineError::NestedPath {
        index,
        name: stages[index].name.clone(),
        path: place.path.clone(),
        other: stages[other].name.clone(),
        other_path: other_place.path.clone(),
    }
}

/// What a stage is promoted from is there, once, and is not itself; what follows promotions has some to follow.
pub(super) fn check_sources(
    index: usize,
    stage: &Stage,
    all: &[Stage],
) -> Result<(), PipelineError> {
    let mut seen = BTreeSet::new();
    for (from_index, from) in named(stage).iter().enumerate() {
        let (name, from) = (stage.name.clone(), from.clone());
        if from == name {
            let reason = "which is itself";
            return Err(PipelineError::UselessFrom { index, from_index, name, from, reason });
        }
        if !all.iter().any(|other| other.name == from) {
            return Err(PipelineError::UnknownFrom { index, from_index, name, from });
        }
        if !seen.insert(from.clone()) {
            let reason = "which is named twice";
            return Err(PipelineError::UselessFrom { index, from_index, name, from, reason });
        }
    }
    let first = match &stage.from {
        Sources::Before => index == 0,
        Sources::Named(names) => names.is_empty(),
        Sources::ByName(_) => false,
    };
    let (name, trigger) = (stage.name.clone(), stage.trigger);
    if trigger == Trigger::Healthy
        && let Some(from) = silent_source(index, stage, all)
    {
        return Err(PipelineError::TriggerWithoutHealth { index, name, from });
    }
    if trigger != Trigger::Manual && first {
        return Err(PipelineError::TriggerWithoutSource { index, name, trigger });
    }
    if !stage.rollouts.is_empty() && first {
        return Err(PipelineError::StepsWithoutSource { index, name });
    }
    Ok(())
}

fn named(stage: &Stage) -> &[EnvironmentName] {
    match &stage.from {
        Sources::Named(names) => names,
        Sources::Before | Sources::ByName(_) => &[],
    }
}

/// For each stage those that it is promoted from. Names tell an order that leads in no circle.
fn edges(all: &[Stage]) -> Vec<Vec<usize>> {
    let at: BTreeMap<&EnvironmentName, usize> =
        all.iter().enumerate().map(|(at, stage)| (&stage.name, at)).collect();
    let edge = |(index, stage): (usize, &Stage)| match &stage.from {
        Sources::Before => index.checked_sub(1).into_iter().collect(),
        Sources::Named(names) => names.iter().filter_map(|name| at.get(name).copied()).collect(),
        Sources::ByName(_) => Vec::new(),
    };
    all.iter().enumerate().map(edge).collect()
}

/// Takes away stages whose sources are all taken away; what remains leads in circles.
pub(super) fn check_circles(all: &[Stage]) -> Result<(), PipelineError> {
    let from = edges(all);
    let mut waits_for: Vec<usize> = from.iter().map(Vec::len).collect();
    let mut into: Vec<Vec<usize>> = vec![Vec::new(); all.len()];
    for (target, sources) in from.iter().enumerate() {
        sources.iter().for_each(|source| into[*source].push(target));
    }
    let mut free: Vec<usize> = (0..all.len()).filter(|at| waits_for[*at] == 0).collect();
    let mut settled = vec![false; all.len()];
    while let Some(at) = free.pop() {
        settled[at] = true;
        for target in &into[at] {
            waits_for[*target] -= 1;
            if waits_for[*target] == 0 {
                free.push(*target);
            }
        }
    }
    let Some(index) = settled.iter().position(|settled| !settled) else { return Ok(()) };
    // Every stage that remains has a source that remains: walking back closes a circle.
    let mut walk = vec![index];
    loop {
        let last = walk[walk.len() - 1];
        let next = from[last].iter().copied().find(|source| !settled[*source]);
        let next = next.expect("an unsettled stage has an unsettled source");
        if let Some(start) = walk.iter().position(|seen| *seen == next) {
            let names = walk[start..].iter().rev().map(|seen| all[*seen].name.clone()).collect();
            return Err(PipelineError::Cycle { index, names });
        }
        walk.push(next);
    }
}

/// The first source of a stage of which nothing says that it is healthy.
fn silent_source(index: usize, stage: &Stage, all: &[Stage]) -> Option<EnvironmentName> {
    let before = index.checked_sub(1).and_then(|before| all.get(before));
    let is_silent = |stage: &&Stage| stage.health.is_none();
    let silent = match &stage.from {
        Sources::Before => before.filter(is_silent),
        Sources::Named(names) => all.iter().filter(|it| names.contains(&it.name)).find(is_silent),
        Sources::ByName(_) => None,
    };
    silent.map(|stage| stage.name.clone())
}
