//! Times in which nothing is merged: a season, or a window of every week, in a time zone of its own.
//!
//! Times are meant as people read them off a clock on the wall. Where a clock is set forward or
//! back, a time that does not exist or comes twice has two readings: a freeze begins at the earlier
//! and ends at the later one, so that it is never shorter than it reads.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::moment::Millis;

/// A time in which nothing is merged into an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    window: Window,
    zone: TimeZone,
    zone_name: String,
    /// Why, in words of whoever configured it.
    pub reason: Option<String>,
}

/// Whether a freeze holds, and when that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Season {
    /// It holds until then.
    Frozen {
        /// The end.
        until: Millis,
    },
    /// It does not hold, and begins then, if ever again.
    Open {
        /// The beginning.
        next: Option<Millis>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Window {
    /// Once.
    Between { from: DateTime, until: DateTime },
    /// Every week.
    Weekly { from: WeekTime, until: WeekTime },
}

/// A time of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct WeekTime {
    day: Weekday,
    time: Time,
}

/// Why a freeze is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFreeze {
    /// No such zone.
    #[error("`{0}` is no time zone; write one such as `Europe/Berlin` or `UTC`")]
    Zone(String),
    /// No day and no time.
    #[error("`{0}` is no day or time: write `2026-12-20` or `2026-12-20 16:00`")]
    Moment(String),
    /// No window of a week.
    #[error("`{0}` is no window of a week: write it as `Fri 16:00 - Mon 08:00`")]
    Weekly(String),
    /// It ends before it begins.
    #[error("it ends before it begins")]
    Backwards,
}

impl Freeze {
    /// A freeze from one time to another. A day alone begins at its midnight as `from`, and is the
    /// last frozen day as `until`.
    ///
    /// # Errors
    /// [`InvalidFreeze`] with what is wrong.
    pub fn between(
        from: &str,
        until: &str,
        zone: Option<&str>,
        reason: Option<String>,
    ) -> Result<Self, InvalidFreeze> {
        let (from, _) = parse_moment(from)?;
        let (until, is_day) = parse_moment(until)?;
        let until = if is_day { until.saturating_add(1.day()) } else { until };
        if until <= from {
            return Err(InvalidFreeze::Backwards);
        }
        Self::of(Window::Between { from, until }, zone, reason)
    }

    /// A freeze of every week, written `Fri 16:00 - Mon 08:00`.
    ///
    /// # Errors
    /// [`InvalidFreeze`] with what is wrong.
    pub fn weekly(
        text: &str,
        zone: Option<&str>,
        reason: Option<String>,
    ) -> Result<Self, InvalidFreeze> {
        let fault = || InvalidFreeze::Weekly(text.chars().take(60).collect());
        let (from, until) = text.split_once(['-', '–']).ok_or_else(fault)?;
        let from = WeekTime::parse(from).ok_or_else(fault)?;
        let until = WeekTime::parse(until).ok_or_else(fault)?;
        if from == until {
            return Err(fault());
        }
        Self::of(Window::Weekly { from, until }, zone, reason)
    }

    fn of(
        window: Window,
        zone: Option<&str>,
        reason: Option<String>,
    ) -> Result<Self, InvalidFreeze> {
        let name = zone.unwrap_or("UTC");
        let zone = TimeZone::get(name).map_err(|_| InvalidFreeze::Zone(name.to_owned()))?;
        Ok(Self { window, zone, zone_name: name.to_owned(), reason })
    }

    /// Whether it holds at a moment, and when that changes.
    #[must_use]
    pub fn at(&self, now: Millis) -> Season {
        let mut next = None;
        let mut frozen = None;
        for (from, until) in self.occurrences(now) {
            if from <= now && now < until {
                frozen = frozen.max(Some(until));
            } else if now < from {
                next = Some(next.map_or(from, |next: Millis| next.min(from)));
            }
        }
        match frozen {
            Some(until) => Season::Frozen { until },
            None => Season::Open { next },
        }
    }

