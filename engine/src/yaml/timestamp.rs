//! Timestamps: the four forms that go-yaml reads, and the RFC 3339 text that JSON makes of them.

use std::fmt::Write as _;

/// A date, perhaps with a time and a zone, checked to exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Timestamp {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    nanosecond: u32,
    /// Minutes east of Greenwich.
    offset: i32,
}

/// Reads `2006-1-2`, `2006-1-2T15:4:5.9Z` (or `t`, or `+07:00`) or `2006-1-2 15:4:5.9`, as Go's
/// `time.Parse` does with go-yaml's layouts: one or two digits for all but the year.
pub(super) fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    if bytes.get(4) != Some(&b'-') || !bytes[..4].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut rest = Cursor { rest: &bytes[5..] };
    let mut stamp = Timestamp { year: text[..4].parse().ok()?, ..Timestamp::default() };
    stamp.month = rest.number().filter(|month| (1..=12).contains(month))?;
    rest.take(b"-")?;
    stamp.day = rest.number().filter(|day| (1..=days_in(stamp.year, stamp.month)).contains(day))?;
    match rest.rest.first() {
        None => return Some(stamp),
        Some(b'T' | b't') => {
            rest.take(b"Tt")?;
            rest.time(&mut stamp)?;
            stamp.offset = rest.zone()?;
        }
        Some(b' ') => {
            while rest.take(b" ").is_some() {}
            rest.time(&mut stamp)?;
        }
        Some(_) => return None,
    }
    rest.rest.is_empty().then_some(stamp)
}

/// Appends the time as Go's `time.Time` becomes JSON: RFC 3339, no trailing zeros.
pub(super) fn write_timestamp(stamp: Timestamp, out: &mut String) {
    let Timestamp { year, month, day, hour, minute, second, nanosecond, offset } = stamp;
    let mut write = || {
        write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if nanosecond > 0 {
            write!(out, ".{}", format!("{nanosecond:09}").trim_end_matches('0'))?;
        }
        if offset == 0 {
            return out.write_char('Z');
        }
        let sign = if offset < 0 { '-' } else { '+' };
        let minutes = offset.unsigned_abs();
        write!(out, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    };
    write().expect("a String takes any text");
}

const fn days_in(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}

struct Cursor<'t> {
    rest: &'t [u8],
}

impl Cursor<'_> {
    fn take(&mut self, any_of: &[u8]) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        any_of.contains(first).then(|| {
            self.rest = rest;
            *first
        })
    }

    /// One or two digits.
    fn number(&mut self) -> Option<u32> {
        let first = self.take(b"0123456789")? - b'0';
        let second = self.take(b"0123456789");
        Some(second.map_or(u32::from(first), |byte| u32::from(first) * 10 + u32::from(byte - b'0')))
    }

    fn time(&mut self, stamp: &mut Timestamp) -> Option<()> {
        stamp.hour = self.number().filter(|hour| *hour < 24)?;
        self.take(b":")?;
        stamp.minute = self.number().filter(|minute| *minute < 60)?;
        self.take(b":")?;
        stamp.second = self.number().filter(|second| *second < 60)?;
        if matches!(self.rest, [b'.' | b',', digit, ..] if digit.is_ascii_digit()) {
            self.take(b".,")?;
            let mut unit = 100_000_000;
            while let Some(digit) = self.take(b"0123456789") {
                stamp.nanosecond += u32::from(digit - b'0') * unit;
                unit /= 10;
            }
        }
        Some(())
    }

    /// `Z` or `±hh:mm`, in minutes.
    fn zone(&mut self) -> Option<i32> {
        let sign = match self.take(b"Z+-")? {
            b'Z' => return Some(0),
            b'-' => -1,
            _ => 1,
        };
        let [h1, h2, b':', m1, m2] = self.rest else { return None };
        let two = |a: &u8, b: &u8| {
            (a.is_ascii_digit() && b.is_ascii_digit())
                .then(|| i32::from(a - b'0') * 10 + i32::from(b - b'0'))
        };
        // JSON has no hour of 24, which Go's parser would let pass.
        let hours = two(h1, h2).filter(|hours| *hours <= 23)?;
        let minutes = two(m1, m2).filter(|minutes| *minutes <= 59)?;
        self.rest = &[];
        Some(sign * (hours * 60 + minutes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str) -> Option<String> {
        let mut out = String::new();
        write_timestamp(parse_timestamp(text)?, &mut out);
        Some(out)
    }

    // Expected values: `kubectl kustomize` 5.5.0.
    #[test]
    fn becomes_rfc_3339() {
        for (text, want) in [
            ("2001-01-01", "2001-01-01T00:00:00Z"),
            ("2001-1-2", "2001-01-02T00:00:00Z"),
            ("2001-12-14t21:59:43.10-05:00", "2001-12-14T21:59:43.1-05:00"),
            ("2001-12-15 2:59:43.10", "2001-12-15T02:59:43.1Z"),
            ("2024-02-29", "2024-02-29T00:00:00Z"),
        ] {
            assert_eq!(printed(text).as_deref(), Some(want), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "2001-02-29",
            "2001-13-01",
            "2001-01",
            "2001-12-14 21:59:43.10 -5",
            "2001-01-01T10:00:00",
            "2001-01-01x",
            "12-01-01",
        ] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
    }
}
