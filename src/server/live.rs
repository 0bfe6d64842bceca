//! `GET /events`: says when something changed that pages show.
//!
//! One task looks at the store while a page is open, whatever their number; each page is told and fetches
//! itself anew, where it shows what changed. Many pages are told one after the other, so that they do not
//! all ask in the same moment. Without JavaScript a page is as true as when it was loaded.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::watch::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::app::App;

/// How often the store is looked at.
const EVERY: Duration = Duration::from_secs(2);
/// Of each open page that many milliseconds are waited at most before one is told.
const APART_MS: f64 = 5.0;
/// So many pages are kept live; the others are as they were loaded.
const PAGES: usize = 512;

/// The pages that are open. Cloning shares them.
#[derive(Clone)]
pub(super) struct Live {
    changed: Arc<watch::Sender<(i64, i64)>>,
    /// Counts the looks at the store.
    looked: Arc<watch::Sender<u64>>,
    places: Arc<Semaphore>,
    stopped: watch::Receiver<bool>,
}

impl Live {
    /// Nothing open yet; everything ends once `stopped` turns true.
    pub(super) fn new(stopped: watch::Receiver<bool>) -> Self {
        let (changed, _) = watch::channel((0, 0));
        let (looked, _) = watch::channel(0);
        let places = Arc::new(Semaphore::new(PAGES));
        Self { changed: Arc::new(changed), looked: Arc::new(looked), places, stopped }
    }

    /// Looks at the store while pages are open.
    pub(super) async fn look(&self, app: &App) {
        let mut stopped = self.stopped.clone();
        while !*stopped.borrow() {
            if self.changed.receiver_count() > 0
                && let Ok(now) = app.generation().await
            {
                self.changed.send_if_modified(|before| std::mem::replace(before, now) != now);
                self.looked.send_modify(|looks| *looks += 1);
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                _ = stopped.changed() => return,
            }
        }
    }

    /// The stream of one page.
    pub(super) fn page(&self) -> Response {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        };
        let page = Page {
            changed: self.changed.subscribe(),
            looked: Some(self.looked.subscribe()),
            places: Arc::clone(&self.places),
            stopped: self.stopped.clone(),
            _place: place,
        };
        let events = stream::unfold(page, Page::next);
        Sse::new(events)
            .keep_alive(KeepAlive::new().interval(Duration::from_secs(20)))
            .into_response()
    }
}

struct Page {
    changed: watch::Receiver<(i64, i64)>,
    /// Until the page was told once: what changed between its loading and now it has not heard of.
    looked: Option<watch::Receiver<u64>>,
    places: Arc<Semaphore>,
    stopped: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

impl Page {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        tokio::select! {
            changed = Self::news(self.looked.take(), &mut self.changed) => changed.ok()?,
            _ = self.stopped.changed() => return None,
        }
        let open = PAGES.saturating_sub(self.places.available_permits());
        let pause_ms = APART_MS * open as f64 * rand::random::<f64>();
        tokio::time::sleep(Duration::from_secs_f64(pause_ms / 1000.0)).await;
        let (at, jobs) = *self.changed.borrow_and_update();
        let event = Event::default().event("changed").data(format!("{at}.{jobs}"));
        Some((Ok(event), self))
    }

    async fn news(
        looked: Option<watch::Receiver<u64>>,
        changed: &mut watch::Receiver<(i64, i64)>,
    ) -> Result<(), RecvError> {
        match looked {
            Some(mut looked) => looked.changed().await,
            None => changed.changed().await,
        }
    }
}
