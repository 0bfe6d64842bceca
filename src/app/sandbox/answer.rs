//! What the sandbox answers, and its form on the way back.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::super::lacking::Lacking;
use crate::model::RepoPath;
use crate::policy::Finding;
use crate::promotion::{GivenEdit, Plan, Stepping, ToldError};
use crate::traffic::{Next, ShiftError};

/// An answer, and what it was made without.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::app) struct Reply {
    /// What was not here. Whoever can fetch some of it asks again.
    pub(in crate::app) lacking: Lacking,
    pub(in crate::app) answer: Answer,
}

/// An answer; each question has its own kind.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::app) enum Answer {
    /// The configuration can be read.
    Configuration,
    Plan(Result<Box<Plan>, ToldError>),
    Next(Result<Next, ShiftError>),
    Step(Result<(Stepping, Vec<GivenEdit>), ShiftError>),
    /// The files that an overlay builds from; `None` if it does not build.
    Inputs(Option<BTreeSet<RepoPath>>),
    /// `None` if the configuration or a file cannot be read.
    Preview(Option<PreviewAnswer>),
}

/// A preview, as text and by what is counted of it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(in crate::app) struct PreviewAnswer {
    /// What people read.
    pub(in crate::app) text: String,
    /// What it brings that is worth a remark at its line.
    pub(in crate::app) remarks: Vec<Finding>,
    /// How many new errors.
    pub(in crate::app) errors: usize,
    /// How many environments cannot be built with it.
    pub(in crate::app) broken: usize,
    /// How many environments are reached.
    pub(in crate::app) environments: usize,
    /// Whether it changes nothing that an environment builds.
    pub(in crate::app) is_empty: bool,
}

impl Reply {
    /// `None` if it is not understood.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }

    pub(super) fn write(&self) -> Option<Vec<u8>> {
        postcard::to_allocvec(self).ok()
    }
}
