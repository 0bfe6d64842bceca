//! The environments of a repository, their order, and which may be promoted into which.
//!
//! Values here were checked when they were made: names and paths are unique, no environment of an
//! application lies in another, and the way from environment to environment never leads in a circle.
//! `config` reads them from `overlift.yaml` or finds them, and turns a [`PipelineError`] into a line
//! and a column.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::environment::{Environment, Trigger};
use super::error::PlanError;
use super::key::{Key, Wanted};
use super::pull_request::PullRequestSettings;
use super::rules::Rules;
use crate::clearance::{Freeze, Health};
use crate::model::{ApplicationName, EnvironmentName, RepoPath};
use crate::policy::Gates;
use crate::traffic::Rollout;

/// One stage of the pipeline: an environment of the configuration, with its folders.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Its name.
    pub name: EnvironmentName,
    /// What starts a promotion into it.
    pub trigger: Trigger,
    /// Where it may be promoted from.
    pub from: Sources,
    /// Its folders: one for each application that has it, or one.
    pub places: Vec<Place>,
    /// What says that it is healthy.
    pub health: Option<Arc<Health>>,
    /// When nothing is merged into it.
    pub freezes: Arc<[Freeze]>,
    /// How its traffic moves once a promotion is merged.
    pub rollouts: Arc<[Rollout]>,
}

/// Where a stage may be promoted from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sources {
    /// The one before it; of an application that lacks that one, the one before that.
    Before,
    /// These.
    Named(Vec<EnvironmentName>),
    /// What its name tells, see [`NameRank`]: nobody wrote an order down.
    ByName(NameRank),
}

/// Where in the usual order of environments a name stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameRank {
    /// Lower ones come before; `None` if the name tells no order.
    pub rank: Option<u16>,
    /// The rest of the name, such as `eu` in `prod-eu`: it leads from `staging-eu` to `prod-eu`.
    pub rest: String,
}

/// The folder of one stage of one application, and what differs there.
#[derive(Clone, Debug)]
pub struct Place {
    /// The application; `None` in a repository without them.
    pub application: Option<ApplicationName>,
    /// The folder.
    pub path: RepoPath,
    /// What a promotion into it brings over, and what stays.
    pub rules: Arc<Rules>,
    /// Texts and people of its pull request.
    pub pull_request: Arc<PullRequestSettings>,
    /// What is checked.
    pub gates: Arc<Gates>,
}

/// All environments of a repository.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// In promotion order.
    stages: Vec<Stage>,
    /// By application, in promotion order.
    environments: Vec<Environment>,
    /// Where in `environments` one is.
    places: BTreeMap<(Option<ApplicationName>, EnvironmentName), usize>,
}

