//! Sending the notices of one stream, each after the one before it arrived.

use crate::model::{NoticeEvent, NoticeFormat, ReceiverName};
use crate::notices::Notice;
use crate::store::WaitingNotice;
use crate::telemetry::metric;

use super::super::causes::chain;
use super::super::job::Notify;
use super::super::work::{Stop, Work};
use super::super::worker::Outcome;
use super::stored::StoredNotice;

/// Sends what waits, in order; stops at the first that does not arrive.
pub(in super::super) async fn send(work: &Work, job: &Notify) -> Result<Outcome, Stop> {
    let store = &work.app.store;
    let parked = |because: &str| Ok(Outcome::Parked { because: because.to_owned() });
    let Ok(receiver) = ReceiverName::parse(&job.receiver) else {
        return parked("somebody changed the queue by hand");
    };
    loop {
        // Proves that the stream is ours for as long as the receiver may take.
        work.hold().await?;
        let waiting = store.begin_notice(work.attempt.lease(), &job.stream).await?;
        let Some(waiting) = waiting else { return Ok(Outcome::Done(Vec::new())) };
        let id = waiting.id.clone();
        let Some((format, notice)) = read(waiting) else {
            return parked("a newer version wrote this notice down");
        };
        match work.app.receivers.send(&receiver, format, &notice).await {
            Ok(()) => {
                metric::notice("sent");
                tracing::info!(notice.id = id, to = %receiver, attempt = notice.attempt, "told");
                store.note_sent(work.attempt.lease(), &id, work.app.clock.now()).await?;
                work.attempt.progressed();
            }
            Err(error) => {
                metric::notice("failed");
                let because = format!("{}: {}", notice.repository, chain(&error));
                return Ok(match error.wants_the_operator() {
                    true => Outcome::Parked { because },
                    false => Outcome::Again { because, after: error.after() },
                });
            }
        }
    }
}

fn read(waiting: WaitingNotice) -> Option<(NoticeFormat, Notice)> {
    let stored: StoredNotice = serde_json::from_str(&waiting.content).ok()?;
    let notice = Notice {
        id: waiting.id,
        event: NoticeEvent::parse(&stored.event)?,
        repository: stored.repository,
        application: stored.application,
        source: stored.source,
        target: stored.target,
        number: stored.number,
        url: stored.url,
        summary: stored.summary,
        attempt: waiting.attempt,
    };
    Some((NoticeFormat::parse(&stored.format)?, notice))
}
