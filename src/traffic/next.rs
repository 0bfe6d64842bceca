//! Which step is due, and as which step the traffic stands.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::error::ShiftError;
use super::owner::owner_of;
use super::rollout::{Aim, Rollout, VirtualServiceName, Way};
use super::split::{find, share_of, virtual_services};
use crate::kustomize::Build;

/// What was done since the last promotion into the environment, as far as weights do not tell it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The VirtualServices that were switched.
    pub switched: BTreeSet<VirtualServiceName>,
}

/// What is next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Next {
    /// This step.
    Step(Aim),
    /// Nothing: all of it is where it leads.
    Finished,
}

/// The next step of an environment: the first that is not taken, in the order of the configuration.
///
/// # Errors
/// [`ShiftError`] if a VirtualService is not there, has no such routes, or belongs to somebody else.
pub fn next_step(rollouts: &[Rollout], build: &Build, done: &Done) -> Result<Next, ShiftError> {
    for rollout in rollouts {
        let aim = match &rollout.way {
            Way::Canary { to, weights, .. } => {
                let share = checked_share(rollout, to, build)?;
                weights.iter().find(|weight| **weight > share).and_then(|it| rollout.aim(to, *it))
            }
            Way::Switch { between: [one, other] } => {
                let live = checked_share(rollout, other, build)?;
                let next = if live == 100 { one } else { other };
                let is_due = !done.switched.contains(&rollout.virtual_service);
                rollout.aim(next, 100).filter(|_| is_due)
            }
        };
        if let Some(aim) = aim {
            return Ok(Next::Step(aim));
        }
    }
    Ok(Next::Finished)
}

/// How a build shares the traffic out now, as a step would have it.
#[must_use]
pub fn standing_step(rollout: &Rollout, build: &Build) -> Option<Aim> {
    let (to, other) = match &rollout.way {
        Way::Canary { to, .. } => (to, None),
        Way::Switch { between: [one, other] } => (one, Some(other)),
    };
    let any = rollout.aim(to, if other.is_some() { 100 } else { 0 })?;
    let share = share_of(build, &any)?;
    match other {
        Some(other) if share < 100 => rollout.aim(other, 100),
        _ => rollout.aim(to, share),
    }
}

fn checked_share(rollout: &Rollout, to: &str, build: &Build) -> Result<u32, ShiftError> {
    let any = match rollout.way {
        Way::Canary { .. } => 0,
        Way::Switch { .. } => 100,
    };
    let Some(aim) = rollout.aim(to, any) else { return Ok(0) };
    check(build, &aim)?;
    share_of(build, &aim).ok_or_else(|| ShiftError::no_route(&aim))
}

/// Whether a step may touch this VirtualService at all.
pub(super) fn check(build: &Build, aim: &Aim) -> Result<(), ShiftError> {
    let name = &aim.virtual_service;
    let Some(found) = find(build, name) else {
        let known = virtual_services(build);
        let known = known.map(|it| format!("{}/{}", super::split::namespace_of(it), it.id.name));
        return Err(ShiftError::NotThere { name: name.clone(), known: known.collect() });
    };
    match owner_of(build, found) {
        Some(owner) => Err(ShiftError::Owned { name: name.clone(), owner }),
        None => Ok(()),
    }
}
