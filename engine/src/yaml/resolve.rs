//! The type of a plain scalar, as go-yaml's resolve.go decides it.

use super::number::{parse_number, special_float};
use super::timestamp::parse_timestamp;
use super::{Dialect, Style, Tag};

/// The type of a plain scalar without a tag.
///
/// go-yaml v2 sees timestamps too, but hands them on as the strings they were.
#[must_use]
#[inline]
pub fn resolve_plain(text: &str, dialect: Dialect) -> Tag {
    let Some(&first) = text.as_bytes().first() else { return Tag::Null };
    match first {
        b'0'..=b'9' | b'+' | b'-' => match resolve_digits(text) {
            Tag::Timestamp if dialect == Dialect::V2 => Tag::Str,
            tag => tag,
        },
        b'.' => resolve_digits(text),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            resolve_word(text, dialect)
        }
        _ => Tag::Str,
    }
}

/// The type of a plain scalar without a tag in a flow collection, and its style.
///
/// On its way through kyaml a text with a colon gets quotes there, and is none but a string from then
/// on. Of what is no string, only times have colons.
#[must_use]
pub(super) fn resolve_in_flow(text: &str, dialect: Dialect) -> (Tag, Style) {
    match resolve_plain(text, dialect) {
        Tag::Timestamp if text.contains(':') => (Tag::Str, Style::TimeInBrackets),
        tag => (tag, Style::Plain),
    }
}

/// Whether go-yaml v2 writes a string without quotes, as far as its type is concerned: whatever
/// YAML 1.1 would take for something else is quoted.
#[must_use]
pub fn is_string_when_plain(text: &str) -> bool {
    let Some(&first) = text.as_bytes().first() else { return false };
    match first {
        // Only go-yaml v3 reads a sign behind the prefix of an octal number.
        b'0' if text.starts_with("0o-") || text.starts_with("0o+") => true,
        b'0'..=b'9' | b'+' | b'-' | b'.' => {
            resolve_digits(text) == Tag::Str && !is_base_60_float(text)
        }
        _ => resolve_plain(text, Dialect::V2) == Tag::Str,
    }
}

/// Whether a text would be something else if a parser of YAML 1.1 found it alone and without quotes.
#[must_use]
pub fn is_no_text_in_yaml_1_1(text: &str) -> bool {
    !text.is_empty() && (resolve_plain(text, Dialect::V2) != Tag::Str || text == "---")
}

fn resolve_word(text: &str, dialect: Dialect) -> Tag {
    if text.len() > "false".len() {
        return Tag::Str;
    }
    match text {
        "~" | "null" | "Null" | "NULL" => Tag::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Tag::Bool,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "n" | "N" | "no" | "No" | "NO"
        | "off" | "Off" | "OFF"
            if dialect == Dialect::V2 =>
        {
            Tag::Bool
        }
        _ => Tag::Str,
    }
}

fn resolve_digits(text: &str) -> Tag {
    if parse_timestamp(text).is_some() {
        return Tag::Timestamp;
    }
    match parse_number(text).or_else(|| special_float(text)) {
        Some(super::Number::Float(_)) => Tag::Float,
        Some(_) => Tag::Int,
        None => Tag::Str,
    }
}

/// `^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$`: never read as a number, but quoted.
fn is_base_60_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = text.split(':');
    let whole = parts.next().is_some_and(|part| {
        part.starts_with(|c: char| c.is_ascii_digit())
            && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
    });
    let mut parts = parts.peekable();
    if !whole || parts.peek().is_none() {
        return false;
    }
    while let Some(part) = parts.next() {
        let (digits, fraction) = match part.split_once('.') {
            Some((digits, fraction)) if parts.peek().is_none() => (digits, fraction),
            Some(_) => return false,
            None => (part, ""),
        };
        let in_range = match digits.as_bytes() {
            [last] => last.is_ascii_digit(),
            [b'0'..=b'5', last] => last.is_ascii_digit(),
            _ => false,
        };
        if !in_range || !fraction.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected values: go-yaml 3.0.1 and 2.4.0, and `kubectl kustomize` 5.5.0.
    #[test]
    fn resolves_as_go_yaml_does() {
        use Tag::{Bool, Float, Int, Null, Str, Timestamp};
        for (text, v3, v2) in [
            ("yes", Str, Bool),
            ("on", Str, Bool),
            ("n", Str, Bool),
            ("True", Bool, Bool),
            ("TrUe", Str, Str),
            ("~", Null, Null),
            ("", Null, Null),
            ("0777", Int, Int),
            ("08", Float, Float),
            ("0o777", Int, Int),
            ("1_000", Int, Int),
            ("1:30", Str, Str),
            ("1e3", Float, Float),
            ("1e400", Str, Str),
            (".inf", Float, Float),
            ("-.INF", Float, Float),
            ("2001-01-01", Timestamp, Str),
            ("2001-02-30", Str, Str),
            ("-", Str, Str),
            ("<<", Str, Str),
            ("=", Str, Str),
            ("v1", Str, Str),
        ] {
            assert_eq!(resolve_plain(text, Dialect::V3), v3, "{text}");
            assert_eq!(resolve_plain(text, Dialect::V2), v2, "{text}");
        }
    }

    #[test]
    fn quotes_what_yaml_1_1_would_type() {
        for text in ["yes", "1:30", "190:20:30.5", "2001-01-01", "0x1F", "", "null", "+12e03"] {
            assert!(!is_string_when_plain(text), "{text}");
        }
        for text in ["1:60", "1e400", "_1", "NaN", "10.0.0.1", "1:2:345", "v1.2", "100m", "<<"] {
            assert!(is_string_when_plain(text), "{text}");
        }
    }
}
