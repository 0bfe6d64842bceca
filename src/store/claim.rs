//! Jobs that run: claiming one with a lease, keeping the lease, and handing the job back.
//!
//! A [`Lease`] is the proof of a claim: each write of a worker takes one and compares its fence, a number that
//! grows with every claim, since a lease can lapse while a worker waits for GitHub.

use super::database::{Row, Transaction, is_unique_violation};
use super::error::StoreError;
use super::handle::{Millis, Store};
use super::statement::Statement;

/// The right to run one job until the lease lapses. Cannot be made but by claiming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    job: String,
    fence: i64,
}

impl Lease {
    /// The job's id.
    #[must_use]
    pub fn job(&self) -> &str {
        &self.job
    }

    pub(super) const fn proof(&self) -> (&String, i64) {
        (&self.job, self.fence)
    }
}

/// A claimed job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The proof.
    pub lease: Lease,
    /// What it is.
    pub kind: String,
    /// Its key.
    pub key: String,
    /// What it needs to know.
    pub payload: String,
    /// Which attempt this is since the last progress, from 1.
    pub attempt: u32,
    /// How often in a row its worker died with it.
    pub deaths: u32,
    /// When the first attempt since the last progress failed; `None` if none did.
    pub failing_since: Option<Millis>,
    /// The delivery that it follows from.
    pub delivery: Option<String>,
}

/// Which kinds of jobs are claimed. Texts that are empty do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds {
    /// These alone.
    pub only: &'static str,
    /// All but these.
    pub except: &'static str,
}

/// When and why a job is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Not before.
    pub run_at: Millis,
    /// Why the attempt failed, for people.
    pub reason: String,
    /// Whether the attempt got further than the one before, which makes it the first of a new row.
    pub progressed: bool,
    /// Whether it brought its worker down.
    pub died: bool,
}

/// The statement that claims a job, with what keeps others from the same one meanwhile.
macro_rules! claiming {
    ($lock:literal) => {
        concat!(
            "UPDATE jobs SET state = 'running', worker = $1, lease_until = $3, \
             fence = fence + 1, attempts = attempts + 1 WHERE id = (SELECT id FROM jobs AS due \
             WHERE due.state = 'queued' AND due.run_at <= $2 AND NOT EXISTS (SELECT 1 FROM jobs \
             AS running WHERE running.state = 'running' AND running.lane = due.lane) \
             AND (SELECT COUNT(*) FROM jobs AS same WHERE same.state = 'running' \
             AND same.repository = due.repository) < 2 \
             AND ($4 = '' OR due.kind = $4) AND due.kind <> $5 \
             ORDER BY due.run_at, due.id LIMIT 1",
            $lock,
            ") RETURNING id, kind, key, payload, fence, attempts, deaths, failing_since, delivery"
        )
    };
}