/// Why environments do not make a pipeline. `index` counts them in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PipelineError {
    /// There is no environment at all.
    #[error("there is no environment to promote")]
    Empty,
    /// Two environments have one name.
    #[error("two environments are named `{name}`")]
    DuplicateName {
        /// The second of them.
        index: usize,
        /// Their name.
        name: EnvironmentName,
    },
    /// Two environments have one folder.
    #[error("`{name}` and `{other}` have the same path `{path}`")]
    SharedPath {
        /// The second of them.
        index: usize,
        /// Its name.
        name: EnvironmentName,
        /// The first one's name.
        other: EnvironmentName,
        /// Their path.
        path: RepoPath,
    },
    /// One environment's overlay lies in another's, so that promoting one would write the other.
    #[error(
        "the path `{path}` of `{name}` and the path `{other_path}` of `{other}` lie in one another"
    )]
    NestedPath {
        /// The second of them.
        index: usize,
        /// Its name.
        name: EnvironmentName,
        /// Its path.
        path: RepoPath,
        /// The first one's name.
        other: EnvironmentName,
        /// The first one's path.
        other_path: RepoPath,
    },
    /// An environment is to be promoted from one that does not exist.
    #[error("`{name}` is promoted from `{from}`, which is no environment")]
    UnknownFrom {
        /// The environment.
        index: usize,
        /// Which of its sources.
        from_index: usize,
        /// Its name.
        name: EnvironmentName,
        /// The name that nobody has.
        from: EnvironmentName,
    },
    /// The same source is named twice, or an environment names itself.
    #[error("`{name}` is promoted from `{from}`, {reason}")]
    UselessFrom {
        /// The environment.
        index: usize,
        /// Which of its sources.
        from_index: usize,
        /// Its name.
        name: EnvironmentName,
        /// The source.
        from: EnvironmentName,
        /// Why not.
        reason: &'static str,
    },
    /// Promotions lead in a circle.
    #[error("promotions lead in a circle: {}", circle(.names))]
    Cycle {
        /// An environment on the circle.
        index: usize,
        /// The names on the circle, each promoted into the next.
        names: Vec<EnvironmentName>,
    },
    /// A trigger without a source that could be meant.
    #[error(
        "`{name}` has `trigger: {}` and is promoted from no other environment", .trigger.as_str()
    )]
    TriggerWithoutSource {
        /// The environment.
        index: usize,
        /// Its name.
        name: EnvironmentName,
        /// Its trigger.
        trigger: Trigger,
    },
    /// Steps after promotions that there cannot be.
    #[error(
        "`{name}` has `steps`, which follow promotions, and is promoted from no other environment"
    )]
    StepsWithoutSource {
        /// The environment.
        index: usize,
        /// Its name.
        name: EnvironmentName,
    },
    /// `trigger: healthy` where nothing says that the source is healthy.
    #[error(
        "`{name}` has `trigger: healthy`, and nothing says when `{from}` is healthy: give `{from}` a \
         `health`"
    )]
    TriggerWithoutHealth {
        /// The environment.
        index: usize,
        /// Its name.
        name: EnvironmentName,
        /// Its source.
        from: EnvironmentName,
    },
}

impl PipelineError {
    /// The environment a person has to edit, counted in the order of the file.
    #[must_use]
    pub const fn index(&self) -> Option<usize> {
        match self {
            Self::Empty => None,
            Self::DuplicateName { index, .. }
            | Self::SharedPath { index, .. }
            | Self::NestedPath { index, .. }
            | Self::UnknownFrom { index, .. }
            | Self::UselessFrom { index, .. }
            | Self::Cycle { index, .. }
            | Self::TriggerWithoutSource { index, .. }
            | Self::StepsWithoutSource { index, .. }
            | Self::TriggerWithoutHealth { index, .. } => Some(*index),
        }
    }
}

impl Pipeline {
    /// Checks stages and puts their environments together.
    ///
    /// # Errors
    /// [`PipelineError`] for the first thing that is wrong, in the order of the stages.
    pub fn new(stages: Vec<Stage>) -> Result<Self, PipelineError> {
        if stages.is_empty() {
            return Err(PipelineError::Empty);
        }
        check_names(&stages)?;
        check_paths(&stages)?;
        for (index, stage) in stages.iter().enumerate() {
            check_sources(index, stage, &stages)?;
        }
        check_circles(&stages)?;
        let environments = environments(&stages);
        let key = |it: &Environment| (it.application.clone(), it.name.clone());
        let places = environments.iter().enumerate().map(|(at, it)| (key(it), at)).collect();
        Ok(Self { stages, environments, places })
    }

    /// The stages in promotion order.
    #[must_use]
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// All environments, by application and in promotion order.
    #[must_use]
    pub fn environments(&self) -> &[Environment] {
        &self.environments
    }

    /// The applications in the order of their names; one `None` in a repository without them.
    pub fn applications(&self) -> impl Iterator<Item = Option<&ApplicationName>> {
        let applications: BTreeSet<Option<&ApplicationName>> =
            self.environments.iter().map(|it| it.application.as_ref()).collect();
        applications.into_iter()
    }

    /// Whether environments belong to applications.
    #[must_use]
    pub fn has_applications(&self) -> bool {
        self.environments.iter().any(|it| it.application.is_some())
    }

    /// The environment of this name of an application.
    #[must_use]
    pub fn environment(
        &self,
        application: Option<&ApplicationName>,
        name: &EnvironmentName,
    ) -> Option<&Environment> {
        let at = self.places.get(&(application.cloned(), name.clone()))?;
        self.environments.get(*at)
    }

