//! The queue: what waits, what runs, what somebody has to look at.

use super::super::App;
use super::super::sign_in::Sight;
use crate::store::{Millis, StoreError};

/// So many jobs are shown.
const JOBS: u32 = 200;

/// A job that waits, runs or is parked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobLine {
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: String,
    /// The repository it is about.
    pub repository: Option<String>,
    /// Its state.
    pub state: &'static str,
    /// Attempts since the last progress.
    pub attempts: u32,
    /// When it was queued.
    pub created_at: Millis,
    /// Not to be started before.
    pub run_at: Millis,
    /// Why the last attempt failed.
    pub reason: Option<String>,
}

/// The queue, and what GitHub leaves us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuePage {
    /// Jobs that wait.
    pub queued: u64,
    /// Jobs that run.
    pub running: u64,
    /// Jobs that somebody has to look at.
    pub parked: u64,
    /// The first of them.
    pub jobs: Vec<JobLine>,
    /// How many more there are.
    pub more: u64,
    /// Requests left and allowed, by installation or `token`.
    pub budgets: Vec<(String, u64, u64)>,
}

impl App {
    /// The queue, as far as it may be seen. What GitHub leaves us is the operator's alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn queue(&self, sight: &Sight) -> Result<QueuePage, StoreError> {
        let counts = match sight {
            Sight::All => self.store.job_counts().await?,
            Sight::Of(session) => self.store.job_counts_seen_by(session).await?,
        };
        let jobs = self.store.list_jobs_seen_by(sight.session(), JOBS).await?;
        let all = counts.queued + counts.running + counts.parked;
        let more = all.saturating_sub(jobs.len() as u64);
        let jobs = jobs.into_iter().map(|job| JobLine {
            id: job.id,
            kind: job.kind,
            repository: job.repository,
            state: job.state.as_str(),
            attempts: job.attempts,
            created_at: job.created_at,
            run_at: job.run_at,
            reason: job.reason,
        });
        let rates = if *sight == Sight::All { self.github.rates_left() } else { Vec::new() };
        let budgets = rates.into_iter().map(|rate| {
            let who = rate.installation.map_or_else(|| "token".to_owned(), |id| id.to_string());
            (who, rate.remaining, rate.limit)
        });
        Ok(QueuePage {
            queued: counts.queued,
            running: counts.running,
            parked: counts.parked,
            jobs: jobs.collect(),
            more,
            budgets: budgets.collect(),
        })
    }
}
