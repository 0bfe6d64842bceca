//! From a plan to a promotion: where it would be pushed to, and what is known of it already.

use crate::github::Repository;
use crate::model::BranchName;
use crate::promotion::{Key, Plan, Request, TemplateError};

use super::super::snapshot::{Snapshot, digest};
use super::super::work::Stop;
use super::Records;
use super::values::{Ended, Promotion, broken, would_be_pushed_to};

/// A plan, whatever its edits are from.
pub(super) struct MadePlan {
    /// Which promotion.
    pub(super) key: Key,
    pub(super) plan: Plan,
    /// The head branch.
    pub(super) branch: Result<BranchName, TemplateError>,
    /// Who asks.
    pub(super) request: Request,
}

impl MadePlan {
    /// The promotion, looked at as if nothing of its branch were remembered, or why there is none.
    pub(super) async fn promotion<'p>(
        self,
        records: Records<'p>,
        repository: &'p Repository,
        base: &'p BranchName,
        snapshot: Snapshot,
    ) -> Result<Result<Promotion<'p>, Ended>, Stop> {
        let Self { key, plan, branch, request } = self;
        let branch = match branch {
            Ok(branch) => branch,
            Err(error) => return Ok(Err(broken(&error, None))),
        };
        if branch == *base {
            return Ok(Err(would_be_pushed_to(base)));
        }
        let base_digest = digest(&snapshot.tree, plan.file_edits().map(|edit| &edit.path));
        let record = records.newest(&repository.name().key(), &key).await?;
        Ok(Ok(Promotion {
            records,
            repository,
            base,
            snapshot,
            given: None,
            plan,
            base_digest,
            branch,
            request,
            asks_github: true,
            all: false,
            undone: false,
            intent: key.intent,
            undoing: None,
            stepping: None,
            body: None,
            record,
        }))
    }
}
