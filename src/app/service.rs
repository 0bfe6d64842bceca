//! The service's use cases in one place: what doors and workers share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, oneshot, watch};

use crate::github::Github;
use crate::notices::Receivers;
use crate::store::{Inbox, InboxWriter, Kinds, Millis, Store, StoreError};
use crate::telemetry::metric;

use super::causes::chain;
use super::job::NOTICE;
use super::prometheus::Prometheus;
use super::worker::Worker;
use super::{Clock, fresh_id};

/// How many jobs run at a time. They wait for GitHub most of the time.
const PARALLEL: usize = 8;

/// All places taken for so long is more than plans explain: each takes at most a minute.
const LONGEST_BUSY_MS: Millis = 2 * 60_000;

/// How long running jobs may go on when the process ends; GitHub and Kubernetes wait longer.
const GRACE: Duration = Duration::from_secs(8);

/// How often lost deliveries are asked for and heads are looked at.
const RECOVERY: Duration = Duration::from_secs(2 * 60);

/// How long deliveries are remembered. GitHub sends one again for three days.
const DELIVERIES_MS: Millis = 14 * 24 * 3_600_000;

/// How long ended promotions are remembered that are not the last of their pair.
const PROMOTIONS_MS: Millis = 365 * 24 * 3_600_000;

/// The running service. Cloning shares everything.
#[derive(Clone)]
pub struct App {
    pub(super) store: Store,
    pub(super) github: Github,
    pub(super) inbox: Inbox,
    pub(super) clock: Clock,
    pub(super) wake: Arc<Notify>,
    /// Where health queries go, if somebody said so.
    pub(super) prometheus: Option<Prometheus>,
    /// Whom people sign in to, for the pages.
    pub(super) sign_in: Option<crate::github::SignIn>,
    /// Where notices go.
    pub(super) receivers: Receivers,
    /// Wakes those who send them.
    pub(super) wake_senders: Arc<Notify>,
    working: Arc<AtomicBool>,
    /// When a worker's place was last free.
    place_was_free: Arc<AtomicI64>,
    /// The newest attempt of GitHub's to deliver up to which all are taken in.
    pub(super) recovered: Arc<AtomicU64>,
}

/// Why the service should not get deliveries now.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// The database does not answer.
    #[error("the database does not answer")]
    Database(#[from] StoreError),
    /// The workers do not run: not yet, or not any more.
    #[error("the workers do not run")]
    Workers,
    /// All places have been taken for longer than a plan may take.
    #[error("all workers have been busy for longer than a plan may take")]
    Busy,
}

impl App {
    /// The service and the writer of its deliveries, which somebody has to run.
    #[must_use]
    pub fn new(store: Store, github: Github, clock: Clock) -> (Self, InboxWriter) {
        let (inbox, writer) = store.inbox();
        let wake = Arc::new(Notify::new());
        let app = Self {
            store,
            github,
            inbox,
            clock,
            wake,
            prometheus: None,
            sign_in: None,
            receivers: Receivers::default(),
            wake_senders: Arc::default(),
            working: Arc::default(),
            place_was_free: Arc::default(),
            recovered: Arc::default(),
        };
        (app, writer)
    }

    /// The same with a Prometheus that health queries go to.
    #[must_use]
    pub fn with_prometheus(mut self, prometheus: Option<Prometheus>) -> Self {
        self.prometheus = prometheus;
        self
    }

