//! Jobs that somebody has to look at: parking one, listing, trying again, dropping.

use super::claim::{Lease, held};
use super::database::Row;
use super::error::StoreError;
use super::handle::{Millis, Store};

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// It waits.
    Queued,
    /// A worker has it.
    Running,
    /// It was given up until somebody says otherwise.
    Parked,
}

impl JobState {
    /// The word for it in lists.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Parked => "parked",
        }
    }
}

/// A job as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedJob {
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: String,
    /// The repository it is about.
    pub repository: Option<String>,
    /// Its key, which says what it does.
    pub key: String,
    /// Where it is.
    pub state: JobState,
    /// Attempts since the last progress.
    pub attempts: u32,
    /// When it was queued.
    pub created_at: Millis,
    /// Not to be started before.
    pub run_at: Millis,
    /// Why the last attempt failed.
    pub reason: Option<String>,
}

impl Store {
    /// Gives a running job up, with the reason, until somebody tries it again or drops it.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`].
    pub async fn park(&self, lease: &Lease, reason: &str) -> Result<(), StoreError> {
        const PARK: &str = "UPDATE jobs SET state = 'parked', worker = NULL, lease_until = NULL, \
             reason = $3 WHERE id = $1 AND fence = $2 AND state = 'running'";
        let (job, fence) = lease.proof();
        let touched = self.database.execute(PARK, &[job.into(), fence.into(), reason.into()]).await;
        held(lease, touched.map_err(StoreError::while_to("park a job"))?)
    }

    /// All jobs, parked ones first, then by the time they are due; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn list_jobs(&self, limit: u32) -> Result<Vec<QueuedJob>, StoreError> {
        self.list_jobs_seen_by("", limit).await
    }

    /// The same, of the repositories that a session of the pages may see.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn list_jobs_seen_by(
        &self,
        session: &str,
        limit: u32,
    ) -> Result<Vec<QueuedJob>, StoreError> {
        const LIST: &str = "SELECT id, kind, repository, key, state, attempts, created_at, run_at, \
             reason FROM jobs WHERE ($2 = '' OR repository IN \
             (SELECT repository FROM page_session_repositories WHERE session = $2)) \
             ORDER BY CASE state WHEN 'parked' THEN 0 WHEN 'running' THEN 1 \
             ELSE 2 END, run_at, id LIMIT $1";
        let read = async {
            let values = [i64::from(limit).into(), session.into()];
            let rows = self.database.fetch(LIST, &values).await?;
            rows.iter().map(read_job).collect::<Result<Vec<_>, _>>()
        };
        read.await.map_err(StoreError::while_to("list jobs"))
    }

    /// Queues a parked job again, or makes one that waits for its next attempt due at once; false if there is no
    /// such job, or it runs. If a newer job with its key waits, that one is made due and this one goes.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn retry_job(&self, id: &str, now: Millis) -> Result<bool, StoreError> {
        const FIND: &str = "UPDATE jobs SET fence = fence WHERE id = $1 \
             AND state IN ('parked', 'queued') RETURNING key, state, payload";
        const NEWER: &str = "SELECT id, payload FROM jobs WHERE key = $1 AND state = 'queued' \
             AND id <> $2";
        const DROP: &str = "DELETE FROM jobs WHERE id = $1";
        const QUEUE: &str = "UPDATE jobs SET state = 'queued', payload = $2, run_at = $3, \
             attempts = 0, deaths = 0, failing_since = NULL WHERE id = $1";
        let run = async {
            let mut tx = self.database.begin().await?;
            let rows = tx.fetch(FIND, &[id.into()]).await?;
            let Some(job) = rows.first() else { return Ok(false) };
            let (key, mut payload) = (job.text("key")?, job.text("payload")?);
            tx.lock(&key).await?;
            if let Some(newer) = tx.fetch(NEWER, &[(&key).into(), id.into()]).await?.first() {
                payload = (self.merge)(&payload, &newer.text("payload")?);
                tx.execute(DROP, &[(&newer.text("id")?).into()]).await?;
            }
            tx.execute(QUEUE, &[id.into(), (&payload).into(), now.into()]).await?;
            tx.commit().await?;
            Ok(true)
        };
        run.await.map_err(StoreError::while_to("try a job again"))
    }

    /// Drops a job that does not run; false if there is none.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn drop_job(&self, id: &str) -> Result<bool, StoreError> {
        const DROP: &str = "DELETE FROM jobs WHERE id = $1 AND state IN ('parked', 'queued')";
        let touched = self.database.execute(DROP, &[id.into()]).await;
        Ok(touched.map_err(StoreError::while_to("drop a job"))? > 0)
    }
}

fn read_job(row: &Row) -> Result<QueuedJob, sqlx::Error> {
    Ok(QueuedJob {
        id: row.text("id")?,
        kind: row.text("kind")?,
        repository: row.maybe_text("repository")?,
        key: row.text("key")?,
        state: match row.text("state")?.as_str() {
            "queued" => JobState::Queued,
            "running" => JobState::Running,
            _ => JobState::Parked,
        },
        attempts: u32::try_from(row.int("attempts")?).unwrap_or(0),
        created_at: row.int("created_at")?,
        run_at: row.int("run_at")?,
        reason: row.maybe_text("reason")?,
    })
}
