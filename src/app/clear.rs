//! How a promotion stands now: what holds it is decided, shown, and acted upon.
//!
//! Looks at one promotion whenever something was heard, a pull request changed, or the time has come. What
//! GitHub shows already is not written again, so that looking costs nothing.

mod clearing;
mod listen;
mod merge;
mod show;

use std::collections::BTreeSet;

use crate::clearance::{Circumstances, Hold, Holds, Item, Judgement, Merge, State, holds};
use crate::github::Reaction;
use crate::promotion::{Environment, Intent, Key, Trigger, checklist_of, steps_of};
use crate::store::{Millis, NewJob, PromotionState};

use super::environments::{PERIOD_MS, environment_key, judge_environment};
use super::job::{Clear, Job, Promote};
use super::snapshot::Snapshot;
use super::standing::{Standing, has_terms};
use super::stored_key::pair;
use super::work::{Stop, Work};
use super::worker::Outcome;
use clearing::Clearing;

/// Looks, and does what follows.
pub(super) async fn clear(work: &Work, job: &Clear) -> Result<Outcome, Stop> {
    let Some(key) = job.key() else { return Ok(Outcome::Done(Vec::new())) };
    let repository = work.repository(&job.place).await?;
    let base = work.default_branch(&repository, &job.place).await?;
    let Some((commit, tree)) = work.newest_head(&repository, &job.place, &base).await? else {
        return Ok(Outcome::Done(Vec::new()));
    };
    let mut snapshot = Snapshot::open(&repository, &commit, &tree).await?;
    // A configuration or a pair that is no more is told of where the promotion is planned.
    let Ok(configuration) = snapshot.configuration(None).await? else {
        return Ok(Outcome::Done(Vec::new()));
    };
    let Ok((source, target)) = configuration.pipeline.pair(&key) else {
        return Ok(Outcome::Done(Vec::new()));
    };
    let newest = work.app.store.newest_promotion(&job.place.key(), pair(&key)).await?;
    let open = newest.filter(|record| record.state == PromotionState::Open);
    let number = open.as_ref().and_then(|it| it.pull_request);
    let judgement = match key.intent {
        Intent::Promote => judge_environment(work, &job.place, source).await?,
        // A step goes on where the target itself is well.
        Intent::Step => judge_environment(work, &job.place, target).await?,
        Intent::Undo => None,
    };
    let stepped = steps_of(target);
    let target = if key.intent == Intent::Step { &stepped } else { target };
    match (open, number) {
        (Some(record), Some(number)) => {
            let promotion = Clearing {
                work,
                job,
                repository: &repository,
                base: &base,
                commit,
                source,
                target,
                key,
                record,
                number,
                judgement,
            };
            promotion.run().await
        }
        _ => begin(work, job, &key, (source, target), judgement).await,
    }
}

/// Begins a promotion whose source is healthy and has soaked, once for each commit that the source runs.
async fn begin(
    work: &Work,
    job: &Clear,
    key: &Key,
    (source, target): (&Environment, &Environment),
    judgement: Option<Judgement>,
) -> Result<Outcome, Stop> {
    let (Trigger::Healthy, Some(judgement)) = (target.trigger, judgement) else {
        return Ok(Outcome::Done(Vec::new()));
    };
    let store = &work.app.store;
    let environments = store.environments(&job.place.key()).await?;
    let known = environments.into_iter().find(|it| it.key == environment_key(&job.place, source));
    let began = format!("began {} at {}", key, known.map_or(String::new(), |it| it.commit));
    let marker = format!("{} {key}", job.place.key());
    if store.standing(&marker).await?.as_deref() == Some(&began) {
        return Ok(Outcome::Done(Vec::new()));
    }
    let again = |at| {
        let again = Clear::new(job.place.clone(), key);
        Ok(Outcome::Done(vec![work.later(&Job::Clear(again), at)]))
    };
    let (State::Healthy, Some(since)) = (judgement.state, judgement.since) else {
        let asks = source.health.as_ref().is_some_and(|health| health.has_to_be_asked());
        return match asks {
            true => again(work.app.clock.now() + PERIOD_MS),
            false => Ok(Outcome::Done(Vec::new())),
        };
    };
    let soak = source.health.as_ref().and_then(|health| health.soak);
    let soaked_at = since + soak.map_or(0, crate::clearance::Span::ms);
    if work.app.clock.now() < soaked_at {
        return again(soaked_at);
    }
    let promote = work.follow_up(&Job::Promote(Promote::new(job.place.clone(), key)));
    store.enqueue(vec![promote], work.app.clock.now()).await?;
    work.app.wake.notify_one();
    store.note_standing(&marker, &began, None, work.app.clock.now()).await?;
    Ok(Outcome::Done(Vec::new()))
}

