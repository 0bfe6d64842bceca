//! What a backslash begins.

use super::class::Class;
use super::{PatternError, refused};

/// What a backslash begins.
pub(super) enum Escape<'a> {
    /// A letter.
    Letter(char),
    /// One of Perl's classes.
    Class(Class),
    /// `\Q…\E`: what is between.
    Text(&'a str),
    /// A place between letters, in the words of our machine.
    Assertion(&'static str),
}

impl<'a> Escape<'a> {
    /// Reads an escape outside of classes and returns what follows it.
    pub(super) fn parse(text: &'a str) -> Result<(Self, &'a str), PatternError> {
        let after = |length: usize| &text[length..];
        match text.chars().nth(1) {
            Some('A') => Ok((Self::Assertion("\\A"), after(2))),
            Some('z') => Ok((Self::Assertion("\\z"), after(2))),
            Some('b') => Ok((Self::Assertion("(?-u:\\b)"), after(2))),
            Some('B') => Ok((Self::Assertion("(?-u:\\B)"), after(2))),
            Some('Q') => {
                let inner = after(2);
                let (text, rest) = inner.split_once("\\E").unwrap_or((inner, ""));
                Ok((Self::Text(text), rest))
            }
            Some('p' | 'P') => unicode(text).map(|(class, rest)| (Self::Class(class), rest)),
            _ => match perl_class(text) {
                Some((class, rest)) => Ok((Self::Class(class), rest)),
                None => {
                    let (letter, rest) = Self::letter(text)?;
                    Ok((Self::Letter(letter), rest))
                }
            },
        }
    }

    /// Reads an escape that is one letter and returns what follows it.
    pub(super) fn letter(text: &'a str) -> Result<(char, &'a str), PatternError> {
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

/// One of Perl's classes, which are ASCII in Go, with what follows it.
pub(super) fn perl_class(text: &str) -> Option<(Class, &str)> {
    let mut letters = text.chars();
    let name = letters.next().filter(|first| *first == '\\').and_then(|_| letters.next())?;
    let range = |low: char, high: char| (u32::from(low), u32::from(high));
    let class = match name.to_ascii_lowercase() {
        'd' => Class::of(&[range('0', '9')]),
        's' => Class::of(&[(9, 10), (12, 13), range(' ', ' ')]),
        'w' => Class::of(&[range('0', '9'), range('A', 'Z'), range('_', '_'), range('a', 'z')]),
        _ => return None,
    };
    Some((if name.is_ascii_uppercase() { class.negated() } else { class }, letters.as_str()))
}

/// `\p{Any}`; the tables of scripts and categories are not here.
fn unicode(text: &str) -> Result<(Class, &str), PatternError> {
    let inner = &text[2..];
    let (name, rest) = match inner.strip_prefix('{') {
        Some(inner) => {
            inner.split_once('}').ok_or_else(|| refused("invalid character class range", text))?
        }
        None => {
            let length = inner.chars().next().map_or(0, char::len_utf8);
            inner.split_at(length)
        }
    };
    let (negated, bare) = name.strip_prefix('^').map_or((false, name), |name| (true, name));
    if bare != "Any" {
        let whole = &text[..text.len() - rest.len()];
        return Err(PatternError::Unsupported(super::short(whole)));
    }
    let any = Class::of(&[(0, 0x0010_FFFF)]);
    let negated = negated != text.starts_with("\\P");
    Ok((if negated { any.negated() } else { any }, rest))
}
