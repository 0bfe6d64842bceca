//! The environments of a repository, their order, and what a promotion between two of them does.
//!
//! Values here were checked when they were made: names and paths are unique, no overlay lies in
//! another, and the way from environment to environment never leads in a circle. `config` reads
//! them from `overlift.yaml` and turns a [`PipelineError`] into a line and a column.

use std::collections::BTreeSet;

use crate::model::{EnvironmentName, RepoPath};

use super::rules::Rules;

/// What starts a promotion into an environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trigger {
    /// Somebody asks.
    #[default]
    Manual,
    /// The source changes on the default branch.
    Push,
}

/// One stage of the pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Its name.
    pub name: EnvironmentName,
    /// The directory of its overlay.
    pub path: RepoPath,
    /// What starts a promotion into it.
    pub trigger: Trigger,
    /// The environments it may be promoted from; empty for the first one.
    pub from: Vec<EnvironmentName>,
}

/// All environments and the rules of every promotion between them.
#[derive(Clone, Debug)]
pub struct Pipeline {
    environments: Vec<Environment>,
    rules: Rules,
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
    /// Two environments have one overlay.
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
    /// `trigger: push` without a source whose push could be meant.
    #[error("`{name}` has `trigger: push` and is promoted from no other environment")]
    TriggerWithoutSource {
        /// The environment.
        index: usize,
        /// Its name.
        name: EnvironmentName,
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
            | Self::TriggerWithoutSource { index, .. } => Some(*index),
        }
    }
}

impl Pipeline {
    /// Checks environments and puts them together with the rules of their promotions.
    ///
    /// # Errors
    /// [`PipelineError`] for the first thing that is wrong, in the order of the environments.
    pub fn new(environments: Vec<Environment>, rules: Rules) -> Result<Self, PipelineError> {
        if environments.is_empty() {
            return Err(PipelineError::Empty);
        }
        for (index, environment) in environments.iter().enumerate() {
            check_against_earlier(index, environment, &environments[..index])?;
            check_sources(index, environment, &environments)?;
        }
        check_circles(&environments)?;
        Ok(Self { environments, rules })
    }

    /// The environments in promotion order.
    #[must_use]
    pub fn environments(&self) -> &[Environment] {
        &self.environments
    }

    /// What every promotion does.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The environment of this name.
    #[must_use]
    pub fn environment(&self, name: &str) -> Option<&Environment> {
        self.environments.iter().find(|environment| environment.name.as_str() == name)
    }

    /// All pairs (source, target) that may be promoted, in the order of the targets.
    pub fn pairs(&self) -> impl Iterator<Item = (&Environment, &Environment)> {
        self.environments.iter().flat_map(move |target| {
            let sources = target.from.iter().filter_map(|name| self.environment(name.as_str()));
            sources.map(move |source| (source, target))
        })
    }
}

fn check_against_earlier(
    index: usize,
    environment: &Environment,
    earlier: &[Environment],
) -> Result<(), PipelineError> {
    let name = environment.name.clone();
    for other in earlier {
        if other.name == name {
            return Err(PipelineError::DuplicateName { index, name });
        }
        let (path, other_path) = (environment.path.clone(), other.path.clone());
        let other = other.name.clone();
        if path == other_path {
            return Err(PipelineError::SharedPath { index, name, other, path });
        }
        if path.is_within(&other_path) || other_path.is_within(&path) {
            return Err(PipelineError::NestedPath { index, name, path, other, other_path });
        }
    }
    Ok(())
}

