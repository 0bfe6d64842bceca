//! A check of ours that GitHub's rules require is awaited on whatever is merged into the branch: on commits that it
//! has nothing to say of, it says so.
//!
//! GitHub asks each required check of every pull request, and in a merge queue of the queue's own commits. Without
//! this, requiring `Overlift / production` would keep all but promotions into production from being merged.
//! Nothing is written where no rule asks for it.

use crate::github::{CheckState, GithubError, PullRequest, Repository, StandingCheck};
use crate::model::{BranchName, CommitSha, PullRequestNumber, RepoName};
use crate::store::{NewJob, PromotionRecord};

use super::job::{Clear, Exempt, ExemptOf, Job, PullRequestHead, RepositoryAddress};
use super::pull_request_preview::CHECK as PREVIEW;
use super::standing::check_of;
use super::stored_key::key_of;
use super::work::{Stop, Work};
use super::worker::Outcome;

/// Reports what is required and has nothing to say.
pub(super) async fn exempt(work: &Work, job: &Exempt) -> Result<Outcome, Stop> {
    let repository = work.repository(&job.place).await?;
    let base = work.default_branch(&repository, &job.place).await?;
    // Promotions go into the default branch, and nobody asks for their checks elsewhere. Only what was shown once
    // can be required: https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/troubleshooting-required-status-checks
    if job.base_branch != base.as_str() || !work.app.store.has_promotions(&job.place.key()).await? {
        return Ok(Outcome::Done(Vec::new()));
    }
    let required = required(&repository, &base).await?;
    newly_required(work, &repository, job, &base, &required).await?;
    let open = work.app.store.open_promotions(&job.place.key()).await?;
    let own = open.iter().find(|record| is_made_of(job, record));
    let Some(silent) = job.silent_on(&required, own, &open) else {
        return Ok(Outcome::Done(Vec::new()));
    };
    if let Ok(commit) = CommitSha::parse(&job.commit) {
        for name in silent {
            if !report(work, &repository, &commit, name).await? {
                break;
            }
        }
    }
    let group = own.and_then(|record| clear_group(work, job, record));
    Ok(Outcome::Done(group.into_iter().collect()))
}

/// The checks of ours that the branch's rules require.
async fn required(repository: &Repository, base: &BranchName) -> Result<Vec<String>, Stop> {
    let rules = repository.fetch_branch_rules(base).await?;
    let ours = |name: &String| name == PREVIEW || name.starts_with(&check_of(""));
    Ok(rules.required_checks.into_iter().filter(ours).collect())
}

/// A check that was not required before is awaited on all pull requests that are open already: they are told too.
async fn newly_required(
    work: &Work,
    repository: &Repository,
    job: &Exempt,
    base: &BranchName,
    required: &[String],
) -> Result<(), Stop> {
    let (store, name) = (&work.app.store, job.place.key());
    let before = store.required_checks(&name).await?;
    if before == required {
        return Ok(());
    }
    if required.iter().any(|check| !before.contains(check)) {
        let open = repository.fetch_open_pull_requests(base).await?;
        let others = open.iter().filter(|found| found.head.as_str() != job.commit);
        let exempt = |found| Job::Exempt(of_open(&job.place, repository.name(), found));
        let jobs = others.map(|found| work.follow_up(&exempt(found))).collect();
        // Before it is noted: whoever dies between the two does it again, and nobody is left out.
        store.enqueue(jobs, work.app.clock.now()).await?;
        work.app.wake.notify_one();
    }
    Ok(store.note_required_checks(&name, required).await?)
}

fn of_open(place: &RepositoryAddress, here: &RepoName, found: &PullRequest) -> Exempt {
    let head = PullRequestHead {
        number: found.number.get(),
        base_branch: &found.base_branch,
        commit: found.head.as_str(),
        branch: &found.head_branch,
        is_here: found.head_repository.as_ref() == Some(here),
        body: &found.body,
    };
    Exempt::of_pull_request(place, head)
}

/// Whether it is about the pull request of this promotion.
fn is_made_of(job: &Exempt, record: &PromotionRecord) -> bool {
    let number = record.pull_request.map(PullRequestNumber::get);
    match &job.of {
        ExemptOf::PullRequest { from_elsewhere: true, .. } => false,
        ExemptOf::PullRequest { number: of, head_branch, .. } => {
            record.branch.as_str() == head_branch && number.is_none_or(|number| number == *of)
        }
        ExemptOf::MergeGroup { number: of } => of.is_some() && number == *of,
    }
}

impl Exempt {
    /// Which of the required checks have nothing to say of the commit; `None` while nobody knows.
    fn silent_on<'a>(
        &self,
        required: &'a [String],
        own: Option<&PromotionRecord>,
        open: &[PromotionRecord],
    ) -> Option<Vec<&'a String>> {
        match &self.of {
            // It says that it is a promotion, and whoever looks at that tells us if it is none.
            ExemptOf::PullRequest { says_it_is_ours: true, from_elsewhere: false, .. }
                if own.is_none() =>
            {
                return None;
            }
            // Any of them may be in it.
            ExemptOf::MergeGroup { number: None } if !open.is_empty() => return None,
            _ => {}
        }
        // Checks are of commits: what is said of this one is said of whoever has it as its head.
        let speaks_for_itself = |record: &&PromotionRecord| {
            record.head_commit.as_str() == self.commit || Some(*record) == own
        };
        let taken: Vec<String> =
            open.iter().filter(speaks_for_itself).map(|it| check_of(&it.target)).collect();
        let is_previewed = match &self.of {
            // Somebody else's commits on a promotion's branch have no preview.
            ExemptOf::PullRequest { .. } => {
                own.is_none_or(|own| own.head_commit.as_str() != self.commit)
            }
            ExemptOf::MergeGroup { .. } => false,
        };
        let silent = |name: &&String| match name.as_str() {
            PREVIEW => !is_previewed,
            name => !taken.iter().any(|taken| taken == name),
        };
        Some(required.iter().filter(silent).collect())
    }
}

/// What holds the promotion that a merge queue's commit is made of is shown there by whoever decides it.
fn clear_group(work: &Work, job: &Exempt, record: &PromotionRecord) -> Option<NewJob> {
    let ExemptOf::MergeGroup { .. } = job.of else { return None };
    let mut clear = Clear::new(job.place.clone(), &key_of(record)?);
    clear.asked = true;
    clear.group = Some(job.commit.clone());
    Some(work.follow_up(&Job::Clear(clear)))
}

/// Reports a success; `false` if the credential may report nothing.
async fn report(
    work: &Work,
    repository: &Repository,
    commit: &CommitSha,
    name: &str,
) -> Result<bool, Stop> {
    let (title, summary) = match name.strip_prefix(&check_of("")) {
        Some(target) => (
            format!("No promotion into {target}"),
            "Holds are of promotions; this is required of everything that is merged here.",
        ),
        None => (
            "Previewed on the pull request".to_owned(),
            "A promotion's own text says more, and a merge queue's commit is previewed on its pull request.",
        ),
    };
    work.hold().await?;
    let state = CheckState::Success;
    let check = StandingCheck { commit, name, state, title: &title, summary };
    match repository.show_check(&check, None).await {
        Ok(_) => Ok(true),
        Err(error @ (GithubError::Forbidden { .. } | GithubError::NotFound { .. })) => {
            tracing::warn!(%error, "a required check cannot be reported");
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}
