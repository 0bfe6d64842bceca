//! Working the queue off: claim, run, keep the lease, hand the result in.
//!
//! One dispatcher claims and lets several jobs run at a time. It is woken when a job is queued, and looks
//! by itself twice a second, for jobs that become due, leases that lapse and other processes' jobs. A job that
//! panics fails alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::store::{Claim, Kinds, Lease, Millis, NewJob, Retry, Store, StoreError};

use super::Clock;
use super::causes::chain;

/// How long a claim holds without a sign of life. A killed process's work is taken over after that.
pub(super) const LEASE_MS: Millis = 20_000;

/// How often a running job shows a sign of life.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How often the queue is looked at without being woken.
const POLL: Duration = Duration::from_millis(500);

/// How long a wake-up waits for company.
const GATHER: Duration = Duration::from_millis(10);

/// The longest pause between two attempts that nobody prescribed: once GitHub answers again, a person
/// waits at most that long, and a request that hangs.
const LONGEST_PAUSE_MS: Millis = 20_000;

/// The longest pause that GitHub can prescribe.
const LONGEST_PRESCRIBED_MS: Millis = 3_600_000;

/// A job that fails for that long by GitHub's faults is given up.
const GIVE_UP_AFTER_MS: Millis = 24 * 3_600_000;

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The job is done, and these follow.
    Done(Vec<NewJob>),
    /// It may work later.
    Again { because: String, after: Option<Duration> },
    /// It will not work until a person changes something.
    Parked { because: String },
}

/// What a job may know of the attempt that runs it.
#[derive(Clone)]
pub(super) struct Attempt {
    /// The claim.
    pub(super) claim: Claim,
    progressed: Arc<AtomicBool>,
}

impl Attempt {
    /// Notes that something was achieved that the next attempt need not do again.
    pub(super) fn progressed(&self) {
        self.progressed.store(true, Ordering::Relaxed);
    }

    /// The proof that the job is ours.
    pub(super) const fn lease(&self) -> &Lease {
        &self.claim.lease
    }
}

/// Runs one attempt.
pub(super) type Run = Arc<dyn Fn(Attempt) -> BoxFuture<'static, Outcome> + Send + Sync>;

/// Works a queue off.
#[derive(Clone)]
pub(super) struct Worker {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) wake: Arc<Notify>,
    pub(super) run: Run,
    /// What it works at.
    pub(super) kinds: Kinds,
    /// The name of this process, for people who look at the queue.
    pub(super) name: String,
    /// How many jobs run at a time.
    pub(super) parallel: usize,
    /// When a place was last free, by the clock.
    pub(super) place_was_free: Arc<AtomicI64>,
}

