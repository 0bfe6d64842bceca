//! Numbers as go-yaml reads them and as kustomize prints them.

use std::fmt::Write as _;

use super::{Scalar, Tag};

/// A number's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Fits 64 bits, signed.
    Int(i64),
    /// Fits 64 bits, unsigned only.
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
        Tag::Int => parse_number(&scalar.text),
        Tag::Float => float(&scalar.text),
        _ => None,
    }
}

/// Whether go-yaml takes a text for a float where that is asked for: an integer is one unless it fits 64 bits only
/// without a sign.
#[must_use]
pub fn may_be_float(text: &str) -> bool {
    float(text).is_some()
}

fn float(text: &str) -> Option<Number> {
    match parse_number(text) {
        Some(number @ Number::Int(_)) => Some(Number::Float(number.as_f64())),
        Some(Number::Uint(_)) => None,
        number => number.or_else(|| special_float(text)),
    }
}

/// `.nan` and the infinities.
pub(super) fn special_float(text: &str) -> Option<Number> {
    let value = match text {
        ".nan" | ".NaN" | ".NAN" => f64::NAN,
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => f64::INFINITY,
        "-.inf" | "-.Inf" | "-.INF" => f64::NEG_INFINITY,
        _ => return None,
    };
    Some(Number::Float(value))
}

/// The number a plain scalar stands for, in the order in which go-yaml's resolve tries
/// (resolve.go): integers of any base, then floats, each with underscores.
pub(super) fn parse_number(text: &str) -> Option<Number> {
    match text.as_bytes().first()? {
        b'.' => parse_dotted(text).map(Number::Float),
        b'0'..=b'9' | b'+' | b'-' if text.contains('_') => parse_bare(&text.replace('_', "")),
        b'0'..=b'9' | b'+' | b'-' => parse_bare(text),
        _ => None,
    }
}

fn parse_bare(text: &str) -> Option<Number> {
    if let Some(value) = parse_integer(text, 0) {
        return Some(value);
    }
    if is_style_float(text) {
        return text.parse().ok().filter(|value: &f64| value.is_finite()).map(Number::Float);
    }
    // A second try with the prefix cut off lets a sign follow it: `0b-101` is -5.
    match text.as_bytes() {
        [b'0', b'b', b'+' | b'-', ..] => parse_integer(&text[2..], 2),
        [b'0', b'o', b'+' | b'-', ..] => parse_integer(&text[2..], 8),
        _ => None,
    }
}

/// Go's `strconv.ParseInt`, then `ParseUint`; radix 0 reads it from the prefix.
fn parse_integer(text: &str, radix: u32) -> Option<Number> {
    let (signed, negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, true, &text[1..]),
        b'+' => (true, false, &text[1..]),
        _ => (false, false, text),
    };
    let (radix, digits) = match (radix, digits.as_bytes()) {
        (0, [b'0', b'x' | b'X', _, ..]) => (16, &digits[2..]),
        (0, [b'0', b'o' | b'O', _, ..]) => (8, &digits[2..]),
        (0, [b'0', b'b' | b'B', _, ..]) => (2, &digits[2..]),
        (0, [b'0', _, ..]) => (8, &digits[1..]),
        (0, _) => (10, digits),
        (radix, _) => (radix, digits),
    };
    // `from_str_radix` takes a sign of its own.
    if !digits.as_bytes().first()?.is_ascii_alphanumeric() {
        return None;
    }
    let value = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return i64::try_from(-i128::from(value)).ok().map(Number::Int);
    }
    match i64::try_from(value) {
        Ok(value) => Some(Number::Int(value)),
        Err(_) if signed => None,
        Err(_) => Some(Number::Uint(value)),
    }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_style_float(text: &str) -> bool {
    let digits = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut rest = text.as_bytes();
    if let [b'+' | b'-', tail @ ..] = rest {
        rest = tail;
    }
    let whole = digits(rest);
    rest = &rest[whole..];
    if let [b'.', tail @ ..] = rest {
        let fraction = digits(tail);
        if whole + fraction == 0 {
            return false;
        }
        rest = &tail[fraction..];
    } else if whole == 0 {
        return false;
    }
    if let [b'e' | b'E', tail @ ..] = rest {
        let tail = if let [b'+' | b'-', tail @ ..] = tail { tail } else { tail };
        let exponent = digits(tail);
        return exponent > 0 && exponent == tail.len();
    }
    rest.is_empty()
}

