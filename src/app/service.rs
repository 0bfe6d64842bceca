//! The service's use cases in one place: what doors and workers share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use crate::store::{Inbox, InboxWriter, Store, StoreError};
use crate::telemetry::metric;

use super::Clock;

/// The running service. Cloning shares everything.
#[derive(Clone)]
pub struct App {
    pub(super) store: Store,
    pub(super) inbox: Inbox,
    pub(super) clock: Clock,
    pub(super) wake: Arc<Notify>,
    pub(super) working: Arc<AtomicBool>,
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
}

impl App {
    /// The service and the writer of its deliveries, which somebody has to run.
    #[must_use]
    pub fn new(store: Store, clock: Clock) -> (Self, InboxWriter) {
        let (inbox, writer) = store.inbox();
        let app =
            Self { store, inbox, clock, wake: Arc::new(Notify::new()), working: Arc::default() };
        (app, writer)
    }

    /// Whether deliveries would be stored and worked on. GitHub is not asked: its faults are no reason to
    /// turn its deliveries away.
    ///
    /// # Errors
    /// [`NotReady`] with the reason.
    pub async fn ready(&self) -> Result<(), NotReady> {
        self.store.ping().await?;
        if self.working.load(Ordering::Relaxed) { Ok(()) } else { Err(NotReady::Workers) }
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
            Err(error) => tracing::warn!(%error, "the queue could not be counted"),
        }
        metric::render()
    }
}
