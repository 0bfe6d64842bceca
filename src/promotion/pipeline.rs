//! The environments of a repository, their order, and which may be promoted into which.
//!
//! Values here were checked when they were made: names and paths are unique, no environment of an
//! application lies in another, and the way from environment to environment never leads in a circle.
//! `config` reads them from `overlift.yaml` or finds them, and turns a [`PipelineError`] into a line
//! and a column.

mod check;
mod environments;
mod error;
mod stage;

use std::collections::{BTreeMap, BTreeSet};

use super::environment::Environment;
use super::error::PlanError;
use super::key::{Key, Wanted};
use crate::model::{ApplicationName, EnvironmentName};
use check::{check_circles, check_names, check_paths, check_sources};
use environments::environments;

pub use environments::sources_by_name;
pub use error::PipelineError;
pub use stage::{NameRank, Sources, Stage, StageFolder};

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

#[cfg(test)]
mod tests;