    /// Runs the writer of deliveries on a thread of its own until `stop` comes and all that was handed in is
    /// written; the receiver hears of that.
    ///
    /// A commit takes several steps, and everybody who posts waits for it. Among the tasks that read and verify
    /// bodies each of the steps would wait for its turn: that made a commit three times as slow under load.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn write_deliveries(
        writer: InboxWriter,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<oneshot::Receiver<()>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (written, all_written) = oneshot::channel();
        std::thread::Builder::new().name("deliveries".to_owned()).spawn(move || {
            runtime.block_on(writer.run(stop));
            let _ = written.send(());
        })?;
        Ok(all_written)
    }

    /// Works the queue off until `stop` turns true, and looks after itself meanwhile: recovers what was lost,
    /// forgets what is old.
    pub async fn work(&self, stop: watch::Receiver<bool>) {
        self.place_was_free.store(self.clock.now(), Ordering::Relaxed);
        self.working.store(true, Ordering::Relaxed);
        let but_notices = Kinds { except: NOTICE, ..Kinds::default() };
        let (worker, senders) = (self.worker(but_notices), self.senders());
        let sending = senders.work(stop.clone(), GRACE);
        let housekeeping = async {
            loop {
                if let Err(error) = self.queue_recovery().await {
                    tracing::warn!(error = %chain(&error), "a recovery was not queued");
                }
                let now = self.clock.now();
                let forgotten = self.store.forget(now - DELIVERIES_MS, now - PROMOTIONS_MS).await;
                if let Err(error) = forgotten {
                    tracing::warn!(error = %chain(&error), "old rows were not forgotten");
                }
                tokio::time::sleep(RECOVERY).await;
            }
        };
        tokio::select! {
            ((), ()) = async { tokio::join!(worker.work(stop, GRACE), sending) } => {}
            () = housekeeping => {}
        }
        self.working.store(false, Ordering::Relaxed);
    }

    /// Works until nothing is due, and returns when the next job is.
    ///
    /// # Errors
    /// [`StoreError`] if the queue cannot be read.
    pub async fn drain(&self) -> Result<Option<Millis>, StoreError> {
        self.worker(Kinds::default()).drain().await
    }

    /// Those who send notices: whatever receivers do, the places of promotions stay free.
    fn senders(&self) -> Worker {
        Worker {
            wake: Arc::clone(&self.wake_senders),
            place_was_free: Arc::default(),
            ..self.worker(Kinds { only: NOTICE, ..Kinds::default() })
        }
    }

    fn worker(&self, kinds: Kinds) -> Worker {
        Worker {
            store: self.store.clone(),
            clock: self.clock.clone(),
            wake: Arc::clone(&self.wake),
            run: self.performer(),
            kinds,
            name: fresh_id(self.clock.now()),
            parallel: PARALLEL,
            place_was_free: Arc::clone(&self.place_was_free),
        }
    }

    /// Whether deliveries would be stored and worked on. GitHub is not asked: its faults are no reason to
    /// turn its deliveries away.
    ///
    /// # Errors
    /// [`NotReady`] with the reason.
    pub async fn ready(&self) -> Result<(), NotReady> {
        self.store.ping().await?;
        if !self.working.load(Ordering::Relaxed) {
            return Err(NotReady::Workers);
        }
        let busy_for = self.clock.now() - self.place_was_free.load(Ordering::Relaxed);
        if busy_for > LONGEST_BUSY_MS { Err(NotReady::Busy) } else { Ok(()) }
    }

    /// All metrics, with the gauges read now.
    pub async fn metrics(&self) -> String {
        match self.store.job_counts().await {
            Ok(counts) => {
                metric::jobs("queued", counts.queued);
                metric::jobs("running", counts.running);
                metric::jobs("parked", counts.parked);
                let oldest = counts.oldest_queued.unwrap_or_else(|| self.clock.now());
                let age_ms = u32::try_from(self.clock.now() - oldest).unwrap_or(0);
                metric::queue_age(f64::from(age_ms) / 1000.0);
            }
            Err(error) => tracing::warn!(error = %chain(&error), "the queue could not be counted"),
        }
        for ((verb, status), count) in self.github.request_counts() {
            metric::github_requests(verb, status, count);
        }
        for rate in self.github.rates_left() {
            let installation = rate.installation.map(|id| id.to_string());
            let installation = installation.unwrap_or_else(|| "token".to_owned());
            metric::github_rate(installation, rate.remaining);
        }
        metric::render()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::github::{Authentication, GithubSettings};
    use crate::redact::Credential;

    #[tokio::test]
    async fn busy_for_longer_than_a_plan_may_take_is_not_ready() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/overlift.db?mode=rwc", dir.path().display());
        let store = Store::open(&url, super::super::merge_payloads).await.unwrap();
        let github = Github::new(&GithubSettings {
            api_url: "http://127.0.0.1:9".to_owned(),
            authentication: Authentication::Token(Credential::new("token", "ghp_x").unwrap()),
            cache_directory: None,
            cache_bytes: 1,
            now: Clock::time_of_day,
            timeout: Duration::from_secs(1),
        });
        let (app, _writer) = App::new(store, github.unwrap(), Clock::of(|| 1_000_000));
        assert!(matches!(app.ready().await, Err(NotReady::Workers)));
        app.working.store(true, Ordering::Relaxed);
        app.place_was_free.store(1_000_000 - LONGEST_BUSY_MS, Ordering::Relaxed);
        assert!(app.ready().await.is_ok());
        app.place_was_free.store(1_000_000 - LONGEST_BUSY_MS - 1, Ordering::Relaxed);
        assert!(matches!(app.ready().await, Err(NotReady::Busy)));
    }
}
