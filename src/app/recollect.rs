//! Promotions that the store does not know, read from GitHub: after its loss, and those that the command or the
//! Action opened.
//!
//! A pull request is ours if its branch is the one that the configuration gives it and its last commit has the
//! trailers of just that promotion. Its text decides nothing.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::config::RepositoryConfig;
use crate::github::{Commit, PullRequest, PullRequestState, Repository, Search};
use crate::model::{BranchName, CommitSha, PullRequestNumber};
use crate::promotion::{Environment, Intent, Key, Trailers, step_branch, undo_branch};
use crate::store::{Millis, PromotionRecord, PromotionState};

use super::job::{Job, Promote, RepositoryAddress, Step, StoredAim, Undo};
use super::snapshot::Snapshot;
use super::standing::Standing;
use super::work::{Stop, Work};

/// So many merged pull requests of an environment are looked through for its last promotion.
const MOST_MERGED: usize = 20;

/// What is found out of a pull request that the store does not know.
pub(super) enum Found {
    /// It was merged; the store knows it now.
    Merged,
    /// It is open, or ended and a promotion's by its branch: this takes it on.
    TakenOnBy(Box<Job>),
}

/// Looks at a pull request that the store does not know; `None` if it is none of ours.
pub(super) async fn recollect(
    work: &Work,
    place: &RepositoryAddress,
    number: PullRequestNumber,
) -> Result<Option<Found>, Stop> {
    let repository = work.repository(place).await?;
    let Some(found) = repository.fetch_pull_request(number).await? else { return Ok(None) };
    let base = work.default_branch(&repository, place).await?;
    let Some(head) = repository.fetch_head(&base).await? else { return Ok(None) };
    let mut snapshot = Snapshot::open(&repository, &head.sha, &head.tree).await?;
    let Ok(configuration) = snapshot.configuration(None).await? else { return Ok(None) };
    let recollection = Recollection::new(work, &repository, &base, place, &configuration);
    if !matches!(found.state, PullRequestState::Merged(_)) {
        let job = recollection.job_of(found).await?;
        return Ok(job.map(|job| Found::TakenOnBy(Box::new(job))));
    }
    let promotion = recollection.promotion_of(&found);
    let ours = recollection.ours(found).await?;
    let Some((ours, record)) = ours.and_then(|ours| {
        let record = recollection.record(&ours, None)?;
        Some((ours, record))
    }) else {
        let again = promotion.map(|key| Job::Promote(Promote::new(place.clone(), &key)));
        return Ok(again.map(|job| Found::TakenOnBy(Box::new(job))));
    };
    let standing = Standing { step: ours.aim(), ..Standing::default() };
    work.app.note_standing(&record.id, &standing).await?;
    work.app.store.recollect_promotions(&[record], work.app.clock.now()).await?;
    Ok(Some(Found::Merged))
}

/// A pull request of ours.
struct Ours {
    pull_request: PullRequest,
    key: Key,
    trailers: Trailers,
    commit: Commit,
}

impl Ours {
    /// The step that it takes.
    fn aim(&self) -> Option<StoredAim> {
        let step = self.trailers.step.as_ref()?;
        Some(StoredAim {
            virtual_service: step.virtual_service.to_string(),
            to: step.to.clone(),
            share: step.share,
            back: step.back,
            because: None,
        })
    }
}

/// Where promotions are looked for, and what they are told by.
pub(super) struct Recollection<'a> {
    work: &'a Work,
    repository: &'a Repository,
    base: &'a BranchName,
    place: &'a RepositoryAddress,
    /// The promotions that a branch can be of.
    branches: BTreeMap<String, Vec<Key>>,
}

impl<'a> Recollection<'a> {
    pub(super) fn new(
        work: &'a Work,
        repository: &'a Repository,
        base: &'a BranchName,
        place: &'a RepositoryAddress,
        configuration: &RepositoryConfig,
    ) -> Self {
        let mut branches: BTreeMap<String, Vec<Key>> = BTreeMap::new();
        for (source, target) in configuration.pipeline.pairs() {
            let key = target.key_from(&source.name);
            for (intent, branch) in [
                (Intent::Promote, target.pull_request.branch(&key)),
                (Intent::Undo, undo_branch(&key)),
                (Intent::Step, step_branch(&key)),
            ] {
                let Ok(branch) = branch else { continue };
                let keys = branches.entry(branch.as_str().to_owned()).or_default();
                keys.push(key.clone().with(intent));
            }
        }
        Self { work, repository, base, place, branches }
    }

