//! Moments and spans of time.

use std::fmt;

/// Milliseconds since 1970, in UTC.
pub type Millis = i64;

/// A span of time of at least a second, written `30s`, `10m`, `2h` or `1d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(Millis);

/// Why a text is no span of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no span of time: write a whole number and `s`, `m`, `h` or `d`, such as `30m`"
)]
pub struct InvalidSpan {
    text: String,
}

/// Longer than a year is a mistake.
const LONGEST_MS: Millis = 366 * 24 * 3_600_000;

impl Span {
    /// So many milliseconds.
    #[must_use]
    pub const fn of_ms(ms: Millis) -> Self {
        Self(ms)
    }

    /// Reads `30s`, `10m`, `2h`, `1d`.
    ///
    /// # Errors
    /// [`InvalidSpan`] for anything else, nothing and more than a year included.
    pub fn parse(text: &str) -> Result<Self, InvalidSpan> {
        let fault = || InvalidSpan { text: text.chars().take(40).collect() };
        let unit = match text.as_bytes().last() {
            Some(b's') => 1_000,
            Some(b'm') => 60_000,
            Some(b'h') => 3_600_000,
            Some(b'd') => 86_400_000,
            _ => return Err(fault()),
        };
        let number = &text[..text.len() - 1];
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(fault());
        }
        let number: Millis = number.parse().map_err(|_| fault())?;
        let ms = number.checked_mul(unit).filter(|ms| (1..=LONGEST_MS).contains(ms));
        ms.map(Self).ok_or_else(fault)
    }

    /// Its milliseconds.
    #[must_use]
    pub const fn ms(self) -> Millis {
        self.0
    }
}

/// In the largest unit that makes a whole number: `90s`, but `2h`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
        let whole = units.into_iter().find(|(unit, _)| self.0 % unit == 0);
        let (unit, letter) = whole.unwrap_or((1, "ms"));
        write!(f, "{}{letter}", self.0 / unit)
    }
}

/// A moment for people: `2026-11-30 08:00 UTC`, with seconds where they matter.
#[must_use]
pub fn written(moment: Millis) -> String {
    let Ok(timestamp) = jiff::Timestamp::from_millisecond(moment) else {
        return format!("{moment} ms");
    };
    let zoned = timestamp.to_zoned(jiff::tz::TimeZone::UTC);
    let format = if zoned.second() == 0 { "%Y-%m-%d %H:%M UTC" } else { "%Y-%m-%d %H:%M:%S UTC" };
    zoned.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_written() {
        for (text, ms) in [("30s", 30_000), ("10m", 600_000), ("2h", 7_200_000), ("1d", 86_400_000)]
        {
            assert_eq!(Span::parse(text).unwrap().ms(), ms);
            assert_eq!(Span::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Span::parse("120s").unwrap().to_string(), "2m");
        for text in [
            "",
            "m",
            "30",
            "30 m",
            "-1m",
            "1.5h",
            "1w",
            "0s",
            "367d",
            "9999999999999999999d",
            "１m",
        ] {
            assert!(Span::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn moments_are_written_in_utc() {
        assert_eq!(written(0), "1970-01-01 00:00 UTC");
        assert_eq!(written(1_796_025_601_500), "2026-11-30 08:00:01 UTC");
    }
}
