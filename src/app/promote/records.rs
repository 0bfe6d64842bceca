//! Where a promotion's records are, and who else may be at it: the store with its queue, or nobody.
//!
//! A worker has a store and a lease. The command and the Action have neither: for them every promotion
//! is the first since the loss of the database, and GitHub's own state answers.

use crate::config::RepositoryConfig;
use crate::github::Github;
use crate::model::{PullRequestNumber, RepoName};
use crate::promotion::{Intent, Key, PlanId};
use crate::store::{End, Millis, PromotionRecord, PromotionState, PromotionText};

use super::super::Clock;
use super::super::job::{After, Job};
use super::super::stored_key::pair;
use super::super::work::{Stop, Work};
use super::OnGithub;

/// Where the records of promotions are.
pub(in super::super) enum Records<'a> {
    /// In the store, as long as the job is ours.
    InStore(&'a Work),
    /// Nowhere: somebody runs us once.
    Nowhere(&'a OnGithub),
}

impl Records<'_> {
    pub(super) fn clock(&self) -> &Clock {
        match self {
            Self::InStore(work) => &work.app.clock,
            Self::Nowhere(run) => &run.clock,
        }
    }

    pub(super) fn now(&self) -> Millis {
        self.clock().now()
    }

    /// Has to be called before each write on GitHub; see [`Work::hold`].
    pub(super) async fn hold(&self) -> Result<(), Stop> {
        match self {
            Self::InStore(work) => work.hold().await,
            Self::Nowhere(_) => Ok(()),
        }
    }

    /// Notes that something was achieved that the next attempt need not do again.
    pub(super) fn progressed(&self) {
        if let Self::InStore(work) = self {
            work.attempt.progressed();
        }
    }

    /// What we did last for a pair.
    pub(super) async fn newest(
        &self,
        repository: &str,
        key: &Key,
    ) -> Result<Option<PromotionRecord>, Stop> {
        let Self::InStore(work) = self else { return Ok(None) };
        let store = &work.app.store;
        Ok(store.newest_promotion(repository, pair(key)).await?)
    }

    /// Whether a plan was carried out for a pair and then undone.
    pub(super) async fn was_undone(
        &self,
        repository: &str,
        key: &Key,
        plan: &PlanId,
    ) -> Result<bool, Stop> {
        let Self::InStore(work) = self else { return Ok(false) };
        let (application, target) = (key.application(), key.target.as_str());
        let merged = work.app.store.merged_promotions(repository, application, target).await?;
        // Only the last word counts: what was undone, asked for and merged again is no longer undone.
        let last = merged.iter().find(|record| record.plan_id == plan.as_str());
        Ok(last.is_some_and(|record| record.undone_at.is_some()))
    }

    /// The last promotion of a pair that was merged, if it was undone since.
    pub(super) async fn last_undone(
        &self,
        repository: &str,
        key: &Key,
    ) -> Result<Option<PromotionRecord>, Stop> {
        let Self::InStore(work) = self else { return Ok(None) };
        let (application, target) = (key.application(), key.target.as_str());
        let merged = work.app.store.merged_promotions(repository, application, target).await?;
        let is_its = |it: &PromotionRecord| {
            it.intent == Intent::Promote.as_str() && it.source == key.source.as_str()
        };
        Ok(merged.into_iter().find(is_its).filter(|record| record.undone_at.is_some()))
    }

    /// Whether what is not noted of a pair is not on GitHub either.
    pub(super) async fn was_surveyed(&self, repository: &str, key: &Key) -> Result<bool, Stop> {
        let Self::InStore(work) = self else { return Ok(false) };
        let store = &work.app.store;
        Ok(store.was_surveyed(repository, pair(key)).await?)
    }

    pub(super) async fn note_survey(&self, repository: &str, key: &Key) -> Result<(), Stop> {
        let Self::InStore(work) = self else { return Ok(()) };
        let (store, now) = (&work.app.store, self.now());
        Ok(store.note_survey(repository, pair(key), now).await?)
    }

    pub(super) async fn write_down(&self, record: &PromotionRecord) -> Result<(), Stop> {
        match self {
            Self::InStore(work) => work.write_down(record).await,
            Self::Nowhere(_) => Ok(()),
        }
    }

    /// Notes who wants to be told of what.
    pub(super) async fn note_subscriptions(
        &self,
        repository: &RepoName,
        configuration: &RepositoryConfig,
    ) -> Result<(), Stop> {
        let Self::InStore(work) = self else { return Ok(()) };
        work.note_subscriptions(&repository.key(), configuration).await
    }

    /// Notes the texts of a pull request, for the pages.
    pub(super) async fn keep_text(&self, id: &str, title: &str, body: &str) -> Result<(), Stop> {
        let Self::InStore(work) = self else { return Ok(()) };
        let text = PromotionText { title: title.to_owned(), body: body.to_owned() };
        Ok(work.app.store.note_promotion_text(id, &text, self.now()).await?)
    }

    /// Notes how a pull request ended.
    pub(super) async fn end(
        &self,
        repository: &str,
        number: PullRequestNumber,
        end: &End<'_>,
    ) -> Result<(), Stop> {
        let Self::InStore(work) = self else { return Ok(()) };
        let was_open = work.app.store.end_promotion(repository, number, end, self.now()).await?;
        if !was_open || end.state != PromotionState::Merged {
            return Ok(());
        }
        let record = work.app.store.promotion_of_pull_request(repository, number).await?;
        let (Some(record), Some(place)) = (record, work.place()) else { return Ok(()) };
        work.tell_merged(&place, &record).await?;
        // Whoever was to tell us of the merge may not have got through.
        let after = After { place, number: number.get() };
        let after = work.follow_up(&Job::After(after));
        Ok(work.app.store.enqueue(vec![after], self.now()).await?)
    }

    pub(super) fn github(&self) -> &Github {
        match self {
            Self::InStore(work) => &work.app.github,
            Self::Nowhere(run) => &run.github,
        }
    }
}
