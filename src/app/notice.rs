//! What people are told outside GitHub: when, whom, and in which words.
//!
//! A notice is written down where its occasion is noted, with an id that follows from the occasion: whoever
//! runs the same job again tells nothing twice. Sending is another job's work, on workers of its own, so that a
//! receiver that is down or slow is in nobody's way.

mod send;
mod stored;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::clearance::{Hold, Holds};
use crate::config::RepositoryConfig;
use crate::model::{NoticeEvent, NoticeFormat, PullRequestNumber, ReceiverName, Subscription};
use crate::notices::Receivers;
use crate::promotion::Intent;
use crate::store::{Millis, NewNotice, PromotionRecord, PromotionState, StoreError};

use super::App;
use super::job::{Job, Notify, Promote, RepositoryAddress};
use super::work::{Stop, Work};
use stored::StoredNotice;

pub(super) use send::send;

/// What is older is no news: a repository that begins to subscribe is not told its past.
const NEWS_MS: Millis = 24 * 3_600_000;

/// The same words about the same promotion are said once in so long.
const SAME_MS: Millis = 3_600_000;

/// The longest summary, in characters.
const LONGEST: usize = 1_000;

/// A subscription as the store keeps it.
#[derive(Serialize, Deserialize)]
struct StoredSubscription {
    to: String,
    on: Vec<String>,
    format: String,
}

impl StoredSubscription {
    fn of(subscription: &Subscription) -> Self {
        Self {
            to: subscription.to.as_str().to_owned(),
            on: subscription.on.iter().map(|event| event.as_str().to_owned()).collect(),
            format: subscription.format.as_str().to_owned(),
        }
    }

    fn read(self) -> Option<Subscription> {
        let on = self.on.iter().filter_map(|word| NoticeEvent::parse(word)).collect();
        let format = NoticeFormat::parse(&self.format)?;
        Some(Subscription { to: ReceiverName::parse(&self.to).ok()?, on, format })
    }
}

/// Something that happened, before it is known who wants to hear of it.
struct Happened<'a> {
    event: NoticeEvent,
    place: &'a RepositoryAddress,
    application: Option<&'a str>,
    source: Option<&'a str>,
    target: Option<&'a str>,
    number: Option<PullRequestNumber>,
    /// What makes it another occasion than the last one.
    occasion: &'a str,
    summary: String,
}

impl<'a> Happened<'a> {
    fn to(record: &'a PromotionRecord, place: &'a RepositoryAddress, event: NoticeEvent) -> Self {
        Self {
            event,
            place,
            application: Some(record.application.as_str()).filter(|name| !name.is_empty()),
            source: Some(&record.source),
            target: Some(&record.target),
            number: record.pull_request,
            occasion: &record.id,
            summary: String::new(),
        }
    }

    /// `staging → production of checkout in octo/mesh`.
    fn which(&self) -> String {
        let pair = match (self.source, self.target) {
            (Some(source), Some(target)) => format!("{source} → {target}"),
            _ => "promotions".to_owned(),
        };
        let of = self.application.map_or(String::new(), |name| format!(" of {name}"));
        format!("{pair}{of} in {}", self.place.repository)
    }

    fn says(self, summary: String) -> Self {
        Self { summary, ..self }
    }
}

/// The pull request of a promotion, in words.
fn number_of(record: &PromotionRecord) -> String {
    record.pull_request.map_or_else(|| "a promotion".to_owned(), |number| number.to_string())
}

impl Work {
    /// Remembers who wants to be told of what.
    pub(super) async fn note_subscriptions(
        &self,
        repository: &str,
        configuration: &RepositoryConfig,
    ) -> Result<(), Stop> {
        let stored: Vec<StoredSubscription> =
            configuration.notices.iter().map(StoredSubscription::of).collect();
        let store = &self.app.store;
        if stored.is_empty() && store.subscriptions(repository).await?.is_none() {
            return Ok(());
        }
        let text = serde_json::to_string(&stored).expect("words can always be written");
        Ok(store.note_subscriptions(repository, &text, self.app.clock.now()).await?)
    }

