//! Looking at the default branch: which promotions does its head ask for?
//!
//! The answer compares the commit that was looked at last with the head, whatever pushes, polls or
//! restarts were between. So a lost push is made up for by the next look, and many pushes are one.

use std::collections::BTreeSet;

use crate::config::RepositoryConfig;
use crate::github::{
    Annotation, AnnotationLevel, Conclusion, GithubError, Report, Repository, TreeSha,
};
use crate::model::{BranchName, CommitSha, RepoPath};
use crate::promotion::{Environment, Intent, Key, Trigger, quote};
use crate::store::{KnownRepository, Millis, NewJob, PromotionRecord};

use super::causes::chain;
use super::command::undone_by;
use super::environments::note_environments;
use super::job::{Clear, Head, Job, Look, News, Promote, RepositoryAddress, Step};
use super::recollect::Recollection;
use super::snapshot::Snapshot;
use super::stored_key::key_of;
use super::work::{Stop, Work};
use super::worker::Outcome;

/// Looks, and queues what the head asks for.
pub(super) async fn look(work: &Work, job: &Look) -> Result<Outcome, Stop> {
    let repository = work.repository(&job.place).await?;
    let base = work.default_branch(&repository, &job.place).await?;
    let store = &work.app.store;
    let known = store.repository(&job.place.key()).await?;
    let (commit, tree) = match told(work, job, known.as_ref()) {
        Some(head) => head,
        None => match repository.fetch_head(&base).await? {
            Some(head) => (head.sha, head.tree),
            None => return Ok(Outcome::Done(Vec::new())),
        },
    };
    let noted = KnownRepository {
        name: job.place.key(),
        default_branch: Some(base.as_str().to_owned()),
        installation: job.place.installation.and_then(|id| i64::try_from(id).ok()),
        looked_at: Some(commit.as_str().to_owned()),
        looked_tree: Some(tree.as_str().to_owned()),
    };
    let since = since(&repository, job, known.as_ref()).await?;
    let same = matches!(&since, Since::Commit(_, then) if *then == tree);
    if !same {
        let mut now = Snapshot::open(&repository, &commit, &tree).await?;
        let mut jobs = match since {
            Since::Never => Vec::new(),
            _ => asked_for(work, &repository, &job.place, &mut now, &since).await?,
        };
        let is_new = known.as_ref().is_none_or(|known| known.looked_at.is_none());
        jobs.extend(note_health(work, (&repository, &base), &job.place, &mut now, is_new).await?);
        // Queued before the head counts as looked at: the other way round, a crash between would lose them.
        store.enqueue(jobs, work.app.clock.now()).await?;
        work.app.wake.notify_one();
    }
    store.note_repository(&noted, work.app.clock.now()).await?;
    Ok(Outcome::Done(Vec::new()))
}

/// Notes which commits environments run, and looks whether something was heard of them already. Of a repository
/// that is new to us the pull requests that are open are taken on, and what was merged is asked for.
async fn note_health(
    work: &Work,
    (repository, base): (&Repository, &BranchName),
    place: &RepositoryAddress,
    now: &mut Snapshot,
    is_new: bool,
) -> Result<Vec<NewJob>, Stop> {
    let Ok(configuration) = now.configuration(None).await? else { return Ok(Vec::new()) };
    work.note_subscriptions(&place.key(), &configuration).await?;
    let recollection = Recollection::new(work, repository, base, place, &configuration);
    let mut jobs = Vec::new();
    if is_new {
        jobs.extend(recollection.open().await?.iter().map(|job| work.follow_up(job)));
    }
    let wanted = configuration.pipeline.environments().iter().any(|it| it.health.is_some());
    if wanted || !work.app.store.environments(&place.key()).await?.is_empty() {
        note_environments(work, repository, place, now, (&configuration, &recollection)).await?;
    }
    let news = News { place: place.clone(), commits: BTreeSet::new(), all: true };
    jobs.extend(wanted.then(|| work.follow_up(&Job::News(news))));
    Ok(jobs)
}

/// The head as pushes tell it. Believed only if they begin where we looked last: then nothing is newer but
/// what another push will tell. Deliveries come in any order, and an attempt that failed comes late.
fn told(work: &Work, job: &Look, known: Option<&KnownRepository>) -> Option<(CommitSha, TreeSha)> {
    let moved = job.moved.as_ref()?;
    let begins_there = known?.looked_at.as_ref() == Some(&moved.before);
    if !begins_there || work.attempt.claim.attempt > 1 {
        return None;
    }
    moved.head()?.parse()
}