fn check_sources(
    index: usize,
    environment: &Environment,
    all: &[Environment],
) -> Result<(), PipelineError> {
    let mut seen = BTreeSet::new();
    for (from_index, from) in environment.from.iter().enumerate() {
        let (name, from) = (environment.name.clone(), from.clone());
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
    if environment.trigger == Trigger::Push && environment.from.is_empty() {
        return Err(PipelineError::TriggerWithoutSource { index, name: environment.name.clone() });
    }
    Ok(())
}

/// Takes away environments whose sources are all taken away; what remains leads in circles.
fn check_circles(all: &[Environment]) -> Result<(), PipelineError> {
    let mut settled: BTreeSet<&EnvironmentName> = BTreeSet::new();
    loop {
        let before = settled.len();
        for environment in all {
            if environment.from.iter().all(|from| settled.contains(from)) {
                settled.insert(&environment.name);
            }
        }
        if settled.len() == all.len() {
            return Ok(());
        }
        if settled.len() == before {
            break;
        }
    }
    let index = all
        .iter()
        .position(|environment| !settled.contains(&environment.name))
        .expect("some environment is not settled");
    // Every environment that remains has a source that remains: walking back closes a circle.
    let mut walk = vec![&all[index]];
    loop {
        let last = walk[walk.len() - 1];
        let next = last
            .from
            .iter()
            .filter(|from| !settled.contains(from))
            .find_map(|from| all.iter().find(|other| other.name == *from))
            .expect("an unsettled environment has an unsettled source");
        if let Some(start) = walk.iter().position(|seen| seen.name == next.name) {
            let names = walk[start..].iter().rev().map(|seen| seen.name.clone()).collect();
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

    fn environment(name: &str, path: &str, from: &[&str]) -> Environment {
        Environment {
            name: EnvironmentName::parse(name).unwrap(),
            path: RepoPath::parse(path).unwrap(),
            trigger: Trigger::Manual,
            from: from.iter().map(|name| EnvironmentName::parse(name).unwrap()).collect(),
        }
    }

    fn pipeline(environments: Vec<Environment>) -> Result<Pipeline, PipelineError> {
        Pipeline::new(environments, Rules::default())
    }

    #[test]
    fn several_sources_make_a_graph() {
        let pipeline = pipeline(vec![
            environment("dev", "o/dev", &[]),
            environment("eu", "o/eu", &["dev"]),
            environment("us", "o/us", &["dev"]),
            environment("prod", "o/prod", &["eu", "us"]),
        ])
        .unwrap();
        let pairs: Vec<String> =
            pipeline.pairs().map(|(s, t)| format!("{}>{}", s.name, t.name)).collect();
        assert_eq!(pairs, ["dev>eu", "dev>us", "eu>prod", "us>prod"]);
    }

    #[test]
    fn refuses_environments_that_would_write_each_other() {
        let shared = pipeline(vec![environment("a", "o/x", &[]), environment("b", "o/x", &[])]);
        assert!(matches!(shared, Err(PipelineError::SharedPath { index: 1, .. })));
        let nested = pipeline(vec![environment("a", "o/x/y", &[]), environment("b", "o/x", &[])]);
        assert!(matches!(nested, Err(PipelineError::NestedPath { index: 1, .. })));
        let beside = pipeline(vec![environment("a", "o/x", &[]), environment("b", "o/xy", &[])]);
        assert!(beside.is_ok());
    }

    #[test]
    fn names_the_circle() {
        let error = pipeline(vec![
            environment("a", "o/a", &[]),
            environment("b", "o/b", &["d", "a"]),
            environment("c", "o/c", &["b"]),
            environment("d", "o/d", &["c"]),
        ])
        .unwrap_err();
        assert_eq!(error.to_string(), "promotions lead in a circle: c -> d -> b -> c");
        assert_eq!(error.index(), Some(1));
    }

    #[test]
    fn refuses_unknown_double_and_missing_sources() {
        let with = |from: &[&str]| {
            pipeline(vec![environment("a", "o/a", &[]), environment("b", "o/b", from)])
        };
        assert!(matches!(with(&["x"]), Err(PipelineError::UnknownFrom { from_index: 0, .. })));
        assert!(matches!(with(&["a", "a"]), Err(PipelineError::UselessFrom { from_index: 1, .. })));
        assert!(matches!(with(&["b"]), Err(PipelineError::UselessFrom { .. })));
        let mut first = environment("a", "o/a", &[]);
        first.trigger = Trigger::Push;
        let error = pipeline(vec![first]);
        assert!(matches!(error, Err(PipelineError::TriggerWithoutSource { index: 0, .. })));
        assert_eq!(pipeline(Vec::new()).unwrap_err(), PipelineError::Empty);
    }
}
