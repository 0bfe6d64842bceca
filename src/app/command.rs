//! Answering a command in a comment: may this person, and what is meant?

use crate::github::{Permission, Reaction, Repository};
use crate::model::{ApplicationName, EnvironmentName, PullRequestNumber};
use crate::promotion::Key;

use super::answer::{Matter, USAGE, quote, say};
use super::job::{Asker, Asks, Command, Job, Promote};
use super::perform::{Stop, Work};
use super::promote::key_of;
use super::snapshot::Snapshot;
use super::worker::Outcome;

/// Answers.
pub(super) async fn command(work: &Work, job: &Command) -> Result<Outcome, Stop> {
    let repository = work.repository(&job.place).await?;
    let Some(number) = PullRequestNumber::new(job.number) else {
        return Ok(Outcome::Done(Vec::new()));
    };
    match meant(work, job, &repository, number).await? {
        Ok(promotes) => {
            work.hold().await?;
            repository.react(job.comment, Reaction::Eyes).await?;
            let jobs = promotes.into_iter().map(|promote| work.follow_up(&Job::Promote(promote)));
            Ok(Outcome::Done(jobs.collect()))
        }
        Err(why_not) => {
            work.hold().await?;
            say(&work.app.github, &repository, number, Matter::Command(job.comment), &why_not)
                .await?;
            Ok(Outcome::Done(Vec::new()))
        }
    }
}

/// The promotions that are asked for, or what to answer instead.
async fn meant(
    work: &Work,
    job: &Command,
    repository: &Repository,
    number: PullRequestNumber,
) -> Result<Result<Vec<Promote>, String>, Stop> {
    if repository.fetch_permission(&job.login).await? < Permission::Write {
        return Ok(Err(
            "Only people who may write to this repository can ask for a promotion.".to_owned()
        ));
    }
    let there = promotion_there(work, job, repository, number).await?;
    let keys = match &job.asks {
        Asks::Nothing { because } => {
            return Ok(Err(format!("This is no command:\n\n{}\n\n{USAGE}", quote(because))));
        }
        Asks::Again => there.iter().cloned().collect(),
        Asks::Pair { source, target, applications } => {
            named(source, target, applications).unwrap_or_default()
        }
    };
    if keys.is_empty() {
        return Ok(Err(USAGE.to_owned()));
    }
    let asker = Asker::new(number, job.comment);
    let promote = |key: &Key| {
        let anew = there.as_ref() == Some(key);
        let promote = Promote::new(job.place.clone(), key);
        Promote { asked: true, anew, askers: vec![asker.clone()], ..promote }
    };
    Ok(Ok(keys.iter().map(promote).collect()))
}

/// The promotions of these names; `None` if one is no name.
fn named(source: &str, target: &str, applications: &[String]) -> Option<Vec<Key>> {
    let source = EnvironmentName::parse(source).ok()?;
    let key = Key::new(source, EnvironmentName::parse(target).ok()?);
    if applications.is_empty() {
        return Some(vec![key]);
    }
    let of = |name: &String| Some(key.clone().of(Some(ApplicationName::parse(name).ok()?)));
    applications.iter().map(of).collect()
}

/// The promotion whose pull request the comment is on. By what we remember, else by its branch: the body is
/// never asked, since whoever can edit it could steer us.
async fn promotion_there(
    work: &Work,
    job: &Command,
    repository: &Repository,
    number: PullRequestNumber,
) -> Result<Option<Key>, Stop> {
    if !job.on_pull_request {
        return Ok(None);
    }
    let known = i64::try_from(job.number).ok();
    if let Some(known) = known
        && let Some(record) =
            work.app.store.promotion_of_pull_request(&job.place.key(), known).await?
    {
        return Ok(key_of(&record));
    }
    let Some(pull_request) = repository.fetch_pull_request(number).await? else { return Ok(None) };
    let here = pull_request
        .head_repository
        .as_ref()
        .is_some_and(|head| head.to_string().eq_ignore_ascii_case(&repository.name().to_string()));
    let base = work.default_branch(repository, &job.place).await?;
    if !here || pull_request.base_branch != base.as_str() {
        return Ok(None);
    }
    let Some(head) = repository.fetch_head(&base).await? else { return Ok(None) };
    let mut snapshot = Snapshot::open(repository, &head.sha, &head.tree).await?;
    let Ok(configuration) = snapshot.configuration(None).await? else { return Ok(None) };
    let mut pairs = configuration.pipeline.pairs().map(|(source, target)| {
        let key = target.key_from(&source.name);
        (target.pull_request.branch(&key), key)
    });
    let found = pairs.find(|(branch, _)| {
        branch.as_ref().is_ok_and(|branch| branch.as_str() == pull_request.head_branch)
    });
    Ok(found.map(|(_, key)| key))
}
