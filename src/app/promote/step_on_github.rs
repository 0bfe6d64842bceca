//! Taking a step from the command, with a token and without a queue.

use crate::promotion::{Intent, Request, Stepping};

use super::super::step_request::StepRequest;
use super::on_github::error_of_edits;
use super::on_github::{only_github, patiently};
use super::values::Shown;
use super::{DueStep, OnGithub, OnGithubError, Operation, Records, StepTaken};

/// What became of it.
#[derive(Debug)]
pub struct Stepped {
    /// What was done to the pull request.
    pub operation: Operation,
    /// The pull request's number and page.
    pub pull_request: Option<(u64, Option<String>)>,
    /// The step; `None` where none is left.
    pub stepping: Option<Stepping>,
    /// The edits of files, as a diff.
    pub files: String,
    /// What the cluster will see, as a diff.
    pub rendered: String,
}

impl OnGithub {
    /// Opens the pull request of a step, or brings the open one up to date.
    ///
    /// # Errors
    /// [`OnGithubError::Refused`] if it cannot be taken; what GitHub may do later was tried several times.
    pub async fn step(&self, request: &StepRequest) -> Result<Stepped, OnGithubError> {
        patiently(async || Box::pin(self.attempt_step(request)).await).await
    }

    async fn attempt_step(&self, request: &StepRequest) -> Result<Stepped, OnGithubError> {
        let base = self.repository.fetch_default_branch().await?;
        let mut snapshot = self.snapshot(&base).await?;
        let configuration = snapshot.configuration(None).await?;
        let configuration = configuration.map_err(|error| OnGithubError::Broken {
            because: super::chain(&error),
            at: error.location().cloned(),
        })?;
        let target = configuration.pipeline.target(&request.target, request.application.as_ref());
        let target = target.map_err(|error| OnGithubError::Refused(error.to_string()))?;
        let Some(source) = target.from.first() else {
            let because = format!("`{target}` is promoted from no other environment");
            return Err(OnGithubError::Refused(because));
        };
        let key = target.key_from(source).with(Intent::Step);
        let aims = request.aims(&target.rollouts).map_err(OnGithubError::Refused)?;
        let (step_request, dry_run) = (Request::Asked, request.dry_run);
        let step = DueStep { key: &key, aims, request: step_request, dry_run };
        let records = Records::Nowhere(self);
        let taken = step.carry_out(records, &self.repository, &base, snapshot).await;
        let StepTaken { ended, stepping, files, rendered, .. } = taken.map_err(only_github)?;
        let (operation, shown) = Operation::of(ended).map_err(error_of_edits)?;
        let pull_request = shown.map(|Shown { number, url, .. }| (number.get(), url));
        Ok(Stepped { operation, pull_request, stepping, files, rendered })
    }
}