    /// Tells that a pull request was opened, also if the attempt that opened it did not get here.
    pub(super) async fn tell_opened(
        &self,
        place: &RepositoryAddress,
        number: u64,
    ) -> Result<(), Stop> {
        let Some(record) = self.recorded(place, number).await? else { return Ok(()) };
        let is_news = self.app.clock.now() - record.created_at < NEWS_MS;
        if !is_news || record.state != PromotionState::Open {
            return Ok(());
        }
        let happened = Happened::to(&record, place, NoticeEvent::Opened);
        let title = self.app.store.promotion_text(&record.id).await?.map(|text| text.title);
        let title = title.map_or(String::new(), |title| format!(": {title}"));
        let summary = format!("#{number} was opened, {}{title}", happened.which());
        self.tell_outside(happened.says(summary)).await
    }

    /// Tells that something holds a promotion that did not before; `count` tells one time from another.
    pub(super) async fn tell_held(
        &self,
        place: &RepositoryAddress,
        record: &PromotionRecord,
        holds: &Holds,
        count: u64,
    ) -> Result<(), Stop> {
        let words = |hold: &Hold| format!("{} ({hold})", hold.name());
        let told: Vec<String> = holds.standing.iter().map(words).collect();
        let names: Vec<&str> = holds.standing.iter().map(Hold::name).collect();
        let occasion = format!("{} {count} {}", record.id, names.join(" "));
        let happened = Happened::to(record, place, NoticeEvent::Held);
        let (number, which) = (number_of(record), happened.which());
        let summary = format!("{number} is held, {which}: {}", told.join("; "));
        self.tell_outside(Happened { occasion: &occasion, ..happened.says(summary) }).await
    }

    /// Tells that a promotion was merged, and of one that takes another back, that the other was undone.
    pub(super) async fn tell_merged(
        &self,
        place: &RepositoryAddress,
        record: &PromotionRecord,
    ) -> Result<(), Stop> {
        let is_news = record.merged_at.is_some_and(|at| self.app.clock.now() - at < NEWS_MS);
        if !is_news || record.state != PromotionState::Merged {
            return Ok(());
        }
        let number = number_of(record);
        let happened = Happened::to(record, place, NoticeEvent::Merged);
        let summary = format!("{number} was merged, {}", happened.which());
        self.tell_outside(happened.says(summary)).await?;
        let Some(plan) = &record.undoes else { return Ok(()) };
        let PromotionRecord { application, target, .. } = record;
        let merged = self.app.store.merged_promotions(&place.key(), application, target).await?;
        let is_it =
            |it: &PromotionRecord| it.plan_id == *plan && it.intent != Intent::Undo.as_str();
        let Some(undone) = merged.into_iter().find(is_it) else { return Ok(()) };
        let happened = Happened::to(&undone, place, NoticeEvent::Undone);
        let was = number_of(&undone);
        let summary = format!("{was} was undone by {number}, {}", happened.which());
        // A promotion that comes again can be undone again.
        self.tell_outside(Happened { occasion: &record.id, ..happened.says(summary) }).await
    }

    /// Tells that the target of a merged promotion is degraded; `count` tells one time from another.
    pub(super) async fn tell_degraded(
        &self,
        place: &RepositoryAddress,
        record: &PromotionRecord,
        voices: &str,
        count: u64,
    ) -> Result<(), Stop> {
        let happened = Happened::to(record, place, NoticeEvent::Degraded);
        let number = number_of(record);
        let (target, which) = (&record.target, happened.which());
        let summary = format!("{target} is degraded after {number}, {which}: {voices}");
        let occasion = format!("{} {count}", record.id);
        self.tell_outside(Happened { occasion: &occasion, ..happened.says(summary) }).await
    }

    /// Tells that a promotion cannot be planned or was given up.
    pub(super) async fn tell_failed(
        &self,
        job: &Promote,
        number: Option<PullRequestNumber>,
        occasion: &str,
        because: &str,
    ) -> Result<(), Stop> {
        let happened = Happened {
            event: NoticeEvent::Failed,
            place: &job.place,
            application: job.pair.application.as_deref(),
            source: Some(&job.pair.source),
            target: Some(&job.pair.target),
            number,
            occasion,
            summary: String::new(),
        };
        let summary = format!("{} failed: {because}", happened.which());
        self.tell_outside(happened.says(summary)).await
    }

