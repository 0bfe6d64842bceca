//! A promotion on GitHub: look, decide, carry out.
//!
//! Every step can be lost and done again. The order of writes is the promise: a commit nobody sees, then
//! our note of it, then the branch, then the pull request. Before each write the lease is asked for, so
//! that a worker that was overtaken writes nothing more.

mod carry_out;
mod given_edits;
mod made_plan;
mod on_github;
mod outcome;
mod presence;
mod records;
mod retire;
mod step_on_github;
mod take_back;
mod take_step;
mod tell;
mod undo_on_github;
mod undone;
mod values;
mod verdict;
mod without_store;

use crate::github::Repository;
use crate::model::{BranchName, CommitSha};
use crate::promotion::{
    Decision, Environment, Intent, Key, Opening, Plan, PlanError, Planned, Proposal, Reason,
    Request, Situation, Verdict, decide,
};
use crate::store::NewJob;
use crate::telemetry::metric;

use super::causes::chain;
use super::checking::fetched_on_github;
use super::job::{Head, Job, Promote};
use super::plan_at_commit::CheckedBy;
use super::snapshot::Snapshot;
use super::stored_key::pair;
use super::work::{Stop, Work};
use super::worker::Outcome;
use carry_out::OpenAttempt;
use made_plan::MadePlan;
use values::{broken, unplannable};

pub use on_github::{Basis, OnGithubError, OpenPromotion, Operation, PromoteRequest, Promoted};
pub(super) use records::Records;
pub(super) use retire::retire;
pub use step_on_github::Stepped;
pub(super) use take_back::{TakeBack, TakenBack};
pub(super) use take_step::{DueStep, StepTaken, taken};
pub(super) use tell::tell_parked;
pub use undo_on_github::{UndoRequest, Undone};
pub(super) use values::{Ended, Promotion, Shown, Wanted};
pub use without_store::OnGithub;

/// Carries a promotion out and tells whoever asked.
pub(super) async fn promote(work: &Work, job: &Promote) -> Result<Outcome, Stop> {
    let repository = work.repository(&job.place).await?;
    let base = work.default_branch(&repository, &job.place).await?;
    // Whoever queued the job may have known the head; a second attempt comes later.
    let known = job.head.as_ref().filter(|_| work.attempt.claim.attempt == 1);
    let (head, tree) = match known.and_then(Head::parse) {
        Some(head) => head,
        None => match repository.fetch_head(&base).await? {
            Some(commit) => (commit.sha, commit.tree),
            None => {
                // No commit yet, or a repository that is not reached: only the second is an error.
                repository.fetch_default_branch().await?;
                return Ok(Outcome::Done(Vec::new()));
            }
        },
    };
    let snapshot = Snapshot::open(&repository, &head, &tree).await?;
    let (ended, next) = Box::pin(run(work, job, &repository, &base, snapshot)).await?;
    if let Ended::Several(keys) = &ended {
        let each = keys.iter().map(|key| work.follow_up(&Job::Promote(job.of(key))));
        return Ok(Outcome::Done(each.collect()));
    }
    metric::promotion(ended.outcome());
    tracing::info!(
        repo.name = %repository.name(),
        application = job.pair.application,
        source = job.pair.source,
        target = job.pair.target,
        commit = %head,
        outcome = ended.outcome(),
        pull_request = ended.shown().map(|shown| shown.number.get()),
        "a promotion ended"
    );
    tell_outside(work, job, &head, &ended).await?;
    tell::report(work, &repository, &head, job, &ended).await?;
    if next.as_ref().is_none_or(|next| next.kind != STEP) {
        tell::tell(work, &repository, job, &ended).await?;
    }
    Ok(Outcome::Done(next.into_iter().collect()))
}

/// Tells those outside GitHub who want to hear of it.
async fn tell_outside(
    work: &Work,
    job: &Promote,
    head: &CommitSha,
    ended: &Ended,
) -> Result<(), Stop> {
    match ended {
        Ended::Broken { because, .. } => {
            let newest = match job.key() {
                Some(key) => work.app.store.newest_promotion(&job.place.key(), pair(&key)).await?,
                None => None,
            };
            let open = newest.filter(|it| it.state == crate::store::PromotionState::Open);
            let number = open.and_then(|record| record.pull_request);
            work.tell_failed(job, number, &format!("{head} {because}"), because).await
        }
        _ => match ended.shown().filter(|_| ended.shows()) {
            Some(shown) => work.tell_opened(&job.place, shown.number().get()).await,
            None => Ok(()),
        },
    }
}

