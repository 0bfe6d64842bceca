//! What an overlay knows of the fields that transformers change: what is built in, and what `configurations` and
//! `crds` add.
//!
//! A base's configuration goes up the tree with its resources, so that an overlay's transformers
//! and the references at the end know it.

mod builtin;
mod crd;

pub use crd::of_definitions;

use std::rc::Rc;
use std::sync::OnceLock;

use super::configuration::Configuration;
use super::error::BuildError;
use super::transform::FIELD_LISTS;
use super::version::{KNOWN, Version};
use crate::model::Location;

/// What kustomize knows by itself.
fn builtin(version: Version) -> &'static Configuration {
    static BUILTIN: [OnceLock<Configuration>; KNOWN.len()] =
        [const { OnceLock::new() }; KNOWN.len()];
    let at = KNOWN.iter().position(|known| *known == version).unwrap_or(KNOWN.len() - 1);
    let references = || (builtin::name_references(), builtin::var_references());
    BUILTIN[at].get_or_init(|| Configuration::builtin(&FIELD_LISTS, references(), version))
}

/// What an overlay knows so far: first what its bases do, then what it says itself.
///
/// kustomize begins with an empty configuration and merges one after another into it. What is merged
/// first is thereby merged anew in its sorted order: what stands for fewer kinds now covers what
/// stands for more, or contradicts it. So it matters which one is the first.
#[derive(Clone, Debug, Default)]
pub enum SharedConfiguration {
    /// Nothing was merged.
    #[default]
    Nothing,
    /// What this kustomize knows by itself.
    Builtin(Version),
    /// More than that; shared until somebody adds to it.
    More(Rc<Configuration>),
}

impl SharedConfiguration {
    /// What it says.
    #[must_use]
    pub fn get(&self) -> &Configuration {
        match self {
            Self::Nothing => builtin(Version::default()),
            Self::Builtin(version) => builtin(*version),
            Self::More(configuration) => configuration,
        }
    }

    /// Adds what another configuration has more.
    ///
    /// # Errors
    /// [`BuildError::Invalid`] where both know a field and disagree whether it is to be made.
    pub fn merge(&mut self, other: &Configuration, at: &Location) -> Result<(), BuildError> {
        if *other != Configuration::default() {
            let mut merged = self.get().clone();
            merged.merge(other).map_err(|conflict| conflict.at(at))?;
            *self = Self::More(Rc::new(merged));
        }
        Ok(())
    }

    /// Adds what the configuration of a base, or of the overlay itself, has more.
    ///
    /// # Errors
    /// As [`SharedConfiguration::merge`].
    pub fn absorb(&mut self, other: &Self, at: &Location) -> Result<(), BuildError> {
        match (&*self, other) {
            (Self::Nothing, Self::More(theirs)) => {
                let mut first = Configuration::default();
                first.merge(theirs).map_err(|conflict| conflict.at(at))?;
                let same = first == **theirs;
                *self = Self::More(if same { Rc::clone(theirs) } else { Rc::new(first) });
            }
            (Self::Nothing, _) => *self = other.clone(),
            (Self::More(ours), Self::More(theirs)) if Rc::ptr_eq(ours, theirs) => {}
            (_, Self::More(theirs)) => self.merge(theirs, at)?,
            // It holds or covers all that is built in, but may contradict it: what covers it came first.
            (Self::More(ours), Self::Builtin(version)) => {
                let mut merged = Configuration::clone(ours);
                merged.merge(builtin(*version)).map_err(|conflict| conflict.at(at))?;
            }
            (_, Self::Nothing | Self::Builtin(_)) => {}
        }
        Ok(())
    }

    /// The same as an overlay has it behind a component, which hands on all that it found.
    ///
    /// # Errors
    /// As [`SharedConfiguration::merge`].
    pub fn handed_on(&self, at: &Location) -> Result<Self, BuildError> {
        let mut next = Self::Nothing;
        next.absorb(self, at)?;
        Ok(next)
    }
}
