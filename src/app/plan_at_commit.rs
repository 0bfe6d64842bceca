//! What is asked of a snapshot: its configuration, plans, steps. The sandbox answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::github_past::past_on_github;
use super::given_configuration::GivenConfiguration;
use super::known_past::{Found, KnownPast};
use super::limit::LimitMet;
use super::sandbox::{Answer, PlanQuestion, Question, Sandbox};
use super::snapshot::Snapshot;
use crate::config::{CONFIG_PATH, ConfigError, RepositoryConfig};
use crate::github::{BlobSha, GithubError};
use crate::model::{BlobId, Location, RepoPath};
use crate::policy::{Day, Fetched};
use crate::promotion::{
    Environment, GivenEdit, Key, LastPromotion, Plan, PlanError, Prune, Stepping, Wish,
};
use crate::traffic::{Aim, Done, Next, ShiftError};

/// What a plan is checked by: what was fetched for the gates, and the day.
#[derive(Clone, Debug)]
pub(super) struct CheckedBy {
    pub(super) fetched: Fetched,
    pub(super) today: Day,
}

impl Snapshot {
    /// The configuration: the one that is given, or the repository's own.
    pub(super) async fn configuration(
        &mut self,
        given: Option<&GivenConfiguration>,
    ) -> Result<Result<RepositoryConfig, ConfigError>, GithubError> {
        let question = Question::configuration(given.cloned());
        let tried = self.ask(question, |it| matches!(it, Answer::Configuration).then_some(()));
        if let Err(met) = tried.await? {
            let path = given.map_or_else(|| RepoPath::parse(CONFIG_PATH), |it| Ok(it.path.clone()));
            let at = Location::file(path.unwrap_or_else(|_| RepoPath::root()));
            return Ok(Err(ConfigError::Stopped { at, reason: met.sentence() }));
        }
        let given = given.cloned();
        self.compute(move |files| GivenConfiguration::or_own(given.as_ref(), files)).await
    }

    /// The files that an overlay builds from, as the repository's own configuration says; `None` if it does
    /// not build.
    pub(super) async fn inputs(
        &mut self,
        overlay: &RepoPath,
    ) -> Result<Option<BTreeSet<RepoPath>>, GithubError> {
        let take = |answer| if let Answer::Inputs(inputs) = answer { Some(inputs) } else { None };
        Ok(self.ask(Question::inputs(overlay), take).await?.unwrap_or_default())
    }

    /// Plans a promotion, of everything that differs if `all` is asked for. `given` is a configuration in place of
    /// the repository's own; without `checked` no gate is asked.
    pub(super) async fn plan(
        &mut self,
        given: Option<&GivenConfiguration>,
        pair: (&Environment, &Environment),
        all: bool,
        checked: Option<&CheckedBy>,
    ) -> Result<Result<Plan, PlanError>, GithubError> {
        let past = match self.past(pair).await? {
            Ok(past) => Some(past),
            Err(error) => return Ok(Err(error)),
        };
        let last = self.last_promotion(pair.0, pair.1).await?;
        let wish = Wish { all, ..Wish::default() };
        self.planned(pair, (given, checked), wish, (last, past)).await
    }

    /// Plans edits of the target that are given: a promotion that is taken back, or a step.
    pub(super) async fn plan_edits(
        &mut self,
        pair: (&Environment, &Environment),
        edits: Vec<GivenEdit>,
        checked: &CheckedBy,
    ) -> Result<Result<Plan, PlanError>, GithubError> {
        let wish = Wish { edits: Some(edits), ..Wish::default() };
        let last = LastPromotion::NotLooked;
        self.planned(pair, (None, Some(checked)), wish, (last, None)).await
    }

    async fn planned(
        &mut self,
        pair: (&Environment, &Environment),
        (given, checked): (Option<&GivenConfiguration>, Option<&CheckedBy>),
        wish: Wish,
        (last, past): (LastPromotion, Option<Arc<KnownPast>>),
    ) -> Result<Result<Plan, PlanError>, GithubError> {
        let plan = PlanQuestion {
            key: pair.1.key_from(&pair.0.name),
            given: given.cloned(),
            wish,
            last,
            checked_on: checked.map(|checked| checked.today),
            past,
        };
        let fetched = checked.map(|checked| checked.fetched.clone()).unwrap_or_default();
        let take = |answer| if let Answer::Plan(plan) = answer { Some(plan) } else { None };
        Ok(match self.ask(Question::plan(plan, fetched), take).await? {
            Ok(Ok(plan)) => plan.asked_for(pair, Some(&self.commit)),
            Ok(Err(told)) => Err(PlanError::Told(told)),
            Err(met) => Err(PlanError::Stopped { reason: met.sentence() }),
        })
    }

