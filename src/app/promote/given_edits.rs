//! A promotion whose edits are given and not planned: one that takes back, a step of the traffic.

use crate::config::RepositoryConfig;
use crate::github::Repository;
use crate::model::BranchName;
use crate::promotion::{Environment, GivenEdit, Intent, Key, Request, TemplateError};

use super::super::checking::fetched_on_github;
use super::super::plan_at_commit::CheckedBy;
use super::super::snapshot::{Snapshot, digest};
use super::super::work::Stop;
use super::Records;
use super::values::{Ended, Promotion, broken, unplannable, would_be_pushed_to};

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
        let branch = match branch {
            Ok(branch) => branch,
            Err(error) => return Ok(Err(broken(&error, None))),
        };
        if branch == *base {
            return Ok(Err(would_be_pushed_to(base)));
        }
        let base_digest = digest(&snapshot.tree, plan.file_edits().map(|edit| &edit.path));
        let name = repository.name().key();
        let record = records.newest(&name, &key.clone().with(intent)).await?;
        Ok(Ok(Self {
            records,
            repository,
            base,
            snapshot,
            given: None,
            plan,
            base_digest,
            branch,
            request,
            look: true,
            all: false,
            undone: false,
            intent,
            undoing: None,
            stepping: None,
            body: None,
            record,
        }))
    }
}
