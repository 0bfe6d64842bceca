//! Jobs that wait: putting them in, two with one key becoming one, and counting them.

use super::database::Transaction;
use super::error::StoreError;
use super::handle::{Merge, Millis, Store};
use super::statement::{Statement, Value};

/// A job to be queued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// A fresh id; ids of later jobs sort after it.
    pub id: String,
    /// What it is, for lists and metrics.
    pub kind: &'static str,
    /// The repository it is about.
    pub repository: Option<String>,
    /// Waiting jobs with one key are one job.
    pub key: String,
    /// Jobs with one lane run one after the other.
    pub lane: String,
    /// What it needs to know; opaque here.
    pub payload: String,
    /// Not to be started before.
    pub run_at: Millis,
    /// The delivery that it follows from, for logs; of jobs that become one, the first one's stays.
    pub delivery: Option<String>,
}

/// How many jobs there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobCounts {
    /// Jobs that wait.
    pub queued: u64,
    /// Jobs that run.
    pub running: u64,
    /// Jobs that somebody has to look at.
    pub parked: u64,
    /// When the oldest of those that wait was queued.
    pub oldest_queued: Option<Millis>,
    /// When the next of those that wait is due.
    pub next_due: Option<Millis>,
}

impl Store {
    /// Queues jobs, all or none.
    ///
    /// A job whose key waits already becomes one with it: the payloads are merged and the earlier start
    /// counts, unless the one that waits is being retried, since a new trigger is no reason to knock again
    /// earlier.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn enqueue(&self, jobs: Vec<NewJob>, now: Millis) -> Result<(), StoreError> {
        let run = async {
            let mut tx = self.database.begin().await?;
            enqueue_in(&mut tx, jobs, self.merge, now).await?;
            tx.commit().await
        };
        run.await.map_err(StoreError::while_to("queue jobs"))
    }

    /// How many jobs there are now.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn job_counts(&self) -> Result<JobCounts, StoreError> {
        const COUNT: &str = "SELECT state, COUNT(*) AS jobs, MIN(created_at) AS oldest, \
             MIN(run_at) AS due FROM jobs GROUP BY state";
        self.counts(COUNT, &[]).await
    }

    /// The same, of the repositories that a session of the pages may see.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn job_counts_seen_by(&self, session: &str) -> Result<JobCounts, StoreError> {
        const COUNT: &str = "SELECT state, COUNT(*) AS jobs, MIN(created_at) AS oldest, \
             MIN(run_at) AS due FROM jobs WHERE repository IN \
             (SELECT repository FROM page_session_repositories WHERE session = $1) GROUP BY state";
        self.counts(COUNT, &[session.into()]).await
    }

    async fn counts(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<JobCounts, StoreError> {
        let read = async {
            let mut counts = JobCounts::default();
            for row in self.database.fetch(sql, values).await? {
                let jobs = u64::try_from(row.int("jobs")?).unwrap_or(0);
                match row.text("state")?.as_str() {
                    "queued" => {
                        counts.queued = jobs;
                        counts.oldest_queued = row.maybe_int("oldest")?;
                        counts.next_due = row.maybe_int("due")?;
                    }
                    "running" => counts.running = jobs,
                    _ => counts.parked = jobs,
                }
            }
            Ok(counts)
        };
        read.await.map_err(StoreError::while_to("count jobs"))
    }
}

/// Queues jobs in a transaction, in the order of their keys, so that two such transactions cannot wait
/// for each other.
pub(super) async fn enqueue_in(
    tx: &mut Transaction,
    mut jobs: Vec<NewJob>,
    merge: Merge,
    now: Millis,
) -> Result<(), sqlx::Error> {
    // Stable: jobs with one key stay in the order in which they came.
    jobs.sort_by(|a, b| a.key.cmp(&b.key));
    jobs.dedup_by(|newer, kept| {
        let same = newer.key == kept.key;
        if same && newer.payload != kept.payload {
            kept.payload = merge(&kept.payload, &newer.payload);
        }
        if same {
            kept.run_at = kept.run_at.min(newer.run_at);
        }
        same
    });
    for job in jobs {
        tx.lock(&job.key).await?;
        if !merge_into_waiting(tx, &job, merge).await? {
            insert(tx, &job, now).await?;
        }
    }
    Ok(())
}

/// Merges the job into the one that waits with its key; false if none does.
async fn merge_into_waiting(
    tx: &mut Transaction,
    job: &NewJob,
    merge: Merge,
) -> Result<bool, sqlx::Error> {
    // On PostgreSQL touching the row keeps it from being claimed until the merged payload is there. On SQLite nobody else
    // writes meanwhile.
    const WAITING: Statement = Statement::of_each(
        "SELECT id, payload, run_at, failing_since FROM jobs \
         WHERE key = $1 AND state = 'queued'",
        "UPDATE jobs SET fence = fence WHERE key = $1 \
         AND state = 'queued' RETURNING id, payload, run_at, failing_since",
    );
    const UPDATE: &str =
        "UPDATE jobs SET payload = $2, run_at = $3 WHERE id = $1 AND state = 'queued'";
    let rows = tx.fetch(WAITING, &[(&job.key).into()]).await?;
    let Some(waiting) = rows.first() else { return Ok(false) };
    let run_at = waiting.int("run_at")?;
    let retried = waiting.maybe_int("failing_since")?.is_some();
    let run_at = if retried { run_at } else { run_at.min(job.run_at) };
    let was = waiting.text("payload")?;
    let same = was == job.payload;
    if same && run_at == waiting.int("run_at")? {
        return Ok(true);
    }
    let payload = if same { was } else { merge(&was, &job.payload) };
    let id = waiting.text("id")?;
    Ok(tx.execute(UPDATE, &[(&id).into(), (&payload).into(), run_at.into()]).await? > 0)
}

async fn insert(tx: &mut Transaction, job: &NewJob, now: Millis) -> Result<(), sqlx::Error> {
    const INSERT: &str = "INSERT INTO jobs \
         (id, kind, repository, key, lane, payload, state, created_at, run_at, delivery) \
         VALUES ($1, $2, $3, $4, $5, $6, 'queued', $7, $8, $9)";
    tx.execute(
        INSERT,
        &[
            (&job.id).into(),
            job.kind.into(),
            job.repository.as_deref().into(),
            (&job.key).into(),
            (&job.lane).into(),
            (&job.payload).into(),
            now.into(),
            job.run_at.into(),
            job.delivery.as_deref().into(),
        ],
    )
    .await?;
    Ok(())
}