    /// The step that is next in the target of a promotion; `done` is what weights do not tell.
    pub(super) async fn next_step(
        &mut self,
        key: &Key,
        done: Done,
    ) -> Result<Result<Next, ShiftError>, GithubError> {
        let take = |answer| if let Answer::Next(next) = answer { Some(next) } else { None };
        let next = self.ask(Question::next_step(key.clone(), done), take).await?;
        Ok(next.unwrap_or_else(|met| Err(ShiftError::Stopped { reason: met.sentence() })))
    }

    /// The edits of a step in the target of a promotion, and what it is like.
    pub(super) async fn step_edits(
        &mut self,
        key: &Key,
        aim: &Aim,
    ) -> Result<Result<(Stepping, Vec<GivenEdit>), ShiftError>, GithubError> {
        let take = |answer| if let Answer::Step(step) = answer { Some(step) } else { None };
        let step = self.ask(Question::step_edits(key.clone(), aim.clone()), take).await?;
        Ok(step.unwrap_or_else(|met| Err(ShiftError::Stopped { reason: met.sentence() })))
    }

    /// Has a question answered, with all that is asked for meanwhile fetched; or tells the limit that it met.
    async fn ask<T>(
        &mut self,
        question: Question,
        take: impl Fn(Answer) -> Option<T>,
    ) -> Result<Result<T, LimitMet>, GithubError> {
        let question = question.with_bases(&self.bases);
        let mut sandbox = Sandbox::of(self.repository.name().clone(), question.clone());
        loop {
            let mut asked = sandbox.ask(Arc::clone(&self.files)).await;
            if asked.as_ref().is_ok_and(|reply| reply.lacking.is_empty())
                && let Some(local) = &self.local
            {
                asked = local.answer(question.clone(), Arc::clone(&self.files)).await;
            }
            let reply = match asked {
                Ok(reply) => reply,
                Err(met) => return Ok(Err(met)),
            };
            let lacking = reply.lacking;
            let files = self.fetch(&lacking.files).await?;
            let bases = self.fetch_bases(lacking.bases).await?;
            if !files && !bases && !self.fetch_past(question.past(), &lacking.past).await? {
                // Without what nobody has, it is answered all the same.
                return Ok(take(reply.answer).ok_or_else(LimitMet::other_answer));
            }
        }
    }

    /// Fetches contents of the past; false if there is nothing to fetch.
    async fn fetch_past(
        &self,
        past: Option<&Arc<KnownPast>>,
        missing: &BTreeSet<BlobId>,
    ) -> Result<bool, GithubError> {
        let Some(past) = past.filter(|_| !missing.is_empty()) else { return Ok(false) };
        past.add(self.contents(missing).await?);
        Ok(true)
    }

    /// Contents of the past: those that a checkout at hand has, else GitHub's.
    async fn contents(&self, missing: &BTreeSet<BlobId>) -> Result<Found, GithubError> {
        let format = self.tree.sha.format();
        let right = |(id, content): &(BlobId, Arc<[u8]>)| {
            BlobSha::of(content, format).as_str() == id.0.as_str()
        };
        let local = self.local.as_ref().map(|local| local.past_contents(missing));
        let here: BTreeMap<_, _> = local.into_iter().flatten().filter(right).collect();
        let wanted = missing.iter().filter(|id| !here.contains_key(*id)).cloned().collect();
        let mut found = self.repository.fetch_past_blobs(&wanted).await?;
        found.extend(here.into_iter().map(|(id, content)| (id, Some(content))));
        Ok(found)
    }

    /// What is known of two environments' past: from the checkout at hand if it has all of it, else from GitHub.
    async fn past(
        &self,
        pair: (&Environment, &Environment),
    ) -> Result<Result<Arc<KnownPast>, PlanError>, GithubError> {
        let local = self.local.as_ref();
        if let Some(past) = local.and_then(|it| it.past_of(&self.commit, pair)) {
            return Ok(Ok(Arc::new(past.known())));
        }
        let past = past_on_github(&self.repository, &self.commit, pair).await?;
        Ok(past.map(Arc::new))
    }

    /// The source's files of the last promotion of a pair, as far as somebody needs them.
    async fn last_promotion(
        &self,
        source: &Environment,
        target: &Environment,
    ) -> Result<LastPromotion, GithubError> {
        if target.rules.prune == Prune::Never {
            return Ok(LastPromotion::NotLooked);
        }
        let then = self.promoted_last(source, target).await?;
        Ok(then.map_or(LastPromotion::None, LastPromotion::Files))
    }
}
