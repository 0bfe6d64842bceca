//! Answering a command in a comment: may this person, and what is meant?

use crate::github::{Permission, PullRequestState, Reaction};
use crate::model::PullRequestNumber;
use crate::promotion::{Intent, Key, Trailers, quote};
use crate::store::{PromotionRecord, PromotionState};

use super::allowed;
use super::comment::{Topic, USAGE, write_comment};
use super::job::{
    Asker, Asks, Clear, Command, Job, Promote, Release, RepositoryAddress, Step, Undo,
};
use super::recollect::{Found, recollect};
use super::stored_key::key_of;
use super::work::{Stop, Work};
use super::worker::Outcome;

/// Answers.
pub(super) async fn command(work: &Work, job: &Command) -> Result<Outcome, Stop> {
    let repository = work.repository(&job.place).await?;
    let Some(number) = PullRequestNumber::new(job.number) else {
        return Ok(Outcome::Done(Vec::new()));
    };
    if !allowed::is_first(work, job).await? {
        return Ok(Outcome::Done(Vec::new()));
    }
    let Some(permission) = allowed::permission(work, job, &repository, number).await? else {
        return Ok(Outcome::Done(Vec::new()));
    };
    match meant(work, job, (number, permission)).await? {
        Ok(jobs) => {
            work.hold().await?;
            repository.react(job.comment, Reaction::Eyes).await?;
            Ok(Outcome::Done(jobs.iter().map(|job| work.follow_up(job)).collect()))
        }
        Err(why_not) => {
            work.hold().await?;
            write_comment(
                &work.app.github,
                &repository,
                number,
                Topic::Command(job.comment),
                &why_not,
            )
            .await?;
            Ok(Outcome::Done(Vec::new()))
        }
    }
}

/// What is asked for, or what to answer instead.
async fn meant(
    work: &Work,
    job: &Command,
    (number, permission): (PullRequestNumber, Permission),
) -> Result<Result<Vec<Job>, String>, Stop> {
    let taken_on = recollected(work, job, number).await?;
    match &job.asks {
        Asks::Release { reason } => {
            return release(work, job, permission, (reason, taken_on)).await;
        }
        Asks::Undo => return undo(work, job, number).await,
        Asks::Nothing { .. } | Asks::Again | Asks::Pair { .. } => {}
    }
    let asker = Asker::new(number, job.comment);
    let there = match &taken_on {
        Some(Job::Promote(promote)) => promote.key(),
        _ => promotion_there(work, job).await?,
    };
    match (&job.asks, taken_on, &there) {
        (Asks::Again, Some(taken_on), _) => return Ok(Ok(vec![asked_there(taken_on, asker)])),
        (Asks::Again, None, Some(key)) => {
            if let Some(again) = again_there(work, job, key, asker.clone()).await? {
                return Ok(Ok(vec![again]));
            }
        }
        _ => {}
    }
    let keys = match &job.asks {
        Asks::Nothing { because } => {
            return Ok(Err(format!("This is no command:\n\n{}\n\n{USAGE}", quote(because))));
        }
        Asks::Undo | Asks::Release { .. } => Vec::new(),
        Asks::Again => there.iter().cloned().collect(),
        Asks::Pair { source, target, applications } => {
            named(source, target, applications).unwrap_or_default()
        }
    };
    if keys.is_empty() {
        return Ok(Err(USAGE.to_owned()));
    }
    let promote = |key: &Key| {
        let asked_there = there.as_ref() == Some(key);
        let promote = Promote::new(job.place.clone(), key);
        Job::Promote(Promote { asked: true, asked_there, askers: vec![asker.clone()], ..promote })
    };
    Ok(Ok(keys.iter().map(promote).collect()))
}

/// What `/promote` alone means on a pull request that is no promotion: an open one is planned again; after a
/// step that was merged comes the next one.
async fn again_there(
    work: &Work,
    job: &Command,
    key: &Key,
    asker: Asker,
) -> Result<Option<Job>, Stop> {
    let Some(record) = record_there(work, job).await? else { return Ok(None) };
    let is_open = record.state == PromotionState::Open;
    let askers = vec![asker];
    match key.intent {
        Intent::Promote => Ok(None),
        Intent::Step => {
            let aim = work.app.standing(&record.id).await?.step.filter(|_| is_open);
            let step = Step::new(job.place.clone(), key, aim);
            Ok(Some(Job::Step(Step { asked: true, asked_there: is_open, askers, ..step })))
        }
        Intent::Undo => {
            let undone = undone_by(work, &job.place, &record).await?.filter(|_| is_open);
            Ok(undone.map(|undo| Job::Undo(Undo { askers, again: false, ..undo })))
        }
    }
}

/// Taking back again what an open undoing takes back.
pub(super) async fn undone_by(
    work: &Work,
    place: &RepositoryAddress,
    record: &PromotionRecord,
) -> Result<Option<Undo>, Stop> {
    let (repository, application) = (&record.repository, &record.application);
    let merged = work.app.store.merged_promotions(repository, application, &record.target).await?;
    let is_it = |it: &&PromotionRecord| Some(&it.plan_id) == record.undoes.as_ref();
    let number = merged.iter().find(is_it).and_then(|it| it.pull_request);
    let standing = work.app.standing(&record.id).await?;
    Ok(number.map(|number| Undo {
        place: place.clone(),
        number: number.get(),
        merges: standing.merges_itself,
        because: standing.because,
        askers: Vec::new(),
        again: true,
    }))
}

