//! The walk through a pattern that writes it anew: letters, signs, repetitions. Classes, escapes and groups have
//! files of their own.

use super::class::Class;
use super::error::{PatternError, refused};
use super::escape::Escape;

/// Go counts nested groups up to here (`maxHeight`).
pub(super) const MAX_DEPTH: u32 = 1_000;

/// The largest number in `{n,m}`, and of repetitions within each other.
pub(super) const MAX_REPEAT: u32 = 1_000;

/// A pattern on its way.
pub(super) struct Parser<'a> {
    pub(super) rest: &'a str,
    pub(super) out: String,
    /// For each group that is open, the most that is repeated inside it so far.
    pub(super) open: Vec<u32>,
    pub(super) names: Vec<&'a str>,
    /// Whether there is something that `*` can repeat.
    pub(super) has_atom: bool,
    /// How often the last atom's inner parts are repeated already.
    pub(super) repeats: u32,
}

impl<'a> Parser<'a> {
    pub(super) fn run(&mut self) -> Result<(), PatternError> {
        let mut after_repeat = None;
        while let Some(first) = self.rest.chars().next() {
            let before = self.rest;
            let mut repeat = None;
            match first {
                '(' => self.open_group()?,
                ')' => self.close_group()?,
                '|' => {
                    self.sign('|');
                    self.has_atom = false;
                }
                '^' | '$' | '.' => {
                    self.sign(first);
                    self.atom(1);
                }
                '[' => {
                    let (class, rest) = Class::parse(self.rest)?;
                    class.write(&mut self.out);
                    self.rest = rest;
                    self.atom(1);
                }
                '*' | '+' | '?' => {
                    self.rest = &self.rest[1..];
                    self.repeat(before, after_repeat, &first.to_string(), 1)?;
                    repeat = Some(before);
                }
                '{' => match counts(self.rest) {
                    Some((low, high, rest)) => {
                        self.rest = rest;
                        let text = self.counted(before, low, high)?;
                        self.repeat(before, after_repeat, &text, high.unwrap_or(low).max(low))?;
                        repeat = Some(before);
                    }
                    // A brace that counts nothing means itself.
                    None => self.letter(first),
                },
                '\\' => self.escape()?,
                _ => self.letter(first),
            }
            after_repeat = repeat;
        }
        if self.open.is_empty() { Ok(()) } else { Err(refused("missing closing )", self.rest)) }
    }

    /// A sign that means the same in both.
    fn sign(&mut self, sign: char) {
        self.out.push(sign);
        self.rest = &self.rest[sign.len_utf8()..];
    }

    /// A letter that means itself.
    fn letter(&mut self, letter: char) {
        self.rest = &self.rest[letter.len_utf8()..];
        write_letter(letter, &mut self.out);
        self.atom(1);
    }

    pub(super) const fn atom(&mut self, repeats: u32) {
        self.has_atom = true;
        self.repeats = repeats;
    }

    fn escape(&mut self) -> Result<(), PatternError> {
        let (escape, rest) = Escape::parse(self.rest)?;
        match escape {
            Escape::Letter(letter) => write_letter(letter, &mut self.out),
            Escape::Class(class) => class.write(&mut self.out),
            Escape::Text(text) => {
                text.chars().for_each(|letter| write_letter(letter, &mut self.out));
                self.rest = rest;
                if !text.is_empty() {
                    self.atom(1);
                }
                return Ok(());
            }
            Escape::Assertion(text) => self.out.push_str(text),
        }
        self.rest = rest;
        self.atom(1);
        Ok(())
    }

    /// A repetition of the last atom; `?` behind it makes it lazy.
    fn repeat(
        &mut self,
        before: &str,
        after_repeat: Option<&str>,
        text: &str,
        times: u32,
    ) -> Result<(), PatternError> {
        let lazy = self.rest.starts_with('?');
        if lazy {
            self.rest = &self.rest[1..];
        }
        let operator = &before[..before.len() - self.rest.len()];
        if let Some(first) = after_repeat {
            let both = &first[..first.len() - self.rest.len()];
            return Err(refused("invalid nested repetition operator", both));
        }
        if !self.has_atom {
            return Err(refused("missing argument to repetition operator", operator));
        }
        if times > 1 {
            let all = self.repeats.saturating_mul(times);
            if all > MAX_REPEAT {
                return Err(refused("invalid repeat count", operator));
            }
            self.note_repeats(all);
        }
        self.out.push_str(text);
        if lazy {
            self.out.push('?');
        }
        Ok(())
    }

    pub(super) fn note_repeats(&mut self, all: u32) {
        self.repeats = all;
        if let Some(inner) = self.open.last_mut() {
            *inner = all.max(*inner);
        }
    }

    /// The text of `{n}`, `{n,}` and `{n,m}`.
    fn counted(&self, before: &str, low: u32, high: Option<u32>) -> Result<String, PatternError> {
        let operator = &before[..before.len() - self.rest.len()];
        if low > MAX_REPEAT || high.is_some_and(|high| high > MAX_REPEAT || high < low) {
            return Err(refused("invalid repeat count", operator));
        }
        Ok(operator.to_owned())
    }
}

/// Writes a letter so that it means itself.
pub(super) fn write_letter(letter: char, out: &mut String) {
    if letter.is_ascii_alphanumeric() || (!letter.is_ascii() && !letter.is_control()) {
        out.push(letter);
    } else {
        out.push_str(&format!("\\x{{{:X}}}", u32::from(letter)));
    }
}

/// `{n}`, `{n,}` or `{n,m}` at the beginning of a text: the two numbers and what follows.
pub(super) fn counts(text: &str) -> Option<(u32, Option<u32>, &str)> {
    let (low, rest) = whole(text.strip_prefix('{')?)?;
    if let Some(rest) = rest.strip_prefix('}') {
        return Some((low, Some(low), rest));
    }
    let rest = rest.strip_prefix(',')?;
    if let Some(rest) = rest.strip_prefix('}') {
        return Some((low, None, rest));
    }
    let (high, rest) = whole(rest)?;
    Some((low, Some(high), rest.strip_prefix('}')?))
}

/// A number without leading zeros; one that is far too large is [`u32::MAX`].
pub(super) fn whole(text: &str) -> Option<(u32, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(length);
    if digits.is_empty() || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    Some((digits.parse().unwrap_or(u32::MAX), rest))
}