impl Store {
    /// Claims the job that is due longest and whose lane is free, until `lease_until`; `None` if there is none.
    /// Of one repository at most two run at a time, so that it leaves places for others.
    ///
    /// Jobs whose lease lapsed are queued again first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn claim(
        &self,
        worker: &str,
        now: Millis,
        lease_until: Millis,
    ) -> Result<Option<Claim>, StoreError> {
        self.claim_of(Kinds::default(), worker, now, lease_until).await
    }

    /// The same among jobs of these kinds.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn claim_of(
        &self,
        kinds: Kinds,
        worker: &str,
        now: Millis,
        lease_until: Millis,
    ) -> Result<Option<Claim>, StoreError> {
        match self.try_claim(worker, kinds, now, lease_until).await {
            // Another process claimed a job of the same lane in this moment: nothing now.
            Err(error) if is_unique_violation(&error) => Ok(None),
            result => result.map_err(StoreError::while_to("claim a job")),
        }
    }

    async fn try_claim(
        &self,
        worker: &str,
        kinds: Kinds,
        now: Millis,
        lease_until: Millis,
    ) -> Result<Option<Claim>, sqlx::Error> {
        const CLAIM: Statement =
            Statement::of_each(claiming!(""), claiming!(" FOR UPDATE SKIP LOCKED"));
        if !self.something_is_due(kinds, now).await? {
            return Ok(None);
        }
        let mut tx = self.database.begin().await?;
        self.requeue_lapsed(&mut tx, now).await?;
        let values =
            [worker.into(), now.into(), lease_until.into(), kinds.only.into(), kinds.except.into()];
        let rows = tx.fetch(CLAIM, &values).await?;
        let claim = rows.first().map(read_claim).transpose()?;
        tx.commit().await?;
        Ok(claim)
    }

    /// Looks without the writer's lock whether claiming is worth it.
    async fn something_is_due(&self, kinds: Kinds, now: Millis) -> Result<bool, sqlx::Error> {
        const DUE: &str = "SELECT 1 AS due FROM jobs WHERE (state = 'queued' AND run_at <= $1 \
             AND ($2 = '' OR kind = $2) AND kind <> $3) OR (state = 'running' AND lease_until < $1) LIMIT 1";
        let values = [now.into(), kinds.only.into(), kinds.except.into()];
        Ok(!self.database.fetch(DUE, &values).await?.is_empty())
    }

    async fn requeue_lapsed(&self, tx: &mut Transaction, now: Millis) -> Result<(), sqlx::Error> {
        const LAPSED: &str = "SELECT id, fence, key FROM jobs WHERE state = 'running' AND lease_until < $1 ORDER BY key";
        for row in tx.fetch(LAPSED, &[now.into()]).await? {
            let lease = Lease { job: row.text("id")?, fence: row.int("fence")? };
            let back = Back { now, run_at: now, reason: None, counts: Counts::Lapse };
            self.put_back(tx, &lease, &back).await?;
        }
        Ok(())
    }

    /// Keeps the lease until `lease_until`. Also the way to ask, before writing elsewhere, whether it still holds.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] if it lapsed and the job was given to somebody else or ended.
    pub async fn extend(&self, lease: &Lease, lease_until: Millis) -> Result<(), StoreError> {
        const EXTEND: &str = "UPDATE jobs SET lease_until = $3 \
             WHERE id = $1 AND fence = $2 AND state = 'running'";
        self.extend_by(EXTEND, lease, lease_until).await
    }

    /// Keeps the lease as [`Store::extend`] does, of a job that got as far as a write: what it does before that
    /// has not brought its worker down.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`].
    pub async fn extend_before_writing(
        &self,
        lease: &Lease,
        lease_until: Millis,
    ) -> Result<(), StoreError> {
        const EXTEND: &str = "UPDATE jobs SET lease_until = $3, deaths = 0 \
             WHERE id = $1 AND fence = $2 AND state = 'running'";
        self.extend_by(EXTEND, lease, lease_until).await
    }

    async fn extend_by(
        &self,
        statement: &'static str,
        lease: &Lease,
        lease_until: Millis,
    ) -> Result<(), StoreError> {
        let values = [(&lease.job).into(), lease.fence.into(), lease_until.into()];
        let touched = self.database.execute(statement, &values).await;
        held(lease, touched.map_err(StoreError::while_to("extend a lease"))?)
    }

    /// Ends a job that is done, and queues what follows from it in the same commit. Parked jobs with its key
    /// are gone too: what they could not do is done.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`]; then nothing is queued.
    pub async fn finish(
        &self,
        lease: &Lease,
        next: Vec<super::NewJob>,
        now: Millis,
    ) -> Result<(), StoreError> {
        const DROP_PARKED: &str = "DELETE FROM jobs WHERE state = 'parked' AND key = \
             (SELECT key FROM jobs WHERE id = $1 AND fence = $2)";
        const END: &str = "DELETE FROM jobs WHERE id = $1 AND fence = $2 AND state = 'running'";
        let run = async {
            let mut tx = self.database.begin().await?;
            tx.execute(DROP_PARKED, &[(&lease.job).into(), lease.fence.into()]).await?;
            let touched = tx.execute(END, &[(&lease.job).into(), lease.fence.into()]).await?;
            if touched > 0 {
                super::job::enqueue_in(&mut tx, next, self.merge, now).await?;
                tx.commit().await?;
            }
            Ok(touched)
        };
        held(lease, run.await.map_err(StoreError::while_to("end a job"))?)
    }

    /// Queues a job again whose attempt failed. If a newer one with its key waits, the two become one.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`].
    pub async fn retry_later(
        &self,
        lease: &Lease,
        retry: &Retry,
        now: Millis,
    ) -> Result<(), StoreError> {
        let Retry { run_at, reason, progressed, died } = retry;
        let counts = match (died, progressed) {
            (true, _) => Counts::Death,
            (_, true) => Counts::FirstFailure,
            _ => Counts::Failure,
        };
        let back = Back { now, run_at: *run_at, reason: Some(reason), counts };
        self.hand_over(lease, &back).await
    }

    /// Queues a job again that could not be finished because this process ends; it does not count as an attempt.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`].
    pub async fn hand_back(&self, lease: &Lease, now: Millis) -> Result<(), StoreError> {
        let back = Back { now, run_at: now, reason: None, counts: Counts::Nothing };
        self.hand_over(lease, &back).await
    }

    async fn hand_over(&self, lease: &Lease, back: &Back<'_>) -> Result<(), StoreError> {
        let run = async {
            let mut tx = self.database.begin().await?;
            let touched = self.put_back(&mut tx, lease, back).await?;
            tx.commit().await?;
            Ok(touched)
        };
        held(lease, run.await.map_err(StoreError::while_to("queue a job again"))?)
    }

    /// Makes a running job a waiting one; returns 0 if the lease is lost.
    async fn put_back(
        &self,
        tx: &mut Transaction,
        lease: &Lease,
        back: &Back<'_>,
    ) -> Result<u64, sqlx::Error> {
        // Touching the row keeps it: of two processes that find the same lapsed lease, one goes on.
        const RUNNING: &str = "UPDATE jobs SET fence = fence WHERE id = $1 AND fence = $2 \
             AND state = 'running' RETURNING key, payload, attempts, deaths, failing_since";
        const NEWER: &str = "SELECT id, payload FROM jobs WHERE key = $1 AND state = 'queued'";
        const DROP: &str = "DELETE FROM jobs WHERE id = $1";
        const REQUEUE: &str = "UPDATE jobs SET state = 'queued', worker = NULL, \
             lease_until = NULL, payload = $3, run_at = $4, attempts = $5, failing_since = $6, \
             reason = COALESCE($7, reason), deaths = $8 WHERE id = $1 AND fence = $2 AND state = 'running'";
        let proof = [(&lease.job).into(), lease.fence.into()];
        let rows = tx.fetch(RUNNING, &proof).await?;
        let Some(running) = rows.first() else { return Ok(0) };
        let key = running.text("key")?;
        tx.lock(&key).await?;
        let mut payload = running.text("payload")?;
        let mut deaths = back.deaths(running.int("deaths")?);
        if let Some(newer) = tx.fetch(NEWER, &[(&key).into()]).await?.first() {
            payload = (self.merge)(&payload, &newer.text("payload")?);
            // It is something else now.
            deaths = 0;
            tx.execute(DROP, &[(&newer.text("id")?).into()]).await?;
        }
        let attempts = running.int("attempts")?;
        let (attempts, since) = back.count(attempts, running.maybe_int("failing_since")?);
        let values = [
            (&lease.job).into(),
            lease.fence.into(),
            (&payload).into(),
            back.run_at.into(),
            attempts.into(),
            since.into(),
            back.reason.into(),
            deaths.into(),
        ];
        tx.execute(REQUEUE, &values).await
    }
}