async fn run(
    work: &Work,
    job: &Promote,
    repository: &Repository,
    base: &BranchName,
    snapshot: Snapshot,
) -> Result<(Ended, Option<NewJob>), Stop> {
    let Some(key) = job.key() else {
        return Ok((Ended::Refused("these are no names of environments".to_owned()), None));
    };
    let request = match (job.asked_there, job.asked) {
        (true, _) => Request::AskedThere,
        (false, true) => Request::Asked,
        (false, false) => Request::Moved,
    };
    let all = job.all || brings_all(work, job, &key).await?;
    let asks_github = job.asks_github;
    let wanted = Wanted { key: &key, request, asks_github, all, given: None };
    match Promotion::prepare(Records::InStore(work), repository, base, snapshot, &wanted).await? {
        Ok(mut promotion) => {
            let ended = promotion.settle().await?;
            let steps = !promotion.plan.target.rollouts.is_empty();
            let next = match ended {
                // Whoever asks for what is there already asks for the next step; a program does not.
                Ended::Nothing if steps && !job.several && !job.askers.is_empty() => {
                    let key = key.with(Intent::Step);
                    let step = super::job::Step::asked(job.place.clone(), &key, &job.askers);
                    Some(work.follow_up(&Job::Step(step)))
                }
                _ => outcome::note(work, &job.place, &promotion, &ended).await?,
            };
            Ok((ended, next))
        }
        Err(ended) => {
            if let Ended::Refused(because) = &ended {
                let newest = work.app.store.newest_promotion(&job.place.key(), pair(&key)).await?;
                if let Some(record) = newest {
                    retire(work, repository, record, because).await?;
                }
            }
            let next = outcome::note_unplanned(work, &job.place, &key, &ended).await?;
            Ok((ended, next))
        }
    }
}

/// Whether the open pull request brings over everything that differs: planned again, it still does.
async fn brings_all(work: &Work, job: &Promote, key: &Key) -> Result<bool, Stop> {
    let newest = work.app.store.newest_promotion(&job.place.key(), pair(key)).await?;
    let is_open = |it: &crate::store::PromotionRecord| {
        matches!(
            it.state,
            crate::store::PromotionState::Opening | crate::store::PromotionState::Open
        )
    };
    let Some(record) = newest.filter(is_open) else { return Ok(false) };
    Ok(work.app.standing(&record.id).await?.all)
}

/// The kind of the job that goes on where there is nothing to promote.
const STEP: &str = "step";

/// At most so many errors are told in place of a pull request.
const BLOCKING_TOLD: usize = 10;

impl<'a> Promotion<'a> {
    /// Plans; says how it ended if there can be no plan.
    async fn prepare(
        records: Records<'a>,
        repository: &'a Repository,
        base: &'a BranchName,
        mut snapshot: Snapshot,
        wanted: &Wanted<'a>,
    ) -> Result<Result<Self, Ended>, Stop> {
        let Wanted { key, request, asks_github, all, given } = *wanted;
        let configuration = match snapshot.configuration(given).await? {
            Ok(configuration) => configuration,
            Err(error) => return Ok(Err(broken(&error, error.location()))),
        };
        if given.is_none() {
            records.note_subscriptions(repository.name(), &configuration).await?;
        }
        let (source, target) = match configuration.pipeline.pair(key) {
            Ok(pair) => pair,
            Err(PlanError::WhichApplication { .. }) => {
                let pairs = configuration.pipeline.pairs_of(&key.source, &key.target);
                let each =
                    |(source, target): &(&Environment, &Environment)| target.key_from(&source.name);
                return Ok(Err(match pairs {
                    Ok(pairs) => Ended::Several(pairs.iter().map(each).collect()),
                    Err(error) => unplannable(&error),
                }));
            }
            Err(error) => return Ok(Err(unplannable(&error))),
        };
        let gates = &target.gates;
        let fetched = fetched_on_github(gates, &configuration.remote_bases, repository).await?;
        let checked = CheckedBy { fetched, today: records.clock().today() };
        let pair = (source, target);
        let plan = match snapshot.plan(given, pair, all, Some(&checked)).await? {
            Ok(plan) => plan,
            Err(error) => return Ok(Err(unplannable(&error))),
        };
        let branch = target.pull_request.branch(key);
        let made = MadePlan { key: key.clone(), plan, branch, request };
        let made = made.promotion(records, repository, base, snapshot).await?;
        let Ok(promotion) = made else { return Ok(made) };
        let undone = undone::is_undone(&promotion.records, repository, &promotion.plan).await?;
        Ok(Ok(Self { given, asks_github, all, undone, ..promotion }))
    }

