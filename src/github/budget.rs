//! How much GitHub still lets a credential ask, and how to stay below it.
//!
//! GitHub counts per installation or user, and says in each answer what is left. Once less than a tenth is
//! left, requests are spread over the time until the window ends; those of a repository that asked more than all
//! others together already once less than half is left, so that it leaves them some. Writes are paced on their own,
//! and shared in the same way. Once GitHub has said *stop*,
//! nothing is sent until the time it named. <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use tokio::time::Instant;

/// No single request waits longer than this for the budget's sake; what remains to wait is told to the caller.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The part of the limit below which we slow down.
const RESERVE: u64 = 10;

/// The part of the limit below which the repository slows down that asks most.
const COMMON: u64 = 2;

/// So many writes may follow each other at once, half as many of the repository that writes most, and two more each
/// second after that. GitHub's secondary limits allow 180 a minute (900 points, of which a write takes five), and say
/// so only by refusing.
const WRITES_AT_ONCE: u32 = 120;
const WRITE_PACE: Duration = Duration::from_millis(500);

/// No `retry-after` or reset is believed beyond this: GitHub's windows last an hour.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// What an answer's headers say about limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) limit: Option<u64>,
    pub(super) remaining: Option<u64>,
    /// Until the window ends, by GitHub's own clock.
    pub(super) resets_in: Option<Duration>,
    pub(super) retry_after: Option<Duration>,
}

impl Limits {
    /// `now` stands in for GitHub's clock where it does not tell the time.
    pub(super) fn of(headers: &HeaderMap, now: SystemTime) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let number = |name: &str| text(name).and_then(|value| value.trim().parse::<u64>().ok());
        let seconds = |value: u64| Duration::from_secs(value).min(LONGEST_WAIT);
        let ours = || now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let now = text("date").and_then(http_date_seconds).unwrap_or_else(ours);
        let reset = number("x-ratelimit-reset");
        Self {
            limit: number("x-ratelimit-limit"),
            remaining: number("x-ratelimit-remaining"),
            resets_in: reset.map(|reset| seconds(reset.saturating_sub(now))),
            retry_after: number("retry-after").map(seconds),
        }
    }

    /// How long a refused request has to wait, if the headers say so.
    pub(super) fn wait(&self) -> Option<Duration> {
        let window = || self.resets_in.filter(|_| self.remaining == Some(0));
        // A second more: both clocks count whole seconds.
        self.retry_after.or_else(|| window().map(|wait| wait + Duration::from_secs(1)))
    }
}

/// Reads `Sun, 06 Nov 1994 08:49:37 GMT` as seconds since 1970.
pub(super) fn http_date_seconds(text: &str) -> Option<u64> {
    let time = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    u64::try_from(time.as_second()).ok()
}

/// What GitHub leaves to one credential.
#[derive(Clone, Debug, Default)]
pub(super) struct Budget {
    limit: u64,
    remaining: u64,
    window_ends: Option<Instant>,
    blocked_until: Option<Instant>,
    /// When the writes so far are paid for, at their pace.
    writes_paid_at: Option<Instant>,
    /// What each repository asked within the window.
    asked: Shares,
    /// What each repository wrote since all writes were paid for.
    wrote: Shares,
}

/// How many requests were made for each repository.
#[derive(Clone, Debug, Default)]
struct Shares(BTreeMap<String, u64>);

impl Shares {
    /// Counts a request of a repository; whether that one has made more than all others together.
    fn count(&mut self, repository: &str) -> bool {
        if !self.0.contains_key(repository) {
            self.0.insert(repository.to_owned(), 0);
        }
        let own = self.0.get_mut(repository).map_or(0, |made| {
            *made += 1;
            *made
        });
        self.0.len() > 1 && own * 2 > self.0.values().sum()
    }
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    Write,
}

/// What a request has to do before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Go,
    /// Wait this long, then go.
    Pause(Duration),
    /// Do not go; it would be refused for this long.
    Blocked(Duration),
}

impl Budget {
    /// What GitHub's last answer left: requests, and of how many.
    pub(super) const fn left(&self) -> (u64, u64) {
        (self.remaining, self.limit)
    }

    /// Asks for leave to send one request, of a repository if it is about one, and counts it.
    pub(super) fn admit(
        &mut self,
        (kind, repository): (Kind, Option<&str>),
        now: Instant,
    ) -> Admission {
        match (self.admit_any(repository, now), kind) {
            (Admission::Go, Kind::Write) => self.admit_write(repository, Duration::ZERO, now),
            (Admission::Pause(pause), Kind::Write) => self.admit_write(repository, pause, now),
            (admission, _) => admission,
        }
    }

