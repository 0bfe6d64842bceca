//! Regular expressions that have to match a text as a whole, as kustomize reads selectors.

use regex::Regex;

use super::go_regex::{self, PatternError};

/// A regular expression that has to match a text as a whole.
#[derive(Debug)]
pub enum WholePattern {
    /// Most patterns are names, which need no machine.
    Name(String),
    /// Most of the others have dots besides, as in `networking.istio.io` or `shop-.*`. A machine for
    /// one costs as much as a small overlay.
    Dotted(Vec<Part>),
    /// Any other.
    Regex(Regex),
}

/// A part of a pattern that has nothing but letters, digits, `-`, `_`, `.` and `.*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// This letter.
    Letter(u8),
    /// `.`: any letter but a line break.
    One,
    /// `.*`: any letters but line breaks.
    Many,
}

impl WholePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`PatternError`] if it is none to Go.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.bytes().all(is_plain) {
            return Ok(Self::Name(text.to_owned()));
        }
        match dotted(text) {
            Some(parts) => Ok(Self::Dotted(parts)),
            None => go_regex::compile(&format!("^(?:{text})$")).map(Self::Regex),
        }
    }

    /// Whether it matches all of `text`.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        match self {
            Self::Name(name) => name == text,
            Self::Dotted(parts) => fits(parts, text),
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

/// Whether a letter stands for itself alone in a pattern.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// The parts of a pattern; `None` if it has others.
fn dotted(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        match (byte, parts.last()) {
            (b'.', _) => parts.push(Part::One),
            (b'*', Some(Part::One)) => *parts.last_mut()? = Part::Many,
            _ if is_plain(byte) => parts.push(Part::Letter(byte)),
            _ => return None,
        }
    }
    Some(parts)
}

/// Follows the parts through a text. Where they do not go on, the last `.*` takes one letter more:
/// an earlier one could not make a difference.
fn fits(parts: &[Part], text: &str) -> bool {
    let (mut at, mut rest) = (0, text);
    let mut again = None;
    loop {
        let next = rest.chars().next();
        match (parts.get(at), next) {
            (None, None) => return true,
            (Some(Part::Many), _) => {
                at += 1;
                again = Some((at, rest));
            }
            (Some(part), Some(letter)) if part.is(letter) => {
                at += 1;
                rest = &rest[letter.len_utf8()..];
            }
            _ => {
                let Some((after, from)) = again else { return false };
                let Some(letter) = from.chars().next().filter(|letter| *letter != '\n') else {
                    return false;
                };
                (at, rest) = (after, &from[letter.len_utf8()..]);
                again = Some((at, rest));
            }
        }
    }
}

impl Part {
    fn is(self, letter: char) -> bool {
        match self {
            Self::Letter(byte) => letter == char::from(byte),
            Self::One | Self::Many => letter != '\n',
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> WholePattern {
        WholePattern::parse(text).unwrap()
    }

    #[test]
    fn only_odd_patterns_need_a_machine() {
        assert!(matches!(parse("shop-v2"), WholePattern::Name(_)));
        assert!(matches!(parse("networking.istio.io"), WholePattern::Dotted(_)));
        assert!(matches!(parse("shop-.*"), WholePattern::Dotted(_)));
        for odd in ["shop|cart", "a*", "..?", "é", "a.+"] {
            assert!(matches!(parse(odd), WholePattern::Regex(_)), "{odd}");
        }
        assert!(WholePattern::parse("*").is_err());
        assert!(WholePattern::parse(".**").is_err());
    }

    proptest! {
        #[test]
        fn dots_mean_what_they_mean_to_the_machine(
            pattern in "([ab]|\\.|\\.\\*){1,6}",
            text in "[abé\n]{0,8}",
        ) {
            let machine = Regex::new(&format!("^(?:{pattern})$")).unwrap();
            prop_assert_eq!(parse(&pattern).is_match(&text), machine.is_match(&text));
        }
    }
}
