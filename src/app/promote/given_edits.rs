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
use super::values::{Ended, Promotion, unplannable};

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

impl<'p> Promotion<'p> {
    /// Judges the edits as a plan and makes a promotion of them, or says why there is none.
    pub(super) async fn of_edits(
        records: Records<'p>,
        repository: &'p Repository,
        base: &'p BranchName,
        mut snapshot: Snapshot,
        configuration: &RepositoryConfig,
        (source, target): (&Environment, &Environment),
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