/// Lets the promotion go whose pull request the comment is on.
async fn release(
    work: &Work,
    job: &Command,
    permission: Permission,
    (reason, taken_on): (&str, Option<Job>),
) -> Result<Result<Vec<Job>, String>, Stop> {
    if permission < Permission::Admin {
        let why_not = "Only people with the permission `admin` can release a promotion.";
        return Ok(Err(why_not.to_owned()));
    }
    if let Some(taken_on) = taken_on {
        let taken_on = work.follow_up(&taken_on);
        work.app.store.enqueue(vec![taken_on], work.app.clock.now()).await?;
        work.app.wake.notify_one();
        let why_not = "Overlift did not remember this pull request, and looks at it now: write `/release REASON` \
                       again once the check shows what holds it.";
        return Ok(Err(why_not.to_owned()));
    }
    let record = record_there(work, job).await?;
    let open = record.filter(|record| record.state == PromotionState::Open);
    let Some(key) = open.as_ref().and_then(key_of) else {
        let why_not = "`/release REASON` belongs on the open pull request of a promotion.";
        return Ok(Err(why_not.to_owned()));
    };
    let (by, reason) = (job.login.clone(), reason.to_owned());
    let mut clear = Clear::new(job.place.clone(), &key);
    clear.asked = true;
    clear.releases.push(Release { by, reason, comment: job.comment });
    Ok(Ok(vec![Job::Clear(clear)]))
}

/// Takes back the promotion whose pull request the comment is on.
async fn undo(
    work: &Work,
    job: &Command,
    number: PullRequestNumber,
) -> Result<Result<Vec<Job>, String>, Stop> {
    let record = record_there(work, job).await?;
    let known = record.is_some_and(|record| record.state == PromotionState::Merged);
    let merged = known || job.on_pull_request && is_merged_promotion(work, job, number).await?;
    if !merged {
        let why_not = "`/undo` belongs on the merged pull request of a promotion.";
        return Ok(Err(why_not.to_owned()));
    }
    let askers = vec![Asker::new(number, job.comment)];
    let (place, number) = (job.place.clone(), number.get());
    let (merges, because, again) = (false, None, false);
    Ok(Ok(vec![Job::Undo(Undo { place, number, merges, because, askers, again })]))
}

/// Whether GitHub knows the pull request as a merged one with our trailers: after the loss of the store.
async fn is_merged_promotion(
    work: &Work,
    job: &Command,
    number: PullRequestNumber,
) -> Result<bool, Stop> {
    let repository = work.repository(&job.place).await?;
    let Some(found) = repository.fetch_pull_request(number).await? else { return Ok(false) };
    if !matches!(found.state, PullRequestState::Merged(_)) {
        return Ok(false);
    }
    let commit = repository.fetch_commit(&found.head).await?;
    Ok(commit.is_some_and(|commit| Trailers::parse(&commit.message).is_some()))
}

/// What we remember of the pull request that the comment is on.
async fn record_there(work: &Work, job: &Command) -> Result<Option<PromotionRecord>, Stop> {
    let Some(number) = PullRequestNumber::new(job.number) else { return Ok(None) };
    Ok(work.app.store.promotion_of_pull_request(&job.place.key(), number).await?)
}

/// The promotions of these names; `None` if one is no name.
fn named(source: &str, target: &str, applications: &[String]) -> Option<Vec<Key>> {
    if applications.is_empty() {
        return Some(vec![Key::named(source, target, "")?]);
    }
    applications.iter().map(|application| Key::named(source, target, application)).collect()
}

/// The promotion whose pull request the comment is on, by what we remember. The body is never asked, since whoever
/// can edit it could steer us.
async fn promotion_there(work: &Work, job: &Command) -> Result<Option<Key>, Stop> {
    if !job.on_pull_request {
        return Ok(None);
    }
    Ok(record_there(work, job).await?.as_ref().and_then(key_of))
}

/// What takes on the pull request that the comment is on, if it is one of ours that we do not remember. One that was
/// merged is remembered from here on.
async fn recollected(
    work: &Work,
    job: &Command,
    number: PullRequestNumber,
) -> Result<Option<Job>, Stop> {
    if !job.on_pull_request || record_there(work, job).await?.is_some() {
        return Ok(None);
    }
    Ok(match recollect(work, &job.place, number).await? {
        Some(Found::TakenOnBy(job)) => Some(*job),
        Some(Found::Merged) | None => None,
    })
}

/// The same since somebody asks on the pull request itself.
fn asked_there(taken_on: Job, asker: Asker) -> Job {
    let askers = vec![asker];
    match taken_on {
        Job::Promote(job) => {
            Job::Promote(Promote { asked: true, asked_there: true, askers, ..job })
        }
        Job::Step(job) => Job::Step(Step { asked: true, asked_there: true, askers, ..job }),
        Job::Undo(job) => Job::Undo(Undo { askers, again: false, ..job }),
        other => other,
    }
}