    fn admit_write(
        &mut self,
        repository: Option<&str>,
        pause: Duration,
        now: Instant,
    ) -> Admission {
        let paid_at = self.writes_paid_at.filter(|paid_at| *paid_at > now);
        if paid_at.is_none() {
            self.wrote = Shares::default();
        }
        let paid_at = paid_at.unwrap_or(now);
        let writes_most = repository.is_some_and(|repository| self.wrote.count(repository));
        let at_once = if writes_most { WRITES_AT_ONCE / 2 } else { WRITES_AT_ONCE };
        let debt = (paid_at - now).saturating_sub(WRITE_PACE * (at_once - 1));
        if debt > LONGEST_PAUSE {
            return Admission::Blocked(debt);
        }
        self.writes_paid_at = Some(paid_at + WRITE_PACE);
        let pause = pause.max(debt);
        if pause.is_zero() { Admission::Go } else { Admission::Pause(pause) }
    }

    fn admit_any(&mut self, repository: Option<&str>, now: Instant) -> Admission {
        let ahead =
            |until: Option<Instant>| until.and_then(|until| until.checked_duration_since(now));
        if let Some(wait) = ahead(self.blocked_until).filter(|wait| !wait.is_zero()) {
            return Admission::Blocked(wait);
        }
        let Some(window) = ahead(self.window_ends).filter(|window| !window.is_zero()) else {
            return Admission::Go;
        };
        if self.remaining == 0 {
            return Admission::Blocked(window);
        }
        self.remaining -= 1;
        let asks_most = repository.is_some_and(|repository| self.asked.count(repository));
        let reserve = self.limit / RESERVE;
        let left = match self.remaining.checked_sub(reserve) {
            None => self.remaining,
            Some(left) if asks_most && self.remaining < self.limit / COMMON => left,
            Some(_) => return Admission::Go,
        };
        let share = u32::try_from(left + 1).unwrap_or(u32::MAX);
        Admission::Pause((window / share).min(LONGEST_PAUSE))
    }

