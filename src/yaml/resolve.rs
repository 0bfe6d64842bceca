//! The type of plain scalars.

use super::{Dialect, Scalar, Tag};

/// A number's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Fits 64 bits, signed.
    Int(i64),
    /// Fits 64 bits, unsigned.
    Uint(u64),
    /// Anything else.
    Float(f64),
}

impl Number {
    /// The value as a float.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "JSON numbers are floats too")]
    pub const fn as_f64(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::Uint(value) => value as f64,
            Self::Float(value) => value,
        }
    }
}

/// The value of a scalar of type int or float.
#[must_use]
pub fn number(scalar: &Scalar) -> Option<Number> {
    match scalar.tag {
        Tag::Int => parse_int(&scalar.text),
        Tag::Float => {
            parse_float(&scalar.text).map(Number::Float).or_else(|| parse_int(&scalar.text))
        }
        _ => None,
    }
}

pub(super) fn tag_of(tag: &str) -> Tag {
    match tag.rsplit(':').next() {
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("bool") => Tag::Bool,
        Some("null") => Tag::Null,
        _ => Tag::Str,
    }
}

/// The type that a scalar without quotes and tag has.
#[must_use]
pub fn resolve_plain(text: &str, dialect: Dialect) -> Tag {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Tag::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => return Tag::Bool,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "n" | "N" | "no" | "No" | "NO"
        | "off" | "Off" | "OFF"
            if dialect == Dialect::V2 =>
        {
            return Tag::Bool;
        }
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF"
        | "-.inf" | "-.Inf" | "-.INF" => return Tag::Float,
        _ => {}
    }
    let first = text.as_bytes()[0];
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return Tag::Str;
    }
    if dialect == Dialect::V3 && is_date(text) {
        return Tag::Timestamp;
    }
    if first != b'.' && parse_int(text).is_some() {
        return Tag::Int;
    }
    if parse_float(text).is_some() { Tag::Float } else { Tag::Str }
}

fn is_date(text: &str) -> bool {
    let b = text.as_bytes();
    b.len() >= 8
        && b[..4].iter().all(u8::is_ascii_digit)
        && b[4] == b'-'
        && b[5..].iter().all(|c| c.is_ascii_digit() || b"-:.TtZz +".contains(c))
        && text.matches('-').count() >= 2
}

fn parse_int(text: &str) -> Option<Number> {
    let plain = text.replace('_', "");
    let (negative, digits) = match plain.as_bytes().first()? {
        b'-' => (true, &plain[1..]),
        b'+' => (false, &plain[1..]),
        _ => (false, plain.as_str()),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let value = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return i64::try_from(-i128::from(value)).ok().map(Number::Int);
    }
    Some(i64::try_from(value).map_or(Number::Uint(value), Number::Int))
}

fn parse_float(text: &str) -> Option<f64> {
    let plain = text.replace('_', "");
    let fits = plain.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b))
        && plain.bytes().any(|b| b.is_ascii_digit());
    if !fits {
        return None;
    }
    plain.parse().ok().filter(|value: &f64| value.is_finite())
}