/// How a running job becomes a waiting one.
struct Back<'a> {
    now: Millis,
    run_at: Millis,
    reason: Option<&'a str>,
    counts: Counts,
}

/// What an attempt that did not finish counts as.
#[derive(Clone, Copy)]
enum Counts {
    /// A failure like the ones before.
    Failure,
    /// A failure after progress: the first of a new row.
    FirstFailure,
    /// A failure that brought the worker down.
    Death,
    /// Its process is gone. It may have been the job that brought it down, so the attempt counts.
    Lapse,
    /// It was not the job's fault.
    Nothing,
}

impl Back<'_> {
    /// The attempts and the time of the first failure to be noted.
    fn count(&self, attempts: i64, failing_since: Option<Millis>) -> (i64, Option<Millis>) {
        match self.counts {
            Counts::Failure | Counts::Death => (attempts, Some(failing_since.unwrap_or(self.now))),
            Counts::FirstFailure => (1, Some(self.now)),
            Counts::Lapse => (attempts, failing_since),
            Counts::Nothing => (attempts - 1, failing_since),
        }
    }

    /// How often in a row the worker died, to be noted.
    const fn deaths(&self, deaths: i64) -> i64 {
        match self.counts {
            Counts::Death | Counts::Lapse => deaths + 1,
            Counts::Failure | Counts::FirstFailure => 0,
            Counts::Nothing => deaths,
        }
    }
}

fn read_claim(row: &Row) -> Result<Claim, sqlx::Error> {
    Ok(Claim {
        lease: Lease { job: row.text("id")?, fence: row.int("fence")? },
        kind: row.text("kind")?,
        key: row.text("key")?,
        payload: row.text("payload")?,
        attempt: u32::try_from(row.int("attempts")?).unwrap_or(u32::MAX),
        deaths: u32::try_from(row.int("deaths")?).unwrap_or(u32::MAX),
        failing_since: row.maybe_int("failing_since")?,
        delivery: row.maybe_text("delivery")?,
    })
}

pub(super) fn held(lease: &Lease, touched: u64) -> Result<(), StoreError> {
    if touched > 0 { Ok(()) } else { Err(StoreError::LeaseLost { job: lease.job.clone() }) }
}

/// Checks the lease inside a transaction and keeps its row from changing hands until the end of it.
pub(super) async fn guard(tx: &mut Transaction, lease: &Lease) -> Result<bool, sqlx::Error> {
    const TOUCH: &str = "UPDATE jobs SET fence = fence WHERE id = $1 AND fence = $2 \
         AND state = 'running'";
    Ok(tx.execute(TOUCH, &[(&lease.job).into(), lease.fence.into()]).await? > 0)
}
