//! Which step of the traffic somebody asks for, and which were taken already.

use std::collections::BTreeSet;

use crate::model::{ApplicationName, EnvironmentName};
use crate::promotion::{Environment, Key, PlanId, Trailers};
use crate::traffic::{Aim, Done, Rollout};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Aims {
    /// The first step that is not taken.
    Next,
    /// This one.
    At { aim: Aim, back: bool, because: Option<String> },
}

/// Which step is to be taken.
#[derive(Clone, Debug)]
pub struct StepRequest {
    /// Into which environment.
    pub target: EnvironmentName,
    /// Its application, where there are some.
    pub application: Option<ApplicationName>,
    /// What the destination is to get, in percent; without, the next step.
    pub weight: Option<u32>,
    /// Whose traffic; without, that of the first steps that fit.
    pub virtual_service: Option<String>,
    /// Whether to stop before the first write.
    pub dry_run: bool,
}

impl StepRequest {
    /// What is asked for, in the words of the configuration.
    ///
    /// # Errors
    /// Why there is no such step.
    pub(super) fn aims(&self, rollouts: &[Rollout]) -> Result<Aims, String> {
        let Some(weight) = self.weight else { return Ok(Aims::Next) };
        let fits = |rollout: &&Rollout| {
            self.virtual_service
                .as_ref()
                .is_none_or(|name| rollout.virtual_service.to_string() == *name)
        };
        // Who names a weight means what has some, where there is such a rollout.
        let meant: Vec<&Rollout> = rollouts.iter().filter(fits).collect();
        let weighted = meant.iter().find(|rollout| rollout.way.has_weights());
        let rollout = weighted.or(meant.first());
        let aim = rollout.and_then(|it| it.with_weight(weight)).ok_or_else(|| {
            match &self.virtual_service {
                Some(name) => {
                    format!("`steps` of `{}` give `{name}` no weight of {weight} %", self.target)
                }
                None => format!("no `steps` of `{}` take a weight of {weight} %", self.target),
            }
        })?;
        let back = weight == 0;
        Ok(Aims::At { aim, back, because: None })
    }
}

/// Why nothing is taken in an environment without steps.
pub(super) fn no_steps(target: &Environment) -> String {
    format!("`{target}` has no `steps` in `.github/overlift.yaml`")
}

/// What was done since the last promotion into an environment, read from commit messages, the newest first.
pub(super) struct StepsTaken<'a> {
    key: &'a Key,
    undone: BTreeSet<PlanId>,
    done: Done,
}

impl<'a> StepsTaken<'a> {
    pub(super) fn new(key: &'a Key) -> Self {
        Self { key, undone: BTreeSet::new(), done: Done::default() }
    }

    /// Whether nobody has to read the history: the weights that are written tell all of it.
    pub(super) fn are_told_by_weights(&self, target: &Environment) -> bool {
        target.rollouts.iter().all(|rollout| rollout.way.has_weights())
    }

    /// Takes the next message in; says whether it is that of the last promotion, so that no more is wanted.
    pub(super) fn reaches_promotion(&mut self, message: &str) -> bool {
        let Some(trailers) = Trailers::parse(message) else { return false };
        let is_here =
            trailers.target == self.key.target && trailers.application == self.key.application;
        if !is_here {
            return false;
        }
        match (trailers.undoes, trailers.step) {
            (Some(plan), _) => _ = self.undone.insert(plan),
            (None, None) => return true,
            (None, Some(_)) if self.undone.contains(&trailers.plan) => {}
            // There and back again is as if it had not been done.
            (None, Some(step)) => {
                if !self.done.switched.remove(&step.virtual_service) {
                    self.done.switched.insert(step.virtual_service);
                }
            }
        }
        false
    }

    pub(super) fn done(self) -> Done {
        self.done
    }
}
