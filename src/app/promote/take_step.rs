//! Taking a step of the traffic: the same way to a pull request, with edits of weights.

use crate::github::{GithubError, Repository};
use crate::model::{BranchName, CommitSha};
use crate::promotion::{
    Environment, Intent, Key, Request, Stepping, Verdict, step_branch, steps_of,
};
use crate::traffic::{Done, Next, ShiftError};

use super::super::snapshot::Snapshot;
use super::super::step_request::{Aims, StepsTaken, no_steps};
use super::super::work::Stop;
use super::Records;
use super::given_edits::{Between, GivenEdits};
use super::values::{Ended, Promotion, unplannable};

/// A step that is to be taken.
pub(in super::super) struct DueStep<'a> {
    /// Into which environment.
    pub(in super::super) key: &'a Key,
    /// Which.
    pub(in super::super) aims: Aims,
    /// Who asks.
    pub(in super::super) request: Request,
    /// Whether to stop before the first write.
    pub(in super::super) dry_run: bool,
}

/// How it ended.
pub(in super::super) struct StepTaken {
    /// The pull request, or why there is none.
    pub(in super::super) ended: Ended,
    /// The step; `None` where none is left or it cannot be taken.
    pub(in super::super) stepping: Option<Stepping>,
    /// The edits of files, of a step.
    pub(in super::super) files: String,
    /// What the cluster will see, of a step.
    pub(in super::super) rendered: String,
    /// The id of the record, if one was written.
    pub(in super::super) record: Option<String>,
    /// New errors that the gates found.
    pub(in super::super) errors: usize,
}

impl StepTaken {
    fn without(ended: Ended) -> Self {
        let (files, rendered) = (String::new(), String::new());
        Self { ended, stepping: None, files, rendered, record: None, errors: 0 }
    }
}

impl DueStep<'_> {
    /// Opens the pull request, or brings the open one up to date.
    pub(in super::super) async fn carry_out(
        self,
        records: Records<'_>,
        repository: &Repository,
        base: &BranchName,
        snapshot: Snapshot,
    ) -> Result<StepTaken, Stop> {
        let dry_run = self.dry_run;
        let mut promotion = match self.prepare(records, repository, base, snapshot).await? {
            Ok(promotion) => promotion,
            Err(ended) => return Ok(StepTaken::without(ended)),
        };
        let ended = if dry_run { Ended::Nothing } else { promotion.settle().await? };
        let errors = match promotion.plan.verdict() {
            Verdict::Passed => 0,
            Verdict::Blocked { errors } => errors,
        };
        let rendered = promotion.plan.rendered.text().to_owned();
        let files = promotion.plan.files.text();
        let (stepping, record) = (promotion.stepping.take(), promotion.record.map(|it| it.id));
        Ok(StepTaken { ended, stepping, files, rendered, record, errors })
    }

    async fn prepare<'p>(
        self,
        records: Records<'p>,
        repository: &'p Repository,
        base: &'p BranchName,
        mut snapshot: Snapshot,
    ) -> Result<Result<Promotion<'p>, Ended>, Stop> {
        let mut between = match Between::of(&mut snapshot, self.key).await? {
            Ok(between) => between,
            Err(ended) => return Ok(Err(ended)),
        };
        let target = &between.target;
        if target.rollouts.is_empty() {
            return Ok(Err(Ended::Refused(no_steps(target))));
        }
        let (aim, back, because) = match self.aims {
            Aims::At { aim, back, because } => (aim, back, because),
            Aims::Next => {
                let done = taken(repository, &snapshot.commit, target, self.key).await?;
                match snapshot.next_step(self.key, done).await? {
                    Ok(Next::Step(aim)) => (aim, false, None),
                    Ok(Next::Finished) => return Ok(Err(Ended::Nothing)),
                    Err(error) => return Ok(Err(refused(error))),
                }
            }
        };
        between.target = steps_of(target);
        let (stepping, edits) = match snapshot.step_edits(self.key, &aim).await? {
            Ok(found) => found,
            Err(error) => return Ok(Err(refused(error))),
        };
        let given = GivenEdits {
            key: self.key,
            intent: Intent::Step,
            edits,
            branch: step_branch(self.key),
            request: self.request,
        };
        let made = Promotion::of_edits(records, repository, base, snapshot, &between, given);
        let stepping = Some(Stepping { back, because, ..stepping });
        Ok(made.await?.map(|promotion| Promotion { stepping, ..promotion }))
    }
}

fn refused(error: ShiftError) -> Ended {
    unplannable(&error.into())
}

/// What was done since the last promotion into an environment, as the trailers of the default branch tell; asked
/// for only where weights do not tell it.
pub(in super::super) async fn taken(
    repository: &Repository,
    head: &CommitSha,
    target: &Environment,
    key: &Key,
) -> Result<Done, GithubError> {
    let mut taken = StepsTaken::new(key);
    if taken.are_told_by_weights(target) {
        return Ok(Done::default());
    }
    repository
        .walk_history(head, Some(&target.path), |commit| taken.reaches_promotion(&commit.message))
        .await?;
    Ok(taken.done())
}
