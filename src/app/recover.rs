//! Making up for what never reached us: deliveries that failed, and pushes that left no trace but the head.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use crate::github::webhook::Event;
use crate::store::{KnownRepository, Millis, StoreError};

use super::App;
use super::causes::chain;
use super::job::{Job, Look, Recover, RepositoryAddress};
use super::work::{Stop, Work};
use super::worker::Outcome;

/// How many failed deliveries one run takes in; the next run goes on.
const MOST_DELIVERIES: usize = 200;

/// How many attempts are read to find them. GitHub lists the newest first and keeps three days.
const MOST_ATTEMPTS: usize = 3_000;

/// How many heads one run looks at, those first that nobody looked at for longest.
const MOST_LOOKS: usize = 60;

/// A head that was looked at that lately is left alone.
const LATELY_MS: Millis = 60_000;

/// Takes in what GitHub could not deliver, and looks at the heads that nobody looked at lately.
pub(super) async fn recover(work: &Work) -> Result<Outcome, Stop> {
    let app = &work.app;
    if app.github.is_app() {
        note_installed(app).await?;
        take_in_deliveries(work).await?;
    }
    let now = app.clock.now();
    let forgotten = app.store.repositories_seen_before(now - LATELY_MS).await?;
    let looks = forgotten.iter().take(MOST_LOOKS).map(|known| Job::Look(poll(known)).queue(now));
    Ok(Outcome::Done(looks.collect()))
}

/// A look that nobody pushed for.
fn poll(known: &KnownRepository) -> Look {
    let place = RepositoryAddress {
        repository: known.name.clone(),
        installation: known.installation.and_then(|id| u64::try_from(id).ok()),
        default_branch: known.default_branch.clone(),
    };
    Look { place, moved: None, pushed: false }
}

/// Notes the repositories of all installations that we do not know: after the loss of the database, nobody
/// else knows them.
async fn note_installed(app: &App) -> Result<(), Stop> {
    let known: BTreeSet<String> =
        app.store.repositories().await?.into_iter().map(|known| known.name).collect();
    for installed in app.github.fetch_installed_repositories().await? {
        let name = installed.name.key();
        if known.contains(&name) {
            continue;
        }
        let new = KnownRepository {
            name,
            default_branch: None,
            installation: i64::try_from(installed.installation.0).ok(),
            looked_at: None,
            looked_tree: None,
        };
        // Seen long ago: its head is looked at next.
        app.store.note_repository(&new, 0).await?;
    }
    Ok(())
}

async fn take_in_deliveries(work: &Work) -> Result<(), Stop> {
    let mut attempts = Vec::new();
    let done_before = work.app.recovered.load(Ordering::Relaxed);
    work.app
        .github
        .walk_deliveries(|attempt| {
            attempts.push(attempt.clone());
            attempt.id <= done_before || attempts.len() >= MOST_ATTEMPTS
        })
        .await?;
    let newest = attempts.first().map_or(0, |attempt| attempt.id);
    let (mut taken, mut whole) = (0, true);
    // The oldest first, as they happened.
    for attempt in attempts.iter().rev() {
        if (200..300).contains(&attempt.status_code)
            || work.app.store.knows_delivery(attempt.delivery.as_str()).await?
        {
            continue;
        }
        let Some(content) = work.app.github.fetch_delivery(attempt.id).await? else { continue };
        match Event::parse(&content.event, &content.body) {
            Ok(event) => {
                let received = work.app.receive(&content.delivery, &content.event, &event).await;
                match received {
                    Ok(received) => tracing::info!(
                        delivery.id = %content.delivery,
                        outcome = received.as_str(),
                        "a lost delivery was taken in"
                    ),
                    Err(error) => {
                        whole = false;
                        tracing::warn!(error = %chain(&error), "not taken in");
                    }
                }
            }
            Err(error) => {
                tracing::warn!(
                    delivery.id = %content.delivery, %error, "a lost delivery makes no sense"
                );
                // Else it would be fetched again each time.
                work.app.note_senseless(&content.delivery, &content.event).await?;
            }
        }
        work.hold().await?;
        taken += 1;
        if taken >= MOST_DELIVERIES {
            return Ok(());
        }
    }
    if whole {
        work.app.recovered.fetch_max(newest, Ordering::Relaxed);
    }
    Ok(())
}

impl App {
    /// Queues a recovery: lost deliveries are taken in, and heads that nobody looked at lately are looked at.
    ///
    /// # Errors
    /// [`StoreError`] if it could not be queued.
    pub async fn queue_recovery(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.store.enqueue(vec![Job::Recover(Recover {}).queue(now)], now).await?;
        self.wake.notify_one();
        Ok(())
    }
}
