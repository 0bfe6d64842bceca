//! A promotion on GitHub: look, decide, carry out.
//!
//! Every step can be lost and done again. The order of writes is the promise: a commit nobody sees, then
//! our note of it, then the branch, then the pull request. Before each write the lease is asked for, so
//! that a worker that was overtaken writes nothing more.

mod carry_out;
mod presence;

use std::sync::Arc;

use crate::config::RepositoryConfig;
use crate::github::{Annotation, Conclusion, GithubError, Reaction, Report, Repository, TreeSha};
use crate::model::{BranchName, CommitSha, EnvironmentName, Location, PullRequestNumber};
use crate::promotion::{
    Decision, Plan, PlanError, Planned, Proposal, Reason, Request, Situation, decide,
};
use crate::store::PromotionRecord;
use crate::telemetry::metric;

use super::answer::{Matter, USAGE, quote};
use super::job::{Head, Promote};
use super::perform::{Stop, Work};
use super::snapshot::{Snapshot, digest};
use super::worker::{Outcome, chain};

/// How a promotion ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// A pull request was opened.
    Created(PullRequestNumber),
    /// The open one was brought up to date.
    Updated(PullRequestNumber),
    /// The open one shows this plan already.
    Unchanged(PullRequestNumber),
    /// The open one was closed, since nothing is left.
    Closed(PullRequestNumber),
    /// There is nothing to promote.
    Nothing,
    /// A person closed exactly this.
    Declined,
    /// Somebody else's commits are on the branch; the pull request, if one is open.
    Foreign(Option<PullRequestNumber>),
    /// It cannot be asked for like that: environments that do not exist, or not in this direction.
    Refused(String),
    /// The configuration or an overlay is broken.
    Broken { because: String, at: Option<Location> },
}

impl Ended {
    const fn outcome(&self) -> &'static str {
        match self {
            Self::Created(_) => "created",
            Self::Updated(_) => "updated",
            Self::Unchanged(_) => "unchanged",
            Self::Closed(_) => "closed",
            Self::Nothing | Self::Declined => "none",
            Self::Foreign(_) => "foreign",
            Self::Refused(_) => "refused",
            Self::Broken { .. } => "failed",
        }
    }

    const fn number(&self) -> Option<PullRequestNumber> {
        match self {
            Self::Created(number)
            | Self::Updated(number)
            | Self::Unchanged(number)
            | Self::Closed(number) => Some(*number),
            Self::Foreign(number) => *number,
            Self::Nothing | Self::Declined | Self::Refused(_) | Self::Broken { .. } => None,
        }
    }

    /// What to say to whoever asked; `None` where a reaction says it all.
    fn text(&self, job: &Promote) -> Option<String> {
        let Promote { source, target, .. } = job;
        match self {
            Self::Created(_) | Self::Updated(_) => None,
            Self::Unchanged(number) => Some(format!("Nothing changed: {number} is up to date.")),
            Self::Closed(number) => Some(format!(
                "Nothing is left to promote from `{source}` to `{target}`, so {number} was closed."
            )),
            Self::Nothing | Self::Declined => {
                Some(format!("There is nothing to promote from `{source}` to `{target}`."))
            }
            Self::Foreign(Some(number)) => Some(format!(
                "{number} has commits that are not Overlift's; they were left alone. \
                 `/promote` there makes its branch anew."
            )),
            Self::Foreign(None) => Some(
                "The promotion's branch has commits that are not Overlift's and no pull request; \
                 it was left alone. Delete the branch, or open a pull request from it."
                    .to_owned(),
            ),
            Self::Refused(because) => {
                Some(format!("This cannot be promoted:\n\n{}\n\n{USAGE}", quote(because)))
            }
            Self::Broken { because, .. } => Some(format!(
                "The promotion from `{source}` to `{target}` cannot be planned:\n\n{}",
                quote(because)
            )),
        }
    }
}

