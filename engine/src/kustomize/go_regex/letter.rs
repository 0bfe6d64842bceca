//! Escapes that are one letter: by a sign, by a name, by its number.

use super::error::{PatternError, refused};

/// Reads an escape that is one letter and returns what follows it.
pub(super) fn letter(text: &str) -> Result<(char, &str), PatternError> {
    let inner = &text[1..];
    let Some(first) = inner.chars().next() else {
        return Err(refused("trailing backslash at end of expression", ""));
    };
    let rest = &inner[first.len_utf8()..];
    let invalid = || refused("invalid escape sequence", &text[..1 + first.len_utf8()]);
    match first {
        '0'..='7' => octal(inner).ok_or_else(invalid),
        'x' => hexadecimal(rest).ok_or_else(invalid),
        'a' => Ok(('\u{7}', rest)),
        'f' => Ok(('\u{c}', rest)),
        'n' => Ok(('\n', rest)),
        'r' => Ok(('\r', rest)),
        't' => Ok(('\t', rest)),
        'v' => Ok(('\u{b}', rest)),
        sign if sign.is_ascii() && !sign.is_ascii_alphanumeric() => Ok((sign, rest)),
        _ => Err(invalid()),
    }
}

/// Up to three octal digits; one alone that is not zero would be a reference back.
fn octal(text: &str) -> Option<(char, &str)> {
    let length = text.bytes().take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
    if length == 1 && !text.starts_with('0') {
        return None;
    }
    let code = u32::from_str_radix(&text[..length], 8).ok()?;
    Some((char::from_u32(code)?, &text[length..]))
}

/// Two hexadecimal digits, or any number in braces.
fn hexadecimal(text: &str) -> Option<(char, &str)> {
    let (digits, rest) = match text.strip_prefix('{') {
        Some(inner) => inner.split_once('}')?,
        None => (text.get(..2)?, text.get(2..)?),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, rest))
}
