//! Formats of texts that the API server checks; an unknown format is only a remark, as there.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether `text` has the format; `None` for formats that are not checked.
pub(super) fn matches(format: &str, text: &str) -> Option<bool> {
    Some(match format {
        "date-time" => is_date_time(text),
        "date" => text.parse::<jiff::civil::Date>().is_ok(),
        "duration" => is_go_duration(text),
        "byte" => is_base64(text),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "uuid" => is_uuid(text),
        _ => return None,
    })
}

fn is_date_time(text: &str) -> bool {
    text.parse::<jiff::Timestamp>().is_ok()
}

/// Go's `time.ParseDuration`: signed runs of a decimal number and a unit.
fn is_go_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    let mut runs = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number = &rest[..digits];
        if !number.contains(|c: char| c.is_ascii_digit()) || number.matches('.').count() > 1 {
            return false;
        }
        rest = &rest[digits..];
        let units = ["ns", "us", "µs", "ms", "s", "m", "h"];
        let Some(after) = units.iter().find_map(|unit| rest.strip_prefix(unit)) else {
            return false;
        };
        rest = after;
        runs += 1;
    }
    runs > 0
}

/// As Go decodes it: line breaks do not count.
fn is_base64(text: &str) -> bool {
    use base64::Engine as _;
    let text: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    base64::engine::general_purpose::STANDARD.decode(text).is_ok()
}

fn is_uuid(text: &str) -> bool {
    let dashes = [8, 13, 18, 23];
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| {
            if dashes.contains(&at) { byte == b'-' } else { byte.is_ascii_hexdigit() }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_follow_go() {
        for good in ["1s", "1h30m", "-1.5h", "0", "300ms", "1µs", "1m"] {
            assert_eq!(matches("duration", good), Some(true), "{good}");
        }
        for bad in ["", "5 seconds", "1", "s", "1.1.1s", "1d", "."] {
            assert_eq!(matches("duration", bad), Some(false), "{bad}");
        }
    }

    #[test]
    fn unknown_formats_are_not_checked() {
        assert_eq!(matches("int32", "x"), None);
    }
}