    /// Takes note of an answer. Answers overtake each other, so within a window less is believed.
    pub(super) fn note(&mut self, limits: &Limits, refused: bool, now: Instant) {
        if let (Some(limit), Some(remaining), Some(resets_in)) =
            (limits.limit, limits.remaining, limits.resets_in)
        {
            let same_window = self.window_ends.is_some_and(|end| {
                end > now && (now + resets_in).saturating_duration_since(end).as_secs() < 2
            });
            self.remaining = if same_window { remaining.min(self.remaining) } else { remaining };
            self.limit = limit;
            if !same_window {
                self.asked = Shares::default();
            }
            self.window_ends = Some(now + resets_in);
        }
        if let Some(wait) = limits.wait().filter(|_| refused) {
            self.blocked_until = self.blocked_until.max(Some(now + wait));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn of(pairs: &[(&'static str, &str)]) -> Limits {
        let pairs = pairs.iter();
        let headers = pairs.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        Limits::of(&headers.collect(), UNIX_EPOCH + 1000 * SECOND)
    }

    fn window(remaining: u64, resets_in: u64) -> Limits {
        Limits {
            limit: Some(5000),
            remaining: Some(remaining),
            resets_in: Some(Duration::from_secs(resets_in)),
            retry_after: None,
        }
    }

    #[test]
    fn reads_the_window_by_githubs_clock() {
        let limits = of(&[
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("x-ratelimit-limit", "5000"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "784111807"),
        ]);
        assert_eq!(limits.resets_in, Some(30 * SECOND));
        assert_eq!(limits.wait(), Some(31 * SECOND));
        let without = of(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1009")]);
        assert_eq!(without.wait(), Some(10 * SECOND), "by our own clock");
    }

    #[test]
    fn waits_as_long_as_it_is_told_within_reason() {
        let wait = |pairs| of(pairs).wait();
        assert_eq!(wait(&[("retry-after", "7")]), Some(7 * SECOND));
        assert_eq!(wait(&[("retry-after", "99999999999")]), Some(LONGEST_WAIT));
        assert_eq!(wait(&[("retry-after", "soon")]), None);
        assert_eq!(wait(&[("x-ratelimit-remaining", "0")]), None);
        assert_eq!(wait(&[]), None);
    }

    #[test]
    fn goes_freely_while_there_is_plenty() {
        let now = Instant::now();
        let mut budget = Budget::default();
        assert_eq!(budget.admit((Kind::Read, None), now), Admission::Go, "nothing is known yet");
        budget.note(&window(4000, 600), false, now);
        assert_eq!(budget.admit((Kind::Read, None), now), Admission::Go);
    }

    #[test]
    fn spreads_the_last_tenth_over_the_window() {
        let now = Instant::now();
        let mut budget = Budget::default();
        budget.note(&window(200, 600), false, now);
        assert_eq!(budget.admit((Kind::Read, None), now), Admission::Pause(3 * SECOND));
        budget.note(&window(10, 600), false, now);
        assert_eq!(budget.admit((Kind::Read, None), now), Admission::Pause(LONGEST_PAUSE));
    }

    #[test]
    fn stops_at_nothing_until_the_window_ends() {
        let now = Instant::now();
        let mut budget = Budget::default();
        budget.note(&window(1, 600), false, now);
        assert!(matches!(budget.admit((Kind::Read, None), now), Admission::Pause(_)));
        assert_eq!(budget.admit((Kind::Read, None), now), Admission::Blocked(600 * SECOND));
        assert_eq!(budget.admit((Kind::Read, None), now + 600 * SECOND), Admission::Go);
    }

    #[test]
    fn a_refusal_blocks_for_the_time_it_names() {
        let now = Instant::now();
        let mut budget = Budget::default();
        let limits = Limits { retry_after: Some(7 * SECOND), ..Limits::default() };
        budget.note(&limits, true, now);
        assert_eq!(budget.admit((Kind::Read, None), now + SECOND), Admission::Blocked(6 * SECOND));
        assert_eq!(budget.admit((Kind::Read, None), now + 7 * SECOND), Admission::Go);
    }

    #[test]
    fn writes_are_paced_after_a_burst() {
        let now = Instant::now();
        let mut budget = Budget::default();
        for _ in 0..WRITES_AT_ONCE {
            assert_eq!(budget.admit((Kind::Write, None), now), Admission::Go);
        }
        assert_eq!(budget.admit((Kind::Write, None), now), Admission::Pause(WRITE_PACE));
        assert_eq!(budget.admit((Kind::Write, None), now), Admission::Pause(2 * WRITE_PACE));
        assert_eq!(budget.admit((Kind::Read, None), now), Admission::Go);
        for _ in 0..8 {
            budget.admit((Kind::Write, None), now);
        }
        let debt = 11 * WRITE_PACE;
        assert_eq!(budget.admit((Kind::Write, None), now), Admission::Blocked(debt));
        assert_eq!(budget.admit((Kind::Write, None), now + debt), Admission::Go);
    }

    #[test]
    fn answers_that_overtake_each_other_do_not_give_back() {
        let now = Instant::now();
        let mut budget = Budget::default();
        budget.note(&window(100, 600), false, now);
        budget.note(&window(103, 600), false, now);
        assert_eq!(budget.left(), (100, 5000));
        budget.note(&window(5000, 3600), false, now);
        assert_eq!(budget.left(), (5000, 5000));
    }

    #[test]
    fn a_repository_that_asks_most_leaves_the_others_some() {
        let now = Instant::now();
        let mut budget = Budget::default();
        budget.note(&window(2600, 1000), false, now);
        let mut ask = |repository| budget.admit((Kind::Read, Some(repository)), now);
        assert_eq!(ask("octo/quiet"), Admission::Go);
        for _ in 0..99 {
            assert_eq!(ask("octo/loud"), Admission::Go, "more than half is left");
        }
        let Admission::Pause(pause) = ask("octo/loud") else { panic!("it goes on") };
        assert!(pause > SECOND / 3 && pause < SECOND, "{pause:?}");
        assert_eq!(ask("octo/quiet"), Admission::Go);
        // Alone it has all of it.
        let mut alone = Budget::default();
        alone.note(&window(600, 1000), false, now);
        assert_eq!(alone.admit((Kind::Read, Some("octo/loud")), now), Admission::Go);
    }

    #[test]
    fn a_repository_that_writes_most_leaves_the_others_some() {
        let mut now = Instant::now();
        let mut budget = Budget::default();
        let mut write = |repository, now| budget.admit((Kind::Write, Some(repository)), now);
        assert_eq!(write("octo/quiet", now), Admission::Go);
        for _ in 1..WRITES_AT_ONCE / 2 {
            assert_eq!(write("octo/loud", now), Admission::Go);
        }
        assert_eq!(write("octo/loud", now), Admission::Pause(WRITE_PACE));
        // It goes on as fast as it may, and the other does not wait.
        for _ in 0..100 {
            now += WRITE_PACE;
            let admission = write("octo/loud", now);
            assert!(matches!(admission, Admission::Pause(_) | Admission::Blocked(_)));
            now += WRITE_PACE;
            assert_eq!(write("octo/quiet", now), Admission::Go);
        }
    }
}