impl Clearing<'_> {
    async fn run(mut self) -> Result<Outcome, Stop> {
        let app = &self.work.app;
        let mut standing = app.standing(&self.record.id).await?;
        let before = standing.clone();
        let mut next: Vec<NewJob> = Vec::new();
        let items = match standing.merges_itself {
            true => Vec::new(),
            false => checklist_of(self.source, self.target).unwrap_or_default(),
        };
        if standing.leads_back() {
            // The way back waits for nothing.
            self.judgement = None;
        }
        self.listen(&mut standing, &items).await?;
        standing.group = self.job.group.clone().or(standing.group);
        next.extend(self.look_at_head(&mut standing));
        if standing != before {
            app.note_standing(&self.record.id, &standing).await?;
        }
        let items = self.ticked(items, &standing);
        let holds = self.holds(&standing, &items);
        self.tell_held(&mut standing, &holds).await?;
        let has_terms = self.key.intent == Intent::Promote && has_terms(self.source, self.target);
        standing.shown |= self.job.asked || has_terms;
        if standing.shown {
            self.show(&mut standing, &holds, &items).await?;
        }
        for release in &self.job.releases {
            self.work.hold().await?;
            self.repository.react(release.comment, Reaction::Rocket).await?;
        }
        let asked_again = self.asks_queries().then(|| self.work.app.clock.now() + PERIOD_MS);
        let due = holds.next.into_iter().chain(asked_again).min();
        if let Some(at) = due.filter(|_| standing.shown) {
            next.push(self.again(at));
        }
        if holds.is_empty() && self.who_merges(&standing) == Merge::Auto {
            next.extend(self.merge(&mut standing, &holds).await?);
        } else {
            self.leave_queue(&mut standing).await?;
        }
        Ok(Outcome::Done(next))
    }

    /// Tells those outside GitHub of what holds it, if it did not before.
    async fn tell_held(&self, standing: &mut Standing, holds: &Holds) -> Result<(), Stop> {
        // What is stale is planned again in a moment, nearly always; if it cannot be, that is told as failed.
        let lasting = holds.standing.iter().filter(|hold| !matches!(hold, Hold::Stale { .. }));
        let names: BTreeSet<String> = lasting.map(|hold| hold.name().to_owned()).collect();
        let words = |hold: &Hold| format!("{}: {hold}", hold.name());
        let told: Vec<String> = holds.standing.iter().map(words).collect();
        let told = Some(told);
        if names == standing.held && told == standing.held_by {
            return Ok(());
        }
        if !names.is_subset(&standing.held) {
            standing.times_held += 1;
            let (work, count) = (self.work, standing.times_held);
            work.tell_held(&self.job.place, &self.record, holds, count).await?;
        }
        standing.held = names;
        standing.held_by = told;
        Ok(self.work.app.note_standing(&self.record.id, standing).await?)
    }

    /// A commit that is not the one we know was pushed: whose it is, the promotion finds out. Until then it
    /// counts as somebody else's.
    fn look_at_head(&self, standing: &mut Standing) -> Option<NewJob> {
        let head = self.job.head.as_ref()?;
        if head == self.record.head_commit.as_str() || standing.foreign {
            return None;
        }
        standing.foreign = true;
        let promote =
            Promote { asks_github: true, ..Promote::new(self.job.place.clone(), &self.key) };
        Some(self.work.follow_up(&Job::Promote(promote)))
    }

    /// Whether the source's health is asked for, so that nobody tells us of it.
    fn asks_queries(&self) -> bool {
        let judged = match self.key.intent {
            Intent::Promote => self.source,
            Intent::Step if self.judgement.is_some() => self.target,
            Intent::Step | Intent::Undo => return false,
        };
        judged.health.as_ref().is_some_and(|health| health.has_to_be_asked())
    }

    /// Who merges it. What takes a promotion back is merged by itself only if the configuration says so of
    /// that.
    fn who_merges(&self, standing: &Standing) -> Merge {
        match self.key.intent {
            Intent::Promote | Intent::Step => self.target.pull_request.merge,
            Intent::Undo if standing.merges_itself => Merge::Auto,
            Intent::Undo => Merge::Manual,
        }
    }

    fn ticked(&self, items: Vec<Item>, standing: &Standing) -> Vec<Item> {
        let healthy = self.judgement.as_ref().is_some_and(|it| it.state == State::Healthy);
        let tick = |item: Item| {
            let ticked = match item.by_evidence {
                true => healthy,
                false => standing.ticks.contains(&item.text),
            };
            Item { ticked, ..item }
        };
        items.into_iter().map(tick).collect()
    }

    fn holds(&self, standing: &Standing, items: &[Item]) -> Holds {
        let released = standing.released(self.record.head_commit.as_str());
        holds(&Circumstances {
            stale: standing.stale.as_deref(),
            gate_errors: standing.errors,
            items,
            source: self.judgement.as_ref(),
            source_name: match self.key.intent {
                Intent::Step => self.target.name.as_str(),
                Intent::Promote | Intent::Undo => self.source.name.as_str(),
            },
            soak: match self.key.intent {
                Intent::Promote => self.source.health.as_ref().and_then(|health| health.soak),
                Intent::Undo | Intent::Step => None,
            },
            // What takes something back waits for no season and for nobody's health.
            freezes: match self.key.intent {
                Intent::Promote => &self.target.freezes,
                Intent::Step if !standing.leads_back() => &self.target.freezes,
                Intent::Undo | Intent::Step => &[],
            },
            undone: standing.undone,
            foreign: standing.foreign,
            released: released.as_ref(),
            now: self.work.app.clock.now(),
        })
    }

    /// A look at the same promotion at a later time.
    fn again(&self, at: Millis) -> NewJob {
        let again = Clear::new(self.job.place.clone(), &self.key);
        self.work.later(&Job::Clear(again), at)
    }
}