impl Worker {
    /// Works until `stop` turns true; then lets running jobs go on for `grace` and hands the rest back.
    pub(super) async fn work(&self, mut stop: watch::Receiver<bool>, grace: Duration) {
        let mut running = JoinSet::new();
        let (hand_back, handed_back) = watch::channel(false);
        while !*stop.borrow() {
            while running.try_join_next().is_some() {}
            if running.len() < self.parallel {
                self.place_was_free.store(self.clock.now(), Ordering::Relaxed);
            }
            if running.len() < self.parallel
                && let Some(claim) = self.claim().await
            {
                let (worker, handed_back) = (self.clone(), handed_back.clone());
                running.spawn(async move { worker.attempt(claim, handed_back).await });
                continue;
            }
            tokio::select! {
                // A flood of deliveries is one look at the queue in so many milliseconds, not one each.
                () = self.wake.notified() => tokio::time::sleep(GATHER).await,
                _ = running.join_next(), if !running.is_empty() => {}
                () = tokio::time::sleep(POLL) => {}
                changed = stop.changed() => if changed.is_err() { break },
            }
        }
        let finish = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, finish).await.is_err() {
            let _ = hand_back.send(true);
            while running.join_next().await.is_some() {}
        }
    }

    /// Works one job after the other until nothing is due, and returns when the next one is.
    ///
    /// # Errors
    /// [`StoreError`] if the queue cannot be read.
    pub(super) async fn drain(&self) -> Result<Option<Millis>, StoreError> {
        let (_never, stop) = watch::channel(false);
        loop {
            let now = self.clock.now();
            match self.store.claim_of(self.kinds, &self.name, now, now + LEASE_MS).await? {
                Some(claim) => self.attempt(claim, stop.clone()).await,
                None => return Ok(self.store.job_counts().await?.next_due),
            }
        }
    }

    async fn claim(&self) -> Option<Claim> {
        let now = self.clock.now();
        match self.store.claim_of(self.kinds, &self.name, now, now + LEASE_MS).await {
            Ok(claim) => claim,
            Err(error) => {
                tracing::error!(error = %chain(&error), "no job could be claimed");
                None
            }
        }
    }

    /// Runs a claimed job with a heartbeat beside it.
    async fn attempt(&self, claim: Claim, mut hand_back: watch::Receiver<bool>) {
        let progressed = Arc::new(AtomicBool::new(false));
        let attempt = Attempt { claim: claim.clone(), progressed: Arc::clone(&progressed) };
        // A set of one: whoever drops this future (a drain that is cancelled) ends the job too.
        let mut task = JoinSet::new();
        task.spawn((self.run)(attempt));
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        heartbeat.tick().await;
        let outcome = loop {
            tokio::select! {
                result = task.join_next() => break result.expect("the set has one job"),
                _ = heartbeat.tick() => {
                    let extended =
                        self.store.extend(&claim.lease, self.clock.now() + LEASE_MS).await;
                    if let Err(error @ StoreError::LeaseLost { .. }) = extended {
                        tracing::warn!(job.id = claim.lease.job(), %error, "stopping");
                        task.abort_all();
                    }
                }
                changed = hand_back.changed() => {
                    if changed.is_err() || *hand_back.borrow() {
                        task.abort_all();
                    }
                }
            }
        };
        let result = match outcome {
            Ok(outcome) => self.settle(&claim, outcome, progressed.load(Ordering::Relaxed)).await,
            Err(error) if error.is_panic() => {
                tracing::error!(
                    job.id = claim.lease.job(),
                    job.key = claim.key,
                    "the job panicked"
                );
                self.settle_panic(&claim).await
            }
            Err(_aborted) => self.store.hand_back(&claim.lease, self.clock.now()).await,
        };
        match result {
            Ok(()) | Err(StoreError::LeaseLost { .. }) => {}
            // The lease lapses, and then the job is run again: nothing is lost.
            Err(error) => tracing::error!(
                job.id = claim.lease.job(), error = %chain(&error), "a job's end was not noted"
            ),
        }
    }

    /// Notes that the job took its worker along. Whoever claims it next knows how often that happened.
    async fn settle_panic(&self, claim: &Claim) -> Result<(), StoreError> {
        let now = self.clock.now();
        let pause_ms = pause_ms(claim.attempt, None, rand::random::<f64>());
        let reason = "the job panicked; the log has the place".to_owned();
        let retry = Retry { run_at: now + pause_ms, reason, progressed: false, died: true };
        self.store.retry_later(&claim.lease, &retry, now).await
    }

    async fn settle(
        &self,
        claim: &Claim,
        outcome: Outcome,
        progressed: bool,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let (because, after) = match outcome {
            Outcome::Done(next) => return self.store.finish(&claim.lease, next, now).await,
            Outcome::Parked { because } => {
                tracing::error!(job.key = claim.key, because, "the job is parked");
                return self.store.park(&claim.lease, &because).await;
            }
            Outcome::Again { because, after } => (because, after),
        };
        let since = claim.failing_since.filter(|_| !progressed);
        if since.is_some_and(|since| now - since > GIVE_UP_AFTER_MS) {
            tracing::error!(job.key = claim.key, because, "the job is parked after a day");
            return self.store.park(&claim.lease, &because).await;
        }
        let attempt = if progressed { 1 } else { claim.attempt };
        let pause_ms = pause_ms(attempt, after, rand::random::<f64>());
        tracing::warn!(job.key = claim.key, attempt, pause_ms, because, "the job is tried again");
        let retry = Retry { run_at: now + pause_ms, reason: because, progressed, died: false };
        self.store.retry_later(&claim.lease, &retry, now).await
    }
}

/// The pause after an attempt that failed, for who waits for it.
pub(super) fn pause(attempt: u32, prescribed: Option<Duration>) -> Duration {
    let pause = pause_ms(attempt, prescribed, rand::random::<f64>());
    Duration::from_millis(u64::try_from(pause).unwrap_or(0))
}

/// The pause before the next attempt: one second, doubling, a quarter up or down by `chance` (0 to 1) so
/// that what failed together does not come back together. What GitHub prescribes is not shortened.
#[expect(clippy::cast_possible_truncation, reason = "pauses are far below 2^52")]
#[expect(clippy::cast_precision_loss, reason = "pauses are far below 2^52")]
fn pause_ms(attempt: u32, prescribed: Option<Duration>, chance: f64) -> Millis {
    let doubled = 1_000 << attempt.saturating_sub(1).min(10);
    let own = doubled.min(LONGEST_PAUSE_MS) as f64;
    match prescribed {
        None => own.mul_add(0.75, own * 0.5 * chance) as Millis,
        Some(prescribed) => {
            let prescribed = Millis::try_from(prescribed.as_millis()).unwrap_or(Millis::MAX);
            prescribed.min(LONGEST_PRESCRIBED_MS) + (1_000.0 * chance) as Millis
        }
    }
}

#[cfg(test)]
mod tests;