/// A promotion with all that is needed to decide and carry it out.
pub(super) struct Promotion<'a> {
    work: &'a Work,
    repository: &'a Repository,
    /// The default branch.
    base: &'a BranchName,
    snapshot: Snapshot,
    configuration: Arc<RepositoryConfig>,
    plan: Plan,
    /// What the edited files are now.
    base_digest: String,
    /// The head branch.
    branch: BranchName,
    request: Request,
    /// What we did last for this pair.
    record: Option<PromotionRecord>,
}

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
            None => return Ok(Outcome::Done(Vec::new())),
        },
    };
    let ended = run(work, job, &repository, &base, &head, &tree).await?;
    metric::promotion(ended.outcome());
    tracing::info!(
        repo.name = %repository.name(),
        source = job.source,
        target = job.target,
        commit = %head,
        outcome = ended.outcome(),
        pull_request = ended.number().map(PullRequestNumber::get),
        "a promotion ended"
    );
    if let Ended::Broken { because, at } = &ended {
        report_failure(work, &repository, &head, job, because, at.as_ref()).await?;
    }
    tell(work, &repository, job, &ended).await?;
    Ok(Outcome::Done(Vec::new()))
}

async fn run(
    work: &Work,
    job: &Promote,
    repository: &Repository,
    base: &BranchName,
    head: &CommitSha,
    tree: &TreeSha,
) -> Result<Ended, Stop> {
    let (Ok(source), Ok(target)) =
        (EnvironmentName::parse(&job.source), EnvironmentName::parse(&job.target))
    else {
        return Ok(Ended::Refused("these are no names of environments".to_owned()));
    };
    let mut snapshot = Snapshot::open(repository, head, tree).await?;
    let configuration = match snapshot.configuration().await? {
        Ok(configuration) => Arc::new(configuration),
        Err(error) => {
            let at = error.location().cloned();
            return Ok(Ended::Broken { because: chain(&error), at });
        }
    };
    let plan = match snapshot.plan(&configuration, &source, &target).await? {
        Ok(plan) => plan,
        Err(error) => return Ok(unplannable(&error)),
    };
    let branch = match configuration.pull_request.branch(&source, &target) {
        Ok(branch) => branch,
        Err(error) => return Ok(Ended::Broken { because: chain(&error), at: None }),
    };
    let record =
        work.app.store.newest_promotion(&job.place.key(), source.as_str(), target.as_str()).await?;
    let base_digest = digest(&snapshot.tree, plan.file_edits().map(|edit| &edit.path));
    let request = match (job.anew, job.asked) {
        (true, _) => Request::AskedThere,
        (false, true) => Request::Asked,
        (false, false) => Request::Moved,
    };
    let promotion = Promotion {
        work,
        repository,
        base,
        snapshot,
        configuration,
        plan,
        base_digest,
        branch,
        request,
        record,
    };
    promotion.settle().await
}