    /// An environment that is asked for by its name alone.
    ///
    /// # Errors
    /// [`PlanError`] if there is none, or it belongs to an application that nobody named.
    pub fn target(
        &self,
        name: &EnvironmentName,
        application: Option<&ApplicationName>,
    ) -> Result<&Environment, PlanError> {
        self.check_names(name, name)?;
        if application.is_none() && self.has_applications() {
            let known = self.applications().flatten().cloned().collect();
            return Err(PlanError::WhichApplication { known });
        }
        self.environment(application, name).ok_or_else(|| PlanError::Lacking {
            application: application.map_or_else(String::new, ToString::to_string),
            name: name.clone(),
        })
    }

    /// All pairs (source, target) that are promoted, in the order of the targets.
    pub fn pairs(&self) -> impl Iterator<Item = (&Environment, &Environment)> {
        self.environments.iter().flat_map(move |target| {
            let source =
                |name: &EnvironmentName| self.environment(target.application.as_ref(), name);
            target.from.iter().filter_map(source).map(move |source| (source, target))
        })
    }

    /// The environments of a promotion, if one may be promoted into the other.
    ///
    /// # Errors
    /// [`PlanError`] that says what there is instead.
    pub fn pair(&self, key: &Key) -> Result<(&Environment, &Environment), PlanError> {
        let Key { application, source, target, .. } = key;
        self.check_names(source, target)?;
        if let Some(application) = application
            && !self.applications().any(|known| known == Some(application))
        {
            let known = self.applications().flatten().cloned().collect();
            return Err(PlanError::UnknownApplication { name: application.clone(), known });
        }
        if application.is_none() && self.has_applications() {
            let known = self.applications().flatten().cloned().collect();
            return Err(PlanError::WhichApplication { known });
        }
        let find = |name: &EnvironmentName| {
            self.environment(application.as_ref(), name).ok_or_else(|| PlanError::Lacking {
                application: key.application().to_owned(),
                name: name.clone(),
            })
        };
        let (source, target) = (find(source)?, find(target)?);
        match self.allows(source, target) {
            true => Ok((source, target)),
            false => Err(PlanError::NotAllowed {
                source_environment: source.name.clone(),
                target: target.name.clone(),
                allowed: target.from.clone(),
            }),
        }
    }

    /// The promotions from one environment to another, of every application that has both.
    ///
    /// # Errors
    /// [`PlanError`] if no application has both, or none of them may be promoted so.
    pub fn pairs_of(
        &self,
        source: &EnvironmentName,
        target: &EnvironmentName,
    ) -> Result<Vec<(&Environment, &Environment)>, PlanError> {
        self.check_names(source, target)?;
        let key = |application: Option<&ApplicationName>| {
            Key::new(source.clone(), target.clone()).of(application.cloned())
        };
        let mut pairs = Vec::new();
        let mut fault = None;
        for application in self.applications() {
            match self.pair(&key(application)) {
                Ok(pair) => pairs.push(pair),
                // The direction is more to the point than an environment that one lacks.
                Err(error @ PlanError::NotAllowed { .. }) => fault = Some(error),
                Err(error) => fault = fault.or(Some(error)),
            }
        }
        match fault {
            Some(fault) if pairs.is_empty() => Err(fault),
            _ => Ok(pairs),
        }
    }

    /// The promotions that are asked for, each of which there is.
    ///
    /// # Errors
    /// As [`Pipeline::pair`] for the first that is not, as [`Pipeline::pairs_of`] if none is named.
    pub fn wanted(&self, wanted: &Wanted) -> Result<Vec<Key>, PlanError> {
        let Wanted { source, target, applications } = wanted;
        let key = |(source, target): (&Environment, &Environment)| target.key_from(&source.name);
        if applications.is_empty() {
            return Ok(self.pairs_of(source, target)?.into_iter().map(key).collect());
        }
        let named = |application: &ApplicationName| {
            let of = Key::new(source.clone(), target.clone()).of(Some(application.clone()));
            self.pair(&of).map(key)
        };
        let mut keys = applications.iter().map(named).collect::<Result<Vec<_>, _>>()?;
        let mut seen = BTreeSet::new();
        keys.retain(|key| seen.insert(key.clone()));
        Ok(keys)
    }

