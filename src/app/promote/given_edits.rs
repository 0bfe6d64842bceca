//! A promotion whose edits are given and not planned: one that takes back, a step of the traffic.

use crate::config::RepositoryConfig;
use crate::github::Repository;
use crate::model::BranchName;
use crate::promotion::{Environment, GivenEdit, Intent, Key, Request, TemplateError};

use super::super::checking::fetched_on_github;
use super::super::plan_at_commit::CheckedBy;
use super::super::snapshot::Snapshot;
use super::super::work::Stop;
use super::Records;
use super::made_plan::MadePlan;
use super::values::{Ended, Promotion, broken, unplannable};

/// The edits, and what they are for.
pub(super) struct GivenEdits<'a> {
    /// Of which promotion.
    pub(super) key: &'a Key,
    /// What it is for.
    pub(super) intent: Intent,
    /// The target's files.
    pub(super) edits: Vec<GivenEdit>,
    /// The head branch.
    pub(super) branch: Result<BranchName, TemplateError>,
    /// Who asks.
    pub(super) request: Request,
}

/// The configuration of a head, with the environments that a promotion is between.
pub(super) struct Between {
    pub(super) configuration: RepositoryConfig,
    pub(super) source: Environment,
    pub(super) target: Environment,
}

impl Between {
    /// Reads them, or says how it ended without.
    pub(super) async fn of(
        snapshot: &mut Snapshot,
        key: &Key,
    ) -> Result<Result<Self, Ended>, Stop> {
        let configuration = match snapshot.configuration(None).await? {
            Ok(configuration) => configuration,
            Err(error) => return Ok(Err(broken(&error, error.location()))),
        };
        let (source, target) = match configuration.pipeline.pair(key) {
            Ok((source, target)) => (source.clone(), target.clone()),
            Err(error) => return Ok(Err(unplannable(&error))),
        };
        Ok(Ok(Self { configuration, source, target }))
    }
}

impl<'p> Promotion<'p> {
    /// Judges the edits as a plan and makes a promotion of them, or says why there is none.
    pub(super) async fn of_edits(
        records: Records<'p>,
        repository: &'p Repository,
        base: &'p BranchName,
        mut snapshot: Snapshot,
        Between { configuration, source, target }: &Between,
        given: GivenEdits<'_>,
    ) -> Result<Result<Self, Ended>, Stop> {
        let GivenEdits { key, intent, edits, branch, request } = given;
        let fetched = fetched_on_github(&target.gates, &configuration.remote_bases, repository);
        let fetched = fetched.await?;
        let checked = CheckedBy { fetched, today: records.clock().today() };
        let planned = snapshot.plan_edits((source, target), edits, &checked).await?;
        let plan = match planned {
            Ok(plan) => plan,
            Err(error) => return Ok(Err(unplannable(&error))),
        };
        let made = MadePlan { key: key.clone().with(intent), plan, branch, request };
        made.promotion(records, repository, base, snapshot).await
    }
}
