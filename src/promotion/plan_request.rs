//! What a plan is made from.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::environment::Environment;
use super::error::PlanError;
use super::planned_edit::Cause;
use crate::deployer::Deployers;
use crate::kustomize::BuildOptions;
use crate::lineage::{History, Point};
use crate::model::{CommitSha, File, Files, Location, RepoPath};
use crate::policy::{Day, Fetched, Gates, OwnValue};

/// The files at the last promotion of the same source to the same target, for `prune: removed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LastPromotion {
    /// Nobody looked, since nothing is to be pruned.
    NotLooked,
    /// The history ends before one was found: it was cut off by a shallow clone.
    HistoryCutOff,
    /// There is none in the whole history.
    None,
    /// The source's files then.
    Files(BTreeSet<RepoPath>),
}

/// What is known of the past of the two environments.
#[derive(Clone, Copy)]
pub enum Past<'a> {
    /// There is none: no repository, or no commit.
    None,
    /// It is cut off by a shallow clone.
    CutOff,
    /// All of it.
    Known {
        /// What was when.
        history: &'a History<'a>,
        /// What may be the last promotion of ours, the newest first, or what `promotion.since` names.
        points: &'a [Point],
    },
}

/// What somebody asks for beyond the configuration, once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Everything that differs comes over, but what is kept and excluded.
    pub all: bool,
    /// Only what these globs or images name comes over; empty for all.
    pub only: Vec<String>,
    /// A target that does not exist yet begins as the source is.
    pub create: bool,
    /// These edits of the target, in place of those that the rules make: a promotion that is taken back, or
    /// a step.
    pub edits: Option<Vec<GivenEdit>>,
}

/// An edit that is decided elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenEdit {
    /// The file.
    pub path: RepoPath,
    /// What it becomes; `None` if it goes.
    pub after: Option<File>,
    /// Why.
    pub cause: Cause,
}

/// What to promote.
#[derive(Clone, Copy)]
pub struct PlanRequest<'a> {
    /// The repository's files.
    pub files: &'a dyn Files,
    /// Where configuration comes from.
    pub source: &'a Environment,
    /// Where it goes, with the rules that hold there.
    pub target: &'a Environment,
    /// How overlays are built.
    pub options: &'a BuildOptions,
    /// The commit the files are from, if they are from one.
    pub commit: Option<&'a CommitSha>,
    /// What the source was at the last promotion.
    pub last_promotion: &'a LastPromotion,
    /// What is known of the past.
    pub past: Past<'a>,
    /// What is asked for, this once.
    pub wish: &'a Wish,
    /// What is checked.
    pub checks: Checks<'a>,
    /// What deploys folders of these files, where somebody has read it already.
    pub deployers: Option<&'a Arc<Deployers>>,
}

impl PlanRequest<'_> {
    /// Whether an environment has no file at all.
    pub(in crate::promotion) fn is_missing(
        &self,
        environment: &Environment,
    ) -> Result<bool, PlanError> {
        let listed = self.files.list(&environment.path).map_err(|source| {
            let at = Location::file(environment.path.clone());
            PlanError::Read { at, source }
        });
        Ok(listed?.is_empty())
    }
}

/// What a plan is checked by.
#[derive(Clone, Copy, Debug)]
pub struct Checks<'a> {
    /// What the repository wants.
    pub gates: &'a Gates,
    /// What was fetched from outside the repository.
    pub fetched: &'a Fetched,
    /// The day, for exceptions that end.
    pub today: Day,
    /// Values that the target alone had and would lose, as its history tells.
    pub own_values: &'a [OwnValue],
}