/// What the head is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Since {
    /// The commit that was looked at last, or the one before the first push that we hear of.
    Commit(CommitSha, TreeSha),
    /// All of it is new.
    Beginning,
    /// Nobody pushed as far as we know: what is there now is where we begin.
    Never,
}

async fn since(
    repository: &Repository,
    job: &Look,
    known: Option<&KnownRepository>,
) -> Result<Since, Stop> {
    if let Some(known) = known
        && let (Some(commit), Some(tree)) = (&known.looked_at, &known.looked_tree)
        && let (Ok(commit), Ok(tree)) = (CommitSha::parse(commit), TreeSha::parse(tree))
    {
        return Ok(Since::Commit(commit, tree));
    }
    let Some(moved) = &job.moved else {
        return Ok(if job.pushed { Since::Beginning } else { Since::Never });
    };
    let Ok(before) = CommitSha::parse(&moved.before) else { return Ok(Since::Beginning) };
    Ok(match repository.fetch_commit(&before).await? {
        Some(commit) => Since::Commit(commit.sha, commit.tree),
        None => Since::Beginning,
    })
}

/// The promotions that the head asks for.
async fn asked_for(
    work: &Work,
    repository: &Repository,
    place: &RepositoryAddress,
    now: &mut Snapshot,
    since: &Since,
) -> Result<Vec<NewJob>, Stop> {
    let mut then = open_then(repository, since).await?;
    let configuration = match now.configuration(None).await? {
        Ok(configuration) => configuration,
        Err(error) => {
            let then = then.as_ref();
            tell_broken_configuration(work, repository, place, (now, then), &error).await?;
            return Ok(Vec::new());
        }
    };
    let open = work.app.store.open_promotions(&place.key()).await?;
    let mut jobs = Vec::new();
    for (source, target) in configuration.pipeline.pairs() {
        let is_open = open.iter().any(|record| is_of(record, source, target));
        let overlays: &[&Environment] = match (is_open, target.trigger) {
            (true, _) => &[source, target],
            (false, Trigger::Push) => &[source],
            (false, Trigger::Manual | Trigger::Healthy) => continue,
        };
        if concerns(now, then.as_mut(), overlays, is_open.then_some(&configuration)).await? {
            for record in open.iter().filter(|record| is_of(record, source, target)) {
                jobs.extend(mark_stale(work, place, record, now).await?);
            }
            let head = Head::new(&now.commit, &now.tree.sha);
            let promote = Promote::new(place.clone(), &target.key_from(&source.name));
            let promote = Promote { head: Some(head), ..promote };
            jobs.push(work.follow_up(&Job::Promote(promote)));
        }
    }
    for record in open.iter().filter(|it| it.intent != Intent::Promote.as_str()) {
        let Some(key) = key_of(record) else { continue };
        let target = configuration.pipeline.environment(key.application.as_ref(), &key.target);
        let Some(target) = target else {
            // Of a step of an environment that is gone somebody has to hear.
            let is_step = key.intent == Intent::Step;
            jobs.extend(if is_step { again(work, place, record, &key).await? } else { None });
            continue;
        };
        if concerns(now, then.as_mut(), &[target], Some(&configuration)).await? {
            jobs.extend(mark_stale(work, place, record, now).await?);
            jobs.extend(again(work, place, record, &key).await?);
        }
    }
    jobs.extend(orphans(work, place, &configuration, &open));
    Ok(jobs)
}

/// Plans an open undoing or an open step again.
async fn again(
    work: &Work,
    place: &RepositoryAddress,
    record: &PromotionRecord,
    key: &Key,
) -> Result<Option<NewJob>, Stop> {
    let job = match key.intent {
        Intent::Promote => None,
        Intent::Undo => undone_by(work, place, record).await?.map(Job::Undo),
        Intent::Step => {
            Some(Job::Step(Step { again: true, ..Step::new(place.clone(), key, None) }))
        }
    };
    Ok(job.map(|job| work.follow_up(&job)))
}

