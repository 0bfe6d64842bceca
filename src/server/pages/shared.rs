//! One answer for all open pages that ask for the same after the same news.
//!
//! A change wakes every open page, and most of them show the same few addresses to the same people. A page
//! that asks anew says what it has heard; those that have heard the same, ask for the same address and may see
//! the same get the answer that was made for the first of them, which is younger than the news. Whoever loads
//! a page by hand has heard nothing, and gets one of his own.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::OnceCell;

use crate::app::{App, Sight};

/// What a page has heard when it asks anew; `live.js` sends it.
const HEARD: HeaderName = HeaderName::from_static("overlift-heard");
/// So long is an answer given out: pages say how long ago things were.
const HOLDS_MS: i64 = 10_000;
/// So many answers are kept, the last that were made.
const ANSWERS: usize = 64;
/// A longer page is everybody's own.
const LONGEST: u64 = 256 * 1024;

/// Answers of a short time. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared(Arc<Mutex<VecDeque<Kept>>>);

#[derive(Debug)]
struct Kept {
    question: Asked,
    since: i64,
    answer: Arc<OnceCell<Bytes>>,
}

/// What was asked, by whom, after which news.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    sight: Sight,
    address: String,
    heard: String,
}

impl Shared {
    /// The place of an answer, which is empty for whoever comes first.
    fn place(&self, question: Asked, now: i64) -> Arc<OnceCell<Bytes>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|it| (it.since..it.since + HOLDS_MS).contains(&now));
        if let Some(found) = kept.iter().find(|it| it.question == question) {
            return Arc::clone(&found.answer);
        }
        if kept.len() == ANSWERS {
            kept.pop_front();
        }
        let answer = Arc::default();
        kept.push_back(Kept { question, since: now, answer: Arc::clone(&answer) });
        answer
    }
}

/// Answers an open page that asks anew as others were answered; behind the door, where it is known who asks.
pub(super) async fn share(
    State((shared, app)): State<(Shared, App)>,
    request: Request,
    next: Next,
) -> Response {
    let Some(question) = asked(&request) else { return next.run(request).await };
    let place = shared.place(question, app.now());
    let made = place.get_or_try_init(|| async { whole(next.run(request).await).await }).await;
    match made {
        Ok(page) => {
            let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
            (kind, Body::from(page.clone())).into_response()
        }
        Err(own) => own,
    }
}

/// What can be shared of a request: `None` for one that has heard nothing.
fn asked(request: &Request) -> Option<Asked> {
    let heard = request.headers().get(HEARD)?.to_str().ok()?.to_owned();
    let sight = request.extensions().get::<Sight>()?.clone();
    let address = request.uri().path_and_query()?.as_str().to_owned();
    Some(Asked { sight, address, heard })
}

/// The text of a page that can be shared; any other answer as it is.
async fn whole(answer: Response) -> Result<Bytes, Response> {
    let is_short = answer.body().size_hint().exact().is_some_and(|length| length <= LONGEST);
    if answer.status() != StatusCode::OK || !is_short {
        return Err(answer);
    }
    let (_, body) = answer.into_parts();
    let text = to_bytes(body, usize::MAX).await;
    text.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}