impl Promotion<'_> {
    fn planned(&self) -> Planned {
        if self.plan.is_empty() {
            return Planned::Nothing;
        }
        Planned::Edits { plan: self.plan.id.clone(), base: self.base_digest.clone() }
    }

    /// Looks at what is there, decides, carries it out.
    async fn settle(mut self) -> Result<Ended, Stop> {
        if let Some(number) = self.remembered_as_unchanged() {
            return Ok(Ended::Unchanged(number));
        }
        let mut there = self.look().await?;
        loop {
            let planned = self.planned();
            let presence = there.presence.clone();
            let situation = Situation { planned, request: self.request, there: presence };
            let decision = decide(&situation);
            tracing::info!(plan.id = self.plan.id.as_str(), ?decision, "decided");
            let open = there.pull_request.as_ref();
            return match (decision, open) {
                (Decision::Leave(Reason::NothingToPromote), _) => Ok(Ended::Nothing),
                (Decision::Leave(Reason::ClosedByPerson), _) => Ok(Ended::Declined),
                (Decision::Leave(Reason::Unchanged), Some(open)) => {
                    let number = open.number;
                    self.remember_as_open(open).await?;
                    Ok(Ended::Unchanged(number))
                }
                (Decision::Close, Some(open)) => {
                    let foreign = there.is_foreign();
                    self.close(open, foreign).await
                }
                (Decision::TellForeign, Some(open)) => self.tell_foreign(open).await,
                (Decision::Renew, Some(open)) => self.renew(open).await,
                (Decision::Complete, Some(open)) => self.complete(open).await,
                (Decision::Open, _) => match self.open().await? {
                    carry_out::Opening::Ended(ended) => Ok(ended),
                    // Somebody else opened one meanwhile, or reopened what a person had closed.
                    carry_out::Opening::OneIsOpen(open) => {
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
    fn remembered_as_unchanged(&self) -> Option<PullRequestNumber> {
        let record = self.record.as_ref()?;
        let same =
            record.plan_id == self.plan.id.as_str() && record.base_digest == self.base_digest;
        let open = record.state == crate::store::PromotionState::Open;
        let number = PullRequestNumber::new(u64::try_from(record.pull_request?).ok()?)?;
        (self.request == Request::Moved && same && open && !self.plan.is_empty()).then_some(number)
    }

    fn proposal(&self, previous: Option<&str>) -> Result<Proposal, Ended> {
        crate::promotion::propose(&self.plan, &self.configuration.pull_request, previous)
            .map_err(|error| Ended::Broken { because: chain(&error), at: None })
    }
}

fn unplannable(error: &PlanError) -> Ended {
    match error {
        PlanError::UnknownEnvironment { .. } | PlanError::NotAllowed { .. } => {
            Ended::Refused(error.to_string())
        }
        _ => Ended::Broken { because: chain(error), at: error.location().cloned() },
    }
}

/// Shows a promotion that cannot be planned on the commit, with file and line.
async fn report_failure(
    work: &Work,
    repository: &Repository,
    commit: &CommitSha,
    job: &Promote,
    because: &str,
    at: Option<&Location>,
) -> Result<(), Stop> {
    work.hold().await?;
    let name = format!("overlift/{}-to-{}", job.source, job.target);
    let annotation =
        |at: &Location| Annotation { at: at.clone(), failure: true, message: because.to_owned() };
    let annotations: Vec<Annotation> = at.map(annotation).into_iter().collect();
    let report = Report {
        commit,
        name: &name,
        conclusion: Conclusion::Failure,
        title: because.lines().next().unwrap_or_default(),
        summary: &quote(because),
        annotations: &annotations,
    };
    match repository.report(&report).await {
        Ok(_) => Ok(()),
        // The person who asked is told all the same, and the log has it.
        Err(error @ (GithubError::Forbidden { .. } | GithubError::NotFound { .. })) => {
            tracing::warn!(%error, "a failed promotion cannot be shown on the commit");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// Tells everybody who asked in a comment how it ended.
async fn tell(
    work: &Work,
    repository: &Repository,
    job: &Promote,
    ended: &Ended,
) -> Result<(), Stop> {
    let reaction = match ended {
        Ended::Created(_) | Ended::Updated(_) => Reaction::Rocket,
        Ended::Unchanged(_) | Ended::Closed(_) | Ended::Nothing | Ended::Declined => {
            Reaction::ThumbsUp
        }
        Ended::Foreign(_) | Ended::Refused(_) | Ended::Broken { .. } => Reaction::Confused,
    };
    let text = ended.text(job);
    for asker in &job.askers {
        let Some(number) = PullRequestNumber::new(asker.number) else { continue };
        work.hold().await?;
        repository.react(asker.comment, reaction).await?;
        if let Some(text) = &text {
            work.app.say(repository, number, Matter::Command(asker.comment), text).await?;
        }
    }
    Ok(())
}

/// Tells everybody who asked that the job was given up.
pub(super) async fn tell_parked(work: &Work, job: &Promote, because: &str) -> Result<(), Stop> {
    if job.askers.is_empty() {
        return Ok(());
    }
    let repository = work.repository(&job.place).await?;
    let text = format!(
        "The promotion from `{}` to `{}` was given up:\n\n{}\n\nWhoever runs Overlift can try it \
         again (`overlift queue`), or ask once more here.",
        job.source,
        job.target,
        quote(because)
    );
    for asker in &job.askers {
        if let Some(number) = PullRequestNumber::new(asker.number) {
            work.app.say(&repository, number, Matter::Command(asker.comment), &text).await?;
        }
    }
    Ok(())
}