    fn planned(&self) -> Planned {
        if self.plan.is_empty() {
            return Planned::Nothing;
        }
        Planned::Edits { plan: self.plan.id.clone(), base: self.base_digest.clone() }
    }

    /// Whether the gates let a pull request be opened.
    fn opening(&self) -> Opening {
        let blocks = self.plan.target.gates.block_pull_request;
        match self.plan.verdict() {
            Verdict::Blocked { .. } if blocks => Opening::Blocked,
            _ => Opening::Allowed,
        }
    }

    /// What the gates found, in place of a pull request.
    fn blocked(&self) -> Ended {
        let blocking: Vec<_> = self.plan.findings.iter().filter(|f| f.blocks()).collect();
        let told = blocking.iter().take(BLOCKING_TOLD).map(|finding| finding.to_string());
        let because = format!(
            "the gates find new errors, and `gates.blockPullRequest` keeps the pull request from being \
             opened:\n{}",
            told.collect::<Vec<_>>().join("\n")
        );
        Ended::Broken { because, at: blocking.first().and_then(|finding| finding.location.clone()) }
    }

    /// Looks at what is there, decides, carries it out.
    async fn settle(&mut self) -> Result<Ended, Stop> {
        tracing::Span::current().record("plan.id", self.plan.id.as_str());
        if let Some(shown) = self.remembered_as_unchanged() {
            return Ok(Ended::Unchanged(shown));
        }
        let mut there = self.find_existing().await?;
        loop {
            let planned = self.planned();
            let presence = there.presence.clone();
            let opening = self.opening();
            let (request, undone) = (self.request, self.undone);
            let situation = Situation { planned, request, opening, undone, there: presence };
            let decision = decide(&situation);
            tracing::info!(?decision, "decided");
            let open = there.pull_request.as_ref();
            return match (decision, open) {
                (Decision::Leave(Reason::NothingToPromote), _) => Ok(Ended::Nothing),
                (Decision::Leave(Reason::ClosedByPerson | Reason::Undone), _) => {
                    Ok(Ended::Declined)
                }
                (Decision::Leave(Reason::Blocked), _) => Ok(self.blocked()),
                (Decision::Leave(Reason::Unchanged), Some(open)) => {
                    self.remember_as_open(open).await?;
                    Ok(Ended::Unchanged(Shown::of(open)))
                }
                (Decision::Close, Some(open)) => {
                    let foreign = there.is_foreign();
                    self.close(open, foreign).await
                }
                (Decision::TellForeign, Some(open)) => self.tell_foreign(open).await,
                (Decision::Renew, Some(open)) => self.renew(open).await,
                (Decision::Complete, Some(open)) => {
                    self.complete(open, there.made_on.as_ref()).await
                }
                (Decision::Open, _) => match self.open().await? {
                    OpenAttempt::Ended(ended) => Ok(ended),
                    // Somebody else opened one meanwhile, or reopened what a person had closed.
                    OpenAttempt::OneIsOpen(open) => {
                        there = self.open_there(*open).await?;
                        continue;
                    }
                },
                // Decisions about an open pull request come with one.
                (_, None) => Ok(Ended::Nothing),
            };
        }
    }

    /// The pull request of which we remember that it is open, complete and shows exactly this; then
    /// GitHub need not be asked when a push brings us here.
    fn remembered_as_unchanged(&self) -> Option<Shown> {
        let record = self.record.as_ref()?;
        let same =
            record.plan_id == self.plan.id.as_str() && record.base_digest == self.base_digest;
        let open = record.state == crate::store::PromotionState::Open;
        let number = record.pull_request?;
        let believed = self.request == Request::Moved && !self.asks_github;
        (believed && same && open && !self.plan.is_empty()).then_some(Shown {
            number,
            url: None,
            head: Some(record.head_commit.clone()),
        })
    }

    fn proposal(&self, previous: Option<&str>) -> Result<Proposal, Ended> {
        self.proposal_of(&self.plan, previous)
    }

    fn proposal_of(&self, plan: &Plan, previous: Option<&str>) -> Result<Proposal, Ended> {
        let proposal = match (&self.undoing, &self.stepping) {
            (Some(undoing), _) => crate::promotion::propose_undo(plan, undoing, previous),
            (None, Some(stepping)) => crate::promotion::propose_step(plan, stepping, previous),
            (None, None) => crate::promotion::propose(plan, previous),
        };
        proposal.map_err(|error| broken(&error, None))
    }
}