/// Until it is planned again, an open promotion is not to be merged. That is told only if it takes a while.
async fn mark_stale(
    work: &Work,
    place: &RepositoryAddress,
    record: &PromotionRecord,
    now: &Snapshot,
) -> Result<Option<NewJob>, Stop> {
    let mut standing = work.app.standing(&record.id).await?;
    let (commit, source, target) = (now.commit.short(), &record.source, &record.target);
    standing.stale =
        Some(format!("{source} or {target} changed in {commit}, and it is not planned again yet"));
    work.app.note_standing(&record.id, &standing).await?;
    let key = key_of(record).filter(|_| standing.shown);
    let told_at = work.app.clock.now() + STALE_TOLD_MS;
    Ok(key.map(|key| work.later(&Job::Clear(Clear::new(place.clone(), &key)), told_at)))
}

/// Planning again takes less than this, nearly always.
const STALE_TOLD_MS: Millis = 30_000;

fn is_of(record: &PromotionRecord, source: &Environment, target: &Environment) -> bool {
    let key = target.key_from(&source.name);
    record.intent == key.intent.as_str()
        && record.application == key.application()
        && record.source == source.name.as_str()
        && record.target == target.name.as_str()
}

/// Open promotions of pairs that the configuration has no more are looked at too, so that somebody hears of it.
fn orphans(
    work: &Work,
    place: &RepositoryAddress,
    configuration: &RepositoryConfig,
    open: &[PromotionRecord],
) -> Vec<NewJob> {
    let pairs: Vec<_> = configuration.pipeline.pairs().collect();
    let orphan = |record: &&PromotionRecord| {
        record.intent == Intent::Promote.as_str()
            && !pairs.iter().any(|(source, target)| is_of(record, source, target))
    };
    let job = |record: &PromotionRecord| {
        let promote = Promote::new(place.clone(), &key_of(record)?);
        Some(work.follow_up(&Job::Promote(promote)))
    };
    open.iter().filter(orphan).filter_map(job).collect()
}

/// The files then; `None` if all is new, or nobody has that commit any more.
async fn open_then(repository: &Repository, since: &Since) -> Result<Option<Snapshot>, Stop> {
    let Since::Commit(commit, tree) = since else { return Ok(None) };
    match Snapshot::open(repository, commit, tree).await {
        Ok(then) => Ok(Some(then)),
        Err(GithubError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether anything changed that these overlays build from, or the configuration if it counts.
async fn concerns(
    now: &mut Snapshot,
    then: Option<&mut Snapshot>,
    overlays: &[&Environment],
    configuration: Option<&RepositoryConfig>,
) -> Result<bool, Stop> {
    let Some(then) = then else { return Ok(true) };
    if let Some(configuration) = configuration
        && now.differs(then, &configuration.inputs)
    {
        return Ok(true);
    }
    for overlay in overlays {
        let below: BTreeSet<RepoPath> =
            now.below(&overlay.path).chain(then.below(&overlay.path)).cloned().collect();
        if now.differs(then, &below) {
            return Ok(true);
        }
        // What it builds from follows from these files: if none of them changed, it built from the same then.
        match now.inputs(&overlay.path).await? {
            Some(after) if !now.differs(then, &after) => {}
            // It cannot be built, so what it builds from is not known: whoever broke it should hear of it.
            _ => return Ok(true),
        }
    }
    Ok(false)
}

/// Shows on the commit that the configuration is broken, if this look is the first to see it so.
///
/// A repository without the file is nobody's fault: the App may be installed on all of an account.
async fn tell_broken_configuration(
    work: &Work,
    repository: &Repository,
    place: &RepositoryAddress,
    (now, then): (&Snapshot, Option<&Snapshot>),
    error: &crate::config::ConfigError,
) -> Result<(), Stop> {
    let because = chain(error);
    tracing::warn!(because, commit = %now.commit, "the configuration cannot be used");
    let path = RepoPath::parse(crate::config::CONFIG_PATH).expect("a fixed path is one");
    let has_file = now.tree.entries.contains_key(&path);
    if !has_file || then.is_some_and(|then| !now.differs(then, [&path])) {
        return Ok(());
    }
    work.tell_refused_configuration(place, now.commit.as_str(), &because).await?;
    work.hold().await?;
    let annotations: Vec<Annotation> = error
        .location()
        .map(|at| Annotation {
            at: at.clone(),
            level: AnnotationLevel::Failure,
            message: because.clone(),
        })
        .into_iter()
        .collect();
    let report = Report {
        commit: &now.commit,
        name: "overlift",
        conclusion: Conclusion::Failure,
        title: because.lines().next().unwrap_or_default(),
        summary: &quote(&because),
        annotations: &annotations,
    };
    match repository.report(&report).await {
        Err(GithubError::Forbidden { .. } | GithubError::NotFound { .. }) | Ok(_) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
