//! Steps of the traffic: one pull request after the other, by themselves after a merge or because somebody asks.

use crate::github::{Reaction, Repository};
use crate::model::PullRequestNumber;
use crate::promotion::{Key, Request, Stepping, quote};
use crate::store::PromotionState;
use crate::traffic::Aim;

use super::comment::{Topic, write_comment};
use super::job::{Clear, Job, Step, StoredAim};
use super::promote::{self, Ended, Records, StepTaken, retire};
use super::snapshot::Snapshot;
use super::step_request::Aims;
use super::stored_key::pair;
use super::work::{Stop, Work};
use super::worker::Outcome;

/// Takes a step.
pub(super) async fn step(work: &Work, job: &Step) -> Result<Outcome, Stop> {
    let done = Ok(Outcome::Done(Vec::new()));
    let Some(key) = job.key() else { return done };
    let repository = work.repository(&job.place).await?;
    let base = work.default_branch(&repository, &job.place).await?;
    let Some(head) = repository.fetch_head(&base).await? else { return done };
    let mut snapshot = Snapshot::open(&repository, &head.sha, &head.tree).await?;
    let Some(aims) = aims(work, job, &key, &repository, &mut snapshot).await? else { return done };
    // Whoever asks gets it even if a person closed the same before; by itself that is respected.
    let request = match (job.asked_there, job.asked) {
        (true, _) => Request::AskedThere,
        (false, true) => Request::Asked,
        (false, false) => Request::Moved,
    };
    let step = promote::DueStep { key: &key, aims, request, dry_run: false };
    let taken = step.carry_out(Records::InStore(work), &repository, &base, snapshot).await?;
    let StepTaken { ended, stepping, record, errors, .. } = taken;
    tracing::info!(target = job.pair.target, outcome = ended.outcome(), "a step is taken");
    let mut next = Vec::new();
    if let (Some(record), Some(stepping)) = (record.filter(|_| ended.shows()), &stepping) {
        let mut standing = work.app.standing(&record).await?;
        let Stepping { aim, back, because, .. } = stepping;
        standing.step = Some(StoredAim::new(aim, *back, because.clone()));
        (standing.shown, standing.body, standing.errors) = (true, None, errors);
        (standing.stale, standing.foreign) = (None, false);
        work.app.note_standing(&record, &standing).await?;
        next.push(work.follow_up(&Job::Clear(Clear::new(job.place.clone(), &key))));
    }
    tell(work, job, &repository, &words(&ended, stepping.as_ref(), &key)).await?;
    Ok(Outcome::Done(next))
}

/// What is asked for; `None` if that makes no sense any more. An open step that the configuration has no more
/// is closed, as a promotion is.
async fn aims(
    work: &Work,
    job: &Step,
    key: &Key,
    repository: &Repository,
    snapshot: &mut Snapshot,
) -> Result<Option<Aims>, Stop> {
    let (stored, open) = match (&job.aim, job.again) {
        (Some(aim), _) => (aim.clone(), None),
        (None, false) => return Ok(Some(Aims::Next)),
        (None, true) => {
            let newest = work.app.store.newest_promotion(&job.place.key(), pair(key)).await?;
            let open = newest.filter(|record| record.state == PromotionState::Open);
            let Some(record) = open else { return Ok(None) };
            match work.app.standing(&record.id).await?.step {
                Some(step) => (step, Some(record)),
                None => return Ok(None),
            }
        }
    };
    let Ok(configuration) = snapshot.configuration(None).await? else { return Ok(None) };
    let aim: Result<Option<Aim>, String> = match configuration.pipeline.pair(key) {
        Ok((_, target)) => Ok(stored.of(&target.rollouts)),
        Err(error) => Err(error.to_string()),
    };
    if let (Some(record), Ok(None) | Err(_)) = (open, &aim) {
        let gone = || {
            format!("`steps` of `{}` move no traffic of `{}`", key.target, stored.virtual_service)
        };
        let because = aim.as_ref().err().cloned().unwrap_or_else(gone);
        retire(work, repository, record, &because).await?;
    }
    let aim = aim.ok().flatten();
    Ok(aim.map(|aim| Aims::At { aim, back: stored.back, because: stored.because }))
}

/// What to say to whoever asked.
fn words(ended: &Ended, stepping: Option<&Stepping>, key: &Key) -> Result<String, String> {
    let step = stepping.map_or(String::new(), |it| format!(" ({})", it.aim));
    match ended {
        Ended::Created(shown) | Ended::Updated(shown) | Ended::Unchanged(shown) => {
            Ok(format!("{} takes the next step{step}.", shown.number()))
        }
        Ended::Nothing | Ended::Closed(_) => Ok(format!(
            "There is nothing to promote from `{}` to `{}`, and no step is left to take.",
            key.source, key.target
        )),
        Ended::Declined => Err("Somebody closed the pull request of this step.".to_owned()),
        Ended::Foreign(_) => {
            Err("The branch of this step has commits that are not Overlift's; it was left alone."
                .to_owned())
        }
        Ended::Refused(because) | Ended::Broken { because, .. } => {
            Err(format!("This step cannot be taken:\n\n{}", quote(because)))
        }
        Ended::Several(_) => Err("This step cannot be taken.".to_owned()),
    }
}

async fn tell(
    work: &Work,
    job: &Step,
    repository: &Repository,
    words: &Result<String, String>,
) -> Result<(), Stop> {
    let reaction = if words.is_ok() { Reaction::Rocket } else { Reaction::Confused };
    let text = match words {
        Ok(text) | Err(text) => text,
    };
    for asker in &job.askers {
        work.hold().await?;
        repository.react(asker.comment, reaction).await?;
        if let Some(number) = PullRequestNumber::new(asker.number) {
            let topic = Topic::Command(asker.comment);
            write_comment(&work.app.github, repository, number, topic, text).await?;
        }
    }
    Ok(())
}