    fn check_names(
        &self,
        source: &EnvironmentName,
        target: &EnvironmentName,
    ) -> Result<(), PlanError> {
        let unknown = |name: &&EnvironmentName| !self.stages.iter().any(|it| it.name == **name);
        [source, target].iter().find(|name| unknown(name)).map_or(Ok(()), |name| {
            let known = self.stages.iter().map(|it| it.name.clone()).collect();
            Err(PlanError::UnknownEnvironment { name: (*name).clone(), known })
        })
    }

    /// Where nobody wrote an order down, whoever asks may skip one, and go between equals.
    fn allows(&self, source: &Environment, target: &Environment) -> bool {
        let by_name = |name: &EnvironmentName| {
            self.stages.iter().find(|stage| stage.name == *name).and_then(|stage| {
                match &stage.from {
                    Sources::ByName(by_name) => Some(by_name),
                    Sources::Before | Sources::Named(_) => None,
                }
            })
        };
        if target.from.contains(&source.name) {
            return true;
        }
        match (by_name(&source.name), by_name(&target.name)) {
            (Some(before), Some(after)) if source.name != target.name => {
                before.rank.zip(after.rank).is_none_or(|(before, after)| before <= after)
            }
            _ => false,
        }
    }
}

/// The environments of all stages, by application and in promotion order.
fn environments(stages: &[Stage]) -> Vec<Environment> {
    let mut by_application: BTreeMap<Option<&ApplicationName>, Vec<(&Stage, &Place)>> =
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
            let Place { application, path, rules, pull_request, gates } = (*place).clone();
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

/// Where an environment of an application is promoted from, of those that the application has.
fn sources(stage: &Stage, before: &[&Stage], present: &[(&Stage, &Place)]) -> Vec<EnvironmentName> {
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
            by_name(rank, &before)
        }
    }
}

/// Where one of some environments in the usual order is promoted from, by its name.
#[must_use]
pub fn sources_by_name(
    stages: &[(&EnvironmentName, &NameRank)],
    index: usize,
) -> Vec<EnvironmentName> {
    stages.get(index).map_or_else(Vec::new, |(_, rank)| by_name(rank, &stages[..index]))
}

/// The nearest environments before one, by their names: the one of the same region or cluster if
/// there is such a one, else the plain one, else all of them.
fn by_name(own: &NameRank, before: &[(&EnvironmentName, &NameRank)]) -> Vec<EnvironmentName> {
    let Some(rank) = own.rank else { return Vec::new() };
    let rank_of = |(_, other): &(&EnvironmentName, &NameRank)| other.rank;
    let earlier: Vec<_> =
        before.iter().copied().filter(|it| rank_of(it).is_some_and(|it| it < rank)).collect();
    let alike = |(_, other): &&(&EnvironmentName, &NameRank)| {
        !own.rest.is_empty() && other.rest == own.rest
    };
    let some_alike = earlier.iter().any(|it| alike(&it));
    let nearest: Vec<_> = earlier.iter().filter(|it| !some_alike || alike(it)).copied().collect();
    let highest = nearest.iter().filter_map(rank_of).max();
    let last: Vec<_> = nearest.into_iter().filter(|it| rank_of(it) == highest).collect();
    let with = |rest: &str| last.iter().copied().filter(|(_, it)| it.rest == rest).collect();
    let choices: [Vec<_>; 3] = [with(&own.rest), with(""), last.clone()];
    let chosen = choices.iter().find(|choice| !choice.is_empty());
    chosen.into_iter().flatten().map(|(name, _)| (*name).clone()).collect()
}

fn check_names(stages: &[Stage]) -> Result<(), PipelineError> {
    let mut seen = BTreeSet::new();
    for (index, stage) in stages.iter().enumerate() {
        if !seen.insert(&stage.name) {
            return Err(PipelineError::DuplicateName { index, name: stage.name.clone() });
        }
    }
    Ok(())
}

