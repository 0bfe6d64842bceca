//! Something was said of commits: whom does it concern?
//!
//! Answered from the store alone, so that what is said of a commit that no environment runs costs no request.

use std::collections::BTreeSet;

use crate::model::{ApplicationName, EnvironmentName};
use crate::promotion::{Intent, Key};
use crate::store::{KnownEnvironment, PromotionRecord};

use super::job::{After, Clear, Job, Look, News};
use super::stored_key::key_of;
use super::work::{Stop, Work};
use super::worker::Outcome;

/// Queues a look at each promotion that news concern.
pub(super) async fn news(work: &Work, job: &News) -> Result<Outcome, Stop> {
    let (store, repository) = (&work.app.store, job.place.key());
    // Of a repository that we know nothing of, the first news are a reason to look at it: the store may be lost.
    let known = store.repository(&repository).await?;
    if !job.all && known.is_none_or(|known| known.looked_at.is_none()) {
        let look = Look { place: job.place.clone(), moved: None, pushed: false };
        return Ok(Outcome::Done(vec![work.follow_up(&Job::Look(look))]));
    }
    let open = store.open_promotions(&repository).await?;
    let mut keys = BTreeSet::new();
    // A check on a promotion's own head may be what GitHub's rules waited for.
    let on_its_head =
        |it: &&PromotionRecord| job.all || job.commits.contains(it.head_commit.as_str());
    keys.extend(open.iter().filter(on_its_head).filter_map(key_of));
    let mut jobs = Vec::new();
    for environment in concerned(work, job).await? {
        let of = &environment.key;
        let is_source =
            |it: &&PromotionRecord| it.source == of.environment && it.application == of.application;
        keys.extend(open.iter().filter(is_source).filter_map(key_of));
        let is_step = |it: &&PromotionRecord| {
            it.intent == Intent::Step.as_str()
                && it.target == of.environment
                && it.application == of.application
        };
        keys.extend(open.iter().filter(is_step).filter_map(key_of));
        keys.extend(leads_to(&environment));
        let merged = store.merged_promotions(&repository, &of.application, &of.environment).await?;
        let newest = merged.into_iter().next();
        if let Some(number) = newest.and_then(|it| it.pull_request) {
            let number = number.get();
            jobs.push(work.follow_up(&Job::After(After { place: job.place.clone(), number })));
        }
    }
    let clear = |key: &Key| work.follow_up(&Job::Clear(Clear::new(job.place.clone(), key)));
    jobs.extend(keys.iter().map(clear));
    Ok(Outcome::Done(jobs))
}

/// The environments that run one of the commits.
async fn concerned(work: &Work, job: &News) -> Result<Vec<KnownEnvironment>, Stop> {
    let (store, repository) = (&work.app.store, job.place.key());
    if job.all {
        return Ok(store.environments(&repository).await?);
    }
    let mut found: Vec<KnownEnvironment> = Vec::new();
    for commit in &job.commits {
        for environment in store.environments_at(&repository, commit).await? {
            if !found.contains(&environment) {
                found.push(environment);
            }
        }
    }
    Ok(found)
}

/// The promotions that begin once this environment is healthy.
fn leads_to(environment: &KnownEnvironment) -> Vec<Key> {
    let names: Vec<String> = serde_json::from_str(&environment.leads_to).unwrap_or_default();
    let application = Some(environment.key.application.as_str()).filter(|name| !name.is_empty());
    let application = application.map(ApplicationName::parse).transpose().ok().flatten();
    let Ok(source) = EnvironmentName::parse(&environment.key.environment) else {
        return Vec::new();
    };
    let key = |name: &String| {
        let target = EnvironmentName::parse(name).ok()?;
        Some(Key::new(source.clone(), target).of(application.clone()))
    };
    names.iter().filter_map(key).collect()
}
