//! Steps of the traffic after a merge: the next one once the environment is healthy and the pause is over, the
//! way back to the start where it is degraded.

use crate::clearance::{Judgement, Span, State};
use crate::github::Ancestry;
use crate::model::{CommitSha, Location};
use crate::promotion::{Intent, Key, quote};
use crate::store::{Millis, NewJob};
use crate::traffic::{Aim, Done, Next, ShiftError};

use super::super::comment::{Topic, write_comment};
use super::super::environments::{environment_key, judge_environment};
use super::super::job::{Job, Step, StoredAim};
use super::super::promote::taken;
use super::super::snapshot::Snapshot;
use super::super::stored_key::key_of;
use super::super::work::Stop;
use super::merged::MergedPromotion;
use super::told_of;

impl MergedPromotion<'_> {
    /// Begins the step that is due, once; returns a look at the time when it is.
    pub(super) async fn go_on(&mut self, snapshot: &mut Snapshot) -> Result<Option<NewJob>, Stop> {
        let Some(key) = key_of(&self.record).filter(|_| self.may_go_on()) else { return Ok(None) };
        if !self.is_newest().await? || !self.runs_it_still().await? {
            return Ok(None);
        }
        let judged = judge_environment(self.work, &self.job.place, self.target).await?;
        let Some(judgement) = judged else { return Ok(None) };
        match (judgement.state, judgement.since) {
            (State::Degraded, _) => {
                self.lead_back(&key, &judgement).await?;
                Ok(None)
            }
            (State::Healthy, Some(since)) if !self.standing.step_begun => {
                self.next_step(&key, snapshot, since).await
            }
            _ => Ok(None),
        }
    }

    /// Whether steps can follow at all: what leads back ends them.
    fn may_go_on(&self) -> bool {
        !self.target.rollouts.is_empty()
            && self.record.intent != Intent::Undo.as_str()
            && !self.standing.leads_back()
            && self.record.undone_at.is_none()
            && !self.standing.undo_begun
    }

    /// Whether nothing else was merged into the environment since.
    async fn is_newest(&self) -> Result<bool, Stop> {
        let record = &self.record;
        let (repository, application) = (&record.repository, &record.application);
        let store = &self.work.app.store;
        let merged = store.merged_promotions(repository, application, &record.target).await?;
        Ok(merged.first().is_some_and(|newest| newest.id == record.id))
    }

    /// Whether what is heard of the environment is of a commit that has what was merged.
    async fn runs_it_still(&self) -> Result<bool, Stop> {
        let key = environment_key(&self.job.place, self.target);
        let known = self.work.app.store.environments(&key.repository).await?;
        let Some(known) = known.into_iter().find(|known| known.key == key) else {
            return Ok(false);
        };
        if known.commit == self.merged_as.as_str() {
            return Ok(true);
        }
        let Ok(runs) = CommitSha::parse(&known.commit) else { return Ok(false) };
        let ancestry = self.repository.compare(&self.merged_as, &runs).await?;
        Ok(matches!(ancestry, Ancestry::Identical | Ancestry::Ahead))
    }

    async fn next_step(
        &mut self,
        key: &Key,
        snapshot: &mut Snapshot,
        since: Millis,
    ) -> Result<Option<NewJob>, Stop> {
        let mut done = taken(self.repository, &snapshot.commit, self.target, key).await?;
        self.add_remembered(&mut done).await?;
        let aim = match snapshot.next_step(key, done).await? {
            Ok(Next::Step(aim)) => aim,
            Ok(Next::Finished) => return Ok(None),
            // Of many applications some have no such VirtualService.
            Err(ShiftError::NotThere { .. }) if self.target.application.is_some() => {
                return Ok(None);
            }
            Err(error) => {
                self.tell_why_not(&error).await?;
                return Ok(None);
            }
        };
        let stored = StoredAim::new(&aim, false, None);
        let pause = stored.rollout(&self.target.rollouts).and_then(|it| it.pause);
        let due = since.saturating_add(pause.map_or(0, Span::ms));
        if self.work.app.clock.now() < due {
            return Ok(Some(self.work.later(&Job::After(self.job.clone()), due)));
        }
        self.begin(key, stored).await?;
        self.standing.step_begun = true;
        self.note().await?;
        Ok(None)
    }

    /// Adds the switches that we remember: whoever squashes may have dropped the trailers that tell of them.
    async fn add_remembered(&self, done: &mut Done) -> Result<(), Stop> {
        let (record, app) = (&self.record, &self.work.app);
        let (repository, application) = (&record.repository, &record.application);
        let merged = app.store.merged_promotions(repository, application, &record.target).await?;
        let since = merged.iter().take_while(|it| it.intent != Intent::Promote.as_str());
        let steps: Vec<_> = since
            .filter(|it| it.intent == Intent::Step.as_str() && it.undone_at.is_none())
            .collect();
        for step in steps.into_iter().rev() {
            let Some(step) = app.standing(&step.id).await?.step else { continue };
            let Some(rollout) = step.rollout(&self.target.rollouts) else { continue };
            let name = &rollout.virtual_service;
            match step.back {
                _ if rollout.way.has_weights() => {}
                true => _ = done.switched.remove(name),
                false => _ = done.switched.insert(name.clone()),
            }
        }
        Ok(())
    }

    /// Opens the way back to the start, once: while steps go on at any time, after the last one as long as a
    /// promotion is undone by itself.
    async fn lead_back(&mut self, key: &Key, judgement: &Judgement) -> Result<(), Stop> {
        let Some(step) = self.standing.step.clone() else { return Ok(()) };
        let Some(rollout) = step.rollout(&self.target.rollouts) else { return Ok(()) };
        let Some(aim) = step.of(&self.target.rollouts) else { return Ok(()) };
        let now = self.work.app.clock.now();
        let within = self.target.health.as_ref().map_or(0, |health| health.within.ms());
        let in_time = now <= self.record.merged_at.unwrap_or(now).saturating_add(within);
        let goes_on = step.share < rollout.last_share();
        let back: Option<Aim> = rollout.back_from(&aim);
        let Some(back) = back.filter(|_| (goes_on || in_time) && !self.standing.back_begun) else {
            return Ok(());
        };
        self.begin(key, StoredAim::new(&back, true, Some(told_of(judgement)))).await?;
        self.standing.back_begun = true;
        self.note().await
    }

    /// Queued before it counts as begun: the other way round, a crash between would lose it.
    async fn begin(&self, key: &Key, aim: StoredAim) -> Result<(), Stop> {
        let step = Step::new(self.job.place.clone(), &key.clone().with(Intent::Step), Some(aim));
        let step = self.work.follow_up(&Job::Step(step));
        let app = &self.work.app;
        app.store.enqueue(vec![step], app.clock.now()).await?;
        app.wake.notify_one();
        Ok(())
    }

    /// Nobody asked: whoever looks at the merged pull request reads it there.
    async fn tell_why_not(&mut self, error: &ShiftError) -> Result<(), Stop> {
        let at = error.location().map(Location::to_string);
        tracing::warn!(%error, at, "no step follows a promotion");
        let text = format!("No step follows:\n\n{}", quote(&error.to_string()));
        self.work.hold().await?;
        let github = &self.work.app.github;
        write_comment(github, self.repository, self.number, Topic::Step, &text).await?;
        self.standing.step_begun = true;
        self.note().await
    }
}