    /// A moment as people in its zone read it.
    #[must_use]
    pub fn written(&self, moment: Millis) -> String {
        let Ok(timestamp) = Timestamp::from_millisecond(moment) else { return moment.to_string() };
        let zoned = timestamp.to_zoned(self.zone.clone());
        format!("{} {}", zoned.strftime("%a %Y-%m-%d %H:%M"), self.zone_name)
    }

    /// The windows around a moment, in order.
    fn occurrences(&self, now: Millis) -> Vec<(Millis, Millis)> {
        match self.window {
            Window::Between { from, until } => self.instants(from, until).into_iter().collect(),
            Window::Weekly { from, until } => {
                let Ok(now) = Timestamp::from_millisecond(now) else { return Vec::new() };
                let today = now.to_zoned(self.zone.clone()).date();
                let back = i64::from(today.weekday().since(from.day));
                let last = today.saturating_sub(back.days());
                let days = i64::from(until.day.since(from.day));
                let days = if days == 0 && until.time <= from.time { 7 } else { days };
                let around = [-7, 0, 7];
                let of = |weeks: i64| {
                    let first = last.saturating_add(weeks.days());
                    let end = first.saturating_add(days.days());
                    self.instants(first.to_datetime(from.time), end.to_datetime(until.time))
                };
                around.into_iter().filter_map(of).collect()
            }
        }
    }

    fn instants(&self, from: DateTime, until: DateTime) -> Option<(Millis, Millis)> {
        let from = self.instant(from, Side::Beginning)?;
        let until = self.instant(until, Side::End)?;
        (from < until).then_some((from, until))
    }

    fn instant(&self, at: DateTime, side: Side) -> Option<Millis> {
        let ambiguous = self.zone.to_ambiguous_timestamp(at);
        let timestamp = match side {
            Side::Beginning => ambiguous.earlier(),
            Side::End => ambiguous.later(),
        };
        timestamp.ok().map(Timestamp::as_millisecond)
    }
}

/// Which end of a freeze a time is.
#[derive(Clone, Copy)]
enum Side {
    Beginning,
    End,
}

impl WeekTime {
    /// Reads `Fri 16:00`.
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let (day, time, None) = (words.next()?, words.next()?, words.next()) else { return None };
        Some(Self { day: parse_weekday(day)?, time: parse_time(time)? })
    }
}

fn parse_weekday(text: &str) -> Option<Weekday> {
    const NAMES: [(&str, Weekday); 7] = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    let text = text.to_ascii_lowercase();
    let fits = |name: &str| text == name || text == name[..3];
    NAMES.into_iter().find(|(name, _)| fits(name)).map(|(_, day)| day)
}

/// Reads `16:00`; `24:00` is no time.
fn parse_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| {
        let fits = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| text.parse::<i8>().ok()).flatten()
    };
    if minute.len() != 2 {
        return None;
    }
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}

/// Reads a day or a day with a time; whether it is a day alone.
fn parse_moment(text: &str) -> Result<(DateTime, bool), InvalidFreeze> {
    let fault = || InvalidFreeze::Moment(text.chars().take(40).collect());
    let (day, time) = match text.trim().split_once(['T', ' ']) {
        Some((day, time)) => (day, Some(time.trim())),
        None => (text.trim(), None),
    };
    let is_day = day.len() == 10 && day.bytes().filter(|byte| *byte == b'-').count() == 2;
    let date: Date = day.parse().ok().filter(|_| is_day).ok_or_else(fault)?;
    match time {
        None => Ok((date.to_datetime(Time::midnight()), true)),
        Some(time) => {
            // Seconds may be written, since many write them; they have to be none.
            let time = time.strip_suffix(":00").filter(|it| it.contains(':')).unwrap_or(time);
            Ok((date.to_datetime(parse_time(time).ok_or_else(fault)?), false))
        }
    }
}