/// What begins with a dot goes straight to Go's `strconv.ParseFloat`, which allows underscores
/// between digits.
fn parse_dotted(text: &str) -> Option<f64> {
    let plain = if text.contains('_') {
        let placed = text.bytes().enumerate().all(|(at, byte)| {
            let digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
            byte != b'_' || digit(at - 1) && digit(at + 1)
        });
        if !placed {
            return None;
        }
        &*text.replace('_', "")
    } else {
        text
    };
    if !is_style_float(plain) {
        return None;
    }
    plain.parse().ok().filter(|value: &f64| value.is_finite())
}

/// Appends a number as it looks after kustomize's way through JSON: `1.0` becomes `1`.
pub(super) fn write_number(number: Number, out: &mut String) {
    let written = match number {
        Number::Int(value) => write!(out, "{value}"),
        Number::Uint(value) => write!(out, "{value}"),
        Number::Float(value) => return write_float(value, out),
    };
    written.expect("a String takes any text");
}

/// A float becomes JSON text, which go-yaml v2 reads as an integer if it looks like one, and
/// else prints with Go's `%g`.
fn write_float(value: f64, out: &mut String) {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    if value.is_nan() {
        return out.push_str(".nan");
    }
    if value.is_infinite() {
        return out.push_str(if value > 0.0 { ".inf" } else { "-.inf" });
    }
    if value.fract() != 0.0 || value <= -TWO_TO_63 || value >= 2.0 * TWO_TO_63 {
        return write_shortest(value, out);
    }
    // Adding zero turns -0 into 0.
    write!(out, "{}", value + 0.0).expect("a String takes any text");
}

/// Go's `strconv.FormatFloat(value, 'g', -1, 64)`.
fn write_shortest(value: f64, out: &mut String) {
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("`{:e}` writes an exponent");
    let exponent: i32 = exponent.parse().expect("`{:e}` writes a decimal exponent");
    let written = if (-4..6).contains(&exponent) {
        write!(out, "{value}")
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(out, "{mantissa}e{sign}{:02}", exponent.unsigned_abs())
    };
    written.expect("a String takes any text");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str) -> Option<String> {
        let mut out = String::new();
        write_number(parse_number(text)?, &mut out);
        Some(out)
    }

    // Expected values: `kubectl kustomize` 5.5.0.
    #[test]
    fn prints_as_kustomize_does() {
        for (text, want) in [
            ("1.0", "1"),
            ("0777", "511"),
            ("08", "8"),
            ("0o17", "15"),
            ("-0x1F", "-31"),
            ("0b101", "5"),
            ("1_000", "1000"),
            ("1e3", "1000"),
            ("1234567.5", "1.2345675e+06"),
            ("0.00001", "1e-05"),
            ("1e-7", "1e-07"),
            ("1e21", "1e+21"),
            ("123456789012345678901", "1.2345678901234568e+20"),
            ("18446744073709551615", "18446744073709551615"),
            ("0.1", "0.1"),
            ("-0.0", "0"),
            (".5", "0.5"),
        ] {
            assert_eq!(printed(text).as_deref(), Some(want), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_number_is_none() {
        for text in ["1:30", "0x", "1e", "-", "+", ".", "1e400", "._5", "1.2.3", "0b2", "--1"] {
            assert_eq!(parse_number(text), None, "{text}");
        }
    }
}
