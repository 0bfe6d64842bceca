//! After the merge: how the target is doing is told on the pull request and to GitHub's own page of
//! environments, and what broke it is undone.

mod merged;
mod steps;

use crate::clearance::{Aftermath, Judgement, Span, State, Voice, aftermath, written};
use crate::github::{GithubError, PullRequestState, Repository};
use crate::model::{CommitSha, PullRequestNumber};
use crate::promotion::{Intent, inline};
use crate::store::PromotionRecord;

use super::comment::{Topic, write_comment};
use super::environments::{PERIOD_MS, environment_key, judge_environment};
use super::job::{After, Job, Undo};
use super::snapshot::Snapshot;
use super::stored_key::key_of;
use super::work::{Stop, Work};
use super::worker::Outcome;
use merged::MergedPromotion;

/// Looks how the target of a merged promotion is doing.
pub(super) async fn after(work: &Work, job: &After) -> Result<Outcome, Stop> {
    let store = &work.app.store;
    let done = Ok(Outcome::Done(Vec::new()));
    let Some(number) = PullRequestNumber::new(job.number) else { return done };
    let Some(record) = store.promotion_of_pull_request(&job.place.key(), number).await? else {
        return done;
    };
    let Some(key) = key_of(&record) else { return done };
    work.tell_merged(&job.place, &record).await?;
    let repository = work.repository(&job.place).await?;
    let base = work.default_branch(&repository, &job.place).await?;
    let Some(head) = repository.fetch_head(&base).await? else { return done };
    let mut snapshot = Snapshot::open(&repository, &head.sha, &head.tree).await?;
    let Ok(configuration) = snapshot.configuration(None).await? else { return done };
    let Some(target) = configuration.pipeline.environment(key.application.as_ref(), &key.target)
    else {
        return done;
    };
    let Some(merged_as) = merged_as(&repository, &record, number).await? else { return done };
    let standing = work.app.standing(&record.id).await?;
    let mut merged = MergedPromotion {
        work,
        job,
        repository: &repository,
        target,
        record,
        number,
        merged_as,
        standing,
    };
    if configuration.deployments {
        merged.begin_deployment().await?;
    }
    let Outcome::Done(mut next) = merged.follow().await? else { return done };
    next.extend(merged.go_on(&mut snapshot).await?);
    Ok(Outcome::Done(next))
}

async fn merged_as(
    repository: &Repository,
    record: &PromotionRecord,
    number: PullRequestNumber,
) -> Result<Option<CommitSha>, Stop> {
    if record.merged_as.is_some() {
        return Ok(record.merged_as.clone());
    }
    let found = repository.fetch_pull_request(number).await?;
    Ok(found.and_then(|found| match found.state {
        PullRequestState::Merged(commit) => commit,
        _ => None,
    }))
}