/// Two environments never share a folder; those of one application do not lie in one another.
fn check_paths(stages: &[Stage]) -> Result<(), PipelineError> {
    let mut seen: BTreeMap<&RepoPath, Vec<(usize, &Place)>> = BTreeMap::new();
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
fn nested(stages: &[Stage], a: (usize, &Place), b: (usize, &Place)) -> PipelineError {
    let ((index, place), (other, other_place)) = if a.0 >= b.0 { (a, b) } else { (b, a) };
    PipelineError::NestedPath {
        index,
        name: stages[index].name.clone(),
        path: place.path.clone(),
        other: stages[other].name.clone(),
        other_path: other_place.path.clone(),
    }
}

fn check_sources(index: usize, stage: &Stage, all: &[Stage]) -> Result<(), PipelineError> {
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
fn check_circles(all: &[Stage]) -> Result<(), PipelineError> {
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

fn circle(names: &[EnvironmentName]) -> String {
    let mut text: Vec<&str> = names.iter().map(EnvironmentName::as_str).collect();
    text.extend(names.first().map(EnvironmentName::as_str));
    text.join(" -> ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> EnvironmentName {
        EnvironmentName::parse(text).unwrap()
    }

    fn place(application: Option<&str>, path: &str) -> Place {
        Place {
            application: application.map(|text| ApplicationName::parse(text).unwrap()),
            path: RepoPath::parse(path).unwrap(),
            rules: Arc::default(),
            pull_request: Arc::default(),
            gates: Arc::default(),
        }
    }

    fn stage(text: &str, path: &str, from: &[&str]) -> Stage {
        Stage {
            name: name(text),
            trigger: Trigger::Manual,
            from: Sources::Named(from.iter().map(|text| name(text)).collect()),
            places: vec![place(None, path)],
            health: None,
            freezes: Vec::new().into(),
            rollouts: Vec::new().into(),
        }
    }

    /// A stage of applications, each with a folder of its own.
    fn shared(text: &str, from: Sources, applications: &[&str]) -> Stage {
        let place = |it: &&str| place(Some(it), &format!("{it}/{text}"));
        let places = applications.iter().map(place).collect();
        let (health, freezes, rollouts) = (None, Vec::new().into(), Vec::new().into());
        let trigger = Trigger::Manual;
        Stage { name: name(text), trigger, from, places, health, freezes, rollouts }
    }

    fn pairs(pipeline: &Pipeline) -> Vec<String> {
        pipeline.pairs().map(|(source, target)| target.key_from(&source.name).to_string()).collect()
    }

    #[test]
    fn several_sources_make_a_graph() {
        let pipeline = Pipeline::new(vec![
            stage("dev", "o/dev", &[]),
            stage("eu", "o/eu", &["dev"]),
            stage("us", "o/us", &["dev"]),
            stage("prod", "o/prod", &["eu", "us"]),
        ])
        .unwrap();
        assert_eq!(pairs(&pipeline), ["dev -> eu", "dev -> us", "eu -> prod", "us -> prod"]);
    }

    #[test]
    fn an_application_is_promoted_past_what_it_lacks_unless_sources_are_named() {
        let stages = |last| {
            vec![
                shared("dev", Sources::Before, &["a", "b", "c"]),
                shared("staging", Sources::Before, &["a", "c"]),
                shared("prod", last, &["a", "b"]),
            ]
        };
        let before = Pipeline::new(stages(Sources::Before)).unwrap();
        let expected =
            ["a: dev -> staging", "a: staging -> prod", "b: dev -> prod", "c: dev -> staging"];
        assert_eq!(pairs(&before), expected);
        let named = Pipeline::new(stages(Sources::Named(vec![name("staging")]))).unwrap();
        assert_eq!(pairs(&named), ["a: dev -> staging", "a: staging -> prod", "c: dev -> staging"]);
    }

    #[test]
    fn names_tell_where_an_environment_is_promoted_from() {
        let found = |texts: &[(&str, Option<u16>, &str)]| {
            let stage = |(text, rank, rest): &(&str, Option<u16>, &str)| {
                let by_name = NameRank { rank: *rank, rest: (*rest).to_owned() };
                let from = Sources::ByName(by_name);
                Stage { from, ..stage(text, text, &[]) }
            };
            Pipeline::new(texts.iter().map(stage).collect()).unwrap()
        };
        let regions = found(&[
            ("dev", Some(0), ""),
            ("staging", Some(1), ""),
            ("staging-eu", Some(1), "eu"),
            ("prod", Some(2), ""),
            ("prod-eu", Some(2), "eu"),
            ("prod-us", Some(2), "us"),
            ("scratch", None, ""),
        ]);
        let expected = [
            "dev -> staging",
            "dev -> staging-eu",
            "staging -> prod",
            "staging-eu -> prod-eu",
            "staging -> prod-us",
        ];
        assert_eq!(pairs(&regions), expected);
        let may = |source: &str, target: &str| {
            regions.pair(&Key::new(name(source), name(target))).is_ok()
        };
        assert!(may("dev", "prod") && may("prod-us", "prod-eu") && may("scratch", "prod"));
        assert!(!may("prod", "dev") && !may("dev", "dev"));
    }

    #[test]
    fn a_pair_belongs_to_an_application_that_has_both() {
        let pipeline = Pipeline::new(vec![
            shared("dev", Sources::Before, &["a", "b"]),
            shared("prod", Sources::Before, &["a"]),
        ])
        .unwrap();
        let (dev, prod) = (name("dev"), name("prod"));
        let key = |application: Option<&str>| {
            let application = application.map(|text| ApplicationName::parse(text).unwrap());
            pipeline.pair(&Key::new(dev.clone(), prod.clone()).of(application))
        };
        assert_eq!(key(Some("a")).unwrap().1.path.as_str(), "a/prod");
        assert!(matches!(key(Some("b")), Err(PlanError::Lacking { .. })));
        assert!(matches!(key(Some("c")), Err(PlanError::UnknownApplication { .. })));
        assert!(matches!(key(None), Err(PlanError::WhichApplication { .. })));
        assert_eq!(pipeline.pairs_of(&dev, &prod).unwrap().len(), 1);
        let wanted = |names: &[&str]| {
            let parse = |text: &&str| ApplicationName::parse(text).unwrap();
            let applications = names.iter().map(parse).collect();
            pipeline.wanted(&Wanted { source: dev.clone(), target: prod.clone(), applications })
        };
        assert_eq!(wanted(&[]).unwrap(), wanted(&["a", "a"]).unwrap());
        assert!(wanted(&["a", "b"]).is_err());
        assert!(matches!(pipeline.pairs_of(&prod, &dev), Err(PlanError::NotAllowed { .. })));
    }

    #[test]
    fn refuses_environments_that_would_write_each_other() {
        let two = |one, two| Pipeline::new(vec![stage("a", one, &[]), stage("b", two, &[])]);
        assert!(matches!(two("o/x", "o/x"), Err(PipelineError::SharedPath { index: 1, .. })));
        assert!(matches!(two("o/x/y", "o/x"), Err(PipelineError::NestedPath { index: 1, .. })));
        assert!(matches!(two("o/x", "o/x/y"), Err(PipelineError::NestedPath { index: 1, .. })));
        assert!(two("o/x", "o/xy").is_ok());
    }

    #[test]
    fn names_the_circle() {
        let error = Pipeline::new(vec![
            stage("a", "o/a", &[]),
            stage("b", "o/b", &["d", "a"]),
            stage("c", "o/c", &["b"]),
            stage("d", "o/d", &["c"]),
        ])
        .unwrap_err();
        assert_eq!(error.to_string(), "promotions lead in a circle: c -> d -> b -> c");
        assert_eq!(error.index(), Some(1));
    }

    #[test]
    fn refuses_unknown_double_and_missing_sources() {
        let with =
            |from: &[&str]| Pipeline::new(vec![stage("a", "o/a", &[]), stage("b", "o/b", from)]);
        assert!(matches!(with(&["x"]), Err(PipelineError::UnknownFrom { from_index: 0, .. })));
        assert!(matches!(with(&["a", "a"]), Err(PipelineError::UselessFrom { from_index: 1, .. })));
        assert!(matches!(with(&["b"]), Err(PipelineError::UselessFrom { .. })));
        let mut first = stage("a", "o/a", &[]);
        first.trigger = Trigger::Push;
        let error = Pipeline::new(vec![first]);
        assert!(matches!(error, Err(PipelineError::TriggerWithoutSource { index: 0, .. })));
        assert_eq!(Pipeline::new(Vec::new()).unwrap_err(), PipelineError::Empty);
    }
}