    /// Tells that a configuration is refused, so that nothing is promoted until it is mended.
    pub(super) async fn tell_refused_configuration(
        &self,
        place: &RepositoryAddress,
        commit: &str,
        because: &str,
    ) -> Result<(), Stop> {
        let happened = Happened {
            event: NoticeEvent::Failed,
            place,
            application: None,
            source: None,
            target: None,
            number: None,
            occasion: commit,
            summary: String::new(),
        };
        let summary = format!(
            "the configuration of {} cannot be used, so nothing is promoted there: {because}",
            place.repository
        );
        self.tell_outside(happened.says(summary)).await
    }

    async fn recorded(
        &self,
        place: &RepositoryAddress,
        number: u64,
    ) -> Result<Option<PromotionRecord>, StoreError> {
        let Some(number) = PullRequestNumber::new(number) else { return Ok(None) };
        self.app.store.promotion_of_pull_request(&place.key(), number).await
    }

    /// Writes a notice down for each receiver that wants it and that the operator knows.
    async fn tell_outside(&self, happened: Happened<'_>) -> Result<(), Stop> {
        let stored = self.app.store.subscriptions(&happened.place.key()).await?;
        let stored: Vec<StoredSubscription> =
            stored.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let mut notices = Vec::new();
        for subscription in stored.into_iter().filter_map(StoredSubscription::read) {
            if !subscription.on.contains(&happened.event) {
                continue;
            }
            if !self.app.receivers.knows(&subscription.to) {
                let (to, variable) = (subscription.to.to_string(), subscription.to.as_str());
                tracing::warn!(
                    to,
                    "nobody is told: whoever runs Overlift gives the address as OVERLIFT_NOTICES_{variable}_URL"
                );
                continue;
            }
            notices.push(self.notice(&happened, &subscription));
        }
        if notices.is_empty() {
            return Ok(());
        }
        let now = self.app.clock.now();
        if self.app.store.add_notices(notices, now - SAME_MS, now).await? > 0 {
            self.app.wake_senders.notify_one();
        }
        Ok(())
    }

    fn notice(&self, happened: &Happened<'_>, subscription: &Subscription) -> NewNotice {
        let Happened { event, place, application, source, target, .. } = *happened;
        let number = happened.number.map(PullRequestNumber::get);
        let repository = &place.repository;
        let url = number.map(|it| format!("{}/{repository}/pull/{it}", self.app.github.web()));
        let format = subscription.format.as_str();
        let content = StoredNotice {
            format: format.to_owned(),
            event: event.as_str().to_owned(),
            repository: repository.clone(),
            application: application.map(str::to_owned),
            source: source.map(str::to_owned),
            target: target.map(str::to_owned),
            number,
            url,
            summary: one_line(&happened.summary),
        };
        let named = |name: Option<&str>| name.unwrap_or("-").to_owned();
        let receiver = subscription.to.as_str();
        let stream =
            [receiver.to_owned(), place.key(), named(application), named(source), named(target)]
                .join(" ");
        let occasion = [stream.as_str(), format, event.as_str(), happened.occasion].join("\0");
        let job = Notify { receiver: receiver.to_owned(), stream: stream.clone() };
        NewNotice {
            id: hex::encode(&Sha256::digest(occasion)[..16]),
            content: serde_json::to_string(&content).expect("plain fields can always be written"),
            job: self.follow_up(&Job::Notify(job)),
            stream,
        }
    }
}

/// A text on one line and no longer than it has to be.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_control() || c == ' ').filter(|word| !word.is_empty());
    let text = words.collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

impl App {
    /// The same with addresses for notices.
    #[must_use]
    pub fn with_receivers(mut self, receivers: Receivers) -> Self {
        self.receivers = receivers;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_one_line_of_some_length() {
        assert_eq!(one_line("a\n  b\tc\u{1b}[31m"), "a b c [31m");
        assert_eq!(one_line(&"ä".repeat(2_000)).chars().count(), LONGEST + 1);
    }
}
