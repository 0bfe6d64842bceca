//! The environments that stages make, and where each is promoted from.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::environment::Environment;
use super::stage::{NameRank, Sources, Stage, StageFolder};
use crate::model::{ApplicationName, EnvironmentName, RepoPath};
use crate::traffic::Rollout;

/// The environments of all stages, by application and in promotion order.
pub(super) fn environments(stages: &[Stage]) -> Vec<Environment> {
    let mut by_application: BTreeMap<Option<&ApplicationName>, Vec<(&Stage, &StageFolder)>> =
        BTreeMap::new();
    for stage in stages {
        for place in &stage.places {
            by_application.entry(place.application.as_ref()).or_default().push((stage, place));
        }
    }
    let mut environments = Vec::new();
    for present in by_application.into_values() {
        // One list for all: of ten thousand environments each having its own, memory would not hold it.
        let of_application: Arc<[(EnvironmentName, RepoPath)]> =
            present.iter().map(|(it, place)| (it.name.clone(), place.path.clone())).collect();
        for (at, (stage, place)) in present.iter().enumerate() {
            let before: Vec<&Stage> = present[..at].iter().map(|(stage, _)| *stage).collect();
            let StageFolder { application, path, rules, pull_request, gates } = (*place).clone();
            environments.push(Environment {
                name: stage.name.clone(),
                application,
                path,
                trigger: stage.trigger,
                from: sources(stage, &before, &present),
                rules,
                pull_request,
                gates,
                health: stage.health.clone(),
                freezes: Arc::clone(&stage.freezes),
                rollouts: rollouts_of(stage, place.application.as_ref()),
                of_application: Arc::clone(&of_application),
            });
        }
    }
    environments
}

/// How the traffic of one application moves.
fn rollouts_of(stage: &Stage, application: Option<&ApplicationName>) -> Arc<[Rollout]> {
    let application = application.map(ApplicationName::as_str);
    stage.rollouts.iter().map(|rollout| rollout.for_application(application)).collect()
}

/// Where an environment of an application is promoted from, of those that the application has.
fn sources(
    stage: &Stage,
    before: &[&Stage],
    present: &[(&Stage, &StageFolder)],
) -> Vec<EnvironmentName> {
    match &stage.from {
        Sources::Before => before.last().map(|last| last.name.clone()).into_iter().collect(),
        Sources::Named(names) => {
            let has = |name: &&EnvironmentName| present.iter().any(|(it, _)| it.name == **name);
            names.iter().filter(has).cloned().collect()
        }
        Sources::ByName(rank) => {
            let ranked = |stage: &&Stage| match &stage.from {
                Sources::ByName(rank) => Some((stage.name.clone(), rank.clone())),
                Sources::Before | Sources::Named(_) => None,
            };
            let before: Vec<(EnvironmentName, NameRank)> =
                before.iter().filter_map(ranked).collect();
            let before: Vec<_> = before.iter().map(|(name, rank)| (name, rank)).collect();
            let all: Vec<_> = present.iter().filter_map(|(stage, _)| ranked(stage)).collect();
            by_name(rank, &before, all.iter().any(|(_, other)| other.is_plain_beside(rank)))
        }
    }
}

/// Where one of some environments in the usual order is promoted from, by its name.
#[must_use]
pub fn sources_by_name(
    stages: &[(&EnvironmentName, &NameRank)],
    index: usize,
) -> Vec<EnvironmentName> {
    let is_plain_there =
        |rank: &NameRank| stages.iter().any(|(_, other)| other.is_plain_beside(rank));
    stages
        .get(index)
        .map_or_else(Vec::new, |(_, rank)| by_name(rank, &stages[..index], is_plain_there(rank)))
}

/// The nearest environments before one, by their names: the one of the same region or cluster if
/// there is such a one, else the plain one, else all of them. Where there is no plain one beside it, a plain one before
/// it is before all regions: `staging` leads from `dev-eu` to `prod-eu`.
fn by_name(
    own: &NameRank,
    before: &[(&EnvironmentName, &NameRank)],
    is_plain_there: bool,
) -> Vec<EnvironmentName> {
    let Some(rank) = own.rank else { return Vec::new() };
    let rank_of = |(_, other): &(&EnvironmentName, &NameRank)| other.rank;
    let leads = |it: &(&EnvironmentName, &NameRank)| {
        rank_of(it).is_some_and(|it| it < rank)
            && own.is_of_what_is_shared() == it.1.is_of_what_is_shared()
    };
    let earlier: Vec<_> = before.iter().copied().filter(leads).collect();
    let alike = |(_, other): &&(&EnvironmentName, &NameRank)| {
        !own.rest.is_empty() && other.rest == own.rest
    };
    let some_alike = earlier.iter().any(|it| alike(&it));
    let is_for_all =
        |(_, other): &&(&EnvironmentName, &NameRank)| !is_plain_there && other.rest.is_empty();
    let is_near = |it: &&(&EnvironmentName, &NameRank)| !some_alike || alike(it) || is_for_all(it);
    let nearest: Vec<_> = earlier.iter().filter(is_near).copied().collect();
    let highest = nearest.iter().filter_map(rank_of).max();
    let last: Vec<_> = nearest.into_iter().filter(|it| rank_of(it) == highest).collect();
    let with = |rest: &str| last.iter().copied().filter(|(_, it)| it.rest == rest).collect();
    let choices: [Vec<_>; 3] = [with(&own.rest), with(""), last.clone()];
    let chosen = choices.iter().find(|choice| !choice.is_empty());
    chosen.into_iter().flatten().map(|(name, _)| (*name).clone()).collect()
}