    /// What takes on the pull requests that are open.
    pub(super) async fn open(&self) -> Result<Vec<Job>, Stop> {
        let known = self.work.app.store.open_promotions(&self.place.key()).await?;
        let is_known = |found: &PullRequest| {
            known.iter().any(|record| record.branch.as_str() == found.head_branch)
                || !self.branches.contains_key(&found.head_branch)
        };
        let mut jobs = Vec::new();
        for found in self.repository.fetch_open_pull_requests(self.base).await? {
            if self.is_here(&found) && !is_known(&found) {
                jobs.extend(self.job_of(found).await?);
            }
        }
        Ok(jobs)
    }

    /// What takes a pull request on. A promotion's is known by its branch, whatever is on it.
    async fn job_of(&self, found: PullRequest) -> Result<Option<Job>, Stop> {
        let place = self.place.clone();
        if let Some(key) = self.promotion_of(&found) {
            return Ok(Some(Job::Promote(Promote::new(place, &key))));
        }
        let is_open = found.state == PullRequestState::Open;
        let Some(ours) = self.ours(found).await?.filter(|_| is_open) else { return Ok(None) };
        Ok(match ours.key.intent {
            Intent::Promote => None,
            Intent::Step => Some(Job::Step(Step::new(place, &ours.key, ours.aim()))),
            Intent::Undo => self.undone_by(&ours).await?.map(|number| {
                let (merges, because, askers, again) = (false, None, Vec::new(), true);
                Job::Undo(Undo { place, number, merges, because, askers, again })
            }),
        })
    }

    /// The promotion that a pull request's branch belongs to.
    fn promotion_of(&self, found: &PullRequest) -> Option<Key> {
        let keys = self.branches.get(&found.head_branch).filter(|_| self.is_here(found))?;
        keys.iter().find(|key| key.intent == Intent::Promote).cloned()
    }

    /// The pull request of what an undoing takes back.
    async fn undone_by(&self, undoing: &Ours) -> Result<Option<u64>, Stop> {
        let Some(plan) = &undoing.trailers.undoes else { return Ok(None) };
        let merged = self.merged(|key| {
            key.application == undoing.key.application
                && key.target == undoing.key.target
                && key.intent != Intent::Undo
        });
        for found in merged.await?.into_iter().take(MOST_MERGED) {
            let ours = self.ours(found).await?.filter(|ours| ours.trailers.plan == *plan);
            let Some((ours, record)) = ours.and_then(|ours| {
                let record = self.record(&ours, None)?;
                Some((ours, record))
            }) else {
                continue;
            };
            // Whoever plans the undoing again looks for it there.
            let (store, now) = (&self.work.app.store, self.work.app.clock.now());
            store.recollect_promotions(&[record], now).await?;
            return Ok(Some(ours.pull_request.number.get()));
        }
        Ok(None)
    }

    /// Notes what was merged into an environment of which the store knows nothing: back to its last promotion,
    /// and how far the steps after it got.
    pub(super) async fn merged_into(&self, target: &Environment) -> Result<(), Stop> {
        let (store, now) = (&self.work.app.store, self.work.app.clock.now());
        let application = target.application.as_ref().map_or("", |name| name.as_str());
        let place = self.place.key();
        let known = store.merged_promotions(&place, application, target.name.as_str());
        if target.from.is_empty() || !known.await?.is_empty() {
            return Ok(());
        }
        let is_its = |key: &Key| key.application == target.application && key.target == target.name;
        let mut records: Vec<PromotionRecord> = Vec::new();
        for found in self.merged(is_its).await?.into_iter().take(MOST_MERGED) {
            let Some(ours) = self.ours(found).await?.filter(|ours| is_its(&ours.key)) else {
                continue;
            };
            let by =
                records.iter().find(|it| it.undoes.as_deref() == Some(ours.trailers.plan.as_str()));
            let undone_at = by.and_then(|undoing| undoing.merged_at);
            let Some(record) = self.record(&ours, undone_at) else { continue };
            let standing = match records.is_empty() {
                true => self.standing(&ours).await?,
                false => Standing { step: ours.aim(), ..Standing::default() },
            };
            self.work.app.note_standing(&record.id, &standing).await?;
            records.push(record);
            if ours.key.intent == Intent::Promote {
                break;
            }
        }
        // All at once: with one of them the environment counts as known.
        Ok(store.recollect_promotions(&records, now).await?)
    }

    /// How what was merged last stands: whether the step that follows it was begun.
    async fn standing(&self, newest: &Ours) -> Result<Standing, Stop> {
        let mut standing = Standing { step: newest.aim(), ..Standing::default() };
        let Ok(branch) = step_branch(&newest.key) else { return Ok(standing) };
        let after = &newest.pull_request;
        let steps = self.repository.find_pull_requests(&branch, self.base, Search::All).await?;
        // They are listed newest first.
        let next = steps
            .into_iter()
            .find(|step| step.number > after.number && step.created_ms >= after.merged_ms);
        let Some(next) = next else { return Ok(standing) };
        standing.step_begun = true;
        let aim = self.ours(next).await?.and_then(|next| next.aim());
        standing.back_begun = aim.is_some_and(|aim| aim.back);
        Ok(standing)
    }

