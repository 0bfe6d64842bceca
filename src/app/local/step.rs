//! A step of the traffic seen in a checkout: what it would edit, with nobody asked.

use std::cell::RefCell;

use super::super::checking::Checking;
use super::super::clock::Clock;
use super::super::step_request::{Aims, StepRequest, StepsTaken, no_steps};
use super::error::LocalError;
use super::workspace::Workspace;
use crate::config::RepositoryConfig;
use crate::promotion::{
    self, Environment, GivenEdit, Intent, Key, LastPromotion, Past, Plan, PlanError, PlanRequest,
    Stepping, Trailers, Wish, steps_of,
};
use crate::traffic::{Aim, Done, Next, next_step};
use crate::workdir::WorkdirError;

impl Workspace {
    /// The step that is asked for, with the plan of its edits; `None` if no step is left to take.
    ///
    /// # Errors
    /// [`LocalError`] if there is no such step or it cannot be taken.
    pub fn step(
        &self,
        configuration: &RepositoryConfig,
        request: &StepRequest,
    ) -> Result<Option<(Stepping, Plan)>, LocalError> {
        let target =
            configuration.pipeline.target(&request.target, request.application.as_ref())?;
        let Some(source) = target.from.first() else {
            let because = format!("`{target}` is promoted from no other environment");
            return Err(LocalError::NoStep(because));
        };
        let key = target.key_from(source).with(Intent::Step);
        let (source, _) = configuration.pipeline.pair(&key)?;
        if target.rollouts.is_empty() {
            return Err(LocalError::NoStep(no_steps(target)));
        }
        let aim = match request.aims(&target.rollouts).map_err(LocalError::NoStep)? {
            Aims::At { aim, back, .. } => Some((aim, back)),
            Aims::Next => self.next(configuration, target, &key)?.map(|aim| (aim, false)),
        };
        let Some((aim, back)) = aim else { return Ok(None) };
        let target = &steps_of(target);
        let options = self.build_options(configuration);
        let made = promotion::step_edits(self.files(), target, &options, &aim);
        let (stepping, edits) = made.map_err(PlanError::from)?;
        let plan = self.plan_edits(configuration, (source, target), edits)?;
        Ok(Some((Stepping { back, ..stepping }, plan)))
    }

    /// The first step that is not taken.
    fn next(
        &self,
        configuration: &RepositoryConfig,
        target: &Environment,
        key: &Key,
    ) -> Result<Option<Aim>, LocalError> {
        let options = self.build_options(configuration);
        let build = promotion::render(self.files(), &target.path, &options);
        let build =
            build.map_err(|error| PlanError::from(crate::traffic::ShiftError::from(error)))?;
        let done = self.taken(target, key)?;
        Ok(match next_step(&target.rollouts, &build, &done).map_err(PlanError::from)? {
            Next::Step(aim) => Some(aim),
            Next::Finished => None,
        })
    }

    /// What was done since the last promotion, as far as git knows and weights do not tell.
    fn taken(&self, target: &Environment, key: &Key) -> Result<Done, WorkdirError> {
        let taken = StepsTaken::new(key);
        let (Some(repository), Some(from)) = (self.checkout.repository(), &self.commit) else {
            return Ok(Done::default());
        };
        if taken.are_told_by_weights(target) {
            return Ok(Done::default());
        }
        let taken = RefCell::new(taken);
        repository.find_in_history(from, &target.path, Trailers::PLAN, |_, message| {
            taken.borrow_mut().reaches_promotion(message).then_some(())
        })?;
        Ok(taken.into_inner().done())
    }

    fn plan_edits(
        &self,
        configuration: &RepositoryConfig,
        (source, target): (&Environment, &Environment),
        edits: Vec<GivenEdit>,
    ) -> Result<Plan, LocalError> {
        let allowed = &configuration.remote_bases;
        let checking = Checking::here(&target.gates, allowed, &Clock::system());
        let wish = Wish { edits: Some(edits), ..Wish::default() };
        Ok(promotion::plan(&PlanRequest {
            files: self.files(),
            options: &self.build_options(configuration),
            source,
            target,
            commit: self.commit.as_ref(),
            last_promotion: &LastPromotion::NotLooked,
            past: Past::None,
            wish: &wish,
            checks: checking.checks(),
            deployers: self.deployers(),
        })?)
    }
}
