//! What a backslash begins.

use super::class::{Class, perl_class};
use super::error::{PatternError, refused, short};
use super::letter::letter;

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
                    let (letter, rest) = letter(text)?;
                    Ok((Self::Letter(letter), rest))
                }
            },
        }
    }
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
        return Err(PatternError::Unsupported(short(whole)));
    }
    let any = Class::of(&[(0, 0x0010_FFFF)]);
    let negated = negated != text.starts_with("\\P");
    Ok((if negated { any.negated() } else { any }, rest))
}