    /// The merged pull requests of some promotions, those first that were merged last.
    async fn merged(&self, of: impl Fn(&Key) -> bool) -> Result<Vec<PullRequest>, Stop> {
        let branches = self.branches.iter().filter(|(_, keys)| keys.iter().any(&of));
        let mut merged = Vec::new();
        for branch in branches.filter_map(|(name, _)| BranchName::parse(name).ok()) {
            let found = self.repository.find_pull_requests(&branch, self.base, Search::All).await?;
            merged.extend(
                found
                    .into_iter()
                    .filter(|it| matches!(it.state, PullRequestState::Merged(Some(_)))),
            );
        }
        merged.sort_by_key(|it| std::cmp::Reverse((it.merged_ms, it.number)));
        Ok(merged)
    }

    /// A pull request as one of ours, if it is.
    async fn ours(&self, pull_request: PullRequest) -> Result<Option<Ours>, Stop> {
        let keys = self.branches.get(&pull_request.head_branch);
        let Some(keys) = keys.filter(|_| self.is_here(&pull_request)) else { return Ok(None) };
        let Some((commit, trailers)) = self.trailers(&pull_request.head).await? else {
            return Ok(None);
        };
        let intent = match (&trailers.undoes, &trailers.step) {
            (Some(_), _) => Intent::Undo,
            (None, Some(_)) => Intent::Step,
            (None, None) => Intent::Promote,
        };
        let key = trailers.key().with(intent);
        Ok(keys.contains(&key).then_some(Ours { pull_request, key, trailers, commit }))
    }

    /// The commit of ours on a branch, below merges of the default branch into it.
    async fn trailers(&self, tip: &CommitSha) -> Result<Option<(Commit, Trailers)>, Stop> {
        let mut at = tip.clone();
        for _ in 0..=Trailers::MOST_MERGES {
            let Some(commit) = self.repository.fetch_commit(&at).await? else { return Ok(None) };
            if let Some(trailers) = Trailers::parse(&commit.message) {
                return Ok(Some((commit, trailers)));
            }
            match commit.parents.as_slice() {
                [first, _] => at = first.clone(),
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Pull requests of forks and into other branches are nobody's promotion.
    fn is_here(&self, found: &PullRequest) -> bool {
        let own = self.repository.name().to_string();
        let here = |head: &crate::model::RepoName| head.to_string().eq_ignore_ascii_case(&own);
        found.head_repository.as_ref().is_some_and(here) && found.base_branch == self.base.as_str()
    }

    /// What the store would know of a merged one.
    fn record(&self, ours: &Ours, undone_at: Option<Millis>) -> Option<PromotionRecord> {
        let Ours { pull_request, key, trailers, commit } = ours;
        let PullRequestState::Merged(Some(merged_as)) = &pull_request.state else { return None };
        let now = self.work.app.clock.now();
        // Clocks differ: nothing was merged in the future.
        let merged_at = pull_request.merged_ms.unwrap_or(now).min(now);
        let created_at = pull_request.created_ms.unwrap_or(merged_at).clamp(0, merged_at);
        let repository = self.place.key();
        let base = trailers.commit.as_ref().or(commit.parents.first());
        Some(PromotionRecord {
            id: id_of(&repository, pull_request.number, created_at),
            repository,
            application: key.application().to_owned(),
            source: key.source.as_str().to_owned(),
            target: key.target.as_str().to_owned(),
            intent: key.intent.as_str().to_owned(),
            undoes: trailers.undoes.as_ref().map(|plan| plan.as_str().to_owned()),
            branch: BranchName::parse(&pull_request.head_branch).ok()?,
            plan_id: trailers.plan.as_str().to_owned(),
            base_digest: String::new(),
            base_commit: base.cloned(),
            head_commit: pull_request.head.clone(),
            tree: commit.tree.as_str().to_owned(),
            pull_request: Some(pull_request.number),
            state: PromotionState::Merged,
            closed_because: None,
            merged_as: Some(merged_as.clone()),
            merged_at: Some(merged_at),
            merged_by: None,
            undone_at,
            created_at,
        })
    }
}

/// The same for whoever recollects the same, in the form of [`super::fresh_id`].
fn id_of(repository: &str, number: PullRequestNumber, created_at: Millis) -> String {
    let digest = Sha256::digest(format!("{repository} {}", number.get()));
    format!("{created_at:011x}{}", &hex::encode(digest)[..10])
}
