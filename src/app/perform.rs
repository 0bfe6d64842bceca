//! Running a job of any kind, and what its end means for the queue.

use std::time::Duration;

use futures_util::FutureExt;
use tracing::Instrument;

use crate::github::{GithubError, Retry};
use crate::telemetry::metric;

use super::causes::chain;
use super::job::{Job, Promote, StoredPair};
use super::work::{Stop, Work};
use super::worker::{Outcome, Run};
use super::{
    App, after, changed, clear, command, ended, exempt, given_up, look, news, notice, promote,
    pull_request_preview, recover, repositories, step, undo,
};

/// A job with which its worker dies that often in a row, by a panic or with all its process, is given up.
const MOST_DEATHS: u32 = 3;

impl App {
    /// Runs any job.
    pub(super) fn performer(&self) -> Run {
        let app = self.clone();
        std::sync::Arc::new(move |attempt| {
            let work = Work { app: app.clone(), attempt };
            perform(work).boxed()
        })
    }
}

async fn perform(work: Work) -> Outcome {
    let claim = work.attempt.claim.clone();
    let Some(job) = Job::parse(&claim.payload) else {
        return Outcome::Parked { because: "a newer version queued this job".to_owned() };
    };
    let kind = job.kind();
    let repository = job.place().map(|place| place.repository.clone());
    let span = tracing::info_span!(
        "job",
        job.id = claim.lease.job(),
        job.kind = kind,
        repo.name = repository,
        delivery.id = claim.delivery,
        plan.id = tracing::field::Empty
    );
    let started = work.app.clock.now();
    let outcome = async {
        if claim.deaths >= MOST_DEATHS {
            return give_up(&work, &job).await;
        }
        match run(&work, &job).await {
            Ok(outcome) => outcome,
            Err(stop) => stopped(&work, &job, stop).await,
        }
    }
    .instrument(span)
    .await;
    let milliseconds = u32::try_from(work.app.clock.now() - started).unwrap_or(0);
    metric::job_attempt(kind, word(&outcome), f64::from(milliseconds) / 1000.0);
    outcome
}

const fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done(_) => "done",
        Outcome::Again { .. } => "again",
        Outcome::Parked { .. } => "parked",
    }
}

async fn run(work: &Work, job: &Job) -> Result<Outcome, Stop> {
    match job {
        Job::Look(look) => look::look(work, look).await,
        Job::Promote(promote) => promote::promote(work, promote).await,
        Job::Command(command) => command::command(work, command).await,
        Job::Ended(ended) => ended::note(work, ended).await,
        Job::PreviewPullRequest(job) => pull_request_preview::preview(work, job).await,
        Job::Changed(changed) => changed::changed(work, changed).await,
        Job::Clear(clear) => clear::clear(work, clear).await,
        Job::News(news) => news::news(work, news).await,
        Job::After(after) => after::after(work, after).await,
        Job::Undo(undo) => undo::undo(work, undo).await,
        Job::Notify(notify) => notice::send(work, notify).await,
        Job::Step(step) => step::step(work, step).await,
        Job::Repositories(job) => repositories::note(work, job).await,
        Job::Recover(_) => recover::recover(work).await,
        Job::Exempt(job) => exempt::exempt(work, job).await,
    }
}

/// What the queue does with a job that stopped.
async fn stopped(work: &Work, job: &Job, stop: Stop) -> Outcome {
    let because = chain(&stop);
    note_unreached(job, &stop);
    let retry = match &stop {
        Stop::Github(error) => error.retry(),
        Stop::Store(_) => Retry::Backoff,
    };
    match retry {
        Retry::Backoff => Outcome::Again { because, after: None },
        Retry::After(after) => Outcome::Again { because, after: Some(after) },
        Retry::Never => park(work, job, because).await,
    }
}

/// A job with which its worker died again and again is not run once more.
async fn give_up(work: &Work, job: &Job) -> Outcome {
    let because = format!(
        "the worker died {MOST_DEATHS} times in a row while it was at this; the log says where, if it could"
    );
    let shown = tokio::time::timeout(Duration::from_secs(30), given_up::show(work, job, &because));
    if let Ok(Err(error)) = shown.await {
        tracing::warn!(error = %chain(&error), "that a job is given up cannot be shown on its commit");
    }
    park(work, job, because).await
}

/// Notes a promotion that was asked for where we cannot look: the App is not installed there, or the token does
/// not reach it.
fn note_unreached(job: &Job, stop: &Stop) {
    let Stop::Github(
        error @ (GithubError::NotInstalled { .. }
        | GithubError::NotFound { .. }
        | GithubError::Forbidden { .. }),
    ) = stop
    else {
        return;
    };
    if let Job::Promote(promote) = job {
        let Promote { place, pair: StoredPair { source, target, .. }, .. } = promote;
        metric::promotion("unreached");
        tracing::warn!(
            repo.name = place.repository,
            source,
            target,
            %error,
            "a promotion was asked for in a repository that is not reached: install the App on it"
        );
    }
}

/// Parks a job and says so where whoever asked will see it.
async fn park(work: &Work, job: &Job, because: String) -> Outcome {
    if let Job::Promote(promote) = job {
        let told = promote::tell_parked(work, promote, &because);
        // The log and the queue have it; GitHub may be the very thing that is broken.
        let told = tokio::time::timeout(Duration::from_secs(30), told).await;
        tracing::debug!(told = told.is_ok_and(|told| told.is_ok()), "parking");
        let because = format!("it was given up: {because}");
        let occasion = work.attempt.lease().job();
        if let Err(error) = work.tell_failed(promote, None, occasion, &because).await {
            tracing::warn!(error = %chain(&error), "nobody is told outside GitHub");
        }
    }
    Outcome::Parked { because }
}
