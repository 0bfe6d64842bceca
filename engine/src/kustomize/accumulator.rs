//! What a kustomization and all below it come to.

use super::error::BuildError;
use super::resource_set::ResourceSet;
use super::shared_configuration::SharedConfiguration;
use super::take_in::duplicate;
use super::vars::Vars;
use crate::model::Location;

/// Resources, and what goes up the tree with them.
#[derive(Clone, Debug, Default)]
pub struct Accumulator {
    /// The resources.
    pub set: ResourceSet,
    /// The fields that transformers change.
    pub configuration: SharedConfiguration,
    /// The vars.
    pub vars: Vars,
}

impl Accumulator {
    /// Adds what a base came to; `at` names it.
    ///
    /// # Errors
    /// [`BuildError`] if a resource is there already, or the two contradict each other.
    pub fn add_below(mut self, below: Self, at: &Location) -> Result<Self, BuildError> {
        self.set.append_all(below.set).map_err(|found| duplicate(*found, &self.set))?;
        self.configuration.absorb(&below.configuration, at)?;
        self.vars.absorb(below.vars)?;
        Ok(self)
    }
}