impl MergedPromotion<'_> {
    async fn follow(&mut self) -> Result<Outcome, Stop> {
        let (Some(health), Some(judgement)) = (&self.target.health, self.judgement().await?) else {
            return Ok(Outcome::Done(Vec::new()));
        };
        let now = self.work.app.clock.now();
        let merged_at = self.record.merged_at.unwrap_or(now);
        let aftermath = aftermath(health, &judgement, merged_at, now);
        self.tell_degraded(&aftermath, &judgement).await?;
        self.tell(&aftermath, &judgement).await?;
        self.tell_deployment(&judgement).await?;
        let mut next = Vec::new();
        // While it may still be undone by itself, a target that nobody tells us of is asked for.
        let asks = health.has_to_be_asked() && now < merged_at + health.within.ms();
        let asked_again = asks.then(|| now + PERIOD_MS);
        if let Some(at) = aftermath.next.into_iter().chain(asked_again).min() {
            next.push(self.work.later(&Job::After(self.job.clone()), at));
        }
        let is_promotion = self.record.intent == Intent::Promote.as_str();
        if let Some(by) = aftermath.undo
            && is_promotion
            && self.record.undone_at.is_none()
            && !self.standing.undo_begun
        {
            let place = self.job.place.clone();
            let undo = Undo::by_itself(place, self.job.number, by, told_of(&judgement));
            // Queued before it counts as begun: the other way round, a crash between would lose it.
            self.work.app.store.enqueue(vec![self.work.follow_up(&Job::Undo(undo))], now).await?;
            self.work.app.wake.notify_one();
            self.standing.undo_begun = true;
            self.note().await?;
        }
        Ok(Outcome::Done(next))
    }

    /// How the target is, while it runs what this promotion brought; afterwards it says nothing of it any more.
    async fn judgement(&self) -> Result<Option<Judgement>, Stop> {
        let key = environment_key(&self.job.place, self.target);
        let known = self.work.app.store.environments(&key.repository).await?;
        let runs_it =
            known.iter().any(|known| known.key == key && known.commit == self.merged_as.as_str());
        if !runs_it {
            return Ok(None);
        }
        judge_environment(self.work, &self.job.place, self.target).await
    }

    /// Tells those outside GitHub once it begins to be degraded.
    async fn tell_degraded(&mut self, of: &Aftermath, judgement: &Judgement) -> Result<(), Stop> {
        let degraded = match of.state {
            State::Degraded => true,
            State::Healthy => false,
            State::NotYet | State::Unknown => return Ok(()),
        };
        if degraded == self.standing.degraded {
            return Ok(());
        }
        if degraded {
            self.standing.times_degraded += 1;
            let (work, count) = (self.work, self.standing.times_degraded);
            let voices: Vec<String> = judgement.telling().take(3).map(plainly).collect();
            let voices = voices.join("; ");
            work.tell_degraded(&self.job.place, &self.record, &voices, count).await?;
        }
        self.standing.degraded = degraded;
        self.note().await
    }

    async fn tell(&mut self, of: &Aftermath, judgement: &Judgement) -> Result<(), Stop> {
        let target = inline(self.target.name.as_str());
        let soak = self.target.health.as_ref().and_then(|health| health.soak);
        let text = match (of.state, soak, judgement.since) {
            (State::Healthy, Some(_), Some(_)) if of.next.is_some() => return Ok(()),
            (State::Healthy, Some(soak), _) => {
                format!("**{target} is healthy**, for {} now.", words(soak))
            }
            (State::Healthy, None, since) => {
                let since = since.map_or(String::new(), |at| format!(" since {}", written(at)));
                format!("**{target} is healthy**{since}.")
            }
            (State::Degraded, ..) => format!("**{target} is degraded.**"),
            (State::NotYet | State::Unknown, ..) => return Ok(()),
        };
        let voices = told_of(judgement);
        let text = format!("{text}\n\n{voices}");
        if self.standing.told_after.as_deref() == Some(&text) {
            return Ok(());
        }
        self.work.hold().await?;
        let github = &self.work.app.github;
        write_comment(github, self.repository, self.number, Topic::After, &text).await?;
        self.standing.told_after = Some(text);
        self.note().await
    }

    /// Makes the deployment of what was merged, once.
    async fn begin_deployment(&mut self) -> Result<(), Stop> {
        if self.standing.deployment.is_some() {
            return Ok(());
        }
        let name = self.deployment_name();
        let description = format!("Promoted by {}", self.number);
        let (commit, key) = (&self.merged_as, &self.record.id);
        let there = self.repository.find_our_deployment(commit, &name).await;
        let id = match tolerate(there)?.flatten() {
            Some(id) => id,
            None => {
                self.work.hold().await?;
                let made = self.repository.create_deployment(commit, &name, &description, key);
                let Some(id) = tolerate(made.await)? else { return Ok(()) };
                id
            }
        };
        self.standing.deployment = Some(id);
        self.note().await?;
        let says = if self.target.health.is_some() { "in_progress" } else { "success" };
        self.say_deployment(id, says, "Merged").await
    }

    async fn tell_deployment(&mut self, judgement: &Judgement) -> Result<(), Stop> {
        let says = match judgement.state {
            State::Healthy => "success",
            State::Degraded => "failure",
            State::NotYet | State::Unknown => return Ok(()),
        };
        let Some(id) = self.standing.deployment else { return Ok(()) };
        if self.standing.deployment_says.as_deref() == Some(says) {
            return Ok(());
        }
        self.say_deployment(id, says, judgement.state.as_str()).await
    }

    async fn say_deployment(&mut self, id: u64, says: &str, words: &str) -> Result<(), Stop> {
        self.work.hold().await?;
        let said = self.repository.set_deployment_status(id, says, words, None).await;
        tolerate(said)?;
        self.standing.deployment_says = Some(says.to_owned());
        self.note().await
    }

    /// What the target is called on GitHub's page of environments.
    fn deployment_name(&self) -> String {
        match &self.target.application {
            Some(application) => format!("{application}/{}", self.target.name),
            None => self.target.name.to_string(),
        }
    }

    async fn note(&self) -> Result<(), Stop> {
        Ok(self.work.app.note_standing(&self.record.id, &self.standing).await?)
    }
}

/// `30m` as people say it.
fn words(soak: Span) -> String {
    let text = soak.to_string();
    let (number, unit) = text.split_at(text.len() - 1);
    let unit = match unit {
        "s" => "s",
        "m" => "min",
        "h" => "h",
        _ => "d",
    };
    format!("{number} {unit}")
}

/// What a source says.
fn plainly(voice: &Voice) -> String {
    match voice.message.is_empty() {
        true => format!("{} is {}", voice.name, voice.state.as_str()),
        false => format!("{} is {}: {}", voice.name, voice.state.as_str(), voice.message),
    }
}

/// What the sources say, a line each, with links.
fn told_of(judgement: &Judgement) -> String {
    let lines = judgement.telling().take(10).map(|voice| {
        let words = plainly(voice);
        let link = voice.url.as_ref().filter(|url| !url.contains(['(', ')', ' ', '<', '>']));
        let link = link.map_or(String::new(), |url| format!(", see [there]({url})"));
        format!("- {}{link}", inline(&words))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A deployment that GitHub refuses is no reason to leave the rest undone.
fn tolerate<T>(result: Result<T, GithubError>) -> Result<Option<T>, Stop> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(
            error @ (GithubError::Refused { .. }
            | GithubError::Forbidden { .. }
            | GithubError::NotFound { .. }),
        ) => {
            tracing::warn!(%error, "GitHub's page of environments is not told");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
