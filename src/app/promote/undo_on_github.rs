//! Taking a promotion back from the command: found by the trailers in the history, since there is no store.

use std::collections::BTreeSet;

use crate::github::Commit;
use crate::model::{ApplicationName, CommitSha, EnvironmentName, Location};
use crate::promotion::{PlanId, Request, Trailers, Undoing};

use super::on_github::error_of_edits;
use super::on_github::{only_github, patiently};
use super::values::Shown;
use super::{OnGithub, OnGithubError, Operation, Records, TakeBack, TakenBack};

/// Which promotion is to be taken back.
#[derive(Clone, Debug)]
pub struct UndoRequest {
    /// Its target.
    pub target: EnvironmentName,
    /// Its application, where there are some.
    pub application: Option<ApplicationName>,
    /// How its plan's id begins; without, the last one that was not undone.
    pub plan: Option<String>,
}

/// What became of it.
#[derive(Debug)]
pub struct Undone {
    /// What was done to the pull request.
    pub operation: Operation,
    /// The pull request's number and page; `None` where nothing is left to take back.
    pub pull_request: Option<(u64, Option<String>)>,
    /// The plan that is taken back.
    pub plan: PlanId,
    /// The commit that brought it.
    pub commit: CommitSha,
    /// What somebody else changed since and therefore stays.
    pub conflicts: Vec<Location>,
}

impl OnGithub {
    /// Opens the pull request that takes a promotion back, or brings it up to date.
    ///
    /// # Errors
    /// [`OnGithubError::Refused`] if there is no such promotion; what GitHub may do later was tried several
    /// times.
    pub async fn undo(&self, request: &UndoRequest) -> Result<Undone, OnGithubError> {
        patiently(async || self.attempt_undo(request).await).await
    }

    async fn attempt_undo(&self, request: &UndoRequest) -> Result<Undone, OnGithubError> {
        let base = self.repository.fetch_default_branch().await?;
        let snapshot = self.snapshot(&base).await?;
        let found = self.find_promotion(&snapshot.commit, request).await?;
        let Some((commit, trailers)) = found else {
            return Err(OnGithubError::Refused(not_found(request)));
        };
        let key = trailers.key();
        let plan = trailers.plan;
        let undoing =
            Undoing { plan: plan.clone(), number: None, because: None, conflicts: Vec::new() };
        let brought_by = commit.sha.clone();
        let take_back = TakeBack { key: &key, undoing, commit, request: Request::Asked };
        let records = Records::Nowhere(self);
        let taken = take_back.carry_out(records, &self.repository, &base, snapshot).await;
        let TakenBack { ended, conflicts, .. } = taken.map_err(only_github)?;
        let (operation, shown) = Operation::of(ended).map_err(error_of_edits)?;
        let pull_request = shown.map(|Shown { number, url, .. }| (number.get(), url));
        Ok(Undone { operation, pull_request, plan, commit: brought_by, conflicts })
    }

    /// The newest promotion that is meant and was not undone since.
    async fn find_promotion(
        &self,
        head: &CommitSha,
        request: &UndoRequest,
    ) -> Result<Option<(Commit, Trailers)>, OnGithubError> {
        let (mut undone, mut found) = (BTreeSet::new(), None);
        self.repository
            .walk_history(head, None, |commit| {
                let Some(trailers) = Trailers::parse(&commit.message) else { return false };
                if let Some(plan) = trailers.undoes {
                    undone.insert(plan);
                    return false;
                }
                let is_meant = trailers.target == request.target
                    && trailers.application == request.application
                    && match &request.plan {
                        Some(begin) => trailers.plan.as_str().starts_with(begin.as_str()),
                        None => trailers.step.is_none() && !undone.contains(&trailers.plan),
                    };
                if is_meant {
                    found = Some((commit.clone(), trailers));
                }
                is_meant
            })
            .await?;
        Ok(found)
    }
}

fn not_found(request: &UndoRequest) -> String {
    let of = request.application.as_ref().map_or(String::new(), |name| format!(" of `{name}`"));
    match &request.plan {
        Some(plan) => format!(
            "the default branch has no promotion into `{}`{of} whose plan begins with `{plan}`",
            request.target
        ),
        None => format!(
            "the default branch has no promotion into `{}`{of} that could be undone; commits of \
             promotions have the trailer `Overlift-Plan`",
            request.target
        ),
    }
}
