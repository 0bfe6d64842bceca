//! Taking a step from the command, with a token and without a queue.

use crate::model::{ApplicationName, EnvironmentName};
use crate::promotion::{Intent, Key, Request, Stepping};
use crate::traffic::{Aim, Rollout, Way};

use super::on_github::{only_github, patiently};
use super::values::{Ended, Shown};
use super::{Aims, OnGithub, OnGithubError, Operation, Records, Step, StepTaken};

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

/// What became of it.
#[derive(Debug)]
pub struct Stepped {
    /// What was done to the pull request.
    pub operation: Operation,
    /// The pull request's number and page.
    pub pull_request: Option<(u64, Option<String>)>,
    /// The step; `None` where none is left.
    pub stepping: Option<Stepping>,
    /// What the cluster will see, as a diff.
    pub rendered: String,
}

impl OnGithub {
    /// Opens the pull request of a step, or brings the open one up to date.
    ///
    /// # Errors
    /// [`OnGithubError::Refused`] if it cannot be taken; what GitHub may do later was tried several times.
    pub async fn step(&self, request: &StepRequest) -> Result<Stepped, OnGithubError> {
        patiently(async || Box::pin(self.attempt_step(request)).await).await
    }

    async fn attempt_step(&self, request: &StepRequest) -> Result<Stepped, OnGithubError> {
        let base = self.repository.fetch_default_branch().await?;
        let mut snapshot = self.snapshot(&base).await?;
        let configuration = snapshot.configuration(None).await?;
        let configuration = configuration.map_err(|error| OnGithubError::Broken {
            because: super::chain(&error),
            at: error.location().cloned(),
        })?;
        let target = configuration.pipeline.target(&request.target, request.application.as_ref());
        let target = target.map_err(|error| OnGithubError::Refused(error.to_string()))?;
        let Some(source) = target.from.first() else {
            let because = format!("`{target}` is promoted from no other environment");
            return Err(OnGithubError::Refused(because));
        };
        let key = target.key_from(source).with(Intent::Step);
        let aims = aims(request, &target.rollouts, &key)?;
        let (step_request, dry_run) = (Request::Asked, request.dry_run);
        let step = Step { key: &key, aims, request: step_request, dry_run };
        let records = Records::Nowhere(self);
        let taken = step.carry_out(records, &self.repository, &base, snapshot).await;
        let StepTaken { ended, stepping, rendered, .. } = taken.map_err(only_github)?;
        let (operation, shown) = match ended {
            Ended::Created(shown) => (Operation::Created, Some(shown)),
            Ended::Updated(shown) => (Operation::Updated, Some(shown)),
            Ended::Unchanged(shown) => (Operation::Unchanged, Some(shown)),
            Ended::Closed(shown) => (Operation::Closed, Some(shown)),
            Ended::Nothing | Ended::Declined => (Operation::None, None),
            Ended::Refused(because) => return Err(OnGithubError::Refused(because)),
            Ended::Broken { because, at } => return Err(OnGithubError::Broken { because, at }),
            Ended::Foreign(_) | Ended::Several(_) => {
                let because = "the branch has commits that are not Overlift's; it was left alone";
                return Err(OnGithubError::Refused(because.to_owned()));
            }
        };
        let pull_request = shown.map(|Shown { number, url, .. }| (number.get(), url));
        Ok(Stepped { operation, pull_request, stepping, rendered })
    }
}

/// What is asked for, in the words of the configuration.
fn aims(request: &StepRequest, rollouts: &[Rollout], key: &Key) -> Result<Aims, OnGithubError> {
    let Some(weight) = request.weight else { return Ok(Aims::Next) };
    let fits = |rollout: &&Rollout| {
        request
            .virtual_service
            .as_ref()
            .is_none_or(|name| rollout.virtual_service.to_string() == *name)
    };
    let at = |rollout: &Rollout| -> Option<Aim> {
        match &rollout.way {
            Way::Canary { to, .. } => rollout.aim(to, weight),
            Way::Switch { between: [one, _] } if weight == 0 => rollout.aim(one, 100),
            Way::Switch { between: [_, other] } => rollout.aim(other, weight),
        }
    };
    // A canary is meant, where there is one: a switch has no weights between.
    let is_canary = |rollout: &&Rollout| matches!(rollout.way, Way::Canary { .. });
    let meant: Vec<&Rollout> = rollouts.iter().filter(fits).collect();
    let rollout = meant.iter().copied().find(|it| is_canary(it)).or(meant.first().copied());
    let aim = rollout.and_then(at).ok_or_else(|| {
        OnGithubError::Refused(match &request.virtual_service {
            Some(name) => {
                format!("`steps` of `{}` give `{name}` no weight of {weight} %", key.target)
            }
            None => format!("no `steps` of `{}` take a weight of {weight} %", key.target),
        })
    })?;
    let back = weight == 0;
    Ok(Aims::At { aim, back, because: None })
}
