//! Making up for what never reached us: deliveries that failed, and pushes that left no trace but the head.

use crate::github::webhook::Event;
use crate::store::{KnownRepository, Millis};

use super::App;
use super::job::{Job, Look, Place};
use super::perform::{Stop, Work};
use super::worker::{Outcome, chain};

/// How many failed deliveries one run takes in; the next run goes on.
const MOST_DELIVERIES: usize = 200;

/// How many attempts are read to find them. GitHub lists the newest first and keeps three days.
const MOST_ATTEMPTS: usize = 3_000;

/// Takes in what GitHub could not deliver, and looks at the heads of all repositories.
pub(super) async fn recover(work: &Work) -> Result<Outcome, Stop> {
    let app = &work.app;
    if app.github.is_app() {
        note_installed(app).await?;
        take_in_deliveries(work).await?;
    }
    let now = app.clock.now();
    let repositories = app.store.repositories().await?;
    let looks = repositories.iter().map(|known| Job::Look(poll(known)).queue(now)).collect();
    Ok(Outcome::Done(looks))
}

/// A look that nobody pushed for.
fn poll(known: &KnownRepository) -> Look {
    let place = Place {
        repository: known.name.clone(),
        installation: known.installation.and_then(|id| u64::try_from(id).ok()),
        default_branch: known.default_branch.clone(),
    };
    Look { place, moved: None, pushed: false }
}

/// Notes the repositories of all installations: after the loss of the database, nobody else knows them.
async fn note_installed(app: &App) -> Result<(), Stop> {
    for installed in app.github.fetch_installed_repositories().await? {
        let known = KnownRepository {
            name: installed.name.to_string().to_lowercase(),
            default_branch: None,
            installation: i64::try_from(installed.installation.0).ok(),
            looked_at: None,
            looked_tree: None,
        };
        app.store.note_repository(&known, app.clock.now()).await?;
    }
    Ok(())
}

async fn take_in_deliveries(work: &Work) -> Result<(), Stop> {
    let mut attempts = Vec::new();
    let mut read = 0;
    work.app
        .github
        .walk_deliveries(|attempt| {
            read += 1;
            attempts.push(attempt.clone());
            read >= MOST_ATTEMPTS
        })
        .await?;
    let mut taken = 0;
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
                    Err(error) => tracing::warn!(error = %chain(&error), "not taken in"),
                }
            }
            Err(error) => tracing::warn!(
                delivery.id = %content.delivery, %error, "a lost delivery makes no sense"
            ),
        }
        work.hold().await?;
        taken += 1;
        if taken >= MOST_DELIVERIES {
            break;
        }
    }
    Ok(())
}

impl App {
    /// Queues a recovery.
    pub(super) async fn queue_recovery(&self, now: Millis) {
        if let Err(error) = self.store.enqueue(vec![Job::Recover.queue(now)], now).await {
            tracing::warn!(error = %chain(&error), "a recovery was not queued");
        }
    }
}
