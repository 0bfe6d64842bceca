//! `/undo`, and undoing by itself: the merged promotion is found, taken back, and told of.

use crate::github::{Commit, PullRequestState, Reaction, Repository};
use crate::model::{Location, PullRequestNumber};
use crate::promotion::{Key, PlanId, Request, Trailers, Undoing, quote};

use super::comment::{Topic, write_comment};
use super::job::{Clear, Job, Undo};
use super::promote::{Ended, Records, TakeBack, TakenBack};
use super::snapshot::Snapshot;
use super::stored_key::key_of;
use super::work::{Stop, Work};
use super::worker::Outcome;

/// Takes a merged promotion back.
pub(super) async fn undo(work: &Work, job: &Undo) -> Result<Outcome, Stop> {
    let Some(number) = PullRequestNumber::new(job.number) else {
        return Ok(Outcome::Done(Vec::new()));
    };
    let repository = work.repository(&job.place).await?;
    let base = work.default_branch(&repository, &job.place).await?;
    let Some((key, plan, commit)) = find(work, job, &repository, number).await? else {
        tell(work, job, &repository, Err("This is no merged promotion.".to_owned())).await?;
        return Ok(Outcome::Done(Vec::new()));
    };
    let Some(head) = repository.fetch_head(&base).await? else {
        return Ok(Outcome::Done(Vec::new()));
    };
    let snapshot = Snapshot::open(&repository, &head.sha, &head.tree).await?;
    let undoing =
        Undoing { plan, number: Some(number), because: job.because.clone(), conflicts: Vec::new() };
    // Whoever asks gets it even if a person closed the same before; by itself that is respected.
    let request = if job.askers.is_empty() { Request::Moved } else { Request::Asked };
    let take_back = TakeBack { key: &key, undoing, commit, request };
    let taken = take_back.carry_out(Records::InStore(work), &repository, &base, snapshot).await?;
    let TakenBack { ended, conflicts, record } = taken;
    tracing::info!(pull_request = job.number, outcome = ended.outcome(), "a promotion is undone");
    if let Ended::Created(shown) | Ended::Updated(shown) | Ended::Unchanged(shown) = &ended {
        work.tell_opened(&job.place, shown.number().get()).await?;
    }
    let mut next = Vec::new();
    if let Some(record) = record.filter(|_| ended.shows()) {
        let mut standing = work.app.standing(&record).await?;
        standing.merges_itself = job.merges;
        standing.because = job.because.clone();
        standing.stale = None;
        standing.shown = true;
        standing.body = None;
        work.app.note_standing(&record, &standing).await?;
        let key = key.with(crate::promotion::Intent::Undo);
        next.push(work.follow_up(&Job::Clear(Clear::new(job.place.clone(), &key))));
    }
    if !job.again {
        tell(work, job, &repository, words(&ended, &conflicts)).await?;
    }
    Ok(Outcome::Done(next))
}

/// The promotion, its plan, and the commit that brought it.
async fn find(
    work: &Work,
    job: &Undo,
    repository: &Repository,
    number: PullRequestNumber,
) -> Result<Option<(Key, PlanId, Commit)>, Stop> {
    let record = work.app.store.promotion_of_pull_request(&job.place.key(), number).await?;
    let Some(found) = repository.fetch_pull_request(number).await? else { return Ok(None) };
    let PullRequestState::Merged(Some(merged_as)) = &found.state else { return Ok(None) };
    let known = record.as_ref().and_then(|it| Some((key_of(it)?, PlanId::parse(&it.plan_id)?)));
    let (key, plan) = match known {
        Some(known) => known,
        // After the loss of the store the commit itself tells.
        None => {
            let commit = repository.fetch_commit(&found.head).await?;
            match commit.and_then(|commit| Trailers::parse(&commit.message)) {
                Some(trailers) => (trailers.key(), trailers.plan),
                None => return Ok(None),
            }
        }
    };
    let commit = repository.fetch_commit(merged_as).await?;
    Ok(commit.map(|commit| (key, plan, commit)))
}

/// What to say: that there is a pull request, or why there is none.
fn words(ended: &Ended, conflicts: &[Location]) -> Result<String, String> {
    let stays = match conflicts {
        [] => String::new(),
        _ => {
            let lines: Vec<String> = conflicts.iter().take(20).map(ToString::to_string).collect();
            let lines = quote(&lines.join("\n"));
            format!("\n\nSomebody changed this later, so that it stays as it is:\n\n{lines}")
        }
    };
    match ended {
        Ended::Created(shown) | Ended::Updated(shown) | Ended::Unchanged(shown) => {
            Ok(format!("{} takes this promotion back.{stays}", shown.number()))
        }
        Ended::Nothing | Ended::Closed(_) => {
            Err(format!("Nothing of this promotion is left to take back.{stays}"))
        }
        Ended::Declined => Err("Somebody closed the pull request that takes this back.".to_owned()),
        Ended::Foreign(_) => Err(
            "The branch that takes this back has commits that are not Overlift's; it was left alone."
                .to_owned(),
        ),
        Ended::Refused(because) | Ended::Broken { because, .. } => {
            Err(format!("This cannot be taken back:\n\n{}", quote(because)))
        }
        Ended::Several(_) => Err("This cannot be taken back.".to_owned()),
    }
}

async fn tell(
    work: &Work,
    job: &Undo,
    repository: &Repository,
    words: Result<String, String>,
) -> Result<(), Stop> {
    let reaction = if words.is_ok() { Reaction::Rocket } else { Reaction::Confused };
    let text = match &words {
        Ok(text) | Err(text) => text,
    };
    let github = &work.app.github;
    for asker in &job.askers {
        work.hold().await?;
        repository.react(asker.comment, reaction).await?;
        if let Some(number) = PullRequestNumber::new(asker.number) {
            write_comment(github, repository, number, Topic::Command(asker.comment), text).await?;
        }
    }
    // Nobody asked: whoever looks at the merged pull request reads it there.
    if let (true, Some(number)) = (job.askers.is_empty(), PullRequestNumber::new(job.number)) {
        work.hold().await?;
        write_comment(github, repository, number, Topic::Undo, text).await?;
    }
    Ok(())
}
